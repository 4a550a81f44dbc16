/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_SETUP_H
#define NASKEYS_RPC_CONNECTION_SETUP_H

#include <jansson.h>

#include "lib/rpc/rpc.h"

/* What keychaincredential.setup_ssh_connection takes as "options". */
extern const struct nk_arg nk_connection_setup_fields[];

/*
 * keychaincredential.setup_ssh_connection: a connection in one call, with
 * the keypair and the consumer that belong to it where they are asked for;
 * all of them or nothing.
 */
int	nk_connection_setup_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

/*
 * keychaincredential.remote_ssh_semiautomatic_setup: the same by pairing,
 * with a keypair that is there.
 */
extern const struct nk_arg nk_connection_pair_args[];
int	nk_connection_pair_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_CONNECTION_SETUP_H */
