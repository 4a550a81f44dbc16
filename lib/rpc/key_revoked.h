/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_REVOKED_H
#define NASKEYS_RPC_KEY_REVOKED_H

/* A revoked key does not come back, unless an administrator says so. */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

/* With its fingerprint. */
#define NK_KEY_REVOKED_TEXT	"The key %s has been revoked. Use another " \
	"key; only an administrator can bring this one back, with \"force\" " \
	"(naskeysctl key add --force)."

/* Under the lock.  *kp: the first of these that is revoked, or NULL. */
int	nk_key_find_revoked(struct nk_store *s, const struct nk_keys *ks,
	    const struct nk_key **kp) NK_MUST_CHECK;

/* Inside an edit: take these off the list, each with an audit row. */
int	nk_key_readmit(struct nk_context *c, const struct nk_keys *ks)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_KEY_REVOKED_H */
