/* SPDX-License-Identifier: ISC */

/*
 * Building a whole map.  Nobody reads the file before it has its name, so
 * no order of writes has to be kept: tables are filled in memory, records
 * go through a buffer, and what changes after it was written (the chunks of
 * a group and the group's record) is kept aside and written at the end.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/slot.h"
#include "lib/mapwriter/writer.h"

#define BUFFER_SIZE	(1024u * 1024u)
#define PENDING		16u		/* slots being fetched from memory */

/* A group's newest chunk, not yet written. */
struct chunk {
	uint64_t	group_row;
	uint32_t	group_unit;
	uint32_t	unit;
	uint32_t	capacity;	/* bytes, in the file */
	uint32_t	gid;
	struct nk_members_record rec;
	uint64_t	rows[];
};

/* A slot of a name or id, to be filled when its line is in the cache. */
struct pending {
	struct nk_hash	key;
	uint32_t	table;
	uint32_t	unit;		/* 0: none */
};

struct nk_bulk {
	uint64_t	*tables[NK_MAP_TABLES_MAX];
	uint32_t	 ntables;
	/* By the index of the group in the table of its rows. */
	struct chunk	**chunks;
	uint64_t	 nchunks;
	uint8_t		*buf;		/* the file from at to state.end */
	uint64_t	 at;
	bool		 large;		/* ask for large pages */
	struct pending	 pending[PENDING];
	uint32_t	 npending;	/* the next to be used */
};

static uint64_t
mask_of(const struct nk_map_header *h, uint32_t table)
{
	return (UINT64_C(1) << h->tables[table].bits) - 1;
}

int
nk_bulk_new(struct nk_bulk **bp, const struct nk_mapwriter *w)
{
	const struct nk_map_header *h = &w->header;
	struct nk_bulk *b;
	uint32_t i;

	*bp = NULL;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return -ENOMEM;
	b->ntables = h->ntables;
	b->at = h->records;
	for (i = 0; i < h->ntables; i++) {
		if ((b->tables[i] = calloc(mask_of(h, i) + 1,
		    sizeof(*b->tables[i]))) == NULL)
			goto out;
		nk_huge_memory(b->tables[i], sizeof(*b->tables[i]) <<
		    h->tables[i].bits);
	}
	if (w->kind == NK_MAP_KIND_ACCOUNTS) {
		b->large = true;	/* the one that is mapped */
		b->nchunks = mask_of(h, NK_TABLE_GROUP_ROW) + 1;
		if ((b->chunks = calloc(b->nchunks,
		    sizeof(struct chunk *))) == NULL)
			goto out;
	}
	if ((b->buf = malloc(BUFFER_SIZE)) == NULL)
		goto out;
	*bp = b;
	b = NULL;
 out:
	nk_bulk_free(b);
	return *bp != NULL ? 0 : -ENOMEM;
}

void
nk_bulk_free(struct nk_bulk *b)
{
	uint64_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->ntables; i++)
		free(b->tables[i]);
	for (i = 0; b->chunks != NULL && i < b->nchunks; i++)
		free(b->chunks[i]);
	free(b->chunks);
	if (b->buf != NULL)
		explicit_bzero(b->buf, BUFFER_SIZE);
	free(b->buf);
	free(b);
}

static int
flush(struct nk_mapwriter *w)
{
	struct nk_bulk *b = w->bulk;
	int r;

	if (b->large && nk_file_extend(w, w->state.end) < 0)
		b->large = false;
	if ((r = nk_file_write(w, b->at, b->buf,
	    (size_t)(w->state.end - b->at))) == 0)
		b->at = w->state.end;
	return r;
}

/* A record has been written: whole in the file or whole in the buffer. */
static int
read_at(struct nk_mapwriter *w, uint32_t unit, void *buf, size_t len)
{
	struct nk_bulk *b = w->bulk;
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;

	if (at < b->at)
		return nk_view_read(&w->view, at, buf, len);
	memcpy(buf, b->buf + (at - b->at), len);
	return 0;
}

