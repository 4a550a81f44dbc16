/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_ACCOUNT_H
#define NASKEYS_RPC_WEB_ACCOUNT_H

/*
 * The account behind a login through the gateway: one of the store, or one of
 * the machine's own passwd(5), or both.  No name service is asked.
 */

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/weblogins.h"

struct nk_web_standing {
	bool	admin, locked, expired;
};

/*
 * The account of the name and what it may, as they are now.  A login is one
 * of the same account as long as all of *a is what it was then: row and
 * generation, uid, and a digest of its lines in passwd(5) and shadow(5).
 * -ENOENT: there is none, or its uid is not what it was in the store.
 */
int	nk_web_account_find(struct nk_context *c, const char *name,
	    int64_t now, struct nk_web_account *a,
	    struct nk_web_standing *standing) NK_MUST_CHECK;

bool	nk_web_account_equals(const struct nk_web_account *a,
	    const struct nk_web_account *b);

#endif /* NASKEYS_RPC_WEB_ACCOUNT_H */
