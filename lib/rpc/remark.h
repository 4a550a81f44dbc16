/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_REMARK_H
#define NASKEYS_RPC_REMARK_H

/* What did not work behind a change that is made and stays. */

#include "lib/attr.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/rpc.h"

/*
 * Tell the caller ("naskeys.warning") and the audit log.  Nothing is left to
 * be refused: what cannot be told is not.  No edit may be open.
 */
void	nk_remark(struct nk_context *c, const char *action,
	    const struct nk_subject *subject, const char *text);

/* The audit log alone.  0 or -errno. */
int	nk_remark_audit(struct nk_context *c, const char *action,
	    const struct nk_subject *subject, const char *text)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_REMARK_H */
