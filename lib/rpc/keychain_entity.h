/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_ENTITY_H
#define NASKEYS_RPC_KEYCHAIN_ENTITY_H

/* Credentials as the API shows them (truenas-api B.2): keypairs here. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/keychain/keychain.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"

#define NK_KEYPAIR_TYPE		"SSH_KEY_PAIR"
#define NK_CONNECTION_TYPE	"SSH_CREDENTIALS"

/* The keychain of this context's store. */
void	nk_keychain_of(struct nk_context *c, struct nk_keychain *kc);

/*
 * The members of the credential's object that are wanted (NULL: all).  The
 * private half is opened only where "attributes" is wanted; where it cannot
 * be opened, "attributes" is an empty object.  0 and a new reference, or
 * -errno.
 */
int	nk_credential_entity(struct nk_keychain *kc,
	    const struct nk_credential *row, const struct nk_wanted *wanted,
	    json_t **op) NK_MUST_CHECK;

/* What an audit row keeps of a keypair: nothing private. */
json_t	*nk_credential_audit(const struct nk_credential *row);

/* The row with this id.  -EINVAL with *e set: there is none. */
int	nk_credential_find(struct nk_context *c, int64_t id,
	    struct nk_credential *row, struct nk_error *e) NK_MUST_CHECK;

/*
 * Is the name fit to be shown in a table, and that of no credential but id
 * (0: a new one)?  0; -EINVAL with *e set at SCHEMA.name; -errno.
 */
int	nk_credential_check_name(struct nk_context *c, const char *schema,
	    int64_t id, const char *name, struct nk_error *e) NK_MUST_CHECK;

/*
 * The private text of a row, for a caller who asked for nothing else.  On
 * failure *e says "Decrypting credential NAME failed", and why.
 */
int	nk_credential_private(struct nk_keychain *kc,
	    const struct nk_credential *row, struct nk_secret *out,
	    struct nk_error *e) NK_MUST_CHECK;

/* Set *e to what r (of lib/keychain) means for the row; returns r. */
int	nk_keychain_error(const struct nk_keychain *kc, const char *name,
	    int r, struct nk_error *e);

#endif /* NASKEYS_RPC_KEYCHAIN_ENTITY_H */
