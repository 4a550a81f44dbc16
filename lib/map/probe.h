/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_PROBE_H
#define NASKEYS_MAP_PROBE_H

/*
 * The search for a key in a table, slot by slot:
 *
 *	nk_probe_init(&p, v, table, key);
 *	while ((r = nk_probe_get(&p, &unit)) == 0) {
 *		r = load the record at unit
 *		if (r == -EAGAIN && nk_probe_again(&p))
 *			continue;
 *		if (r < 0 or the record says the key)
 *			break;
 *		nk_probe_step(&p);
 *	}
 *
 * It is bounded by the size of the table, and so is the waiting.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/map/hash.h"
#include "lib/map/reader.h"
#include "lib/map/slot.h"
#include "lib/map/view.h"

#define NK_PROBE_BLOCK	16u		/* slots read at once by pread */

struct nk_probe {
	const struct nk_view	*v;
	uint64_t		 offset;	/* of the table */
	uint64_t		 mask;
	uint64_t		 index;
	uint64_t		 step;
	uint64_t		 left;		/* slots not yet looked at */
	uint64_t		 block;		/* index of slots[0] */
	uint32_t		 table;
	uint32_t		 nblock;	/* how many are in slots */
	unsigned int		 tries;
	uint16_t		 tag;
	uint64_t		 slots[NK_PROBE_BLOCK];
};

/* The slot at p->index by pread(2), with those behind it: 0 or -EIO. */
int	nk_probe_pread(struct nk_probe *p, uint64_t *slotp) NK_MUST_CHECK;

static inline void
nk_probe_init(struct nk_probe *p, const struct nk_view *v, uint32_t table,
    struct nk_hash key)
{
	p->v = v;
	p->offset = v->tables[table].offset;
	p->mask = (UINT64_C(1) << v->tables[table].bits) - 1;
	p->index = key.home & p->mask;
	p->step = key.step;
	p->left = p->mask + 1;
	p->block = 0;
	p->table = table;
	p->nblock = 0;
	p->tries = 0;
	p->tag = key.tag;
}

static inline void
nk_probe_step(struct nk_probe *p)
{
	p->index = (p->index + p->step) & p->mask;
	p->left--;
}

/* Wait, and forget what was read; false when it has been long enough. */
static inline bool
nk_probe_again(struct nk_probe *p)
{
	p->nblock = 0;
	return nk_view_wait(p->v, &p->tries);
}

static inline int
nk_probe_load(struct nk_probe *p, uint64_t *slotp)
{
	const struct nk_view *v = p->v;

	if (v->base == NULL)
		return nk_probe_pread(p, slotp);
	*slotp = __atomic_load_n((const uint64_t *)(const void *)(v->base +
	    p->offset) + p->index, __ATOMIC_RELAXED);
	return 0;
}

/*
 * The slot at p->index, empty (0), tombstone or in use, once it is sound.
 * Returns 0 or -EIO.
 */
static inline int
nk_probe_slot(struct nk_probe *p, uint64_t *slotp)
{
	uint64_t slot;
	int r;

	do {
		if ((r = nk_probe_load(p, &slot)) < 0)
			return r;
		if (slot == 0 || nk_slot_is_sound(slot, nk_slot_place(
		    p->v->salt[0], p->table, p->index))) {
			*slotp = slot;
			return 0;
		}
	} while (nk_probe_again(p));
	return -EIO;
}

/*
 * From p->index on, the next slot that may be the key's.  Returns 0 and
 * where its record is, -ENOENT when there is none, or -EIO.
 */
static inline int
nk_probe_get(struct nk_probe *p, uint32_t *unitp)
{
	uint64_t slot;
	int r;

	for (; p->left > 0; nk_probe_step(p)) {
		if ((r = nk_probe_slot(p, &slot)) < 0)
			return r;
		if (slot == 0)
			return -ENOENT;
		if (nk_slot_tag(slot) == p->tag &&
		    nk_slot_unit(slot) != NK_SLOT_TOMBSTONE) {
			*unitp = nk_slot_unit(slot);
			return 0;
		}
	}
	return -ENOENT;
}

#endif /* NASKEYS_MAP_PROBE_H */
