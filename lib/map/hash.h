/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_HASH_H
#define NASKEYS_MAP_HASH_H

/* Where a key is sought in a table; see slots in lib/map/format.h. */

#include <stddef.h>
#include <stdint.h>

#include "lib/map/word.h"

struct nk_hash {
	uint64_t	home;
	uint64_t	step;		/* odd */
	uint16_t	tag;
};

static inline uint64_t
nk_hash_rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline void
nk_sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = nk_hash_rotate(v[1], 13) ^ v[0];
	v[3] = nk_hash_rotate(v[3], 16) ^ v[2];
	v[0] = nk_hash_rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = nk_hash_rotate(v[1], 17) ^ v[2];
	v[3] = nk_hash_rotate(v[3], 21) ^ v[0];
	v[2] = nk_hash_rotate(v[2], 32);
}

/* SipHash-1-3 of len bytes under the file's salt. */
static inline uint64_t
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
		w = nk_load_le(p);
		p += sizeof(w);
		v[3] ^= w;
		nk_sip_round(v);
		v[0] ^= w;
	}
	w = nk_load_tail(p, left, len) | (uint64_t)len << 56;
	v[3] ^= w;
	nk_sip_round(v);
	v[0] ^= w;
	v[2] ^= 0xff;
	nk_sip_round(v);
	nk_sip_round(v);
	nk_sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Numbers need no more than a keyed mixing: nobody chooses them freely. */
static inline uint64_t
nk_hash_mix(const uint64_t salt[2], uint64_t x)
{
	x = (x ^ salt[0]) * 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x = (x ^ salt[1]) * 0xd1342543de82ef95u;
	return x ^ x >> 32;
}

static inline struct nk_hash
nk_key_of_name(const uint64_t salt[2], const char *name, size_t len)
{
	uint64_t h = nk_siphash13(salt, name, len);

	return (struct nk_hash){ h, 1, (uint16_t)(h >> 48) };
}

static inline struct nk_hash
nk_key_of_id(const uint64_t salt[2], uint32_t id)
{
	uint64_t h = nk_hash_mix(salt, id);

	return (struct nk_hash){ h, 1, (uint16_t)(h >> 48) };
}

static inline struct nk_hash
nk_key_of_row(const uint64_t salt[2], uint64_t row)
{
	uint64_t h = nk_hash_mix(salt, row);

	return (struct nk_hash){ row, h | 1, (uint16_t)(h >> 48) };
}

#endif /* NASKEYS_MAP_HASH_H */
