/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/map/slot.h"
#include "lib/mapwriter/writer.h"

struct nk_hash
nk_want_key(const uint64_t salt[2], const struct nk_want *want)
{
	switch (want->by) {
	case NK_BY_NAME:
		return nk_key_of_name(salt, want->name, want->len);
	case NK_BY_ID:
		return nk_key_of_id(salt, want->id);
	case NK_BY_ROW:
	default:
		return nk_key_of_row(salt, want->row);
	}
}

static int
user_is(struct nk_mapwriter *w, const struct nk_want *want, uint32_t unit)
{
	struct nk_map_user u;
	int r;

	if ((r = nk_user_at(&w->view, unit, &u)) < 0)
		return nk_writer_error(r);
	if (u.row != want->row)
		return 0;
	if (want->by == NK_BY_NAME)
		return u.name_len == want->len &&
		    memcmp(u.name, want->name, want->len) == 0;
	return want->by == NK_BY_ROW || (u.uid == want->id &&
	    (u.flags & NK_USER_MANAGED) != 0);
}

static int
group_is(struct nk_mapwriter *w, const struct nk_want *want, uint32_t unit)
{
	struct nk_map_group g;
	int r;

	if ((r = nk_group_at(&w->view, unit, &g)) < 0)
		return nk_writer_error(r);
	if (g.row != want->row)
		return 0;
	if (want->by == NK_BY_NAME)
		return g.name_len == want->len &&
		    memcmp(g.name, want->name, want->len) == 0;
	return want->by == NK_BY_ROW || g.gid == want->id;
}

/* The same of any kind, where no more than the row is asked for. */
static int
row_is(struct nk_mapwriter *w, const struct nk_want *want, uint32_t unit,
    uint8_t page[NK_RECORD_PAGE_MAX])
{
	struct nk_record rec;
	int r;

	if ((r = nk_page_load(&w->view, unit, want->kind, page)) < 0)
		return nk_writer_error(r);
	memcpy(&rec, page, sizeof(rec));
	return rec.row == want->row;
}

/* Is the record at unit, of the right tag, what is wanted?  1, 0, -errno. */
static int
record_is(struct nk_mapwriter *w, const struct nk_want *want, uint32_t unit)
{
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
	int r;

	if (unit == want->own)
		return 1;
	if (want->page != NULL)
		return row_is(w, want, unit, want->page);
	if (want->kind == NK_RECORD_USER)
		return user_is(w, want, unit);
	if (want->kind == NK_RECORD_GROUP)
		return group_is(w, want, unit);
	r = row_is(w, want, unit, page);
	explicit_bzero(page, sizeof(page));	/* it may hold hashes */
	return r;
}

int
nk_table_find(struct nk_mapwriter *w, const struct nk_want *want,
    struct nk_place *place)
{
	struct nk_hash key = nk_want_key(w->header.salt, want);
	struct nk_probe p;
	uint64_t slot;
	int r;

	*place = (struct nk_place){ .table = want->table, .tag = key.tag };
	nk_probe_init(&p, &w->view, want->table, key);
	for (; p.left > 0; nk_probe_step(&p)) {
		if ((r = nk_probe_slot(&p, &slot)) < 0)
			return nk_writer_error(r);
		if (slot == 0 || nk_slot_unit(slot) == NK_SLOT_TOMBSTONE) {
			if (!place->free) {
				place->free = true;
				place->fresh = slot == 0;
				place->index = p.index;
			}
			if (slot == 0)
				break;
			continue;
		}
		if (nk_slot_tag(slot) != key.tag)
			continue;
		if ((r = record_is(w, want, nk_slot_unit(slot))) < 0)
			return r;
		if (r == 1) {
			place->unit = nk_slot_unit(slot);
			place->index = p.index;
			place->free = place->fresh = false;
			break;
		}
	}
	return 0;
}

bool
nk_table_has_room(const struct nk_mapwriter *w, uint32_t table,
    uint64_t slots)
{
	uint64_t size = UINT64_C(1) << w->header.tables[table].bits;
	uint64_t most = size / 8 * 7;

	return w->state.used[table] <= most &&
	    slots <= most - w->state.used[table];
}

int
nk_table_claim(struct nk_mapwriter *w, const struct nk_place *place)
{
	if (place->unit != 0)
		return 0;
	if (!place->free)
		return -EFBIG;
	if (!place->fresh)
		return 0;
	if (!nk_table_has_room(w, place->table, 1))
		return -EFBIG;
	w->state.used[place->table]++;
	w->dirty = true;
	return 0;
}

static int
write_slot(struct nk_mapwriter *w, const struct nk_place *place,
    uint32_t unit, uint16_t tag)
{
	uint64_t slot = nk_slot_make(unit, tag, nk_slot_place(
	    w->header.salt[0], place->table, place->index));

	return nk_file_write(w, w->header.tables[place->table].offset +
	    place->index * sizeof(slot), &slot, sizeof(slot));
}

int
nk_table_point(struct nk_mapwriter *w, const struct nk_place *place,
    uint32_t unit)
{
	if (place->unit == unit)
		return 0;
	return write_slot(w, place, unit, place->tag);
}

int
nk_table_bury(struct nk_mapwriter *w, const struct nk_place *place)
{
	if (place->unit == 0)
		return 0;
	return write_slot(w, place, NK_SLOT_TOMBSTONE, 0);
}

int
nk_row_find(struct nk_mapwriter *w, uint32_t table,
    enum nk_record_kind kind, uint64_t row, uint32_t *unitp)
{
	struct nk_want want = { .by = NK_BY_ROW, .table = table,
	    .kind = kind, .row = row };
	struct nk_place place;
	int r;

	if ((r = nk_table_find(w, &want, &place)) < 0)
		return r;
	if (place.unit == 0)
		return -ENOENT;
	*unitp = place.unit;
	return 0;
}
