/* SPDX-License-Identifier: ISC */

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"

#define CHUNK	1000	/* members that are asked for at a time */

const struct ctl_option ctl_group_add_options[] = {
	{ "gid", "N", "gid; the next free one if not given" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_group_edit_options[] = {
	{ "name", "NAME", "a new name" },
	{ "users", "A,B", "members, in place of those there are" },
	{ "sudo", "COMMAND|none", "what sudo lets the members do; may be "
	    "repeated" },
	{ "sudo-nopasswd", "COMMAND|none", "likewise, without a password" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_group_delete_options[] = {
	{ "delete-users", NULL, "delete the users too whose primary group "
	    "it is" },
	{ NULL, NULL, NULL },
};

int
ctl_group_add(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	json_t *g = json_object(), *result = NULL;
	int r;

	if ((r = put(c, g, "name", json_string(name), "NAME")) == CTL_DONE &&
	    (r = add_number(c, a, "gid", g, "gid")) == CTL_DONE &&
	    (r = ctl_call(c, "group.create", json_pack("[O]", g), -1,
	    &result)) == CTL_DONE)
		r = ctl_done(c, result, "Created group %s", name);
	json_decref(g);
	json_decref(result);
	return r;
}

static void
fill_group(struct table *t, const json_t *row)
{
	table_add(t, row_string(row, "name"));
	table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(row, "gid"));
	table_add(t, row_bool(row, "builtin") ? "yes" : "no");
	table_addf(t, "%zu", json_array_size(json_object_get(row, "users")));
}

int
ctl_group_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "NAME", "GID", "BUILTIN",
	    "MEMBERS" };
	static const char *const fields[] = { "id", "name", "gid", "builtin",
	    "users", NULL };
	static const struct ctl_list list = {
		.method = "group.query", .fields = fields,
		.headings = headings,
		.columns = sizeof(headings) / sizeof(headings[0]),
		.fill = fill_group,
	};

	(void)a;
	return ctl_list(c, &list);
}

/* ---- show ---- */

/*
 * The rows of the members first to first + CHUNK of the list.  "id" above
 * the smallest of them lets the helper begin its search there.
 */
static json_t *
members_params(const json_t *ids, size_t first)
{
	json_t *chunk = json_array(), *v;
	json_int_t least = 0;
	size_t i;

	for (i = first; i < first + CHUNK && i < json_array_size(ids); i++) {
		v = json_array_get(ids, i);
		if (i == first || json_integer_value(v) < least)
			least = json_integer_value(v);
		if (json_array_append(chunk, v) != 0) {
			json_decref(chunk);
			return NULL;
		}
	}
	return json_pack("[[[s,s,I],[s,s,o]],{s:I,s:[s,s,s]}]", "id", ">",
	    least - 1, "id", "in", chunk, "limit", (json_int_t)(i - first),
	    "select", "username", "uid", "group");
}

static int
show_members(struct ctl *c, const json_t *group)
{
	static const char *const headings[] = { "MEMBER", "UID", "PRIMARY" };
	const json_t *ids = json_object_get(group, "users");
	json_t *users = NULL, *u;
	size_t first, i;
	struct table t;
	int r = CTL_DONE;

	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	for (first = 0; r == CTL_DONE && first < json_array_size(ids);
	    first += CHUNK) {
		r = ctl_call(c, "user.query", members_params(ids, first), -1,
		    &users);
		json_array_foreach(users, i, u) {
			table_add(&t, row_string(u, "username"));
			table_addf(&t, "%" JSON_INTEGER_FORMAT,
			    row_int(u, "uid"));
			table_add(&t, row_int(json_object_get(u, "group"),
			    "id") == row_int(group, "id") ? "yes" : "no");
		}
		json_decref(users);
		if (r == CTL_DONE && table_print(&t) < 0)
			r = ctl_fail(c, "out of memory");
	}
	if (r == CTL_DONE && table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

int
ctl_group_show(struct ctl *c, const struct ctl_args *a)
{
	json_t *row;
	int r;

	if ((r = ctl_find(c, "group", a->positional[0], &row)) != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(row);
	else {
		ctl_say("Group %s, gid %" JSON_INTEGER_FORMAT "%s",
		    row_string(row, "name"), row_int(row, "gid"),
		    row_bool(row, "builtin") ? ", builtin" : "");
		ctl_say("%s", "");
		r = show_members(c, row);
	}
	json_decref(row);
	return r;
}

/* ---- edit and delete ---- */

int
ctl_group_edit(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0], *users = ctl_get(a, "users");
	json_t *g = json_object(), *ids, *result = NULL;
	int64_t id;
	int r;

	if ((r = add_string(c, a, "name", g, "name")) != CTL_DONE ||
	    (r = add_list(c, a, "sudo", g, "sudo_commands")) != CTL_DONE ||
	    (r = add_list(c, a, "sudo-nopasswd", g,
	    "sudo_commands_nopasswd")) != CTL_DONE)
		goto out;
	if (users == NULL && json_object_size(g) == 0) {
		r = ctl_misuse(c, "nothing to change was given");
		goto out;
	}
	if ((r = ctl_find_id(c, "group", name, &id)) != CTL_DONE ||
	    (users != NULL && ((r = ctl_ids_of_names(c, "user", users,
	    &ids)) != CTL_DONE ||
	    (r = put(c, g, "users", ids, "")) != CTL_DONE)) ||
	    (c->force && (r = put(c, g, "force", json_true(), "force")) !=
	    CTL_DONE))
		goto out;
	r = ctl_call(c, "group.update", json_pack("[I,O]", (json_int_t)id,
	    g), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Changed group %s", name);
 out:
	json_decref(g);
	json_decref(result);
	return r;
}

int
ctl_group_delete(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	bool users = ctl_has(a, "delete-users");
	json_t *result;
	int64_t id;
	int r;

	if ((r = ctl_find_id(c, "group", name, &id)) != CTL_DONE ||
	    (r = ctl_confirm(c, "Delete the group %s%s?", name, users ?
	    " and every user whose primary group it is" : "")) != CTL_DONE)
		return r;
	r = ctl_call(c, "group.delete", json_pack("[I,{s:b,s:b}]",
	    (json_int_t)id, "delete_users", users ? 1 : 0, "force", c->force ?
	    1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Deleted group %s", name);
	json_decref(result);
	return r;
}
