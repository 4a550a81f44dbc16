/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WAY_IN_H
#define NASKEYS_RPC_WAY_IN_H

/*
 * The last way in: a change after which no administrator can log in is
 * refused, unless the caller forces it.
 *
 * Administrators are root, managed users with "admin", and the members that
 * naskeys-admin has in /etc/group.  One can log in whose account is neither
 * locked nor expired, whose shell is one, and who has a key in the store
 * that has not expired, or a password (in /etc/shadow, where the account is
 * not managed).  What stands in files of homes is not counted: nobody has
 * checked it, and it may be away.
 */

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

#define NK_FORCE_ARG	{ .name = "force", .type = NK_ARG_BOOL }

struct nk_way_in {
	bool	forced;
	bool	had;		/* there is one, and it may be this user's */
};

/*
 * Under the lock, before the change: is one there?  u is whose account or
 * keys change, NULL: several users'.  With "forced" nobody looks.  0 or
 * -errno.
 */
int	nk_way_in_before(struct nk_context *c, const struct nk_user *u,
	    bool forced, struct nk_way_in *w) NK_MUST_CHECK;

/* After it, before COMMIT: -EPERM with *e set when there is none any more. */
int	nk_way_in_after(struct nk_context *c, const struct nk_way_in *w,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WAY_IN_H */
