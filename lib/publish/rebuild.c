/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>

#include "lib/publish/internal.h"
#include "lib/publish/keymap.h"
#include "lib/store/failures.h"

/*
 * All maps from the store, in bulk and in the order of rows: groups, then
 * users with their secrets, and behind or beside them keys (keymap.h).
 * Memberships, generations and who has a second factor are kept in plain
 * arrays meanwhile, which costs less than asking the store for each user.
 */

#define PROGRESS_EVERY	8192
#define ROWS_EVERY	1024	/* whoever builds the keys is told of them */

struct group_gid {
	int64_t		row;
	uint32_t	gid;
	bool		builtin;
};

struct member {
	int64_t		user, group;
};

struct build {
	struct nk_publisher	*p;
	struct nk_rebuild	*b;
	struct group_gid	*groups;
	size_t			 ngroups, groups_room;
	struct member		*members;
	size_t			 nmembers, members_room, member;
	int64_t			*otps;		/* users, in order */
	size_t			 notps, otps_room, otp;
	struct nk_put_group_ref	 refs[NK_USER_GROUPS_MAX];
	struct nk_keymap	*keys;
	struct nk_lockout	*lockouts;
	size_t			 nlockouts;
	int64_t			 done, all;
	void			(*progress)(void *arg, int64_t done,
				    int64_t all);
	void			*arg;
};

/* Room for one more element of that size in *vp. */
static int
grow(void **vp, size_t n, size_t *roomp, size_t size)
{
	size_t room = *roomp;
	void *v;

	if (n < room)
		return 0;
	room = room == 0 ? 64 : room * 2;
	if ((v = reallocarray(*vp, room, size)) == NULL)
		return -ENOMEM;
	*vp = v;
	*roomp = room;
	return 0;
}

static int
group_load(void *arg, const struct nk_group *g)
{
	struct build *b = arg;
	void *v = b->groups;
	int r;

	if ((r = grow(&v, b->ngroups, &b->groups_room,
	    sizeof(*b->groups))) < 0)
		return r;
	b->groups = v;
	b->groups[b->ngroups++] = (struct group_gid){ g->id, g->gid,
	    g->builtin };
	return 0;
}

static int
member_load(void *arg, int64_t user, int64_t group)
{
	struct build *b = arg;
	void *v = b->members;
	int r;

	if ((r = grow(&v, b->nmembers, &b->members_room,
	    sizeof(*b->members))) < 0)
		return r;
	b->members = v;
	b->members[b->nmembers++] = (struct member){ user, group };
	return 0;
}

static int
otp_load(void *arg, const struct nk_otp *o)
{
	struct build *b = arg;
	void *v = b->otps;
	int r;

	if ((r = grow(&v, b->notps, &b->otps_room, sizeof(*b->otps))) < 0)
		return r;
	b->otps = v;
	b->otps[b->notps++] = o->user_id;
	return 0;
}

/* Users come in the order of rows, and so do second factors. */
static bool
has_otp(struct build *b, int64_t user)
{
	while (b->otp < b->notps && b->otps[b->otp] < user)
		b->otp++;
	return b->otp < b->notps && b->otps[b->otp] == user;
}

static int
group_compare(const void *va, const void *vb)
{
	const struct group_gid *a = va, *b = vb;

	return (a->row > b->row) - (a->row < b->row);
}

/* The store's invariants say that it is there. */
static const struct group_gid *
group_find(const struct build *b, int64_t row)
{
	const struct group_gid key = { .row = row };

	if (b->ngroups == 0)
		return NULL;
	return bsearch(&key, b->groups, b->ngroups, sizeof(key),
	    group_compare);
}

static int
group_write(void *arg, const struct nk_group *g)
{
	struct build *b = arg;
	const struct nk_put_group put = {
		.row = (uint64_t)g->id,
		.gid = g->gid,
		.name = g->name,
	};

	if (g->builtin)
		return 0;
	return nk_mapwriter_put_group(b->b->map[NK_PUB_ACCOUNTS], &put);
}

/* Users come in the order of rows, and so do memberships. */
static int
user_groups(struct build *b, const struct nk_user *u,
    struct nk_put_user *put)
{
	const struct group_gid *g;

