/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_EDIT_H
#define NASKEYS_RPC_EDIT_H

/* What every method that changes something does around the change. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * Take the lock, see that the caller still has the rights with which the
 * request was let in (else EACCES), call body(), commit and publish; then
 * see to the files in homes that are to change with it.  body()
 * checks again what else must hold now, writes, and returns 0; 1 when
 * nothing is to be changed after all; or -errno, with *e set where that
 * says more.
 */
int	nk_edit_run(struct nk_context *c,
	    int (*body)(struct nk_context *c, void *arg, struct nk_error *e),
	    void *arg, struct nk_error *e) NK_MUST_CHECK;

/*
 * What making the answer has come to, after nk_edit_run() has returned 0: r
 * where that is 0; else -EINPROGRESS with *e set, for the change stands.
 */
int	nk_edit_shown(int r, struct nk_error *e) NK_MUST_CHECK;

/* Take one edit from the caller's rate.  0; -EAGAIN: none is left; -errno. */
int	nk_edit_take_rate(struct nk_context *c) NK_MUST_CHECK;

struct nk_subject {
	const char	*kind;		/* "user", "group", "key" ... */
	int64_t		 id;
	const char	*name;
};

/*
 * The audit row of a change, for body().  action is the method; before and
 * after (may be NULL) stay the caller's and hold no secret.  Of one that is
 * longer than NK_AUDIT_TEXT_MAX bytes, each member longer than
 * NK_AUDIT_MEMBER_MAX becomes {"bytes": N}.
 */
#define NK_AUDIT_TEXT_MAX	65536
#define NK_AUDIT_MEMBER_MAX	4096

int	nk_audit_write(struct nk_context *c, const char *action,
	    const struct nk_subject *subject, const json_t *before,
	    const json_t *after, const char *fmt, ...)
	    NK_PRINTF(6, 7) NK_MUST_CHECK;

/* The same with before and after as JSON text. */
int	nk_audit_write_text(struct nk_context *c, const char *action,
	    const struct nk_subject *subject, const char *before,
	    const char *after, const char *text) NK_MUST_CHECK;

/* Take the members which are equal in both off both. */
void	nk_json_keep_changes(json_t *before, json_t *after);

/* Seconds since the epoch. */
int64_t	nk_now(void);

#endif /* NASKEYS_RPC_EDIT_H */
