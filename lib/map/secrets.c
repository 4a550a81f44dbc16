/* SPDX-License-Identifier: ISC */

/* Password hashes, ageing and lock-outs: secrets.map. */

#include <errno.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/map/reader.h"
#include "lib/map/record.h"

_Static_assert(sizeof(struct nk_secret_record) == 80, "no padding");

int
nk_secret_take(struct nk_map_secret *s)
{
	struct nk_secret_record rec;
	struct nk_rest rest;

	memcpy(&rec, s->page, sizeof(rec));
	if (rec.r.length < sizeof(rec) || rec.hash_len > NK_HASH_MAX)
		return -EIO;
	rest.p = s->page + sizeof(rec);
	rest.left = rec.r.length - sizeof(rec);
	if (!nk_take_string(&rest, rec.hash_len, &s->hash) ||
	    rest.left != 0 ||
	    nk_count_nuls((const uint8_t *)s->hash, rec.hash_len) != 0)
		return -EIO;
	s->row = rec.r.row;
	s->generation[0] = rec.generation[0];
	s->generation[1] = rec.generation[1];
	s->locked_until = rec.locked_until;
	s->last_change = rec.last_change;
	s->min_days = rec.min_days;
	s->max_days = rec.max_days;
	s->warn_days = rec.warn_days;
	s->inactive_days = rec.inactive_days;
	s->flags = rec.flags;
	s->hash_len = rec.hash_len;
	return 0;
}

int
nk_secret_at(const struct nk_view *v, uint32_t unit, struct nk_map_secret *s)
{
	int r = nk_page_load(v, unit, NK_RECORD_SECRET, s->page);

	return r < 0 ? r : nk_secret_take(s);
}

int
nk_map_secret_find(const struct nk_view *v, uint64_t row,
    uint64_t generation, struct nk_map_secret *s)
{
	struct nk_probe p;
	uint32_t unit;
	int r;

	if (v->kind != NK_MAP_KIND_SECRETS)
		return -EIO;
	nk_probe_init(&p, v, NK_TABLE_ROW, nk_key_of_row(v->salt, row));
	while ((r = nk_probe_get(&p, &unit)) == 0) {
		r = nk_secret_at(v, unit, s);
		if (r == -EAGAIN && nk_probe_again(&p))
			continue;
		if (r < 0)
			return r == -EAGAIN ? -EIO : r;
		if (s->row == row)
			return s->generation[0] == generation ||
			    s->generation[1] == generation ? 0 : -ENOENT;
		nk_probe_step(&p);
	}
	return r;
}
