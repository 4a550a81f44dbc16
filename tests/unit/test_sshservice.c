/* SPDX-License-Identifier: ISC */

/* The drop-in's text, whose it is, what is in its way, and its effect. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sshservice/conftext.h"
#include "lib/sshservice/dropin.h"
#include "lib/sshservice/matchname.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char none[] = "";
static struct nk_ssh_service v;
static struct nk_dropin d;

static void
setup(void)
{
	v = (struct nk_ssh_service){ .tcpport = 22, .revoked_keys = true,
	    .sftp_log_level = none, .sftp_log_facility = none,
	    .bindiface = none, .password_login_groups = none,
	    .weak_ciphers = none, .host_key_types = none,
	    .host_certificates = none, .options = none };
	d = (struct nk_dropin){ .revoked = true, .files = NK_SSH_FILES_OWN,
	    .settings = &v, .addresses = none, .users = none };
}

/* The text without its header. */
static char *
render(void)
{
	char *text, *body;

	ck_assert_int_eq(nk_dropin_render(&d, &text), 0);
	ck_assert_ptr_nonnull(body = strstr(text, "AuthorizedKeysCommand "));
	body = strdup(body);
	free(text);
	return body;
}

static void
has(const char *line)
{
	char *text = render();

	ck_assert_msg(strstr(text, line) != NULL, "no %s in\n%s", line,
	    text);
	free(text);
}

static void
lacks(const char *line)
{
	char *text = render();

	ck_assert_msg(strstr(text, line) == NULL, "%s in\n%s", line, text);
	free(text);
}

#define START	"AuthorizedKeysCommand " NK_SSHD_COMMAND "\n" \
		"AuthorizedKeysCommandUser naskeys-akc\n" \
		"# Without this file sshd refuses every key.\n" \
		"RevokedKeys " NK_SSHD_REVOKED "\n"
#define MANAGED	"# A key that may run one command only must not reach the " \
		"helper's\n# socket by a forwarding, and add another key " \
		"there.\nMatch Group naskeys-managed\n" \
		"    AllowStreamLocalForwarding no\n"

START_TEST(all_defaults)
{
	char *text = render();

	ck_assert_str_eq(text, START "Port 22\n"
	    "PermitRootLogin prohibit-password\nPubkeyAuthentication yes\n"
	    "PasswordAuthentication no\nGSSAPIAuthentication no\n"
	    "AllowTcpForwarding no\nCompression no\nUsePAM yes\n"
	    "KbdInteractiveAuthentication no\nUseDNS no\n"
	    "ClientAliveCountMax 3\nClientAliveInterval 15\n"
	    "VersionAddendum none\n" MANAGED);
	free(text);
}
END_TEST

START_TEST(fields)
{
	char users[] = "alice\nDOM\\bob b\n", groups[] = "staff\n";
	char level[] = "INFO", ciphers[] = "NONE\nAES128-CBC\n";
	char types[] = "RSA\nED25519\n", certs[] = "/a\n/b\n";
	char addresses[] = "127.0.0.1\nfe80::1%lo\n", more[] = "usedns yes";

	v.tcpport = 2222;
	has("\nPort 2222\n");
	d.addresses = addresses;
	has("\nListenAddress 127.0.0.1\nListenAddress fe80::1%lo\n");
	v.host_key_types = types;
	v.host_certificates = certs;
	has("\nHostKey /etc/ssh/ssh_host_ed25519_key\n"
	    "HostKey /etc/ssh/ssh_host_rsa_key\nHostCertificate /a\n"
	    "HostCertificate /b\n");
	d.root_password = true;
	has("\nPermitRootLogin yes\n");
	v.kerberosauth = v.tcpfwd = v.compression = true;
	has("\nGSSAPIAuthentication yes\nAllowTcpForwarding yes\n"
	    "Compression delayed\n");
	v.sftp_log_level = level;
	has("\nSubsystem sftp internal-sftp -l INFO -f AUTH\n");
	v.weak_ciphers = ciphers;
	has("\nCiphers +aes128-cbc\n");
	v.options = more;
	has("\nusedns yes\n" MANAGED);
	lacks("UseDNS");
	d.users = users;
	v.password_login_groups = groups;
	lacks("PasswordAuthentication yes");
	v.passwordauth = true;
	has("\nusedns yes\nMatch User \"alice,DOM\\bob b\"\n"
	    "    PasswordAuthentication yes\n"
	    "    KbdInteractiveAuthentication yes\n"
	    "Match Group \"staff\"\n"
	    "    PasswordAuthentication yes\n"
	    "    KbdInteractiveAuthentication yes\n" MANAGED);
	d.files = NK_SSH_FILES_CENTRAL;
	has(MANAGED "    AuthorizedKeysFile " NK_SSHD_CENTRAL "\n");
	d.revoked = false;
	lacks("RevokedKeys");
	d.files = NK_SSH_FILES_KEEP;
	char *text;
	ck_assert_int_eq(nk_dropin_render(&d, &text), -EINVAL);
}
END_TEST

