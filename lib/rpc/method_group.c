/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/local.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/group_write.h"
#include "lib/rpc/way_in.h"

/* ---- query ---- */

struct walk {
	struct nk_context	*c;
	struct nk_query		*q;
	struct nk_wanted	 wanted;
};

static int
offer(void *arg, const struct nk_group *g)
{
	struct walk *w = arg;
	json_t *row;
	int r;

	r = nk_group_entity(w->c, g, &w->wanted, &row);
	return r < 0 ? r : nk_query_offer(w->q, row);
}

static int
read_rows(struct walk *w)
{
	struct nk_store *s = nk_publisher_store(w->c->publisher);
	struct nk_group *g = NULL;
	const char *name;
	int64_t n, after = 0;
	int r;

	if (nk_query_wants_int(w->q, "id", &n))
		r = nk_group_get(s, n, &g);
	else if (nk_query_wants_int(w->q, "gid", &n))
		r = n < 0 || n > UINT32_MAX ? -ENOENT :
		    nk_group_by_gid(s, (uint32_t)n, &g);
	else if (nk_query_wants_string(w->q, "name", &name) ||
	    nk_query_wants_string(w->q, "group", &name))
		r = nk_group_by_name(s, name, &g);
	else {
		(void)nk_query_wants_above(w->q, "id", &after);
		return nk_group_each(s, after, offer, w);
	}
	if (r == 0)
		r = offer(w, g);
	nk_group_free(g);
	return r == -ENOENT ? 0 : r;
}

static int
group_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *filters = json_array_get(params, 0);
	const json_t *options = json_array_get(params, 1);
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct walk w = { .c = c };
	int r;

	if ((r = nk_query_new(&w.q, filters, options, e)) < 0)
		return r;
	nk_wanted_init(&w.wanted, filters, options);
	if ((r = nk_store_read_begin(s)) == 0) {
		r = read_rows(&w);
		nk_store_read_end(s);
	}
	if (r >= 0)
		r = nk_query_finish(w.q, resultp, e);
	nk_query_free(w.q);
	return r;
}

static int
group_get_instance(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_group *g;
	int r;

	r = nk_group_find(c, json_integer_value(json_array_get(params, 0)),
	    &g, e);
	if (r < 0)
		return r;
	r = nk_group_entity(c, g, NULL, resultp);
	nk_group_free(g);
	return r;
}

static int
group_get_next_gid(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	uint32_t gid;
	int r;

	(void)params;
	if ((r = nk_next_gid(c, &gid, e)) < 0)
		return r;
	return (*resultp = json_integer(gid)) == NULL ? -ENOMEM : 0;
}

/* ---- get_group_obj ---- */

/* The members that group(5) gives this group, if it stands there. */
static int
append_member(void *arg, const char *name, size_t len)
{
	json_t *v = json_stringn(name, len);

	if (v == NULL)
		return 0;	/* no UTF-8 */
	return json_array_append_new(arg, v) == -1 ? -ENOMEM : 0;
}

static int
file_members(const char *name, json_t *members, bool *localp)
{
	int r;

	r = nk_local_members(NK_SYSCONFDIR "/group", name, append_member,
	    members);
	*localp = r == 0;
	return r == -ENOMEM ? r : 0;
}

static int
add_member(json_t *a, const char *name)
{
	return json_array_append_new(a, json_string(name)) == -1 ?
	    -ENOMEM : 0;
}

static int
member_names(struct nk_context *c, const struct nk_group *g, json_t *a)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_ids ids;
	struct nk_user *u;
	size_t i;
	int r;

	if ((r = nk_members_of_group(s, g->id, &ids)) < 0)
		return r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		if ((r = nk_user_get(s, ids.v[i], &u)) == 0)
			r = add_member(a, u->name);
		nk_user_free(u);
	}
	nk_ids_clear(&ids);
	return r;
}

