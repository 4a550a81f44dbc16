/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_CHANGES_H
#define NASKEYS_RPC_USER_CHANGES_H

/*
 * What an update of a user changed, for the audit log: only those members
 * are made of which the rows say that they differ.
 */

#include "lib/rpc/object.h"
#include "lib/store/store.h"

/*
 * Add to *w the members of nk_user_entity() in which two rows of one user
 * differ; not those that stand elsewhere (groups, sshpubkey,
 * twofactor_auth_configured), and none of a secret.
 */
void	nk_user_changes(const struct nk_user *a, const struct nk_user *b,
	    struct nk_wanted *w);

#endif /* NASKEYS_RPC_USER_CHANGES_H */
