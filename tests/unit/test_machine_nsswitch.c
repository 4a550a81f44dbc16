/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine/nsswitch.h"

/* The lines that a row does not speak of, with the service on them. */
#define G	"group: files naskeys\n"
#define S	"shadow: files naskeys\n"
#define GS	G S

static const struct {
	const char	*what;
	const char	*in;
	const char	*out;	/* NULL: byte for byte as it is */
} texts[] = {
	/* where nothing is to be done */
	{ "all there", "passwd: files naskeys\n" GS, NULL },
	{ "first on its line", "passwd: naskeys files\n" GS, NULL },
	{ "with an action", "passwd: files naskeys [NOTFOUND=return] x\n" GS,
	    NULL },
	{ "bound without a blank", "passwd:files naskeys[NOTFOUND=return]\n"
	    GS, NULL },
	{ "no newline at the end", GS "passwd: files naskeys", NULL },
	{ "blanks around the name", "  passwd \t: files naskeys\n" GS, NULL },
	{ "other databases", "hosts: files dns\npasswd: files naskeys\n" GS
	    "netgroup: nis\n", NULL },
	{ "comments and blank lines", "# passwd: files\n\n \t\n"
	    "passwd: files naskeys # ours\n" GS, NULL },
	{ "initgroups has it", "initgroups: files [SUCCESS=continue] naskeys"
	    "\npasswd: files naskeys\n" GS, NULL },
	{ "carriage returns", "passwd: files naskeys\r\n" GS, NULL },

	/* behind files, and what is bound to it */
	{ "files", "passwd: files\n" GS, "passwd: files naskeys\n" GS },
	{ "compat", "passwd: compat\n" GS, "passwd: compat naskeys\n" GS },
	{ "files among others", "passwd: sss files ldap\n" GS,
	    "passwd: sss files naskeys ldap\n" GS },
	{ "files systemd", "passwd:         files systemd\n" GS,
	    "passwd:         files naskeys systemd\n" GS },
	{ "merging", "group: files [SUCCESS=merge] systemd\n"
	    "passwd: files naskeys\n" S,
	    "group: files [SUCCESS=merge] naskeys systemd\n"
	    "passwd: files naskeys\n" S },
	{ "action without a blank", "passwd: files[SUCCESS=merge]ldap\n" GS,
	    "passwd: files[SUCCESS=merge] naskeys ldap\n" GS },
	{ "no files", "passwd: sss ldap\n" GS,
	    "passwd: sss ldap naskeys\n" GS },
	{ "no files, an action", "passwd: sss [NOTFOUND=return]\n" GS,
	    "passwd: sss [NOTFOUND=return] naskeys\n" GS },
	{ "nothing at all", "passwd:\n" GS, "passwd: naskeys\n" GS },
	{ "a comment behind", "passwd: files # those of old\n" GS,
	    "passwd: files naskeys # those of old\n" GS },
	{ "a comment at once", "passwd: files#x\n" GS,
	    "passwd: files naskeys#x\n" GS },
	{ "the name in a comment", "passwd: files # not naskeys\n" GS,
	    "passwd: files naskeys # not naskeys\n" GS },
	{ "files twice", "passwd: files ldap files\n" GS,
	    "passwd: files naskeys ldap files\n" GS },
	{ "two lines", "passwd: files\npasswd: files nis\n" GS,
	    "passwd: files naskeys\npasswd: files naskeys nis\n" GS },

	/* names that only look like it */
	{ "a longer name", "passwd: files naskeys2\n" GS,
	    "passwd: files naskeys naskeys2\n" GS },
	{ "a shorter name", "passwd: files naskey\n" GS,
	    "passwd: files naskeys naskey\n" GS },
	{ "in an action", "passwd: files [naskeys=return]\n" GS,
	    "passwd: files [naskeys=return] naskeys\n" GS },
	{ "another database", "passwd_compat: nis\npasswd: files\n" GS,
	    "passwd_compat: nis\npasswd: files naskeys\n" GS },

	/* an action that would keep the search from us */
	{ "NOTFOUND=return", "passwd: files [NOTFOUND=return] ldap\n" GS,
	    "passwd: files naskeys [NOTFOUND=return] ldap\n" GS },
	{ "any case", "passwd: files [notfound=RETURN] ldap\n" GS,
	    "passwd: files naskeys [notfound=RETURN] ldap\n" GS },
	{ "everything but", "passwd: files [!UNAVAIL=return] ldap\n" GS,
	    "passwd: files naskeys [!UNAVAIL=return] ldap\n" GS },
	{ "not everything but", "passwd: files [!NOTFOUND=return] ldap\n" GS,
	    "passwd: files [!NOTFOUND=return] naskeys ldap\n" GS },
	{ "the last counts",
	    "passwd: files [!SUCCESS=return NOTFOUND=continue] ldap\n" GS,
	    "passwd: files [!SUCCESS=return NOTFOUND=continue] naskeys "
	    "ldap\n" GS },
	{ "among others", "passwd: files [UNAVAIL=continue  NOTFOUND=return "
	    "TRYAGAIN=continue] ldap\n" GS,
	    "passwd: files naskeys [UNAVAIL=continue  NOTFOUND=return "
	    "TRYAGAIN=continue] ldap\n" GS },
	{ "another's action", "passwd: files sss [NOTFOUND=return] x\n" GS,
	    "passwd: files naskeys sss [NOTFOUND=return] x\n" GS },
	{ "an action that does not close", "passwd: files [NOTFOUND=return\n"
	    GS, "passwd: files naskeys [NOTFOUND=return\n" GS },
	{ "an action that says nothing", "passwd: files [] x\n" GS,
	    "passwd: files [] naskeys x\n" GS },

	/* databases without a line */
	{ "empty", "", "passwd: files naskeys\n" GS },
	{ "one is there", "shadow: files\n",
	    "shadow: files naskeys\npasswd: files naskeys\n" G },
	{ "none, no newline", "hosts: files",
	    "hosts: files\npasswd: files naskeys\n" GS },
	{ "newline is missing", GS "passwd: files",
	    GS "passwd: files naskeys" },
	{ "in a comment", "#passwd: files\n" GS,
	    "#passwd: files\n" GS "passwd: files naskeys\n" },
	{ "no colon", "passwd files\n" GS,
	    "passwd files\n" GS "passwd: files naskeys\n" },

	/* initgroups: only where it is, and in front */
	{ "initgroups", "initgroups: files\npasswd: files naskeys\n" GS,
	    "initgroups: naskeys [SUCCESS=continue] files\n"
	    "passwd: files naskeys\n" GS },
	{ "initgroups with actions",
	    "initgroups:\tfiles [SUCCESS=continue] ldap\n"
	    "passwd: files naskeys\n" GS,
	    "initgroups: naskeys [SUCCESS=continue]\tfiles "
	    "[SUCCESS=continue] ldap\npasswd: files naskeys\n" GS },
	{ "initgroups without a blank", "initgroups:files\n"
	    "passwd: files naskeys\n" GS,
	    "initgroups: naskeys [SUCCESS=continue] files\n"
	    "passwd: files naskeys\n" GS },
	{ "initgroups with nothing", "initgroups:\npasswd: files naskeys\n"
	    GS, "initgroups: naskeys [SUCCESS=continue]\n"
	    "passwd: files naskeys\n" GS },
};

