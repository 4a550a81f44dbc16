/* SPDX-License-Identifier: ISC */

/*
 * Putting and dropping one entry: a record and the slots of its row, name
 * and id.  The writer may be killed between any two writes, readers look
 * at any moment, and the next writer does the same put or drop again:
 *
 *  1. The row's slot says which record is the entry.  For a new entry it is
 *     written first, of a dropped one it is buried last, so that whoever
 *     does it again finds the old name and id there.
 *  2. A new entry: record, state, row, id, name.  Until its name is there
 *     nobody can log in by it.
 *  3. What fits into the old record: slots of a new name or id first, which
 *     lead to a record that says otherwise and are passed over; then the
 *     record in one write, by which the old name and id are gone and the
 *     new ones there; then the old slots are buried.  Killed before that,
 *     they lead to a record that says otherwise, and stay so until
 *     compaction: nothing but a slot is lost.
 *  4. What does not fit: record and state, then name and id are pointed at
 *     it; the old name and id are buried before the row leaves the old
 *     record, which goes on saying them.  After the row has left it no slot
 *     leads to it.
 *  5. A slot with the key's tag which points at the entry's own record is
 *     the entry's, whatever the record says: the slot that a killed writer
 *     made is found again, and there are never two.
 *  6. A drop: name, id, row.
 *  7. A record that says it all is not written again.
 *  8. All space and slots are there before the first write that a reader
 *     could see.
 */

#include <errno.h>
#include <string.h>

#include "lib/mapwriter/writer.h"

static int
find_name(struct nk_mapwriter *w, const struct nk_edit *e, const char *name,
    size_t len, struct nk_place *place)
{
	struct nk_want want = { .by = NK_BY_NAME, .table = e->table + 1,
	    .kind = e->kind, .row = e->row, .name = name, .len = len,
	    .own = e->unit };

	return nk_table_find(w, &want, place);
}

static int
find_id(struct nk_mapwriter *w, const struct nk_edit *e, uint32_t id,
    struct nk_place *place)
{
	struct nk_want want = { .by = NK_BY_ID, .table = e->table + 2,
	    .kind = e->kind, .row = e->row, .id = id, .own = e->unit };

	return nk_table_find(w, &want, place);
}

/* The old slot may be the very one that the new key has come to use. */
static void
keep_if_same(struct nk_place *old, const struct nk_place *new)
{
	if (old->unit != 0 && new->unit != 0 && old->index == new->index)
		old->unit = 0;
}

/* Does it keep its name, or its lack of one? */
static bool
keeps_name(const struct nk_edit *e)
{
	if (e->name == NULL || e->old_name == NULL)
		return e->name == e->old_name;
	return e->name_len == e->old_name_len &&
	    memcmp(e->name, e->old_name, e->name_len) == 0;
}

static bool
keeps_id(const struct nk_edit *e)
{
	return e->has_id == e->old_has_id &&
	    (!e->has_id || e->id == e->old_id);
}

static int
plan_keys(struct nk_mapwriter *w, struct nk_edit *e)
{
	int r;

	if (e->name != NULL && (r = find_name(w, e, e->name, e->name_len,
	    &e->name_at)) < 0)
		return r;
	if (e->has_id && (r = find_id(w, e, e->id, &e->id_at)) < 0)
		return r;
	if (e->old_name != NULL && !keeps_name(e)) {
		if ((r = find_name(w, e, e->old_name, e->old_name_len,
		    &e->old_name_at)) < 0)
			return r;
		if (e->name != NULL)
			keep_if_same(&e->old_name_at, &e->name_at);
	}
	if (e->old_has_id && !keeps_id(e)) {
		if ((r = find_id(w, e, e->old_id, &e->old_id_at)) < 0)
			return r;
		if (e->has_id)
			keep_if_same(&e->old_id_at, &e->id_at);
	}
	return 0;
}

int
nk_edit_find(struct nk_mapwriter *w, struct nk_edit *e,
    uint8_t page[NK_RECORD_PAGE_MAX])
{
	struct nk_found *f = &w->found;
	struct nk_want want = { .by = NK_BY_ROW, .table = e->table,
	    .kind = e->kind, .row = e->row, .page = f->page };
	struct nk_record rec;
	int r;

	if (f->row != e->row || f->kind != e->kind) {
		f->row = 0;
		f->read = true;
		if ((r = nk_table_find(w, &want, &f->at)) < 0)
			return r;
		f->row = e->row;
		f->kind = e->kind;
	}
	e->row_at = f->at;
	if ((e->unit = f->at.unit) == 0)
		return 0;
	memcpy(&rec, f->page, sizeof(rec));
	memcpy(page, f->page, rec.length);
	e->old = page;
	e->old_length = rec.length;
	e->old_capacity = rec.capacity * NK_MAP_UNIT;
	return 0;
}