static int
write_at(struct nk_mapwriter *w, uint32_t unit, const void *buf, size_t len)
{
	struct nk_bulk *b = w->bulk;
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;

	if (at < b->at)
		return nk_file_write(w, at, buf, len);
	memcpy(b->buf + (at - b->at), buf, len);
	return 0;
}

/*
 * Space for a record behind the last one, filled with zeros: 0 and its
 * unit, and *capacityp is what it got.
 */
static int
allocate(struct nk_mapwriter *w, uint32_t least, uint32_t *capacityp,
    uint32_t *unitp)
{
	struct nk_bulk *b = w->bulk;
	uint64_t at = nk_fit(w->state.end, least, capacityp);
	uint64_t end = at + *capacityp;
	int r;

	if (end / NK_MAP_UNIT > UINT32_MAX)
		return -EFBIG;
	if (end - b->at > BUFFER_SIZE && (r = flush(w)) < 0)
		return r;
	memset(b->buf + (w->state.end - b->at), 0, end - w->state.end);
	w->state.end = end;
	*unitp = (uint32_t)(at / NK_MAP_UNIT);
	return 0;
}

static int
append(struct nk_mapwriter *w, struct nk_record *rec, uint32_t slack,
    uint32_t *unitp)
{
	uint32_t capacity = nk_capacity_for(rec->length, slack);
	size_t len = nk_record_words(rec->length) * sizeof(uint64_t);
	int r;

	if ((r = allocate(w, rec->length, &capacity, unitp)) < 0)
		return r;
	rec->capacity = (uint16_t)(capacity / NK_MAP_UNIT);
	memset((uint8_t *)rec + rec->length, 0, len - rec->length);
	rec->sum = nk_record_sum(w->header.salt, *unitp, rec, rec->length);
	return write_at(w, *unitp, rec, len);
}

/*
 * Where the row is, or would be put: 0 and *unitp, or -ENOENT; -EFBIG when
 * the table is full.
 */
static int
find_row(struct nk_mapwriter *w, uint32_t table, uint64_t row,
    uint64_t *indexp, uint32_t *unitp)
{
	const uint64_t *slots = w->bulk->tables[table];
	struct nk_hash key = nk_key_of_row(w->header.salt, row);
	uint64_t mask = mask_of(&w->header, table), i = key.home & mask;
	struct nk_record rec;
	uint64_t left;
	int r;

	for (left = mask + 1; left > 0; left--, i = (i + key.step) & mask) {
		*indexp = i;
		if (slots[i] == 0)
			return -ENOENT;
		if (nk_slot_tag(slots[i]) != key.tag)
			continue;
		*unitp = nk_slot_unit(slots[i]);
		if ((r = read_at(w, *unitp, &rec, sizeof(rec))) < 0)
			return r;
		if (rec.row == row)
			return 0;
	}
	return -EFBIG;
}

/* Fill the next empty slot for the key, which is not there yet. */
static void
fill(struct nk_mapwriter *w, uint32_t table, struct nk_hash key, uint32_t unit)
{
	uint64_t *slots = w->bulk->tables[table];
	uint64_t mask = mask_of(&w->header, table), i = key.home & mask;

	while (slots[i] != 0)		/* there is one: insert() saw to it */
		i = (i + key.step) & mask;
	slots[i] = nk_slot_make(unit, key.tag, nk_slot_place(
	    w->header.salt[0], table, i));
}

/*
 * The same, some calls later.  Rows go in order and need none of this, but
 * names and ids go anywhere, and memory takes its time.
 */
static void
fill_later(struct nk_mapwriter *w, uint32_t table, struct nk_hash key,
    uint32_t unit)
{
	struct nk_bulk *b = w->bulk;
	struct pending *p = &b->pending[b->npending++ % PENDING];

	if (p->unit != 0)
		fill(w, p->table, p->key, p->unit);
	*p = (struct pending){ key, table, unit };
	if (unit != 0)
		__builtin_prefetch(&b->tables[table][key.home &
		    mask_of(&w->header, table)], 1);
}

