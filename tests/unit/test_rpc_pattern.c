/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/pattern.h"

static const struct {
	const char	*pattern;
	const char	*text;
	bool		 want;
} rows[] = {
	/* at the start, and not to the end */
	{ "", "", true },
	{ "", "abc", true },
	{ "a", "abc", true },
	{ "abc", "abc", true },
	{ "b", "abc", false },
	{ "abcd", "abc", false },
	{ "^a", "abc", true },
	{ "a^b", "ab", false },
	{ "a|^b", "b", true },
	{ "a$", "a", true },
	{ "a$", "ab", false },
	{ "a$", "a\n", true },
	{ "a$", "a\nb", false },
	{ "a$", "a\n\n", false },
	{ "a$b", "a", false },
	{ "$", "", true },
	{ "$", "a", false },
	{ "^$", "", true },
	/* a dot, and what is no ASCII */
	{ ".", "", false },
	{ "...$", "abc", true },
	{ "a.c", "a\nc", false },
	{ ".$", "\xc3\xa4", true },
	{ "..$", "\xc3\xa4", false },
	{ "\xc3\xa4+$", "\xc3\xa4\xc3\xa4", true },
	{ "[\xc3\xa0-\xc3\xbf]$", "\xc3\xa4", true },
	{ "[^\xc3\xa4]", "\xc3\xa4", false },
	{ "[\xe2\x82\xac]$", "\xe2\x82\xac", true },
	{ ".$", "\xf0\x9f\x94\x91", true },
	{ ".$", "\xff", true },
	{ "..$", "\xc3" "a", true },
	/* one or another */
	{ "a|b", "b", true },
	{ "a|b", "c", false },
	{ "ab|cd", "cd", true },
	{ "ab|cd", "ad", false },
	{ "a|b|c|d$", "d", true },
	{ "a|b|c|d$", "de", false },
	{ "x(a|b|c)y$", "xay", true },
	{ "x(a|b|c)y$", "xby", true },
	{ "x(a|b|c)y$", "xcy", true },
	{ "x(a|b|c)y$", "xdy", false },
	{ "x(a|)y$", "xy", true },
	{ "x(|a)y$", "xay", true },
	{ "(a|(b|c)(d|e))f$", "cef", true },
	{ "(a|(b|c)(d|e))f$", "caf", false },
	{ "((a|b)|(c|d))+e$", "abcde", true },
	/* again and again */
	{ "a*$", "", true },
	{ "a*$", "aaaa", true },
	{ "a*$", "aaab", false },
	{ "a+$", "", false },
	{ "a+$", "a", true },
	{ "a+b$", "aaab", true },
	{ "a?b$", "b", true },
	{ "a?b$", "ab", true },
	{ "a?b$", "aab", false },
	{ "ab*$", "abbb", true },
	{ "ab*$", "abab", false },
	{ "(ab)*$", "abab", true },
	{ "(ab)+c$", "ababc", true },
	{ "(ab)+c$", "abac", false },
	{ "(a*)*$", "aaaa", true },
	{ "(a*)*$", "aaab", false },
	{ "(a|b*)*c$", "abbac", true },
	{ "()*a", "a", true },
	{ "(()+)+a", "a", true },
	{ "(a?){3}$", "aa", true },
	{ "(a?){3}$", "aaaa", false },
	{ "a*?b$", "aab", true },
	{ "a+?$", "", false },
	{ "a??$", "", true },
	{ "a{2}?$", "aa", true },
	/* so many times */
	{ "a{3}$", "aaa", true },
	{ "a{3}$", "aa", false },
	{ "a{3}$", "aaaa", false },
	{ "a{0}b", "b", true },
	{ "a{0}b", "ab", false },
	{ "a{0,0}b", "ab", false },
	{ "a{0,2}b$", "b", true },
	{ "a{0,2}b$", "aab", true },
	{ "a{0,2}b$", "aaab", false },
	{ "a{1,2}b$", "b", false },
	{ "a{2,}b$", "ab", false },
	{ "a{2,}b$", "aab", true },
	{ "a{2,}b$", "aaaaab", true },
	{ "a{0,}b$", "aaab", true },
	{ "(ab|c){2,3}$", "abc", true },
	{ "(ab|c){2,3}$", "cccc", false },
	{ "(a{2}){2}$", "aaaa", true },
	{ "(a{2}){2}$", "aaa", false },
	{ "(a|b|c){2}d$", "bcd", true },
	{ "((a|b){2}|c){2}$", "abc", true },
	/* brackets */
	{ "[abc]+$", "cab", true },
	{ "[abc]", "d", false },
	{ "[^abc]", "d", true },
	{ "[^abc]", "a", false },
	{ "[^a]", "", false },
	{ "[^a]", "\n", true },
	{ "[a-c]+$", "abc", true },
	{ "[a-c]", "d", false },
	{ "[]a]+$", "]a", true },
	{ "[^]a]", "]", false },
	{ "[a-]+$", "-a", true },
	{ "[-a]+$", "-a", true },
	{ "[a\\]b]+$", "]", true },
	{ "[\\^a]+$", "^", true },
	{ "[\\d_]+$", "0_9", true },
	{ "[\\d_]", "a", false },
	{ "[^\\d]", "5", false },
	{ "[\\W]", "a", false },
	{ "[\\W]", "\xc3\xa4", true },
	{ "[.*+?(){}|$]+$", ".*+?(){}|$", true },
	/* escapes */
	{ "\\d+$", "0123456789", true },
	{ "\\d", "a", false },
	{ "\\D", "a", true },
	{ "\\D", "5", false },
	{ "\\w+$", "azAZ09_", true },
	{ "\\w", "-", false },
	{ "\\W+$", "-`@[", true },
	{ "\\W", "_", false },
	{ "\\s+$", " \t\n\v\f\r", true },
	{ "\\S", " ", false },
	{ "\\S+$", "x!", true },
	{ "\\.\\*\\\\\\[\\/$", ".*\\[/", true },
	{ "\\.", "a", false },
	{ "(?:ab)+$", "abab", true },
	{ "a}b]$", "a}b]", true },
	{ "a-b,c$", "a-b,c", true },
};

