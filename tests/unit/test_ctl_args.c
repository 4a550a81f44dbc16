/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/args.h"
#include "helper/ctl/ctl.h"
#include "helper/ctl/text.h"

#define WORDS_MAX	12

static const struct ctl_option options[] = {
	{ "uid", "N", "" },
	{ "key", "FILE", "" },
	{ "admin", NULL, "" },
	{ "administer", NULL, "" },
	{ NULL, NULL, NULL },
};

static const struct ctl_command command = {
	.object = "user", .verb = "add", .synopsis = "NAME [OPTION...]",
	.options = options, .min = 1, .max = 2,
};

#define CMD	"add"		/* the word that is stepped over */

static const struct {
	const char	*what;
	const char	*words[WORDS_MAX];
	const char	*first;		/* positional */
	int		 n;		/* of them */
	const char	*uid;
	size_t		 keys;
	bool		 admin, json, force;
	const char	*state_dir;
} good[] = {
	{ "a word", { CMD, "a" }, "a", 1, .keys = 0 },
	{ "two", { CMD, "a", "b" }, "a", 2, .keys = 0 },
	{ "options behind", { CMD, "a", "--uid", "7", "--admin" }, "a", 1,
	    .uid = "7", .admin = true },
	{ "options before", { CMD, "--uid", "7", "--admin", "a" }, "a", 1,
	    .uid = "7", .admin = true },
	{ "with =", { CMD, "--uid=7", "a" }, "a", 1, .uid = "7" },
	{ "empty value", { CMD, "--uid=", "a" }, "a", 1, .uid = "" },
	{ "the last counts", { CMD, "--uid=7", "a", "--uid=8" }, "a", 1,
	    .uid = "8" },
	{ "many times", { CMD, "a", "--key", "x", "--key", "-", "--key=z" },
	    "a", 1, .keys = 3 },
	{ "a value like an option", { CMD, "a", "--uid", "--admin" }, "a", 1,
	    .uid = "--admin" },
	{ "a value that is negative", { CMD, "a", "--uid", "-1d" }, "a", 1,
	    .uid = "-1d" },
	{ "-", { CMD, "-", "a" }, "-", 2, .keys = 0 },
	{ "--", { CMD, "--", "--uid" }, "--uid", 1, .keys = 0 },
	{ "-- between", { CMD, "--admin", "--", "-a" }, "-a", 1,
	    .admin = true },
	{ "global ones", { CMD, "a", "--json", "--force", "--state-dir",
	    "/x" }, "a", 1, .json = true, .force = true,
	    .state_dir = "/x" },
	{ "a beginning that is one option's", { CMD, "a", "--ke", "x" }, "a",
	    1, .keys = 1 },
	{ "whole, and another's beginning", { CMD, "a", "--admin" }, "a", 1,
	    .admin = true },
};

static const struct {
	const char	*what;
	const char	*words[WORDS_MAX];
	int		 want;		/* result; -1: 'h' or 'V' */
	int		 asked;
	const char	*says;		/* on standard error */
} other[] = {
	{ "nothing", { CMD }, CTL_USAGE, 0, "too few arguments" },
	{ "only options", { CMD, "--admin" }, CTL_USAGE, 0,
	    "too few arguments" },
	{ "three words", { CMD, "a", "b", "c" }, CTL_USAGE, 0,
	    "too many arguments" },
	{ "unknown option", { CMD, "a", "--nothing" }, CTL_USAGE, 0,
	    "unknown option --nothing" },
	{ "unknown, with a value", { CMD, "a", "--nothing=7" }, CTL_USAGE, 0,
	    "unknown option --nothing=7" },
	{ "unknown letter", { CMD, "-x", "a" }, CTL_USAGE, 0,
	    "unknown option -x" },
	{ "unknown letter among", { CMD, "a", "-xh" }, CTL_USAGE, 0,
	    "unknown option -x" },
	{ "a raw byte", { CMD, "a", "--\033[2J" }, CTL_USAGE, 0,
	    "unknown option --\\x1b[2J" },
	{ "which of the two", { CMD, "a", "--adm" }, CTL_USAGE, 0,
	    "unknown option --adm" },
	{ "no value", { CMD, "a", "--uid" }, CTL_USAGE, 0,
	    "--uid needs a value" },
	{ "no value for a global one", { CMD, "a", "--state-dir" },
	    CTL_USAGE, 0, "--state-dir needs a value" },
	{ "a value too many", { CMD, "a", "--admin=yes" }, CTL_USAGE, 0,
	    "--admin takes no value" },
	{ "for a global one", { CMD, "a", "--json=1" }, CTL_USAGE, 0,
	    "--json takes no value" },
	{ "--help", { CMD, "--help" }, -1, 'h', "" },
	{ "--help before what is wrong", { CMD, "a", "--help", "--no" }, -1,
	    'h', "" },
	{ "-h", { CMD, "a", "-h" }, -1, 'h', "" },
	{ "--version", { CMD, "--version" }, -1, 'V', "" },
	{ "what is wrong before --help", { CMD, "--no", "--help" },
	    CTL_USAGE, 0, "unknown option --no" },
};

/* getopt(3) moves the words about: give it pointers of our own. */
static int
copy_words(const char *const *words, char **argv)
{
	int n;

	for (n = 0; n < WORDS_MAX && words[n] != NULL; n++)
		ck_assert_ptr_nonnull(argv[n] = strdup(words[n]));
	argv[n] = NULL;
	return n;
}

static void
free_words(char **argv)
{
	for (; *argv != NULL; argv++)
		free(*argv);
}

