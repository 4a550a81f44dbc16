/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ARGS_H
#define NASKEYS_RPC_ARGS_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* nk_args_check() for one argument; value NULL: it is absent. */
int	nk_arg_check_one(const struct nk_arg *arg, const json_t *value,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ARGS_H */
