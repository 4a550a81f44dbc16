/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/sshdsettings.h"
#include "lib/explain/authline.h"
#include "lib/explain/report.h"
#include "lib/ssh/wildcard.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* ---- sshd -T ---- */

#define OUTPUT \
	"port 2222\n" \
	"/etc/ssh/sshd_config line 3: Deprecated option RSAAuthentication\n" \
	"usepam yes\n" \
	"revokedkeys none\n" \
	"denyusers bob\n" \
	"denyusers car* *@192.0.2.0/24\n" \
	"banner  a  b \r\n" \
	"authenticationmethods\n" \
	"usepam no"

START_TEST(settings)
{
	struct nk_settings s;
	const char *value;
	size_t pos = 0, len;

	ck_assert_int_eq(nk_settings_parse(&s, OUTPUT, strlen(OUTPUT)), 0);
	ck_assert_uint_eq(s.n, 8);
	ck_assert_str_eq(nk_setting(&s, "port"), "2222");
	ck_assert_str_eq(nk_setting(&s, "usepam"), "yes");
	ck_assert(nk_setting_is(&s, "usepam", "YES"));
	ck_assert(!nk_setting_is(&s, "usepam", "no"));
	ck_assert(!nk_setting_is(&s, "nosuch", "no"));
	ck_assert_str_eq(nk_setting(&s, "banner"), "a  b");
	ck_assert_str_eq(nk_setting(&s, "authenticationmethods"), "");
	ck_assert_ptr_null(nk_setting(&s, "nosuch"));
	ck_assert_ptr_null(nk_setting(&s, "Port"));
	ck_assert(nk_setting_is_none(nk_setting(&s, "revokedkeys")));
	ck_assert(nk_setting_is_none(nk_setting(&s, "nosuch")));
	ck_assert(!nk_setting_is_none("nonesuch"));
	ck_assert_str_eq(nk_setting_next(&s, "denyusers", &pos), "bob");
	value = nk_setting_next(&s, "denyusers", &pos);
	ck_assert_str_eq(value, "car* *@192.0.2.0/24");
	ck_assert_ptr_null(nk_setting_next(&s, "denyusers", &pos));
	ck_assert_int_eq(strncmp(nk_setting_word(&value, &len), "car*", 4),
	    0);
	ck_assert_uint_eq(len, 4);
	ck_assert_str_eq(nk_setting_word(&value, &len), "*@192.0.2.0/24");
	ck_assert_ptr_null(nk_setting_word(&value, &len));
	nk_settings_clear(&s);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 len;
	int		 want;
} bad_settings[] = {
	{ "", 0, -EBADMSG },
	{ "port 22\0\n", 9, -EBADMSG },
	{ "\n\n", 2, -EBADMSG },
	{ "sshd: no hostkeys available -- exiting.\n", 40, -EBADMSG },
	{ " port 22\n", 9, -EBADMSG },
	{ "Port 22\n", 8, -EBADMSG },
};

