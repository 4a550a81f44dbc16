/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/reader.h"
#include "lib/publish/central.h"
#include "lib/publish/compare.h"
#include "lib/publish/internal.h"
#include "lib/publish/revoked.h"
#include "lib/publish/sudofile.h"
#include "lib/publish/rows.h"

/*
 * Does every map say what the store says?  The maps are asked through the
 * reader, as logins ask them.  The long walk runs beside other people's
 * edits, and what it finds to differ is looked at again under the lock
 * before it is reported.
 */

#define SUSPECTS_MAX	1000
#define FAULT_MAX	512	/* bytes of a sentence */

struct suspects {
	int64_t	row[SUSPECTS_MAX];
	size_t	n;
	bool	more;		/* than fit */
	bool	extra;		/* the map shows another number */
};

struct verify {
	struct nk_publisher	*p;
	void			(*report)(void *arg, const char *what);
	void			*arg;
	struct nk_compare	 cmp;
	struct suspects		 users, groups;
	uint64_t		 nusers, ngroups;	/* that maps show */
	uint64_t		 nkeysets;	/* users with keys */
	bool			 rows_extra;	/* keys or secrets of nobody */
	bool			 locked;	/* report; else suspect */
	bool			 behind;	/* a map lacks changes */
	int			 bad;		/* 0 or -EBADMSG */
};

static void NK_PRINTF(2, 3)
fault(struct verify *v, const char *fmt, ...)
{
	char text[FAULT_MAX];
	va_list ap;

	va_start(ap, fmt);
	/* a long one is cut: it is for a person to read */
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->bad = -EBADMSG;
	v->report(v->arg, text);
}

static void
suspect(struct suspects *s, int64_t row)
{
	if (s->n < SUSPECTS_MAX)
		s->row[s->n++] = row;
	else
		s->more = true;
}

/* Something is wrong with the user: report it, or look at it again later. */
static int
user_fault(struct verify *v, const struct nk_plan_user *u, const char *what)
{
	if (v->locked)
		fault(v, "user %s (row %" PRId64 "): %s", u->put.name,
		    u->row, what);
	else
		suspect(&v->users, u->row);
	return 0;
}

static int
group_fault(struct verify *v, const struct nk_group *g, const char *what)
{
	if (v->locked)
		fault(v, "group %s (row %" PRId64 "): %s", g->name, g->id,
		    what);
	else
		suspect(&v->groups, g->id);
	return 0;
}

static void
views_close(struct verify *v)
{
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++)
		nk_view_close(&v->cmp.view[i]);
}

/* All maps as they are now.  A missing one is a fault; -ENOENT then. */
static int
views_open(struct verify *v)
{
	const struct nk_publish_file *f;
	char path[4096];
	size_t i;
	int n, r, ret = 0;

	views_close(v);
	for (i = 0; i < NK_PUB_MAPS; i++) {
		f = &nk_publish_files[i];
		n = snprintf(path, sizeof(path), "%s/%s", v->p->state->maps,
		    f->name);
		if (n < 0 || (size_t)n >= sizeof(path))
			return -ENAMETOOLONG;
		if ((r = nk_view_open(&v->cmp.view[i], -1, path, f->kind,
		    NK_VIEW_PREAD)) == 0) {
			v->cmp.view[i].alone = v->locked;
			continue;
		}
		fault(v, "%s: %s", f->name, r == -ENOENT ?
		    "it is missing" : "it cannot be read");
		ret = -ENOENT;
	}
	return ret;
}

static int
user_compare(struct verify *v, struct nk_plan_user *u)
{
	const char *what;
	int r;

	u->account = u->keys = true;
	if ((r = nk_plan_user_render(v->p->store, u)) < 0)
		return r;
	if ((what = nk_compare_user(&v->cmp, u)) != NULL)
		return user_fault(v, u, what);
	v->nkeysets += u->keyset.count > 0;
	return 0;
}

/* The walk owns the row: borrow it. */
static int
user_walk(void *arg, const struct nk_user *u)
{
	struct verify *v = arg;
	struct nk_user row = *u;
	struct nk_plan_user pu = { .row = u->id, .user = &row };
	int r;

	if (v->users.more && !v->locked)
		return -ECANCELED;	/* all are looked at again */
	v->nusers++;
	r = user_compare(v, &pu);
	pu.user = NULL;
	nk_plan_user_clear(&pu);
	return r;
}

static int
group_compare(struct verify *v, const struct nk_group *g)
{
	struct nk_ids ids = { NULL, 0 };
	const char *what;
	int r;

	if ((r = nk_members_of_group(v->p->store, g->id, &ids)) < 0)
		return r;
	if ((what = nk_compare_group(&v->cmp, g, ids.n)) != NULL)
		r = group_fault(v, g, what);
	nk_ids_clear(&ids);
	return r;
}

static int
group_walk(void *arg, const struct nk_group *g)
{
	struct verify *v = arg;

	if (v->groups.more && !v->locked)
		return -ECANCELED;
	if (!g->builtin)
		v->ngroups++;
	return group_compare(v, g);
}

