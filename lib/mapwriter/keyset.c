/* SPDX-License-Identifier: ISC */

/*
 * Authorized keys: a set for each user, whose entries lead to lines.
 *
 *  1. New lines are complete, and the state counts them, before the set
 *     leads to them.
 *  2. A line that the set has already is used again; when no more than its
 *     expiry or flags changed, its head alone is rewritten, in one write.
 *  3. So a set that loses lines, and a line that expires sooner, need no
 *     space.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mapwriter/writer.h"

_Static_assert(sizeof(struct nk_keyline_record) <= NK_MAP_UNIT,
    "the head of a line is rewritten within a unit");

/* A put of a set on its way. */
struct set_edit {
	struct nk_edit	e;
	struct nk_map_keyset old;	/* if e.unit is not 0 */
	uint32_t	units[NK_KEYSET_MAX];	/* of the lines, 0: new */
	bool		heads[NK_KEYSET_MAX];	/* the head has changed */
	uint64_t	line_bytes;
	uint64_t	garbage;	/* capacity of lines given up */
	uint8_t		*buf;		/* NK_RECORD_MAX */
};

static uint32_t
line_length(const struct nk_put_keyline *l)
{
	return (uint32_t)sizeof(struct nk_keyline_record) + l->text_len;
}

static bool
is_line(const struct nk_put_keyline *l)
{
	return l->text != NULL && l->text_len <= NK_RECORD_MAX -
	    sizeof(struct nk_keyline_record) &&
	    l->type_at <= l->text_len &&
	    l->type_len <= l->text_len - l->type_at &&
	    l->type_len <= UINT16_MAX && l->blob_at <= l->text_len &&
	    l->blob_len <= l->text_len - l->blob_at &&
	    memchr(l->text, '\n', l->text_len) == NULL &&
	    memchr(l->text, '\0', l->text_len) == NULL;
}

static int
check_keyset(const struct nk_mapwriter *w, const struct nk_put_keyset *k)
{
	uint32_t i;

	if (w->kind != NK_MAP_KIND_KEYS || k->row == 0 ||
	    k->count > NK_KEYSET_MAX)
		return -EINVAL;
	for (i = 0; i < k->count; i++) {
		if (!is_line(&k->lines[i]))
			return -EINVAL;
	}
	return 0;
}

struct nk_record *
nk_compose_keyline(void *buf, uint64_t row, const struct nk_put_keyline *l)
{
	struct nk_keyline_record rec = {
		.r = { .kind = NK_RECORD_KEYLINE, .row = row,
		    .length = line_length(l) },
		.expires_at = l->expires_at, .text_len = l->text_len,
		.type_at = l->type_at, .blob_at = l->blob_at,
		.type_len = (uint16_t)l->type_len, .flags = l->flags,
		.blob_len = l->blob_len,
	};

	memcpy(buf, &rec, sizeof(rec));
	memcpy((uint8_t *)buf + sizeof(rec), l->text, l->text_len);
	return buf;
}

struct nk_record *
nk_compose_keyset(uint8_t page[NK_RECORD_PAGE_MAX],
    const struct nk_put_keyset *k, const uint32_t *units)
{
	struct nk_keyset_record rec = {
		.r = { .kind = NK_RECORD_KEYSET, .row = k->row },
		.generation = { k->generation[0], k->generation[1] },
		.count = k->count,
	};
	struct nk_keyset_entry entry;
	uint8_t *p = page + sizeof(rec);
	uint32_t i;

	for (i = 0; i < k->count; i++, p += sizeof(entry)) {
		entry.unit = units[i];
		entry.flags = k->lines[i].flags;
		memcpy(p, &entry, sizeof(entry));
	}
	rec.r.length = (uint32_t)(p - page);
	memcpy(page, &rec, sizeof(rec));
	return (struct nk_record *)(void *)page;
}

static int
find_keyset(struct nk_mapwriter *w, uint64_t row, struct nk_edit *e,
    struct nk_map_keyset *old)
{
	int r;

	memset(e, 0, sizeof(*e));
	e->kind = NK_RECORD_KEYSET;
	e->table = NK_TABLE_ROW;
	e->row = row;
	if (w->bulk != NULL && (r = nk_bulk_leave(w)) < 0)
		return r;
	if ((r = nk_edit_find(w, e, old->page)) < 0 || e->unit == 0)
		return r;
	return nk_writer_error(nk_keyset_take(old));
}

/* The line of k, not yet found, that has this text; or k->count. */
static uint32_t
match_line(const struct nk_put_keyset *k, const struct set_edit *s,
    const struct nk_map_keyline *l)
{
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		if (s->units[i] == 0 && k->lines[i].text_len == l->text_len &&
		    memcmp(k->lines[i].text, l->text, l->text_len) == 0)
			break;
	}
	return i;
}

/* Which lines are there already, and which old ones go. */
static int
match_lines(struct nk_mapwriter *w, const struct nk_put_keyset *k,
    struct set_edit *s)
{
	const struct nk_put_keyline *line;
	struct nk_keyline_record rec;
	struct nk_map_keyline l;
	uint32_t i, j;
	int r;

	for (i = 0; s->e.unit != 0 && i < s->old.count; i++) {
		if ((r = nk_map_keyline_at(&w->view, s->old.entries[i].unit,
		    k->row, s->buf, NK_RECORD_MAX, &l)) < 0)
			return nk_writer_error(r);
		memcpy(&rec, s->buf, sizeof(rec));
		if ((j = match_line(k, s, &l)) == k->count) {
			s->garbage += (uint64_t)rec.r.capacity * NK_MAP_UNIT;
			continue;
		}
		line = &k->lines[j];
		s->units[j] = s->old.entries[i].unit;
		s->heads[j] = rec.expires_at != line->expires_at ||
		    rec.flags != line->flags ||
		    rec.type_at != line->type_at ||
		    rec.type_len != line->type_len ||
		    rec.blob_at != line->blob_at ||
		    rec.blob_len != line->blob_len;
	}
	return 0;
}

