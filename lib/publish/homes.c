/* SPDX-License-Identifier: ISC */
#include "lib/publish/homes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/account/home.h"
#include "lib/account/ids.h"
#include "lib/publish/filetext.h"
#include "lib/publish/home_lines.h"
#include "lib/publish/internal.h"
#include "lib/store/keyfiles.h"

#define NOBODYS_HOME	"/var/empty"

bool
nk_home_is_wanted(const struct nk_conf *c, const struct nk_user *u,
    const char *home)
{
	const char *why;

	return u->keyfile_mode == NK_KEYFILE_HOME && u->home != NULL &&
	    strcmp(u->home, home) == 0 &&
	    strcmp(home, c->default_home) != 0 &&
	    strcmp(home, NOBODYS_HOME) != 0 &&
	    nk_home_check(home, &why) == 0;
}

/* ---- the file in the user's home ---- */

static int
gid_of(struct nk_store *s, const struct nk_user *u, uint32_t *gidp)
{
	int r = nk_group_gid(s, u->group_id, gidp);

	return r == -ENOENT ? -EBADMSG : r;
}

/*
 * Of an account that lives elsewhere: what it had in another home, or, as
 * nothing asks for it here, nobody's, which opens nothing.
 */
static int
gid_elsewhere(struct nk_store *s, int64_t user_id, uint32_t *gidp)
{
	struct nk_keyfile_homes hs;
	int r;

	if ((r = nk_keyfile_homes_get(s, user_id, false, &hs)) < 0)
		return r;
	*gidp = hs.n > 0 ? hs.v[hs.n - 1].gid : NK_ID_NOBODY;
	nk_keyfile_homes_clear(&hs);
	return 0;
}

/*
 * What naskeys has written into the user's other homes may have been copied
 * into this one, and what it has written here for somebody who has gone is
 * this user's to take back.
 */
static int
inherit(struct nk_store *s, const struct nk_keyfile_home *row)
{
	struct nk_keyfile_homes others;
	struct nk_keyfile_home *h = NULL;
	size_t i;
	int r;

	r = nk_keyfile_homes_get(s, row->user_id, false, &others);
	for (i = 0; r == 0 && i < others.n; i++)
		if (others.v[i].id != row->id)
			r = nk_keyfile_lines_copy(s, others.v[i].id, row->id);
	nk_keyfile_homes_clear(&others);
	while (r == 0 && (r = nk_keyfile_home_of_other(s, row->user_id,
	    row->home, &h)) == 0) {
		if ((r = nk_keyfile_lines_copy(s, h->id, row->id)) == 0)
			r = nk_keyfile_home_delete(s, h->id);
		nk_keyfile_home_free(h);
	}
	return r == -ENOENT ? 0 : r;
}

/*
 * It is pending: what it will say is among its lines from now on.  One that
 * waited already may have been left for another home meanwhile.
 */
static int
write_row(struct nk_store *s, struct nk_keyfile_home *row, bool waited,
    bool bound, const struct nk_filetext *t)
{
	bool fresh = row->id == 0;
	int r;

	row->pending = true;
	if ((r = nk_keyfile_home_put(s, row)) == 0 && (fresh || waited))
		r = inherit(s, row);
	return r < 0 ? r : nk_home_lines_add(s, row->id, t,
	    waited && bound);
}

/* row: as the store has it, or a new one. */
static int
note_row(struct nk_store *s, const struct nk_user *u,
    struct nk_keyfile_home *row, bool keys, bool bound, int64_t now)
{
	const struct nk_keyfile_home old = *row;
	struct nk_filetext t;
	bool changed;
	int r;

	row->uid = u->uid;
	if (u->group_id != 0)
		r = gid_of(s, u, &row->gid);
	else
		r = row->id != 0 ? 0 : gid_elsewhere(s, u->id, &row->gid);
	if (r < 0)
		return r;
	changed = row->id == 0 || row->uid != old.uid || row->gid != old.gid;
	if ((r = nk_filetext_make(s, u, now, &t)) < 0)
		return r;
	r = changed || keys || row->pending ? 0 :
	    nk_home_lines_are(s, row->id, &t);
	if (r == 0)
		r = write_row(s, row, old.pending, bound, &t);
	nk_filetext_clear(&t);
	return r < 0 ? r : 0;
}

static int
note_current(struct nk_store *s, const struct nk_user *u, bool keys,
    bool bound, int64_t now, bool *pendingp)
{
	struct nk_keyfile_home fresh = { .user_id = u->id, .home = u->home };
	struct nk_keyfile_home *row;
	int r;

	r = nk_keyfile_home_get(s, u->id, u->home, &row);
	if (r < 0 && r != -ENOENT)
		return r;
	r = note_row(s, u, r < 0 ? &fresh : row, keys, bound, now);
	*pendingp = *pendingp || (row != NULL ? row->pending :
	    fresh.pending);
	nk_keyfile_home_free(row);
	return r;
}

