/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_KEYS_H
#define NASKEYS_RPC_KEYCHAIN_KEYS_H

/* Making private keys, and giving them out. */

#include <jansson.h>

#include "lib/rpc/rpc.h"

/*
 * {type, bits, comment}, all optional: RSA of ssh-keygen's size with
 * "USER@HOST" by default.  Answers {private_key, public_key}; nothing is
 * kept.
 */
int	nk_keychain_generate_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
/* The keypair as text. */
int	nk_keychain_export_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEYCHAIN_KEYS_H */
