/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/user_leave.h"
#include "lib/rpc/user_write.h"
#include "lib/rpc/way_in.h"

#define ACTION	"user.delete"

struct deletion {
	int64_t	id;
	bool	delete_group, force;
	struct nk_user_leavers leavers;
};

/* What must be true of the user; *up is then the caller's. */
static int
check(struct nk_context *c, int64_t id, struct nk_user **up,
    struct nk_error *e)
{
	struct nk_user *u;
	int r;

	if ((r = nk_user_find(c, id, &u, e)) < 0)
		return r;
	if (c->user_id == id)
		r = nk_error_call(e, EINVAL,
		    "Cannot delete the currently active user");
	else if (u->builtin)
		r = nk_error_call(e, EINVAL, "Cannot delete a built-in user");
	else if (u->admin && !u->locked &&
	    (r = nk_is_last_admin(nk_publisher_store(c->publisher), id)) == 1)
		r = nk_error_call(e, EPERM, "After deleting this user no "
		    "local users will have FULL_ADMIN role");
	if (r < 0) {
		nk_user_free(u);
		return r;
	}
	*up = u;
	return 0;
}

/* The primary group, if nobody else is in it. */
static int
delete_group(struct nk_context *c, int64_t id)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_subject subject = { "group", id, NULL };
	struct nk_ids members = { NULL, 0 }, primary = { NULL, 0 };
	struct nk_group *g = NULL;
	json_t *before = NULL;
	int r;

	if ((r = nk_group_get(s, id, &g)) < 0 || g->builtin)
		goto out;
	if ((r = nk_members_of_group(s, id, &members)) < 0 ||
	    (r = nk_primary_members_of_group(s, id, &primary)) < 0 ||
	    members.n > 0 || primary.n > 0)
		goto out;
	subject.name = g->name;
	if ((r = nk_group_entity(c, g, NULL, &before)) < 0 ||
	    (r = nk_group_delete(s, id)) < 0)
		goto out;
	r = nk_audit_write(c, ACTION, &subject, before, NULL,
	    "Delete group %s", g->name);
 out:
	json_decref(before);
	nk_ids_clear(&members);
	nk_ids_clear(&primary);
	nk_group_free(g);
	return r;
}

int
nk_user_remove(struct nk_context *c, const char *action,
    const struct nk_user *u)
{
	struct nk_subject subject = { "user", u->id, u->name };
	json_t *before;
	int r;

	if ((r = nk_user_audit_entity(c, u, NULL, true, &before)) < 0)
		return r;
	r = nk_user_delete(nk_publisher_store(c->publisher), u->id);
	if (r == 0)
		r = nk_audit_write(c, action, &subject, before, NULL,
		    "Delete user %s", u->name);
	json_decref(before);
	return r;
}

static int
delete(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct deletion *d = arg;
	struct nk_way_in way;
	struct nk_user *u;
	int r;

	if ((r = check(c, d->id, &u, e)) < 0)
		return r;
	if ((r = nk_user_leavers_add(c, &d->leavers, u)) == 0 &&
	    (r = nk_way_in_before(c, u, d->force, &way)) == 0 &&
	    (r = nk_user_remove(c, ACTION, u)) == 0)
		r = nk_way_in_after(c, &way, e);
	if (r == 0 && d->delete_group && u->group_id != 0)
		r = delete_group(c, u->group_id);
	nk_user_free(u);
	return r;
}

int
nk_user_delete_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *options = json_array_get(params, 1);
	struct deletion d = {
		.id = json_integer_value(json_array_get(params, 0)),
		.delete_group = !json_is_false(json_object_get(options,
		    "delete_group")),
		.force = json_is_true(json_object_get(options, "force")),
	};
	int r;

	if (d.id > NK_SYNTHETIC_ID)
		return nk_error_call(e, EPERM, "Users provided by a "
		    "directory service must be deleted from the identity "
		    "provider (LDAP server or domain controller).");
	if ((r = nk_edit_run(c, delete, &d, e)) == 0) {
		nk_user_leave(c, ACTION, &d.leavers);
		r = (*resultp = json_integer(d.id)) == NULL ? -ENOMEM : 0;
	}
	nk_user_leavers_clear(&d.leavers);
	return r;
}
