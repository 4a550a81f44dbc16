/* SPDX-License-Identifier: ISC */

/* The drop-in's text, whose it is, what is in its way, and its effect. */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sshservice/conftext.h"
#include "lib/sshservice/dropin.h"
#include "lib/sshservice/effect.h"
#include "lib/sshservice/mainconf.h"
#include "lib/sshservice/matchname.h"
#include "lib/sshservice/peer.h"
#include "tests/unit/tmp.h"

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

static char dir[64];

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
drop(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(unlink(path), 0);
}

static const struct {
	const char	*what, *main, *ours, *candidate, *conflicts;
} rows[] = {
	{ "nothing", "Include d/*.conf\nX y\n", "Port 22\n",
	  "Include \"D/d/05.conf\" \"NEW\" \"D/d/20.conf\"\nX y\n", "" },
	{ "one that adds", "Include d/*.conf\n#Port 1\nPort 23\n",
	  "Port 22\n", "Include \"D/d/05.conf\" \"NEW\" \"D/d/20.conf\"\n"
	  "#Port 1\nPort 23\n", "sshd_config:3 " },
	{ "the same one", "Include d/1*\nport=22\n", "Port 22\n",
	  "Include \"NEW\"\nport=22\n", "sshd_config:2 " },
	{ "first ones", "UseDNS yes\nInclude d/*.conf\nUseDNS yes\n",
	  "UseDNS no\nBanner /x\n", "UseDNS yes\nInclude \"D/d/05.conf\" "
	  "\"NEW\" \"D/d/20.conf\"\nUseDNS yes\n",
	  "sshd_config:1 05.conf:2 " },
	{ "first ones that agree", "UseDNS no\nInclude d/10.conf\n",
	  "UseDNS no\n", "UseDNS no\nInclude \"NEW\"\n", "" },
	{ "a subsystem", "Include d/10.conf\nSubsystem sftp x\nSubsystem "
	  "other y\n", "Subsystem sftp internal-sftp\n",
	  "Include \"NEW\"\nSubsystem sftp x\nSubsystem other y\n",
	  "sshd_config:2 " },
	{ "in a Match", "Include d/10.conf\nMatch User a\nPort 1\nInclude "
	  "d/*.conf\n", "Port 22\n", "Include \"NEW\"\nMatch User a\nPort 1\n"
	  "Include d/*.conf\n", "" },
	{ "addresses", "Include d/10.conf\nListenAddress ::1\n",
	  "Port 22\n", "Include \"NEW\"\nListenAddress ::1\n",
	  "sshd_config:2 " },
	{ "no Port, no addresses", "Include d/10.conf\nListenAddress ::1\n",
	  "UseDNS no\n", "Include \"NEW\"\nListenAddress ::1\n", "" },
	{ "of ours in a Match", "UseDNS yes\nInclude d/10.conf\n",
	  "Match User a\nUseDNS no\n", "UseDNS yes\nInclude \"NEW\"\n", "" },
	{ "what is added up", "DenyUsers a\nInclude d/10.conf\n",
	  "DenyUsers b\n", "DenyUsers a\nInclude \"NEW\"\n", "" },
	{ "no file", "Include d/none\nInclude d/10.conf", "Port 22\n",
	  "#\nInclude \"NEW\"\n", "" },
};

/* "D" for the folder. */
static char *
expand(const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_ptr_nonnull(f);
	for (; *text != '\0'; text++)
		if (*text == 'D' && text[1] == '/')
			fputs(dir, f);
		else
			fputc(*text, f);
	ck_assert_int_eq(fclose(f), 0);
	return out;
}

