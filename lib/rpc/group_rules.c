/* SPDX-License-Identifier: ISC */
#include "lib/rpc/group_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/ids.h"
#include "lib/account/names.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/user_rules.h"
#include "lib/rpc/user_write.h"

#define LIST_MAX	512	/* bytes of a list of names in a sentence */

static void
refuse(const struct nk_group_edit *ed, struct nk_error *e, const char *field,
    int number, const char *text)
{
	char attribute[128];

	(void)snprintf(attribute, sizeof(attribute), "%s.%s", ed->schema,
	    field);
	nk_error_add(e, attribute, number, "%s", text);
}

void
nk_group_edit_clear(struct nk_group_edit *ed)
{
	nk_group_free(ed->old);
	nk_group_free(ed->row);
	ed->old = ed->row = NULL;
	ed->given = 0;
}

/* ---- reading the fields ---- */

static int
set_text(struct nk_group_edit *ed, char **field, const char *value,
    unsigned int bit)
{
	char *copy = NULL;

	if (ed->old != NULL && (value == NULL || *field == NULL ?
	    value == *field : strcmp(value, *field) == 0))
		return 0;
	if (value != NULL && (copy = strdup(value)) == NULL)
		return -ENOMEM;
	free(*field);
	*field = copy;
	ed->given |= bit;
	return 0;
}

static int
read_sudo(struct nk_group_edit *ed, const char *field, char **to,
    unsigned int bit, struct nk_error *e)
{
	const struct nk_user_edit schema = { .schema = ed->schema };
	const json_t *list = json_object_get(ed->fields, field);
	char *text;
	int r;

	if (list == NULL)
		return 0;
	r = nk_sudo_read(&schema, list, field, ed->old == NULL ? NULL : *to,
	    &text, e);
	if (r == 0)
		r = set_text(ed, to, text, bit);
	free(text);
	return r;
}

static int
read_idmap(struct nk_group_edit *ed, struct nk_error *e)
{
	const json_t *v = json_object_get(ed->fields, "userns_idmap");
	const char *text = json_string_value(v);
	char number[24];

	if (v == NULL)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 1 &&
	    json_integer_value(v) < UINT32_MAX) {
		(void)snprintf(number, sizeof(number),
		    "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text = number;
	} else if (!json_is_null(v) &&
	    (text == NULL || strcmp(text, "DIRECT") != 0)) {
		refuse(ed, e, "userns_idmap", EINVAL, "Input should be "
		    "null, \"DIRECT\" or an integer from 1");
		return 0;
	}
	return set_text(ed, &ed->row->userns_idmap, text, NK_GROUP_IDMAP);
}

static int
read_fields(struct nk_group_edit *ed, struct nk_error *e)
{
	const json_t *name = json_object_get(ed->fields, "name");
	const json_t *gid = json_object_get(ed->fields, "gid");
	const json_t *smb = json_object_get(ed->fields, "smb");
	struct nk_group *g = ed->row;
	int r;

	if (name != NULL && (r = set_text(ed, &g->name,
	    json_string_value(name), NK_GROUP_NAME)) < 0)
		return r;
	if (json_is_integer(gid)) {
		g->gid = (uint32_t)json_integer_value(gid);
		ed->given |= NK_GROUP_GID;
	}
	if (smb != NULL && (ed->old == NULL || json_is_true(smb) != g->smb)) {
		g->smb = json_is_true(smb);
		ed->given |= NK_GROUP_SMB;
	}
	ed->users = json_object_get(ed->fields, "users");
	if (ed->users != NULL)
		ed->given |= NK_GROUP_USERS;
	if ((r = read_sudo(ed, "sudo_commands", &g->sudo_commands,
	    NK_GROUP_SUDO, e)) < 0 ||
	    (r = read_sudo(ed, "sudo_commands_nopasswd",
	    &g->sudo_commands_nopasswd, NK_GROUP_SUDO_NOPASSWD, e)) < 0)
		return r;
	return read_idmap(ed, e);
}

/* ---- rules ---- */

static void
check_name(struct nk_group_edit *ed, struct nk_error *e)
{
	char why[NK_NAME_WHY_MAX], text[NK_NAME_WHY_MAX + 16];

	if ((ed->given & NK_GROUP_NAME) == 0 || nk_groupname_check(
	    ed->row->name, strlen(ed->row->name), why) == 0)
		return;
	(void)snprintf(text, sizeof(text), "Value error, %s", why);
	refuse(ed, e, "name", EINVAL, text);
}

static void
check_gid(struct nk_context *c, struct nk_group_edit *ed, struct nk_error *e)
{
	uint32_t gid = ed->row->gid;
	char text[128];

	if ((ed->given & NK_GROUP_GID) == 0 || (gid >= c->conf->min_id &&
	    gid <= c->conf->max_id && !nk_id_is_nobody(gid)))
		return;
	(void)snprintf(text, sizeof(text), "Gid %u is not one that naskeys "
	    "serves: those from %u to %u, without %u and %u.", gid,
	    c->conf->min_id, c->conf->max_id, NK_ID_NOBODY,
	    NK_ID_NOBODY + 1);
	refuse(ed, e, "gid", EINVAL, text);
}

