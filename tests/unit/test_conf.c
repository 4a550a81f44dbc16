/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf/conf.h"
#include "tests/unit/tmp.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char	*key;
	size_t		 offset;
	uint32_t	 def, min, max;
} numbers[] = {
#define ROW(f, def, min, max) \
	{ #f, offsetof(struct nk_conf, f), def, min, max }
	ROW(min_id, 1000, 1, 3000),
	ROW(first_auto_id, 3000, 1000, 90000000),
	ROW(max_id, 90000000, 3000, 2147483647),
	ROW(lookup_timeout, 5, 1, 60),
	ROW(lockout_failures, 5, 0, 1000),
	ROW(lockout_window, 900, 1, 86400),
	ROW(lockout_time, 600, 1, 86400),
	ROW(password_cost, 0, 0, 999999999),
	ROW(password_history, 0, 0, 10),
	ROW(password_min_days, 0, 0, 9999),
	ROW(password_max_days, 0, 0, 9999),
	ROW(password_warn_days, 7, 0, 9999),
	ROW(rsa_min_bits, 2048, 1024, 16384),
	ROW(chained_timeout, 5, 1, 60),
	ROW(chained_max, 65536, 1024, 1048576),
	ROW(connections_per_uid, 16, 1, 4096),
	ROW(connections_max, 256, 1, 4096),
	ROW(request_max, 8388608, 65536, 1073741824),
	ROW(request_timeout, 10, 1, 3600),
	ROW(edits_per_minute, 60, 1, 100000),
	ROW(wal_limit, 4194304, 65536, 1073741824),
	ROW(gateway_connections, 1024, 1, 16384),
	ROW(gateway_calls, 20, 1, 1000000),
	ROW(gateway_session, 86400, 60, 31536000),
	ROW(gateway_idle, 3600, 10, 31536000),
	ROW(gateway_clients, 10000, 1, 100000),
	ROW(gateway_clients_per_address, 256, 1, 100000),
	ROW(audit_days, 730, 1, 36500),
	ROW(audit_rows, 5000000, 1000, 4000000000u),
	ROW(audit_size, 2048, 16, 1048576),
#undef ROW
};

static uint32_t
number_at(const struct nk_conf *c, size_t offset)
{
	uint32_t n;

	memcpy(&n, (const char *)c + offset, sizeof(n));
	return n;
}

static int
parse_number(const char *key, uint64_t n, struct nk_conf *c)
{
	const char *why;
	unsigned int line;
	char text[128];

	(void)snprintf(text, sizeof(text), "%s = %llu\n", key,
	    (unsigned long long)n);
	nk_conf_init(c);
	return nk_conf_parse(c, text, strlen(text), &line, &why);
}

/* Every number: its default, its edges, and one beyond them. */
START_TEST(number)
{
	const char *key = numbers[_i].key;
	size_t at = numbers[_i].offset;
	struct nk_conf c;

	nk_conf_init(&c);
	ck_assert_uint_eq(number_at(&c, at), numbers[_i].def);
	ck_assert_int_eq(parse_number(key, numbers[_i].min, &c), 0);
	ck_assert_uint_eq(number_at(&c, at), numbers[_i].min);
	ck_assert_int_eq(parse_number(key, numbers[_i].max, &c), 0);
	ck_assert_uint_eq(number_at(&c, at), numbers[_i].max);
	ck_assert_int_eq(parse_number(key, numbers[_i].min - 1, &c), -EBADMSG);
	ck_assert_uint_eq(number_at(&c, at), numbers[_i].def);
	ck_assert_int_eq(parse_number(key, numbers[_i].max + 1ull, &c),
	    -EBADMSG);
	ck_assert_uint_eq(number_at(&c, at), numbers[_i].def);
	ck_assert_int_eq(parse_number(key, 1ull << 32, &c), -EBADMSG);
}
END_TEST

static const struct {
	const char	*key;
	size_t		 offset;
	const char	*def;
	const char	*good;
	const char	*bad;
} texts[] = {
#define ROW(f, def, good, bad) \
	{ #f, offsetof(struct nk_conf, f), def, good, bad }
	ROW(default_shell, "/bin/bash", "/bin/sh", "/bin/a:b"),
	ROW(default_home, "/var/empty", "/mnt/tank/my homes", "/mnt:/x"),
	ROW(skeleton, "/etc/skel", "/usr/share/skel", "usr/share/skel"),
	ROW(authorized_keys_file, "none", "central", "both"),
	ROW(password_method, "yescrypt", "gost-yescrypt", "md5"),
	ROW(sshd, "/usr/sbin/sshd", "/opt/ssh/sbin/sshd", "sshd"),
	ROW(ssh_control, "", "/usr/local/sbin/sshctl", "sshctl"),
	ROW(chained_command, "", "/usr/bin/akc %u %t %k %U 100%%", "akc %u"),
#undef ROW
};

START_TEST(text)
{
	const char *why;
	unsigned int line;
	struct nk_conf c;
	char in[256];
	const char *at = (const char *)&c + texts[_i].offset;

	nk_conf_init(&c);
	ck_assert_str_eq(at, texts[_i].def);
	(void)snprintf(in, sizeof(in), "%s=%s", texts[_i].key, texts[_i].good);
	ck_assert_int_eq(nk_conf_parse(&c, in, strlen(in), &line, &why), 0);
	ck_assert_str_eq(at, texts[_i].good);
	(void)snprintf(in, sizeof(in), "%s=%s", texts[_i].key, texts[_i].bad);
	ck_assert_int_eq(nk_conf_parse(&c, in, strlen(in), &line, &why),
	    -EBADMSG);
	ck_assert_str_eq(at, texts[_i].good);
}
END_TEST

static const struct {
	const char	*in;
	bool		 hashes;
} words[] = {
	{ "", false },
	{ "\n\n# nothing\n   # more\n\t\n", false },
	{ "authorized_keys_file = none", false },
	{ "authorized_keys_file = central", false },
	{ "authorized_keys_file = home", false },
	{ "\tauthorized_keys_file\t=\tnone \t\n", false },
	{ "shadow_hashes=yes", true },
	{ "shadow_hashes = no\nmax_id=5000\n", false },
	{ "chained_command =\nshadow_hashes = yes\n", true },
};

START_TEST(accepted)
{
	const char *why;
	unsigned int line;
	struct nk_conf c;

	nk_conf_init(&c);
	ck_assert_int_eq(nk_conf_parse(&c, words[_i].in, strlen(words[_i].in),
	    &line, &why), 0);
	ck_assert_uint_eq(line, 0);
	ck_assert_int_eq(c.shadow_hashes, words[_i].hashes);
	ck_assert_str_eq(c.chained_command, "");
}
END_TEST

static const struct {
	const char	*what;
	const char	*in;
	unsigned int	 line;
} refused[] = {
	{ "unknown key",	"min_id = 5\nnonsense = 1\n",		2 },
	{ "key cut short",	"min_i = 5\n",				1 },
	{ "key with a tail",	"min_idx = 5\n",			1 },
	{ "key in capitals",	"MIN_ID = 5\n",				1 },
	{ "no key",		" = 5\n",				1 },
	{ "no equals sign",	"\n\nmin_id 5\n",			3 },
	{ "a section",		"[ids]\n",				1 },
	{ "twice",		"min_id = 5\n# c\nmin_id = 5\n",	3 },
	{ "command twice",	"chained_command =\nchained_command =\n", 2 },
	{ "no value",		"min_id =\n",				1 },
	{ "blank value",	"sshd = \t \n",				1 },
	{ "negative",		"min_id = -5\n",			1 },
	{ "plus sign",		"min_id = +5\n",			1 },
	{ "leading zero",	"min_id = 05\n",			1 },
	{ "hexadecimal",	"min_id = 0x5\n",			1 },
	{ "unit",		"request_max = 8M\n",			1 },
	{ "fraction",		"min_id = 5.0\n",			1 },
	{ "two numbers",	"min_id = 5 6\n",			1 },
	{ "twenty digits",	"min_id = 18446744073709551617\n",	1 },
	{ "second equals sign",	"min_id == 5\n",			1 },
	{ "late comment",	"min_id = 5 # five\n",			1 },
	{ "late comment after a path", "sshd = /usr/sbin/sshd # x\n",	1 },
	{ "comment for a value", "sshd = # x\n",			1 },
	{ "bool 1",		"shadow_hashes = 1\n",			1 },
	{ "bool true",		"shadow_hashes = true\n",		1 },
	{ "bool YES",		"shadow_hashes = YES\n",		1 },
	{ "another",		"\nauthorized_keys_file = both\n",	2 },
	{ "mode in capitals",	"authorized_keys_file = NONE\n",	1 },
	{ "mode with a tail",	"authorized_keys_file = nones\n",	1 },
	{ "carriage return",	"min_id = 5\r\n",			1 },
	{ "control character",	"sshd = /usr/\033[31msshd\n",		1 },
	{ "delete",		"sshd = /usr/\177sshd\n",		1 },
	{ "control in a comment", "# \001\n",				1 },
	{ "relative path",	"sshd = ./sshd\n",			1 },
	{ "quoted path",	"sshd = \"/usr/sbin/sshd\"\n",		1 },
	{ "colon in home",	"default_home = /a:b\n",		1 },
	{ "quotes",		"chained_command = /bin/x \"a b\"\n",	1 },
	{ "apostrophe",		"chained_command = /bin/x 'a'\n",	1 },
	{ "backslash",		"chained_command = /bin/x a\\ b\n",	1 },
	{ "token of sshd, not ours", "chained_command = /bin/x %h\n",	1 },
	{ "cut token",		"chained_command = /bin/x %\n",		1 },
	{ "token and blank",	"chained_command = /bin/x % u\n",	1 },
	{ "token in program",	"chained_command = /bin/%u\n",		1 },
	{ "ids crossed",	"first_auto_id = 50\n\nmin_id = 60\n", 3 },
	{ "ids crossed with a default", "\nmin_id = 4000\n",		2 },
	{ "first above max",	"max_id = 2000\n",			1 },
	{ "last line without newline", "\nx",				2 },
};

START_TEST(is_refused)
{
	const char *what = refused[_i].what, *why = NULL;
	struct nk_conf c, before;
	unsigned int line = 0;
	int r;

	memset(&c, 0, sizeof(c));
	nk_conf_init(&c);
	memcpy(&before, &c, sizeof(c));
	r = nk_conf_parse(&c, refused[_i].in, strlen(refused[_i].in), &line,
	    &why);
	ck_assert_msg(r == -EBADMSG, "%s: got %d", what, r);
	ck_assert_msg(line == refused[_i].line, "%s: line %u", what, line);
	ck_assert_msg(why != NULL && *why != '\0', "%s: no reason", what);
	ck_assert_msg(memcmp(&before, &c, sizeof(c)) == 0, "%s: changed",
	    what);
}
END_TEST

START_TEST(nul_byte)
{
	static const char in[] = "min_id = 5\nsshd = /usr/\0sbin\n";
	const char *why;
	unsigned int line;
	struct nk_conf c;

	nk_conf_init(&c);
	ck_assert_int_eq(nk_conf_parse(&c, in, sizeof(in) - 1, &line, &why),
	    -EBADMSG);
	ck_assert_uint_eq(line, 2);
	ck_assert_uint_eq(c.min_id, 1000);
}
END_TEST

/* The longest path fits; one more byte does not. */
START_TEST(path_length)
{
	char in[NK_CONF_PATH_MAX + 16] = "sshd=/";
	const char *why;
	unsigned int line;
	struct nk_conf c;
	size_t head = strlen("sshd=");

	memset(in + head + 1, 'a', NK_CONF_PATH_MAX);
	nk_conf_init(&c);
	ck_assert_int_eq(nk_conf_parse(&c, in, head + NK_CONF_PATH_MAX, &line,
	    &why), -EBADMSG);
	ck_assert_str_eq(c.sshd, "/usr/sbin/sshd");
	ck_assert_int_eq(nk_conf_parse(&c, in, head + NK_CONF_PATH_MAX - 1,
	    &line, &why), 0);
	ck_assert_uint_eq(strlen(c.sshd), NK_CONF_PATH_MAX - 1);
}
END_TEST

static char dir[48];
static char path[64];

static void
make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "conf")));
	(void)snprintf(path, sizeof(path), "%s/naskeys.conf", dir);
}