START_TEST(main_config)
{
	struct nk_conflict c[NK_CONFLICTS_MAX];
	char sub[80], ours[96], whole[80], all[256] = "", *text, *want;
	struct nk_mainconf m = { .folder = dir, .main = whole,
	    .main_text = rows[_i].main, .drop_in = ours,
	    .drop_in_text = rows[_i].ours };
	size_t i, n, at = 0;
	bool yes;

	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir),
	    "sshservice")));
	(void)snprintf(sub, sizeof(sub), "%s/d", dir);
	(void)snprintf(ours, sizeof(ours), "%s/d/10.conf", dir);
	(void)snprintf(whole, sizeof(whole), "%s/sshd_config", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	put("d/05.conf", "# one\nUseDNS yes\nMatch all\nBanner /y\n");
	put("d/20.conf", "Banner /z\n");
	ck_assert_int_eq(nk_mainconf_includes(&m, &yes), 0);
	ck_assert(yes);
	ck_assert_int_eq(nk_mainconf_candidate(&m, "NEW", &text), 0);
	want = expand(rows[_i].candidate);
	ck_assert_msg(strcmp(text, want) == 0, "%s: %s", rows[_i].what, text);
	free(text);
	free(want);
	ck_assert_int_eq(nk_mainconf_conflicts(&m, c, &n), 0);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s:%u ",
		    strrchr(c[i].path, '/') + 1, c[i].number);
	ck_assert_msg(strcmp(all, rows[_i].conflicts) == 0, "%s: %s",
	    rows[_i].what, all);
	drop("d/05.conf");
	drop("d/20.conf");
	ck_assert_int_eq(rmdir(sub), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

/* ---- what sshd -T says ---- */

#define SAID	"port 22\nlistenaddress 127.0.0.1:22\nlistenaddress " \
		"[::1]:22\nusedns no\npermitrootlogin without-password\n" \
		"compression yes\nciphers aes256-ctr,aes128-cbc\n" \
		"subsystem sftp internal-sftp -l INFO\nhostkey /a\n" \
		"hostkey /b\n"

static const struct {
	const char	*what, *said, *ours, *options;
	int		 want;
} effects[] = {
	{ "all", SAID, "Port 22\nListenAddress ::1\nListenAddress 127.0.0.1\n"
	  "UseDNS no\nPermitRootLogin prohibit-password\nCompression "
	  "delayed\nCiphers +aes128-cbc\nSubsystem sftp internal-sftp -l "
	  "INFO\nHostKey /b\n", "", 0 },
	{ "another value", SAID, "UseDNS yes\n", "", -EBADMSG },
	{ "of options", SAID, "UseDNS yes\n", "UseDNS yes\n", 0 },
	{ "a second port", "port 22\nport 23\n", "Port 22\n", "", -EBADMSG },
	{ "two second ports", "port 23\nport 22\n", "Port 22\n", "",
	  -EBADMSG },
	{ "a part of a cipher", SAID, "Ciphers +aes128\n", "", -EBADMSG },
	{ "a part of an address", SAID, "ListenAddress 127.0.0\n", "",
	  -EBADMSG },
	{ "another address", SAID, "ListenAddress ::2\n", "", -EBADMSG },
	{ "unknown and off", SAID, "GSSAPIAuthentication no\n", "", 0 },
	{ "unknown and on", SAID, "GSSAPIAuthentication yes\n", "",
	  -EBADMSG },
	{ "in a Match", SAID, "Match all\nUseDNS yes\n", "", 0 },
	{ "another key", SAID, "HostKey /c\n", "", -EBADMSG },
};

START_TEST(effect)
{
	char why[NK_EFFECT_WHY_MAX];
	struct nk_settings s;

	ck_assert_int_eq(nk_settings_parse(&s, effects[_i].said,
	    strlen(effects[_i].said)), 0);
	ck_assert_msg(nk_effect_check(&s, effects[_i].ours,
	    effects[_i].options, why) == effects[_i].want, "%s",
	    effects[_i].what);
	nk_settings_clear(&s);
}
END_TEST

static const struct {
	const char	*drop_in, *name, *lines;
} match_users[] = {
	{ "Port 22\nMatch User \"a,b\"\n X y\nMatch User \"c\"\n", "a",
	  " X y\nMatch User \"c\"\n" },
	{ "Match Group \"g\"\n X y\nMatch User \"c d\"\n Z y\n", "c d",
	  " Z y\n" },
	{ "Match Group \"g\"\n X y\n", NULL, NULL },
	{ "Match User \"1234567\"\n", "1234567", "" },
	{ "Match User \"12345678\"\n", NULL, NULL },
};

START_TEST(match_user)
{
	const char *lines;
	char name[8];

	lines = nk_effect_match_user(match_users[_i].drop_in, name,
	    sizeof(name));
	if (match_users[_i].name == NULL) {
		ck_assert_ptr_null(lines);
		return;
	}
	ck_assert_str_eq(name, match_users[_i].name);
	ck_assert_str_eq(lines, match_users[_i].lines);
}
END_TEST

static const struct {
	const char	*said;
	int		 want;
} files[] = {
	{ "hostkey /etc/passwd\nrevokedkeys none\n", 0 },
	{ "hostkey /none\nhostkey /etc/passwd\nbanner none\n", 0 },
	{ "hostkey /none\n", -ENOENT },
	{ "port 22\n", -ENOENT },
	{ "hostkey /etc/passwd\nrevokedkeys /none\n", -ENOENT },
	{ "hostkey /etc/passwd\nrevokedkeys /etc\n", -ENOENT },
	{ "hostkey /etc/passwd\nhostcertificate /none\n", -ENOENT },
	{ "hostkey /etc/passwd\ntrustedusercakeys /none\n", -ENOENT },
};

START_TEST(named_files)
{
	char why[NK_EFFECT_WHY_MAX];
	struct nk_settings s;

	ck_assert_int_eq(nk_settings_parse(&s, files[_i].said,
	    strlen(files[_i].said)), 0);
	ck_assert_int_eq(nk_effect_files(&s, why), files[_i].want);
	nk_settings_clear(&s);
}
END_TEST

START_TEST(differences)
{
	const char *one = "port 22\nusedns no\nallowusers a\n";
	const char *two = "port 22\nusedns yes\nallowusers a\n";
	const char *three = "port 22\nport 23\nusedns no\nallowusers a\n";
	struct nk_settings a, b, c;

	ck_assert_int_eq(nk_settings_parse(&a, one, strlen(one)), 0);
	ck_assert_int_eq(nk_settings_parse(&b, two, strlen(two)), 0);
	ck_assert_int_eq(nk_settings_parse(&c, three, strlen(three)), 0);
	ck_assert_ptr_null(nk_effect_differs(&a, &b));
	ck_assert_str_eq(nk_effect_differs(&a, &c), "port");
	nk_settings_clear(&a);
	nk_settings_clear(&b);
	nk_settings_clear(&c);
}
END_TEST

/* ---- who answers ---- */

/* Where somebody listens, and how it is called. */
static const struct {
	const char	*listen, *call;
	uid_t		 uid;		/* who accepts */
	bool		 hangs_up;
} peers[] = {
	{ "127.0.0.1",	"127.0.0.1",	0,	false },
	{ "127.0.0.1",	"127.0.0.1",	23009,	false },
	{ "127.0.0.1",	"127.0.0.1",	0,	true },
	{ "0.0.0.0",	"127.0.0.1",	0,	false },
	{ "0.0.0.0",	"127.0.0.1",	23009,	false },
	{ "::1",	"::1",		0,	false },
	{ "::1",	"::1",		23009,	false },
	{ "::",		"127.0.0.1",	0,	false },
	{ "::",		"127.0.0.1",	23009,	false },
};

/* The address with this port. */
static socklen_t
set_address(struct sockaddr_storage *ss, const char *text, in_port_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
	    .sin6_port = port };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = port };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
	memcpy(ss, &sin6, sizeof(sin6));
	return sizeof(sin6);
}

