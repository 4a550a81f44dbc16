/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"
#include "lib/machine/slot.h"

#define ALL	"Include /etc/ssh/sshd_config.d/*.conf\n"

static const struct {
	const char	*what;
	const char	*text;
	bool		 includes;
} includes[] = {
	{ "Debian's", "# comment\n" ALL "Port 22\n", true },
	{ "late", "Port 22\nUsePAM yes\n" ALL, true },
	{ "no newline", "Include /etc/ssh/sshd_config.d/*.conf", true },
	{ "any case", "\tinclude /etc/ssh/sshd_config.d/*.conf  \n", true },
	{ "relative", "Include sshd_config.d/*.conf\n", true },
	{ "with =", "Include=/etc/ssh/sshd_config.d/*.conf\n", true },
	{ "with blanks and =", "Include = sshd_config.d/*.conf\n", true },
	{ "quoted", "Include \"/etc/ssh/sshd_config.d/*.conf\"\n", true },
	{ "one of many", "Include a.conf /b/*.conf sshd_config.d/1*\n", true },
	{ "by its name", "Include sshd_config.d/10-naskeys.conf\n", true },
	{ "carriage return", "Include sshd_config.d/*.conf\r\n", true },

	{ "nothing", "", false },
	{ "no such line", "Port 22\n", false },
	{ "a comment", "#" ALL, false },
	{ "of a user", "Match User a\n" ALL, false },
	{ "indented", "match all\n\t" ALL, false },
	{ "of others", "Include /etc/ssh/sshd_config.d/2*.conf\n", false },
	{ "another ending", "Include sshd_config.d/*.cfg\n", false },
	{ "another folder", "Include /etc/sshd_config.d/*.conf\n", false },
	{ "the folder", "Include /etc/ssh/sshd_config.d\n", false },
	{ "a pattern for folders", "Include /etc/ssh/*.conf\n", false },
	{ "a longer word", "Includes sshd_config.d/*.conf\n", false },
	{ "no value", "Include\nInclude =\n", false },
	{ "value of another", "Banner Include sshd_config.d/*.conf\n", false },
};

START_TEST(include)
{
	ck_assert_msg(sshdconf_includes(includes[_i].text) ==
	    includes[_i].includes, "%s", includes[_i].what);
}
END_TEST

static const struct {
	const char	*what;
	const char	*text;
	const char	*value;		/* NULL: none */
} commands[] = {
	{ "plain", "AuthorizedKeysCommand /bin/x %u\n", "/bin/x %u" },
	{ "any case", "  authorizedkeyscommand\t/bin/x\n", "/bin/x" },
	{ "with =", "AuthorizedKeysCommand=/bin/x\n", "/bin/x" },
	{ "the first", "AuthorizedKeysCommand /a\n"
	    "AuthorizedKeysCommand /b\n", "/a" },
	{ "in a Match", "Match User a\n AuthorizedKeysCommand none\n",
	    "none" },
	{ "blanks at the end", "AuthorizedKeysCommand /a  \t\r\n", "/a" },

	{ "nothing", "", NULL },
	{ "a comment", "# AuthorizedKeysCommand /a\n", NULL },
	{ "its user", "AuthorizedKeysCommandUser root\n", NULL },
	{ "a shorter word", "AuthorizedKeys /a\n", NULL },
	{ "no value", "AuthorizedKeysCommand\n", NULL },
	{ "value of another", "Banner AuthorizedKeysCommand /a\n", NULL },
};

START_TEST(find_command)
{
	char value[64] = "before";
	bool found = nk_slot_command_in(commands[_i].text, value,
	    sizeof(value));

	ck_assert_msg(found == (commands[_i].value != NULL), "%s: found",
	    commands[_i].what);
	ck_assert_str_eq(value, found ? commands[_i].value : "before");
}
END_TEST

/* A line longer than any value is cut, not mistaken. */
START_TEST(long_line)
{
	size_t n = 100000;
	char *text = malloc(n + sizeof(ALL)), value[64];

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	text[0] = '#';
	text[n - 1] = '\n';
	memcpy(text + n, ALL, sizeof(ALL));
	ck_assert(sshdconf_includes(text));
	ck_assert(!nk_slot_command_in(text, value, sizeof(value)));
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_sshdconf");
	TCase *tc = tcase_create("read");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, include, 0,
	    (int)(sizeof(includes) / sizeof(includes[0])));
	tcase_add_loop_test(tc, find_command, 0,
	    (int)(sizeof(commands) / sizeof(commands[0])));
	tcase_add_test(tc, long_line);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
