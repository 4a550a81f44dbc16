/* SPDX-License-Identifier: ISC */

/* The machine's own passwd(5) and shadow(5). */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/local.h"
#include "tests/unit/tmp.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define BOB	"bob:x:1001:1001:Bob:/home/bob:/bin/sh\n"
#define ROOT	"root:x:0:0:root:/root:/bin/bash\n"
#define BOBS	"bob:$y$x:19000:0:99999:7::20000:\n"

static char passwd[64], shadow[64];

static void
write_file(char *path, size_t size, const char *text)
{
	FILE *f;

	f = fdopen(mkstemp(tmp_name(path, size, "local")), "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static int
find(const char *lines, const char *hashes, const char *name,
    struct nk_local_account *a)
{
	int r;

	write_file(passwd, sizeof(passwd), lines);
	write_file(shadow, sizeof(shadow), hashes);
	r = nk_local_account(passwd, shadow, name, a);
	ck_assert_int_eq(unlink(passwd), 0);
	ck_assert_int_eq(unlink(shadow), 0);
	return r;
}

static const struct {
	const char	*passwd, *shadow, *name;
	int		 want;
	uint32_t	 uid;
	int32_t		 expire;
} rows[] = {
	{ ROOT BOB, BOBS, "bob", 0, 1001, 20000 },
	{ ROOT BOB, BOBS, "root", 0, 0, -1 },
	{ ROOT BOB, "", "bob", 0, 1001, -1 },
	{ BOB "bob:x:7:7::/:/bin/sh\n", BOBS, "bob", 0, 1001, 20000 },
	{ ROOT BOB, BOBS, "bo", -ENOENT, 0, 0 },
	{ ROOT BOB, BOBS, "bobb", -ENOENT, 0, 0 },
	{ ROOT BOB, BOBS, "", -ENOENT, 0, 0 },
	{ "", BOBS, "bob", -ENOENT, 0, 0 },
	{ "bob:x:many:1::/:/bin/sh\n", BOBS, "bob", -EBADMSG, 0, 0 },
	{ BOB, "bob:x\n", "bob", -EBADMSG, 0, 0 },
};

START_TEST(accounts)
{
	struct nk_local_account a;

	ck_assert_int_eq(find(rows[_i].passwd, rows[_i].shadow,
	    rows[_i].name, &a), rows[_i].want);
	if (rows[_i].want < 0)
		return;
	ck_assert_uint_eq(a.uid, rows[_i].uid);
	ck_assert_int_eq(a.expire, rows[_i].expire);
}
END_TEST

/* Any change of a line shows, and nobody else's does. */
START_TEST(digests)
{
	struct nk_local_account was, is;

	ck_assert_int_eq(find(BOB, BOBS, "bob", &was), 0);
	ck_assert_int_eq(find(ROOT BOB, "root:*:::::::\n" BOBS, "bob", &is),
	    0);
	ck_assert_mem_eq(was.digest, is.digest, sizeof(is.digest));
	ck_assert_int_eq(find(BOB, "bob:!$y$x:19000:0:99999:7::20000:\n",
	    "bob", &is), 0);
	ck_assert_mem_ne(was.digest, is.digest, sizeof(is.digest));
	ck_assert_int_eq(find("bob:x:1001:1001:Bob:/home/bob:/bin/zsh\n",
	    BOBS, "bob", &is), 0);
	ck_assert_mem_ne(was.digest, is.digest, sizeof(is.digest));
	ck_assert_int_eq(find(BOB, "", "bob", &is), 0);
	ck_assert_mem_ne(was.digest, is.digest, sizeof(is.digest));
}
END_TEST

START_TEST(no_files)
{
	struct nk_local_account a;

	ck_assert_int_eq(nk_local_account("/nonexistent", "/nonexistent",
	    "bob", &a), -ENOENT);
	write_file(passwd, sizeof(passwd), BOB);
	ck_assert_int_eq(nk_local_account(passwd, "/", "bob", &a), -EIO);
	ck_assert_int_eq(unlink(passwd), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("account_local");
	TCase *tc = tcase_create("local");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, accounts, 0, N(rows));
	tcase_add_test(tc, digests);
	tcase_add_test(tc, no_files);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
