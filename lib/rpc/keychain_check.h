/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYCHAIN_CHECK_H
#define NASKEYS_RPC_KEYCHAIN_CHECK_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * Can everything that is sealed be opened?  A sentence through report for
 * each keypair, user and host key whose value is damaged, and one for a key
 * file that is not the one, or not as it must be.  Returns 0; -EBADMSG,
 * something was reported; -errno.
 */
int	nk_keychain_check(struct nk_context *c,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_KEYCHAIN_CHECK_H */
