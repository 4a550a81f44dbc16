/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_METHOD_H
#define NASKEYS_RPC_METHOD_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * Call fn for each method, web: also for those that this connection has; it
 * stops with the first non-zero result, which is returned.
 */
int	nk_method_each(const struct nk_web *web,
	    int (*fn)(void *arg, const struct nk_method *m), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_METHOD_H */
