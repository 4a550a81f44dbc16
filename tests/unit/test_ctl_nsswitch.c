/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/nsswitch.h"

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

	ck_assert_int_eq(nsswitch_add(texts[_i].in, &out, &changed), 0);
	ck_assert_msg(strcmp(out, want) == 0, "%s: got:\n%s", texts[_i].what,
	    out);
	ck_assert_msg(changed == (texts[_i].out != NULL), "%s: changed",
	    texts[_i].what);
	ck_assert_msg(nsswitch_has(texts[_i].in) == !changed, "%s: has",
	    texts[_i].what);
	free(out);
}
END_TEST

/* What was made is as it should be, so it is made once. */
START_TEST(again)
{
	char *once = NULL, *twice = NULL;
	bool changed;

	ck_assert_int_eq(nsswitch_add(texts[_i].in, &once, &changed), 0);
	ck_assert_int_eq(nsswitch_add(once, &twice, &changed), 0);
	ck_assert_msg(!changed, "%s: changed again:\n%s", texts[_i].what,
	    twice);
	ck_assert_str_eq(once, twice);
	ck_assert(nsswitch_has(once));
	free(once);
	free(twice);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_nsswitch");
	TCase *tc = tcase_create("add");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, add, 0, NTEXTS);
	tcase_add_loop_test(tc, again, 0, NTEXTS);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
