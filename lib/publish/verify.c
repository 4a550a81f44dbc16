/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/reader.h"
#include "lib/publish/internal.h"
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
	struct nk_view		 view[NK_PUB_MAPS];
	struct suspects		 users, groups;
	uint64_t		 nusers, ngroups;	/* that maps show */
	uint64_t		 nkeysets;	/* users with keys */
	bool			 rows_extra;	/* keys or secrets of nobody */
	bool			 locked;	/* report; else suspect */
	int			 bad;		/* 0 or -EBADMSG */
	uint8_t			 line[NK_RECORD_MAX];
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
		nk_view_close(&v->view[i]);
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
		if ((r = nk_view_open(&v->view[i], -1, path, f->kind,
		    NK_VIEW_PREAD)) == 0)
			continue;
		fault(v, "%s: %s", f->name, r == -ENOENT ?
		    "it is missing" : "it cannot be read");
		ret = -ENOENT;
	}
	return ret;
}

static bool
groups_equal(const struct nk_put_user *put, const struct nk_map_user *m)
{
	uint32_t i;

	for (i = 0; i < put->ngroups; i++)
		if (!nk_map_user_in_group(m, put->groups[i].group_row))
			return false;
	return true;
}

/* Groups that are there no more do not count, wherever they stand. */
static bool
groups_too_many(struct verify *v, const struct nk_put_user *put,
    const struct nk_map_user *m)
{
	struct nk_map_group g;
	uint32_t i, j;

	for (i = 0; i < m->ngroups; i++) {
		for (j = 0; j < put->ngroups; j++)
			if (put->groups[j].group_row ==
			    m->groups[i].group_row)
				break;
		if (j == put->ngroups && nk_map_group_by_row(
		    &v->view[NK_PUB_ACCOUNTS], m->groups[i].group_row,
		    &g) != -ENOENT)
			return true;
	}
	return false;
}

static const char *
account_differs(struct verify *v, const struct nk_put_user *put)
{
	const struct nk_view *view = &v->view[NK_PUB_ACCOUNTS];
	struct nk_map_user m;

	if (nk_map_user_by_row(view, put->row, &m) < 0)
		return "not found in accounts.map by its row";
	if (m.generation != put->generation)
		return "another generation in accounts.map";
	if (m.uid != put->uid || m.gid != put->gid || m.flags != put->flags ||
	    m.expires_at != put->expires_at ||
	    strcmp(m.name, put->name) != 0 ||
	    strcmp(m.gecos, put->gecos) != 0 ||
	    strcmp(m.home, put->home) != 0 ||
	    strcmp(m.shell, put->shell) != 0)
		return "another account in accounts.map";
	if (!groups_equal(put, &m) || groups_too_many(v, put, &m))
		return "other groups in accounts.map";
	if (nk_map_user_by_name(view, put->name, strlen(put->name), &m) < 0 ||
	    m.row != put->row)
		return "not found in accounts.map by its name";
	if ((put->flags & NK_USER_MANAGED) != 0 &&
	    (nk_map_user_by_uid(view, put->uid, &m) < 0 ||
	    m.row != put->row))
		return "not found in accounts.map by its uid";
	return NULL;
}

static const char *
secret_differs(struct verify *v, const struct nk_put_secret *put)
{
	struct nk_map_secret m;
	const char *what = NULL;

	if (nk_map_secret_find(&v->view[NK_PUB_SECRETS], put->row,
	    put->generation[1], &m) < 0)
		return "not found in secrets.map";
	if (m.flags != put->flags || m.last_change != put->last_change ||
	    m.min_days != put->min_days || m.max_days != put->max_days ||
	    m.warn_days != put->warn_days ||
	    m.inactive_days != put->inactive_days ||
	    strcmp(m.hash, put->hash) != 0)
		what = "another secret in secrets.map";
	else if (m.generation[0] != put->generation[1] ||
	    m.generation[1] != put->generation[1])
		what = "its secret is valid for another generation too";
	explicit_bzero(&m, sizeof(m));
	return what;
}

static bool
line_equal(struct verify *v, const struct nk_keyset_entry *e, uint64_t row,
    const struct nk_put_keyline *put)
{
	struct nk_map_keyline m;

	return nk_map_keyline_at(&v->view[NK_PUB_KEYS], e->unit, row,
	    v->line, sizeof(v->line), &m) == 0 &&
	    m.expires_at == put->expires_at && m.flags == put->flags &&
	    m.text_len == put->text_len &&
	    memcmp(m.text, put->text, m.text_len) == 0 &&
	    m.type_len == put->type_len &&
	    memcmp(m.type, put->text + put->type_at, m.type_len) == 0 &&
	    m.blob_len == put->blob_len &&
	    memcmp(m.blob, put->text + put->blob_at, m.blob_len) == 0;
}

static const char *
keys_differ(struct verify *v, const struct nk_put_keyset *put)
{
	struct nk_map_keyset m;
	uint32_t i;
	int r;

	r = nk_map_keyset_find(&v->view[NK_PUB_KEYS], put->row,
	    put->generation[1], &m);
	if (r == -ENOENT && put->count == 0)
		return NULL;
	if (r < 0)
		return "not found in keys.map";
	if (m.count != put->count)
		return "more or fewer keys in keys.map";
	for (i = 0; i < m.count; i++)
		if (!line_equal(v, &m.entries[i], put->row, &put->lines[i]))
			return "another key in keys.map";
	if (m.generation[0] != put->generation[1] ||
	    m.generation[1] != put->generation[1])
		return "its keys are valid for another generation too";
	return NULL;
}