static FILE *
catch_errors(void)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ne(dup2(fileno(f), STDERR_FILENO), -1);
	return f;
}

static void
is_said(FILE *f, const char *what, const char *want)
{
	char got[512];
	size_t n;

	fflush(stderr);
	rewind(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	ck_assert_msg(want[0] != '\0' ? strstr(got, want) != NULL :
	    got[0] == '\0', "%s: said \"%s\"", what, got);
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

START_TEST(accept)
{
	struct ctl c = { .where = "user add" };
	char *argv[WORDS_MAX + 1];
	int argc = copy_words(good[_i].words, argv), want = 0;
	const char *const *keys;
	struct ctl_args a;
	size_t n;

	ck_assert_msg(ctl_args_parse(&c, &command, argc, argv, &a,
	    &want) == 0, "%s: is refused", good[_i].what);
	ck_assert_int_eq(want, 0);
	ck_assert_int_eq(a.npositional, good[_i].n);
	ck_assert_str_eq(a.positional[0], good[_i].first);
	ck_assert(same(ctl_get(&a, "uid"), good[_i].uid));
	ck_assert_int_eq(ctl_has(&a, "admin"), good[_i].admin);
	ck_assert(!ctl_has(&a, "administer"));
	ck_assert_int_eq(c.json, good[_i].json);
	ck_assert_int_eq(c.force, good[_i].force);
	ck_assert(same(c.state_dir, good[_i].state_dir));
	keys = ctl_all(&a, "key", &n);
	ck_assert_uint_eq(n, good[_i].keys);
	if (n == 3) {		/* in the order in which they were given */
		ck_assert_str_eq(keys[0], "x");
		ck_assert_str_eq(keys[1], "-");
		ck_assert_str_eq(keys[2], "z");
	}
	ck_assert_ptr_null(ctl_all(&a, "nothing", &n));
	ck_assert_uint_eq(n, 0);
	ctl_args_clear(&a);
	free_words(argv);
}
END_TEST

START_TEST(refuse)
{
	struct ctl c = { .where = "user add" };
	char *argv[WORDS_MAX + 1];
	int argc = copy_words(other[_i].words, argv), want = 0, r;
	FILE *f = catch_errors();
	struct ctl_args a;

	r = ctl_args_parse(&c, &command, argc, argv, &a, &want);
	ck_assert_msg(r == other[_i].want, "%s: got %d", other[_i].what, r);
	ck_assert_int_eq(want, other[_i].asked);
	is_said(f, other[_i].what, other[_i].says);
	ctl_args_clear(&a);
	free_words(argv);
}
END_TEST

/* As many values as there may be, and one more. */
START_TEST(too_often)
{
	static char word[] = CMD, key[] = "--key=x", name[] = "a";
	char *argv[CTL_VALUES_MAX + 4];
	struct ctl c = { .where = "user add" };
	FILE *f = catch_errors();
	struct ctl_args a;
	int want = 0, i;
	size_t n;

	argv[0] = word;
	argv[1] = name;
	for (i = 0; i <= CTL_VALUES_MAX; i++)
		argv[2 + i] = key;
	argv[2 + i] = NULL;
	ck_assert_int_eq(ctl_args_parse(&c, &command, 2 + CTL_VALUES_MAX,
	    argv, &a, &want), 0);
	(void)ctl_all(&a, "key", &n);
	ck_assert_uint_eq(n, CTL_VALUES_MAX);
	ctl_args_clear(&a);
	ck_assert_int_eq(ctl_args_parse(&c, &command, 3 + CTL_VALUES_MAX,
	    argv, &a, &want), CTL_USAGE);
	ctl_args_clear(&a);
	is_said(f, "too often", "more than 64 times");
}
END_TEST

static const struct {
	const char	*words[WORDS_MAX];
	int		 want, used;
	bool		 json;
} globals[] = {
	{ { "ctl" }, 0, 1, false },
	{ { "ctl", "user", "add" }, 0, 1, false },
	{ { "ctl", "--json", "user", "--force" }, 0, 2, true },
	{ { "ctl", "--state-dir", "/x", "--json", "user" }, 0, 4, true },
	{ { "ctl", "--json", "--", "user" }, 0, 3, true },
	{ { "ctl", "--help", "user" }, -1, 2, false },
	{ { "ctl", "--uid", "7", "user" }, CTL_USAGE, 2, false },
	{ { "ctl", "-x", "user" }, CTL_USAGE, 2, false },
	{ { "ctl", "--state-dir" }, CTL_USAGE, 2, false },
};

START_TEST(in_front)
{
	struct ctl c = { .where = NULL };
	char *argv[WORDS_MAX + 1];
	int argc = copy_words(globals[_i].words, argv), used, want = 0;

	(void)catch_errors();
	ck_assert_int_eq(ctl_args_globals(&c, argc, argv, &used, &want),
	    globals[_i].want);
	ck_assert_int_eq(used, globals[_i].used);
	ck_assert_int_eq(c.json, globals[_i].json);
	ck_assert(!c.force);
	free_words(argv);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_args");
	TCase *tc = tcase_create("args");
	SRunner *sr = srunner_create(s);
	int failed;

	unsetenv("POSIXLY_CORRECT");
	tcase_add_loop_test(tc, accept, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tc, refuse, 0,
	    (int)(sizeof(other) / sizeof(other[0])));
	tcase_add_test(tc, too_often);
	tcase_add_loop_test(tc, in_front, 0,
	    (int)(sizeof(globals) / sizeof(globals[0])));
	suite_add_tcase(s, tc);
	srunner_set_fork_status(sr, CK_FORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
