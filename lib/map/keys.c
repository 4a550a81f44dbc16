/* SPDX-License-Identifier: ISC */

/* Authorized keys: keys.map. */

#include <errno.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/map/reader.h"
#include "lib/map/record.h"

_Static_assert(sizeof(struct nk_keyset_record) == 48, "no padding");
_Static_assert(sizeof(struct nk_keyset_entry) == 8, "no padding");
_Static_assert(sizeof(struct nk_keyline_record) == 56, "no padding");

int
nk_keyset_take(struct nk_map_keyset *k)
{
	struct nk_keyset_record rec;
	struct nk_rest rest;
	const uint8_t *entries;

	memcpy(&rec, k->page, sizeof(rec));
	if (rec.r.length < sizeof(rec))
		return -EIO;
	rest.p = k->page + sizeof(rec);
	rest.left = rec.r.length - sizeof(rec);
	if ((entries = nk_take_array(&rest, rec.count,
	    sizeof(struct nk_keyset_entry))) == NULL || rest.left != 0)
		return -EIO;
	k->row = rec.r.row;
	k->generation[0] = rec.generation[0];
	k->generation[1] = rec.generation[1];
	k->count = rec.count;
	k->entries = (const struct nk_keyset_entry *)(const void *)entries;
	return 0;
}

int
nk_keyset_at(const struct nk_view *v, uint32_t unit, struct nk_map_keyset *k)
{
	int r = nk_page_load(v, unit, NK_RECORD_KEYSET, k->page);

	return r < 0 ? r : nk_keyset_take(k);
}

int
nk_map_keyset_find(const struct nk_view *v, uint64_t row,
    uint64_t generation, struct nk_map_keyset *k)
{
	struct nk_probe p;
	uint32_t unit;
	int r;

	if (v->kind != NK_MAP_KIND_KEYS)
		return -EIO;
	nk_probe_init(&p, v, NK_TABLE_ROW, nk_key_of_row(v->salt, row));
	while ((r = nk_probe_get(&p, &unit)) == 0) {
		r = nk_keyset_at(v, unit, k);
		if (r == -EAGAIN && nk_probe_again(&p))
			continue;
		if (r < 0)
			return r == -EAGAIN ? -EIO : r;
		if (k->row == row)
			return k->generation[0] == generation ||
			    k->generation[1] == generation ? 0 : -ENOENT;
		nk_probe_step(&p);
	}
	return r;
}

/* Does the part (at, len) lie within text_len bytes? */
static bool
is_within(uint32_t at, uint32_t len, uint32_t text_len)
{
	return at <= text_len && len <= text_len - at;
}

static int
decode_line(const uint8_t *buf, struct nk_map_keyline *l)
{
	struct nk_keyline_record rec;
	const char *text = (const char *)buf + sizeof(rec);

	memcpy(&rec, buf, sizeof(rec));
	if (rec.r.length < sizeof(rec) ||
	    rec.text_len != rec.r.length - sizeof(rec) ||
	    !is_within(rec.type_at, rec.type_len, rec.text_len) ||
	    !is_within(rec.blob_at, rec.blob_len, rec.text_len))
		return -EIO;
	/* One line is one line, whoever prints it. */
	if (memchr(text, '\0', rec.text_len) != NULL ||
	    memchr(text, '\n', rec.text_len) != NULL)
		return -EIO;
	l->expires_at = rec.expires_at;
	l->flags = rec.flags;
	l->text = text;
	l->type = text + rec.type_at;
	l->blob = text + rec.blob_at;
	l->text_len = rec.text_len;
	l->type_len = rec.type_len;
	l->blob_len = rec.blob_len;
	return 0;
}

int
nk_map_keyline_at(const struct nk_view *v, uint32_t unit, uint64_t row,
    void *buf, size_t len, struct nk_map_keyline *l)
{
	struct nk_record rec;
	unsigned int tries = 0;
	int r;

	if (v->kind != NK_MAP_KIND_KEYS)
		return -EIO;
	do {
		r = nk_record_load(v, unit, NK_RECORD_KEYLINE, buf, len);
	} while (r == -EAGAIN && nk_view_wait(v, &tries));
	if (r < 0)
		return r == -EAGAIN ? -EIO : r;
	memcpy(&rec, buf, sizeof(rec));
	if (rec.row != row)
		return -EIO;
	return decode_line(buf, l);
}