static int
insert_row(struct nk_mapwriter *w, uint32_t table, uint64_t row,
    uint32_t unit)
{
	if (!nk_table_has_room(w, table, 1))
		return -EFBIG;
	w->state.used[table]++;
	fill(w, table, nk_key_of_row(w->header.salt, row), unit);
	return 0;
}

static int
insert(struct nk_mapwriter *w, uint32_t table, struct nk_hash key,
    uint32_t unit)
{
	if (!nk_table_has_room(w, table, 1))
		return -EFBIG;
	w->state.used[table]++;
	fill_later(w, table, key, unit);
	return 0;
}

static void
fill_pending(struct nk_mapwriter *w)
{
	static const struct nk_hash none;
	uint32_t i;

	for (i = 0; i < PENDING; i++)
		fill_later(w, 0, none, 0);
}

/* Append a record whose row is new, and its row's slot. */
static int
add(struct nk_mapwriter *w, uint32_t table, struct nk_record *rec,
    uint32_t slack, uint32_t *unitp)
{
	uint64_t row = rec->row, index;
	uint32_t unit;
	int r;

	if ((r = find_row(w, table, row, &index, &unit)) != -ENOENT)
		return r == 0 ? -EEXIST : r;
	if ((r = append(w, rec, slack, unitp)) < 0)
		return r;
	return insert_row(w, table, row, *unitp);
}

static int
insert_name(struct nk_mapwriter *w, uint32_t table, const char *name,
    uint32_t unit)
{
	return insert(w, table, nk_key_of_name(w->header.salt, name,
	    strlen(name)), unit);
}

/* Write the chunk where its space is. */
static int
close_chunk(struct nk_mapwriter *w, struct chunk *c)
{
	uint32_t length = (uint32_t)(sizeof(c->rec) +
	    c->rec.count * sizeof(c->rows[0]));

	c->rec.r.length = length;
	c->rec.r.sum = nk_record_sum(w->header.salt, c->unit, &c->rec,
	    length);
	return write_at(w, c->unit, &c->rec, length);
}

/* A chunk of the group at index, after old, which is written and freed. */
static int
open_chunk(struct nk_mapwriter *w, uint64_t index, uint64_t group_row,
    uint32_t group_unit)
{
	struct chunk *old = w->bulk->chunks[index], *c = NULL;
	uint32_t capacity = nk_members_capacity(
	    old != NULL ? old->capacity : 0);
	struct nk_group_record group;
	uint32_t unit;
	int r;

	if (old != NULL && (r = close_chunk(w, old)) < 0)
		return r;
	if ((r = allocate(w, NK_MEMBERS_LEAST(capacity), &capacity,
	    &unit)) < 0 ||
	    (r = read_at(w, group_unit, &group, sizeof(group))) < 0)
		return r;
	if ((c = calloc(1, sizeof(*c) + capacity)) == NULL)
		return -ENOMEM;
	c->group_row = group_row;
	c->group_unit = group_unit;
	c->gid = group.gid;
	c->unit = unit;
	c->capacity = capacity;
	c->rec.r.kind = NK_RECORD_MEMBERS;
	c->rec.r.row = group_row;
	c->rec.r.capacity = (uint16_t)(capacity / NK_MAP_UNIT);
	c->rec.next = old != NULL ? old->unit : 0;
	free(old);
	w->bulk->chunks[index] = c;
	return 0;
}

/* The index of the group's row, and its record's unit where it is known. */
static int
find_group(struct nk_mapwriter *w, uint64_t row, uint64_t *indexp,
    uint32_t *unitp)
{
	uint64_t mask = mask_of(&w->header, NK_TABLE_GROUP_ROW);
	const struct chunk *c = w->bulk->chunks[row & mask];

	/* Most of the time the row is where it is at home. */
	if (c != NULL && c->group_row == row) {
		*indexp = row & mask;
		*unitp = c->group_unit;
		return 0;
	}
	return find_row(w, NK_TABLE_GROUP_ROW, row, indexp, unitp);
}

