/* SPDX-License-Identifier: ISC */
#include "lib/publish/rows.h"

#include <errno.h>
#include <string.h>

#include "lib/map/probe.h"
#include "lib/map/record.h"

int
nk_rows_next(const struct nk_view *v, enum nk_record_kind kind,
    uint64_t *posp, uint64_t *rowp)
{
	const struct nk_hash from = { *posp, 1, 0 };
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
	struct nk_record rec;
	struct nk_probe p;
	uint64_t slot;

	nk_probe_init(&p, v, NK_TABLE_ROW, from);
	for (; *posp <= p.mask; nk_probe_step(&p)) {
		++*posp;
		if (nk_probe_slot(&p, &slot) < 0 || slot == 0 ||
		    nk_slot_unit(slot) == NK_SLOT_TOMBSTONE ||
		    nk_page_load(v, nk_slot_unit(slot), kind, page) < 0)
			continue;
		memcpy(&rec, page, sizeof(rec));
		explicit_bzero(page, sizeof(page));
		*rowp = rec.row;
		return 0;
	}
	return -ENOENT;
}
