/* SPDX-License-Identifier: ISC */

/*
 * The machine's own accounts come over in two steps:
 *
 * 1. Rows are written, with uid, hash and groups.  The users stay the
 *    files': in the store they are unmanaged.
 * 2. They become managed, which is committed and published; then their
 *    lines leave the files, under the files' own lock.
 *
 * Whatever the moment of a kill, each account stands in the files, in the
 * maps, or in both; and either step can be made again.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/directory.h"
#include "lib/account/password.h"
#include "lib/account/system.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/import.h"
#include "lib/rpc/import_warn.h"
#include "lib/rpc/key_file.h"
#include "lib/rpc/object.h"
#include "lib/rpc/user_write.h"

#define ACTION		"naskeys.import_system"
#define ETC		"/etc"
#define LOCK_SECONDS	15	/* as lckpwdf(3) */
#define SECONDS_A_DAY	86400

struct takeover {
	const char		*etc;
	uint32_t		 min_uid;
	bool			 dry_run;
	int			 step;
	struct nk_system	 system;
	struct nk_directory	*directory;
	struct nk_takeover	*lock;
	struct nk_nameset	*users, *groups; /* whose lines leave */
	size_t			 lines;
	json_t			*plan_users, *plan_groups, *warnings;
};

/* ---- groups ---- */

static int
note_group(struct takeover *t, const char *name, uint32_t gid, bool leaves)
{
	json_t *o;
	int r;

	o = json_pack("{s:s, s:I, s:b}", "name", name, "gid",
	    (json_int_t)gid, "leaves_files", leaves);
	if (json_array_append_new(t->plan_groups, o) == -1)
		return -ENOMEM;
	if (leaves && (r = nk_nameset_add(t->groups, name, strlen(name),
	    gid)) < 0)
		return r;
	return 0;
}

/* The row of this group, made if need be.  Name and gid go together. */
static int
provide_group(struct nk_context *c, struct takeover *t, const char *name,
    uint32_t gid, int64_t *idp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_group *g;
	const char *holder;
	int r;

	if ((r = nk_group_by_gid(s, gid, &g)) == 0) {
		if (strcmp(g->name, name) != 0)
			r = nk_error_call(e, EEXIST, "Group %s: Gid %u is "
			    "already used (group %s has it)", name, gid,
			    g->name);
		*idp = g->id;
		nk_group_free(g);
		return r;
	}
	if (r != -ENOENT)
		return r;
	holder = nk_directory_gid(t->directory, gid);
	if (holder != NULL && strcmp(holder, name) != 0)
		return nk_error_call(e, EEXIST, "Group %s: Gid %u is already "
		    "used (group %s has it)", name, gid, holder);
	if ((r = nk_group_by_name(s, name, &g)) == 0) {
		nk_group_free(g);
		return nk_error_call(e, EEXIST, "A Group with the name "
		    "\"%s\" already exists, and its gid is not %u.", name,
		    gid);
	}
	if (r != -ENOENT)
		return r;
	return nk_group_provide(c, ACTION, name, gid, idp, e);
}

static bool
is_gid_free(struct nk_store *s, const struct takeover *t, uint32_t gid)
{
	struct nk_group *g;

	if (nk_directory_gid(t->directory, gid) != NULL ||
	    nk_system_gid(&t->system, gid) != NULL)
		return false;
	if (nk_group_by_gid(s, gid, &g) == 0) {
		nk_group_free(g);
		return false;
	}
	return true;
}

static int
is_taken(void *arg, uint32_t id)
{
	const struct takeover *t = arg;

	return nk_directory_gid(t->directory, id) != NULL ||
	    nk_system_gid(&t->system, id) != NULL;
}

