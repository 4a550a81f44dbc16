/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_KEYS_H
#define NASKEYS_RPC_KEYCHAIN_KEYS_H

/* Making private keys, and giving them out. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * {type, bits, comment}, all optional: RSA of ssh-keygen's size with
 * "USER@HOST" by default.  Answers {private_key, public_key}; nothing is
 * kept.
 */
int	nk_keychain_generate_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
/*
 * The same for a request that makes a pair among other things: options has
 * {type, bits, comment}, schema is the name of the argument.  *pairp is a new
 * reference to {private_key, public_key}.
 */
int	nk_keychain_generate(struct nk_context *c, const json_t *options,
	    const char *schema, json_t **pairp, struct nk_error *e)
	    NK_MUST_CHECK;
/* "rsa" for ssh-rsa and so on, as in type above; NULL: it is not made. */
const char *nk_keychain_type_name(const char *type);
/*
 * The keypair, or that of the connection, as text.  That a private half was
 * given out is in the audit log before it is.
 */
int	nk_keychain_export_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEYCHAIN_KEYS_H */
