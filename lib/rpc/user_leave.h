/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_LEAVE_H
#define NASKEYS_RPC_USER_LEAVE_H

/*
 * What a user who is deleted leaves behind: the home stays, but .ssh in it,
 * which would let somebody in again who is given that home, goes.
 */

#include <sys/types.h>

#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* Begin with all 0. */
struct nk_user_leavers {
	struct nk_user_leaver {
		int64_t	 id;
		char	*name, *home;
		uid_t	 uid;
		gid_t	 gid, *groups;
		size_t	 n_groups;
	}	*v;
	size_t	 n;
};

/*
 * Under the lock, before the row goes: remember what is needed later, if the
 * user is managed and has a home.  0 or -errno.
 */
int	nk_user_leavers_add(struct nk_context *c, struct nk_user_leavers *all,
	    const struct nk_user *u) NK_MUST_CHECK;
void	nk_user_leavers_clear(struct nk_user_leavers *all);

/*
 * After the edit: remove .ssh in each home, as the one who was its user.
 * What could not be removed is said in a notification ("naskeys.warning")
 * and in the audit log, under this action.
 */
void	nk_user_leave(struct nk_context *c, const char *action,
	    const struct nk_user_leavers *all);

#endif /* NASKEYS_RPC_USER_LEAVE_H */