/* The user joins the group that *ref says; ref->members is where. */
static int
join(struct nk_mapwriter *w, uint64_t user_row, struct nk_user_group *ref)
{
	uint64_t group_row = ref->group_row;
	struct chunk *c;
	uint32_t group_unit;
	uint64_t index;
	int r;

	if ((r = find_group(w, group_row, &index, &group_unit)) < 0)
		return r;
	c = w->bulk->chunks[index];
	if (c == NULL || sizeof(c->rec) + (c->rec.count + 1) *
	    sizeof(c->rows[0]) > c->capacity) {
		if ((r = open_chunk(w, index, group_row, group_unit)) < 0)
			return r;
		c = w->bulk->chunks[index];
	}
	c->rows[c->rec.count++] = user_row;
	ref->members = c->unit;
	return ref->gid == c->gid ? 0 : nk_group_mark(w, group_row);
}

int
nk_bulk_put_user(struct nk_mapwriter *w, const struct nk_put_user *u)
{
	struct nk_user_group groups[NK_USER_GROUPS_MAX];
	uint64_t index;
	uint32_t i, unit;
	int r;

	if ((r = find_row(w, NK_TABLE_USER_ROW, u->row, &index, &unit)) !=
	    -ENOENT)
		return r == 0 ? -EEXIST : r;
	for (i = 0; i < u->ngroups; i++) {
		if ((r = find_group(w, u->groups[i].group_row, &index,
		    &unit)) < 0)
			return r;	/* before it is in any of them */
	}
	for (i = 0; i < u->ngroups; i++) {
		groups[i].group_row = u->groups[i].group_row;
		groups[i].gid = u->groups[i].gid;
		if ((r = join(w, u->row, &groups[i])) < 0)
			return r;
	}
	if ((r = add(w, NK_TABLE_USER_ROW, nk_compose_user(w->page, u,
	    groups), NK_RECORD_SLACK_SMALL, &unit)) < 0 ||
	    (r = insert_name(w, NK_TABLE_USER_NAME, u->name, unit)) < 0)
		return r;
	if ((u->flags & NK_USER_MANAGED) == 0)
		return 0;
	return insert(w, NK_TABLE_USER_UID, nk_key_of_id(w->header.salt,
	    u->uid), unit);
}

int
nk_bulk_put_group(struct nk_mapwriter *w, const struct nk_put_group *g)
{
	uint32_t unit;
	int r;

	if ((r = add(w, NK_TABLE_GROUP_ROW, nk_compose_group(w->page, g, 0),
	    NK_RECORD_SLACK_SMALL, &unit)) < 0 ||
	    (r = insert_name(w, NK_TABLE_GROUP_NAME, g->name, unit)) < 0)
		return r;
	return insert(w, NK_TABLE_GROUP_GID, nk_key_of_id(w->header.salt,
	    g->gid), unit);
}

int
nk_bulk_put_line(struct nk_mapwriter *w, uint64_t row,
    const struct nk_put_keyline *l, uint32_t *unitp)
{
	uint8_t *buf = NULL;
	int r;

	if (sizeof(struct nk_keyline_record) + l->text_len <=
	    sizeof(w->page))
		return append(w, nk_compose_keyline(w->page, row, l), 0,
		    unitp);
	if ((buf = malloc(NK_RECORD_MAX)) == NULL)
		return -ENOMEM;
	r = append(w, nk_compose_keyline(buf, row, l), 0, unitp);
	free(buf);
	return r;
}

int
nk_bulk_put_units(struct nk_mapwriter *w, const struct nk_put_keyset *k,
    const uint32_t *units)
{
	uint32_t unit;

	return add(w, NK_TABLE_ROW, nk_compose_keyset(w->page, k, units),
	    NK_RECORD_SLACK_SMALL, &unit);
}

