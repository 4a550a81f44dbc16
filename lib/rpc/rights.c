/* SPDX-License-Identifier: ISC */
#include "lib/rpc/rights.h"

#include <errno.h>
#include <stdio.h>

#include "lib/account/groupfile.h"
#include "lib/rpc/web_login.h"

bool
nk_caller_is_in(const struct nk_caller *caller, gid_t gid)
{
	size_t i;

	if (caller->gid == gid)
		return true;
	for (i = 0; i < caller->ngroups; i++) {
		if (caller->groups[i] == gid)
			return true;
	}
	return false;
}

static bool
has_roots_rank(uid_t uid, uid_t owner)
{
	return uid == 0 || (uid == owner && uid != NK_OVERFLOW_ID &&
	    uid != (uid_t)-1);
}

enum nk_rank
nk_rank_decide(const struct nk_caller *caller, uid_t owner,
    const struct nk_user *account, bool in_admin_group, int64_t now)
{
	if (caller->gateway)
		return NK_RANK_NOBODY;
	if (has_roots_rank(caller->uid, owner))
		return NK_RANK_ROOT;
	if (caller->uid == NK_OVERFLOW_ID || caller->uid == (uid_t)-1)
		return NK_RANK_NOBODY;
	if (account != NULL && account->uid != caller->uid)
		return NK_RANK_NOBODY;
	if (account != NULL && (account->locked || account->expires_at <= now))
		return NK_RANK_NOBODY;
	if (in_admin_group)
		return NK_RANK_ADMIN;
	if (account != NULL && account->managed && account->admin)
		return NK_RANK_ADMIN;
	return NK_RANK_USER;
}

static bool
is_in_admin_group(const struct nk_caller *caller, const char *group_path)
{
	uint32_t gid;

	return nk_groupfile_gid(group_path, NK_ADMIN_GROUP, &gid) == 0 &&
	    nk_caller_is_in(caller, gid);
}

int
nk_rights_compute(struct nk_context *c, const char *group_path, int64_t now)
{
	const struct nk_caller *caller = c->caller;
	uid_t owner = c->state != NULL ? c->state->owner : 0;
	struct nk_user *account = NULL;
	bool owns;
	int r;

	c->rank = NK_RANK_NOBODY;
	c->user_id = 0;
	c->actor_uid = caller->uid;
	if (caller->gateway) {
		(void)snprintf(c->actor, sizeof(c->actor), "gateway");
		return c->web != NULL ? nk_web_rights(c, now) : 0;
	}
	if (caller->uid == 0) {
		c->rank = NK_RANK_ROOT;
		c->user_id = NK_USER_ROOT_ID;
		(void)snprintf(c->actor, sizeof(c->actor), "root");
		return 0;
	}
	(void)snprintf(c->actor, sizeof(c->actor), "uid %u", caller->uid);
	r = c->publisher == NULL ? -ENODEV :
	    nk_user_by_uid(nk_publisher_store(c->publisher), caller->uid,
	    &account);
	owns = has_roots_rank(caller->uid, owner);
	if (r < 0 && r != -ENOENT && !owns)
		return r;
	if (account != NULL) {
		c->user_id = account->id;
		(void)snprintf(c->actor, sizeof(c->actor), "%s",
		    account->name);
	}
	c->rank = nk_rank_decide(caller, owner, account,
	    !owns && is_in_admin_group(caller, group_path), now);
	nk_user_free(account);
	return 0;
}