static void
remove_folder(void)
{
	(void)unlink(path);
	(void)rmdir(path);
	ck_assert_int_eq(rmdir(dir), 0);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
}

static void
write_file(const char *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int
load(struct nk_conf *c, uint32_t owner, unsigned int *linep)
{
	const char *why = NULL;
	int r;

	memset(c, 0x5a, sizeof(*c));
	r = nk_conf_load(c, path, owner, linep, &why);
	if (r < 0) {
		ck_assert_ptr_nonnull(why);
		ck_assert_uint_eq(c->min_id, 0x5a5a5a5au);
	}
	return r;
}

START_TEST(load_files)
{
	static char big[NK_CONF_FILE_MAX + 1];
	uint32_t me = (uint32_t)getuid();
	unsigned int line;
	struct nk_conf c;

	ck_assert_int_eq(load(&c, me, &line), 0);	/* absent */
	ck_assert_uint_eq(c.min_id, 1000);
	write_file("min_id = 500\n", 13, 0644);
	ck_assert_int_eq(load(&c, me, &line), 0);
	ck_assert_uint_eq(c.min_id, 500);
	ck_assert_int_eq(load(&c, me + 1, &line), -EPERM);
	write_file("min_id = 500\n", 13, 0664);
	ck_assert_int_eq(load(&c, me, &line), -EPERM);
	write_file("min_id = 500\n", 13, 0646);
	ck_assert_int_eq(load(&c, me, &line), -EPERM);
	write_file("\nmin_id = x\n", 12, 0644);
	ck_assert_int_eq(load(&c, me, &line), -EBADMSG);
	ck_assert_uint_eq(line, 2);
	memset(big, '#', sizeof(big));
	write_file(big, NK_CONF_FILE_MAX, 0644);
	ck_assert_int_eq(load(&c, me, &line), 0);
	write_file(big, NK_CONF_FILE_MAX + 1, 0644);
	ck_assert_int_eq(load(&c, me, &line), -EFBIG);
	ck_assert_uint_eq(line, 0);
}
END_TEST

START_TEST(load_no_files)
{
	uint32_t me = (uint32_t)getuid();
	unsigned int line;
	struct nk_conf c;

	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(load(&c, me, &line), -ELOOP);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(load(&c, me, &line), -EPERM);	/* and no waiting */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(load(&c, me, &line), -EPERM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *tc = tcase_create("parse"), *tf = tcase_create("load");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, number, 0, N(numbers));
	tcase_add_loop_test(tc, text, 0, N(texts));
	tcase_add_loop_test(tc, accepted, 0, N(words));
	tcase_add_loop_test(tc, is_refused, 0, N(refused));
	tcase_add_test(tc, nul_byte);
	tcase_add_test(tc, path_length);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tf, make_folder, remove_folder);
	tcase_add_test(tf, load_files);
	tcase_add_test(tf, load_no_files);
	suite_add_tcase(s, tf);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
