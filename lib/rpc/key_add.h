/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_ADD_H
#define NASKEYS_RPC_KEY_ADD_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

/* Bytes of all key lines of an account, beyond which it adds none itself. */
#define NK_OWN_KEYS_BYTES	(256u << 10)

/*
 * The user of that name whom the caller may look at: itself, or anybody for
 * an administrator.  Others learn nothing, not even whether there is one.
 * 0; -EACCES or -ENOENT with *e set; -errno.
 */
int	nk_key_find_user(struct nk_context *c, const char *name,
	    struct nk_user **up, struct nk_error *e) NK_MUST_CHECK;
/* The same, for who needs no more than the row's id. */
int	nk_key_find_id(struct nk_context *c, const char *name, int64_t *idp,
	    struct nk_error *e) NK_MUST_CHECK;

/* user.add_key */
int	nk_user_add_key(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEY_ADD_H */
