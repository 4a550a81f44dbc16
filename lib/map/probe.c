/* SPDX-License-Identifier: ISC */

#include "lib/map/probe.h"

#include "lib/map/view.h"

int
nk_probe_pread(struct nk_probe *p, uint64_t *slotp)
{
	uint64_t n = p->mask + 1 - p->index;
	int r;

	if (p->index < p->block || p->index - p->block >= p->nblock) {
		if (n > NK_PROBE_BLOCK)
			n = NK_PROBE_BLOCK;
		p->nblock = 0;
		if ((r = nk_view_read(p->v, p->offset +
		    p->index * sizeof(*slotp), p->slots,
		    (size_t)n * sizeof(*slotp))) < 0)
			return r;
		p->block = p->index;
		p->nblock = (uint32_t)n;
	}
	*slotp = p->slots[p->index - p->block];
	return 0;
}
