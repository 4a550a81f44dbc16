/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_home.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/home/homedir.h"
#include "lib/home/report.h"
#include "lib/keyfile/homelock.h"
#include "lib/publish/gids.h"
#include "lib/rpc/import.h"
#include "lib/ssh/linetext.h"

#define SECONDS		60	/* without a word from a child */
#define TEXT_MAX	2048

/* ---- whose home ---- */

static void
forget_who(struct nk_user_home *h)
{
	free(h->path);
	free(h->groups);
	h->path = NULL;
	h->groups = NULL;
	h->n_groups = 0;
}

static int
load_who(struct nk_context *c, const struct nk_user_edit *ed, gid_t gid,
    struct nk_user_home *h)
{
	const struct nk_user *u = ed->row;

	forget_who(h);
	h->uid = u->uid;
	h->gid = gid;
	if ((h->path = strdup(u->home)) == NULL)
		return -ENOMEM;
	return nk_served_gids(nk_publisher_store(c->publisher), c->conf,
	    c->state, u, ed->old == NULL ||
	    (ed->given & NK_GIVEN_GROUPS) != 0 ? &ed->groups : NULL,
	    &h->groups, &h->n_groups);
}

/* The lock of the user's homes, for one job (homedir.h). */
static int
enter(const struct nk_context *c, struct nk_homefile_who *who,
    struct nk_homelock *lock, struct nk_homefile_result *res)
{
	return nk_homelock_enter(lock, c->state, who,
	    c->conf->lookup_timeout * 1000u, res);
}

static struct nk_homefile_who
who_at(const struct nk_context *c, const struct nk_user_home *h,
    const char *home)
{
	return (struct nk_homefile_who){
		.uid = h->uid,
		.gid = h->gid,
		.groups = h->groups,
		.n_groups = h->n_groups,
		.home = home,
		.root = c->state->owner,
		.seconds = SECONDS,
	};
}

static int
get_gid(struct nk_context *c, const struct nk_user *u, gid_t *gidp)
{
	struct nk_group *g;
	int r;

	r = nk_group_get(nk_publisher_store(c->publisher), u->group_id, &g);
	if (r == 0)
		*gidp = g->gid;
	nk_group_free(g);
	return r;
}

/* ---- what is said ---- */

static int NK_PRINTF(2, 3)
warn(struct nk_user_home *h, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (h->warnings == NULL && (h->warnings = json_array()) == NULL)
		return -ENOMEM;
	return json_array_append_new(h->warnings, json_string(text)) == -1 ?
	    -ENOMEM : 0;
}

static int
refuse(const struct nk_user_edit *ed, struct nk_error *e, const char *field,
    const struct nk_user_home *h, const struct nk_homefile_result *res)
{
	if (res->outcome == NK_HOMEFILE_HOME_FOREIGN)
		nk_user_edit_refuse(ed, e, field, EINVAL, "%s: %s If it is "
		    "meant for this user, give it to uid %u first.", h->path,
		    nk_homedir_sentence(res), h->uid);
	else
		nk_user_edit_refuse(ed, e, field, EINVAL, "%s: %s", h->path,
		    nk_homedir_sentence(res));
	return -EINVAL;
}

/* ---- a home that is made ---- */

static int
explain_make(const struct nk_user_edit *ed, int r, struct nk_error *e)
{
	const char *home = ed->row->home;
	int len = (int)(strrchr(home, '/') - home);

	switch (r) {
	case 0:
		return 0;
	case -ENOENT:
		nk_user_edit_refuse(ed, e, "home", EINVAL, "%.*s: parent "
		    "path of specified home directory does not exist.",
		    len, home);
		return -EINVAL;
	case -EPERM:
		nk_user_edit_refuse(ed, e, "home", EINVAL, "%.*s: a home is "
		    "made only in a folder that root owns along its whole "
		    "path and that nobody else can write to.", len, home);
		return -EINVAL;
	case -EEXIST:
		return nk_error_call(e, EEXIST, "Path for home directory "
		    "already exists and is not a directory");
	default:
		return nk_error_call(e, -r, "%s: the home could not be "
		    "made: %s.", home, strerror(-r));
	}
}

