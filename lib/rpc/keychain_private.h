/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_PRIVATE_H
#define NASKEYS_RPC_KEYCHAIN_PRIVATE_H

/* The text of a private key, read in the sandbox for a request. */

#include "lib/attr.h"
#include "lib/keychain/privatetext.h"
#include "lib/rpc/rpc.h"
#include "lib/seal/secret.h"

/* The sandbox in which a request has such work done.  0; -errno with *e set. */
int	nk_keychain_sandbox(struct nk_sandbox *sb, struct nk_error *e)
	    NK_MUST_CHECK;

/*
 * Returns 0; 1, the text is at fault: *why says how, and *e is left to the
 * caller, who knows where the text came from; -errno with *e set: it could
 * not be read at all.  *k is empty unless 0 is returned.
 */
int	nk_keychain_read_private(const struct nk_secret *text,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    struct nk_privatetext_why *why, struct nk_error *e)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_KEYCHAIN_PRIVATE_H */
