/* SPDX-License-Identifier: ISC */

/*
 * The full walk over a map: every slot, every record that a slot or a
 * record leads to, and whether they agree.  A slot of names or ids whose
 * record says something else is no fault: a killed writer leaves such.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/mapwriter/writer.h"

#define SENTENCE_MAX	160

/* A stretch of units that belongs to a record. */
struct extent {
	uint32_t	unit;
	uint32_t	units;
};

struct walk {
	struct nk_mapwriter *w;
	struct nk_view	v;
	void		(*report)(void *arg, const char *what);
	void		*arg;
	bool		bad;
	struct extent	*extents;
	size_t		nextents, room;
	uint64_t	refs;		/* of users to chunks of groups */
	uint64_t	entries;	/* of chunks, that users agree to */
};

static void	fault(struct walk *k, const char *fmt, ...) NK_PRINTF(2, 3);

static void
fault(struct walk *k, const char *fmt, ...)
{
	char what[SENTENCE_MAX];
	va_list ap;

	k->bad = true;
	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) >= 0)
		k->report(k->arg, what);
	va_end(ap);
}

/* Remember where a record lies: 0 or -ENOMEM. */
static int
take(struct walk *k, uint32_t unit, const void *record)
{
	struct nk_record rec;
	struct extent *p;
	size_t room;

	memcpy(&rec, record, sizeof(rec));
	if (((uint64_t)unit + rec.capacity) * NK_MAP_UNIT > k->w->state.end)
		fault(k, "record %u ends behind the last one", unit);
	if (k->nextents == k->room) {
		room = k->room * 2 + 1024;
		if ((p = reallocarray(k->extents, room, sizeof(*p))) == NULL)
			return -ENOMEM;
		k->extents = p;
		k->room = room;
	}
	k->extents[k->nextents++] = (struct extent){ unit, rec.capacity };
	return 0;
}