static int
make(struct nk_context *c, const struct nk_user_edit *ed,
    const char *skeleton, struct nk_user_home *h)
{
	const struct nk_user *u = ed->row;
	gid_t gid = 0;
	int r;

	if ((r = get_gid(c, u, &gid)) < 0)
		return r;
	nk_home_keep(&h->made);		/* of another try, gone since */
	return nk_home_make(&h->made, u->home, u->uid, gid, ed->home_mode,
	    skeleton, c->state->owner);
}

int
nk_user_home_make(struct nk_context *c, const struct nk_user_edit *ed,
    struct nk_user_home *h, struct nk_error *e)
{
	return explain_make(ed, make(c, ed, c->conf->skeleton, h), e);
}

/* ---- a home that is there ---- */

static int
set(struct nk_context *c, const struct nk_user_edit *ed,
    const char *skeleton, const char *field, struct nk_user_home *h,
    struct nk_error *e)
{
	struct nk_homefile_who who = who_at(c, h, h->path);
	struct nk_homefile_result res;
	struct nk_homelock lock;
	mode_t old;
	int r;

	if (skeleton != NULL && skeleton[0] == '\0')
		skeleton = NULL;
	if ((r = enter(c, &who, &lock, &res)) == 0)
		r = nk_homedir_set(&who, ed->home_mode, skeleton, &old, &res);
	nk_homelock_drop(&lock);
	if (r < 0)
		return refuse(ed, e, field, h, &res);
	if (!h->set)		/* at the first try */
		h->old_mode = old;
	h->set = true;
	h->mode = ed->home_mode;
	return 0;
}

int
nk_user_home_create(struct nk_context *c, const struct nk_user_edit *ed,
    gid_t gid, struct nk_user_home *h, struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	int r;

	if (!u->managed || nk_is_no_home(c->conf, u->home) ||
	    (ed->given & (NK_GIVEN_HOME_CREATE | NK_GIVEN_HOME_MODE)) == 0 ||
	    nk_home_look(u->home) != NK_HOME_DIRECTORY)
		return 0;
	if ((r = load_who(c, ed, gid, h)) < 0)
		return r;
	return set(c, ed, c->conf->skeleton, "home", h, e);
}

/* ---- a home that moves ---- */

struct move {
	struct nk_context		*c;
	const struct nk_user_edit	*ed;
	struct nk_error			*e;
	unsigned int			 named;
};

static void
progress(void *arg, uint64_t done, uint64_t total)
{
	const struct move *m = arg;

	if (total > 0)		/* else it is still being looked at */
		nk_import_progress(m->c, (int64_t)done, (int64_t)total);
}

/* A name in a home may have any byte. */
static void
lost(void *arg, const char *path, const struct nk_homefile_result *why)
{
	char text[TEXT_MAX / 2];
	struct move *m = arg;
	size_t i;

	(void)snprintf(text, sizeof(text), "%s", path);
	if (nk_linetext_check(text, strlen(text), NULL) < 0) {
		for (i = 0; text[i] != '\0'; i++) {
			if (text[i] < ' ' || text[i] > '~')
				text[i] = '?';
		}
	}
	m->named++;
	nk_user_edit_refuse(m->ed, m->e, "home", EINVAL, "%.900s/%s cannot "
	    "be copied to %.900s: %s", m->ed->old->home, text,
	    m->ed->row->home, nk_homedir_sentence(why));
}

/* Is there nothing of this user's that could be copied from here? */
static bool
is_no_source(enum nk_homefile_outcome outcome)
{
	switch (outcome) {
	case NK_HOMEFILE_NO_HOME:
	case NK_HOMEFILE_ABOVE:
	case NK_HOMEFILE_HOME_LINK:
	case NK_HOMEFILE_HOME_KIND:
	case NK_HOMEFILE_HOME_FOREIGN:
		return true;
	default:
		return false;
	}
}

