/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/publish/homes.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/key_home.h"
#include "lib/rpc/object.h"
#include "lib/store/keyfiles.h"

#define ACTION	"user.authorized_keys_file"

static const char *const names[] = {
	[NK_KEYFILE_NONE] = "NONE",
	[NK_KEYFILE_HOME] = "HOME",
	[NK_KEYFILE_CENTRAL] = "CENTRAL",
};
#define NNAMES	(sizeof(names) / sizeof(names[0]))

const char *
nk_keyfile_mode_name(enum nk_keyfile_mode mode)
{
	return (size_t)mode < NNAMES ? names[mode] : names[NK_KEYFILE_NONE];
}

/* naskeys.conf has the words in small letters, and has checked them. */
static enum nk_keyfile_mode
mode_of_conf(const struct nk_conf *conf)
{
	size_t i;

	for (i = 0; i < NNAMES; i++)
		if (strcasecmp(conf->authorized_keys_file, names[i]) == 0)
			return (enum nk_keyfile_mode)i;
	return NK_KEYFILE_NONE;
}

/* What was set here goes before what the file says. */
static int
default_mode(struct nk_context *c, enum nk_keyfile_mode *modep)
{
	int r;

	r = nk_keyfile_default_get(nk_publisher_store(c->publisher), modep);
	if (r != -ENOENT)
		return r;
	*modep = mode_of_conf(c->conf);
	return 0;
}

int
nk_keyfile_of_new_user(struct nk_context *c, struct nk_user *u)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	int64_t other;
	int r;

	if ((r = default_mode(c, &u->keyfile_mode)) < 0)
		return r;
	/* nobody has asked yet where the home is */
	if (!u->managed && u->keyfile_mode == NK_KEYFILE_HOME)
		u->keyfile_mode = NK_KEYFILE_NONE;
	if (u->keyfile_mode != NK_KEYFILE_CENTRAL)
		return 0;
	r = nk_keyfile_central_by_uid(s, u->uid, &other);
	if (r == 0)
		u->keyfile_mode = NK_KEYFILE_NONE;
	return r == -ENOENT ? 0 : r;
}

/* ---- setting it ---- */

struct setting {
	const char		*username;	/* NULL: of new users */
	enum nk_keyfile_mode	 mode;
	struct nk_user		*u;		/* as it is then */
	struct nk_question	 theirs;	/* see key_home.h */
};

/* Two accounts of one uid would have to share the file. */
static int
check_uid(struct nk_context *c, const struct setting *set,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user *u;
	int64_t other;
	int r;

	if (set->mode != NK_KEYFILE_CENTRAL)
		return 0;
	r = nk_keyfile_central_by_uid(s, set->u->uid, &other);
	if (r == -ENOENT || (r == 0 && other == set->u->id))
		return 0;
	if (r < 0 || (r = nk_user_get(s, other, &u)) < 0)
		return r;
	r = nk_error_call(e, EEXIST, "User %s has the same uid %u, and the "
	    "central file of it: only one of the two can have that.",
	    u->name, u->uid);
	nk_user_free(u);
	return r;
}

static int
write_audit(struct nk_context *c, const struct nk_subject *subject,
    enum nk_keyfile_mode old, const struct setting *set)
{
	json_t *before = json_pack("{s:s}", "authorized_keys_file",
	    names[old]);
	json_t *after = json_pack("{s:s}", "authorized_keys_file",
	    names[set->mode]);
	int r = -ENOMEM;

	if (before != NULL && after != NULL)
		r = nk_audit_write(c, ACTION, subject, before, after,
		    set->username != NULL ? "Update user %s" :
		    "Set authorized_keys_file of %s", subject->name);
	json_decref(before);
	json_decref(after);
	return r;
}

static int
set_default(struct nk_context *c, struct setting *set)
{
	const struct nk_subject subject = { "user", 0, "new users" };
	enum nk_keyfile_mode old;
	int r;

	if ((r = default_mode(c, &old)) < 0)
		return r;
	if (old == set->mode)
		return 1;
	if ((r = nk_keyfile_default_set(nk_publisher_store(c->publisher),
	    set->mode)) < 0)
		return r;
	return write_audit(c, &subject, old, set);
}