int
nk_bulk_put_keyset(struct nk_mapwriter *w, const struct nk_put_keyset *k)
{
	uint32_t units[NK_KEYSET_MAX];
	uint64_t index;
	uint32_t i, unit;
	int r;

	if ((r = find_row(w, NK_TABLE_ROW, k->row, &index, &unit)) !=
	    -ENOENT)
		return r == 0 ? -EEXIST : r;
	for (i = 0; i < k->count; i++) {
		if ((r = nk_bulk_put_line(w, k->row, &k->lines[i],
		    &units[i])) < 0)
			return r;
	}
	return nk_bulk_put_units(w, k, units);
}

int
nk_bulk_put_secret(struct nk_mapwriter *w, const struct nk_put_secret *s)
{
	uint32_t unit;
	int r;

	r = add(w, NK_TABLE_ROW, nk_compose_secret(w->page, s),
	    NK_RECORD_SLACK_SMALL, &unit);
	explicit_bzero(w->page, sizeof(w->page));
	return r;
}

/* Write the last chunk of each group, and which it is into the group. */
static int
write_chunks(struct nk_mapwriter *w)
{
	struct nk_group_record rec;
	const struct chunk *c;
	uint64_t i;
	int r;

	for (i = 0; i < w->bulk->nchunks; i++) {
		if ((c = w->bulk->chunks[i]) == NULL)
			continue;
		if ((r = close_chunk(w, w->bulk->chunks[i])) < 0 ||
		    (r = read_at(w, c->group_unit, &rec, sizeof(rec))) < 0 ||
		    (r = read_at(w, c->group_unit, w->page,
		    nk_record_words(rec.r.length) * sizeof(uint64_t))) < 0)
			return r;
		rec.members = c->unit;
		memcpy(w->page, &rec, sizeof(rec));
		rec.r.sum = nk_record_sum(w->header.salt, c->group_unit,
		    w->page, rec.r.length);
		if ((r = write_at(w, c->group_unit, &rec, sizeof(rec))) < 0)
			return r;
	}
	return 0;
}

static int
write_head(struct nk_mapwriter *w)
{
	uint8_t *p = w->page;

	memset(p, 0, NK_MAP_HEADER_SIZE);
	w->state.sum = nk_cell_sum(w->header.salt, NK_MAP_STATE_AT, &w->state,
	    sizeof(w->state));
	w->settings.sum = nk_cell_sum(w->header.salt, NK_MAP_SETTINGS_AT,
	    &w->settings, sizeof(w->settings));
	w->marks.sum = nk_cell_sum(w->header.salt, NK_MAP_MARKS_AT,
	    &w->marks, sizeof(w->marks));
	memcpy(p, &w->header, sizeof(w->header));
	memcpy(p + NK_MAP_STATE_AT, &w->state, sizeof(w->state));
	memcpy(p + NK_MAP_SETTINGS_AT, &w->settings, sizeof(w->settings));
	memcpy(p + NK_MAP_MARKS_AT, &w->marks, sizeof(w->marks));
	return nk_file_write(w, 0, p, NK_MAP_HEADER_SIZE);
}

int
nk_bulk_leave(struct nk_mapwriter *w)
{
	uint64_t length = w->view.length;
	uint32_t i;
	int r;

	fill_pending(w);
	if ((r = write_chunks(w)) < 0 || (r = flush(w)) < 0)
		return r;
	for (i = 0; i < w->header.ntables; i++) {
		if ((r = nk_file_write(w, w->header.tables[i].offset,
		    w->bulk->tables[i], sizeof(uint64_t) <<
		    w->header.tables[i].bits)) < 0)
			return r;
	}
	if ((r = write_head(w)) < 0)
		return r;
	/* More than is needed may have been allocated at the beginning. */
	if (length > w->state.end + NK_MAP_GROW &&
	    ftruncate(w->fd, (off_t)w->state.end) == -1)
		return -errno;
	if (length < w->state.end || length > w->state.end + NK_MAP_GROW)
		w->view.length = w->state.end;
	if ((r = nk_file_grow(w, w->state.end + 1)) < 0)
		return r;
	if (w->kind == NK_MAP_KIND_ACCOUNTS)
		nk_file_collapse(w);
	nk_bulk_free(w->bulk);
	w->bulk = NULL;
	w->dirty = false;
	return 0;
}
