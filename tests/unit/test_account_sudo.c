/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/shells.h"
#include "lib/account/sudo.h"
#include "lib/account/sudorule.h"
#include "tests/unit/tmp.h"

static char *folder;	/* with a program "run" and a file "text" */

static void
make_file(const char *name, mode_t mode)
{
	int fd;

	ck_assert_int_eq(chdir(folder), 0);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
setup(void)
{
	static char name[64];

	folder = mkdtemp(tmp_name(name, sizeof(name), "sudo"));
	ck_assert_ptr_nonnull(folder);
	make_file("run", 0755);
	make_file("it's", 0755);
	make_file("text", 0644);
}

static void
teardown(void)
{
	ck_assert_int_eq(chdir(folder), 0);
	unlink("run");
	unlink("it's");
	unlink("text");
	unlink("shells");
	ck_assert_int_eq(rmdir(folder), 0);
}

/* @ stands for the folder. */
static const struct {
	const char	*command;
	const char	*why;		/* NULL: it may stand there */
} commands[] = {
	{ "ALL", NULL },
	{ "@/run", NULL },
	{ "  @/run  -a 'b c' \"d\\\"e\"", NULL },
	{ "\"@/ru\"n", NULL },
	{ "@/r*", NULL },
	{ "@/*", NULL },
	{ "@/", NULL },
	{ "\"@/it's\"", NULL },
	{ "", "Executable must be an absolute path" },
	{ "   ", "Executable must be an absolute path" },
	{ "run", "Executable must be an absolute path" },
	{ "ALL x", "Executable must be an absolute path" },
	{ "!@/run", "Executable must be an absolute path" },
	{ "@/../x", "Executable path must be normalized" },
	{ "@//run", "Executable path must be normalized" },
	{ "@/./run", "Executable path must be normalized" },
	{ "@/run 'x", "No closing quotation" },
	{ "@/run x\\", "No escaped character" },
	{ "@/none", "No paths matching '@/none' exist" },
	{ "\"@/no'ne\"", "No paths matching \"@/no'ne\" exist" },
	{ "@/z*", "No paths matching '@/z*' exist" },
	{ "@/text", "None of the paths matching '@/text' is executable" },
	{ "@/t*", "None of the paths matching '@/t*' is executable" },
	{ "@", "None of the paths matching '@' is executable" },
	{ "@/ x", "A folder takes no arguments" },
	{ "@/run a ''", "An empty argument can only stand alone" },
	{ "@/run '\"\"'", "Two double quotes as the argument would mean that "
	    "there is none" },
	{ "@/run\nroot ALL=(ALL) ALL",
	    "A command must be one line without control characters" },
};

static void
expand(char *out, size_t room, const char *text)
{
	size_t at = 0;

	for (; *text != '\0'; text++) {
		at += (size_t)snprintf(out + at, room - at,
		    *text == '@' ? "%s" : "%.1s", *text == '@' ? folder :
		    text);
	}
	out[at] = '\0';
}

static char last_text[2048];
static size_t last_index, reports;

static void
report(void *arg, size_t index, const char *text)
{
	(void)arg;
	last_index = index;
	reports++;
	(void)snprintf(last_text, sizeof(last_text), "%s", text);
}

START_TEST(check_command)
{
	char command[512], why[512];
	const char *one = command;
	int r;

	expand(command, sizeof(command), commands[_i].command);
	reports = 0;
	r = nk_sudo_check(&one, 1, report, NULL);
	ck_assert_msg(r == (commands[_i].why == NULL ? 0 : -EINVAL),
	    "%s: got %d, %s", command, r, last_text);
	ck_assert_uint_eq(reports, commands[_i].why == NULL ? 0 : 1);
	if (commands[_i].why != NULL) {
		expand(why, sizeof(why), commands[_i].why);
		ck_assert_str_eq(last_text, why);
	}
}
END_TEST

START_TEST(all_alone)
{
	const char *two[] = { "/bin/sh", "ALL" };
	const char *bad[] = { "x", "/bin/sh", "y" };

	reports = 0;
	ck_assert_int_eq(nk_sudo_check(two, 2, report, NULL), -EINVAL);
	ck_assert_uint_eq(reports, 1);
	ck_assert_uint_eq(last_index, 1);
	ck_assert_str_eq(last_text, "ALL cannot be used with other commands");
	reports = 0;
	ck_assert_int_eq(nk_sudo_check(bad, 3, report, NULL), -EINVAL);
	ck_assert_uint_eq(reports, 2);
	ck_assert_uint_eq(last_index, 2);
	ck_assert_int_eq(nk_sudo_check(NULL, 0, report, NULL), 0);
}
END_TEST

START_TEST(long_word)
{
	char command[2000];
	const char *one = command;

	memset(command, 'x', sizeof(command));
	command[0] = '/';
	command[sizeof(command) - 1] = '\0';
	ck_assert_int_eq(nk_sudo_check(&one, 1, report, NULL), -EINVAL);
	ck_assert_str_eq(last_text, "Executable path is too long");
}
END_TEST

/* Tried with visudo and cvtsudoers in tests/integration/sudo.sh. */
static const struct {
	const char	*command;
	const char	*rule;		/* NULL: sudoers cannot say it */
} rules[] = {
	{ "ALL", "ALL" },
	{ "/bin/ls", "/bin/ls" },
	{ " /bin/ls  -l   /", "/bin/ls -l /" },
	{ "/bin/", "/bin/" },
	{ "/bin/l*", "/bin/l*" },
	{ "'/opt/my tool' a", "/opt/my\\ tool a" },
	{ "/opt/my\\ tool", "/opt/my\\ tool" },
	{ "/bin/a,b:c=d#e", "/bin/a\\,b\\:c\\=d\\#e" },
	{ "/bin/ls a,b:c=d#e", "/bin/ls a\\,b\\:c\\=d\\#e" },
	{ "/bin/ls *", "/bin/ls *" },
	{ "/bin/ls '*'", "/bin/ls \\*" },
	{ "/bin/ls \\* \"[a]?\"", "/bin/ls \\* \\[a\\]\\?" },
	{ "/bin/ls 'a  b'", "/bin/ls a\\ \\ b" },
	{ "/bin/ls 'a\\b'", "/bin/ls a\\\\\\\\b" },
	{ "/bin/ls ''", "/bin/ls \"\"" },
	{ "/bin/ls \"\"", "/bin/ls \"\"" },
	{ "/bin/ls ^.*$", "/bin/ls \\^.*$" },
	{ "/bin/ls 'x\"y'", "/bin/ls x\"y" },
	{ "/bin/ls, NOPASSWD: ALL", "/bin/ls\\, NOPASSWD\\: ALL" },
	{ "", NULL },
	{ "'ALL'", NULL },
	{ "!/bin/ls", NULL },
	{ "bin/ls", NULL },
	{ "/bin/ x", NULL },
	{ "/bin/ls 'x", NULL },
	{ "/bin/ls x\\", NULL },
	{ "/bin/ls '' ''", NULL },
	{ "/bin/ls '\"\"'", NULL },
	{ "/bin/ls [!a]", "/bin/ls [!a]" },
	{ "/bin/ls '!-^'", "/bin/ls !-^" },
	{ "/bin/ls a[b]'-'", NULL },
	{ "/bin/ls ['!'a]", NULL },
	{ "/bin/ls [\\^a]", NULL },
	{ "/bin/ls x[a\"-\"z]", NULL },
	{ "/bin/['!'l]s", NULL },
	{ "/bin/'*'", NULL },
	{ "/bin/'a\\b'", NULL },
	{ "/bin/sudoedit /etc/passwd", NULL },
	{ "/bin/ls\nroot ALL=ALL", NULL },
	{ "/bin/ls\ta", NULL },
	{ "/bin/ls\177", NULL },
};

START_TEST(format_rule)
{
	const char *why = NULL;
	char *rule;
	int r = nk_sudorule_format(rules[_i].command, &rule, &why);

	ck_assert_msg(r == (rules[_i].rule == NULL ? -EINVAL : 0),
	    "%s: got %d", rules[_i].command, r);
	if (r < 0) {
		ck_assert_ptr_null(rule);
		ck_assert_ptr_nonnull(why);
	} else {
		ck_assert_str_eq(rule, rules[_i].rule);
	}
	free(rule);
}
END_TEST

START_TEST(shells)
{
	static const char text[] = "# shells\n/bin/sh\n/bin/bash # late\n"
	    "bin/relative\n/bin/sh\n\n/bin/a:b\n/usr/bin/zsh\r\n/opt/\1x\n/\n"
	    "/last";
	struct nk_shells s;
	int fd;

	make_file("shells", 0644);
	ck_assert_int_eq(nk_shells_load(&s, "shells"), 0);
	ck_assert_uint_eq(s.n, 1);
	nk_shells_clear(&s);
	ck_assert_int_eq(nk_shells_load(&s, "no-such-file"), 0);
	ck_assert_uint_eq(s.n, 1);
	nk_shells_clear(&s);
	ck_assert_int_lt(nk_shells_load(&s, "."), 0);

	fd = open("shells", O_WRONLY);
	ck_assert_int_eq(write(fd, text, sizeof(text) - 1),
	    (ssize_t)sizeof(text) - 1);
	close(fd);
	ck_assert_int_eq(nk_shells_load(&s, "shells"), 0);
	ck_assert_uint_eq(s.n, 5);
	ck_assert_str_eq(s.v[0], NK_NOLOGIN);
	ck_assert_str_eq(s.v[1], "/bin/sh");
	ck_assert_str_eq(s.v[2], "/bin/bash");
	ck_assert_str_eq(s.v[3], "/usr/bin/zsh");
	ck_assert_str_eq(s.v[4], "/last");
	ck_assert(nk_shells_has(&s, "/bin/bash"));
	ck_assert(!nk_shells_has(&s, "/bin/bas"));
	ck_assert(nk_shell_is_nologin(NK_NOLOGIN));
	ck_assert(nk_shell_is_nologin("/bin/false"));
	ck_assert(!nk_shell_is_nologin("/bin/sh"));
	ck_assert(!nk_shell_is_nologin("nologin"));
	nk_shells_clear(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sudo");
	TCase *tc = tcase_create("sudo");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, check_command, 0,
	    (int)(sizeof(commands) / sizeof(commands[0])));
	tcase_add_loop_test(tc, format_rule, 0,
	    (int)(sizeof(rules) / sizeof(rules[0])));
	tcase_add_test(tc, all_alone);
	tcase_add_test(tc, long_word);
	tcase_add_test(tc, shells);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