START_TEST(match)
{
	struct nk_pattern *p;
	const char *why = "";
	bool got;
	int i;

	ck_assert_msg(nk_pattern_new(&p, rows[_i].pattern, &why) == 0,
	    "%s: %s", rows[_i].pattern, why);
	for (i = 0; i < 2; i++) {	/* nothing is left of the first time */
		got = nk_pattern_match(p, rows[_i].text);
		ck_assert_msg(got == rows[_i].want, "%s with %s",
		    rows[_i].pattern, rows[_i].text);
	}
	nk_pattern_free(p);
}
END_TEST

#define NOT_CLOSED	"a [ is not closed"
#define ESCAPE		"an escape is none of \\d \\D \\s \\S \\w \\W"
#define NO_ATOM		"a repetition has nothing to repeat"
#define TOO_MUCH	"it repeats too much"
#define INTERVAL	"an interval is malformed"
#define BRACE		"a { does not begin an interval"
#define NAMED		"classes such as [:alpha:] are not supported"

static const struct {
	const char	*pattern;
	const char	*why;
} bad[] = {
	{ "(", "a ( is not closed" },
	{ "(a", "a ( is not closed" },
	{ "((a)", "a ( is not closed" },
	{ ")", "a ) has no (" },
	{ "a)", "a ) has no (" },
	{ "(a))", "a ) has no (" },
	{ "a)|(b", "a ) has no (" },
	{ "[", NOT_CLOSED },
	{ "[a", NOT_CLOSED },
	{ "[^", NOT_CLOSED },
	{ "[]", NOT_CLOSED },
	{ "[^]", NOT_CLOSED },
	{ "[a-", NOT_CLOSED },
	{ "[a\\]", NOT_CLOSED },
	{ "[a\\", "it ends with a backslash" },
	{ "a\\", "it ends with a backslash" },
	{ "[b-a]", "a range in brackets is reversed" },
	{ "[a-\\d]", "a range in brackets is reversed" },
	{ "[[:alpha:]]", NAMED },
	{ "[a[=e=]]", NAMED },
	{ "[[.a.]]", NAMED },
	{ "(a)\\1", "back-references are not supported" },
	{ "[\\1]", "back-references are not supported" },
	{ "\\b", ESCAPE },
	{ "\\n", ESCAPE },
	{ "\\Z", ESCAPE },
	{ "\\0", ESCAPE },
	{ "\\x41", ESCAPE },
	{ "[\\b]", ESCAPE },
	{ "*", NO_ATOM },
	{ "+a", NO_ATOM },
	{ "?", NO_ATOM },
	{ "{2}", NO_ATOM },
	{ "a|*", NO_ATOM },
	{ "(*a)", NO_ATOM },
	{ "^*", NO_ATOM },
	{ "$+", NO_ATOM },
	{ "a**", NO_ATOM },
	{ "a*+", NO_ATOM },
	{ "a+{2}", NO_ATOM },
	{ "a???", NO_ATOM },
	{ "(?i)a", "a ( followed by ? is not supported" },
	{ "(?=a)", "a ( followed by ? is not supported" },
	{ "(?P<n>a)", "a ( followed by ? is not supported" },
	{ "(?", "a ( followed by ? is not supported" },
	{ "a{", BRACE },
	{ "a{x}", BRACE },
	{ "a{,5}", BRACE },
	{ "a{-1}", BRACE },
	{ "a{1,x}", BRACE },
	{ "a{1", INTERVAL },
	{ "a{1,", BRACE },
	{ "a{1,2", INTERVAL },
	{ "a{1,2,3}", INTERVAL },
	{ "a{3,2}", INTERVAL },
	{ "a{1001}", TOO_MUCH },
	{ "a{1,1001}", TOO_MUCH },
	{ "a{99999999999999999999}", TOO_MUCH },
	{ "(ab){512}", TOO_MUCH },
	{ "((a{11}){11}){11}", TOO_MUCH },
	{ "((((((((((a{2}){2}){2}){2}){2}){2}){2}){2}){2}){2}){2}",
	    TOO_MUCH },
	{ "(a?){600}", TOO_MUCH },
	{ "a{0,1000}", TOO_MUCH },
};