/* A group of the user's own name, where the primary one is not ours. */
static int
own_group(struct nk_context *c, struct takeover *t,
    const struct nk_system_user *u, int64_t *idp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const struct nk_system_group *same;
	uint32_t gid = u->pw.uid;
	struct nk_group *g;
	int r;

	if ((r = nk_group_by_name(s, u->pw.name, &g)) == 0) {
		*idp = g->id;	/* of the step before */
		nk_group_free(g);
		return 0;
	}
	if (r != -ENOENT)
		return r;
	same = nk_system_group(&t->system, u->pw.name);
	if (same != NULL && (same->gr.gid < c->conf->min_id ||
	    same->gr.gid > c->conf->max_id))
		return nk_error_call(e, EEXIST, "User %s needs a group of "
		    "its own name, but %s/group gives that name the gid %u.",
		    u->pw.name, t->etc, same->gr.gid);
	if (same != NULL)
		gid = same->gr.gid;
	else if (!is_gid_free(s, t, gid) && (r = nk_gid_next(s,
	    c->conf->first_auto_id, c->conf->max_id, is_taken, t, &gid)) < 0)
		return r;
	if ((r = provide_group(c, t, u->pw.name, gid, idp, e)) < 0)
		return r;
	return note_group(t, u->pw.name, gid, false);
}

static int
primary_group(struct nk_context *c, struct takeover *t,
    const struct nk_system_user *u, int64_t *idp, struct nk_error *e)
{
	const struct nk_system_group *g;

	if ((g = nk_system_gid(&t->system, u->pw.gid)) == NULL || !g->taken)
		return own_group(c, t, u, idp, e);
	return provide_group(c, t, g->gr.name, g->gr.gid, idp, e);
}

struct joining {
	struct nk_store	*s;
	const struct takeover *t;
	int64_t		 group;
};

static int
join(void *arg, const char *name, size_t len)
{
	struct joining *j = arg;
	const struct nk_system_user *account;
	char copy[256];
	struct nk_user *u;
	int r;

	if (len >= sizeof(copy))
		return 0;
	memcpy(copy, name, len);
	copy[len] = '\0';
	account = nk_system_user(&j->t->system, copy);
	if (account == NULL || !account->taken)
		return 0;
	r = nk_user_by_name(j->s, copy, &u);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (u->group_id != j->group)
		r = nk_member_add(j->s, j->group, u->id);
	nk_user_free(u);
	return r;
}

static int
take_groups(struct nk_context *c, struct takeover *t, struct nk_error *e)
{
	struct joining j = { nk_publisher_store(c->publisher), t, 0 };
	const struct nk_system_group *g;
	size_t i;
	int r;

	for (i = 0; i < t->system.ngroups; i++) {
		g = &t->system.groups[i];
		if (!g->taken)
			continue;
		if ((r = provide_group(c, t, g->gr.name, g->gr.gid, &j.group,
		    e)) < 0 ||
		    (r = note_group(t, g->gr.name, g->gr.gid,
		    g->leaves)) < 0 ||
		    (r = nk_member_list_each(g->gr.members, join, &j)) < 0)
			return r;
	}
	return 0;
}

/* ---- users ---- */

