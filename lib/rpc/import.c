/* SPDX-License-Identifier: ISC */
#include "lib/agent/lending.h"
#include "lib/rpc/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/directory.h"
#include "lib/account/ids.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/import_audit.h"
#include "lib/rpc/import_file.h"
#include "lib/rpc/import_line.h"
#include "lib/rpc/key_file.h"
#include "lib/rpc/key_warn.h"
#include "lib/rpc/user_write.h"

#define SLOTS		1024		/* of the cache of groups */
#define LIST_SECONDS	60		/* at least, for the enumeration */

struct import {
	struct nk_import_file	 file;
	struct nk_user_rules	 rules;
	struct nk_directory	*directory;
	uint32_t		 next_uid, next_gid;	/* automatic ones */
	int64_t			 groups[SLOTS];	/* ids that are there */
	int64_t			 users, new_groups, keys;
	struct nk_key_warner	 warner;
};

unsigned int
nk_import_seconds(const struct nk_conf *conf)
{
	return conf->lookup_timeout > LIST_SECONDS ? conf->lookup_timeout :
	    LIST_SECONDS;
}

void
nk_import_progress(struct nk_context *c, int64_t done, int64_t total)
{
	json_t *params;

	if (c->notify == NULL)
		return;
	params = json_pack("{s:I, s:I}", "done", (json_int_t)done, "total",
	    (json_int_t)total);
	if (params != NULL)
		c->notify(c->notify_arg, "naskeys.progress", params);
}

/* Is the call worth reporting at this line?  At each of 100 parts. */
static void
progress(struct nk_context *c, const struct import *im, uint64_t line)
{
	uint64_t total = im->file.lines, part = total / 100;

	if (part == 0 || line % part == 0 || line == total)
		nk_import_progress(c, (int64_t)line, (int64_t)total);
}

/* ---- ids ---- */

struct taken {
	struct nk_context	*c;
	const struct import	*im;
	enum nk_reserve_kind	 kind;
};

static int
is_taken(void *arg, uint32_t id)
{
	const struct taken *t = arg;

	if (nk_id_is_nobody(id) || (t->kind == NK_RESERVE_UID ?
	    nk_directory_uid(t->im->directory, id) :
	    nk_directory_gid(t->im->directory, id)) != NULL)
		return 1;
	return nk_session_is_reserved(t->c->session, t->kind, id,
	    nk_session_now());
}

/* Ids below the last one that was given are not free any more. */
static int
choose_uid(struct nk_context *c, struct import *im, uint32_t *uidp)
{
	struct taken t = { c, im, NK_RESERVE_UID };
	int r;

	r = nk_uid_next(nk_publisher_store(c->publisher), im->next_uid,
	    c->conf->max_id, is_taken, &t, uidp);
	if (r == 0)
		im->next_uid = *uidp + 1;
	return r;
}

static int
choose_gid(struct nk_context *c, struct import *im, uint32_t *gidp)
{
	struct taken t = { c, im, NK_RESERVE_GID };
	int r;

	r = nk_gid_next(nk_publisher_store(c->publisher), im->next_gid,
	    c->conf->max_id, is_taken, &t, gidp);
	if (r == 0)
		im->next_gid = *gidp + 1;
	return r;
}

/* ---- what one line is held against ---- */

