/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper/framing.h"

#define MAX	8		/* bytes of a line in most tests */

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len, share;
} shares[] = {
	{ "nothing",		"",		0, 0 },
	{ "no newline",		"abc",		3, 3 },
	{ "newline at the end",	"abc\n",	4, 4 },
	{ "more behind it",	"abc\ndef\n",	8, 4 },
	{ "newline first",	"\nabc",	4, 1 },
	{ "newline out of sight", "abc\n",	3, 3 },
	{ "NUL is a byte",	"a\0b\nc",	5, 4 },
};

START_TEST(share)
{
	ck_assert_msg(framing_share(shares[_i].text, shares[_i].len) ==
	    shares[_i].share, "%s", shares[_i].what);
}
END_TEST

static void
check_line(struct framing *f, const char *want, size_t len)
{
	ck_assert(f->complete && f->begun);
	ck_assert_uint_eq(f->len, len);
	if (len > 0)
		ck_assert_mem_eq(f->buf, want, len);
}

START_TEST(lines)
{
	struct framing f;

	framing_init(&f, MAX);
	ck_assert(!f.begun && !f.complete);
	ck_assert_int_eq(framing_add(&f, "", 0), 0);
	ck_assert(!f.begun);
	ck_assert_int_eq(framing_add(&f, "a", 1), 0);
	ck_assert(f.begun && !f.complete);
	ck_assert_int_eq(framing_add(&f, "bc\n", 3), 0);
	check_line(&f, "abc", 3);
	framing_next(&f);
	ck_assert(!f.begun && !f.complete && f.len == 0);
	ck_assert_int_eq(framing_add(&f, "\n", 1), 0);
	check_line(&f, "", 0);
	framing_next(&f);
	ck_assert_int_eq(framing_add(&f, "a\0b\n", 4), 0);
	check_line(&f, "a\0b", 3);
	framing_clear(&f);
	ck_assert_ptr_null(f.buf);
	framing_clear(&f);
}
END_TEST

/* What is refused, with "have" in the line already. */
static const struct {
	const char	*what;
	const char	*have, *add;
	int		 want;
} adds[] = {
	{ "at the limit",	"",		"12345678\n",	0 },
	{ "limit in two",	"1234",		"5678",		0 },
	{ "newline at limit",	"12345678",	"\n",		0 },
	{ "one too many",	"",		"123456789",	-EMSGSIZE },
	{ "with newline",	"",		"123456789\n",	-EMSGSIZE },
	{ "one more",		"12345678",	"9",		-EMSGSIZE },
	{ "one and newline",	"12345678",	"9\n",		-EMSGSIZE },
	{ "two lines",		"",		"a\nb\n",	-EINVAL },
	{ "begin of next",	"",		"a\nb",		-EINVAL },
	{ "already complete",	"a\n",		"b",		-EINVAL },
	{ "newline again",	"a\n",		"\n",		-EINVAL },
};

START_TEST(limits)
{
	struct framing f, before;
	int r;

	framing_init(&f, MAX);
	ck_assert_int_eq(framing_add(&f, adds[_i].have,
	    strlen(adds[_i].have)), 0);
	before = f;
	r = framing_add(&f, adds[_i].add, strlen(adds[_i].add));
	ck_assert_msg(r == adds[_i].want, "%s: got %d", adds[_i].what, r);
	if (r < 0) {
		ck_assert_mem_eq(&f, &before, sizeof(f));
		ck_assert_int_eq(memcmp(f.len > 0 ? f.buf : "",
		    adds[_i].have, f.len), 0);
	}
	framing_clear(&f);
}
END_TEST

/* Lines larger than what is kept, then small ones again. */
START_TEST(growth)
{
	static char big[300000];
	struct framing f;
	size_t at, n;

	framing_init(&f, sizeof(big));
	memset(big, 'x', sizeof(big));
	for (at = 0; at < sizeof(big); at += n) {
		n = sizeof(big) - at < 777 ? sizeof(big) - at : 777;
		ck_assert_int_eq(framing_add(&f, big + at, n), 0);
	}
	ck_assert_int_eq(framing_add(&f, "\n", 1), 0);
	check_line(&f, big, sizeof(big));
	framing_next(&f);
	ck_assert_ptr_null(f.buf);	/* not kept */
	ck_assert_int_eq(framing_add(&f, "a\n", 2), 0);
	check_line(&f, "a", 1);
	framing_next(&f);
	ck_assert_ptr_nonnull(f.buf);
	ck_assert_int_eq(f.buf[0], '\0');	/* wiped */
	framing_clear(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("framing");
	TCase *tc = tcase_create("line");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, share, 0,
	    (int)(sizeof(shares) / sizeof(shares[0])));
	tcase_add_test(tc, lines);
	tcase_add_loop_test(tc, limits, 0,
	    (int)(sizeof(adds) / sizeof(adds[0])));
	tcase_add_test(tc, growth);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