static int
listen_at(const char *text, in_port_t *portp)
{
	struct sockaddr_storage ss;
	socklen_t len = set_address(&ss, text, 0);
	struct sockaddr_in6 at;
	int fd;

	fd = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*portp = at.sin6_port;		/* where version 4 has it, too */
	return fd;
}

START_TEST(peer)
{
	struct sockaddr_storage ss;
	in_port_t port;
	int listener, caller, called;
	socklen_t len;

	listener = listen_at(peers[_i].listen, &port);
	len = set_address(&ss, peers[_i].call, port);
	caller = socket(ss.ss_family, SOCK_STREAM, 0);
	ck_assert_int_ne(caller, -1);
	ck_assert_int_eq(connect(caller, (struct sockaddr *)&ss, len), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(peers[_i].uid), 0);
	called = accept(listener, NULL, NULL);
	ck_assert_int_ne(called, -1);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	if (peers[_i].hangs_up)
		close(called);
	ck_assert_int_eq(nk_peer_is_roots(caller), geteuid() == 0 &&
	    peers[_i].uid == 0 && !peers[_i].hangs_up);
	if (!peers[_i].hangs_up)
		close(called);
	close(caller);
	close(listener);
	ck_assert(!nk_peer_is_roots(-1));
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
	tcase_add_loop_test(tc, main_config, 0, N(rows));
	tcase_add_loop_test(tc, effect, 0, N(effects));
	tcase_add_loop_test(tc, match_user, 0, N(match_users));
	tcase_add_loop_test(tc, named_files, 0, N(files));
	tcase_add_test(tc, differences);
	tcase_add_loop_test(tc, peer, 0, N(peers));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
