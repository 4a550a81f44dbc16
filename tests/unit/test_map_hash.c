/* SPDX-License-Identifier: ISC */

/* Hashes, sums and slots: what the maps trust. */

#include <sys/mman.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/hash.h"
#include "lib/map/slot.h"
#include "lib/map/sum.h"

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

static uint64_t
turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* SipHash-c-d as its paper has it, a byte at a time, for any c and d. */
static uint64_t
siphash(const uint64_t key[2], const uint8_t *p, size_t len, int c, int d)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u,
	    key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
	    key[1] ^ 0x7465646279746573u }, m = 0;
	size_t i, padded = (len / 8 + 1) * 8;
	int n, rounds = 0;

	for (i = 0; i <= padded; i++) {
		if (i < padded) {
			m |= (uint64_t)(i < len ? p[i] : i == padded - 1 ?
			    (uint8_t)len : 0) << 8 * (i % 8);
			if (i % 8 != 7)
				continue;
			v[3] ^= m;
			rounds = c;
		} else {
			v[2] ^= 0xff;
			rounds = d;
		}
		for (n = 0; n < rounds; n++) {
			v[0] += v[1];
			v[1] = turn(v[1], 13) ^ v[0];
			v[0] = turn(v[0], 32);
			v[2] += v[3];
			v[3] = turn(v[3], 16) ^ v[2];
			v[0] += v[3];
			v[3] = turn(v[3], 21) ^ v[0];
			v[2] += v[1];
			v[1] = turn(v[1], 17) ^ v[2];
			v[2] = turn(v[2], 32);
		}
		if (i < padded)
			v[0] ^= m;
		m = 0;
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

START_TEST(siphash_of_every_length)
{
	uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	uint8_t in[300];
	size_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	/* The reference must agree with the paper's vector for 2-4. */
	ck_assert_uint_eq(siphash(key, in, 15, 2, 4), 0xa129ca6149be45e5u);
	for (i = 0; i <= sizeof(in); i++)
		ck_assert_msg(nk_siphash13(key, in, i) ==
		    siphash(key, in, i, 1, 3), "length %zu", i);
	/* From any alignment. */
	for (i = 0; i < 16; i++)
		ck_assert_uint_eq(nk_siphash13(key, in + i, 21),
		    siphash(key, in + i, 21, 1, 3));
}
END_TEST

/* The end of a string, which lies at either end of a page of its own. */
START_TEST(ends_of_strings)
{
	uint8_t *page = mmap(NULL, 3 * 4096, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;
	size_t len, left, i;
	uint64_t w;

	ck_assert(page != MAP_FAILED);
	page += 4096;
	ck_assert_int_eq(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
	for (i = 0; i < 4096; i++)
		page[i] = (uint8_t)(i * 7 + 1);
	for (len = 0; len < 40; len++) {
		left = len % 8;
		p = page + len - left;
		for (w = 0, i = left; i > 0; i--)
			w = w << 8 | p[i - 1];
		ck_assert_uint_eq(nk_load_tail(p, left, len), w);
		p = page + 4096 - left;
		for (w = 0, i = left; i > 0; i--)
			w = w << 8 | p[i - 1];
		ck_assert_uint_eq(nk_load_tail(p, left, len), w);
	}
	munmap(page - 4096, 3 * 4096);
}
END_TEST

START_TEST(keys_of_rows)
{
	uint64_t salt[2] = { 5, 6 }, row, seed = 1;
	struct nk_hash k;
	int i;

	for (i = 0; i < 10000; i++) {
		row = next_random(&seed);
		k = nk_key_of_row(salt, row);
		ck_assert_uint_eq(k.home, row);
		ck_assert_uint_eq(k.step & 1, 1);
	}
	ck_assert_uint_eq(nk_key_of_id(salt, 7).step, 1);
	ck_assert_uint_eq(nk_key_of_name(salt, "x", 1).step, 1);
	/* Another file, another place. */
	ck_assert_uint_ne(nk_key_of_id(salt, 7).home,
	    nk_key_of_id((uint64_t[]){ 5, 7 }, 7).home);
	ck_assert_uint_ne(nk_key_of_id(salt, 7).home,
	    nk_key_of_id((uint64_t[]){ 6, 6 }, 7).home);
	ck_assert_uint_ne(nk_key_of_name(salt, "x", 1).home,
	    nk_key_of_name((uint64_t[]){ 6, 6 }, "x", 1).home);
}
END_TEST

/* 2^16 ids in 2^17 places, 512 to a bucket of 2^10: none far from it. */
START_TEST(ids_spread)
{
	static unsigned int bucket[128];
	uint64_t salt[2] = { 0x1234567890abcdefu, 0xfedcba0987654321u };
	uint32_t i;

	for (i = 0; i < 65536; i++)
		bucket[nk_key_of_id(salt, 3000 + i).home >> 10 & 127]++;
	for (i = 0; i < 128; i++)
		ck_assert_msg(bucket[i] > 380 && bucket[i] < 650,
		    "bucket %u has %u", i, bucket[i]);
}
END_TEST

START_TEST(sum_sees_every_bit)
{
	static uint64_t source[64], out[64];
	uint64_t salt[2] = { 11, 22 }, seed = 99, sum;
	uint8_t *in = (uint8_t *)source;
	size_t words, bit;

	for (bit = 0; bit < sizeof(source); bit++)
		in[bit] = (uint8_t)next_random(&seed);
	for (words = 0; words <= 64; words++) {
		sum = nk_sum(salt, 7, in, words);
		out[0] = source[0];
		if (words > 0)
			ck_assert_uint_eq(sum, nk_sum_copy(salt, 7, out,
			    source, words));
		ck_assert_mem_eq(in, out, words * 8);
		for (bit = 0; bit < words * 64; bit++) {
			in[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_uint_ne(sum, nk_sum(salt, 7, in, words));
			in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* What stands behind is none of its business. */
		if (words < 64)
			ck_assert_uint_ne(sum, nk_sum(salt, 7, in,
			    words + 1));
	}
}
END_TEST

START_TEST(sum_sees_any_change_of_a_word)
{
	uint64_t w[16], salt[2] = { 3, 4 }, seed = 7, sum, old;
	int i, at;

	for (i = 0; i < 200000; i++) {
		for (at = 0; at < 16 && i % 1000 == 0; at++)
			w[at] = next_random(&seed);
		sum = nk_sum(salt, 1, w, 16);
		at = (int)(next_random(&seed) % 16);
		old = w[at];
		w[at] = next_random(&seed);
		if (w[at] != old)
			ck_assert_uint_ne(sum, nk_sum(salt, 1, w, 16));
		w[at] = old;
	}
}
END_TEST

START_TEST(sum_knows_its_place)
{
	uint64_t w[4] = { 1, 2, 3, 4 }, x[4] = { 3, 2, 1, 4 };
	uint64_t y[4] = { 2, 1, 3, 4 }, salt[2] = { 3, 4 };
	uint64_t sum = nk_sum(salt, 1, w, 4);

	ck_assert_uint_ne(sum, nk_sum(salt, 1, x, 4));
	ck_assert_uint_ne(sum, nk_sum(salt, 1, y, 4));
	ck_assert_uint_ne(sum, nk_sum(salt, 2, w, 4));
	ck_assert_uint_ne(sum, nk_sum((uint64_t[]){ 4, 3 }, 1, w, 4));
	ck_assert_uint_ne(sum, nk_sum((uint64_t[]){ 3, 5 }, 1, w, 4));
}
END_TEST

START_TEST(slot_checks)
{
	uint64_t seed = 17, slot, other;
	uint32_t place, i, word;
	int n, bit;

	for (n = 0; n < 2000; n++) {
		place = nk_slot_place(next_random(&seed), 3, (uint64_t)n);
		slot = nk_slot_make((uint32_t)next_random(&seed),
		    (uint16_t)next_random(&seed), place);
		ck_assert(nk_slot_is_sound(slot, place));
		for (bit = 0; bit < 64; bit++)
			ck_assert(!nk_slot_is_sound(slot ^ UINT64_C(1) << bit,
			    place));
	}
	/* Every other value of each 16-bit word of one of them. */
	for (word = 0; word < 4; word++) {
		for (i = 1; i < 65536; i++) {
			other = slot ^ (uint64_t)i << 16 * word;
			ck_assert(!nk_slot_is_sound(other, place));
		}
	}
	slot = nk_slot_make(77, 1234, place);
	ck_assert_uint_eq(nk_slot_unit(slot), 77);
	ck_assert_uint_eq(nk_slot_tag(slot), 1234);
}
END_TEST

/* A slot that strayed to another index, table or file is no slot there. */
START_TEST(slots_stay_where_they_are)
{
	uint32_t place = nk_slot_place(1, 2, 3), i, passed = 0;
	uint64_t slot = nk_slot_make(100, 200, place);

	for (i = 0; i < 65536; i++) {
		if (i != 3 && nk_slot_is_sound(slot, nk_slot_place(1, 2, i)))
			passed++;
	}
	ck_assert_uint_lt(passed, 8);	/* 1 to be expected */
	ck_assert(!nk_slot_is_sound(slot, nk_slot_place(1, 1, 3)));
	ck_assert(!nk_slot_is_sound(slot, nk_slot_place(2, 2, 3)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map_hash");
	TCase *tc = tcase_create("hash");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, siphash_of_every_length);
	tcase_add_test(tc, ends_of_strings);
	tcase_add_test(tc, keys_of_rows);
	tcase_add_test(tc, ids_spread);
	tcase_add_test(tc, sum_sees_every_bit);
	tcase_add_test(tc, sum_sees_any_change_of_a_word);
	tcase_add_test(tc, sum_knows_its_place);
	tcase_add_test(tc, slot_checks);
	tcase_add_test(tc, slots_stay_where_they_are);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
