/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/ids.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/group_rules.h"
#include "lib/rpc/group_write.h"
#include "lib/rpc/user_leave.h"
#include "lib/rpc/user_rules.h"
#include "lib/rpc/user_write.h"
#include "lib/rpc/way_in.h"

struct deletion {
	int64_t	id;
	bool	delete_users, force;
	struct nk_user_leavers leavers;
};

/* The group for those who lose theirs: as the machine has it. */
static int
provide_nogroup(struct nk_context *c, int64_t *idp)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_group *g = NULL;
	int r;

	if ((r = nk_group_by_name(s, "nogroup", &g)) == 0) {
		*idp = g->id;
		nk_group_free(g);
		return 0;
	}
	if (r != -ENOENT)
		return r;
	if ((g = nk_group_new()) == NULL)
		return -ENOMEM;
	free(g->name);
	g->gid = NK_ID_NOBODY;
	g->builtin = true;
	r = (g->name = strdup("nogroup")) == NULL ? -ENOMEM :
	    nk_group_insert(s, g);
	*idp = g->id;
	nk_group_free(g);
	return r;
}

static int
move_user(struct nk_context *c, struct nk_user *u)
{
	struct nk_subject subject = { "user", u->id, u->name };
	json_t *before, *after;
	int r;

	before = json_pack("{s:I}", "group", u->group_id);
	if ((r = provide_nogroup(c, &u->group_id)) < 0) {
		json_decref(before);
		return r;
	}
	after = json_pack("{s:I}", "group", u->group_id);
	if (before == NULL || after == NULL)
		r = -ENOMEM;
	else if ((r = nk_user_update(nk_publisher_store(c->publisher),
	    u)) == 0)
		r = nk_audit_write(c, "group.delete", &subject, before,
		    after, "Update user %s", u->name);
	json_decref(before);
	json_decref(after);
	return r;
}

static int
delete_user(struct nk_context *c, struct deletion *d,
    const struct nk_user *u, struct nk_error *e)
{
	int r;

	if (u->id == c->user_id)
		return nk_error_call(e, EINVAL,
		    "Cannot delete the currently active user");
	if (u->admin && !u->locked) {
		r = nk_is_last_admin(nk_publisher_store(c->publisher), u->id);
		if (r == 1)
			return nk_error_call(e, EPERM, "After deleting user "
			    "%s no local users will have FULL_ADMIN role",
			    u->name);
		if (r < 0)
			return r;
	}
	if ((r = nk_user_leavers_add(c, &d->leavers, u)) < 0)
		return r;
	return nk_user_remove(c, "group.delete", u);
}

static int
settle_users(struct nk_context *c, struct deletion *d,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_ids ids;
	struct nk_user *u;
	size_t i;
	int r;

	if ((r = nk_primary_members_of_group(s, d->id, &ids)) < 0)
		return r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		if ((r = nk_user_get(s, ids.v[i], &u)) < 0)
			break;
		r = d->delete_users ? delete_user(c, d, u, e) :
		    move_user(c, u);
		nk_user_free(u);
	}
	nk_ids_clear(&ids);
	return r;
}

static int
delete(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct deletion *d = arg;
	struct nk_subject subject = { "group", d->id, NULL };
	struct nk_way_in way;
	struct nk_group *g;
	json_t *before = NULL;
	int r;

	if ((r = nk_way_in_before(c, NULL, !d->delete_users || d->force,
	    &way)) < 0 || (r = nk_group_find(c, d->id, &g, e)) < 0)
		return r;
	if (g->builtin) {
		r = nk_error_call(e, EACCES,
		    "A built-in group cannot be deleted.");
		goto out;
	}
	subject.name = g->name;
	if ((r = nk_group_entity(c, g, NULL, &before)) < 0 ||
	    (r = settle_users(c, d, e)) < 0 ||
	    (r = nk_way_in_after(c, &way, e)) < 0 ||
	    (r = nk_group_delete(nk_publisher_store(c->publisher),
	    d->id)) < 0)
		goto out;
	r = nk_audit_write(c, "group.delete", &subject, before, NULL,
	    "Delete group %s%s", g->name, d->delete_users ? " and all users "
	    "that have this group as their primary group" : "");
 out:
	json_decref(before);
	nk_group_free(g);
	return r;
}

int
nk_group_delete_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct deletion d = {
		.id = json_integer_value(json_array_get(params, 0)),
		.delete_users = json_is_true(json_object_get(
		    json_array_get(params, 1), "delete_users")),
		.force = json_is_true(json_object_get(json_array_get(params,
		    1), "force")),
	};
	int r;

	if (d.id > NK_SYNTHETIC_ID)
		return nk_error_call(e, EPERM, "Groups provided by a "
		    "directory service must be deleted from the identity "
		    "provider (LDAP server or domain controller).");
	if ((r = nk_edit_run(c, delete, &d, e)) == 0) {
		nk_user_leave(c, "group.delete", &d.leavers);
		r = (*resultp = json_integer(d.id)) == NULL ? -ENOMEM : 0;
	}
	nk_user_leavers_clear(&d.leavers);
	return r;
}
