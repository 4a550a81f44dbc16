/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/directory.h"
#include "lib/account/shells.h"
#include "lib/publish/gids.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/import.h"
#include "lib/rpc/user_otp.h"
#include "lib/rpc/user_rules.h"
#include "lib/rpc/user_write.h"
#include "lib/rpc/way_in.h"

/* ---- query ---- */

struct walk {
	struct nk_context	*c;
	struct nk_query		*q;
	struct nk_wanted	 wanted;
	int64_t			 uid;	/* none but this one; -1: all */
};

static int
offer(void *arg, const struct nk_user *u)
{
	struct walk *w = arg;
	json_t *row;
	int r;

	if (w->uid != -1 && w->uid != u->uid)
		return 0;
	r = nk_user_entity(w->c, u, &w->wanted,
	    w->c->rank >= NK_RANK_ADMIN, &row);
	return r < 0 ? r : nk_query_offer(w->q, row);
}

/* The one row that the filters demand, or that the caller may see. */
static int
find_one(struct walk *w, struct nk_user **up, bool *onep)
{
	struct nk_store *s = nk_publisher_store(w->c->publisher);
	const char *name;
	int64_t n;
	int r;

	*up = NULL;
	*onep = true;
	if (w->c->rank < NK_RANK_ADMIN)
		return nk_user_get(s, w->c->user_id, up);
	if (nk_query_wants_int(w->q, "id", &n))
		return nk_user_get(s, n, up);
	if (nk_query_wants_string(w->q, "username", &name))
		return nk_user_by_name(s, name, up);
	if (nk_query_wants_int(w->q, "uid", &n)) {
		if (n < 0 || n > UINT32_MAX)
			return -ENOENT;
		r = nk_user_by_uid(s, (uint32_t)n, up);
		if (r < 0 || (*up)->managed)
			return r;
		/* accounts that live elsewhere may share one */
		nk_user_free(*up);
		*up = NULL;
		w->uid = n;
	}
	*onep = false;
	return 0;
}

static int
read_rows(struct walk *w)
{
	struct nk_user *u;
	int64_t after = 0;
	bool one;
	int r;

	r = find_one(w, &u, &one);
	if (!one) {
		(void)nk_query_wants_above(w->q, "id", &after);
		return nk_user_each(nk_publisher_store(w->c->publisher),
		    after, offer, w);
	}
	if (r == 0)
		r = offer(w, u);
	nk_user_free(u);
	return r == -ENOENT ? 0 : r;
}

static int
user_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *filters = json_array_get(params, 0);
	const json_t *options = json_array_get(params, 1);
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct walk w = { .c = c, .uid = -1 };
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
user_get_instance(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int64_t id = json_integer_value(json_array_get(params, 0));
	struct nk_user *u;
	int r;

	if (c->rank < NK_RANK_ADMIN && id != c->user_id)
		return nk_error_call(e, EACCES, "Not authorized");
	if ((r = nk_user_find(c, id, &u, e)) < 0)
		return r;
	r = nk_user_entity(c, u, NULL, c->rank >= NK_RANK_ADMIN, resultp);
	nk_user_free(u);
	return r;
}

/* ---- small ones ---- */

static int
user_get_next_uid(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	uint32_t uid;
	int r;

	(void)params;
	if ((r = nk_next_uid(c, &uid, e)) < 0)
		return r;
	return (*resultp = json_integer(uid)) == NULL ? -ENOMEM : 0;
}

/* The groups asked for make no difference here. */
static int
user_shell_choices(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_shells shells;
	struct nk_object b;
	size_t i;
	int r;

	(void)c;
	(void)params;
	(void)e;
	if ((r = nk_shells_load(&shells, NK_SHELLS_FILE)) < 0)
		return r;
	nk_object_init(&b, NULL);
	for (i = 0; i < shells.n; i++)
		nk_object_text(&b, shells.v[i], strrchr(shells.v[i], '/') + 1);
	nk_shells_clear(&shells);
	return nk_object_finish(&b, resultp);
}

static int
is_usable(void *arg, const struct nk_user *u)
{
	const int64_t *now = arg;

	return u->admin && u->managed && !u->locked &&
	    !u->password_disabled && u->hash[0] != '*' &&
	    u->expires_at > *now;
}

