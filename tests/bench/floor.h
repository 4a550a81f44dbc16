/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_BENCH_FLOOR_H
#define NASKEYS_TESTS_BENCH_FLOOR_H

/*
 * The file of the name service "floor": what a lookup in a mapped file costs
 * on this machine when nothing is checked and nobody may change the file.
 *
 *	header | slots by name | slots by uid | records, each of stride bytes
 *
 * A slot is 0, or the upper half of the key's hash and the record's number
 * plus one.  It belongs at the lower half of the hash, or behind that.
 */

#include <sys/mman.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FLOOR_PATH	NK_RUNSTATEDIR "/floor.map"
#define FLOOR_HEADER	4096u
#define FLOOR_HUGE	((size_t)2 << 20)
#define FLOOR_GROUPS	2u
#define FLOOR_TEXT	104u

struct floor_header {
	uint64_t	mask;		/* slots in each table, less one */
	uint64_t	stride;
	uint64_t	users;
};

/* text: name, "x", gecos, home and shell, each with its NUL. */
struct floor_record {
	uint32_t	uid, gid;
	uint32_t	groups[FLOOR_GROUPS];
	uint8_t		length;		/* of text */
	uint8_t		passwd, gecos, home, shell;	/* where they begin */
	char		text[FLOOR_TEXT - 5];
};

static inline uint64_t
floor_hash_id(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	return x ^ x >> 32;
}

static inline uint64_t
floor_hash_name(const char *name, size_t len)
{
	uint64_t h = len, w;

	for (; len >= sizeof(w); len -= sizeof(w), name += sizeof(w)) {
		memcpy(&w, name, sizeof(w));
		h = floor_hash_id(h ^ w);
	}
	for (w = 0; len > 0; len--)
		w = w << 8 | (uint8_t)*name++;
	return floor_hash_id(h ^ w);
}

static inline uint64_t
floor_slot(uint64_t hash, uint64_t number)
{
	return (hash & 0xffffffff00000000u) | (number + 1);
}

/* Where large pages, if it has any, can be used as such. */
static inline void *
floor_map(int fd, size_t size)
{
	uint8_t *room = mmap(NULL, size + 2 * FLOOR_HUGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return MAP_FAILED;
	room += -(uintptr_t)room % FLOOR_HUGE;
	return mmap(room, size + FLOOR_HUGE, PROT_READ,
	    MAP_SHARED | MAP_FIXED, fd, 0);
}

#endif /* NASKEYS_TESTS_BENCH_FLOOR_H */