START_TEST(refused)
{
	struct nk_pattern *p;
	const char *why = NULL;

	ck_assert_msg(nk_pattern_new(&p, bad[_i].pattern, &why) == -EINVAL,
	    "%s", bad[_i].pattern);
	ck_assert_ptr_null(p);
	ck_assert_msg(strcmp(why, bad[_i].why) == 0, "%s: %s",
	    bad[_i].pattern, why);
}
END_TEST

/* ---- limits ---- */

static int
compile(const char *pattern)
{
	struct nk_pattern *p;
	const char *why;
	int r = nk_pattern_new(&p, pattern, &why);

	nk_pattern_free(p);
	return r;
}

/* n times "each", then "middle", then n times "after". */
static int
compile_nested(const char *each, size_t n, const char *middle,
    const char *after)
{
	char text[1024] = "";
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
		    each);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", middle);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
		    after);
	ck_assert_uint_lt(len, sizeof(text));
	return compile(text);
}

START_TEST(limits)
{
	ck_assert_int_eq(compile_nested("a", NK_PATTERN_LEN_MAX, "", ""), 0);
	ck_assert_int_eq(compile_nested("a", NK_PATTERN_LEN_MAX + 1, "", ""),
	    -EINVAL);
	ck_assert_int_eq(compile_nested("(", NK_PATTERN_DEPTH_MAX, "a", ")"),
	    0);
	ck_assert_int_eq(compile_nested("(", NK_PATTERN_DEPTH_MAX + 1, "a",
	    ")"), -EINVAL);
	ck_assert_int_eq(compile_nested("(", NK_PATTERN_DEPTH_MAX, "a", ")*"),
	    0);
	/* 1023 steps, and one for the end */
	ck_assert_int_eq(compile("a{1000}b{23}"), 0);
	ck_assert_int_eq(compile("a{1000}b{24}"), -EINVAL);
	ck_assert_int_eq(compile("a{1000}|a{21}"), 0);
	ck_assert_int_eq(compile("a{1000}|a{22}"), -EINVAL);
	/* brackets: 5 ranges for each \W */
	ck_assert_int_eq(compile_nested("\\W", 102, "", ""), 0);
	ck_assert_int_eq(compile_nested("\\W", 103, "", ""), -EINVAL);
}
END_TEST

/* Every one of these has cost somebody's matcher more than it should. */
static const struct {
	const char	*pattern;
	size_t		 length;	/* of a text of "a" */
	bool		 want;
} texts[] = {
	{ "a*$", NK_PATTERN_TEXT_MAX - 1, true },
	{ "a*$", NK_PATTERN_TEXT_MAX, false },	/* its end is not seen */
	{ "a*", 1000000, true },
	{ "a{900}", 1000000, true },
	{ ".*b", 1000000, false },
	{ "(a*)*b", 1000000, false },
	{ "(a+)+$", 60000, true },
	{ "(a|a)*b", 60000, false },
	{ "(a|aa)+b", 60000, false },
	{ "(a|b)*a(a|b){100}c", 60000, false },
	{ "(a?){200}a{200}b", 60000, false },
	{ "((((((((a*)*)*)*)*)*)*)*)*b", 60000, false },
	{ "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b", 60000, false },
	{ "(((a{9}){9})*b?)*c", 60000, false },
};

START_TEST(long_text)
{
	char *text = malloc(texts[_i].length + 1);
	struct nk_pattern *p;
	const char *why;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', texts[_i].length);
	text[texts[_i].length] = '\0';
	ck_assert_int_eq(nk_pattern_new(&p, texts[_i].pattern, &why), 0);
	ck_assert(nk_pattern_match(p, text) == texts[_i].want);
	nk_pattern_free(p);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_pattern");
	TCase *tc = tcase_create("pattern");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	tcase_set_timeout(tc, 20);
	LOOP(match, rows);
	LOOP(refused, bad);
	LOOP(long_text, texts);
#undef LOOP
	tcase_add_test(tc, limits);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
