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

/* The sum of words 64-bit words at p, which need not be aligned. */
uint64_t nk_sum(const uint64_t salt[2], uint64_t where, const void *p,
	    size_t words);

/*
 * The same of what is copied from src, aligned to 8, to dst on the way.
 * src may change meanwhile: each word is loaded once.
 */
uint64_t nk_sum_copy(const uint64_t salt[2], uint64_t where, void *dst,
	    const void *src, size_t words);

#endif /* NASKEYS_MAP_SUM_H */
