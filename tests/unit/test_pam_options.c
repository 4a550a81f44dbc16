/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pam/options.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define WORDS_MAX	10

static const struct {
	const char	*what;
	const char	*words[WORDS_MAX];
	const char	*bad;		/* NULL: all are good */
} lists[] = {
	{ "none", { NULL }, NULL },
	{ "each once", { "debug", "nullok", "otp", "agent", "mkhome",
	    "try_first_pass", "use_first_pass", "use_authtok",
	    "min_uid=3000" }, NULL },
	{ "the least uid", { "min_uid=1" }, NULL },
	{ "the greatest uid", { "min_uid=4294967294" }, NULL },
	{ "unknown", { "debug", "otpp" }, "otpp" },
	{ "unknown before good", { "nodelay", "otp" }, "nodelay" },
	{ "a beginning", { "ot" }, "ot" },
	{ "in capitals", { "OTP" }, "OTP" },
	{ "with a value", { "otp=1" }, "otp=1" },
	{ "with an empty value", { "otp=" }, "otp=" },
	{ "twice", { "otp", "debug", "otp" }, "otp" },
	{ "a number twice", { "min_uid=1000", "min_uid=1000" },
	    "min_uid=1000" },
	{ "without a number", { "min_uid" }, "min_uid" },
	{ "an empty number", { "min_uid=" }, "min_uid=" },
	{ "a sign", { "min_uid=-1" }, "min_uid=-1" },
	{ "a plus", { "min_uid=+1" }, "min_uid=+1" },
	{ "a blank", { "min_uid= 1" }, "min_uid= 1" },
	{ "a rest", { "min_uid=1000x" }, "min_uid=1000x" },
	{ "hexadecimal", { "min_uid=0x10" }, "min_uid=0x10" },
	{ "root", { "min_uid=0" }, "min_uid=0" },
	{ "nobody's uid", { "min_uid=4294967295" }, "min_uid=4294967295" },
	{ "over 32 bits", { "min_uid=4294968296" }, "min_uid=4294968296" },
	{ "over 64 bits", { "min_uid=18446744073709552616" },
	    "min_uid=18446744073709552616" },
	{ "an empty word", { "" }, "" },
};

START_TEST(list)
{
	static const struct nk_options none;
	const char *words[WORDS_MAX], *bad = NULL;
	struct nk_options o;
	int n, r;

	memset(&o, 0xff, sizeof(o));
	for (n = 0; n < WORDS_MAX && lists[_i].words[n] != NULL; n++)
		words[n] = lists[_i].words[n];
	r = nk_options_parse(&o, n, words, &bad);
	if (lists[_i].bad == NULL) {
		ck_assert_msg(r == 0, "%s: refused", lists[_i].what);
		ck_assert_ptr_null(bad);
		return;
	}
	ck_assert_msg(r == -EINVAL, "%s: taken", lists[_i].what);
	ck_assert_str_eq(bad, lists[_i].bad);
	ck_assert(o.otp == none.otp && o.debug == none.debug &&
	    o.min_uid == none.min_uid);
}
END_TEST

/* Each word sets its own field and no other. */
START_TEST(fields)
{
	static const char *const words[] = { "agent", "debug", "mkhome",
	    "nullok", "otp", "try_first_pass", "use_authtok",
	    "use_first_pass", "min_uid=7" };
	const char *argv[1], *bad = NULL;
	struct nk_options o;
	bool want[8] = { false };

	argv[0] = words[_i];
	if (_i < 8)
		want[_i] = true;
	ck_assert_int_eq(nk_options_parse(&o, 1, argv, &bad), 0);
	ck_assert(o.agent == want[0] && o.debug == want[1] &&
	    o.mkhome == want[2] && o.nullok == want[3] && o.otp == want[4] &&
	    o.try_first_pass == want[5] && o.use_authtok == want[6] &&
	    o.use_first_pass == want[7]);
	ck_assert_uint_eq(o.min_uid, _i == 8 ? 7 : 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pam options");
	TCase *tc = tcase_create("words");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, list, 0, COUNT(lists));
	tcase_add_loop_test(tc, fields, 0, 9);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