static int
refuse_move(const struct move *m, struct nk_user_home *h,
    const struct nk_homedir_end *end, const struct nk_homefile_result *res)
{
	const char *old = m->ed->old->home;

	if (end->elsewhere && end->entries == 0)
		return refuse(m->ed, m->e, "home", h, res);
	if (m->named == 0)
		nk_user_edit_refuse(m->ed, m->e, "home", EINVAL, "%.900s "
		    "could not be copied to %.900s: %s%s", old, h->path,
		    nk_homedir_sentence(res), h->made.made ? "" :
		    " What was copied stays, and need not be copied again.");
	else if (end->lost > m->named)
		nk_user_edit_refuse(m->ed, m->e, "home", EINVAL, "%" PRIu64
		    " more in %s cannot be copied.", end->lost - m->named,
		    old);
	return -EINVAL;
}

static int
copy(struct nk_context *c, const struct nk_user_edit *ed,
    struct nk_user_home *h, struct nk_error *e)
{
	struct move m = { .c = c, .ed = ed, .e = e, .named = 0 };
	struct nk_homefile_who who = who_at(c, h, ed->old->home);
	const struct nk_homedir_watch watch = { progress, lost, &m };
	struct nk_homefile_result res;
	struct nk_homedir_end end = { .entries = 0 };
	bool mode = h->made.made && (ed->given & NK_GIVEN_HOME_MODE) == 0;
	struct nk_homelock lock;
	int r;

	if ((r = enter(c, &who, &lock, &res)) == 0)
		r = nk_homedir_copy(&who, h->path, mode, &watch, &end, &res);
	nk_homelock_drop(&lock);
	if (r < 0) {
		if (end.elsewhere || !is_no_source(res.outcome))
			return refuse_move(&m, h, &end, &res);
		r = warn(h, "Nothing was copied from %.900s: %s",
		    ed->old->home, nk_homedir_sentence(&res));
		return r < 0 || !h->made.made ? r :
		    set(c, ed, c->conf->skeleton, "home", h, e);
	}
	free(h->copied);
	h->copied = strdup(ed->old->home);
	return h->copied == NULL ? -ENOMEM : 0;
}

/* ---- an update ---- */

/* Something may stand in its place that is none of it. */
static int
check_place(enum nk_home_state state, struct nk_error *e)
{
	return state != NK_HOME_OTHER ? 0 : nk_error_call(e, EEXIST,
	    "Path for home directory already exists and is not a directory");
}

/*
 * It is not there.  A new path alone is only a path, unless something has to
 * go there.  Where the request only repeats what the home is, that it cannot
 * be made says no more than that the home is away.
 */
static int
make_again(struct nk_context *c, const struct nk_user_edit *ed, bool moves,
    struct nk_user_home *h, struct nk_error *e)
{
	bool wanted = moves || (ed->given & (NK_GIVEN_HOME_CREATE |
	    NK_GIVEN_HOME_MODE)) != 0;
	int r;

	if (!wanted && (ed->given & NK_GIVEN_HOME) != 0)
		return 0;
	r = make(c, ed, moves ? "" : c->conf->skeleton, h);
	if (r == 0 || r == -ENOMEM || wanted)
		return explain_make(ed, r, e);
	return warn(h, "The home directory %.900s is not there, and could "
	    "not be made: %s.", h->path, strerror(-r));
}

/* At another try, the content may be there, or the old home another one. */
static bool
has_copied(const struct nk_user_edit *ed, const struct nk_user_home *h)
{
	return h->copied != NULL && strcmp(h->copied, ed->old->home) == 0;
}

static bool
says_something(const struct nk_context *c, const struct nk_user_edit *ed,
    const json_t *fields)
{
	return ed->row->managed && !nk_is_no_home(c->conf, ed->row->home) &&
	    (json_object_get(fields, "home") != NULL ||
	    (ed->given & (NK_GIVEN_HOME | NK_GIVEN_HOME_CREATE |
	    NK_GIVEN_HOME_MODE)) != 0);
}