#define NTEXTS	((int)(sizeof(texts) / sizeof(texts[0])))

START_TEST(add)
{
	const char *want = texts[_i].out != NULL ? texts[_i].out :
	    texts[_i].in;
	bool changed = texts[_i].out == NULL;
	char *out = NULL;

	ck_assert_int_eq(nk_nsswitch_add(texts[_i].in, &out, &changed), 0);
	ck_assert_msg(strcmp(out, want) == 0, "%s: got:\n%s", texts[_i].what,
	    out);
	ck_assert_msg(changed == (texts[_i].out != NULL), "%s: changed",
	    texts[_i].what);
	free(out);
}
END_TEST

/* What was made is as it should be, so it is made once. */
START_TEST(again)
{
	char *once = NULL, *twice = NULL;
	bool changed;

	ck_assert_int_eq(nk_nsswitch_add(texts[_i].in, &once, &changed), 0);
	ck_assert_int_eq(nk_nsswitch_add(once, &twice, &changed), 0);
	ck_assert_msg(!changed, "%s: changed again:\n%s", texts[_i].what,
	    twice);
	ck_assert_str_eq(once, twice);
	free(once);
	free(twice);
}
END_TEST

static const struct {
	const char		*what, *database, *text;
	enum nk_nsswitch_state	 state;
	unsigned int		 line;
} judged[] = {
	{ "as init puts it", "passwd", "passwd: files naskeys\n",
	    NK_NSSWITCH_GOOD, 1 },
	{ "with more", "group", "#\n\ngroup:files naskeys systemd # x",
	    NK_NSSWITCH_GOOD, 3 },
	{ "an action behind", "passwd",
	    "passwd: files naskeys [NOTFOUND=return] ldap\n",
	    NK_NSSWITCH_GOOD, 1 },
	{ "success alone", "group",
	    "group: files [SUCCESS=merge] naskeys\n", NK_NSSWITCH_GOOD, 1 },
	{ "without files", "passwd", "passwd: naskeys sss\n",
	    NK_NSSWITCH_GOOD, 1 },
	{ "no initgroups", "initgroups", "group: files\n",
	    NK_NSSWITCH_GOOD, 0 },
	{ "initgroups, first", "initgroups",
	    "initgroups: naskeys [SUCCESS=continue] files\n",
	    NK_NSSWITCH_GOOD, 1 },
	{ "initgroups, last", "initgroups",
	    "initgroups: files [SUCCESS=continue] naskeys\n",
	    NK_NSSWITCH_GOOD, 1 },

	{ "no line", "passwd", "group: files naskeys\n",
	    NK_NSSWITCH_MISSING, 0 },
	{ "no text", "shadow", "", NK_NSSWITCH_MISSING, 0 },
	{ "not there", "passwd", "passwd: files\n",
	    NK_NSSWITCH_MISSING, 1 },
	{ "in a comment", "passwd", "passwd: files # naskeys\n",
	    NK_NSSWITCH_MISSING, 1 },
	{ "the first line counts", "passwd",
	    "passwd: files\npasswd: files naskeys\n",
	    NK_NSSWITCH_MISSING, 1 },
	{ "before files", "passwd", "passwd: naskeys files\n",
	    NK_NSSWITCH_BEFORE_FILES, 1 },
	{ "before compat", "group", "group: naskeys sss compat\n",
	    NK_NSSWITCH_BEFORE_FILES, 1 },
	{ "cut off", "passwd", "passwd: files [NOTFOUND=return] naskeys\n",
	    NK_NSSWITCH_UNREACHED, 1 },
	{ "cut off by all but", "passwd",
	    "passwd: files [!SUCCESS=return] naskeys\n",
	    NK_NSSWITCH_UNREACHED, 1 },
	{ "initgroups without", "initgroups", "\ninitgroups: files\n",
	    NK_NSSWITCH_MISSING, 2 },
	{ "initgroups, files answers", "initgroups",
	    "initgroups: files naskeys\n", NK_NSSWITCH_UNREACHED, 1 },
	{ "initgroups, ours answers", "initgroups",
	    "initgroups: naskeys files\n", NK_NSSWITCH_ENDS, 1 },
	{ "initgroups, an action about something else", "initgroups",
	    "initgroups: naskeys [UNAVAIL=continue] files\n",
	    NK_NSSWITCH_ENDS, 1 },
};

START_TEST(judge)
{
	unsigned int line = 99;
	enum nk_nsswitch_state state = nk_nsswitch_judge(judged[_i].text,
	    judged[_i].database, &line);

	ck_assert_msg(state == judged[_i].state, "%s: %d", judged[_i].what,
	    (int)state);
	ck_assert_msg(line == judged[_i].line, "%s: line %u",
	    judged[_i].what, line);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("machine_nsswitch");
	TCase *tc = tcase_create("add");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, add, 0, NTEXTS);
	tcase_add_loop_test(tc, again, 0, NTEXTS);
	tcase_add_loop_test(tc, judge, 0,
	    (int)(sizeof(judged) / sizeof(judged[0])));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
