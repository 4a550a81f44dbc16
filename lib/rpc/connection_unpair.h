/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_UNPAIR_H
#define NASKEYS_RPC_CONNECTION_UNPAIR_H

#include <jansson.h>

#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_connection_unpair_args[];

/*
 * keychaincredential.unpair: the connection's key, removed on the other
 * machine by logging in with it, and then the connection here.
 */
int	nk_connection_unpair_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_CONNECTION_UNPAIR_H */
