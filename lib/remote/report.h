/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_REPORT_H
#define NASKEYS_REMOTE_REPORT_H

/* How a report is written; for lib/remote alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/remote.h"
#include "lib/remote/signer.h"
#include "lib/seal/secret.h"

/* What a piece of work has: a child at a time, and until when. */
struct nk_remote_talk {
	const struct nk_remote_target	*target;
	struct nk_remote_report		*report;
	struct nk_sandbox_child		 child;
	int64_t				 end;	/* nk_monotonic_ms() */
	unsigned int			 heard;	/* messages of the child */
	struct nk_remote_signer	*signer;	/* or NULL */
	bool				 each;	/* the time is each step's */
};

/* An empty report, and the time begins. */
void	nk_remote_begin(struct nk_remote_talk *talk,
	    const struct nk_remote_target *t,
	    struct nk_remote_report *report);

/*
 * Start a child for a task, with its request and copies of n sockets, and
 * with what is left of the time.  0; -ETIMEDOUT; -EIO, with the fault set
 * in both cases; -ENOMEM.
 */
int	nk_remote_start(struct nk_remote_talk *talk,
	    const struct nk_sandbox *sb, const char *task, const int *fds,
	    size_t n, const void *request, size_t len) NK_MUST_CHECK;
void	nk_remote_end(struct nk_remote_talk *talk);

/* Say something more to it.  Results as above. */
int	nk_remote_tell(struct nk_remote_talk *talk, uint32_t type,
	    const void *bytes, size_t len) NK_MUST_CHECK;

/*
 * The child's next message that is none of a step or a fault: those go into
 * the report.  Meanwhile the signer is served.  *fdp is the caller's to
 * drop, or -1.  0; -EIO with the fault set: it has failed, or the time is
 * over; -ENOMEM.
 */
int	nk_remote_hear(struct nk_remote_talk *talk, uint32_t *typep,
	    struct nk_secret *bytes, int *fdp) NK_MUST_CHECK;

/* A step begins: it must be one beyond the last.  0 or -EIO. */
int	nk_remote_step(struct nk_remote_report *report, uint32_t step)
	    NK_MUST_CHECK;
/* The last one has ended well. */
void	nk_remote_step_done(struct nk_remote_report *report);

/*
 * The last step has failed; words[len] are anybody's.  Only the first fault
 * counts.  Returns -EIO.
 */
int	nk_remote_fail(struct nk_remote_talk *talk,
	    enum nk_remote_fault fault, const void *words, size_t len);

/* Write report->reason for its fault. */
void	nk_remote_reason(const struct nk_remote_target *t,
	    struct nk_remote_report *report, const void *words, size_t len);

#endif /* NASKEYS_REMOTE_REPORT_H */
