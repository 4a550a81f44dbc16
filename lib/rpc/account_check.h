/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ACCOUNT_CHECK_H
#define NASKEYS_RPC_ACCOUNT_CHECK_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * Hold the store's users against the machine's other name services: names
 * and uids of ours that they have too (files would win), and accounts that
 * live there whose uid has changed or that are gone.  A sentence for each
 * through report().  0, -EBADMSG when there was one, or -errno.
 */
int	nk_account_check(struct nk_context *c,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ACCOUNT_CHECK_H */
