/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/ctl.h"
#include "helper/ctl/text.h"

static const struct {
	const char	*what;
	const char	*in;
	const char	*out;	/* NULL: as it is */
	size_t		 width;
} texts[] = {
	/* what may be shown */
	{ "nothing", "", NULL, 0 },
	{ "plain", "alice", NULL, 5 },
	{ "a backslash", "DOMAIN\\user", NULL, 11 },
	{ "two bytes", "J\xc3\xbcrgen", NULL, 6 },
	{ "three bytes, two columns", "\xe6\x97\xa5\xe6\x9c\xac", NULL, 4 },
	{ "four bytes", "\xf0\x9f\x94\x91", NULL, 2 },
	{ "an accent of its own", "e\xcc\x81", NULL, 1 },
	{ "joined letters", "\xd9\x85\xe2\x80\x8c\xd8\xae", NULL, 2 },

	/* controls */
	{ "escape", "\033[31mred", "\\x1b[31mred", 11 },
	{ "bell", "\a", "\\x07", 4 },
	{ "newline", "a\nb", "a\\x0ab", 6 },
	{ "carriage return", "a\rb", "a\\x0db", 6 },
	{ "tabulator", "a\tb", "a\\x09b", 6 },
	{ "backspace", "a\bb", "a\\x08b", 6 },
	{ "delete", "\x7f", "\\x7f", 4 },
	{ "control of ISO 6429", "\xc2\x9b" "31m", "\\xc2\\x9b31m", 11 },
	{ "next line", "\xc2\x85", "\\xc2\\x85", 8 },
	{ "line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8", 12 },
	{ "paragraph separator", "\xe2\x80\xa9", "\\xe2\\x80\\xa9", 12 },

	/* what cannot be seen, or turns what is around it */
	{ "right to left override", "a\xe2\x80\xae" "b",
	    "a\\xe2\\x80\\xaeb", 14 },
	{ "right to left mark", "\xe2\x80\x8f", "\\xe2\\x80\\x8f", 12 },
	{ "isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6", 12 },
	{ "Arabic letter mark", "\xd8\x9c", "\\xd8\\x9c", 8 },
	{ "no width", "a\xe2\x80\x8b" "b", "a\\xe2\\x80\\x8bb", 14 },
	{ "soft hyphen", "\xc2\xad", "\\xc2\\xad", 8 },
	{ "byte order mark", "\xef\xbb\xbf" "a", "\\xef\\xbb\\xbfa", 13 },
	{ "a tag", "\xf3\xa0\x81\xa1", "\\xf3\\xa0\\x81\\xa1", 16 },

	/* no UTF-8 */
	{ "a byte of Latin-1", "J\xfcrgen", "J\\xfcrgen", 9 },
	{ "0xff", "\xff\xfe", "\\xff\\xfe", 8 },
	{ "cut off", "a\xe6\x97", "a\\xe6\\x97", 9 },
	{ "cut off, and more", "\xe6\x97" "a", "\\xe6\\x97" "a", 9 },
	{ "no beginning", "\x97" "a", "\\x97" "a", 5 },
	{ "too long a form", "\xc0\xaf", "\\xc0\\xaf", 8 },
	{ "half a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", 12 },
	{ "beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16 },
};

START_TEST(safe)
{
	const char *want = texts[_i].out != NULL ? texts[_i].out :
	    texts[_i].in;
	char *out = ctl_text_safe(texts[_i].in);

	ck_assert_ptr_nonnull(out);
	ck_assert_msg(strcmp(out, want) == 0, "%s: got \"%s\"",
	    texts[_i].what, out);
	ck_assert_msg(ctl_text_width(out) == texts[_i].width,
	    "%s: %zu columns", texts[_i].what, ctl_text_width(out));
	free(out);
}
END_TEST

/* In a locale without UTF-8 nothing but ASCII is let through. */
START_TEST(safe_in_c)
{
	char *out;
	size_t i;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	out = ctl_text_safe(texts[_i].in);
	ck_assert_ptr_nonnull(out);
	for (i = 0; out[i] != '\0'; i++)
		ck_assert_msg(out[i] >= 0x20 && out[i] < 0x7f, "%s: \"%s\"",
		    texts[_i].what, out);
	ck_assert_uint_eq(ctl_text_width(out), strlen(out));
	free(out);
}
END_TEST

START_TEST(colour)
{
	int tty = posix_openpt(O_RDWR | O_NOCTTY), p[2];

	ck_assert_int_ne(tty, -1);
	ck_assert_int_eq(pipe(p), 0);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	ck_assert(ctl_text_colour(tty));
	ck_assert(!ctl_text_colour(p[1]));
	setenv("NO_COLOR", "", 1);
	ck_assert(ctl_text_colour(tty));
	setenv("NO_COLOR", "1", 1);
	ck_assert(!ctl_text_colour(tty));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	ck_assert(!ctl_text_colour(tty));
	unsetenv("TERM");
	ck_assert(!ctl_text_colour(tty));
	close(tty);
	close(p[0]);
	close(p[1]);
}
END_TEST

/* ---- sentences ---- */

static FILE *
catch(FILE *stream)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	fflush(stream);
	ck_assert_int_ne(dup2(fileno(f), fileno(stream)), -1);
	return f;
}

static void
is_caught(FILE *f, FILE *stream, const char *want)
{
	char got[512];
	size_t n;

	fflush(stream);
	rewind(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	ck_assert_str_eq(got, want);
}

START_TEST(sentences)
{
	struct ctl nowhere = { .where = NULL }, c = { .where = "user add" };
	const char *evil = "\033[2J\xe2\x80\xae";
	FILE *out = catch(stdout), *err = catch(stderr);

	ctl_say("user %s", evil);
	is_caught(out, stdout, "user \\x1b[2J\\xe2\\x80\\xae\n");
	ctl_warn(&c, "%s", evil);
	ck_assert_int_eq(ctl_fail(&c, "%d: %s", 7, evil), CTL_FAILED);
	ck_assert_int_eq(ctl_fail(&nowhere, "a\nb"), CTL_FAILED);
	ck_assert_int_eq(ctl_misuse(&c, "no"), CTL_USAGE);
	ck_assert_int_eq(ctl_misuse(&nowhere, "no"), CTL_USAGE);
	is_caught(err, stderr,
	    "naskeysctl: user add: warning: \\x1b[2J\\xe2\\x80\\xae\n"
	    "naskeysctl: user add: 7: \\x1b[2J\\xe2\\x80\\xae\n"
	    "naskeysctl: a\\x0ab\n"
	    "naskeysctl: user add: no\n"
	    "Try \"naskeysctl user add --help\".\n"
	    "naskeysctl: no\n"
	    "Try \"naskeysctl --help\".\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_text");
	TCase *tc = tcase_create("text");
	SRunner *sr = srunner_create(s);
	int failed;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, safe, 0,
	    (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_loop_test(tc, safe_in_c, 0,
	    (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(tc, colour);
	tcase_add_test(tc, sentences);
	suite_add_tcase(s, tc);
	/* each test in a process of its own: they change the environment */
	srunner_set_fork_status(sr, CK_FORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
