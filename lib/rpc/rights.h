/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_RIGHTS_H
#define NASKEYS_RPC_RIGHTS_H

/*
 * Who may do what, computed again for each request:
 *  1. The gateway MUST be nobody, whoever runs it, but for who has logged in
 *     through the connection (lib/rpc/web_login.h).
 *  2. uid 0 and the owner of the state MUST have the rank of root.
 *  3. A uid of the store that is locked or expired MUST be nobody, also
 *     when it is in the administrators' group.
 *  4. A managed user with the admin flag is an administrator, and so is a
 *     peer whose group ids hold the gid of NK_ADMIN_GROUP in /etc/group.
 *     That gid MUST NOT be 0 nor the one that stands for the ids of other
 *     user namespaces; a file in doubt (lib/account/groupfile.h) makes
 *     nobody an administrator.
 *  5. No name service MUST be asked, and no name compared but the group's.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define NK_ADMIN_GROUP	"naskeys-admin"
#define NK_OVERFLOW_ID	65534	/* kernel: an id of another namespace */

bool	nk_caller_is_in(const struct nk_caller *caller, gid_t gid);

/*
 * The decision.  account: the caller's uid in the store, NULL: not there.
 * in_admin_group: rule 4.  now: seconds since the epoch.
 */
enum nk_rank nk_rank_decide(const struct nk_caller *caller, uid_t owner,
	    const struct nk_user *account, bool in_admin_group, int64_t now);

/*
 * Set rank, user_id, actor and actor_uid of *c.  0, -EKEYEXPIRED (the time
 * of a login is over), or -errno when the store cannot
 * be asked: then the rank is nobody, and rule 2 holds all the same (0).
 */
int	nk_rights_compute(struct nk_context *c, const char *group_path,
	    int64_t now) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_RIGHTS_H */
