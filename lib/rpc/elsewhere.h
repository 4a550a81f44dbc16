/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ELSEWHERE_H
#define NASKEYS_RPC_ELSEWHERE_H

/*
 * What the machine's other name services say, asked before the lock is
 * taken, and the next free ids.
 */

#include <stdint.h>

#include "lib/account/resolver.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* Seconds for which an id is held for whoever asked for the next one. */
#define NK_RESERVE_SECONDS	60

/*
 * As nk_resolver_ask(), within the configured time; a failure becomes a
 * call error which says that the name services could not be asked.
 */
int	nk_elsewhere_ask(struct nk_context *c, struct nk_question *q,
	    size_t n, struct nk_error *e) NK_MUST_CHECK;

/*
 * The smallest automatic uid (gid) that is free in the store, not reserved,
 * and unknown to the other services; it is then reserved.  0, or -errno
 * with *e set.
 */
int	nk_next_uid(struct nk_context *c, uint32_t *uidp, struct nk_error *e)
	    NK_MUST_CHECK;
int	nk_next_gid(struct nk_context *c, uint32_t *gidp, struct nk_error *e)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ELSEWHERE_H */