	if (u->group_id != 0) {
		if ((g = group_find(b, u->group_id)) == NULL)
			return -EBADMSG;
		put->gid = g->gid;
	}
	put->groups = b->refs;
	while (b->member < b->nmembers &&
	    b->members[b->member].user < u->id)
		b->member++;
	for (; b->member < b->nmembers &&
	    b->members[b->member].user == u->id; b->member++) {
		if ((g = group_find(b, b->members[b->member].group)) == NULL)
			return -EBADMSG;
		if (g->builtin)
			continue;
		if (put->ngroups == NK_USER_GROUPS_MAX)
			return -E2BIG;
		b->refs[put->ngroups++] = (struct nk_put_group_ref){
		    (uint64_t)g->row, g->gid };
	}
	return 0;
}

/* The generation that readers of the old file see, or the new one. */
static uint64_t
generation_before(const struct nk_publisher *p, const struct nk_user *u)
{
	uint64_t from;

	if (p->map[NK_PUB_ACCOUNTS] == NULL ||
	    nk_mapwriter_user_generation(p->map[NK_PUB_ACCOUNTS],
	    (uint64_t)u->id, &from) < 0)
		return (uint64_t)u->generation;
	return from;
}

/* There is room for all users: rows_make(). */
static int
row_note(struct build *b, const struct nk_user *u, uint64_t from)
{
	struct nk_rebuild *rb = b->b;

	if (rb->nrows == rb->room)
		return -EBADMSG;	/* more than were counted */
	rb->rows[rb->nrows++] = (struct nk_rebuild_row){ u->id, from,
	    (uint64_t)u->generation };
	rb->widened += from != (uint64_t)u->generation;
	if (rb->nrows % ROWS_EVERY == 0)
		nk_keymap_rows(b->keys);
	return 0;
}

static int
rows_make(struct nk_rebuild *b, int64_t users)
{
	b->room = (size_t)users;
	b->rows = calloc(b->room > 0 ? b->room : 1, sizeof(*b->rows));
	return b->rows != NULL ? 0 : -ENOMEM;
}

/*
 * Who is locked out is not in the store.  Without session.db nobody is:
 * a map without it would keep everybody out.
 */
static void
lockouts_load(struct build *b)
{
	struct nk_session *s = NULL;

	if (b->p->state->session != NULL &&
	    nk_session_open(&s, b->p->state->session) == 0 &&
	    nk_lockouts_get(s, nk_session_now(), &b->lockouts,
	    &b->nlockouts) < 0)
		b->nlockouts = 0;
	nk_session_close(s);
}

static int
compare_lockouts(const void *a, const void *b)
{
	const struct nk_lockout *x = a, *y = b;

	return (x->user_id > y->user_id) - (x->user_id < y->user_id);
}

static int64_t
locked_until(const struct build *b, int64_t user_id)
{
	const struct nk_lockout key = { .user_id = user_id }, *found = NULL;

	if (b->nlockouts > 0)
		found = bsearch(&key, b->lockouts, b->nlockouts,
		    sizeof(key), compare_lockouts);
	return found != NULL ? found->until : 0;
}

static int
user_write(void *arg, const struct nk_user *u)
{
	struct build *b = arg;
	struct nk_put_user put;
	struct nk_put_secret secret;
	int r;

	nk_render_user(u, &put);
	nk_render_secret(u, has_otp(b, u->id), &secret);
	secret.generation[0] = generation_before(b->p, u);
	secret.locked_until = locked_until(b, u->id);
	if ((r = row_note(b, u, secret.generation[0])) < 0 ||
	    (r = user_groups(b, u, &put)) < 0 ||
	    (r = nk_mapwriter_put_user(b->b->map[NK_PUB_ACCOUNTS],
	    &put)) < 0 ||
	    (r = nk_mapwriter_put_secret(b->b->map[NK_PUB_SECRETS],
	    &secret)) < 0)
		return r;
	if (++b->done % PROGRESS_EVERY == 0 && b->progress != NULL)
		b->progress(b->arg, b->done, b->all);
	return 0;
}

