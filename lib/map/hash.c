/* SPDX-License-Identifier: ISC */

#include "lib/map/hash.h"

#include <string.h>

static inline uint64_t
rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* The first of the 8 bytes at p is the lowest, on every machine. */
static inline uint64_t
load_le(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* What is left, 0 to 7 bytes at p, the end of a string of len bytes. */
static inline uint64_t
load_tail(const uint8_t *p, size_t left, size_t len)
{
	uint64_t w = 0;

	if (left == 0)
		return 0;
	if (len >= sizeof(w))		/* with some before it, shifted out */
		return load_le(p + left - sizeof(w)) >>
		    (8 * (sizeof(w) - left));
	while (left > 0)
		w = w << 8 | p[--left];
	return w;
}

__attribute__((hot)) uint64_t
nk_siphash13(const uint64_t salt[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = {
		salt[0] ^ 0x736f6d6570736575u, salt[1] ^ 0x646f72616e646f6du,
		salt[0] ^ 0x6c7967656e657261u, salt[1] ^ 0x7465646279746573u,
	};
	uint64_t w;
	size_t left;

	for (left = len; left >= sizeof(w); left -= sizeof(w)) {
		w = load_le(p);
		p += sizeof(w);
		v[3] ^= w;
		sip_round(v);
		v[0] ^= w;
	}
	w = load_tail(p, left, len) | (uint64_t)len << 56;
	v[3] ^= w;
	sip_round(v);
	v[0] ^= w;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Numbers need no more than a keyed mixing: nobody chooses them freely. */
static inline uint64_t
mix(const uint64_t salt[2], uint64_t x)
{
	x = (x ^ salt[0]) * 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x = (x ^ salt[1]) * 0xd1342543de82ef95u;
	return x ^ x >> 32;
}

__attribute__((hot)) struct nk_hash
nk_key_of_name(const uint64_t salt[2], const char *name, size_t len)
{
	uint64_t h = nk_siphash13(salt, name, len);

	return (struct nk_hash){ h, 1, (uint16_t)(h >> 48) };
}

__attribute__((hot)) struct nk_hash
nk_key_of_id(const uint64_t salt[2], uint32_t id)
{
	uint64_t h = mix(salt, id);

	return (struct nk_hash){ h, 1, (uint16_t)(h >> 48) };
}

struct nk_hash
nk_key_of_row(const uint64_t salt[2], uint64_t row)
{
	uint64_t h = mix(salt, row);

	return (struct nk_hash){ row, h | 1, (uint16_t)(h >> 48) };
}
