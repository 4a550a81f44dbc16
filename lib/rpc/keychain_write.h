/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_WRITE_H
#define NASKEYS_RPC_KEYCHAIN_WRITE_H

/* The methods of keychaincredential.* that change something. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/keychain/keychain.h"
#include "lib/rpc/keychain_pair.h"
#include "lib/rpc/rpc.h"

/* Names of arguments, for the paths of errors. */
#define NK_CREATE_SCHEMA	"keychain_credential_create"
#define NK_UPDATE_SCHEMA	"keychain_credentials_update"

int	nk_keychain_create_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_keychain_update_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

/*
 * Inside an edit: a new keypair, whose name was checked, with its audit row.
 * 0 and its id; -errno, with *e set where that says more.
 */
int	nk_keypair_insert(struct nk_context *c, struct nk_keychain *kc,
	    const char *name, const struct nk_pair *pair, int64_t *idp,
	    struct nk_error *e) NK_MUST_CHECK;

/* naskeys.seal_rotate: {"resealed": n}. */
int	nk_seal_rotate_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEYCHAIN_WRITE_H */