static int
prepare(struct nk_context *c, const struct nk_user_edit *ed,
    struct nk_user_home *h)
{
	gid_t gid = 0;
	int r;

	/* another try; and another name of the home by now */
	json_decref(h->warnings);
	h->warnings = NULL;
	if (h->path != NULL && strcmp(h->path, ed->row->home) != 0)
		nk_user_home_undo(c, h);
	r = get_gid(c, ed->row, &gid);
	return r < 0 ? r : load_who(c, ed, gid, h);
}

int
nk_user_home_update(struct nk_context *c, const struct nk_user_edit *ed,
    const json_t *fields, struct nk_user_home *h, struct nk_error *e)
{
	bool moves = (ed->given & NK_GIVEN_HOME) != 0 && ed->old != NULL &&
	    !nk_is_no_home(c->conf, ed->old->home) &&
	    nk_home_look(ed->old->home) == NK_HOME_DIRECTORY;
	enum nk_home_state state;
	int r;

	if (!says_something(c, ed, fields))
		return 0;
	if ((r = prepare(c, ed, h)) < 0)
		return r;
	state = nk_home_look(ed->row->home);
	if ((r = check_place(state, e)) < 0 || (state == NK_HOME_ABSENT &&
	    (r = make_again(c, ed, moves, h, e)) < 0))
		return r;
	if (moves && !has_copied(ed, h) && (r = copy(c, ed, h, e)) < 0)
		return r;
	if ((ed->given & NK_GIVEN_HOME_MODE) != 0 && state != NK_HOME_ABSENT)
		return set(c, ed, NULL, "home_mode", h, e);
	return 0;
}

/* ---- the edit's end ---- */

bool
nk_user_home_is_changed(const struct nk_user_home *h)
{
	return h->made.made || h->copied != NULL ||
	    (h->set && h->mode != h->old_mode);
}

static json_t *
mode_json(mode_t mode)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%o", (unsigned int)mode);
	return json_string(text);
}

int
nk_user_home_audit(const struct nk_user_home *h, json_t *before,
    json_t *after)
{
	if (!h->set || h->mode == h->old_mode)
		return 0;
	return json_object_set_new(before, "home_mode",
	    mode_json(h->old_mode)) == -1 || json_object_set_new(after,
	    "home_mode", mode_json(h->mode)) == -1 ? -ENOMEM : 0;
}

int
nk_user_home_warn(const struct nk_user_home *h, json_t *result)
{
	return h->warnings != NULL && json_array_extend(json_object_get(
	    result, "warnings"), h->warnings) == -1 ? -ENOMEM : 0;
}

void
nk_user_home_keep(struct nk_user_home *h)
{
	nk_home_keep(&h->made);
	h->set = false;
}

/*
 * The user may be at work there already, and put something of another's in
 * the way of a walk of root's.
 */
static void
undo_as_user(struct nk_context *c, const struct nk_user_home *h)
{
	struct nk_homefile_who who = who_at(c, h, h->path);
	struct nk_homefile_result res;
	struct nk_homelock lock;
	int r;

	if ((r = enter(c, &who, &lock, &res)) == 0)
		r = h->made.made ? nk_homedir_empty(&who, &res) :
		    nk_homedir_set(&who, h->old_mode, NULL, NULL, &res);
	nk_homelock_drop(&lock);
	(void)r;	/* what is left is the user's, in a folder of its own */
}

void
nk_user_home_undo(struct nk_context *c, struct nk_user_home *h)
{
	if (h->path != NULL) {
		if (h->made.made || h->set)
			undo_as_user(c, h);
		nk_home_undo_empty(&h->made);
	}
	nk_home_undo(&h->made);
	forget_who(h);
	free(h->copied);
	json_decref(h->warnings);
	*h = NK_USER_HOME_NONE;
}
