/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_ANSWER_H
#define NASKEYS_HOME_ANSWER_H

/*
 * What a child says about its job, on its way to the parent: a struct
 * nk_homejob_answer as both have it in memory, then the text of a file that
 * was read.  The child may have been made to say anything: no byte of it is
 * used before its head is whole and possible, and none is taken that the
 * head does not announce.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/home/job.h"

/* Begin with { .kind = ... }. */
struct nk_homeanswer {
	enum nk_homejob_kind	 kind;	/* of the job that was given */
	struct nk_homejob_answer head;
	size_t			 got;	/* bytes of head and text */
	char			*text;	/* NUL-terminated, or NULL */
	size_t			 len;	/* that it will have */
};

/* Take the next bytes.  0; -EBADMSG, it is no answer; -ENOMEM. */
int	nk_homeanswer_take(struct nk_homeanswer *a, const void *bytes,
	    size_t len) NK_MUST_CHECK;

bool	nk_homeanswer_is_whole(const struct nk_homeanswer *a);

#endif /* NASKEYS_HOME_ANSWER_H */