/*
 * Users of the map that the store does not have.  A file that grows
 * meanwhile is looked at again under the lock.
 */
static int
users_extra(struct verify *v)
{
	struct nk_map_user m;
	struct nk_user *u;
	uint64_t pos = 0, n = 0;
	int r;

	while ((r = nk_map_user_next(&v->cmp.view[NK_PUB_ACCOUNTS], &pos,
	    &m)) != -ENOENT && r != -ESTALE) {
		n++;
		if (r < 0 && !v->locked)
			break;		/* every one is looked at again */
		if (r < 0) {
			fault(v, "accounts.map: a damaged user");
			continue;
		}
		if (!v->locked)
			continue;
		r = nk_user_get(v->p->store, (int64_t)m.row, &u);
		if (r == -ENOENT)
			fault(v, "user %s (row %" PRIu64 "): in accounts.map "
			    "and not in the store", m.name, m.row);
		else if (r < 0)
			return r;
		nk_user_free(r == 0 ? u : NULL);
	}
	if (!v->locked && (n != v->nusers || r != -ENOENT))
		v->users.extra = true;
	return 0;
}

/* And its groups. */
static int
groups_extra(struct verify *v)
{
	struct nk_map_group m;
	struct nk_group *g;
	uint64_t pos = 0, n = 0;
	int r;

	while ((r = nk_map_group_next(&v->cmp.view[NK_PUB_ACCOUNTS], &pos,
	    &m)) != -ENOENT && r != -ESTALE) {
		n++;
		if (r < 0 && !v->locked)
			break;
		if (r < 0) {
			fault(v, "accounts.map: a damaged group");
			continue;
		}
		if (!v->locked)
			continue;
		r = nk_group_get(v->p->store, (int64_t)m.row, &g);
		if (r == -ENOENT)
			fault(v, "group %s (row %" PRIu64 "): in accounts."
			    "map and not in the store", m.name, m.row);
		else if (r < 0)
			return r;
		nk_group_free(r == 0 ? g : NULL);
	}
	if (!v->locked && (n != v->ngroups || r != -ENOENT))
		v->groups.extra = true;
	return 0;
}

/*
 * Keys or secrets of users that the store does not have.  Rows are never
 * used again, so nobody is let in by them; yet they should be gone.
 */
static int
rows_extra(struct verify *v, enum nk_publish_map map,
    enum nk_record_kind kind, uint64_t expected)
{
	uint64_t pos = 0, n = 0, row;
	struct nk_user *u;
	int r;

	for (; nk_rows_next(&v->cmp.view[map], kind, &pos, &row) == 0; n++) {
		if (!v->locked)
			continue;
		r = nk_user_get(v->p->store, (int64_t)row, &u);
		if (r == -ENOENT)
			fault(v, "%s: row %" PRIu64 " is of no user",
			    nk_publish_files[map].name, row);
		else if (r < 0)
			return r;
		nk_user_free(r == 0 ? u : NULL);
	}
	if (!v->locked && n != expected)
		v->rows_extra = true;
	return 0;
}

static int
compare(struct verify *v)
{
	int r;

	v->nusers = v->ngroups = v->nkeysets = 0;
	if ((r = nk_group_each(v->p->store, 0, group_walk, v)) < 0 ||
	    (r = nk_user_each(v->p->store, 0, user_walk, v)) < 0 ||
	    (r = users_extra(v)) < 0 || (r = groups_extra(v)) < 0 ||
	    (r = rows_extra(v, NK_PUB_KEYS, NK_RECORD_KEYSET,
	    v->nkeysets)) < 0)
		return r;
	return rows_extra(v, NK_PUB_SECRETS, NK_RECORD_SECRET, v->nusers);
}

static int
user_again(struct verify *v, int64_t row)
{
	struct nk_plan_user u = { .row = row };
	int r;

	if ((r = nk_user_get(v->p->store, row, &u.user)) == 0)
		r = user_compare(v, &u);
	nk_plan_user_clear(&u);
	return r == -ENOENT ? 0 : r;
}

static int
group_again(struct verify *v, int64_t row)
{
	struct nk_group *g;
	int r;

	if ((r = nk_group_get(v->p->store, row, &g)) < 0)
		return r == -ENOENT ? 0 : r;
	r = group_compare(v, g);
	nk_group_free(g);
	return r;
}

/* Once more, under the lock: what was only being edited is right now. */
static int
compare_again(struct verify *v)
{
	size_t i;
	int r = 0;

	if (v->users.more || v->groups.more)
		return compare(v);
	for (i = 0; i < v->users.n && r == 0; i++)
		r = user_again(v, v->users.row[i]);
	for (i = 0; i < v->groups.n && r == 0; i++)
		r = group_again(v, v->groups.row[i]);
	if (r == 0 && v->users.extra)
		r = users_extra(v);
	if (r == 0 && v->groups.extra)
		r = groups_extra(v);
	if (r == 0 && v->rows_extra)
		r = rows_extra(v, NK_PUB_KEYS, NK_RECORD_KEYSET, 0);
	if (r == 0 && v->rows_extra)
		r = rows_extra(v, NK_PUB_SECRETS, NK_RECORD_SECRET, 0);
	return r;
}

