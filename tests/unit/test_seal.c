/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/seal/seal.h"

static struct nk_sealkey key, other;

static const struct nk_seal_place here = {
	.store = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	.table = "credentials", .row = 42, .column = "private",
};

static void
set_up(void)
{
	char folder[] = "/tmp/test_seal.XXXXXX", path[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/key", folder);
	key = other = NK_SEALKEY_NONE;
	ck_assert_int_eq(nk_sealkey_create(&key, path), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_sealkey_create(&other, path), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
tear_down(void)
{
	nk_sealkey_clear(&key);
	nk_sealkey_clear(&other);
}

static uint8_t *
seal(const struct nk_seal_place *at, const void *bytes, size_t n,
    size_t *lenp)
{
	uint8_t *sealed;

	ck_assert_int_eq(nk_seal(&key, at, bytes, n, &sealed, lenp), 0);
	ck_assert_uint_eq(*lenp, n + NK_SEAL_OVERHEAD);
	return sealed;
}

/* A refusal leaves nothing of the bytes. */
static int
try_open(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const uint8_t *sealed, size_t len)
{
	struct nk_secret out = NK_SECRET_NONE;
	int r;

	r = nk_unseal(k, at, sealed, len, &out);
	ck_assert(r == 0 || (out.p == NULL && out.len == 0));
	nk_secret_clear(&out);
	return r;
}

static const size_t lengths[] = {
	0, 1, 15, 16, 17, 4095, 4096, 4097, 65536, NK_SECRET_MAX,
};

START_TEST(round_trip)
{
	struct nk_secret out = NK_SECRET_NONE;
	size_t n = lengths[_i], len, i;
	uint8_t *bytes, *sealed;

	ck_assert_ptr_nonnull(bytes = malloc(n + 1));
	for (i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	sealed = seal(&here, bytes, n, &len);
	ck_assert_int_eq(sealed[0], 1);
	ck_assert(n < 16 || memmem(sealed, len, bytes, 16) == NULL);
	ck_assert_int_eq(nk_unseal(&key, &here, sealed, len, &out), 0);
	ck_assert_uint_eq(out.len, n);
	ck_assert(n == 0 || memcmp(out.p, bytes, n) == 0);
	ck_assert(out.p == NULL || out.p[n] == '\0');
	nk_secret_clear(&out);
	free(sealed);
	free(bytes);
}
END_TEST

START_TEST(never_twice_the_same)
{
	size_t len;
	uint8_t *a = seal(&here, "secret", 6, &len);
	uint8_t *b = seal(&here, "secret", 6, &len);

	ck_assert_mem_eq(a, b, 9);		/* version and key */
	ck_assert_mem_ne(a + 9, b + 9, 12);	/* nonce */
	ck_assert_mem_ne(a + 21, b + 21, 6);
	ck_assert_mem_ne(a + 27, b + 27, 16);
	free(a);
	free(b);
}
END_TEST

START_TEST(each_byte_counts)
{
	size_t len, i;
	uint8_t *sealed = seal(&here, "some secret", 11, &len);
	int bit, want;

	for (i = 0; i < len; i++) {
		want = i >= 1 && i <= 8 ? -ESTALE : -EBADMSG;
		for (bit = 0; bit < 8; bit++) {
			sealed[i] ^= (uint8_t)(1 << bit);
			ck_assert_msg(try_open(&key, &here, sealed, len) ==
			    want, "byte %zu, bit %d", i, bit);
			sealed[i] ^= (uint8_t)(1 << bit);
		}
	}
	ck_assert_int_eq(try_open(&key, &here, sealed, len), 0);
	free(sealed);
}
END_TEST

START_TEST(each_length_counts)
{
	size_t len, i;
	uint8_t *sealed = seal(&here, "some secret", 11, &len);
	uint8_t *longer;

	/* copies, so that a byte read too far is noticed */
	for (i = 0; i < len; i++) {
		ck_assert_ptr_nonnull(longer = malloc(i + 1));
		memcpy(longer, sealed, i);
		ck_assert_msg(try_open(&key, &here, longer, i) == -EBADMSG,
		    "cut to %zu", i);
		free(longer);
	}
	ck_assert_ptr_nonnull(longer = calloc(1, len + 1));
	memcpy(longer, sealed, len);
	ck_assert_int_eq(try_open(&key, &here, longer, len + 1), -EBADMSG);
	free(longer);
	free(sealed);
}
END_TEST

START_TEST(too_long)
{
	size_t len = NK_SECRET_MAX + 1 + NK_SEAL_OVERHEAD;
	uint8_t *bytes, *sealed = &(uint8_t){ 0 };

	ck_assert_ptr_nonnull(bytes = calloc(1, len));
	ck_assert_int_eq(nk_seal(&key, &here, bytes, NK_SECRET_MAX + 1,
	    &sealed, &len), -E2BIG);
	ck_assert_ptr_null(sealed);
	bytes[0] = 1;
	ck_assert_int_eq(try_open(&key, &here, bytes,
	    NK_SECRET_MAX + 1 + NK_SEAL_OVERHEAD), -EBADMSG);
	free(bytes);
}
END_TEST

#define LONG	"ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"

static const struct {
	const char		*what;
	struct nk_seal_place	 at;
} places[] = {
	{ "another store", { { 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	    15, 16 }, "credentials", 42, "private" } },
	{ "another end of the store", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	    12, 13, 14, 15, 17 }, "credentials", 42, "private" } },
	{ "another table", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	    15, 16 }, "credentialz", 42, "private" } },
	{ "a shorter table", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "credential", 42, "private" } },
	{ "no table", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "", 42, "private" } },
	{ "a long table", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, LONG "s", 42, "private" } },
	{ "another row", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	    15, 16 }, "credentials", 43, "private" } },
	{ "a row far away", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "credentials", 42 + (1LL << 32), "private" } },
	{ "a row below zero", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "credentials", -42, "private" } },
	{ "another column", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "credentials", 42, "Private" } },
	{ "a longer column", { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	    14, 15, 16 }, "credentials", 42, "private2" } },
};

