/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_HASH_H
#define NASKEYS_MAP_HASH_H

/* Where a key is sought in a table; see slots in lib/map/format.h. */

#include <stddef.h>
#include <stdint.h>

struct nk_hash {
	uint64_t	home;
	uint64_t	step;		/* odd */
	uint16_t	tag;
};

/* SipHash-1-3 of len bytes under the file's salt. */
uint64_t nk_siphash13(const uint64_t salt[2], const void *p, size_t len);

struct nk_hash	nk_key_of_name(const uint64_t salt[2], const char *name,
		    size_t len);
struct nk_hash	nk_key_of_id(const uint64_t salt[2], uint32_t id);
struct nk_hash	nk_key_of_row(const uint64_t salt[2], uint64_t row);

#endif /* NASKEYS_MAP_HASH_H */
