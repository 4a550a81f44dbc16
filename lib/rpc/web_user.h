/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_USER_H
#define NASKEYS_RPC_WEB_USER_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* auth.me's object, of who asks.  0 and a new reference; -errno. */
int	nk_web_user(struct nk_context *c, json_t **userp) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_USER_H */
