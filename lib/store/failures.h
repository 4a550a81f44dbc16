/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_FAILURES_H
#define NASKEYS_STORE_FAILURES_H

/*
 * Failed logins, in session.db: for how long a user is locked out is known
 * until the next boot.  Times are CLOCK_BOOTTIME seconds.
 *
 *  1. A failure while the user is locked out MUST NOT make it last longer,
 *     so that nobody is kept out for good.
 *  2. Failures MUST be counted one after another, however many processes
 *     report them at once.
 *  3. A time that lies far in the future belongs to another boot and MUST
 *     NOT count.  One that lies a little ahead was written while the caller
 *     waited for the file: then it is that time.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/session.h"

/* count failures within window seconds lock out for "seconds". */
struct nk_lockout_rule {
	uint32_t	count;		/* 0: never */
	uint32_t	window;
	uint32_t	seconds;
};

struct nk_failures {
	uint32_t	count;		/* within the window, up to now */
	int64_t		last_at;	/* 0: none */
	int64_t		locked_until;	/* 0: not locked out */
};

/* One more for this user's row; *f is what holds then. */
int	nk_failures_add(struct nk_session *s, int64_t user_id,
	    const struct nk_lockout_rule *rule, int64_t now,
	    struct nk_failures *f) NK_MUST_CHECK;

/* What holds now; all 0 when there is nothing. */
int	nk_failures_get(struct nk_session *s, int64_t user_id, int64_t now,
	    struct nk_failures *f) NK_MUST_CHECK;

/* Forget them; *wasp (may be NULL): what held before. */
int	nk_failures_forget(struct nk_session *s, int64_t user_id, int64_t now,
	    struct nk_failures *wasp) NK_MUST_CHECK;

/* Who is locked out now, by row; free(*vp). */
struct nk_lockout {
	int64_t	user_id;
	int64_t	until;
};
int	nk_lockouts_get(struct nk_session *s, int64_t now,
	    struct nk_lockout **vp, size_t *np) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_FAILURES_H */