/* A line has room for few names, and there may be many. */
START_TEST(many_users)
{
	char users[8 * 1000 + 1], *text, *line;
	size_t n = 0;
	int i;

	for (i = 0; i < 1000; i++)
		(void)snprintf(users + 8 * i, 9, "user%03d\n", i);
	d.users = users;
	v.passwordauth = true;
	text = render();
	for (line = strtok(text, "\n"); line != NULL;
	    line = strtok(NULL, "\n")) {
		ck_assert_uint_lt(strlen(line), 1000);
		if (strncmp(line, "Match User ", 11) == 0)
			for (; *line != '\0'; line++)
				n += strncmp(line, "user", 4) == 0;
	}
	ck_assert_uint_eq(n, 1000);
	free(text);
}
END_TEST

START_TEST(makers)
{
	enum nk_dropin_maker maker;
	enum nk_ssh_files files, found;
	char *text;

	for (files = NK_SSH_FILES_OWN; files <= NK_SSH_FILES_CENTRAL;
	    files++) {
		d.files = files;
		d.settings = &v;
		ck_assert_int_eq(nk_dropin_render(&d, &text), 0);
		ck_assert_int_eq(nk_dropin_look(text, &maker, &found), 0);
		ck_assert_int_eq(maker, NK_DROPIN_BY_SERVICE);
		ck_assert_int_eq(found, files);
		text[strlen(text) - 2] ^= 1;
		ck_assert_int_eq(nk_dropin_look(text, &maker, &found), 0);
		ck_assert_int_eq(maker, NK_DROPIN_BY_HAND);
		free(text);
		d.settings = NULL;
		ck_assert_int_eq(nk_dropin_render(&d, &text), 0);
		ck_assert_int_eq(nk_dropin_look(text, &maker, &found), 0);
		ck_assert_int_eq(maker, NK_DROPIN_BY_INIT);
		ck_assert_int_eq(found, files);
		text[strlen(text) - 1] = ' ';
		ck_assert_int_eq(nk_dropin_look(text, &maker, &found), 0);
		ck_assert_int_eq(maker, NK_DROPIN_BY_HAND);
		free(text);
	}
	ck_assert_int_eq(nk_dropin_look("", &maker, &found), 0);
	ck_assert_int_eq(maker, NK_DROPIN_BY_HAND);
	ck_assert_int_eq(nk_dropin_look("# Made by naskeys from the", &maker,
	    &found), 0);
	ck_assert_int_eq(maker, NK_DROPIN_BY_HAND);
}
END_TEST

/* What "init" wrote before there were settings. */
START_TEST(text_of_init)
{
	char *text;

	d.settings = NULL;
	d.files = NK_SSH_FILES_NONE;
	ck_assert_int_eq(nk_dropin_render(&d, &text), 0);
	ck_assert_str_eq(text, "# Made by \"naskeysctl init --configure\".\n"
	    START MANAGED "    AuthorizedKeysFile none\n");
	free(text);
}
END_TEST

static const struct {
	const char	*name;
	bool		 plain;
} names[] = {
	{ "alice", true }, { "DOM\\bob", true }, { "a b", true },
	{ "user@realm", true }, { "a#b", true }, { "a'b", true },
	{ "", false }, { "!a", false }, { "a*", false }, { "a?", false },
	{ "a,b", false }, { "a\"", false }, { "a\n", false },
	{ "a\tb", false }, { "a\\", false }, { "a\\\\b", false },
	{ "a\\ b", false }, { "a\\'", false },
};

START_TEST(match_names)
{
	ck_assert_msg(nk_matchname_is_plain(names[_i].name) ==
	    names[_i].plain, "%s", names[_i].name);
}
END_TEST

/* ---- sshd_config ---- */

START_TEST(marks)
{
	static const unsigned int lines[] = { 2, 4 };
	const char *text = "a\nb\n\nd", *marked = "a\n#naskeys# b\n\n"
	    "#naskeys# d";
	char *out;

	ck_assert_int_eq(nk_conftext_mark(text, lines, 2, &out), 0);
	ck_assert_str_eq(out, marked);
	free(out);
	ck_assert_int_eq(nk_conftext_unmark(marked, NULL, &out), 0);
	ck_assert_str_eq(out, text);
	free(out);
	ck_assert_int_eq(nk_conftext_unmark(marked, "#naskeys# b\n", &out),
	    0);
	ck_assert_str_eq(out, "a\n#naskeys# b\n\nd");
	free(out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sshservice");
	TCase *tc = tcase_create("dropin");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, all_defaults);
	tcase_add_test(tc, fields);
	tcase_add_test(tc, many_users);
	tcase_add_test(tc, makers);
	tcase_add_test(tc, text_of_init);
	tcase_add_loop_test(tc, match_names, 0, N(names));
	suite_add_tcase(s, tc);
	tc = tcase_create("config");
	tcase_add_test(tc, marks);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
