/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_WRITE_H
#define NASKEYS_RPC_KEYCHAIN_WRITE_H

/* The methods of keychaincredential.* that change something. */

#include <jansson.h>

#include "lib/rpc/rpc.h"

int	nk_keychain_create_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_keychain_update_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_keychain_delete_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

/* naskeys.seal_rotate: {"resealed": n}. */
int	nk_seal_rotate_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEYCHAIN_WRITE_H */