static int
files_create(struct nk_publisher *p, struct nk_rebuild *b, int64_t users,
    size_t groups)
{
	const struct nk_map_hint hint = {
		.users = (uint64_t)users,
		.groups = groups,
	};
	const struct nk_publish_file *f;
	size_t i;
	int r;

	for (i = 0; i < NK_PUB_MAPS; i++) {
		f = &nk_publish_files[i];
		if ((r = nk_mapwriter_create(&b->map[i], p->dirfd, f->name,
		    f->kind, &p->id, &hint, f->mode, p->state->owner,
		    i == NK_PUB_KEYS ? p->state->keys_gid :
		    UINT32_MAX)) < 0)	/* the others: the group at hand */
			return r;
	}
	return nk_publish_settings(p, b->map[NK_PUB_ACCOUNTS]);
}

static int
keys_end(struct build *b)
{
	struct nk_keymap *k = b->keys;

	b->keys = NULL;
	return nk_keymap_end(k, false);
}

int
nk_rebuild_make(struct nk_publisher *p, int64_t seq, struct nk_rebuild *b,
    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
{
	struct build bu = { .p = p, .b = b, .progress = progress,
	    .arg = arg };
	size_t i;
	int r;

	*b = (struct nk_rebuild){ 0 };
	lockouts_load(&bu);
	if ((r = nk_user_count(p->store, &bu.all)) < 0 ||
	    (r = nk_group_each(p->store, 0, group_load, &bu)) < 0 ||
	    (r = nk_member_each(p->store, member_load, &bu)) < 0 ||
	    (r = nk_otp_each(p->store, 0, otp_load, &bu)) < 0 ||
	    (r = rows_make(b, bu.all)) < 0 ||
	    (r = files_create(p, b, bu.all, bu.ngroups)) < 0 ||
	    (r = nk_keymap_begin(&bu.keys, p, b, seq)) < 0 ||
	    (r = nk_group_each(p->store, 0, group_write, &bu)) < 0 ||
	    (r = nk_user_each_mapped(p->store, user_write, &bu)) < 0 ||
	    (r = nk_mapwriter_finish(b->map[NK_PUB_ACCOUNTS])) < 0 ||
	    (r = nk_mapwriter_finish(b->map[NK_PUB_SECRETS])) < 0 ||
	    (r = keys_end(&bu)) < 0)
		goto out;
	b->seq = seq;
	for (i = 0; i < NK_PUB_MAPS; i++) {
		/* the accounts are not done until the rest is narrowed */
		if (i == NK_PUB_ACCOUNTS && b->widened > 0)
			continue;
		if ((r = nk_mapwriter_set_published(b->map[i],
		    (uint64_t)seq)) < 0)
			goto out;
	}
	if (progress != NULL)
		progress(arg, bu.done, bu.all);
 out:
	(void)nk_keymap_end(bu.keys, true);	/* r says what went wrong */
	free(bu.groups);
	free(bu.members);
	free(bu.otps);
	free(bu.lockouts);
	if (r < 0)
		nk_rebuild_clear(b);
	return r;
}

/* The old generations of accounts that have a new one are gone. */
static int
rows_narrow(struct nk_publisher *p, const struct nk_rebuild *b)
{
	const struct nk_rebuild_row *row;
	size_t i;
	int r;

	if (b->widened == 0)
		return 0;
	for (i = 0; i < b->nrows; i++) {
		row = &b->rows[i];
		if (row->from == row->to)
			continue;
		const uint64_t generation[2] = { row->to, row->to };
		if ((r = nk_mapwriter_keyset_generations(p->map[NK_PUB_KEYS],
		    (uint64_t)row->row, generation)) < 0 ||
		    (r = nk_mapwriter_secret_generations(
		    p->map[NK_PUB_SECRETS], (uint64_t)row->row,
		    generation)) < 0)
			return r;
	}
	return nk_mapwriter_set_published(p->map[NK_PUB_ACCOUNTS],
	    (uint64_t)b->seq);
}

int
nk_rebuild_install(struct nk_publisher *p, struct nk_rebuild *b)
{
	size_t i;
	int r;

	for (i = 0; i < NK_PUB_MAPS; i++) {
		if ((r = nk_mapwriter_install(b->map[i])) < 0)
			return r;
		nk_mapwriter_free(p->map[i]);
		p->map[i] = b->map[i];
		b->map[i] = NULL;
	}
	return rows_narrow(p, b);
}

void
nk_rebuild_clear(struct nk_rebuild *b)
{
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++)
		nk_mapwriter_free(b->map[i]);
	free(b->rows);
	*b = (struct nk_rebuild){ 0 };
}