START_TEST(refused_settings)
{
	struct nk_settings s;

	ck_assert_int_eq(nk_settings_parse(&s, bad_settings[_i].text,
	    bad_settings[_i].len), bad_settings[_i].want);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(settings_limits)
{
	size_t room = NK_SETTINGS_MAX + 1, i;
	char *text = malloc(room);
	struct nk_settings s;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', room);
	ck_assert_int_eq(nk_settings_parse(&s, text, room - 1), 0);
	nk_settings_clear(&s);
	ck_assert_int_eq(nk_settings_parse(&s, text, room), -E2BIG);
	for (i = 1; i < 2u * (NK_SETTINGS_LINES_MAX + 1); i += 2)
		text[i] = '\n';
	ck_assert_int_eq(nk_settings_parse(&s, text,
	    2u * NK_SETTINGS_LINES_MAX), 0);
	nk_settings_clear(&s);
	ck_assert_int_eq(nk_settings_parse(&s, text,
	    2u * NK_SETTINGS_LINES_MAX + 1), -E2BIG);
	free(text);
}
END_TEST

/* ---- patterns ---- */

static const struct {
	const char	*pattern, *text;
	bool		 is;
} patterns[] = {
	{ "bob", "bob", true },
	{ "bob", "bobby", false },
	{ "bobby", "bob", false },
	{ "bob", "Bob", false },
	{ "b*", "bob", true },
	{ "*", "", true },
	{ "", "", true },
	{ "", "b", false },
	{ "?", "", false },
	{ "b?b", "bob", true },
	{ "b?b", "bb", false },
	{ "*b*b", "bobob", true },
	{ "a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false },
};

START_TEST(matched)
{
	ck_assert_msg(nk_wildcard_is(patterns[_i].pattern,
	    strlen(patterns[_i].pattern), patterns[_i].text) ==
	    patterns[_i].is, "%s %s", patterns[_i].pattern,
	    patterns[_i].text);
}
END_TEST

static const struct {
	const char	*list, *text;
	bool		 has;
} lists[] = {
	{ "ssh-ed25519,rsa-sha2-512", "rsa-sha2-512", true },
	{ "ssh-ed25519,rsa-sha2-512", "ssh-rsa", false },
	{ "ssh-*", "ssh-rsa", true },
	{ "ssh-*,!ssh-rsa", "ssh-rsa", false },
	{ "!ssh-rsa", "ssh-ed25519", false },
	{ "", "ssh-rsa", false },
	{ ",", "ssh-rsa", false },
	{ "!", "ssh-rsa", false },
};

START_TEST(listed)
{
	ck_assert_msg(nk_wildcard_list_has(lists[_i].list, lists[_i].text) ==
	    lists[_i].has, "%s", lists[_i].list);
}
END_TEST

static const struct {
	const char	*word, *user, *address;
	bool		 is;
} users[] = {
	{ "alice", "alice", "192.0.2.1", true },
	{ "alice@192.0.2.1", "alice", "192.0.2.1", true },
	{ "alice@192.0.2.0/24", "alice", "192.0.2.9", true },
	{ "alice@192.0.2.0/24", "alice", "192.0.3.9", false },
	{ "*@192.0.2.*", "bob", "192.0.2.9", true },
	{ "alice@192.0.2.1", "bob", "192.0.2.1", false },
	{ "alice@", "alice", "192.0.2.1", false },
	{ "@192.0.2.1", "alice", "192.0.2.1", false },
	{ "alice@nas", "alice", "192.0.2.1", false },
};

START_TEST(named)
{
	ck_assert_msg(nk_wildcard_is_user(users[_i].word,
	    strlen(users[_i].word), users[_i].user, users[_i].address) ==
	    users[_i].is, "%s", users[_i].word);
}
END_TEST

/* ---- lines of authorized_keys ---- */

#define KEY	"ssh-ed25519 " ED25519_BASE64

static const struct {
	const char	*line;
	int		 want;
	const char	*options;
} lines[] = {
	{ KEY, 0, NULL },
	{ "  \t" KEY " a comment\r\n", 0, NULL },
	{ "restrict " KEY, 0, "restrict" },
	{ "command=\"a b \\\" c\",pty\t" KEY, 0, "command=\"a b \\\" c\",pty" },
	{ "no such option " KEY, -EBADMSG, NULL },
	{ "\"" KEY, -EBADMSG, NULL },
	{ "command=\"a " KEY, -EBADMSG, NULL },
	{ "ssh-ed25519", -EBADMSG, NULL },
	{ "ssh-ed25519 ", -EBADMSG, NULL },
	{ "ssh-ed25518 AAAA", -EBADMSG, NULL },
	{ "# " KEY, -ENOENT, NULL },
	{ " # " KEY, -ENOENT, NULL },
	{ "", -ENOENT, NULL },
	{ " \t\r\n", -ENOENT, NULL },
	{ "restrict\\", -EBADMSG, NULL },
};

START_TEST(split)
{
	const char *line = lines[_i].line;
	struct nk_authline l;

	ck_assert_msg(nk_authline_split(line, strlen(line), &l) ==
	    lines[_i].want, "\"%s\"", line);
	if (lines[_i].want < 0)
		return;
	ck_assert_uint_eq(l.type_len, strlen("ssh-ed25519"));
	ck_assert_uint_eq(l.base64_len, strlen(ED25519_BASE64));
	ck_assert_int_eq(memcmp(l.base64, ED25519_BASE64, l.base64_len), 0);
	if (lines[_i].options == NULL) {
		ck_assert_ptr_null(l.options);
		return;
	}
	ck_assert_uint_eq(l.options_len, strlen(lines[_i].options));
	ck_assert_int_eq(memcmp(l.options, lines[_i].options, l.options_len),
	    0);
}
END_TEST

/* ---- the report ---- */

START_TEST(verdicts)
{
	struct nk_explain *x = calloc(1, sizeof(*x));
	int i;

	ck_assert_ptr_nonnull(x);
	nk_explain_say(x, "a", NK_EXPLAIN_OK, NULL, "one\033[31m\n");
	ck_assert_str_eq(x->steps[0].text, "one?[31m?");
	ck_assert_int_eq(nk_explain_verdict(x), NK_EXPLAIN_YES);
	nk_explain_doubt(x, "b", NULL, "two");
	ck_assert_int_eq(nk_explain_verdict(x), NK_EXPLAIN_UNKNOWN);
	ck_assert_ptr_null(nk_explain_stopped(x));
	nk_explain_say(x, "c", NK_EXPLAIN_STOP, "mend", "%s", "three");
	ck_assert_int_eq(nk_explain_verdict(x), NK_EXPLAIN_NO);
	ck_assert_str_eq(nk_explain_stopped(x)->id, "c");
	for (i = 3; i < (int)NK_EXPLAIN_STEPS_MAX; i++)
		nk_explain_say(x, "d", NK_EXPLAIN_INFO, NULL, "%d", i);
	ck_assert(!x->failed);
	nk_explain_say(x, "d", NK_EXPLAIN_INFO, NULL, "one too many");
	ck_assert(x->failed);
	nk_explain_clear(x);
	ck_assert_uint_eq(x->n, 0);
	free(x);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("explain_parse");
	TCase *t = tcase_create("text");
	SRunner *sr;
	int failed;

	tcase_add_test(t, settings);
	tcase_add_loop_test(t, refused_settings, 0, COUNT(bad_settings));
	tcase_add_test(t, settings_limits);
	tcase_add_loop_test(t, matched, 0, COUNT(patterns));
	tcase_add_loop_test(t, listed, 0, COUNT(lists));
	tcase_add_loop_test(t, named, 0, COUNT(users));
	tcase_add_loop_test(t, split, 0, COUNT(lines));
	tcase_add_test(t, verdicts);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
