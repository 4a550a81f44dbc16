/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_HOME_H
#define NASKEYS_RPC_USER_HOME_H

/*
 * What creating and changing users does in homes (user_leave.h: deleting).
 *
 *  1. A home is made by root, only where lib/account/home.h allows it; what
 *     is done in one that exists is done as its owner (lib/home/homedir.h),
 *     and only if that is the user already.
 *  2. All but the making of a new user's home happens without the store's
 *     lock: a home may hang.
 *  3. It is done before the edit, so that a failure refuses the edit; when
 *     the edit fails it is undone.
 */

#include <sys/types.h>

#include <jansson.h>
#include <stdbool.h>

#include "lib/account/home.h"
#include "lib/attr.h"
#include "lib/home/homefile.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/user_rules.h"

/* What has been done for one edit.  Begin with NK_USER_HOME_NONE. */
struct nk_user_home {
	struct nk_home	 made;
	char		*path;		/* of the home that is being used */
	uid_t		 uid;
	gid_t		 gid;
	gid_t		*groups;
	size_t		 n_groups;
	char		*copied;	/* the home whose content it has got */
	bool		 set;		/* it has another mode now */
	mode_t		 old_mode, mode;
	json_t		*warnings;	/* texts, or NULL: none */
};
#define NK_USER_HOME_NONE	((struct nk_user_home){ .made = NK_HOME_NONE })

/*
 * Before a user is created with this gid: give a home that is there already
 * the mode and what it lacks of the skeleton, if the edit asks for either.
 * 0; -EINVAL or the call error's -errno with *e set; -errno.
 */
int	nk_user_home_create(struct nk_context *c,
	    const struct nk_user_edit *ed, gid_t gid, struct nk_user_home *h,
	    struct nk_error *e) NK_MUST_CHECK;

/* Under the lock: make the home of a new user, if it is not there. */
int	nk_user_home_make(struct nk_context *c, const struct nk_user_edit *ed,
	    struct nk_user_home *h, struct nk_error *e) NK_MUST_CHECK;

/*
 * Before a user is changed: make a home that is missing, copy the old home
 * into it, give it the mode; as far as the fields (user.update's) say
 * something of the home.  May be called again for another try.  Errors as
 * above.
 */
int	nk_user_home_update(struct nk_context *c,
	    const struct nk_user_edit *ed, const json_t *fields,
	    struct nk_user_home *h, struct nk_error *e) NK_MUST_CHECK;

/* Has anything been done that an audit row should tell? */
bool	nk_user_home_is_changed(const struct nk_user_home *h);
/* Add "home_mode" to both, where it has changed.  0 or -ENOMEM. */
int	nk_user_home_audit(const struct nk_user_home *h, json_t *before,
	    json_t *after) NK_MUST_CHECK;

/* Add the warnings to the result's.  0 or -ENOMEM. */
int	nk_user_home_warn(const struct nk_user_home *h, json_t *result)
	    NK_MUST_CHECK;

/* After the edit: leave all as it is, or ... */
void	nk_user_home_keep(struct nk_user_home *h);
/* ... undo it, unless it was kept, and forget it. */
void	nk_user_home_undo(struct nk_context *c, struct nk_user_home *h);

#endif /* NASKEYS_RPC_USER_HOME_H */