static int
set_mode(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct setting *set = arg;
	struct nk_subject subject = { "user", 0, set->username };
	enum nk_keyfile_mode old;
	int r;

	if (set->username == NULL)
		return set_default(c, set);
	if ((r = nk_key_find_user(c, set->username, &set->u, e)) < 0)
		return r;
	old = set->u->keyfile_mode;
	/* an account that lives elsewhere may have moved */
	if (old == set->mode && (set->u->managed || old != NK_KEYFILE_HOME))
		return 1;
	if ((r = check_uid(c, set, e)) < 0)
		return r;
	set->u->keyfile_mode = set->mode;
	if ((set->mode == NK_KEYFILE_HOME &&
	    (r = nk_key_home_take(c, set->u, &set->theirs, e)) < 0) ||
	    (r = nk_user_update(s, set->u)) < 0)
		return r;
	subject.id = set->u->id;
	return write_audit(c, &subject, old, set);
}

/* ---- the method ---- */

/* NULL in *pathp: there is no file. */
static int
file_path(struct nk_context *c, const struct setting *set,
    char path[PATH_MAX], const char **pathp)
{
	int n = 0;

	*pathp = NULL;
	path[0] = '\0';
	if (set->u != NULL && set->mode == NK_KEYFILE_CENTRAL)
		n = snprintf(path, PATH_MAX, "%s/%" PRIu32,
		    c->state->central, set->u->uid);
	else if (set->u != NULL && nk_home_is_wanted(c->conf, set->u,
	    set->u->home))
		n = snprintf(path, PATH_MAX, "%s/.ssh/authorized_keys",
		    set->u->home);
	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (n > 0)
		*pathp = path;
	return 0;
}

static int
answer(struct nk_context *c, const struct setting *set, json_t **resultp)
{
	char room[PATH_MAX];
	struct nk_object b;
	const char *path;
	int r;

	if ((r = file_path(c, set, room, &path)) < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "mode", names[set->mode]);
	nk_object_text(&b, "file", path);
	if ((r = nk_key_home_put(c, set->u, &b)) == 0)
		return nk_object_finish(&b, resultp);
	json_decref(b.o);
	return r;
}

/* What is set, when no mode is given. */
static int
read_mode(struct nk_context *c, struct setting *set, struct nk_error *e)
{
	int r;

	if (set->username == NULL)
		return default_mode(c, &set->mode);
	if ((r = nk_key_find_user(c, set->username, &set->u, e)) == 0)
		set->mode = set->u->keyfile_mode;
	return r;
}

static int
parse_mode(const char *given, enum nk_keyfile_mode *modep,
    struct nk_error *e)
{
	size_t i;

	for (i = 0; i < NNAMES; i++)
		if (strcmp(given, names[i]) == 0)
			break;
	if (i == NNAMES) {
		nk_error_add(e, "options.mode", EINVAL,
		    "Input should be \"NONE\", \"HOME\" or \"CENTRAL\"");
		return -EINVAL;
	}
	*modep = (enum nk_keyfile_mode)i;
	return 0;
}

/* What must not be asked under the lock. */
static int
find_home(struct nk_context *c, struct setting *set, struct nk_error *e)
{
	struct nk_user *u;
	int r;

	if (set->username == NULL || set->mode != NK_KEYFILE_HOME)
		return 0;
	if ((r = nk_key_find_user(c, set->username, &u, e)) < 0)
		return r;
	r = nk_key_home_find(c, u, &set->theirs, e);
	nk_user_free(u);
	return r;
}

int
nk_user_authorized_keys_file(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct setting set = { .username = json_string_value(
	    json_array_get(params, 0)) };
	const char *mode = json_string_value(json_object_get(
	    json_array_get(params, 1), "mode"));
	bool changed = false;
	int r;

	if (mode == NULL)
		r = read_mode(c, &set, e);
	else if ((r = parse_mode(mode, &set.mode, e)) == 0 &&
	    (r = find_home(c, &set, e)) == 0)
		changed = (r = nk_edit_run(c, set_mode, &set, e)) == 0;
	if (r == 0)
		r = answer(c, &set, resultp);
	if (changed)
		r = nk_edit_shown(r, e);
	nk_user_free(set.u);
	return r;
}

static const struct nk_arg mode_fields[] = {
	{ .name = "mode", .type = NK_ARG_STRING },
	{ .name = NULL },
};

const struct nk_arg nk_keyfile_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NULL },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = mode_fields },
	{ .name = NULL },
};
