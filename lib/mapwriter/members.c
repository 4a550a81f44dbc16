/* SPDX-License-Identifier: ISC */

/*
 * Who is in a group: a chain of chunks, of which only the newest takes new
 * members.  The user's record says which chunk lists it, so that to remove
 * a member costs the same in a group of any size.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mapwriter/writer.h"

#define FIRST_CAPACITY	(2 * NK_MAP_UNIT)

/* A chunk while it is changed: head and rows as they lie in the file. */
struct chunk {
	struct nk_members_record rec;
	uint64_t rows[(NK_RECORD_PAGE_MAX -
	    sizeof(struct nk_members_record)) / sizeof(uint64_t)];
};
_Static_assert(sizeof(struct chunk) == NK_RECORD_PAGE_MAX, "a page");

uint32_t
nk_members_capacity(uint32_t capacity)
{
	if (capacity == 0)
		return FIRST_CAPACITY;
	return capacity > NK_RECORD_PAGE_MAX / 2 ? NK_RECORD_PAGE_MAX :
	    capacity * 2;
}

static uint32_t
length_of(uint32_t count)
{
	return (uint32_t)(sizeof(struct nk_members_record) +
	    count * sizeof(uint64_t));
}

static int
load_chunk(struct nk_mapwriter *w, uint32_t unit, uint64_t group_row,
    struct chunk *c)
{
	struct nk_map_members m;
	int r;

	if ((r = nk_members_at(&w->view, unit, &m)) < 0)
		return nk_writer_error(r);
	if (m.group_row != group_row)
		return -EBADMSG;
	memcpy(c, m.page, length_of(m.count));
	return 0;
}

/* The index of the row, or count. */
static uint32_t
find_row(const struct chunk *c, uint64_t row)
{
	uint32_t i;

	for (i = 0; i < c->rec.count; i++) {
		if (c->rows[i] == row)
			break;
	}
	return i;
}

static int
rewrite_chunk(struct nk_mapwriter *w, uint32_t unit, struct chunk *c)
{
	uint32_t old = c->rec.r.length;

	c->rec.r.length = length_of(c->rec.count);
	return nk_record_rewrite(w, unit, &c->rec.r, old);
}

/* The group's record, its unit, and its newest chunk, if it has one. */
static int
load_group(struct nk_mapwriter *w, uint64_t group_row, uint32_t *unitp,
    struct nk_map_group *g, struct chunk *c)
{
	int r;

	c->rec.r.capacity = 0;
	if ((r = nk_row_find(w, NK_TABLE_GROUP_ROW, NK_RECORD_GROUP,
	    group_row, unitp)) < 0)
		return r;
	if ((r = nk_group_at(&w->view, *unitp, g)) < 0)
		return nk_writer_error(r);
	return g->members != 0 ? load_chunk(w, g->members, group_row, c) : 0;
}

int
nk_members_need(struct nk_mapwriter *w, uint64_t group_row, uint64_t *bytesp,
    uint32_t *gidp)
{
	struct nk_map_group g;
	struct chunk c;
	uint32_t capacity, unit;
	int r;

	/*
	 * Also when the newest chunk has room: others that are put in the
	 * same transaction may take it.  What each of them adds here is
	 * more than the chunks that all of them fill.
	 */
	r = load_group(w, group_row, &unit, &g, &c);
	if (r < 0 && r != -ENOENT)
		return r;
	capacity = nk_members_capacity(c.rec.r.capacity * NK_MAP_UNIT);
	*bytesp += nk_fit_most(NK_MEMBERS_LEAST(capacity), capacity);
	if (r == 0)
		*gidp = g.gid;
	return r;
}

/* Put a new chunk, with the row in it, before those that are there. */
static int
prepend(struct nk_mapwriter *w, uint32_t group_unit,
    const struct nk_map_group *g, uint32_t capacity, uint64_t user_row,
    uint32_t *unitp)
{
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
	struct nk_group_record rec;
	struct chunk c;
	int r;

	memset(&c.rec, 0, sizeof(c.rec));
	c.rec.r.kind = NK_RECORD_MEMBERS;
	c.rec.r.row = g->row;
	c.rec.r.length = length_of(1);
	c.rec.next = g->members;
	c.rec.count = 1;
	c.rows[0] = user_row;
	if ((r = nk_record_append(w, &c.rec.r, NK_MEMBERS_LEAST(capacity),
	    capacity, unitp)) < 0 || (r = nk_state_write(w)) < 0)
		return r;
	memcpy(&rec, g->page, sizeof(rec));
	rec.members = *unitp;
	memcpy(page, g->page, rec.r.length);
	memcpy(page, &rec, sizeof(rec));
	return nk_record_rewrite(w, group_unit,
	    (struct nk_record *)(void *)page, rec.r.length);
}

int
nk_members_add(struct nk_mapwriter *w, uint64_t group_row, uint64_t user_row,
    uint32_t *unitp)
{
	struct nk_map_group g;
	struct chunk c;
	uint32_t capacity, unit;
	int r;

	if ((r = load_group(w, group_row, &unit, &g, &c)) < 0)
		return r;
	capacity = c.rec.r.capacity * NK_MAP_UNIT;
	*unitp = g.members;
	/* A writer that was killed may have come as far as this. */
	if (capacity != 0 && find_row(&c, user_row) < c.rec.count)
		return 0;
	if (capacity == 0 || length_of(c.rec.count + 1) > capacity ||
	    c.rec.count == sizeof(c.rows) / sizeof(c.rows[0]))
		return prepend(w, unit, &g, nk_members_capacity(capacity),
		    user_row, unitp);
	c.rows[c.rec.count++] = user_row;
	return rewrite_chunk(w, g.members, &c);
}

int
nk_members_remove(struct nk_mapwriter *w, uint32_t unit, uint64_t group_row,
    uint64_t user_row)
{
	struct chunk c;
	uint32_t i;
	int r;

	if ((r = load_chunk(w, unit, group_row, &c)) < 0)
		return r;
	if ((i = find_row(&c, user_row)) == c.rec.count)
		return 0;
	c.rows[i] = c.rows[--c.rec.count];
	/* Only the newest chunk ever fills the gap. */
	nk_garbage_add(w, sizeof(c.rows[0]));
	return rewrite_chunk(w, unit, &c);
}
