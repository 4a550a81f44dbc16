/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keypolicy.h"

#define NUMBERS		(NK_KEYPOLICY_SIZE / 4)

int
nk_keypolicy_put(struct nk_wire_out *o, const struct nk_keypolicy *p)
{
	const uint32_t v[NUMBERS] = {
		p->rsa_min_bits, p->line_max, p->lines_max,
		p->sshd.major, p->sshd.minor,
	};
	size_t i;
	int r;

	for (i = 0; i < NUMBERS; i++) {
		if ((r = nk_wire_put_u32(o, v[i])) < 0)
			return r;
	}
	return 0;
}

int
nk_keypolicy_get(struct nk_wire *w, struct nk_keypolicy *p)
{
	uint32_t v[NUMBERS];
	size_t i;
	int r;

	for (i = 0; i < NUMBERS; i++) {
		if ((r = nk_wire_get_u32(w, &v[i])) < 0)
			return r;
	}
	*p = (struct nk_keypolicy){ v[0], v[1], v[2], { v[3], v[4] } };
	return 0;
}
