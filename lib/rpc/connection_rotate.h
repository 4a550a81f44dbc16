/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_ROTATE_H
#define NASKEYS_RPC_CONNECTION_ROTATE_H

#include <jansson.h>

#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_connection_rotate_args[];

/*
 * keychaincredential.rotate: a new key for a connection, here and on the
 * other machine; or what is unfinished of that, finished or taken back.
 */
int	nk_connection_rotate_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_CONNECTION_ROTATE_H */
