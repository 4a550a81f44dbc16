/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_PAIR_H
#define NASKEYS_RPC_KEYCHAIN_PAIR_H

/* What a request says of a keypair, checked and completed. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/seal/secret.h"
#include "lib/store/store.h"

struct nk_pair {
	struct nk_secret	private_text;	/* len 0: none */
	char			*public_key;
	char			*key_type;
	char			*fingerprint;
	unsigned int		 bits;
	json_t			*warnings;	/* about the public half */
};

/*
 * Read attributes ({"private_key", "public_key"}).  The private text is read
 * in the sandbox, so this must not be called with the lock held.  schema is
 * the name of the argument ("keychain_credential_create"), for the paths of
 * errors.  0; -EINVAL with *e set; -errno.
 */
int	nk_pair_read(struct nk_context *c, const json_t *attributes,
	    const char *schema, struct nk_pair *p, struct nk_error *e)
	    NK_MUST_CHECK;
void	nk_pair_clear(struct nk_pair *p);
/* Point the row at what p owns. */
void	nk_pair_show(const struct nk_pair *p, struct nk_credential *row);

#endif /* NASKEYS_RPC_KEYCHAIN_PAIR_H */
