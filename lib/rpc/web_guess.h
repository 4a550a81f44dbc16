/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_GUESS_H
#define NASKEYS_RPC_WEB_GUESS_H

/*
 * An attempt to log in, as a guess: how long it has to wait, and what its
 * being wrong costs the address and the account (lib/store/attempts.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/attempts.h"

#define NK_GUESS_SUBJECT_SIZE	320

struct nk_guess {
	char			subject[2][NK_GUESS_SUBJECT_SIZE];
	struct nk_attempt	attempt[2];
	size_t			n;
	int64_t			begun_at;	/* ms, nk_monotonic_ms() */
};

/*
 * Wait for its turn.  name NULL: of the address alone.  0; -EAGAIN: it is
 * refused, *firstp: for the first time; -EPIPE: the client has gone;
 * -errno.
 */
int	nk_guess_begin(struct nk_context *c, const char *name,
	    struct nk_guess *g, bool *firstp) NK_MUST_CHECK;
/* It was wrong: count it, and let it take the time of one. */
int	nk_guess_wrong(struct nk_context *c, const struct nk_guess *g)
	    NK_MUST_CHECK;
/* 0; -EAGAIN: too many others were wrong meanwhile; -errno. */
int	nk_guess_right(struct nk_context *c, const struct nk_guess *g)
	    NK_MUST_CHECK;
/* The account's failures count no more; the address's do. */
int	nk_guess_forget(struct nk_context *c, const struct nk_guess *g)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_GUESS_H */
