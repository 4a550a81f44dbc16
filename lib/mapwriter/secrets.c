/* SPDX-License-Identifier: ISC */

/*
 * Secrets.  A hash leaves nothing behind: neither in this process's memory
 * nor, once no slot leads to it, in the map.
 */

#include <errno.h>
#include <string.h>

#include "lib/mapwriter/writer.h"

static int
check_secret(const struct nk_mapwriter *w, const struct nk_put_secret *s)
{
	return w->kind == NK_MAP_KIND_SECRETS && s->row != 0 &&
	    s->hash != NULL && strnlen(s->hash, NK_HASH_MAX + 1) <=
	    NK_HASH_MAX ? 0 : -EINVAL;
}

struct nk_record *
nk_compose_secret(uint8_t page[NK_RECORD_PAGE_MAX],
    const struct nk_put_secret *s)
{
	size_t len = strlen(s->hash);
	struct nk_secret_record rec = {
		.r = { .kind = NK_RECORD_SECRET, .row = s->row,
		    .length = (uint32_t)(sizeof(rec) + len + 1) },
		.generation = { s->generation[0], s->generation[1] },
		.locked_until = s->locked_until == NK_LOCKED_KEEP ? 0 :
		    s->locked_until,
		.last_change = s->last_change, .min_days = s->min_days,
		.max_days = s->max_days, .warn_days = s->warn_days,
		.inactive_days = s->inactive_days, .flags = s->flags,
		.hash_len = (uint16_t)len,
	};

	memcpy(page, &rec, sizeof(rec));
	memcpy(page + sizeof(rec), s->hash, len + 1);
	return (struct nk_record *)(void *)page;
}

static int
find_secret(struct nk_mapwriter *w, uint64_t row, struct nk_edit *e,
    struct nk_map_secret *old)
{
	int r;

	memset(e, 0, sizeof(*e));
	e->kind = NK_RECORD_SECRET;
	e->table = NK_TABLE_ROW;
	e->row = row;
	if (w->bulk != NULL && (r = nk_bulk_leave(w)) < 0)
		return r;
	if ((r = nk_edit_find(w, e, old->page)) < 0 || e->unit == 0)
		return r;
	return nk_writer_error(nk_secret_take(old));
}

/* Of what find_secret() found, the hash. */
static void
wipe_old(const struct nk_edit *e, struct nk_map_secret *old)
{
	explicit_bzero(old->page, e->old_length);
}

/* The caller wipes *old, also when this fails. */
static int
plan_secret(struct nk_mapwriter *w, const struct nk_put_secret *s,
    struct nk_edit *e, struct nk_map_secret *old)
{
	int r;

	if ((r = find_secret(w, s->row, e, old)) < 0)
		return r;
	e->slack = NK_RECORD_SLACK;
	e->length = (uint32_t)(sizeof(struct nk_secret_record) +
	    strlen(s->hash) + 1);
	return nk_edit_plan(w, e);
}

/* Zeros over a record that no slot leads to any more. */
static int
wipe(struct nk_mapwriter *w, const struct nk_edit *e)
{
	memset(w->page, 0, e->old_length);
	return nk_file_write(w, (uint64_t)e->unit * NK_MAP_UNIT, w->page,
	    e->old_length);
}

int
nk_mapwriter_secret_need(struct nk_mapwriter *w,
    const struct nk_put_secret *s, uint64_t *bytesp, uint32_t *slotsp)
{
	struct nk_map_secret old;
	struct nk_edit e;
	int r;

	if ((r = check_secret(w, s)) < 0)
		return r;
	if ((r = plan_secret(w, s, &e, &old)) == 0) {
		*bytesp += e.bytes;
		*slotsp += e.slots;
	}
	wipe_old(&e, &old);
	return r;
}

int
nk_mapwriter_put_secret(struct nk_mapwriter *w, const struct nk_put_secret *s)
{
	struct nk_put_secret put = *s;
	struct nk_map_secret old;
	struct nk_edit e;
	int r;

	if ((r = check_secret(w, s)) < 0)
		return r;
	if (w->bulk != NULL && (r = nk_bulk_put_secret(w, s)) != -EEXIST)
		return r;
	if ((r = plan_secret(w, s, &e, &old)) < 0 ||
	    (r = nk_edit_ensure(w, &e, 0)) < 0)
		goto out;
	if (put.locked_until == NK_LOCKED_KEEP)
		put.locked_until = e.unit != 0 ? old.locked_until : 0;
	r = nk_edit_put(w, &e, nk_compose_secret(w->page, &put));
	explicit_bzero(w->page, nk_record_words(e.length) * sizeof(uint64_t));
	if (r == 0 && e.unit != 0 && !e.fits)
		r = wipe(w, &e);
 out:
	wipe_old(&e, &old);
	return r;
}

/* Rewrite a record with what change() makes of it; none is fine. */
static int
rewrite_secret(struct nk_mapwriter *w, uint64_t row,
    void (*change)(struct nk_secret_record *rec, const void *arg),
    const void *arg)
{
	struct nk_secret_record rec;
	struct nk_map_secret old;
	struct nk_edit e;
	int r;

	if (w->kind != NK_MAP_KIND_SECRETS || row == 0)
		return -EINVAL;
	if ((r = find_secret(w, row, &e, &old)) < 0 || e.unit == 0)
		goto out;
	memcpy(&rec, old.page, sizeof(rec));
	change(&rec, arg);
	if (memcmp(&rec, old.page, sizeof(rec)) == 0)
		goto out;
	memcpy(old.page, &rec, sizeof(rec));
	r = nk_record_rewrite(w, e.unit, (struct nk_record *)(void *)old.page,
	    e.old_length);
 out:
	wipe_old(&e, &old);
	return r;
}

static void
change_generations(struct nk_secret_record *rec, const void *arg)
{
	memcpy(rec->generation, arg, sizeof(rec->generation));
}

static void
change_locked(struct nk_secret_record *rec, const void *arg)
{
	memcpy(&rec->locked_until, arg, sizeof(rec->locked_until));
}

int
nk_mapwriter_secret_generations(struct nk_mapwriter *w, uint64_t row,
    const uint64_t generation[2])
{
	return rewrite_secret(w, row, change_generations, generation);
}

int
nk_mapwriter_secret_locked(struct nk_mapwriter *w, uint64_t row,
    int64_t locked_until)
{
	if (locked_until < 0)
		return -EINVAL;
	return rewrite_secret(w, row, change_locked, &locked_until);
}

int
nk_mapwriter_drop_secret(struct nk_mapwriter *w, uint64_t row)
{
	struct nk_map_secret old;
	struct nk_edit e;
	int r;

	if (w->kind != NK_MAP_KIND_SECRETS || row == 0)
		return -EINVAL;
	r = find_secret(w, row, &e, &old);
	wipe_old(&e, &old);
	if (r < 0 || e.unit == 0)
		return r;
	if ((r = nk_edit_drop(w, &e)) < 0)
		return r;
	return wipe(w, &e);
}
