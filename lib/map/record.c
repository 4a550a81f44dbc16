/* SPDX-License-Identifier: ISC */

#include "lib/map/record.h"

#include <errno.h>
#include <string.h>

#include "lib/map/sum.h"
#include "lib/map/view.h"

/* What pread(2) fetches before it knows a record's length. */
#define FIRST_READ	512u

#define WORD		sizeof(uint64_t)

/* The words before "length" are the sum itself. */
uint64_t
nk_record_sum(const uint64_t salt[2], uint32_t unit, const void *record,
    uint32_t length)
{
	return nk_sum(salt, unit, (const uint8_t *)record + WORD,
	    nk_record_words(length) - 1);
}

/*
 * Something ends at "end", behind what v knows.  The writer allocates, then
 * says so in the state cell, then points there.
 */
static int
is_behind(const struct nk_view *v, uint64_t end)
{
	struct nk_map_state s;

	if (nk_view_read(v, NK_MAP_STATE_AT, &s, sizeof(s)) < 0)
		return -EIO;
	if (s.sum == nk_cell_sum(v->salt, NK_MAP_STATE_AT, &s, sizeof(s)) &&
	    s.end >= end)
		return -ESTALE;
	return -EAGAIN;
}

/* May a record at offset at be length bytes long?  left: to the file's end. */
static int
check_length(const struct nk_view *v, uint64_t at, uint64_t left,
    uint32_t length, size_t size)
{
	if (length < sizeof(struct nk_record) || length > NK_RECORD_MAX)
		return -EAGAIN;
	if (length <= NK_MAP_PAGE &&
	    length > NK_MAP_PAGE - (uint32_t)(at % NK_MAP_PAGE))
		return -EAGAIN;
	if (nk_record_words(length) * WORD > left)
		return is_behind(v, at + length);
	return nk_record_words(length) * WORD > size ? -ERANGE : 0;
}

static int
load_mapped(const struct nk_view *v, uint64_t at, uint64_t left, void *buf,
    size_t size, uint64_t *sump)
{
	const uint64_t *s = (const uint64_t *)(const void *)(v->base + at);
	uint64_t word[2];
	struct nk_record r;
	int error;

	if (left > 2 * NK_MAP_UNIT)	/* most are longer than one line */
		__builtin_prefetch(v->base + at + NK_MAP_UNIT);
	word[0] = __atomic_load_n(s, __ATOMIC_RELAXED);
	word[1] = __atomic_load_n(s + 1, __ATOMIC_RELAXED);
	memcpy(&r, word, sizeof(word));
	memcpy(buf, word, sizeof(word));	/* which may lie anywhere */
	if ((error = check_length(v, at, left, r.length, size)) < 0)
		return error;
	*sump = nk_sum_copy(v->salt, at / NK_MAP_UNIT,
	    (uint8_t *)buf + WORD, s + 1,
	    nk_record_words(r.length) - 1);
	return 0;
}

static int
load_pread(const struct nk_view *v, uint64_t at, uint64_t left, void *buf,
    size_t size, uint64_t *sump)
{
	size_t first = FIRST_READ, want;
	struct nk_record r;
	int error;

	if (first > size)
		first = size / WORD * WORD;
	if (first > left)
		first = (size_t)(left / WORD * WORD);
	if ((error = nk_view_read(v, at, buf, first)) < 0)
		return error;
	memcpy(&r, buf, sizeof(r));
	if ((error = check_length(v, at, left, r.length, size)) < 0)
		return error;
	want = nk_record_words(r.length) * WORD;
	if (want > first && (error = nk_view_read(v, at + first,
	    (uint8_t *)buf + first, want - first)) < 0)
		return error;
	*sump = nk_record_sum(v->salt, (uint32_t)(at / NK_MAP_UNIT), buf,
	    r.length);
	return 0;
}

int
nk_record_load(const struct nk_view *v, uint32_t unit,
    enum nk_record_kind kind, void *buf, size_t size)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT, sum = 0;
	struct nk_record r;
	int error;

	if (size < sizeof(r))
		return -ERANGE;
	if (at < v->records)
		return -EAGAIN;
	if (at >= length || length - at < NK_MAP_UNIT)
		return is_behind(v, at + NK_MAP_UNIT);
	error = v->base != NULL ?
	    load_mapped(v, at, length - at, buf, size, &sum) :
	    load_pread(v, at, length - at, buf, size, &sum);
	if (error < 0)
		return error;
	memcpy(&r, buf, sizeof(r));
	if (r.sum != sum)
		return -EAGAIN;
	if (r.kind != kind || r.row == 0 ||
	    r.length > r.capacity * NK_MAP_UNIT)
		return -EIO;
	return 0;
}

int
nk_page_load(const struct nk_view *v, uint32_t unit,
    enum nk_record_kind kind, uint8_t page[NK_RECORD_PAGE_MAX])
{
	int r = nk_record_load(v, unit, kind, page, NK_RECORD_PAGE_MAX);

	return r == -ERANGE ? -EAGAIN : r;
}