/* s->buf is the caller's to free, also when this fails. */
static int
plan_keyset(struct nk_mapwriter *w, const struct nk_put_keyset *k,
    struct set_edit *s)
{
	uint32_t i, length;
	int r;

	memset(s->units, 0, sizeof(s->units));
	memset(s->heads, 0, sizeof(s->heads));
	s->line_bytes = s->garbage = 0;
	if ((s->buf = malloc(NK_RECORD_MAX)) == NULL)
		return -ENOMEM;
	if ((r = find_keyset(w, k->row, &s->e, &s->old)) < 0 ||
	    (r = match_lines(w, k, s)) < 0)
		return r;
	for (i = 0; i < k->count; i++) {
		length = line_length(&k->lines[i]);
		if (s->units[i] == 0)
			s->line_bytes += nk_fit_most(length,
			    nk_capacity_for(length, 0));
	}
	s->e.slack = NK_RECORD_SLACK_SMALL;
	s->e.length = (uint32_t)(sizeof(struct nk_keyset_record) +
	    k->count * sizeof(struct nk_keyset_entry));
	return nk_edit_plan(w, &s->e);
}

int
nk_mapwriter_keyset_need(struct nk_mapwriter *w,
    const struct nk_put_keyset *k, uint64_t *bytesp, uint32_t *slotsp)
{
	struct set_edit s = { .buf = NULL };
	int r;

	if ((r = check_keyset(w, k)) < 0)
		return r;
	if ((r = plan_keyset(w, k, &s)) == 0) {
		*bytesp += s.e.bytes + s.line_bytes;
		*slotsp += s.e.slots;
	}
	free(s.buf);
	return r;
}

/* Append the line, or rewrite the head of the one that is there. */
static int
put_line(struct nk_mapwriter *w, uint64_t row, const struct nk_put_keyline *l,
    uint32_t *unitp, uint8_t *buf)
{
	struct nk_record *rec = nk_compose_keyline(buf, row, l);
	uint32_t capacity = nk_capacity_for(rec->length, 0);
	struct nk_record old;
	int r;

	if (*unitp == 0)
		return nk_record_append(w, rec, rec->length, capacity, unitp);
	if ((r = nk_view_read(&w->view, (uint64_t)*unitp * NK_MAP_UNIT, &old,
	    sizeof(old))) < 0)
		return r;
	rec->capacity = old.capacity;
	memset(buf + rec->length, 0, nk_record_words(rec->length) *
	    sizeof(uint64_t) - rec->length);
	rec->sum = nk_record_sum(w->header.salt, *unitp, rec, rec->length);
	return nk_file_write(w, (uint64_t)*unitp * NK_MAP_UNIT, rec,
	    sizeof(struct nk_keyline_record));
}

int
nk_mapwriter_put_keyset(struct nk_mapwriter *w, const struct nk_put_keyset *k)
{
	struct set_edit s = { .buf = NULL };
	uint32_t i;
	int r;

	if ((r = check_keyset(w, k)) < 0)
		return r;
	if (w->bulk != NULL && (r = nk_bulk_put_keyset(w, k)) != -EEXIST)
		return r;
	if ((r = plan_keyset(w, k, &s)) < 0 ||
	    (r = nk_edit_ensure(w, &s.e, s.line_bytes)) < 0)
		goto out;
	for (i = 0; i < k->count; i++) {
		if ((s.units[i] == 0 || s.heads[i]) && (r = put_line(w,
		    k->row, &k->lines[i], &s.units[i], s.buf)) < 0)
			goto out;
	}
	if ((r = nk_edit_put(w, &s.e, nk_compose_keyset(w->page, k,
	    s.units))) == 0 && s.garbage > 0)
		nk_garbage_add(w, s.garbage);
 out:
	free(s.buf);
	return r;
}

int
nk_mapwriter_keyset_generations(struct nk_mapwriter *w, uint64_t row,
    const uint64_t generation[2])
{
	struct nk_keyset_record rec;
	struct nk_map_keyset old;
	struct nk_edit e;
	int r;

	if (w->kind != NK_MAP_KIND_KEYS || row == 0)
		return -EINVAL;
	if ((r = find_keyset(w, row, &e, &old)) < 0 || e.unit == 0)
		return r;
	if (memcmp(old.generation, generation, sizeof(old.generation)) == 0)
		return 0;
	memcpy(w->page, old.page, e.old_length);
	memcpy(&rec, w->page, sizeof(rec));
	memcpy(rec.generation, generation, sizeof(rec.generation));
	memcpy(w->page, &rec, sizeof(rec));
	return nk_record_rewrite(w, e.unit,
	    (struct nk_record *)(void *)w->page, e.old_length);
}

int
nk_mapwriter_drop_keyset(struct nk_mapwriter *w, uint64_t row)
{
	struct nk_put_keyset none = { .row = row };
	struct set_edit s = { .buf = NULL };
	int r;

	if (w->kind != NK_MAP_KIND_KEYS || row == 0)
		return -EINVAL;
	if ((r = plan_keyset(w, &none, &s)) == 0 && s.e.unit != 0 &&
	    (r = nk_edit_drop(w, &s.e)) == 0)
		nk_garbage_add(w, s.garbage);
	free(s.buf);
	return r;
}
