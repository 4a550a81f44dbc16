/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_FILE_H
#define NASKEYS_RPC_KEY_FILE_H

/* In which authorized_keys file a user's keys are written besides. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

/* "NONE", "HOME" or "CENTRAL". */
const char *nk_keyfile_mode_name(enum nk_keyfile_mode mode);

/*
 * Inside the edit that makes u: the mode that was set for new users, or what
 * naskeys.conf says.  An account cannot have a central file when another one
 * with the same uid has it: then it gets none.
 */
int	nk_keyfile_of_new_user(struct nk_context *c, struct nk_user *u)
	    NK_MUST_CHECK;

/* user.authorized_keys_file, with its arguments. */
extern const struct nk_arg nk_keyfile_args[];
int	nk_user_authorized_keys_file(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_KEY_FILE_H */
