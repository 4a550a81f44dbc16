/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_SUM_H
#define NASKEYS_MAP_SUM_H

/*
 * The sum of records and cells: fast, 64 bits, not cryptographic.  Each
 * step is a bijection of the sum so far and of the word it takes, so that a
 * change within any one word always changes the result; other changes pass
 * with a chance of about 2^-64.  The order of words matters, and so do the
 * file's salt and the place ("where").
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The sum of words 64-bit words at p, which need not be aligned. */
uint64_t nk_sum(const uint64_t salt[2], uint64_t where, const void *p,
	    size_t words);

#define NK_SUM_A	0x9e3779b97f4a7c15u
#define NK_SUM_B	0xd1342543de82ef95u

/* Word after word goes to the next lane: they hide each other's latency. */
struct nk_sum_lanes {
	uint64_t	a, b, c, d;
};

static inline uint64_t
nk_sum_rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline struct nk_sum_lanes
nk_sum_begin(const uint64_t salt[2], uint64_t where)
{
	return (struct nk_sum_lanes){ salt[0] ^ where * NK_SUM_B, salt[1],
	    ~salt[0], ~salt[1] };
}

static inline uint64_t
nk_sum_step(uint64_t lane, uint64_t word, uint64_t factor)
{
	return nk_sum_rotate((lane ^ word) * factor, 29);
}

static inline uint64_t
nk_sum_move(uint64_t lane, uint8_t *dst, const uint64_t *src, size_t i,
    uint64_t factor)
{
	uint64_t word = __atomic_load_n(src + i, __ATOMIC_RELAXED);

	memcpy(dst + i * sizeof(word), &word, sizeof(word));
	return nk_sum_step(lane, word, factor);
}

static inline uint64_t
nk_sum_finish(struct nk_sum_lanes s)
{
	uint64_t x = s.a ^ nk_sum_rotate(s.b, 32) ^ nk_sum_rotate(s.c, 16) ^
	    nk_sum_rotate(s.d, 48);

	x ^= x >> 32;
	x *= NK_SUM_B;
	x ^= x >> 29;
	x *= NK_SUM_A;
	return x ^ x >> 32;
}

/*
 * The sum of words words, one at least, that are copied on the way from src
 * to "to", save for the first, which is there already.  src may change
 * meanwhile: each word is loaded once.  "to" may lie anywhere.
 */
static inline uint64_t
nk_sum_copy(const uint64_t salt[2], uint64_t where, void *to,
    const uint64_t *src, size_t words)
{
	struct nk_sum_lanes s = nk_sum_begin(salt, where);
	uint8_t *dst = to;
	uint64_t first;
	size_t i;

	memcpy(&first, dst, sizeof(first));
	s.a = nk_sum_step(s.a, first, NK_SUM_A);
	for (i = 1; i + 3 < words; i += 4) {
		s.b = nk_sum_move(s.b, dst, src, i, NK_SUM_B);
		s.c = nk_sum_move(s.c, dst, src, i + 1, NK_SUM_A);
		s.d = nk_sum_move(s.d, dst, src, i + 2, NK_SUM_B);
		s.a = nk_sum_move(s.a, dst, src, i + 3, NK_SUM_A);
	}
	if (i < words)
		s.b = nk_sum_move(s.b, dst, src, i, NK_SUM_B);
	if (i + 1 < words)
		s.c = nk_sum_move(s.c, dst, src, i + 1, NK_SUM_A);
	if (i + 2 < words)
		s.d = nk_sum_move(s.d, dst, src, i + 2, NK_SUM_B);
	return nk_sum_finish(s);
}

#endif /* NASKEYS_MAP_SUM_H */
