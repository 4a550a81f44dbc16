/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ENTITY_H
#define NASKEYS_RPC_ENTITY_H

/* Users and groups as the API shows them. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"

#define NK_SECRET_TEXT	"********"

/* From here on row ids are a directory service's: none of ours. */
#define NK_SYNTHETIC_ID	100000000

/* gids of builtin groups whose members may be changed all the same. */
bool	nk_gid_is_editable(uint32_t gid);

/*
 * The members of the user's or group's object that are wanted (NULL: all).
 * secrets: show hashes, else "********".  0 and a new reference, or -errno.
 */
int	nk_user_entity(struct nk_context *c, const struct nk_user *u,
	    const struct nk_wanted *wanted, bool secrets, json_t **op)
	    NK_MUST_CHECK;
/*
 * The user as the audit log keeps it, or those members of it that are wanted
 * (NULL: all): without secrets, and with "keys" (see nk_keyrow_audit()) in
 * place of their text, or without either.
 */
int	nk_user_audit_entity(struct nk_context *c, const struct nk_user *u,
	    const struct nk_wanted *wanted, bool keys, json_t **op)
	    NK_MUST_CHECK;
int	nk_group_entity(struct nk_context *c, const struct nk_group *g,
	    const struct nk_wanted *wanted, json_t **op) NK_MUST_CHECK;

/*
 * The row with this id, for get_instance, update and delete.  -EINVAL with
 * *e set: there is none.
 */
int	nk_user_find(struct nk_context *c, int64_t id, struct nk_user **up,
	    struct nk_error *e) NK_MUST_CHECK;
int	nk_group_find(struct nk_context *c, int64_t id, struct nk_group **gp,
	    struct nk_error *e) NK_MUST_CHECK;

/* Does the machine's own passwd(5) have this user? */
bool	nk_is_in_passwd(const char *name);

#endif /* NASKEYS_RPC_ENTITY_H */
