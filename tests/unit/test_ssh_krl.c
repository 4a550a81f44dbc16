/* SPDX-License-Identifier: ISC */
/*
 * What is written is held against ssh-keygen's own bytes here, and against
 * its opinion in tests/integration/revoke.sh.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/krl.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* SHA-256 of nothing, as ssh-keygen -k was told of it. */
#define A	"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
#define B	"SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ"
#define C	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char empty[44] = "SSHKRL\n\0\0\0\0\1";
static const char one[] =
    "SSHKRL\n\0\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\0\x6b\x01\xec\xa7"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\5\0\0\0\x24\0\0\0\x20"
    "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
    "\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55";

static struct nk_krl k;
static uint8_t *bytes;
static size_t len;

static void
setup(void)
{
	k = NK_KRL_NONE;
	bytes = NULL;
}

static void
teardown(void)
{
	nk_krl_clear(&k);
	free(bytes);
}

START_TEST(of_nothing)
{
	ck_assert_int_eq(nk_krl_format(&k, &bytes, &len), 0);
	ck_assert_uint_eq(len, sizeof(empty));
	ck_assert_mem_eq(bytes, empty, len);
}
END_TEST

START_TEST(of_one_key)
{
	k.version = 7;
	k.date = 0x6b01eca7;
	ck_assert_int_eq(nk_krl_add(&k, A), 0);
	ck_assert_int_eq(nk_krl_format(&k, &bytes, &len), 0);
	ck_assert_uint_eq(len, sizeof(one) - 1);
	ck_assert_mem_eq(bytes, one, len);
}
END_TEST

static const char *const orders[][5] = {
	{ A, B, C, NULL },
	{ C, B, A, NULL },
	{ B, A, C, B, NULL },
	{ C, C, A, B, NULL },
};

START_TEST(in_any_order)
{
	uint8_t *first;
	size_t first_len;
	int i;

	for (i = 0; orders[0][i] != NULL; i++)
		ck_assert_int_eq(nk_krl_add(&k, orders[0][i]), 0);
	ck_assert_int_eq(nk_krl_format(&k, &first, &first_len), 0);
	nk_krl_clear(&k);
	for (i = 0; orders[_i][i] != NULL; i++)
		ck_assert_int_eq(nk_krl_add(&k, orders[_i][i]), 0);
	ck_assert_int_eq(nk_krl_format(&k, &bytes, &len), 0);
	ck_assert_uint_eq(len, first_len);
	ck_assert_mem_eq(bytes, first, len);
	ck_assert_uint_eq(k.n, 3);
	ck_assert_uint_eq(len, 44 + 5 + 3 * 36);
	free(first);
}
END_TEST

static const char *const refused[] = {
	"", "SHA256:", A "=", A " ",
	"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV",
	"MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
};

START_TEST(of_no_fingerprint)
{
	ck_assert_int_eq(nk_krl_add(&k, refused[_i]), -EBADMSG);
	ck_assert_uint_eq(k.n, 0);
}
END_TEST

START_TEST(no_more_than_the_limit)
{
	size_t i;

	for (i = 0; i < NK_KRL_KEYS_MAX; i++)
		ck_assert_int_eq(nk_krl_add(&k, A), 0);
	ck_assert_int_eq(nk_krl_add(&k, B), -E2BIG);
	ck_assert_int_eq(nk_krl_format(&k, &bytes, &len), 0);
	ck_assert_uint_eq(len, sizeof(one) - 1);
}
END_TEST

static const struct {
	const char	*what;
	size_t		 at;
	char		 byte;
	int		 want;
} headers[] = {
	{ "as it is",			20, 0, 0 },
	{ "another date",		20, 1, 0 },
	{ "another magic",		0, 's', -EBADMSG },
	{ "the magic's end",		7, 1, -EBADMSG },
	{ "another format",		11, 2, -EBADMSG },
	{ "a flag",			35, 1, -EBADMSG },
	{ "something reserved",		39, 1, -EBADMSG },
	{ "a comment",			43, 1, -EBADMSG },
};

START_TEST(version_of_header)
{
	uint64_t version = 99;
	int r;

	k.version = UINT64_MAX - 1;
	ck_assert_int_eq(nk_krl_format(&k, &bytes, &len), 0);
	bytes[headers[_i].at] = (uint8_t)headers[_i].byte;
	r = nk_krl_get_version(bytes, &version);
	ck_assert_msg(r == headers[_i].want, "%s: got %d", headers[_i].what,
	    r);
	ck_assert_uint_eq(version, r == 0 ? UINT64_MAX - 1 : 99);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_krl");
	TCase *tc = tcase_create("krl");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, of_nothing);
	tcase_add_test(tc, of_one_key);
	tcase_add_loop_test(tc, in_any_order, 0, COUNT(orders));
	tcase_add_loop_test(tc, of_no_fingerprint, 0, COUNT(refused));
	tcase_add_test(tc, no_more_than_the_limit);
	tcase_add_loop_test(tc, version_of_header, 0, COUNT(headers));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