static int
check_directory(const struct import *im, struct nk_user_edit *ed,
    struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	const char *holder;
	bool listed;

	listed = nk_directory_user_id(im->directory, u->name,
	    &ed->row->uid) && !u->managed;
	if (!u->managed) {
		if (!listed)
			nk_user_edit_refuse(ed, e, "username", ENOENT, "No "
			    "name service of this machine lists a user "
			    "\"%s\".", u->name);
	} else if (nk_directory_has_user(im->directory, u->name)) {
		nk_user_edit_refuse(ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", u->name);
	} else if ((ed->given & NK_GIVEN_UID) != 0 &&
	    (holder = nk_directory_uid(im->directory, u->uid)) != NULL) {
		nk_user_edit_refuse(ed, e, "uid", EEXIST,
		    "Uid %u is already used (user %s has it)", u->uid,
		    holder);
	}
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* A group's row is looked up once, not for each of its members. */
static int
check_group(struct nk_context *c, struct import *im,
    const struct nk_user_edit *ed, const char *field, int64_t id,
    struct nk_error *e)
{
	struct nk_group *g;
	int r;

	if (id > 0 && im->groups[id % SLOTS] == id)
		return 0;
	r = nk_group_get(nk_publisher_store(c->publisher), id, &g);
	if (r == -ENOENT) {
		nk_user_edit_refuse(ed, e, field, ENOENT,
		    "Group %" PRId64 " not found", id);
		return -EINVAL;
	}
	if (r < 0)
		return r;
	if (g->builtin && g->id != NK_GROUP_ADMINS_ID) {
		nk_user_edit_refuse(ed, e, field, EINVAL, "%s: membership of "
		    "this builtin group may not be altered.", g->name);
		r = -EINVAL;
	} else {
		im->groups[id % SLOTS] = id;
	}
	nk_group_free(g);
	return r;
}

static int
check_groups(struct nk_context *c, struct import *im,
    const struct nk_user_edit *ed, struct nk_error *e)
{
	size_t i;
	int r;

	if (ed->row->managed && !ed->group_create) {
		if (ed->row->group_id == NK_GROUP_ADMINS_ID) {
			nk_user_edit_refuse(ed, e, "group", EINVAL, "A "
			    "builtin group cannot be a primary group.");
			return -EINVAL;
		}
		if ((r = check_group(c, im, ed, "group", ed->row->group_id,
		    e)) < 0)
			return r;
	}
	for (i = 0; i < ed->groups.n; i++) {
		if ((r = check_group(c, im, ed, "groups", ed->groups.v[i],
		    e)) < 0)
			return r;
	}
	return 0;
}

/* ---- writing one line ---- */

static int
provide_group(struct nk_context *c, struct import *im,
    struct nk_user_edit *ed, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const char *name = ed->row->name;
	struct nk_group *g;
	uint32_t gid;
	int r;

	r = nk_group_by_name(s, name, &g);
	if (r == 0) {
		ed->row->group_id = g->builtin ? 0 : g->id;
		nk_group_free(g);
		if (ed->row->group_id != 0)
			return 0;
	}
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 || nk_directory_has_group(im->directory, name)) {
		nk_user_edit_refuse(ed, e, "group_create", EEXIST,
		    "A Group with the name \"%s\" already exists.", name);
		return -EINVAL;
	}
	if ((r = choose_gid(c, im, &gid)) < 0)
		return r;
	im->new_groups++;
	return nk_group_provide(c, "group.create", name, gid,
	    &ed->row->group_id, e);
}

/* Accounts that live elsewhere hold uids too, and no index tells. */
static int
check_uid(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_user *u;
	int r;

	if (!ed->row->managed)
		return nk_user_check_external_uid(s, ed, "username", e);
	if ((ed->given & NK_GIVEN_UID) == 0)
		return 0;	/* nobody uses an automatic one */
	r = nk_user_by_uid(s, ed->row->uid, &u);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	nk_user_edit_refuse(ed, e, "uid", EEXIST,
	    "Uid %u is already used (user %s has it)", ed->row->uid, u->name);
	nk_user_free(u);
	return -EINVAL;
}

static int
insert(struct nk_context *c, struct import *im, struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	bool changed;
	size_t i;
	int r;

	if ((r = nk_user_check_revoked(s, ed, e)) < 0 ||
	    (r = nk_keyfile_of_new_user(c, ed->row)) < 0)
		return r;
	if ((r = nk_user_insert(s, ed->row)) == -EEXIST) {
		nk_user_edit_refuse(ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", ed->row->name);
		return -EINVAL;
	}
	if (r < 0)
		return r;
	if ((ed->groups.n > 0 || ed->row->admin) &&
	    (r = nk_user_set_groups(s, ed->row, &ed->groups, &changed)) < 0)
		return r;
	for (i = 0; i < ed->keys.n; i++) {
		ed->keys.v[i].user_id = ed->row->id;
		if ((r = nk_key_append(s, &ed->keys.v[i])) < 0)
			return r;
		im->keys += ed->keys.v[i].kind == NK_KEY_KEY;
	}
	im->users++;
	return nk_key_warn_all(&im->warner, ed->row->name, &ed->keys);
}

static int
set_password(const struct nk_conf *conf, struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_new_password secret;
	int r = 0;

	if (ed->password != NULL) {
		if ((r = nk_new_password_make(&secret, conf, ed, e)) == 0)
			r = nk_user_set_hash(ed->row, secret.hash);
		nk_new_password_clear(&secret);
	} else if (strcmp(ed->row->hash, "*") != 0) {
		ed->row->last_password_change = nk_now();
	}
	return r;
}

static int
write_line(struct nk_context *c, struct import *im, struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	int r;

	if ((r = check_directory(im, ed, e)) < 0 ||
	    (r = check_uid(s, ed, e)) < 0 ||
	    (r = check_groups(c, im, ed, e)) < 0 ||
	    (r = nk_user_rules_check_home(c, ed, e)) < 0)
		return r;
	if (ed->group_create && (r = provide_group(c, im, ed, e)) < 0)
		return r;
	if (ed->row->managed && (ed->given & NK_GIVEN_UID) == 0 &&
	    (r = choose_uid(c, im, &ed->row->uid)) < 0)
		return r;
	if ((r = set_password(c->conf, ed, e)) < 0 ||
	    (r = insert(c, im, ed, e)) < 0)
		return r;
	return nk_import_audit(c, ed);
}

/* The next line with something in it.  As nk_import_file_next(). */
static int
next_line(struct import *im, uint64_t *np, const char **linep, size_t *lenp)
{
	size_t i;
	int r;

	while ((r = nk_import_file_next(&im->file, NK_IMPORT_LINE_MAX, linep,
	    lenp)) == 1) {
		++*np;
		for (i = 0; i < *lenp; i++) {
			if (strchr(" \t\r", (*linep)[i]) == NULL ||
			    (*linep)[i] == '\0')
				return 1;
		}
	}
	return r;
}

static int
take_line(struct nk_context *c, struct import *im, const char *line,
    size_t len, struct nk_error *e)
{
	struct nk_user_edit ed;
	json_t *fields;
	int r;

	r = nk_import_line_read(&im->rules, line, len, &fields, &ed, e);
	if (r == 0)
		r = write_line(c, im, &ed, e);
	nk_user_edit_clear(&ed);
	json_decref(fields);
	return r;
}

/* ---- the whole ---- */

static int
import(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct import *im = arg;
	uint64_t n = 0;
	const char *line;
	size_t len;
	int more, r;

	if ((r = nk_store_changes_bulk(s)) < 0)
		return r;
	while ((more = next_line(im, &n, &line, &len)) == 1) {
		if ((r = take_line(c, im, line, len, e)) < 0) {
			nk_import_line_blame(e, n);
			return r;
		}
		progress(c, im, n);
	}
	if (more == -E2BIG)
		return nk_error_call(e, EINVAL, "line %" PRIu64 ": the line "
		    "is longer than %u bytes.", n + 1, NK_IMPORT_LINE_MAX);
	return more < 0 ? more : im->users == 0 ? 1 : 0;
}

/* ---- before the lock ---- */

/* The bytes come with the request, or follow it on standard input. */
static int
take_file(struct nk_context *c, struct import *im, struct nk_error *e)
{
	int fd = c->passed_fd, r;

	if (fd == -1 && c->input_fd == -1)
		return nk_error_call(e, EINVAL, "Send the file's descriptor "
		    "with the request, or the file after it on standard "
		    "input.");
	c->passed_fd = -1;
	if (fd != -1 && nk_lending_check(fd) == 0)
		r = -EINVAL;		/* it is for another method */
	else
		r = nk_import_file_copy(&im->file, fd != -1 ? fd :
		    c->input_fd, c->state->store, c->conf->request_timeout);
	if (fd != -1)
		close(fd);
	switch (r) {
	case 0:
		return 0;
	case -EINVAL:
		return nk_error_call(e, EINVAL, "The file to import must be "
		    "a regular file or a pipe.");
	case -ETIMEDOUT:
		return nk_error_call(e, ETIMEDOUT, "The file to import "
		    "stopped coming before its end.");
	case -EBADMSG:
		return nk_error_call(e, EINVAL, "The file to import is no "
		    "text: there is a NUL byte in it.");
	case -EFBIG:
		return nk_error_call(e, EFBIG, "The file to import is "
		    "larger than %" PRIu64 " bytes.", NK_IMPORT_FILE_MAX);
	default:
		return nk_error_call(e, -r, "The file to import could not "
		    "be read and copied: %s.", strerror(-r));
	}
}

/* Of those that do not list their accounts, ask for each line's name. */
static int
look_up_line(struct nk_context *c, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_question q[2];
	size_t n = 1;
	int r;

	if (!ed->row->managed)
		return 0;
	memset(q, 0, sizeof(q));
	q[0].name = ed->row->name;
	if ((ed->given & NK_GIVEN_UID) != 0)
		q[n++].id = ed->row->uid;
	if ((r = nk_elsewhere_ask(c, q, n, e)) < 0)
		return r;
	if (q[0].entry.found)
		nk_user_edit_refuse(ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", ed->row->name);
	else if (n > 1 && q[1].entry.found)
		nk_user_edit_refuse(ed, e, "uid", EEXIST,
		    "Uid %u is already used (user %s has it)", ed->row->uid,
		    q[1].entry.name);
	return nk_error_is_set(e) ? -EINVAL : 0;
}

static int
look_up_all(struct nk_context *c, struct import *im, struct nk_error *e)
{
	struct nk_user_edit ed;
	uint64_t n = 0;
	const char *line;
	json_t *fields;
	size_t len;
	int r;

	while ((r = next_line(im, &n, &line, &len)) == 1) {
		r = nk_import_line_read(&im->rules, line, len, &fields, &ed,
		    e);
		if (r == 0)
			r = look_up_line(c, &ed, e);
		nk_user_edit_clear(&ed);
		json_decref(fields);
		if (r < 0) {
			nk_import_line_blame(e, n);
			return r;
		}
	}
	/* a line that is too long is found again */
	return nk_import_file_rewind(&im->file);
}

static int
prepare(struct nk_context *c, struct import *im, bool look_up,
    struct nk_error *e)
{
	int r;

	if ((r = nk_user_rules_init(&im->rules, c, NULL)) < 0 ||
	    (r = take_file(c, im, e)) < 0)
		return r;
	im->rules.blind = true;		/* under the lock nothing may hang */
	r = nk_directory_read(&im->directory, nk_import_seconds(c->conf));
	if (r < 0)
		return nk_error_call(e, -r, "The machine's name services "
		    "could not be asked which names and ids they have.");
	im->next_uid = im->next_gid = c->conf->first_auto_id <
	    c->conf->min_id ? c->conf->min_id : c->conf->first_auto_id;
	return look_up ? look_up_all(c, im, e) : 0;
}

int
nk_user_import(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	bool look_up = json_is_true(json_object_get(
	    json_array_get(params, 0), "check_directory"));
	struct import *im;
	int r;

	if ((im = calloc(1, sizeof(*im))) == NULL)
		return -ENOMEM;
	im->file = NK_IMPORT_FILE_NONE;
	if ((r = nk_key_warner_init(&im->warner, c)) == 0 &&
	    (r = prepare(c, im, look_up, e)) == 0)
		r = nk_edit_run(c, import, im, e);
	if (r == 0) {
		*resultp = json_pack("{s:I, s:I, s:I, s:o}", "users",
		    (json_int_t)im->users, "groups",
		    (json_int_t)im->new_groups, "keys",
		    (json_int_t)im->keys, "warnings",
		    nk_key_warner_list(&im->warner));
		if (*resultp == NULL)
			r = -ENOMEM;
	}
	nk_key_warner_clear(&im->warner);
	nk_import_file_clear(&im->file);
	nk_directory_free(im->directory);
	nk_user_rules_clear(&im->rules);
	free(im);
	return r;
}

static const struct nk_arg import_fields[] = {
	{ .name = "check_directory", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_user_import_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = import_fields },
	{ .name = NULL },
};
