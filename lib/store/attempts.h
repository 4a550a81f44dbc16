/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_ATTEMPTS_H
#define NASKEYS_STORE_ATTEMPTS_H

/*
 * How fast somebody may guess, in session.db: by subject, which is an address
 * or an account.  Times are CLOCK_BOOTTIME milliseconds.
 *
 *  1. Only failures MUST count.  Whoever has none waits for nothing, however
 *     many come at once.
 *  2. After "free" of them each attempt of the subject, in whichever process,
 *     MUST come a delay after the one before, and the delay doubles with each
 *     failure.
 *  3. Of attempts that were begun at once, one that turns out right after
 *     "most" others have failed meanwhile MUST be refused: nobody gains by
 *     guessing in parallel.
 *  4. A time that lies far in the future belongs to another boot and MUST NOT
 *     count.
 *  5. However many subjects are made up, their rows MUST NOT fill the memory
 *     that session.db lies in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/session.h"

#define NK_ATTEMPT_WAIT_MS	8000	/* who would wait longer is refused */
#define NK_ATTEMPT_DELAY_MAX_MS	64000	/* between two attempts */

struct nk_attempt_rule {
	int64_t	free;		/* failures before the first delay, from 1 */
	int64_t	most;		/* rule 3 */
	int64_t	window;		/* ms without failure that forget all */
};

struct nk_attempt {
	int64_t	wait;		/* ms: begin only then */
	int64_t	total;		/* failures ever; for nk_attempt_right() */
	bool	first;		/* with -EAGAIN: the first one refused so */
};

/* CLOCK_BOOTTIME, milliseconds. */
int64_t	nk_attempt_now(void);

/* Begin one.  0; -EAGAIN: it is refused, and nothing has changed. */
int	nk_attempt_begin(struct nk_session *s, const char *subject,
	    const struct nk_attempt_rule *rule, int64_t now,
	    struct nk_attempt *a) NK_MUST_CHECK;
/* It was wrong. */
int	nk_attempt_wrong(struct nk_session *s, const char *subject,
	    const struct nk_attempt_rule *rule, int64_t now) NK_MUST_CHECK;
/* It was right: 0, or -EAGAIN by rule 3. */
int	nk_attempt_right(struct nk_session *s, const char *subject,
	    const struct nk_attempt_rule *rule, int64_t now,
	    const struct nk_attempt *a) NK_MUST_CHECK;
/* Its failures count no more. */
int	nk_attempt_forget(struct nk_session *s, const char *subject)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_ATTEMPTS_H */
