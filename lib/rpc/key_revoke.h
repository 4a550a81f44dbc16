/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_REVOKE_H
#define NASKEYS_RPC_KEY_REVOKE_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* Users who had the key, for whom sshd and their files are looked at. */
#define NK_REVOKE_LOOKS_MAX	16

/* user.revoke_key, with its arguments. */
extern const struct nk_arg nk_revoke_args[];
int	nk_user_revoke_key(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEY_REVOKE_H */
