/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/home.h"
#include "lib/keyfile/look.h"
#include "lib/publish/homes.h"
#include "lib/rpc/elsewhere.h"
#include "lib/ssh/privatekey_detect.h"
#include "lib/store/keyfiles.h"

#define PRIVATE_KEY	"A private key stands in the file: its lines are " \
	"not shown.  Take it out, and use it no more."

#define NOT_TRIED	"It has not been tried yet."
#define WHY_MAX		2048
#define NO_HOME		"The user has no home directory of its own."

/* ---- the home ---- */

/* Is what was answered of u an account that is u's? */
static int
check_elsewhere(const struct nk_user *u, const struct nk_question *theirs,
    struct nk_error *e)
{
	if (!theirs->entry.found)
		return nk_error_call(e, ENOENT, "The machine's name services "
		    "know no user %s now.", u->name);
	if (theirs->entry.id != u->uid)
		return nk_error_call(e, EPERM, "User %s has another uid now "
		    "than naskeys knows: accept it first "
		    "(naskeysctl user edit %s --accept-uid).", u->name,
		    u->name);
	return 0;
}

/* Two users' files cannot be one. */
static int
check_free(struct nk_context *c, const struct nk_user *u, const char *home,
    struct nk_error *e)
{
	struct nk_user *other;
	int r;

	r = nk_user_by_home(nk_publisher_store(c->publisher), home, u->id,
	    &other);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_error_call(e, EEXIST, "User %s has the home directory %.300s "
	    "too (user %s), and only one user's keys can stand in its file: "
	    "set another, or choose CENTRAL.", u->name, home, other->name);
	nk_user_free(other);
	return r;
}

/* Can u have a file, where it is now or the other name services say? */
static int
check_home(struct nk_context *c, const struct nk_user *u,
    struct nk_question *theirs, struct nk_error *e)
{
	struct nk_user as_set = *u;
	int r;

	if (!u->managed) {
		if ((r = check_elsewhere(u, theirs, e)) < 0)
			return r;
		as_set.home = theirs->entry.home;
	}
	as_set.keyfile_mode = NK_KEYFILE_HOME;
	if (nk_home_is_wanted(c->conf, &as_set, as_set.home))
		return check_free(c, u, as_set.home, e);
	return nk_error_call(e, ENOTDIR, "User %s has no home directory of "
	    "its own (%.300s): set one, or choose CENTRAL.", u->name,
	    as_set.home);
}

int
nk_key_home_find(struct nk_context *c, const struct nk_user *u,
    struct nk_question *theirs, struct nk_error *e)
{
	int r;

	*theirs = (struct nk_question){ .name = u->name };
	if (!u->managed && (r = nk_elsewhere_ask(c, theirs, 1, e)) < 0)
		return r;
	theirs->name = NULL;	/* which is u's */
	return check_home(c, u, theirs, e);
}

int
nk_key_home_take(struct nk_context *c, struct nk_user *u,
    struct nk_question *theirs, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_keyfile_home *row, fresh = { .user_id = u->id,
	    .uid = u->uid, .gid = theirs->entry.gid, .pending = true };
	char *home;
	int r;

	/* the user's home, uid or name may be another one's by now */
	if ((r = check_home(c, u, theirs, e)) < 0 || u->managed)
		return r;
	if ((home = strdup(theirs->entry.home)) == NULL)
		return -ENOMEM;
	free(u->home);
	u->home = home;
	r = nk_keyfile_home_get(s, u->id, u->home, &row);
	if (r == -ENOENT) {
		fresh.home = home;
		return nk_keyfile_home_put(s, &fresh);
	}
	if (r < 0)
		return r;
	row->gid = theirs->entry.gid;
	r = nk_keyfile_home_put(s, row);
	nk_keyfile_home_free(row);
	return r;
}

/* ---- what is in the file ---- */

struct gathered {
	json_t	*lines;
	char	*text;		/* of all of them */
	size_t	 len, room;
};

