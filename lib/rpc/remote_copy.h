/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_REMOTE_COPY_H
#define NASKEYS_RPC_REMOTE_COPY_H

#include <jansson.h>

#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_remote_copy_args[];

/*
 * keychaincredential.copy_key: the public key of a connection, put into its
 * user's authorized_keys on the other machine by that user's password.
 */
int	nk_remote_copy_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_REMOTE_COPY_H */
