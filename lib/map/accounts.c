/* SPDX-License-Identifier: ISC */

/* Users and groups: accounts.map. */

#include <errno.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/map/reader.h"
#include "lib/map/record.h"

/* How far ahead an enumeration fetches records. */
#define AHEAD		4u

_Static_assert(sizeof(struct nk_user_record) == 64, "no padding");
_Static_assert(sizeof(struct nk_user_group) == 16, "no padding");
_Static_assert(sizeof(struct nk_group_record) == 40, "no padding");
_Static_assert(sizeof(struct nk_members_record) == 32, "no padding");

/* What is sought: by says which of the others counts. */
struct want {
	enum { BY_ROW, BY_NAME, BY_ID } by;
	const char	*name;
	size_t		 len;
	uint64_t	 row;
	uint32_t	 id;
};

int
nk_user_take(struct nk_map_user *u)
{
	const struct nk_user_record *rec = (const void *)u->page;

	if (rec->r.length < sizeof(*rec) ||
	    (u->name = nk_user_text(rec)) == NULL)
		return -EIO;
	u->gecos = u->name + rec->name_len + 1;
	u->home = u->gecos + rec->gecos_len + 1;
	u->shell = u->home + rec->home_len + 1;
	u->row = rec->r.row;
	u->generation = rec->generation;
	u->expires_at = rec->expires_at;
	u->uid = rec->uid;
	u->gid = rec->gid;
	u->flags = rec->flags;
	u->ngroups = rec->ngroups;
	u->groups = (const void *)(u->page + sizeof(*rec));
	u->name_len = rec->name_len;
	u->gecos_len = rec->gecos_len;
	u->home_len = rec->home_len;
	u->shell_len = rec->shell_len;
	return 0;
}

int
nk_user_at(const struct nk_view *v, uint32_t unit, struct nk_map_user *u)
{
	int r = nk_page_load(v, unit, NK_RECORD_USER, u->page);

	return r < 0 ? r : nk_user_take(u);
}

int
nk_group_take(struct nk_map_group *g)
{
	const struct nk_group_record *rec = (const void *)g->page;

	if (rec->r.length < sizeof(*rec) ||
	    (g->name = nk_group_text(rec)) == NULL)
		return -EIO;
	g->row = rec->r.row;
	g->gid = rec->gid;
	g->members = rec->members;
	g->name_len = rec->name_len;
	return 0;
}

int
nk_group_at(const struct nk_view *v, uint32_t unit, struct nk_map_group *g)
{
	int r = nk_page_load(v, unit, NK_RECORD_GROUP, g->page);

	return r < 0 ? r : nk_group_take(g);
}

int
nk_members_at(const struct nk_view *v, uint32_t unit,
    struct nk_map_members *m)
{
	struct nk_members_record rec;
	struct nk_rest rest;
	const uint8_t *rows;
	int r;

	if ((r = nk_page_load(v, unit, NK_RECORD_MEMBERS, m->page)) < 0)
		return r;
	memcpy(&rec, m->page, sizeof(rec));
	if (rec.r.length < sizeof(rec) || rec.next >= unit)
		return -EIO;
	rest.p = m->page + sizeof(rec);
	rest.left = rec.r.length - sizeof(rec);
	if ((rows = nk_take_array(&rest, rec.count,
	    sizeof(uint64_t))) == NULL || rest.left != 0)
		return -EIO;
	m->group_row = rec.r.row;
	m->next = rec.next;
	m->count = rec.count;
	m->rows = (const uint64_t *)(const void *)rows;
	return 0;
}

static inline bool
is_user(const struct nk_map_user *u, const struct want *want)
{
	switch (want->by) {
	case BY_ROW:
		return u->row == want->row;
	case BY_NAME:
		return u->name_len == want->len &&
		    memcmp(u->name, want->name, want->len) == 0;
	case BY_ID:
		return u->uid == want->id &&
		    (u->flags & NK_USER_MANAGED) != 0;
	}
	return false;
}

static inline bool
is_group(const struct nk_map_group *g, const struct want *want)
{
	switch (want->by) {
	case BY_ROW:
		return g->row == want->row;
	case BY_NAME:
		return g->name_len == want->len &&
		    memcmp(g->name, want->name, want->len) == 0;
	case BY_ID:
		return g->gid == want->id;
	}
	return false;
}

static int
find_user(const struct nk_view *v, uint32_t table, struct nk_hash key,
    const struct want *want, struct nk_map_user *u)
{
	struct nk_probe p;
	uint32_t unit;
	int r;

	if (v->kind != NK_MAP_KIND_ACCOUNTS)
		return -EIO;
	nk_probe_init(&p, v, table, key);
	while ((r = nk_probe_get(&p, &unit)) == 0) {
		r = nk_user_at(v, unit, u);
		if (r == -EAGAIN && nk_probe_again(&p))
			continue;
		if (r < 0)
			return r == -EAGAIN ? -EIO : r;
		if (is_user(u, want))
			return 0;
		nk_probe_step(&p);
	}
	return r;
}

static int
find_group(const struct nk_view *v, uint32_t table, struct nk_hash key,
    const struct want *want, struct nk_map_group *g)
{
	struct nk_probe p;
	uint32_t unit;
	int r;

	if (v->kind != NK_MAP_KIND_ACCOUNTS)
		return -EIO;
	nk_probe_init(&p, v, table, key);
	while ((r = nk_probe_get(&p, &unit)) == 0) {
		r = nk_group_at(v, unit, g);
		if (r == -EAGAIN && nk_probe_again(&p))
			continue;
		if (r < 0)
			return r == -EAGAIN ? -EIO : r;
		if (is_group(g, want))
			return 0;
		nk_probe_step(&p);
	}
	return r;
}