/* One map by itself, and how far it is. */
static int
map_check(struct verify *v, int dirfd, const struct nk_publish_file *f,
    int64_t seq)
{
	struct nk_mapwriter *w;
	int r;

	r = nk_mapwriter_look(&w, dirfd, f->name, f->kind, &v->p->id);
	if (r == -ENOENT || r == -ESTALE || r == -EBADMSG) {
		fault(v, "%s: it is %s: naskeysctl sync builds it anew",
		    f->name, r == -ENOENT ? "missing" : r == -EBADMSG ?
		    "damaged" : "of another boot or of another store");
		return 0;
	}
	if (r < 0)
		return r;
	if (nk_mapwriter_published(w) != (uint64_t)seq)
		v->behind = true;
	r = nk_mapwriter_verify(w, v->report, v->arg);
	if (r == -EBADMSG) {
		v->bad = r;
		r = 0;
	}
	nk_mapwriter_free(w);
	return r;
}

static int
verify_revoked(struct nk_store *s, const struct nk_state *state,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct nk_revoked_file f;
	int r;

	if ((r = nk_revoked_file_make(s, &f)) == 0)
		r = nk_revoked_file_compare(state, &f);
	nk_revoked_file_clear(&f);
	if (r == 0 || r == -ENOMEM)
		return r;
	report(arg, r == -ENOENT ? "revoked.krl: it is missing, and sshd "
	    "refuses every key where RevokedKeys names it" : r == -EPERM ?
	    "revoked.krl: it is no file of our own that everybody can read "
	    "and only we can write" : r == -EBADMSG ? "revoked.krl: it does "
	    "not say which keys are revoked" :
	    "revoked.krl: it cannot be read");
	return -EBADMSG;
}

int
nk_publisher_verify_files(struct nk_store *s, const struct nk_state *state,
    void (*report)(void *arg, const char *what), void *arg)
{
	int sudo, central, r;

	r = verify_revoked(s, state, report, arg);
	if (r < 0 && r != -EBADMSG)
		return r;
	sudo = nk_sudo_file_verify(s, state, report, arg);
	if (sudo < 0 && sudo != -EBADMSG)
		return sudo;
	if (r == 0)
		r = sudo;
	central = nk_central_verify(s, state, report, arg);
	return central < 0 ? central : r;
}

/* Under the lock. */
static int
maps_check(struct verify *v)
{
	struct nk_publisher *p = v->p;
	struct nk_map_settings s;
	int dirfd, r;
	int64_t seq;
	size_t i;

	if (nk_map_settings(&v->cmp.view[NK_PUB_ACCOUNTS], &s) < 0 ||
	    s.managed_gid != p->state->managed_gid ||
	    s.min_id != p->conf->min_id ||
	    s.flags != (p->conf->shadow_hashes ? NK_MAP_SHADOW_HASHES : 0))
		fault(v, "accounts.map: other settings than "
		    "naskeys.conf has");
	if ((r = nk_store_seq(p->store, &seq)) < 0 ||
	    (r = nk_publish_folder(p, &dirfd)) < 0)
		return r;
	for (i = 0; i < NK_PUB_MAPS && r == 0; i++)
		r = map_check(v, dirfd, &nk_publish_files[i], seq);
	(void)close(dirfd);
	if (v->behind)
		fault(v, "the maps lack changes that are in the store: "
		    "naskeysctl sync brings them up to date");
	return r;
}

int
nk_publisher_verify(struct nk_publisher *p,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct verify *v;
	size_t i;
	int r;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return -ENOMEM;
	v->p = p;
	v->report = report;
	v->arg = arg;
	for (i = 0; i < NK_PUB_MAPS; i++)
		v->cmp.view[i] = NK_VIEW_NONE;
	if ((r = nk_store_verify(p->store, report, arg)) == -EBADMSG)
		v->bad = r;
	else if (r < 0)
		goto out;
	if ((r = views_open(v)) < 0) {
		r = r == -ENOENT ? 0 : r;	/* reported */
		goto out;
	}
	if (((r = compare(v)) < 0 && r != -ECANCELED) ||
	    (r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		goto out;
	v->locked = true;
	r = nk_publisher_verify_files(p->store, p->state, report, arg);
	if (r == -EBADMSG) {
		v->bad = r;
		r = 0;
	}
	if (r == 0 && (r = views_open(v)) == 0 && (r = maps_check(v)) == 0)
		r = compare_again(v);
	if (r == -ENOENT)
		r = 0;			/* reported */
	nk_publish_unlock(p);
 out:
	views_close(v);
	if (r == 0)
		r = v->bad;
	free(v);
	return r;
}
