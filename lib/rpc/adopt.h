/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ADOPT_H
#define NASKEYS_RPC_ADOPT_H

#include <jansson.h>

#include "lib/rpc/rpc.h"

/* user.adopt_keys, with its arguments. */
extern const struct nk_arg nk_adopt_args[];

int	nk_user_adopt_keys(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_ADOPT_H */