static int
user_has_administrator(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_ids ids;
	struct nk_user *u;
	int64_t now = nk_now();
	size_t i;
	int r, found = 0;

	(void)params;
	(void)e;
	if ((r = nk_members_of_group(s, NK_GROUP_ADMINS_ID, &ids)) < 0)
		return r;
	for (i = 0; r == 0 && found == 0 && i < ids.n; i++) {
		if ((r = nk_user_get(s, ids.v[i], &u)) == 0)
			found = is_usable(&now, u);
		nk_user_free(u);
	}
	nk_ids_clear(&ids);
	if (r == 0)
		*resultp = json_boolean(found);
	return r;
}

/* ---- get_user_obj ---- */

static int
not_there(struct nk_error *e, const char *name, int64_t uid)
{
	if (name != NULL)
		return nk_error_call(e, EINVAL,
		    "%s: user with this name does not exist", name);
	return nk_error_call(e, EINVAL,
	    "%lld: user with this id does not exist", (long long)uid);
}

static json_t *
gids_json(const uint32_t *gids, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; a != NULL && i < n; i++) {
		if (json_array_append_new(a, json_integer(gids[i])) == -1) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

/* Primary, supplementary, and the one that all managed users are in. */
static int
managed_gids(struct nk_context *c, const struct nk_user *u, uint32_t gid,
    uint32_t *gids, size_t *np)
{
	size_t i, n;
	gid_t *all;
	int r;

	gids[0] = gid;
	*np = 1;
	r = nk_served_gids(nk_publisher_store(c->publisher), c->conf,
	    c->state, u, NULL, &all, &n);
	for (i = 0; r == 0 && i < n; i++) {	/* the last one in any case */
		if (all[i] != gid &&
		    *np < NK_DIRECTORY_GROUPS_MAX - (i + 1 < n))
			gids[(*np)++] = all[i];
	}
	free(all);
	return r;
}

struct account {
	struct nk_directory_entry	 e;
	bool				 local;
	uint32_t			 gids[NK_DIRECTORY_GROUPS_MAX];
	size_t				 ngids;
};

static int
copy_managed(struct nk_context *c, const struct nk_user *u,
    struct account *a)
{
	struct nk_group *g;
	int r;

	r = nk_group_get(nk_publisher_store(c->publisher), u->group_id, &g);
	if (r < 0)
		return r;
	a->e.found = true;
	a->e.id = u->uid;
	a->e.gid = g->gid;
	a->local = true;
	nk_group_free(g);
	return managed_gids(c, u, a->e.gid, a->gids, &a->ngids);
}

static int
account_json(const struct account *a, const struct nk_user *u,
    bool groups, json_t **resultp)
{
	struct nk_object b;

	nk_object_init(&b, NULL);
	nk_object_text(&b, "pw_name", u != NULL ? u->name : a->e.name);
	nk_object_text(&b, "pw_gecos", u != NULL ? u->full_name : a->e.gecos);
	nk_object_text(&b, "pw_dir", u != NULL ? u->home : a->e.home);
	nk_object_text(&b, "pw_shell", u != NULL ? u->shell : a->e.shell);
	nk_object_int(&b, "pw_uid", a->e.id);
	nk_object_int(&b, "pw_gid", a->e.gid);
	nk_object_put(&b, "grouplist",
	    groups ? gids_json(a->gids, a->ngids) : json_null());
	nk_object_null(&b, "sid");
	nk_object_text(&b, "source", a->local ? "LOCAL" : "LDAP");
	nk_object_bool(&b, "local", a->local);
	return nk_object_finish(&b, resultp);
}

/* Ours, when we manage it; what the other services know, otherwise. */
static int
find_account(struct nk_context *c, const char *name, uint32_t uid,
    bool groups, struct account *a, struct nk_user **up, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_question q = { .name = name, .id = uid };
	int r;

	r = name != NULL ? nk_user_by_name(s, name, up) :
	    nk_user_by_uid(s, uid, up);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && (*up)->managed)
		return copy_managed(c, *up, a);
	nk_user_free(*up);
	*up = NULL;
	if ((r = nk_elsewhere_ask(c, &q, 1, e)) < 0)
		return r;
	a->e = q.entry;
	if (!a->e.found)
		return not_there(e, name, uid);
	a->local = nk_is_in_passwd(a->e.name);
	if (!groups)
		return 0;
	return nk_directory_groups(a->e.name, a->e.gid,
	    c->conf->lookup_timeout, a->gids, &a->ngids);
}