/* Full names may be in any encoding; ours are UTF-8 without controls. */
static char *
clean_text(const char *text)
{
	char *copy = strdup(text), *p;

	if (copy == NULL || nk_import_is_utf8(copy))
		return copy;
	for (p = copy; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	return copy;
}

static int
set_text(char **field, const char *text)
{
	char *copy = clean_text(text);

	if (copy == NULL)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

/* A locked password is no password; keys go on as they did. */
static int
set_hash(struct takeover *t, struct nk_user *row,
    const struct nk_system_user *u)
{
	const char *text = u->sp.name != NULL ? u->sp.hash : u->pw.password;
	enum nk_hash_kind kind;
	const char *hash = "*";
	int r = 0;

	if (nk_password_check_hash(text, &kind, &hash) < 0) {
		kind = NK_HASH_NONE;
		hash = "*";
		r = nk_import_warn(t->warnings, u->pw.name, "its password is "
		    "empty or of a kind that crypt(3) does not know; it will "
		    "have none");
	} else if (kind == NK_HASH_LOCKED) {
		r = nk_import_warn(t->warnings, u->pw.name, "its password is "
		    "locked; it can log in by key as before, unless you lock "
		    "it");
	}
	row->password_disabled = kind != NK_HASH_PLAIN;
	if (r == 0)
		r = set_text(&row->hash, hash);
	return r;
}

static void
set_ageing(struct nk_user *row, const struct nk_shadow_line *sp)
{
	if (sp->name == NULL)
		return;
	row->min_days = sp->min;
	row->max_days = sp->max;
	row->warn_days = sp->warn;
	row->inactive_days = sp->inactive;
	row->must_change = sp->last_change == 0;
	row->last_password_change = sp->last_change < 0 ? 0 :
	    (int64_t)sp->last_change * SECONDS_A_DAY;
	row->expires_at = sp->expire < 0 ? INT64_MAX :
	    (int64_t)sp->expire * SECONDS_A_DAY;
}

static int
fill_row(struct takeover *t, struct nk_user *row,
    const struct nk_system_user *u)
{
	int r;

	if ((r = set_text(&row->name, u->pw.name)) < 0 ||
	    (r = set_text(&row->full_name, u->pw.gecos)) < 0 ||
	    (r = set_text(&row->home, u->pw.home)) < 0 ||
	    (r = set_text(&row->shell, u->pw.shell[0] == '\0' ? "/bin/sh" :
	    u->pw.shell)) < 0)
		return r;
	row->uid = u->pw.uid;
	set_ageing(row, &u->sp);
	return set_hash(t, row, u);
}

/* Is name or uid another account's, here or in another name service? */
static int
check_free(struct nk_store *s, const struct takeover *t,
    const struct nk_system_user *u, struct nk_error *e)
{
	const char *holder = nk_directory_uid(t->directory, u->pw.uid);
	struct nk_user *other;
	int r;

	if (holder != NULL && strcmp(holder, u->pw.name) != 0)
		return nk_error_call(e, EEXIST, "User %s: Uid %u is already "
		    "used (user %s has it)", u->pw.name, u->pw.uid, holder);
	r = nk_user_by_uid(s, u->pw.uid, &other);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (strcmp(other->name, u->pw.name) != 0)
		r = nk_error_call(e, EEXIST, "User %s: Uid %u is already "
		    "used (user %s has it)", u->pw.name, u->pw.uid,
		    other->name);
	nk_user_free(other);
	return r;
}

static int
write_user(struct nk_context *c, struct takeover *t,
    const struct nk_system_user *u, struct nk_user *row, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_subject subject = { "user", row->id, u->pw.name };
	bool new = row->id == 0;
	json_t *after;
	int r;

	if ((r = primary_group(c, t, u, &row->group_id, e)) < 0 ||
	    (r = fill_row(t, row, u)) < 0)
		return r;
	if (t->step == 2)
		row->managed = true;
	if (new && (r = nk_keyfile_of_new_user(c, row)) < 0)
		return r;
	if ((r = new ? nk_user_insert(s, row) : nk_user_update(s, row)) < 0)
		return r;
	subject.id = row->id;
	after = json_pack("{s:s, s:I, s:b}", "username", u->pw.name, "uid",
	    (json_int_t)u->pw.uid, "managed", row->managed);
	if (after == NULL)
		return -ENOMEM;
	r = nk_audit_write(c, ACTION, &subject, NULL, after,
	    new ? "Create user %s" : "Update user %s", u->pw.name);
	json_decref(after);
	return r;
}

static int
note_user(struct takeover *t, const struct nk_system_user *u,
    const struct nk_user *row, bool leaves)
{
	json_t *o;

	o = json_pack("{s:s, s:I, s:I, s:b, s:b, s:b}", "username",
	    u->pw.name, "uid", (json_int_t)u->pw.uid, "group",
	    (json_int_t)row->group_id, "password", !row->password_disabled,
	    "managed", row->managed, "leaves_files", leaves);
	if (json_array_append_new(t->plan_users, o) == -1)
		return -ENOMEM;
	return leaves ? nk_nameset_add(t->users, u->pw.name,
	    strlen(u->pw.name), u->pw.uid) : 0;
}

/*
 * One user.  Who is managed already came over in an earlier run, which was
 * killed before its line had left.
 */
static int
take_user(struct nk_context *c, struct takeover *t,
    const struct nk_system_user *u, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user *row;
	int r;

	if ((r = check_free(s, t, u, e)) < 0)
		return r;
	r = nk_user_by_name(s, u->pw.name, &row);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && row->uid != u->pw.uid)
		r = nk_error_call(e, EEXIST, "The username \"%s\" already "
		    "exists, and its uid is not %u.", u->pw.name, u->pw.uid);
	else if (r == -ENOENT)
		r = (row = nk_user_new()) == NULL ? -ENOMEM : 0;
	if (r == 0 && !row->managed) {
		if (row->id == 0)
			row->created_at = nk_now();
		r = write_user(c, t, u, row, e);
	}
	if (r == 0)
		r = note_user(t, u, row, t->step == 2 || t->dry_run);
	nk_user_free(row);
	return r;
}

/* When the lines leave, only those of users who have rows do. */
static bool
has_row(void *arg, const struct nk_system_user *u)
{
	struct nk_user *row;
	bool same;

	if (nk_user_by_name(arg, u->pw.name, &row) < 0)
		return false;
	same = row->uid == u->pw.uid;
	nk_user_free(row);
	return same;
}

static int
take_over(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct takeover *t = arg;
	size_t i, n = t->system.nusers;
	int r;

	if ((r = nk_store_changes_bulk(nk_publisher_store(
	    c->publisher))) < 0)
		return r;
	for (i = 0; i < n; i++) {
		if (t->system.users[i].taken &&
		    (r = take_user(c, t, &t->system.users[i], e)) < 0)
			return r;
		if (n < 100 || i % (n / 100) == 0)
			nk_import_progress(c, (int64_t)i + 1, (int64_t)n);
	}
	if ((r = take_groups(c, t, e)) < 0)
		return r;
	return t->dry_run ? 1 : 0;
}

/* ---- the method ---- */

static int
prepare(struct nk_context *c, struct takeover *t, struct nk_error *e)
{
	char why[NK_SYSTEM_WHY_MAX];
	int r;

	if ((r = nk_nameset_new(&t->users)) < 0 ||
	    (r = nk_nameset_new(&t->groups)) < 0)
		return r;
	t->plan_users = json_array();
	t->plan_groups = json_array();
	t->warnings = json_array();
	if (t->plan_users == NULL || t->plan_groups == NULL ||
	    t->warnings == NULL)
		return -ENOMEM;
	r = nk_directory_read(&t->directory, nk_import_seconds(c->conf));
	if (r < 0)
		return nk_error_call(e, -r, "The machine's name services "
		    "could not be asked which names and ids they have.");
	/* from here on nobody else changes the files */
	if (t->step == 2 && !t->dry_run && (r = nk_takeover_begin(&t->lock,
	    t->etc, LOCK_SECONDS)) < 0)
		return nk_error_call(e, -r, "The lock of %s/passwd could "
		    "not be taken: %s.", t->etc, strerror(-r));
	if ((r = nk_system_read(&t->system, t->etc, why)) < 0)
		return nk_error_call(e, -r, "%s/%s.", t->etc, why);
	if ((r = nk_system_choose(&t->system, t->min_uid, c->conf->max_id,
	    t->step == 2 ? has_row : NULL,
	    nk_publisher_store(c->publisher))) < 0 ||
	    (r = nk_import_warn_skipped(t->warnings, &t->system,
	    t->etc)) < 0 ||
	    (r = nk_import_warn_others(t->warnings, &t->system, t->min_uid,
	    c->conf->max_id)) < 0)
		return r;
	return t->step != 1 ? 0 : nk_import_warn_homes(t->warnings,
	    &t->system, c->state->owner, nk_import_seconds(c->conf));
}

static int
run(struct nk_context *c, struct takeover *t, struct nk_error *e)
{
	char why[NK_SYSTEM_WHY_MAX];
	int r;

	if ((r = prepare(c, t, e)) < 0 ||
	    (r = nk_edit_run(c, take_over, t, e)) < 0)
		return r;
	if (t->step != 2 || t->dry_run)
		return 0;
	r = nk_takeover_remove(t->lock, t->users, t->groups, &t->lines, why);
	if (r < 0)
		return nk_error_call(e, -r, "The users are managed now, but "
		    "their lines are still in the files, for %s/%s. Run this "
		    "step again.", t->etc, why);
	return 0;
}

static int
answer(struct takeover *t, json_t **resultp)
{
	*resultp = json_pack("{s:i, s:b, s:O, s:O, s:O, s:I}", "step",
	    t->step, "dry_run", t->dry_run, "users", t->plan_users, "groups",
	    t->plan_groups, "warnings", t->warnings, "lines_removed",
	    (json_int_t)t->lines);
	return *resultp == NULL ? -ENOMEM : 0;
}

static void
read_options(struct nk_context *c, const json_t *o, struct takeover *t)
{
	const json_t *min = json_object_get(o, "min_uid");
	const json_t *step = json_object_get(o, "step");
	const json_t *etc = json_object_get(o, "etc");

	t->min_uid = c->conf->min_id;
	if (json_is_integer(min))
		t->min_uid = (uint32_t)json_integer_value(min);
	t->step = step == NULL ? 1 : (int)json_integer_value(step);
	t->dry_run = json_is_true(json_object_get(o, "dry_run"));
	t->etc = etc == NULL ? ETC : json_string_value(etc);
}

int
nk_import_system(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 0);
	struct takeover t = { .etc = NULL };
	int r;

	read_options(c, o, &t);
	if (t.min_uid < c->conf->min_id) {
		nk_error_add(e, "options.min_uid", EINVAL, "Uids below %u "
		    "are not served.", c->conf->min_id);
		return -EINVAL;
	}
	if (t.etc[0] != '/') {
		nk_error_add(e, "options.etc", EINVAL,
		    "The folder must be an absolute path.");
		return -EINVAL;
	}
	/* a trial's store leaves the machine's files alone, unless named */
	if (t.step == 2 && !t.dry_run && !c->state->system &&
	    json_object_get(o, "etc") == NULL)
		return nk_error_call(e, EPERM, "This is not the machine's "
		    "own store, so the lines of " ETC " stay: name the "
		    "folder in \"etc\" if they shall leave.");
	if ((r = run(c, &t, e)) == 0)
		r = answer(&t, resultp);
	nk_takeover_end(t.lock);
	nk_system_clear(&t.system);
	nk_directory_free(t.directory);
	nk_nameset_free(t.users);
	nk_nameset_free(t.groups);
	json_decref(t.plan_users);
	json_decref(t.plan_groups);
	json_decref(t.warnings);
	return r;
}

static const struct nk_arg system_fields[] = {
	{ .name = "min_uid", .type = NK_ARG_INT, .min = 1, .max = 90000000 },
	{ .name = "dry_run", .type = NK_ARG_BOOL },
	{ .name = "step", .type = NK_ARG_INT, .min = 1, .max = 2 },
	{ .name = "etc", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY },
	{ .name = NULL },
};

const struct nk_arg nk_import_system_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = system_fields },
	{ .name = NULL },
};
