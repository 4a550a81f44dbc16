/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_IMPORT_AUDIT_H
#define NASKEYS_RPC_IMPORT_AUDIT_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/user_rules.h"

/*
 * The audit row of one user of many: what it is, and the fingerprints of
 * its keys.  The JSON is written by hand, since there are a million.
 */
int	nk_import_audit(struct nk_context *c, const struct nk_user_edit *ed)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_IMPORT_AUDIT_H */