static int
group_json(const char *name, uint32_t gid, json_t *members, bool local,
    json_t **resultp)
{
	struct nk_object b;

	nk_object_init(&b, NULL);
	nk_object_text(&b, "gr_name", name);
	nk_object_int(&b, "gr_gid", gid);
	nk_object_put(&b, "gr_mem", members);
	nk_object_null(&b, "sid");
	nk_object_text(&b, "source", local ? "LOCAL" : "LDAP");
	nk_object_bool(&b, "local", local);
	return nk_object_finish(&b, resultp);
}

/* A group of another name service; its members are told for files alone. */
static int
other_group(struct nk_context *c, const char *name, uint32_t gid,
    json_t *members, json_t **resultp, struct nk_error *e)
{
	struct nk_question q = { .group = true, .name = name, .id = gid };
	bool local = false;
	int r;

	if ((r = nk_elsewhere_ask(c, &q, 1, e)) == 0 && !q.entry.found)
		r = name != NULL ? nk_error_call(e, EINVAL,
		    "%s: group with this name does not exist", name) :
		    nk_error_call(e, EINVAL,
		    "%u: group with this id does not exist", gid);
	if (r == 0)
		r = file_members(q.entry.name, members, &local);
	if (r < 0) {
		json_decref(members);
		return r;
	}
	return group_json(q.entry.name, q.entry.id, members, local, resultp);
}

static int
group_get_group_obj(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const json_t *data = json_array_get(params, 0), *v;
	const char *name = json_string_value(json_object_get(data,
	    "groupname"));
	struct nk_group *g = NULL;
	uint32_t gid;
	json_t *members;
	int r;

	v = json_object_get(data, "gid");
	gid = (uint32_t)json_integer_value(v);
	if (name != NULL && name[0] == '\0')
		name = NULL;
	if ((name == NULL) == !json_is_integer(v)) {
		nk_error_add(e, "get_group_obj.groupname", EINVAL, "%s",
		    name == NULL ? "Either \"groupname\" or \"gid\" must be "
		    "specified" : "\"groupname\" and \"gid\" may not be "
		    "simultaneously specified");
		return -EINVAL;
	}
	if ((members = json_array()) == NULL)
		return -ENOMEM;
	r = name != NULL ? nk_group_by_name(s, name, &g) :
	    nk_group_by_gid(s, gid, &g);
	if (r == -ENOENT)
		return other_group(c, name, gid, members, resultp, e);
	if (r == 0 && (r = member_names(c, g, members)) == 0)
		r = group_json(g->name, g->gid, members, true, resultp);
	else
		json_decref(members);
	nk_group_free(g);
	return r;
}

/* ---- has_password_enabled_user ---- */

static bool
is_listed(const json_t *list, int64_t id)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (json_integer_value(json_array_get(list, i)) == id)
			return true;
	}
	return false;
}

/* 1: one of these users, who is not excluded, may use a password. */
static int
any_password(struct nk_store *s, const struct nk_ids *ids,
    const json_t *excluded)
{
	struct nk_user *u;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ids->n; i++) {
		if (is_listed(excluded, ids->v[i]))
			continue;
		if ((r = nk_user_get(s, ids->v[i], &u)) == 0)
			r = u->managed && !u->password_disabled &&
			    !u->locked && u->hash[0] != '*';
		nk_user_free(u);
	}
	return r;
}

static int
group_has_password(struct nk_store *s, const struct nk_group *g,
    const json_t *excluded)
{
	struct nk_ids ids;
	int r;

	if ((r = nk_members_of_group(s, g->id, &ids)) < 0)
		return r;
	r = any_password(s, &ids, excluded);
	nk_ids_clear(&ids);
	if (r != 0)
		return r;
	if ((r = nk_primary_members_of_group(s, g->id, &ids)) < 0)
		return r;
	r = any_password(s, &ids, excluded);
	nk_ids_clear(&ids);
	return r;
}

