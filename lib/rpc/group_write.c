/* SPDX-License-Identifier: ISC */
#include "lib/rpc/group_write.h"

#include <errno.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/group_rules.h"
#include "lib/rpc/way_in.h"

#define TRIES	8	/* somebody else was faster */

/* The flag and the membership of builtin_administrators are one. */
static int
set_admin(struct nk_store *s, int64_t id, bool admin)
{
	struct nk_user *u;
	int r;

	if (id == NK_USER_ROOT_ID)
		return 0;
	if ((r = nk_user_get(s, id, &u)) < 0)
		return r;
	if (u->admin != admin) {
		u->admin = admin;
		r = nk_user_update(s, u);
	}
	nk_user_free(u);
	return r;
}

static bool
contains(const struct nk_ids *ids, int64_t id)
{
	size_t i;

	for (i = 0; i < ids->n; i++) {
		if (ids->v[i] == id)
			return true;
	}
	return false;
}

static int
change_member(struct nk_store *s, int64_t group, int64_t user, bool in)
{
	int r = 0;

	if (group == NK_GROUP_ADMINS_ID)
		r = set_admin(s, user, in);
	if (r < 0)
		return r;
	return in ? nk_member_add(s, group, user) :
	    nk_member_remove(s, group, user);
}

static int
write_members(struct nk_store *s, const struct nk_group_edit *ed,
    bool *changedp)
{
	struct nk_ids old = { NULL, 0 }, primary = { NULL, 0 };
	int64_t id, group = ed->row->id;
	size_t i;
	int r;

	if ((ed->given & NK_GROUP_USERS) == 0)
		return 0;
	if ((r = nk_members_of_group(s, group, &old)) < 0 ||
	    (r = nk_primary_members_of_group(s, group, &primary)) < 0)
		goto out;
	for (i = 0; r == 0 && i < old.n; i++) {
		if (nk_json_has_id(ed->users, old.v[i]))
			continue;
		*changedp = true;
		r = change_member(s, group, old.v[i], false);
	}
	for (i = 0; r == 0 && i < json_array_size(ed->users); i++) {
		id = json_integer_value(json_array_get(ed->users, i));
		if (contains(&old, id) || contains(&primary, id))
			continue;
		*changedp = true;
		r = change_member(s, group, id, true);
	}
 out:
	nk_ids_clear(&old);
	nk_ids_clear(&primary);
	return r;
}

static int
write_audit(struct nk_context *c, const struct nk_group_edit *ed,
    json_t *before)
{
	struct nk_subject subject = { "group", ed->row->id, ed->row->name };
	json_t *after;
	int r;

	if ((r = nk_group_entity(c, ed->row, NULL, &after)) < 0)
		return r;
	if (before != NULL)
		nk_json_keep_changes(before, after);
	r = nk_audit_write(c, before == NULL ? "group.create" :
	    "group.update", &subject, before, after, "%s group %s",
	    before == NULL ? "Create" : "Update", ed->row->name);
	json_decref(after);
	return r;
}

static int
create(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_group_edit *ed = arg;
	bool changed;
	int r;

	if ((r = nk_group_rules_check_store(c, ed, e)) < 0)
		return r;
	if ((r = nk_group_insert(s, ed->row)) < 0)
		return r == -EEXIST ? -ESTALE : r;
	if ((r = write_members(s, ed, &changed)) < 0 ||
	    (r = write_audit(c, ed, NULL)) < 0)
		return r;
	ed->result = json_integer(ed->row->id);
	return ed->result == NULL ? -ENOMEM : 0;
}

int
nk_group_create(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_group_edit ed = {
		.schema = "group_create",
		.fields = json_array_get(params, 0),
	};
	int tries = 0, r;

	if ((ed.row = nk_group_new()) == NULL)
		return -ENOMEM;
	if ((r = nk_group_edit_read(c, &ed, e)) < 0 ||
	    (r = nk_group_rules_check_elsewhere(c, &ed, e)) < 0)
		goto out;
	do {
		ed.row->id = 0;
		if ((ed.given & NK_GROUP_GID) == 0 &&
		    (r = nk_next_gid(c, &ed.row->gid, e)) < 0)
			break;
		r = nk_edit_run(c, create, &ed, e);
	} while (r == -ESTALE && ++tries < TRIES);
	if (r == 0) {
		*resultp = ed.result;
		ed.result = NULL;
	}
 out:
	json_decref(ed.result);
	nk_group_edit_clear(&ed);
	return r;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* -ESTALE: somebody else has changed the row meanwhile. */
static int
check_again(struct nk_context *c, struct nk_group_edit *ed,
    struct nk_error *e)
{
	const struct nk_group *old = ed->old;
	struct nk_group *now;
	bool same;
	int r;

	if ((r = nk_group_find(c, ed->id, &now, e)) < 0)
		return r;
	same = old->gid == now->gid && old->builtin == now->builtin &&
	    old->smb == now->smb && same_text(old->name, now->name) &&
	    same_text(old->userns_idmap, now->userns_idmap) &&
	    same_text(old->sudo_commands, now->sudo_commands) &&
	    same_text(old->sudo_commands_nopasswd,
	    now->sudo_commands_nopasswd);
	nk_group_free(now);
	return same ? nk_group_rules_check_store(c, ed, e) : -ESTALE;
}

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_group_edit *ed = arg;
	/* other groups make nobody an administrator */
	bool free = ed->id != NK_GROUP_ADMINS_ID ||
	    json_is_true(json_object_get(ed->fields, "force"));
	struct nk_way_in way;
	json_t *before = NULL;
	bool changed;
	int r;

	if ((r = check_again(c, ed, e)) < 0 ||
	    (r = nk_way_in_before(c, NULL, free, &way)) < 0 ||
	    (r = nk_group_entity(c, ed->old, NULL, &before)) < 0)
		return r;
	changed = (ed->given & ~(unsigned int)NK_GROUP_USERS) != 0;
	if ((changed && (r = nk_group_update(s, ed->row)) < 0) ||
	    (r = write_members(s, ed, &changed)) < 0 ||
	    (r = nk_way_in_after(c, &way, e)) < 0)
		goto out;
	r = changed ? write_audit(c, ed, before) : 1;
 out:
	json_decref(before);
	return r;
}

int
nk_group_update_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_group_edit ed = {
		.schema = "group_update",
		.id = json_integer_value(json_array_get(params, 0)),
		.fields = json_array_get(params, 1),
	};
	int tries = 0, r;

	if (ed.id > NK_SYNTHETIC_ID)
		return nk_error_call(e, EPERM, "Groups provided by a "
		    "directory service must be modified through the "
		    "identity provider (LDAP server or domain controller).");
	do {
		nk_group_edit_clear(&ed);
		if ((r = nk_group_find(c, ed.id, &ed.old, e)) < 0 ||
		    (r = nk_group_find(c, ed.id, &ed.row, e)) < 0 ||
		    (r = nk_group_edit_read(c, &ed, e)) < 0 ||
		    (r = nk_group_rules_check_elsewhere(c, &ed, e)) < 0)
			break;
		r = nk_edit_run(c, update, &ed, e);
	} while (r == -ESTALE && ++tries < TRIES);
	if (r == 0 && (*resultp = json_integer(ed.id)) == NULL)
		r = -ENOMEM;
	nk_group_edit_clear(&ed);
	return r;
}