/* Whatever a hand has written becomes a text that JSON can hold. */
static json_t *
line_json(const char *line, size_t len)
{
	json_t *text;
	char *copy;
	size_t i;

	if (len > NK_FOREIGN_LINE_MAX)
		len = NK_FOREIGN_LINE_MAX;
	if (memchr(line, '\0', len) == NULL &&
	    (text = json_stringn(line, len)) != NULL)
		return text;
	if ((copy = malloc(len + 1)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		copy[i] = line[i] == '\0' || (line[i] & 0x80) != 0 ? '?' :
		    line[i];
	text = json_stringn(copy, len);
	free(copy);
	return text;
}

static int
keep_text(struct gathered *g, const char *line, size_t len)
{
	size_t room = g->room == 0 ? 4096 : g->room;
	char *text;

	while (room - g->len <= len)
		room *= 2;
	if (room != g->room) {
		if ((text = malloc(room)) == NULL)
			return -ENOMEM;
		if (g->len > 0) {
			memcpy(text, g->text, g->len);
			explicit_bzero(g->text, g->len);
		}
		free(g->text);
		g->text = text;
		g->room = room;
	}
	memcpy(g->text + g->len, line, len);
	g->len += len;
	g->text[g->len++] = '\n';
	return 0;
}

static int
gather(void *arg, size_t number, const char *line, size_t len)
{
	struct gathered *g = arg;
	json_t *o;
	int r;

	if ((r = keep_text(g, line, len)) < 0 ||
	    json_array_size(g->lines) == NK_FOREIGN_MAX)
		return r;
	o = json_pack("{s:I,s:o}", "line", (json_int_t)number, "text",
	    line_json(line, len));
	return json_array_append_new(g->lines, o) == -1 ? -ENOMEM : 0;
}

static int
read_foreign(struct nk_context *c, const struct nk_user *u, json_t **linesp,
    const char **whyp)
{
	const struct nk_keyfile_work w = { .publisher = c->publisher,
	    .state = c->state, .conf = c->conf };
	struct gathered g = { .lines = json_array() };
	int r, found = 0;

	if (g.lines == NULL)
		return -ENOMEM;
	r = nk_keyfile_each_foreign(&w, u, gather, &g, whyp);
	if (r == 0 && g.len > 0)
		found = nk_privatekey_detect(g.text, g.len, NULL);
	if (found == -EPERM) {
		*whyp = PRIVATE_KEY;
		found = json_array_clear(g.lines);
	}
	if (g.text != NULL)
		explicit_bzero(g.text, g.len);
	free(g.text);
	if (r == 0)
		r = found;
	if (r < 0)
		json_decref(g.lines);
	else
		*linesp = g.lines;
	return r;
}

/*
 * Is the file in u's home, or one in another home that is to be taken back,
 * still to be written?  why has a sentence where there is something to say.
 */
static int
find_pending(struct nk_context *c, const struct nk_user *u, bool *pendingp,
    char why[WHY_MAX])
{
	bool wanted = nk_home_is_wanted(c->conf, u, u->home);
	const struct nk_keyfile_home *h;
	struct nk_keyfile_homes hs;
	const char *reason;
	size_t i;
	int r;

	*pendingp = false;
	r = nk_keyfile_homes_get(nk_publisher_store(c->publisher), u->id,
	    true, &hs);
	if (r < 0)
		return r;
	for (i = 0; i < hs.n && !(wanted && *pendingp); i++) {
		h = &hs.v[i];
		reason = h->reason != NULL ? h->reason : NOT_TRIED;
		if (strcmp(h->home, u->home) == 0) {
			(void)snprintf(why, WHY_MAX, "%s", reason);
			*pendingp = true;
		} else {
			(void)snprintf(why, WHY_MAX, "Lines of naskeys may "
			    "still stand in %s/.ssh/authorized_keys: %s",
			    h->home, reason);
			*pendingp = !wanted;
		}
	}
	nk_keyfile_homes_clear(&hs);
	return 0;
}

int
nk_key_home_put(struct nk_context *c, const struct nk_user *u,
    struct nk_object *b)
{
	const char *reason = NULL;
	char why[WHY_MAX] = "";
	json_t *lines = NULL;
	bool pending = false;
	int r;

	if (u == NULL)
		lines = json_array();
	else if ((r = read_foreign(c, u, &lines, &reason)) < 0 ||
	    (r = find_pending(c, u, &pending, why)) < 0) {
		json_decref(lines);
		return r;
	} else if (u->keyfile_mode == NK_KEYFILE_HOME &&
	    !nk_home_is_wanted(c->conf, u, u->home))
		reason = NO_HOME;
	if (why[0] != '\0')
		reason = why;
	nk_object_bool(b, "pending", pending);
	nk_object_text(b, "reason", reason);
	nk_object_put(b, "foreign", lines);
	return 0;
}

void
nk_key_home_warn(struct nk_context *c, int64_t user_id, json_t *warnings)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const struct nk_keyfile_home *h;
	struct nk_keyfile_homes hs;
	struct nk_user *u = NULL;
	size_t i;

	/* hardly ever does one wait, and then the user need not be read */
	if (nk_publisher_homes_are_written(c->publisher, user_id) ||
	    nk_keyfile_homes_get(s, user_id, true, &hs) < 0)
		return;
	if (hs.n > 0 && nk_user_get(s, user_id, &u) < 0)
		u = NULL;
	for (i = 0; u != NULL && i < hs.n; i++) {
		h = &hs.v[i];
		if (strcmp(h->home, u->home) == 0)
			(void)json_array_append_new(warnings, json_sprintf(
			    "%s/.ssh/authorized_keys is not yet as it should "
			    "be: %s", h->home,
			    h->reason != NULL ? h->reason : NOT_TRIED));
	}
	nk_user_free(u);
	nk_keyfile_homes_clear(&hs);
}