static int
group_has_password_enabled_user(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const json_t *gids = json_array_get(params, 0);
	struct nk_group *g;
	size_t i;
	int r = 0;

	(void)e;
	for (i = 0; r == 0 && i < json_array_size(gids); i++) {
		r = nk_group_by_gid(s, (uint32_t)json_integer_value(
		    json_array_get(gids, i)), &g);
		if (r == -ENOENT)
			r = 0;
		else if (r == 0)
			r = group_has_password(s, g,
			    json_array_get(params, 1));
		nk_group_free(g);
	}
	if (r < 0)
		return r;
	*resultp = json_boolean(r);
	return 0;
}

/* ---- the table ---- */

static const struct nk_arg command = {
	.name = "", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY,
};
static const struct nk_arg any_int = { .name = "", .type = NK_ARG_INT };
static const struct nk_arg any_gid = {
	.name = "", .type = NK_ARG_INT, .min = 0, .max = UINT32_MAX - 1,
};

#define COMMON_FIELDS							\
	{ .name = "smb", .type = NK_ARG_BOOL },				\
	{ .name = "sudo_commands", .type = NK_ARG_ARRAY, .max = 1000,	\
	    .fields = &command },					\
	{ .name = "sudo_commands_nopasswd", .type = NK_ARG_ARRAY,	\
	    .max = 1000, .fields = &command },				\
	{ .name = "userns_idmap", .type = NK_ARG_ANY },			\
	{ .name = "users", .type = NK_ARG_ARRAY, .fields = &any_int }

static const struct nk_arg create_fields[] = {
	{ .name = "name", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = "gid", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = 90000000 },
	COMMON_FIELDS,
	{ .name = NULL },
};

static const struct nk_arg create_args[] = {
	{ .name = "group_create", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = create_fields },
	{ .name = NULL },
};

static const struct nk_arg update_fields[] = {
	{ .name = "name", .type = NK_ARG_STRING },
	NK_FORCE_ARG,
	COMMON_FIELDS,
	{ .name = NULL },
};

static const struct nk_arg update_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "group_update", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = update_fields },
	{ .name = NULL },
};

static const struct nk_arg delete_fields[] = {
	{ .name = "delete_users", .type = NK_ARG_BOOL },
	NK_FORCE_ARG,
	{ .name = NULL },
};

static const struct nk_arg delete_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = delete_fields },
	{ .name = NULL },
};

static const struct nk_arg obj_fields[] = {
	{ .name = "groupname", .type = NK_ARG_STRING, .flags = NK_ARG_NULL },
	{ .name = "gid", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = UINT32_MAX - 1 },
	{ .name = "sid_info", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg obj_args[] = {
	{ .name = "get_group_obj", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = obj_fields },
	{ .name = NULL },
};

static const struct nk_arg password_args[] = {
	{ .name = "gids", .type = NK_ARG_ARRAY, .flags = NK_ARG_REQUIRED,
	    .max = 1000, .fields = &any_gid },
	{ .name = "exclude_user_ids", .type = NK_ARG_ARRAY, .max = 1000,
	    .fields = &any_int },
	{ .name = NULL },
};

const struct nk_method nk_methods_group[] = {
	{ "group.query", NK_RIGHT_ADMIN, NK_READS, nk_query_args, group_query },
	{ "group.get_instance", NK_RIGHT_ADMIN, NK_READS, nk_instance_args,
	    group_get_instance },
	{ "group.create", NK_RIGHT_ADMIN, NK_EDITS, create_args,
	    nk_group_create },
	{ "group.update", NK_RIGHT_ADMIN, NK_EDITS, update_args,
	    nk_group_update_method },
	{ "group.delete", NK_RIGHT_ADMIN, NK_EDITS, delete_args,
	    nk_group_delete_method },
	{ "group.get_next_gid", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    group_get_next_gid },
	{ "group.get_group_obj", NK_RIGHT_ADMIN, NK_READS, obj_args,
	    group_get_group_obj },
	{ "group.has_password_enabled_user", NK_RIGHT_ADMIN, NK_READS,
	    password_args, group_has_password_enabled_user },
	{ .name = NULL },
};