static void
check_builtin(struct nk_group_edit *ed, struct nk_error *e)
{
	static const struct {
		unsigned int	 bit;
		const char	*field;
	} fixed[] = {
		{ NK_GROUP_NAME,		"name" },
		{ NK_GROUP_SMB,		"smb" },
		{ NK_GROUP_SUDO,		"sudo_commands" },
		{ NK_GROUP_SUDO_NOPASSWD,	"sudo_commands_nopasswd" },
		{ NK_GROUP_IDMAP,		"userns_idmap" },
	};
	size_t i;

	if (ed->old == NULL || !ed->old->builtin)
		return;
	if (!nk_gid_is_editable(ed->old->gid) && ed->given != 0) {
		refuse(ed, e, "id", EINVAL,
		    "Immutable groups cannot be changed");
		return;
	}
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if ((ed->given & fixed[i].bit) != 0)
			refuse(ed, e, fixed[i].field, EINVAL, "This "
			    "configuration parameter may not be changed for "
			    "builtin groups.");
	}
}

static void
name_taken(struct nk_group_edit *ed, struct nk_error *e)
{
	char text[NK_GROUPNAME_MAX + 64];

	(void)snprintf(text, sizeof(text),
	    "A Group with the name \"%s\" already exists.", ed->row->name);
	refuse(ed, e, "name", EEXIST, text);
}

static void
gid_taken(struct nk_group_edit *ed, const char *name, struct nk_error *e)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
	    "Gid %u is already used (group %s has it)", ed->row->gid, name);
	refuse(ed, e, "gid", EEXIST, text);
}

static int
check_free(struct nk_store *s, struct nk_group_edit *ed, struct nk_error *e)
{
	struct nk_group *g = NULL;
	int r = -ENOENT;

	if ((ed->given & NK_GROUP_NAME) != 0)
		r = nk_group_by_name(s, ed->row->name, &g);
	if (r == 0 && g->id != ed->row->id)
		name_taken(ed, e);
	nk_group_free(g);
	g = NULL;
	if (r < 0 && r != -ENOENT)
		return r;
	r = -ENOENT;
	if ((ed->given & NK_GROUP_GID) != 0)
		r = nk_group_by_gid(s, ed->row->gid, &g);
	if (r == 0)
		gid_taken(ed, g->name, e);
	nk_group_free(g);
	return r == -ENOENT ? 0 : r;
}

/* ---- members ---- */

bool
nk_json_has_id(const json_t *users, int64_t id)
{
	size_t i;

	for (i = 0; i < json_array_size(users); i++) {
		if (json_integer_value(json_array_get(users, i)) == id)
			return true;
	}
	return false;
}

static void
append(char list[LIST_MAX], const char *text)
{
	size_t len = strlen(list);

	(void)snprintf(list + len, LIST_MAX - len, "%s%s",
	    len == 0 ? "" : ", ", text);
}

/* May this user be a member?  Under the lock and before it. */
static int
check_member(struct nk_store *s, struct nk_group_edit *ed, size_t i,
    struct nk_user *u, struct nk_error *e)
{
	char field[32], text[512];
	struct nk_ids ids;
	bool is_in = false;
	size_t n;
	int r;

	(void)snprintf(field, sizeof(field), "users.%zu", i);
	if (u->id == NK_USER_ROOT_ID) {
		if (ed->row->id != NK_GROUP_ADMINS_ID)
			refuse(ed, e, "users", EINVAL,
			    "Cannot add the root user to this group");
		return 0;
	}
	if (!u->managed) {
		(void)snprintf(text, sizeof(text), "%s: only an account "
		    "that naskeys manages can be in its groups.", u->name);
		refuse(ed, e, field, EINVAL, text);
		return 0;
	}
	if ((r = nk_groups_of_user(s, u->id, &ids)) < 0)
		return r;
	for (n = 0; n < ids.n; n++)
		is_in = is_in || ids.v[n] == ed->row->id;
	nk_ids_clear(&ids);
	if (is_in || n < NK_GROUPS_OF_USER_MAX)
		return 0;
	(void)snprintf(text, sizeof(text), "%s cannot belong to more than "
	    "%d auxiliary groups.", u->name, NK_GROUPS_OF_USER_MAX);
	refuse(ed, e, field, EINVAL, text);
	return 0;
}