static int
compare_extents(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void
check_extents(struct walk *k)
{
	size_t i;

	if (k->nextents == 0)
		return;
	qsort(k->extents, k->nextents, sizeof(*k->extents), compare_extents);
	for (i = 1; i < k->nextents; i++) {
		if (k->extents[i].unit - k->extents[i - 1].unit <
		    k->extents[i - 1].units)
			fault(k, "records %u and %u overlap",
			    k->extents[i - 1].unit, k->extents[i].unit);
	}
}

/* Where a search for the key by its table ends: its unit, or 0. */
static int
unit_of(struct walk *k, const struct nk_want *want, uint32_t *unitp)
{
	struct nk_place place;
	int r;

	if ((r = nk_table_find(k->w, want, &place)) == 0)
		*unitp = place.unit;
	return r;
}

/* Both tables must lead to the record that the row has. */
static int
check_keys(struct walk *k, const struct nk_want *row, uint32_t unit,
    const char *name, size_t len, bool has_id, uint32_t id)
{
	struct nk_want want = *row;
	uint32_t found = 0;
	int r;

	want.by = NK_BY_NAME;
	want.table = row->table + 1;
	want.name = name;
	want.len = len;
	if ((r = unit_of(k, &want, &found)) < 0)
		return r;
	if (found != unit)
		fault(k, "row %llu: its name leads to record %u, not to %u",
		    (unsigned long long)row->row, found, unit);
	if (!has_id)
		return 0;
	want.by = NK_BY_ID;
	want.table = row->table + 2;
	want.id = id;
	if ((r = unit_of(k, &want, &found)) < 0)
		return r;
	if (found != unit)
		fault(k, "row %llu: its id leads to record %u, not to %u",
		    (unsigned long long)row->row, found, unit);
	return 0;
}

/*
 * The group that a user's record names: 0 or -ENOENT.  When it is not there,
 * or has another gid, it must be marked.
 */
static int
check_reference(struct walk *k, const struct nk_map_user *u,
    const struct nk_user_group *ref)
{
	struct nk_map_group g;
	int r;

	r = nk_map_group_by_row(&k->v, ref->group_row, &g);
	if ((r == -ENOENT || (r == 0 && g.gid != ref->gid)) &&
	    !nk_marks_has(&k->w->marks, ref->group_row))
		fault(k, "user %llu is in group %llu, which has another gid "
		    "or is gone, and has no mark", (unsigned long long)u->row,
		    (unsigned long long)ref->group_row);
	return r == -ENOENT ? r : nk_writer_error(r);
}

/* Each reference of a user to a group that is there, and its chunk. */
static int
check_memberships(struct walk *k, const struct nk_map_user *u)
{
	struct nk_map_members m;
	uint32_t i, j, n;
	int r;

	for (i = 0; i < u->ngroups; i++) {
		r = check_reference(k, u, &u->groups[i]);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		k->refs++;
		n = 0;
		if (nk_map_members_at(&k->v, u->groups[i].members,
		    u->groups[i].group_row, &m) == 0) {
			for (j = 0; j < m.count; j++)
				n += m.rows[j] == u->row ? 1 : 0;
		}
		if (n != 1)
			fault(k, "user %llu stands %u times in the members "
			    "of group %llu", (unsigned long long)u->row, n,
			    (unsigned long long)u->groups[i].group_row);
	}
	return 0;
}

static int
check_user(struct walk *k, uint32_t unit)
{
	struct nk_want want = { .by = NK_BY_ROW, .kind = NK_RECORD_USER,
	    .table = NK_TABLE_USER_ROW };
	struct nk_map_user u, other;
	int r;

	if ((r = nk_user_at(&k->v, unit, &u)) < 0)
		return nk_writer_error(r);
	want.row = u.row;
	if ((r = take(k, unit, u.page)) < 0 ||
	    (r = check_keys(k, &want, unit, u.name, u.name_len,
	    (u.flags & NK_USER_MANAGED) != 0, u.uid)) < 0)
		return r;
	/* What a reader finds must be this one, not another of that name. */
	if (nk_map_user_by_name(&k->v, u.name, u.name_len, &other) < 0 ||
	    other.row != u.row)
		fault(k, "user %llu is not found by its name",
		    (unsigned long long)u.row);
	if ((u.flags & NK_USER_MANAGED) != 0 &&
	    (nk_map_user_by_uid(&k->v, u.uid, &other) < 0 ||
	    other.row != u.row))
		fault(k, "user %llu is not found by its uid",
		    (unsigned long long)u.row);
	return check_memberships(k, &u);
}

/* The chunks of a group: whom they list must say so too. */
static int
check_chunks(struct walk *k, const struct nk_map_group *g)
{
	struct nk_map_members m;
	struct nk_map_user u;
	uint32_t i, unit;
	int r;

	for (unit = g->members; unit != 0; unit = m.next) {
		if ((r = nk_map_members_at(&k->v, unit, g->row, &m)) < 0)
			return nk_writer_error(r);
		if ((r = take(k, unit, m.page)) < 0)
			return r;
		for (i = 0; i < m.count; i++) {
			r = nk_map_user_by_row(&k->v, m.rows[i], &u);
			if (r < 0 && r != -ENOENT)
				return nk_writer_error(r);
			k->entries++;
			if (r == -ENOENT ||
			    !nk_map_user_in_chunk(&u, g->row, unit))
				fault(k, "group %llu lists user %llu, which "
				    "does not say so",
				    (unsigned long long)g->row,
				    (unsigned long long)m.rows[i]);
		}
	}
	return 0;
}

static int
check_group(struct walk *k, uint32_t unit)
{
	struct nk_want want = { .by = NK_BY_ROW, .kind = NK_RECORD_GROUP,
	    .table = NK_TABLE_GROUP_ROW };
	struct nk_map_group g, other;
	int r;

	if ((r = nk_group_at(&k->v, unit, &g)) < 0)
		return nk_writer_error(r);
	want.row = g.row;
	if ((r = take(k, unit, g.page)) < 0 ||
	    (r = check_keys(k, &want, unit, g.name, g.name_len, true,
	    g.gid)) < 0)
		return r;
	if (nk_map_group_by_name(&k->v, g.name, g.name_len, &other) < 0 ||
	    other.row != g.row)
		fault(k, "group %llu is not found by its name",
		    (unsigned long long)g.row);
	if (nk_map_group_by_gid(&k->v, g.gid, &other) < 0 ||
	    other.row != g.row)
		fault(k, "group %llu is not found by its gid",
		    (unsigned long long)g.row);
	return check_chunks(k, &g);
}

static int
check_keyset(struct walk *k, uint32_t unit)
{
	struct nk_map_keyset set;
	struct nk_map_keyline l;
	uint8_t *buf = NULL;
	uint32_t i;
	int r;

	if ((r = nk_keyset_at(&k->v, unit, &set)) < 0)
		return nk_writer_error(r);
	if ((r = take(k, unit, set.page)) < 0)
		return r;
	if ((buf = malloc(NK_RECORD_MAX)) == NULL)
		return -ENOMEM;
	for (i = 0; i < set.count; i++) {
		if ((r = nk_map_keyline_at(&k->v, set.entries[i].unit,
		    set.row, buf, NK_RECORD_MAX, &l)) < 0) {
			r = nk_writer_error(r);
			goto out;
		}
		if (l.flags != set.entries[i].flags)
			fault(k, "key %u of user %llu has other flags than "
			    "the set says", i, (unsigned long long)set.row);
		if ((r = take(k, set.entries[i].unit, buf)) < 0)
			goto out;
	}
	r = 0;
 out:
	free(buf);
	return r;
}

static int
check_secret(struct walk *k, uint32_t unit)
{
	struct nk_map_secret s;
	int r;

	if ((r = nk_writer_error(nk_secret_at(&k->v, unit, &s))) == 0)
		r = take(k, unit, s.page);
	explicit_bzero(&s, sizeof(s));
	return r;
}

static int
check_row(struct walk *k, enum nk_record_kind kind, uint32_t unit)
{
	switch (kind) {
	case NK_RECORD_USER:
		return check_user(k, unit);
	case NK_RECORD_GROUP:
		return check_group(k, unit);
	case NK_RECORD_KEYSET:
		return check_keyset(k, unit);
	case NK_RECORD_SECRET:
		return check_secret(k, unit);
	case NK_RECORD_MEMBERS:
	case NK_RECORD_KEYLINE:
		break;
	}
	return -EBADMSG;
}

/*
 * What the record behind a slot says its key is, under this table.
 * -ENOENT: it has no such key.
 */
static int
key_of(struct walk *k, const struct nk_want *table, uint32_t unit,
    struct nk_want *want, struct nk_map_user *u, struct nk_map_group *g)
{
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
	struct nk_record rec;
	int r;

	*want = *table;
	if (table->kind == NK_RECORD_USER) {
		if ((r = nk_user_at(&k->v, unit, u)) < 0)
			return nk_writer_error(r);
		want->row = u->row;
		want->name = u->name;
		want->len = u->name_len;
		want->id = u->uid;
		return table->by == NK_BY_ID &&
		    (u->flags & NK_USER_MANAGED) == 0 ? -ENOENT : 0;
	}
	if (table->kind == NK_RECORD_GROUP) {
		if ((r = nk_group_at(&k->v, unit, g)) < 0)
			return nk_writer_error(r);
		want->row = g->row;
		want->name = g->name;
		want->len = g->name_len;
		want->id = g->gid;
		return 0;
	}
	if ((r = nk_page_load(&k->v, unit, table->kind, page)) < 0)
		return nk_writer_error(r);
	memcpy(&rec, page, sizeof(rec));
	explicit_bzero(page, rec.length);
	want->row = rec.row;
	return 0;
}

/* The slot at index leads to unit.  Is that what it should do? */
static int
check_slot(struct walk *k, const struct nk_want *table, uint64_t index,
    uint64_t slot)
{
	uint32_t unit = nk_slot_unit(slot), row_unit = 0;
	uint32_t row_table = table->kind == NK_RECORD_GROUP ?
	    NK_TABLE_GROUP_ROW : 0;
	struct nk_place place;
	struct nk_want want;
	struct nk_map_user u;
	struct nk_map_group g;
	int r;

	r = key_of(k, table, unit, &want, &u, &g);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (nk_want_key(k->v.salt, &want).tag != nk_slot_tag(slot)) {
		if (table->by == NK_BY_ROW)
			fault(k, "slot %llu of table %u has another row's "
			    "tag", (unsigned long long)index, table->table);
		return 0;		/* it was another name's or id's */
	}
	if ((r = nk_table_find(k->w, &want, &place)) < 0)
		return r;
	if (place.unit == 0)
		return 0;		/* not on its way: another key's */
	if (place.index != index)
		fault(k, "slots %llu and %llu of table %u have one key",
		    (unsigned long long)place.index,
		    (unsigned long long)index, table->table);
	if (table->by == NK_BY_ROW)
		return check_row(k, table->kind, unit);
	r = nk_row_find(k->w, row_table, table->kind, want.row, &row_unit);
	if (r < 0 && r != -ENOENT)
		return r;
	if (row_unit != unit)
		fault(k, "slot %llu of table %u leads to record %u, but the "
		    "row to %u", (unsigned long long)index, table->table,
		    unit, row_unit);
	return 0;
}

static int
check_table(struct walk *k, const struct nk_want *table)
{
	struct nk_hash key = { 0, 1, 0 };
	struct nk_probe p;
	uint64_t slot, used = 0;
	int r;

	nk_probe_init(&p, &k->v, table->table, key);
	for (; p.left > 0; nk_probe_step(&p)) {
		if (nk_probe_slot(&p, &slot) < 0) {
			fault(k, "slot %llu of table %u is damaged",
			    (unsigned long long)p.index, table->table);
			p.tries = 0;
			continue;
		}
		used += slot != 0 ? 1 : 0;
		if (slot == 0 || nk_slot_unit(slot) == NK_SLOT_TOMBSTONE)
			continue;
		r = check_slot(k, table, p.index, slot);
		if (r == -EBADMSG)
			fault(k, "slot %llu of table %u leads to what is "
			    "damaged", (unsigned long long)p.index,
			    table->table);
		else if (r < 0)
			return r;
	}
	if (used > k->w->state.used[table->table])
		fault(k, "table %u has more slots in use than the state says",
		    table->table);
	return 0;
}

/* What each kind of map has in each of its tables. */
static int
check_tables(struct walk *k)
{
	static const struct nk_want accounts[NK_ACCOUNTS_TABLES] = {
		{ .table = NK_TABLE_USER_ROW, .by = NK_BY_ROW,
		    .kind = NK_RECORD_USER },
		{ .table = NK_TABLE_USER_NAME, .by = NK_BY_NAME,
		    .kind = NK_RECORD_USER },
		{ .table = NK_TABLE_USER_UID, .by = NK_BY_ID,
		    .kind = NK_RECORD_USER },
		{ .table = NK_TABLE_GROUP_ROW, .by = NK_BY_ROW,
		    .kind = NK_RECORD_GROUP },
		{ .table = NK_TABLE_GROUP_NAME, .by = NK_BY_NAME,
		    .kind = NK_RECORD_GROUP },
		{ .table = NK_TABLE_GROUP_GID, .by = NK_BY_ID,
		    .kind = NK_RECORD_GROUP },
	};
	static const struct nk_want keys = { .table = NK_TABLE_ROW,
	    .by = NK_BY_ROW, .kind = NK_RECORD_KEYSET };
	static const struct nk_want secrets = { .table = NK_TABLE_ROW,
	    .by = NK_BY_ROW, .kind = NK_RECORD_SECRET };
	uint32_t i;
	int r;

	if (k->w->kind == NK_MAP_KIND_KEYS)
		return check_table(k, &keys);
	if (k->w->kind == NK_MAP_KIND_SECRETS)
		return check_table(k, &secrets);
	for (i = 0; i < NK_ACCOUNTS_TABLES; i++) {
		if ((r = check_table(k, &accounts[i])) < 0)
			return r;
	}
	/* Each entry has its user's word; now each user has its entry. */
	if (k->refs != k->entries)
		fault(k, "users are %llu times in groups, groups list %llu",
		    (unsigned long long)k->refs,
		    (unsigned long long)k->entries);
	return 0;
}

int
nk_mapwriter_verify(struct nk_mapwriter *w,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct walk k = { .w = w, .report = report, .arg = arg };
	struct nk_view own = NK_VIEW_NONE;
	int r;

	if (w->bulk != NULL && (r = nk_bulk_leave(w)) < 0)
		return r;
	nk_view_init(&k.v, w->fd, w->view.length, &w->header);
	k.v.alone = 1;
	own = w->view;
	if (nk_view_map(&k.v) == 0)
		w->view = k.v;		/* it is much faster that way */
	else
		k.v.base = NULL;
	if ((r = check_tables(&k)) == 0) {
		check_extents(&k);
		r = k.bad ? -EBADMSG : 0;
	}
	w->view = own;
	if (k.v.base == NULL)
		k.v.fd = -1;		/* it is w's */
	nk_view_close(&k.v);
	free(k.extents);
	return r;
}
