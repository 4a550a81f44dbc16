/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/names.h"

#define A31	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A120	A31 A31 A31 "aaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255	A120 A120 "aaaaaaaaaaaaaaa"

#define CHARACTERS	"Valid characters are: 'a, b, c, d, e, f, g, h, i, " \
	"j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, " \
	"F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z, 0, " \
	"1, 2, 3, 4, 5, 6, 7, 8, 9, _, -, .'"

typedef int (*check_fn)(const char *name, size_t len,
    char why[NK_NAME_WHY_MAX]);

static const struct {
	check_fn	 check;
	const char	*name;
	size_t		 len;		/* 0: strlen */
	const char	*why;		/* NULL: it is one */
} names[] = {
	{ nk_username_check, "alice", 0, NULL },
	{ nk_username_check, "_", 0, NULL },
	{ nk_username_check, "A.b-c_9", 0, NULL },
	{ nk_username_check, A31 "a", 0, NULL },
	{ nk_username_check, "", 0, "Must be at least 1 character in length" },
	{ nk_username_check, A31 "aa", 0,
	    "Cannot exceed 32 charaters in length" },
	{ nk_username_check, "-rf", 0, "Cannot start with \"'-'\"" },
	{ nk_username_check, "1st", 0, "Cannot start with \"'1'\"" },
	{ nk_username_check, ".x", 0, "Cannot start with \"'.'\"" },
	{ nk_username_check, "'x", 0, "Cannot start with \"\"'\"\"" },
	{ nk_username_check, "\nx", 0, "Cannot start with \"'\\n'\"" },
	{ nk_username_check, "\1x", 0, "Cannot start with \"'\\x01'\"" },
	{ nk_username_check, "\xc3\xa4rger", 0,
	    "Cannot start with \"'\xc3\xa4'\"" },
	{ nk_username_check, "\xc3", 0, "Cannot start with \"''\"" },
	{ nk_username_check, "b\xc3\xb6se", 0, CHARACTERS },
	{ nk_username_check, "a b", 0, CHARACTERS },
	{ nk_username_check, "a:b", 0, CHARACTERS },
	{ nk_username_check, "a/b", 0, CHARACTERS },
	{ nk_username_check, "a\nb", 0, CHARACTERS },
	{ nk_username_check, "machine$", 0, CHARACTERS },
	{ nk_username_check, "a\0b", 3, CHARACTERS },
	{ nk_groupname_check, "staff", 0, NULL },
	{ nk_groupname_check, "9lives", 0, NULL },
	{ nk_groupname_check, ".hidden", 0, NULL },
	{ nk_groupname_check, A120, 0, NULL },
	{ nk_groupname_check, "", 0, "Must be at least 1 character in length" },
	{ nk_groupname_check, A120 "a", 0,
	    "Cannot exceed 120 charaters in length" },
	{ nk_groupname_check, "-x", 0, "Cannot start with \"'-'\"" },
	{ nk_groupname_check, ".", 0, "Cannot be \".\" or \"..\"" },
	{ nk_groupname_check, "..", 0, "Cannot be \".\" or \"..\"" },
	{ nk_groupname_check, "a,b", 0, CHARACTERS },
	{ nk_external_name_check, "DOMAIN\\user", 0, NULL },
	{ nk_external_name_check, "user@realm", 0, NULL },
	{ nk_external_name_check, "M\xc3\xbcller x", 0, NULL },
	{ nk_external_name_check, A255, 0, NULL },
	{ nk_external_name_check, "", 0,
	    "Must be at least 1 character in length" },
	{ nk_external_name_check, A255 "a", 0,
	    "Cannot exceed 255 charaters in length" },
	{ nk_external_name_check, "-u", 0, "Cannot start with \"'-'\"" },
	{ nk_external_name_check, "a/b", 0, "Cannot contain \"/\" or \":\"" },
	{ nk_external_name_check, "a:b", 0, "Cannot contain \"/\" or \":\"" },
	{ nk_external_name_check, "a\nb", 0,
	    "Cannot contain control characters" },
	{ nk_external_name_check, "a\0b", 3,
	    "Cannot contain control characters" },
	{ nk_external_name_check, "a\x7f", 0,
	    "Cannot contain control characters" },
};

START_TEST(check_name)
{
	char why[NK_NAME_WHY_MAX] = "";
	size_t len = names[_i].len;
	int r;

	if (len == 0)
		len = strlen(names[_i].name);
	r = names[_i].check(names[_i].name, len, why);
	ck_assert_msg(r == (names[_i].why == NULL ? 0 : -EINVAL),
	    "%s: got %d", names[_i].name, r);
	if (names[_i].why != NULL)
		ck_assert_str_eq(why, names[_i].why);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("names");
	TCase *tc = tcase_create("names");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, check_name, 0,
	    (int)(sizeof(names) / sizeof(names[0])));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
