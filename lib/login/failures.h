/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LOGIN_FAILURES_H
#define NASKEYS_LOGIN_FAILURES_H

/*
 * Counting failed logins, and locking out for a time.
 *
 *  1. The limit MUST be in secrets.map before a failure is answered, so that
 *     a right guess among many at once is refused.
 *  2. What an unprivileged process of the user's own tries MUST NOT lock the
 *     user out of the machine: it has a limit of its own.
 */

#include "lib/attr.h"
#include "lib/login/login.h"

/*
 * Count a failure of u; when it is one too many, lock out.  The note says
 * so.  0 or -errno.
 */
int	nk_login_count_failure(struct nk_login *l, const struct nk_user *u,
	    struct nk_login_answer *a) NK_MUST_CHECK;

/*
 * The same in two steps, for who holds the publisher's lock: *outp, the user
 * is locked out by it, and nk_publisher_lock_out() is to follow once the lock
 * is given back.
 */
int	nk_login_add_failure(struct nk_login *l, const struct nk_user *u,
	    struct nk_login_answer *a, bool *outp) NK_MUST_CHECK;

/* Forget u's failures, and a lock-out with them. */
int	nk_login_forget_failures(struct nk_login *l, const struct nk_user *u)
	    NK_MUST_CHECK;

/*
 * May u's password be looked at for this asker?  For root: while u is not
 * locked out.  For the user itself: while it has a try left; one is taken.
 * 0, -EAGAIN, -errno.
 */
int	nk_login_may_try(struct nk_login *l, const struct nk_user *u)
	    NK_MUST_CHECK;

#endif /* NASKEYS_LOGIN_FAILURES_H */
