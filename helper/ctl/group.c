/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/table.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_group_add_options[] = {
	{ "gid", "N", "gid; the next free one if not given" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_group_edit_options[] = {
	{ "name", "NAME", "a new name" },
	{ "users", "A,B", "members, in place of those there are" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_group_delete_options[] = {
	{ "delete-users", NULL, "delete the users too whose primary group "
	    "it is" },
	{ NULL, NULL, NULL },
};

/* What the three changes answer is the group's row id. */
static int
done(struct ctl *c, const json_t *result, const char *did, const char *name)
{
	if (c->json)
		ctl_print_json(result);
	else
		printf("%s group %s\n", did, name);
	return CTL_DONE;
}

int
ctl_group_add(struct ctl *c, const struct ctl_args *a)
{
	json_t *g, *result = NULL;
	int r;

	g = json_pack("{s:s}", "name", a->positional[0]);
	if (g == NULL)
		return ctl_fail(c, "NAME: is no UTF-8 text");
	if ((r = add_number(c, a, "gid", g, "gid")) == CTL_DONE &&
	    (r = ctl_call(c, "group.create", json_pack("[O]", g), -1,
	    &result)) == CTL_DONE)
		r = done(c, result, "Created", a->positional[0]);
	json_decref(g);
	json_decref(result);
	return r;
}

struct list {
	struct ctl	*c;
	struct table	 t;
	bool		 comma;
};

static int
list_page(void *arg, json_t *page)
{
	struct list *l = arg;
	json_t *row;
	size_t i;

	json_array_foreach(page, i, row) {
		if (l->c->json) {
			fputs(l->comma ? ",\n" : "[", stdout);
			json_dumpf(row, stdout, JSON_COMPACT |
			    JSON_ENSURE_ASCII);
			l->comma = true;
			continue;
		}
		table_add(&l->t, row_string(row, "name"));
		table_addf(&l->t, "%" JSON_INTEGER_FORMAT,
		    row_int(row, "gid"));
		table_add(&l->t, row_bool(row, "builtin") ? "yes" : "no");
		table_addf(&l->t, "%zu", json_array_size(json_object_get(row,
		    "users")));
	}
	if (!l->c->json && table_print(&l->t) < 0)
		return ctl_fail(l->c, "out of memory");
	return CTL_DONE;
}

int
ctl_group_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "NAME", "GID", "BUILTIN",
	    "MEMBERS" };
	struct list l = { .c = c };
	int r;

	(void)a;
	table_init(&l.t, headings, 4);
	r = ctl_each(c, "group.query", list_page, &l);
	if (r == CTL_DONE && c->json)
		puts(l.comma ? "]" : "[]");
	table_clear(&l.t);
	return r;
}

int
ctl_group_show(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "MEMBER", "UID", "PRIMARY" };
	json_t *row = NULL, *users = NULL, *u;
	struct table t;
	size_t i;
	int r;

	table_init(&t, headings, 3);
	if ((r = ctl_find(c, "group", a->positional[0], &row)) != CTL_DONE)
		goto out;
	if (c->json) {
		ctl_print_json(row);
		goto out;
	}
	r = ctl_call(c, "user.query", json_pack("[[[s,s,O]]]", "id", "in",
	    json_object_get(row, "users")), -1, &users);
	if (r != CTL_DONE)
		goto out;
	printf("Group %s, gid %" JSON_INTEGER_FORMAT "%s\n\n",
	    row_string(row, "name"), row_int(row, "gid"),
	    row_bool(row, "builtin") ? ", builtin" : "");
	json_array_foreach(users, i, u) {
		table_add(&t, row_string(u, "username"));
		table_addf(&t, "%" JSON_INTEGER_FORMAT, row_int(u, "uid"));
		table_add(&t, row_int(json_object_get(u, "group"), "id") ==
		    row_int(row, "id") ? "yes" : "no");
	}
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
 out:
	table_clear(&t);
	json_decref(row);
	json_decref(users);
	return r;
}

int
ctl_group_edit(struct ctl *c, const struct ctl_args *a)
{
	const char *users = ctl_get(a, "users");
	json_t *g = json_object(), *ids, *result = NULL;
	int64_t id;
	int r;

	if (g == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = add_string(c, a, "name", g, "name")) != CTL_DONE)
		goto out;
	if (users != NULL) {
		if ((r = ctl_ids_of_names(c, "user", users, &ids)) !=
		    CTL_DONE)
			goto out;
		json_object_set_new(g, "users", ids);
	}
	if (json_object_size(g) == 0) {
		r = ctl_misuse(c, "nothing to change was given");
		goto out;
	}
	if ((r = ctl_find_id(c, "group", a->positional[0], &id)) !=
	    CTL_DONE)
		goto out;
	r = ctl_call(c, "group.update", json_pack("[I,O]", (json_int_t)id,
	    g), -1, &result);
	if (r == CTL_DONE)
		r = done(c, result, "Changed", a->positional[0]);
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
	json_t *result = NULL;
	int64_t id;
	int r;

	if ((r = ctl_find_id(c, "group", name, &id)) != CTL_DONE ||
	    (r = ctl_confirm(c, "Delete the group %s%s?", name, users ?
	    " and every user whose primary group it is" : "")) != CTL_DONE)
		return r;
	r = ctl_call(c, "group.delete", json_pack("[I,{s:b}]",
	    (json_int_t)id, "delete_users", users ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = done(c, result, "Deleted", name);
	json_decref(result);
	return r;
}