static int
user_get_user_obj(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *data = json_array_get(params, 0), *v;
	const char *name = json_string_value(json_object_get(data,
	    "username"));
	bool groups = json_is_true(json_object_get(data, "get_groups"));
	struct nk_user *u = NULL;
	struct account a;
	int r;

	v = json_object_get(data, "uid");
	if (name != NULL && name[0] == '\0')
		name = NULL;
	if ((name == NULL) == !json_is_integer(v)) {
		nk_error_add(e, "get_user_obj.username", EINVAL, "%s",
		    name == NULL ? "Either \"username\" or \"uid\" must be "
		    "specified." : "\"username\" and \"uid\" may not be "
		    "simultaneously specified");
		return -EINVAL;
	}
	memset(&a, 0, sizeof(a));
	r = find_account(c, name, (uint32_t)json_integer_value(v), groups,
	    &a, &u, e);
	if (r == 0)
		r = account_json(&a, u, groups, resultp);
	nk_user_free(u);
	return r;
}

/* ---- the table ---- */

static const struct nk_arg create_args[] = {
	{ .name = "user_create", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = nk_user_create_fields },
	{ .name = NULL },
};

static const struct nk_arg update_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "user_update", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = nk_user_update_fields },
	{ .name = NULL },
};

static const struct nk_arg delete_fields[] = {
	{ .name = "delete_group", .type = NK_ARG_BOOL },
	NK_FORCE_ARG,
	{ .name = NULL },
};

static const struct nk_arg delete_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = delete_fields },
	{ .name = NULL },
};

static const struct nk_arg password_fields[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "old_password", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_SECRET },
	{ .name = "new_password", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_SECRET },
	{ .name = NULL },
};

static const struct nk_arg password_args[] = {
	{ .name = "set_password_data", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = password_fields },
	{ .name = NULL },
};

static const struct nk_arg any_int = { .name = "", .type = NK_ARG_INT };

static const struct nk_arg shell_args[] = {
	{ .name = "group_ids", .type = NK_ARG_ARRAY, .max = 1000,
	    .fields = &any_int },
	{ .name = NULL },
};

static const struct nk_arg obj_fields[] = {
	{ .name = "username", .type = NK_ARG_STRING, .flags = NK_ARG_NULL },
	{ .name = "uid", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = UINT32_MAX - 1 },
	{ .name = "get_groups", .type = NK_ARG_BOOL },
	{ .name = "sid_info", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg obj_args[] = {
	{ .name = "get_user_obj", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = obj_fields },
	{ .name = NULL },
};

static const struct nk_arg setup_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "password", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY | NK_ARG_SECRET },
	{ .name = "options", .type = NK_ARG_OBJECT },
	{ .name = NULL },
};

const struct nk_method nk_methods_user[] = {
	{ "user.query", NK_RIGHT_USER, NK_READS, nk_query_args, user_query },
	{ "user.get_instance", NK_RIGHT_USER, NK_READS, nk_instance_args,
	    user_get_instance },
	{ "user.create", NK_RIGHT_ADMIN, NK_EDITS, create_args,
	    nk_user_create },
	{ "user.update", NK_RIGHT_USER, NK_EDITS, update_args,
	    nk_user_update_method },
	{ "user.delete", NK_RIGHT_ADMIN, NK_EDITS, delete_args,
	    nk_user_delete_method },
	{ "user.set_password", NK_RIGHT_USER, NK_EDITS, password_args,
	    nk_user_set_password },
	{ "user.otp_enroll", NK_RIGHT_USER, NK_EDITS, nk_otp_enroll_args,
	    nk_user_otp_enroll },
	{ "user.otp_remove", NK_RIGHT_USER, NK_EDITS, nk_otp_remove_args,
	    nk_user_otp_remove },
	{ "user.get_next_uid", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    user_get_next_uid },
	{ "user.shell_choices", NK_RIGHT_ADMIN, NK_READS, shell_args,
	    user_shell_choices },
	{ "user.get_user_obj", NK_RIGHT_ADMIN, NK_READS, obj_args,
	    user_get_user_obj },
	{ "user.has_local_administrator_set_up", NK_RIGHT_ANYBODY, NK_READS,
	    nk_no_args, user_has_administrator },
	{ "user.setup_local_administrator", NK_RIGHT_ADMIN, NK_EDITS,
	    setup_args, nk_user_setup_administrator },
	{ "user.import", NK_RIGHT_ADMIN, NK_EDITS, nk_user_import_args,
	    nk_user_import },
	{ "naskeys.import_system", NK_RIGHT_ROOT, NK_EDITS,
	    nk_import_system_args, nk_import_system },
	{ .name = NULL },
};