static void
measure(struct nk_edit *e)
{
	e->fits = e->unit != 0 && e->length <= e->old_capacity;
	e->bytes = e->fits ? 0 : nk_fit_most(e->length,
	    nk_capacity_for(e->length, e->slack));
	e->slots = e->unit == 0 ? 1 : 0;
}

int
nk_edit_plan(struct nk_mapwriter *w, struct nk_edit *e)
{
	measure(e);
	return plan_keys(w, e);
}

/*
 * A name or id that stays has its slot, or a killed writer left it without:
 * then the put finds that out.
 */
int
nk_edit_need(struct nk_mapwriter *w, struct nk_edit *e)
{
	int r;

	measure(e);
	if (e->name != NULL && !keeps_name(e)) {
		if ((r = find_name(w, e, e->name, e->name_len,
		    &e->name_at)) < 0)
			return r;
		e->slots += e->name_at.unit == 0;
	}
	if (e->has_id && !keeps_id(e)) {
		if ((r = find_id(w, e, e->id, &e->id_at)) < 0)
			return r;
		e->slots += e->id_at.unit == 0;
	}
	return 0;
}

static bool
has_slot(const struct nk_mapwriter *w, const struct nk_place *place)
{
	return place->unit != 0 || (place->free && (!place->fresh ||
	    nk_table_has_room(w, place->table, 1)));
}

int
nk_edit_ensure(struct nk_mapwriter *w, const struct nk_edit *e,
    uint64_t extra)
{
	if (!has_slot(w, &e->row_at) ||
	    (e->name != NULL && !has_slot(w, &e->name_at)) ||
	    (e->has_id && !has_slot(w, &e->id_at)))
		return -EFBIG;
	return e->bytes + extra == 0 ? 0 :
	    nk_file_ensure(w, e->bytes + extra);
}

/* Count the slots to be filled, and have the state say so, and where end is. */
static int
settle_state(struct nk_mapwriter *w, const struct nk_edit *e)
{
	int r;

	if ((r = nk_table_claim(w, &e->row_at)) < 0 ||
	    (e->name != NULL && (r = nk_table_claim(w, &e->name_at)) < 0) ||
	    (e->has_id && (r = nk_table_claim(w, &e->id_at)) < 0))
		return r;
	return w->dirty ? nk_state_write(w) : 0;
}

static int
point_keys(struct nk_mapwriter *w, const struct nk_edit *e, uint32_t unit)
{
	int r;

	if (e->has_id && (r = nk_table_point(w, &e->id_at, unit)) < 0)
		return r;
	return e->name != NULL ? nk_table_point(w, &e->name_at, unit) : 0;
}

static int
bury_old_keys(struct nk_mapwriter *w, const struct nk_edit *e)
{
	int r;

	if ((r = nk_table_bury(w, &e->old_name_at)) < 0)
		return r;
	return nk_table_bury(w, &e->old_id_at);
}

/* Does the record say it all, but for the sum? */
static bool
says_so(const struct nk_edit *e, const struct nk_record *rec)
{
	return rec->length == e->old_length && memcmp((const uint8_t *)rec +
	    sizeof(rec->sum), e->old + sizeof(rec->sum), rec->length -
	    sizeof(rec->sum)) == 0;
}

static int
put_in_place(struct nk_mapwriter *w, const struct nk_edit *e,
    struct nk_record *rec)
{
	int r;

	rec->capacity = (uint16_t)(e->old_capacity / NK_MAP_UNIT);
	if ((r = settle_state(w, e)) < 0 ||
	    (r = point_keys(w, e, e->unit)) < 0 ||
	    (!says_so(e, rec) &&
	    (r = nk_record_rewrite(w, e->unit, rec, e->old_length)) < 0))
		return r;
	return bury_old_keys(w, e);
}

int
nk_edit_put(struct nk_mapwriter *w, struct nk_edit *e, struct nk_record *rec)
{
	uint32_t unit;
	int r;

	if (e->fits)
		return put_in_place(w, e, rec);
	if ((r = nk_record_append(w, rec, e->length,
	    nk_capacity_for(e->length, e->slack), &unit)) < 0)
		return r;
	if (e->unit != 0)
		nk_garbage_add(w, e->old_capacity);
	if ((r = settle_state(w, e)) < 0)
		return r;
	if (e->unit == 0) {
		if ((r = nk_table_point(w, &e->row_at, unit)) < 0)
			return r;
		return point_keys(w, e, unit);
	}
	if ((r = point_keys(w, e, unit)) < 0 ||
	    (r = bury_old_keys(w, e)) < 0)
		return r;
	return nk_table_point(w, &e->row_at, unit);
}

int
nk_edit_drop(struct nk_mapwriter *w, struct nk_edit *e)
{
	int r;

	if ((r = plan_keys(w, e)) < 0 || (r = bury_old_keys(w, e)) < 0 ||
	    (r = nk_table_bury(w, &e->row_at)) < 0)
		return r;
	nk_garbage_add(w, e->old_capacity);
	return 0;
}
