/* SPDX-License-Identifier: ISC */

#include "lib/map/sum.h"

#include <string.h>

uint64_t
nk_sum(const uint64_t salt[2], uint64_t where, const void *p, size_t words)
{
	struct nk_sum_lanes s = nk_sum_begin(salt, where);
	const uint8_t *from = p;
	uint64_t w[4];

	for (; words >= 4; words -= 4, from += sizeof(w)) {
		memcpy(w, from, sizeof(w));
		s.a = nk_sum_step(s.a, w[0], NK_SUM_A);
		s.b = nk_sum_step(s.b, w[1], NK_SUM_B);
		s.c = nk_sum_step(s.c, w[2], NK_SUM_A);
		s.d = nk_sum_step(s.d, w[3], NK_SUM_B);
	}
	memcpy(w, from, words * sizeof(w[0]));
	if (words > 0)
		s.a = nk_sum_step(s.a, w[0], NK_SUM_A);
	if (words > 1)
		s.b = nk_sum_step(s.b, w[1], NK_SUM_B);
	if (words > 2)
		s.c = nk_sum_step(s.c, w[2], NK_SUM_A);
	return nk_sum_finish(s);
}
