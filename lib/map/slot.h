/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_SLOT_H
#define NASKEYS_MAP_SLOT_H

/*
 * The 64 bits of a slot: unit (0-31), tag (32-47), check (48-63).  Each of
 * the three 16-bit words of unit and tag goes through a bijection of its
 * own into the check, so that a change within one of them never passes; a
 * mixture of two slots passes once in 65536, and then meets a record that
 * must say the key.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/map/format.h"

static inline uint32_t
nk_slot_unit(uint64_t slot)
{
	return (uint32_t)slot;
}

static inline uint16_t
nk_slot_tag(uint64_t slot)
{
	return (uint16_t)(slot >> 32);
}

static inline uint32_t
nk_slot_turn(uint32_t word, uint32_t factor, unsigned int by)
{
	uint32_t x = (word * factor) & 0xffffu;

	return (x << by | x >> (16 - by)) & 0xffffu;
}

/* What ties a slot to its place: a word of this file, table and index. */
static inline uint32_t
nk_slot_place(uint64_t salt, uint32_t table, uint64_t index)
{
	uint64_t x = salt ^ (uint64_t)table << 56 ^ index;

	return (uint32_t)(x * 0x9e3779b97f4a7c15u >> 48);
}

static inline uint16_t
nk_slot_check(uint64_t slot, uint32_t place)
{
	uint32_t low = (uint32_t)(slot & 0xffffu);
	uint32_t high = (uint32_t)(slot >> 16 & 0xffffu);
	uint32_t tag = (uint32_t)(slot >> 32 & 0xffffu);

	return (uint16_t)(place ^ nk_slot_turn(low, 0xb5adu, 3) ^
	    nk_slot_turn(high, 0x6a35u, 8) ^ nk_slot_turn(tag, 0xd2c7u, 13));
}

static inline uint64_t
nk_slot_make(uint32_t unit, uint16_t tag, uint32_t place)
{
	uint64_t slot = (uint64_t)tag << 32 | unit;

	return slot | (uint64_t)nk_slot_check(slot, place) << 48;
}

static inline bool
nk_slot_is_sound(uint64_t slot, uint32_t place)
{
	return slot >> 48 == nk_slot_check(slot, place);
}

#endif /* NASKEYS_MAP_SLOT_H */
