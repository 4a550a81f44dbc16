/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_MARKS_H
#define NASKEYS_MAP_MARKS_H

/* The marks of dropped groups: see struct nk_map_marks. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/map/format.h"

static inline bool
nk_marks_has(const struct nk_map_marks *m, uint64_t group_row)
{
	uint32_t bit = (uint32_t)(group_row % NK_MAP_MARKS);

	return (m->groups[bit / 64] >> bit % 64 & 1) != 0;
}

static inline void
nk_marks_set(struct nk_map_marks *m, uint64_t group_row)
{
	uint32_t bit = (uint32_t)(group_row % NK_MAP_MARKS);

	m->groups[bit / 64] |= UINT64_C(1) << bit % 64;
}

#endif /* NASKEYS_MAP_MARKS_H */
