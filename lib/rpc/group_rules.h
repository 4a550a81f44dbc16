/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_GROUP_RULES_H
#define NASKEYS_RPC_GROUP_RULES_H

/* What group.create and group.update may say; as user_rules.h. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* What differs from the old row; everything that a new group is given. */
enum nk_group_given {
	NK_GROUP_NAME		= 1 << 0,
	NK_GROUP_GID		= 1 << 1,
	NK_GROUP_SMB		= 1 << 2,
	NK_GROUP_SUDO		= 1 << 3,
	NK_GROUP_SUDO_NOPASSWD	= 1 << 4,
	NK_GROUP_IDMAP		= 1 << 5,
	NK_GROUP_USERS		= 1 << 6,
};

struct nk_group_edit {
	const char		*schema;	/* "group_create" */
	int64_t			 id;		/* of an update */
	const json_t		*fields;
	struct nk_group		*old;		/* NULL: a new group */
	struct nk_group		*row;		/* as it shall be */
	unsigned int		 given;
	const json_t		*users;		/* NK_GROUP_USERS */
	json_t			*result;
};

/* Forget the rows. */
void	nk_group_edit_clear(struct nk_group_edit *ed);

/* Read the fields over ed->row, then all rules but those of others. */
int	nk_group_edit_read(struct nk_context *c, struct nk_group_edit *ed,
	    struct nk_error *e) NK_MUST_CHECK;
/* The rules that the store decides; again under the lock. */
int	nk_group_rules_check_store(struct nk_context *c,
	    struct nk_group_edit *ed, struct nk_error *e) NK_MUST_CHECK;
/* Are name and gid free in the other name services? */
int	nk_group_rules_check_elsewhere(struct nk_context *c,
	    struct nk_group_edit *ed, struct nk_error *e) NK_MUST_CHECK;

/* Does the list of ids hold this one? */
bool	nk_json_has_id(const json_t *list, int64_t id);

#endif /* NASKEYS_RPC_GROUP_RULES_H */