START_TEST(each_field_of_the_place_counts)
{
	size_t len;
	uint8_t *sealed = seal(&here, "some secret", 11, &len);

	ck_assert_msg(try_open(&key, &places[_i].at, sealed, len) ==
	    -EBADMSG, "%s", places[_i].what);
	ck_assert_int_eq(try_open(&key, &here, sealed, len), 0);
	free(sealed);
}
END_TEST

/* What is left of one name must not be made up for by the next. */
START_TEST(names_do_not_run_together)
{
	struct nk_seal_place a = here, b = here;
	uint8_t *sealed;
	size_t len;

	a.row = b.row = 0x6161616161616161;	/* "aaaaaaaa" */
	a.table = "a";
	a.column = "ab";
	b.table = "aa";
	b.column = "b";
	sealed = seal(&a, "x", 1, &len);
	ck_assert_int_eq(try_open(&key, &b, sealed, len), -EBADMSG);
	free(sealed);
}
END_TEST

START_TEST(long_names)
{
	struct nk_seal_place at = here;
	uint8_t *sealed;
	size_t len;

	at.table = at.column = LONG;
	sealed = seal(&at, "x", 1, &len);
	ck_assert_int_eq(try_open(&key, &at, sealed, len), 0);
	free(sealed);
	at.column = LONG "s";
	ck_assert_int_eq(nk_seal(&key, &at, "x", 1, &sealed, &len), -E2BIG);
	at.table = LONG "s";
	at.column = "c";
	ck_assert_int_eq(nk_seal(&key, &at, "x", 1, &sealed, &len), -E2BIG);
	ck_assert_ptr_null(sealed);
}
END_TEST

START_TEST(another_key)
{
	size_t len;
	uint8_t *sealed = seal(&here, "some secret", 11, &len);
	struct nk_sealkey forged = NK_SEALKEY_NONE;

	ck_assert_int_eq(try_open(&other, &here, sealed, len), -ESTALE);
	/* the right id does not make it the right key */
	ck_assert_int_eq(nk_secret_append(&forged.key, other.key.p,
	    other.key.len), 0);
	memcpy(forged.id, key.id, sizeof(forged.id));
	ck_assert_int_eq(try_open(&forged, &here, sealed, len), -EBADMSG);
	nk_sealkey_clear(&forged);
	free(sealed);
}
END_TEST

START_TEST(no_key)
{
	struct nk_sealkey none = NK_SEALKEY_NONE;
	size_t len;
	uint8_t *sealed = seal(&here, "some secret", 11, &len), *more;

	ck_assert_int_eq(try_open(&none, &here, sealed, len), -EINVAL);
	ck_assert_int_eq(nk_seal(&none, &here, "x", 1, &more, &len), -EINVAL);
	ck_assert_ptr_null(more);
	memcpy(none.id, key.id, sizeof(none.id));
	ck_assert_int_eq(nk_seal(&none, &here, "x", 1, &more, &len), -EINVAL);
	ck_assert_int_eq(nk_secret_append(&none.key, key.key.p, 31), 0);
	ck_assert_int_eq(nk_seal(&none, &here, "x", 1, &more, &len), -EINVAL);
	nk_sealkey_clear(&none);
	free(sealed);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seal");
	TCase *tc = tcase_create("seal");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, round_trip, 0,
	    (int)(sizeof(lengths) / sizeof(lengths[0])));
	tcase_add_test(tc, never_twice_the_same);
	tcase_add_test(tc, each_byte_counts);
	tcase_add_test(tc, each_length_counts);
	tcase_add_test(tc, too_long);
	tcase_add_loop_test(tc, each_field_of_the_place_counts, 0,
	    (int)(sizeof(places) / sizeof(places[0])));
	tcase_add_test(tc, names_do_not_run_together);
	tcase_add_test(tc, long_names);
	tcase_add_test(tc, another_key);
	tcase_add_test(tc, no_key);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