int
nk_map_user_by_name(const struct nk_view *v, const char *name, size_t len,
    struct nk_map_user *u)
{
	struct want want = { .by = BY_NAME, .name = name, .len = len };

	return find_user(v, NK_TABLE_USER_NAME,
	    nk_key_of_name(v->salt, name, len), &want, u);
}

int
nk_map_user_by_uid(const struct nk_view *v, uint32_t uid,
    struct nk_map_user *u)
{
	struct want want = { .by = BY_ID, .id = uid };

	return find_user(v, NK_TABLE_USER_UID, nk_key_of_id(v->salt, uid),
	    &want, u);
}

int
nk_map_user_by_row(const struct nk_view *v, uint64_t row,
    struct nk_map_user *u)
{
	struct want want = { .by = BY_ROW, .row = row };

	return find_user(v, NK_TABLE_USER_ROW, nk_key_of_row(v->salt, row),
	    &want, u);
}

int
nk_map_group_by_name(const struct nk_view *v, const char *name, size_t len,
    struct nk_map_group *g)
{
	struct want want = { .by = BY_NAME, .name = name, .len = len };

	return find_group(v, NK_TABLE_GROUP_NAME,
	    nk_key_of_name(v->salt, name, len), &want, g);
}

int
nk_map_group_by_gid(const struct nk_view *v, uint32_t gid,
    struct nk_map_group *g)
{
	struct want want = { .by = BY_ID, .id = gid };

	return find_group(v, NK_TABLE_GROUP_GID, nk_key_of_id(v->salt, gid),
	    &want, g);
}

int
nk_map_group_by_row(const struct nk_view *v, uint64_t row,
    struct nk_map_group *g)
{
	struct want want = { .by = BY_ROW, .row = row };

	return find_group(v, NK_TABLE_GROUP_ROW, nk_key_of_row(v->salt, row),
	    &want, g);
}

int
nk_map_members_at(const struct nk_view *v, uint32_t unit,
    uint64_t group_row, struct nk_map_members *m)
{
	unsigned int tries = 0;
	int r;

	if (v->kind != NK_MAP_KIND_ACCOUNTS)
		return -EIO;
	do {
		r = nk_members_at(v, unit, m);
	} while (r == -EAGAIN && nk_view_wait(v, &tries));
	if (r == -EAGAIN || (r == 0 && m->group_row != group_row))
		return -EIO;
	return r;
}

int
nk_map_user_in_group(const struct nk_map_user *u, uint64_t group_row)
{
	uint32_t i;

	for (i = 0; i < u->ngroups; i++) {
		if (u->groups[i].group_row == group_row)
			return 1;
	}
	return 0;
}

int
nk_map_user_in_chunk(const struct nk_map_user *u, uint64_t group_row,
    uint32_t unit)
{
	uint32_t i;

	for (i = 0; i < u->ngroups; i++) {
		if (u->groups[i].group_row == group_row)
			return u->groups[i].members == unit;
	}
	return 0;
}

/* Fetch what a coming step of an enumeration will read. */
static void
fetch_ahead(const struct nk_probe *p)
{
	const struct nk_view *v = p->v;
	uint64_t at, length, slot;

	if (v->base == NULL || p->left <= AHEAD)
		return;
	slot = __atomic_load_n((const uint64_t *)(const void *)(v->base +
	    p->offset) + p->index + AHEAD, __ATOMIC_RELAXED);
	length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	at = (uint64_t)nk_slot_unit(slot) * NK_MAP_UNIT;
	if (at < v->records || at >= length || length - at <= NK_MAP_UNIT)
		return;
	__builtin_prefetch(v->base + at);
	__builtin_prefetch(v->base + at + NK_MAP_UNIT);
}

/*
 * Begin at *posp, slot by slot whatever its tag.  Returns 0 and where the
 * next record is, or -ENOENT, or -EIO.
 */
static int
next_slot(struct nk_probe *p, uint32_t *unitp)
{
	uint64_t slot;
	int r;

	for (; p->left > 0; nk_probe_step(p)) {
		if ((r = nk_probe_slot(p, &slot)) < 0)
			return r;
		if (slot != 0 && nk_slot_unit(slot) != NK_SLOT_TOMBSTONE) {
			*unitp = nk_slot_unit(slot);
			fetch_ahead(p);
			return 0;
		}
	}
	return -ENOENT;
}

static int
enumerate(const struct nk_view *v, uint32_t table, uint64_t *posp,
    struct nk_map_user *u, struct nk_map_group *g)
{
	struct nk_hash key = { *posp, 1, 0 };
	struct nk_probe p;
	uint32_t unit;
	int r;

	if (v->kind != NK_MAP_KIND_ACCOUNTS)
		return -EIO;
	nk_probe_init(&p, v, table, key);
	if (*posp > p.mask)
		return -ENOENT;
	p.left = p.mask + 1 - *posp;
	do {
		if ((r = next_slot(&p, &unit)) < 0)
			break;
		r = u != NULL ? nk_user_at(v, unit, u) :
		    nk_group_at(v, unit, g);
	} while (r == -EAGAIN && nk_probe_again(&p));
	*posp = p.mask + 1 - p.left;
	if (r == -ESTALE || r == -ENOENT)
		return r;		/* to be asked for again; the end */
	(*posp)++;
	return r == -EAGAIN ? -EIO : r;
}

int
nk_map_user_next(const struct nk_view *v, uint64_t *posp,
    struct nk_map_user *u)
{
	return enumerate(v, NK_TABLE_USER_ROW, posp, u, NULL);
}

int
nk_map_group_next(const struct nk_view *v, uint64_t *posp,
    struct nk_map_group *g)
{
	return enumerate(v, NK_TABLE_GROUP_ROW, posp, NULL, g);
}