static int
check_members(struct nk_store *s, struct nk_group_edit *ed, struct nk_error *e)
{
	char missing[LIST_MAX] = "", text[LIST_MAX + 64], number[24];
	char field[32];
	struct nk_user *u;
	int64_t id;
	size_t i;
	int r;

	for (i = 0; i < json_array_size(ed->users); i++) {
		id = json_integer_value(json_array_get(ed->users, i));
		if (id >= NK_SYNTHETIC_ID) {
			(void)snprintf(field, sizeof(field), "users.%zu", i);
			refuse(ed, e, field, EINVAL, "Directory services "
			    "users may not be added as members of local "
			    "groups.");
			return 0;
		}
		r = nk_user_get(s, id, &u);
		if (r == -ENOENT) {
			(void)snprintf(number, sizeof(number), "%" PRId64,
			    id);
			append(missing, number);
			continue;
		}
		if (r == 0)
			r = check_member(s, ed, i, u, e);
		nk_user_free(u);
		if (r < 0)
			return r;
	}
	if (missing[0] != '\0') {
		(void)snprintf(text, sizeof(text),
		    "Following users do not exist: %s", missing);
		refuse(ed, e, "users", EINVAL, text);
	}
	return 0;
}

/* Those whose primary group it is cannot leave it. */
static int
check_primary(struct nk_store *s, struct nk_group_edit *ed, struct nk_error *e)
{
	char names[LIST_MAX] = "", text[LIST_MAX + 96];
	struct nk_ids ids;
	struct nk_user *u;
	size_t i;
	int r;

	if (ed->old == NULL)
		return 0;
	if ((r = nk_primary_members_of_group(s, ed->row->id, &ids)) < 0)
		return r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		if (nk_json_has_id(ed->users, ids.v[i]))
			continue;
		if ((r = nk_user_get(s, ids.v[i], &u)) == 0)
			append(names, u->name);
		nk_user_free(u);
	}
	nk_ids_clear(&ids);
	if (r == 0 && names[0] != '\0') {
		(void)snprintf(text, sizeof(text), "This group is primary "
		    "for the following users: %s. You can't remove them.",
		    names);
		refuse(ed, e, "users", EINVAL, text);
	}
	return r;
}

/* Some unlocked administrator must stay one. */
static int
check_admins(struct nk_store *s, struct nk_group_edit *ed, struct nk_error *e)
{
	struct nk_user *u;
	bool usable = false;
	size_t i;
	int r = 0;

	if (ed->row->id != NK_GROUP_ADMINS_ID)
		return 0;
	if (!nk_json_has_id(ed->users, NK_USER_ROOT_ID))
		refuse(ed, e, "users", EINVAL, "The root user must remain a "
		    "member of the builtin_administrators group.");
	for (i = 0; r == 0 && !usable && i < json_array_size(ed->users);
	    i++) {
		r = nk_user_get(s, json_integer_value(
		    json_array_get(ed->users, i)), &u);
		if (r == 0)
			usable = !u->locked;
		nk_user_free(u);
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0 && !usable)
		refuse(ed, e, "users", EINVAL, "After this change no local "
		    "users will have FULL_ADMIN role");
	return r;
}

int
nk_group_rules_check_store(struct nk_context *c, struct nk_group_edit *ed,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	int r;

	if ((r = check_free(s, ed, e)) < 0)
		return r;
	if ((ed->given & NK_GROUP_USERS) != 0 &&
	    ((r = check_members(s, ed, e)) < 0 ||
	    (r = check_primary(s, ed, e)) < 0 ||
	    (r = check_admins(s, ed, e)) < 0))
		return r;
	return nk_error_is_set(e) ? -EINVAL : 0;
}

int
nk_group_rules_check_elsewhere(struct nk_context *c,
    struct nk_group_edit *ed, struct nk_error *e)
{
	struct nk_question q[2];
	size_t n = 0;
	int r;

	memset(q, 0, sizeof(q));
	if ((ed->given & NK_GROUP_NAME) != 0) {
		q[n].group = true;
		q[n++].name = ed->row->name;
	}
	if ((ed->given & NK_GROUP_GID) != 0) {
		q[n].group = true;
		q[n++].id = ed->row->gid;
	}
	if ((r = nk_elsewhere_ask(c, q, n, e)) < 0)
		return r;
	if ((ed->given & NK_GROUP_NAME) != 0 && q[0].entry.found)
		name_taken(ed, e);
	if ((ed->given & NK_GROUP_GID) != 0 && q[n - 1].entry.found)
		gid_taken(ed, q[n - 1].entry.name, e);
	return nk_error_is_set(e) ? -EINVAL : 0;
}

int
nk_group_edit_read(struct nk_context *c, struct nk_group_edit *ed,
    struct nk_error *e)
{
	int r;

	if ((r = read_fields(ed, e)) < 0)
		return r;
	check_name(ed, e);
	check_gid(c, ed, e);
	check_builtin(ed, e);
	if ((r = nk_collected(nk_group_rules_check_store(c, ed, e),
	    e)) < 0)
		return r;
	return nk_error_is_set(e) ? -EINVAL : 0;
}
