/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_WORD_H
#define NASKEYS_MAP_WORD_H

/* Bytes at any place, taken as numbers, many at once. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first of the 8 bytes at p is the lowest, on every machine. */
static inline uint64_t
nk_load_le(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint64_t
nk_load_le32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap32(w);
#endif
	return w;
}

/*
 * What is left, 0 to 7 bytes at p, the end of a string of len bytes: what
 * nk_load_le() would say with zeros behind it, and no byte outside the string
 * is read.  Short ones come from two or three loads that may overlap.
 */
static inline uint64_t
nk_load_tail(const uint8_t *p, size_t left, size_t len)
{
	if (left == 0)
		return 0;
	if (len >= sizeof(uint64_t))	/* with some before it, shifted out */
		return nk_load_le(p + left - sizeof(uint64_t)) >>
		    (8 * (sizeof(uint64_t) - left));
	if (left >= sizeof(uint32_t))
		return nk_load_le32(p) | nk_load_le32(p + left -
		    sizeof(uint32_t)) << (8 * (left - sizeof(uint32_t)));
	return p[0] | (uint64_t)p[left / 2] << (8 * (left / 2)) |
	    (uint64_t)p[left - 1] << (8 * (left - 1));
}

#endif /* NASKEYS_MAP_WORD_H */
