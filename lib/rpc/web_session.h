/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_SESSION_H
#define NASKEYS_RPC_WEB_SESSION_H

#include "lib/attr.h"
#include "lib/rpc/web_login.h"

/*
 * The account is logged in from now on, in the place of one that was: kind,
 * first, parent and token of w say how, and the rest of w is filled in.
 */
int	nk_web_session_open(struct nk_context *c, struct nk_web_session *w)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_SESSION_H */
