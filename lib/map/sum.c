/* SPDX-License-Identifier: ISC */

#include "lib/map/sum.h"

#include <string.h>

#define FACTOR_A	0x9e3779b97f4a7c15u
#define FACTOR_B	0xd1342543de82ef95u

static inline uint64_t
rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

/* The two lanes hide each other's multiplication. */
static inline uint64_t
step_a(uint64_t a, uint64_t word)
{
	return rotate((a ^ word) * FACTOR_A, 29);
}

static inline uint64_t
step_b(uint64_t b, uint64_t word)
{
	return rotate((b ^ word) * FACTOR_B, 31);
}

static inline uint64_t
finish(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ rotate(b, 32);

	x ^= x >> 32;
	x *= FACTOR_B;
	x ^= x >> 29;
	x *= FACTOR_A;
	return x ^ x >> 32;
}

uint64_t
nk_sum(const uint64_t salt[2], uint64_t where, const void *p, size_t words)
{
	const uint8_t *s = p;
	uint64_t a = salt[0] ^ where * FACTOR_B, b = salt[1], w[2];

	for (; words >= 2; words -= 2, s += sizeof(w)) {
		memcpy(w, s, sizeof(w));
		a = step_a(a, w[0]);
		b = step_b(b, w[1]);
	}
	if (words > 0) {
		memcpy(w, s, sizeof(w[0]));
		a = step_a(a, w[0]);
	}
	return finish(a, b);
}

uint64_t
nk_sum_copy(const uint64_t salt[2], uint64_t where, void *dst,
    const void *src, size_t words)
{
	const uint64_t *s = src;
	uint8_t *d = dst;
	uint64_t a = salt[0] ^ where * FACTOR_B, b = salt[1], w[2];

	for (; words >= 2; words -= 2, s += 2, d += sizeof(w)) {
		w[0] = __atomic_load_n(s, __ATOMIC_RELAXED);
		w[1] = __atomic_load_n(s + 1, __ATOMIC_RELAXED);
		memcpy(d, w, sizeof(w));
		a = step_a(a, w[0]);
		b = step_b(b, w[1]);
	}
	if (words > 0) {
		w[0] = __atomic_load_n(s, __ATOMIC_RELAXED);
		memcpy(d, w, sizeof(w[0]));
		a = step_a(a, w[0]);
	}
	return finish(a, b);
}
