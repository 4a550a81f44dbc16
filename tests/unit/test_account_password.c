/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/password.h"

START_TEST(hash_and_verify)
{
	char hash[NK_PASSWORD_HASH_MAX + 1], again[NK_PASSWORD_HASH_MAX + 1];

	ck_assert_int_eq(nk_password_hash("secret", NULL, 0, hash), 0);
	ck_assert(strncmp(hash, "$y$", 3) == 0);
	ck_assert_int_eq(nk_password_verify("secret", hash), 0);
	ck_assert_int_eq(nk_password_verify("Secret", hash), -EACCES);
	ck_assert_int_eq(nk_password_verify("", hash), -EACCES);
	ck_assert_int_eq(nk_password_hash("secret", NULL, 0, again), 0);
	ck_assert_str_ne(hash, again);	/* a salt of its own */
}
END_TEST

START_TEST(length)
{
	char hash[NK_PASSWORD_HASH_MAX + 1], long_one[NK_PASSWORD_MAX + 2];

	memset(long_one, 'x', sizeof(long_one));
	long_one[NK_PASSWORD_MAX + 1] = '\0';
	ck_assert_int_eq(nk_password_hash(long_one, NULL, 0, hash), -EINVAL);
	ck_assert_str_eq(hash, "");
	long_one[NK_PASSWORD_MAX] = '\0';
	ck_assert_int_eq(nk_password_hash(long_one, NULL, 0, hash), 0);
	ck_assert_int_eq(nk_password_verify(long_one, hash), 0);
}
END_TEST

/* What no password may open. */
static const char *const shut[] = {
	"*", "!", "!!", "", "x", "*0", "*1",
	"!$6$abc$O9PxDnNfzgC3tHbxkKHfDB1hGGZsSr2pH3MRr6IYP7l0",
};

START_TEST(verify_shut)
{
	ck_assert_int_eq(nk_password_verify("", shut[_i]), -EACCES);
	ck_assert_int_eq(nk_password_verify("x", shut[_i]), -EACCES);
}
END_TEST

START_TEST(random_password)
{
	char a[NK_PASSWORD_RANDOM + 1], b[NK_PASSWORD_RANDOM + 1];

	ck_assert_int_eq(nk_password_random(a), 0);
	ck_assert_int_eq(nk_password_random(b), 0);
	ck_assert_uint_eq(strlen(a), 20);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strspn(a, "abcdefghijkmnopqrstuvwxyz"
	    "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"), 20);
}
END_TEST

#define SHA512	"$6$abcdefgh$yVfUwsw5T.JApa8POvClA1pQ5peiq97DUNyXCZN5IrF.BM" \
		"SkiaLQ5kvpuEm/VQ1Tvh/KV2TcaWh8qinoW5dhA1"
#define YESCRYPT "$y$j9T$UFcNLGDrYpmTVuEIJoMCL1$TWOjIUaqUFCHDGG2.lMO2vgrSvj" \
		"qPCJM9SpKRUgzHzC"

static const struct {
	const char		*text;
	int			 r;
	enum nk_hash_kind	 kind;
	const char		*hash;
} hashes[] = {
	{ "*", 0, NK_HASH_NONE, "*" },
	{ "!", 0, NK_HASH_NONE, "*" },
	{ "!!", 0, NK_HASH_NONE, "*" },
	{ "!*", 0, NK_HASH_NONE, "*" },
	{ SHA512, 0, NK_HASH_PLAIN, SHA512 },
	{ YESCRYPT, 0, NK_HASH_PLAIN, YESCRYPT },
	{ "!" SHA512, 0, NK_HASH_LOCKED, SHA512 },
	{ "!!" YESCRYPT, 0, NK_HASH_LOCKED, YESCRYPT },
	{ "ab5FJNvZFTCO2", 0, NK_HASH_PLAIN, "ab5FJNvZFTCO2" },
	{ "", -EINVAL, 0, NULL },
	{ "x", -EINVAL, 0, NULL },
	{ "**", -EINVAL, 0, NULL },
	{ "!!!", -EINVAL, 0, NULL },
	{ "$6$", -EINVAL, 0, NULL },
	{ "$6$salt$", -EINVAL, 0, NULL },
	{ "$99$abcdefgh$abcdefghijklmnop", -EINVAL, 0, NULL },
	{ "$6$abcdefgh$abc:defghijklmnop", -EINVAL, 0, NULL },
	{ "$6$abcdefgh$abc\ndefghijklmnop", -EINVAL, 0, NULL },
	{ "$6$abcdefgh$abc defghijklmnop", -EINVAL, 0, NULL },
	{ "$6$abcdefgh$abc\xc3\xa4" "defghijklmnop", -EINVAL, 0, NULL },
	{ "plain-password-in-it", -EINVAL, 0, NULL },
	{ "NP", -EINVAL, 0, NULL },
};

START_TEST(check_hash)
{
	enum nk_hash_kind kind = NK_HASH_NONE;
	const char *hash = NULL;
	int r = nk_password_check_hash(hashes[_i].text, &kind, &hash);

	ck_assert_msg(r == hashes[_i].r, "%s: got %d", hashes[_i].text, r);
	if (r == 0) {
		ck_assert_int_eq(kind, hashes[_i].kind);
		ck_assert_str_eq(hash, hashes[_i].hash);
	}
}
END_TEST

START_TEST(check_hash_length)
{
	char text[NK_PASSWORD_IMPORT_MAX + 2];
	enum nk_hash_kind kind;
	const char *hash;

	memset(text, 'a', sizeof(text));
	memcpy(text, "$6$abcdefgh$", 12);
	text[NK_PASSWORD_IMPORT_MAX + 1] = '\0';
	ck_assert_int_eq(nk_password_check_hash(text, &kind, &hash), -EINVAL);
	text[NK_PASSWORD_IMPORT_MAX] = '\0';
	ck_assert_int_eq(nk_password_check_hash(text, &kind, &hash), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("password");
	TCase *tc = tcase_create("password");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, hash_and_verify);
	tcase_add_test(tc, length);
	tcase_add_loop_test(tc, verify_shut, 0,
	    (int)(sizeof(shut) / sizeof(shut[0])));
	tcase_add_test(tc, random_password);
	tcase_add_loop_test(tc, check_hash, 0,
	    (int)(sizeof(hashes) / sizeof(hashes[0])));
	tcase_add_test(tc, check_hash_length);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
