/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_account.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/account/groupfile.h"
#include "lib/account/local.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"
#define SHADOW_FILE	NK_SYSCONFDIR "/shadow"
#define DAY		86400

/* -EINVAL: no account has such a name. */
static int
take_name(struct nk_web_account *a, const char *name)
{
	size_t len = strlen(name);

	*a = (struct nk_web_account){ .user_id = 0 };
	if (len == 0 || len >= sizeof(a->name) || name[0] == '-' ||
	    strpbrk(name, "/:\n") != NULL)
		return -EINVAL;
	memcpy(a->name, name, len + 1);
	return 0;
}

static void
set_proof(struct nk_web_account *a, const struct nk_local_account *local)
{
	size_t i;

	for (i = 0; i < sizeof(local->digest); i++)
		(void)snprintf(a->proof + 2 * i, 3, "%02x",
		    local->digest[i]);
}

/* What the store has; it may have nothing. */
static int
take_row(struct nk_context *c, int64_t now, struct nk_web_account *a,
    struct nk_web_standing *standing)
{
	struct nk_user *u;
	int r;

	r = nk_user_by_name(nk_publisher_store(c->publisher), a->name, &u);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	a->user_id = u->id;
	a->generation = u->generation;
	a->uid = u->uid;
	standing->admin = u->id == NK_USER_ROOT_ID ||
	    (u->managed && u->admin);
	standing->locked = u->locked;
	standing->expired = u->expires_at <= now;
	nk_user_free(u);
	return 0;
}

/* What passwd(5) and shadow(5) have; likewise, unless nobody has. */
static int
take_local(int64_t now, struct nk_web_account *a,
    struct nk_web_standing *standing)
{
	struct nk_local_account local;
	int r;

	r = nk_local_account(PASSWD_FILE, SHADOW_FILE, a->name, &local);
	if (r == -ENOENT && a->user_id != 0)
		return 0;
	if (r < 0)
		return r;
	if (a->user_id != 0 && a->uid != local.uid)
		return -ENOENT;
	a->uid = local.uid;
	if (local.expire >= 0 && now / DAY >= local.expire)
		standing->expired = true;
	set_proof(a, &local);
	return 0;
}

static int
compare(void *arg, const char *name, size_t len)
{
	const struct nk_web_account *a = arg;

	return strlen(a->name) == len && memcmp(a->name, name, len) == 0;
}

/* The group must be one that makes administrators at all. */
static bool
is_on_line(struct nk_web_account *a)
{
	uint32_t gid;

	return nk_groupfile_gid(GROUP_FILE, NK_ADMIN_GROUP, &gid) == 0 &&
	    nk_local_members(GROUP_FILE, NK_ADMIN_GROUP, compare, a) == 1;
}

int
nk_web_account_find(struct nk_context *c, const char *name, int64_t now,
    struct nk_web_account *a, struct nk_web_standing *standing)
{
	int r;

	*standing = (struct nk_web_standing){ .admin = false };
	if (take_name(a, name) < 0)
		return -ENOENT;
	if ((r = take_row(c, now, a, standing)) < 0 ||
	    (r = take_local(now, a, standing)) < 0)
		return r;
	if (!standing->admin)
		standing->admin = is_on_line(a);
	return 0;
}

bool
nk_web_account_equals(const struct nk_web_account *a,
    const struct nk_web_account *b)
{
	return a->user_id == b->user_id && a->generation == b->generation &&
	    a->uid == b->uid && strcmp(a->name, b->name) == 0 &&
	    strcmp(a->proof, b->proof) == 0;
}