/* ---- all files of a user ---- */

int
nk_home_note(struct nk_store *s, const struct nk_conf *c, int64_t user_id,
    bool keys, bool bound, int64_t now, bool *pendingp)
{
	struct nk_keyfile_homes hs = { NULL, 0 };
	const char *current = NULL;
	struct nk_user *u;
	size_t i;
	int r;

	*pendingp = false;
	r = nk_user_get(s, user_id, &u);
	if (r < 0 && r != -ENOENT)
		return r;
	if (u != NULL && nk_home_is_wanted(c, u, u->home)) {
		current = u->home;
		r = note_current(s, u, keys, bound, now, pendingp);
	} else {
		r = 0;
	}
	if (r == 0)
		r = nk_keyfile_homes_get(s, user_id, false, &hs);
	for (i = 0; r == 0 && i < hs.n; i++) {
		if (current != NULL && strcmp(hs.v[i].home, current) == 0)
			continue;
		*pendingp = true;
		if (hs.v[i].pending)
			continue;
		hs.v[i].pending = true;
		r = nk_keyfile_home_put(s, &hs.v[i]);
	}
	nk_keyfile_homes_clear(&hs);
	nk_user_free(u);
	return r;
}

static int
bury(struct nk_store *s, int64_t user_id, const char *fingerprint)
{
	struct nk_keyfile_homes hs;
	size_t i;
	int r;

	r = nk_keyfile_homes_get(s, user_id, false, &hs);
	for (i = 0; r == 0 && i < hs.n; i++) {
		hs.v[i].pending = true;
		if ((r = nk_keyfile_home_put(s, &hs.v[i])) == 0)
			r = nk_keyfile_line_bury(s, hs.v[i].id,
			    fingerprint);
	}
	nk_keyfile_homes_clear(&hs);
	return r;
}

/* ---- what an edit has touched ---- */

static int
remember(struct nk_ids *ids, int64_t id)
{
	int64_t *v;

	if (ids->n > 0 && ids->v[ids->n - 1] == id)
		return 0;
	if ((v = reallocarray(ids->v, ids->n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	ids->v = v;
	v[ids->n++] = id;
	return 0;
}

static int
note(struct nk_publisher *p, int64_t id, bool keys, int64_t now)
{
	bool pending;
	int r;

	r = nk_home_note(p->store, p->conf, id, keys, p->bound, now,
	    &pending);
	p->beyond = p->bound && r == -EDQUOT;
	p->written = r == 0 && !pending ? id : 0;
	return r == 0 && pending ? remember(&p->homes, id) : r;
}

static int
note_everybody(struct nk_publisher *p, int64_t now)
{
	struct nk_ids ids;
	size_t i;
	int r;

	r = nk_keyfile_home_users(p->store, &ids);
	for (i = 0; r == 0 && i < ids.n; i++)
		r = note(p, ids.v[i], true, now);
	nk_ids_clear(&ids);
	return r;
}

int
nk_publish_homes(struct nk_publisher *p, const struct nk_changes *cs)
{
	int64_t now = (int64_t)time(NULL);
	size_t i;
	int r = 0;

	if (cs == NULL)
		return note_everybody(p, now);
	for (i = 0; r == 0 && i < cs->n; i++)
		if (cs->v[i].kind == NK_CHANGE_USER ||
		    cs->v[i].kind == NK_CHANGE_KEYS)
			r = note(p, cs->v[i].id,
			    cs->v[i].kind == NK_CHANGE_KEYS, now);
	return r;
}

int
nk_publisher_bury(struct nk_publisher *p, int64_t user_id,
    const char *fingerprint)
{
	struct nk_ids ids = { NULL, 0 };
	size_t i;
	int r;

	if (p->lock == -1)
		return -EINVAL;
	if ((r = bury(p->store, user_id, fingerprint)) < 0)
		return r;
	if (user_id != 0)
		return remember(&p->homes, user_id);
	r = nk_keyfile_home_users(p->store, &ids);
	for (i = 0; r == 0 && i < ids.n; i++)
		r = remember(&p->homes, ids.v[i]);
	nk_ids_clear(&ids);
	return r;
}

const struct nk_ids *
nk_publisher_homes(const struct nk_publisher *p)
{
	return &p->homes;
}

bool
nk_publisher_homes_are_written(const struct nk_publisher *p, int64_t user_id)
{
	return user_id != 0 && p->written == user_id;
}