static int
user_compare(struct verify *v, struct nk_plan_user *u)
{
	const char *what;
	int r;

	u->account = u->keys = true;
	if ((r = nk_plan_user_render(v->p->store, u)) < 0)
		return r;
	if ((what = account_differs(v, &u->put)) != NULL ||
	    (what = secret_differs(v, &u->secret)) != NULL ||
	    (what = keys_differ(v, &u->keyset)) != NULL)
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

	v->nusers++;
	r = user_compare(v, &pu);
	pu.user = NULL;
	nk_plan_user_clear(&pu);
	return r;
}

/* How many members the map shows, as getgrnam(3) would. */
static int
members_count(struct verify *v, const struct nk_map_group *g, uint64_t *np)
{
	const struct nk_view *view = &v->view[NK_PUB_ACCOUNTS];
	struct nk_map_members m;
	struct nk_map_user u;
	uint32_t unit, i;
	int r;

	for (unit = g->members; unit != 0; unit = m.next) {
		if ((r = nk_map_members_at(view, unit, g->row, &m)) < 0)
			return r;
		for (i = 0; i < m.count; i++)
			if (nk_map_user_by_row(view, m.rows[i], &u) == 0 &&
			    nk_map_user_in_chunk(&u, g->row, unit))
				++*np;
	}
	return 0;
}

static int
group_compare(struct verify *v, const struct nk_group *g)
{
	const struct nk_view *view = &v->view[NK_PUB_ACCOUNTS];
	struct nk_ids ids = { NULL, 0 };
	struct nk_map_group m, other;
	uint64_t n = 0;
	int r;

	r = nk_map_group_by_row(view, (uint64_t)g->id, &m);
	if (g->builtin)
		return r == -ENOENT ? 0 : group_fault(v, g,
		    "it must not stand in accounts.map");
	if (r < 0)
		return group_fault(v, g, "not found in accounts.map");
	if (m.gid != g->gid || strcmp(m.name, g->name) != 0)
		return group_fault(v, g, "another group in accounts.map");
	if (nk_map_group_by_name(view, g->name, strlen(g->name),
	    &other) < 0 || other.row != m.row ||
	    nk_map_group_by_gid(view, g->gid, &other) < 0 ||
	    other.row != m.row)
		return group_fault(v, g,
		    "not found in accounts.map by its name or gid");
	if ((r = nk_members_of_group(v->p->store, g->id, &ids)) < 0)
		return r;
	if (members_count(v, &m, &n) < 0 || n != ids.n)
		r = group_fault(v, g, "other members in accounts.map");
	nk_ids_clear(&ids);
	return r;
}

static int
group_walk(void *arg, const struct nk_group *g)
{
	struct verify *v = arg;

	if (!g->builtin)
		v->ngroups++;
	return group_compare(v, g);
}

/* Users of the map that the store does not have. */
static int
users_extra(struct verify *v)
{
	struct nk_map_user m;
	struct nk_user *u;
	uint64_t pos = 0, n = 0;
	int r;

	while ((r = nk_map_user_next(&v->view[NK_PUB_ACCOUNTS], &pos,
	    &m)) != -ENOENT) {
		n++;
		if (r < 0) {
			if (v->locked)
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
	if (!v->locked && n != v->nusers)
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

	while ((r = nk_map_group_next(&v->view[NK_PUB_ACCOUNTS], &pos,
	    &m)) != -ENOENT) {
		n++;
		if (r < 0) {
			if (v->locked)
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
	if (!v->locked && n != v->ngroups)
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

	for (; nk_rows_next(&v->view[map], kind, &pos, &row) == 0; n++) {
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

/* Each map by itself, and how far it is; under the lock. */
static int
maps_check(struct verify *v)
{
	struct nk_publisher *p = v->p;
	struct nk_map_settings s;
	int64_t seq;
	size_t i;
	int r;

	if (nk_map_settings(&v->view[NK_PUB_ACCOUNTS], &s) < 0 ||
	    s.managed_gid != p->state->managed_gid ||
	    s.min_id != p->conf->min_id ||
	    s.flags != (p->conf->shadow_hashes ? NK_MAP_SHADOW_HASHES : 0))
		fault(v, "accounts.map: other settings than "
		    "naskeys.conf has");
	if ((r = nk_publish_refresh(p)) == -ESTALE) {
		fault(v, "a map is missing, damaged, of another boot or of "
		    "another store: naskeysctl sync builds it anew");
		return 0;
	}
	if (r < 0 || (r = nk_store_seq(p->store, &seq)) < 0)
		return r;
	if (nk_publish_published(p) != seq)
		fault(v, "the maps lack changes that are in the store: "
		    "naskeysctl sync brings them up to date");
	for (i = 0; i < NK_PUB_MAPS; i++) {
		r = nk_mapwriter_verify(p->map[i], v->report, v->arg);
		if (r == -EBADMSG)
			v->bad = r;
		else if (r < 0)
			return r;
	}
	return 0;
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
		v->view[i] = NK_VIEW_NONE;
	if ((r = nk_store_verify(p->store, report, arg)) == -EBADMSG)
		v->bad = r;
	else if (r < 0)
		goto out;
	if ((r = views_open(v)) < 0) {
		r = r == -ENOENT ? 0 : r;	/* reported */
		goto out;
	}
	if ((r = compare(v)) < 0 ||
	    (r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		goto out;
	v->locked = true;
	if ((r = views_open(v)) == 0 && (r = maps_check(v)) == 0)
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
