/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_HOLD_H
#define NASKEYS_RPC_HOLD_H

/*
 * Neither a terminal nor a service manager ends this process while there is
 * something on another machine that nobody would know of: signals that come
 * meanwhile arrive at the end.
 */

#include <signal.h>
#include <stdbool.h>

struct nk_hold {
	bool		held;
	sigset_t	before;
};

/* All zero at first; to begin twice is to begin once. */
void	nk_hold_begin(struct nk_hold *h);
void	nk_hold_end(struct nk_hold *h);

#endif /* NASKEYS_RPC_HOLD_H */
