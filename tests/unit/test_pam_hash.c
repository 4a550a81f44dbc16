/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pam/hash.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static unsigned int computed;
static char last[CRYPT_OUTPUT_SIZE];

/* libcrypt's, counted. */
char *
crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	computed++;
	ck_assert_uint_lt(strlen(setting), sizeof(last));
	memcpy(last, setting, strlen(setting) + 1);
	return crypt_rn(phrase, setting, data, (int)sizeof(*data));
}

static const struct {
	const char	*what;
	const char	*setting;	/* of a method's cheap hash */
} methods[] = {
	{ "yescrypt", "$y$j75$saltsaltsalt" },
	{ "gost-yescrypt", "$gy$j75$saltsaltsalt" },
	{ "scrypt", "$7$CU..../....saltsaltsaltsalt" },
	{ "bcrypt", "$2b$04$abcdefghijklmnopqrstuu" },
	{ "sha512crypt", "$6$rounds=1000$saltsalt" },
	{ "sha256crypt", "$5$rounds=1000$saltsalt" },
	{ "md5crypt", "$1$saltsalt" },
	{ "descrypt", "ab" },
};

START_TEST(method)
{
	struct crypt_data data = { .initialized = 0 };
	char hash[CRYPT_OUTPUT_SIZE];
	const char *out = crypt_rn("secret", methods[_i].setting, &data,
	    (int)sizeof(data));

	if (out == NULL || out[0] == '*')
		return;			/* libcrypt was built without it */
	memcpy(hash, out, strlen(out) + 1);
	ck_assert_msg(nk_hash_verify("secret", hash) == 0, "%s",
	    methods[_i].what);
	ck_assert_int_eq(nk_hash_verify("Secret", hash), -EPERM);
	ck_assert_int_eq(nk_hash_verify("", hash), -EPERM);
	hash[strlen(hash) - 1] ^= 1;
	ck_assert_int_eq(nk_hash_verify("secret", hash), -EPERM);
	ck_assert_uint_eq(computed, 4);
}
END_TEST

static const struct {
	const char	*what;
	const char	*hash;
} none[] = {
	{ "no hash at all", NULL },
	{ "empty", "" },
	{ "a star", "*" },
	{ "locked", "!" },
	{ "a locked hash", "!$6$rounds=1000$saltsalt$aaaaaaaaaaaaaaaaaaaa" },
	{ "the answer of a failure", "*0" },
	{ "long, and no setting", "*0*0*0*0*0*0*0*0*0*0" },
	{ "a method that there is not", "$zz$rounds=1000$saltsalt$aaaaaaa" },
	{ "two characters", "ab" },
	{ "a password in clear", "not a hash at all" },
};

/* It costs what a wrong password costs, by the default method. */
START_TEST(nobody)
{
	ck_assert_msg(nk_hash_verify("*0", none[_i].hash) == -EPERM, "%s",
	    none[_i].what);
	ck_assert_uint_eq(computed, 1);
	ck_assert_msg(strncmp(last, "$y$j9T$", 7) == 0, "%s: %s",
	    none[_i].what, last);
	ck_assert_int_eq(nk_hash_verify("", none[_i].hash), -EPERM);
}
END_TEST

/* crypt(3) takes 511 bytes. */
START_TEST(long_passwords)
{
	char password[4096];

	memset(password, 'x', sizeof(password));
	password[512] = '\0';
	ck_assert_int_eq(nk_hash_verify(password, NULL), -EPERM);
	password[512] = 'x';
	password[sizeof(password) - 1] = '\0';
	ck_assert_int_eq(nk_hash_verify(password, NULL), -EPERM);
	ck_assert_int_eq(nk_hash_verify(password,
	    "$6$rounds=1000$saltsalt$aaaaaaaaaaaaaaa"), -EPERM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pam hash");
	TCase *tc = tcase_create("verify");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, method, 0, COUNT(methods));
	tcase_add_loop_test(tc, nobody, 0, COUNT(none));
	tcase_add_test(tc, long_passwords);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
