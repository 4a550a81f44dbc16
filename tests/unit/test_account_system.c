/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/system.h"
#include "lib/account/textfile.h"
#include "tests/unit/tmp.h"
#include "lib/fullio.h"

static char etc[48];

/* ---- lines ---- */

static const struct {
	const char	*line;
	int		 r;
} passwd_lines[] = {
	{ "alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash", 0 },
	{ "a:x:4294967294:0:::", 0 },
	{ "DOM\\u:x:1:1:M\xc3\xbcller:/h:/s", 0 },
	{ "", -ENOENT },
	{ " \t", -ENOENT },
	{ "# x:x:1:1:::", -ENOENT },
	{ "+::::::", -ENOENT },
	{ "-u::::::", -ENOENT },
	{ ":x:1:1:::", -EBADMSG },
	{ "a", -EBADMSG },
	{ "a:x:1:1::", -EBADMSG },
	{ "a:x:1:1::::", -EBADMSG },
	{ "a:x::1:::", -EBADMSG },
	{ "a:x:-1:1:::", -EBADMSG },
	{ "a:x:+1:1:::", -EBADMSG },
	{ "a:x:01:1:::", -EBADMSG },
	{ "a:x:1x:1:::", -EBADMSG },
	{ "a:x: 1:1:::", -EBADMSG },
	{ "a:x:4294967295:1:::", -EBADMSG },
	{ "a:x:1:4294967296:::", -EBADMSG },
	{ "a:x:99999999999999999999:1:::", -EBADMSG },
	{ "a:x:1:1:\1::", -EBADMSG },
	{ "a\tb:x:1:1:::", -EBADMSG },
};

START_TEST(passwd_line)
{
	struct nk_passwd_line p;
	char line[128];
	int r;

	memcpy(line, passwd_lines[_i].line, strlen(passwd_lines[_i].line) + 1);
	r = nk_passwd_line_parse(line, &p);
	ck_assert_msg(r == passwd_lines[_i].r, "%s: got %d",
	    passwd_lines[_i].line, r);
}
END_TEST

static const struct {
	const char	*line;
	int		 r;
	int		 expire;
} shadow_lines[] = {
	{ "alice:$6$x:19000:0:99999:7:30:20000:", 0, 20000 },
	{ "alice:*:::::::", 0, -1 },
	{ "alice:!:19000:0:99999:7:-1:-1:", 0, -1 },
	{ "alice:*:x::::::", -EBADMSG, 0 },
	{ "alice:*:::::::0:", -EBADMSG, 0 },
	{ "alice:*::::::", -EBADMSG, 0 },
	{ "alice:*:2147483648::::::", -EBADMSG, 0 },
	{ "alice:*:-2::::::", -EBADMSG, 0 },
	{ "#alice:*:::::::", -ENOENT, 0 },
};

START_TEST(shadow_line)
{
	struct nk_shadow_line s;
	char line[128];
	int r;

	memcpy(line, shadow_lines[_i].line, strlen(shadow_lines[_i].line) + 1);
	r = nk_shadow_line_parse(line, &s);
	ck_assert_msg(r == shadow_lines[_i].r, "%s: got %d",
	    shadow_lines[_i].line, r);
	if (r == 0)
		ck_assert_int_eq(s.expire, shadow_lines[_i].expire);
}
END_TEST

static const struct {
	const char	*line;
	int		 r;
} group_lines[] = {
	{ "staff:x:50:a,b", 0 },
	{ "staff:x:50:", 0 },
	{ "staff:x:50", -EBADMSG },
	{ "staff:x:50:a:b", -EBADMSG },
	{ "staff:x:050:", -EBADMSG },
	{ ":x:50:", -EBADMSG },
	{ "+:::", -ENOENT },
};

START_TEST(group_line)
{
	struct nk_group_line g;
	char line[64];
	int r;

	memcpy(line, group_lines[_i].line, strlen(group_lines[_i].line) + 1);
	r = nk_group_line_parse(line, &g);
	ck_assert_msg(r == group_lines[_i].r, "%s: got %d",
	    group_lines[_i].line, r);
}
END_TEST

static int
append_member(void *arg, const char *name, size_t len)
{
	char *out = arg;
	size_t at = strlen(out);

	(void)snprintf(out + at, 64 - at, "[%.*s]", (int)len, name);
	return strncmp(name, "stop", len) == 0 ? 7 : 0;
}

START_TEST(members)
{
	char out[64] = "";

	ck_assert_int_eq(nk_member_list_each("", append_member, out), 0);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(nk_member_list_each(",a,,bc,", append_member, out),
	    0);
	ck_assert_str_eq(out, "[a][bc]");
	out[0] = '\0';
	ck_assert_int_eq(nk_member_list_each("a,stop,b", append_member, out),
	    7);
	ck_assert_str_eq(out, "[a][stop]");
}
END_TEST

/* ---- files ---- */

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/bash\n"
	"daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	"# a comment stays\n"
	"www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
	"alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n"
	"bob:x:1001:100:Bob:/home/bob:/bin/sh\n"
	"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
	"odd:x:90:1003::/:/bin/false\n"
	"carl:x:1002:1000::/home/carl:/bin/sh\n"
	"+::::::\n";
static const char shadow[] =
	"root:*:19000:0:99999:7:::\n"
	"alice:$y$j9T$abc$defghijklmnopqrs:19500:0:99999:7:::\n"
	"ghost:!:19500:0:99999:7:::\n"
	"bob:!:19500:0:99999:7::20000:\n";
static const char group[] =
	"root:x:0:\n"
	"sudo:x:27:alice\n"
	"users:x:100:\n"
	"alice:x:1000:\n"
	"family:x:1001:alice,bob\n"
	"web:x:1002:alice,www-data\n"
	"oddgroup:x:1003:carl\n"
	"empty:x:1004:\n"
	"nogroup:x:65534:\n";
static const char gshadow[] =
	"root:*::\n"
	"alice:!::\n"
	"family:!::alice,bob\n"
	"web:!::alice,www-data\n";

static void
put_file(const char *name, const char *text, mode_t mode)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY), fd;

	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	close(fd);
	close(dir);
}

static void
assert_file(const char *name, const char *want, mode_t mode)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY);
	struct stat st;
	char *text;
	size_t len;

	ck_assert_int_eq(nk_textfile_read(dir, name, 65536, &text, &len), 0);
	ck_assert_str_eq(text, want);
	free(text);
	ck_assert_int_eq(fstatat(dir, name, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
	close(dir);
}

static void
assert_absent(const char *name)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW), -1);
	close(dir);
}

static int
remove_one(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(etc, sizeof(etc), "etc")));
	put_file("passwd", passwd, 0644);
	put_file("shadow", shadow, 0640);
	put_file("group", group, 0644);
	put_file("gshadow", gshadow, 0640);
}

static void
teardown(void)
{
	ck_assert_int_eq(nftw(etc, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

START_TEST(read_and_choose)
{
	static const char *const taken[] = { "alice", "bob", "carl" };
	const struct nk_system_user *u;
	const struct nk_system_group *g;
	char why[NK_SYSTEM_WHY_MAX];
	struct nk_system s;
	size_t i, n = 0;

	ck_assert_msg(nk_system_read(&s, etc, why) == 0, "%s", why);
	ck_assert_uint_eq(s.nusers, 8);
	ck_assert_uint_eq(s.ngroups, 9);
	ck_assert_int_eq(nk_system_choose(&s, 1000, 90000000, NULL,
	    NULL), 0);
	for (i = 0; i < s.nusers; i++)
		n += s.users[i].taken;
	ck_assert_uint_eq(n, 3);
	for (i = 0; i < 3; i++)
		ck_assert(nk_system_user(&s, taken[i])->taken);
	u = nk_system_user(&s, "alice");
	ck_assert_str_eq(u->sp.hash, "$y$j9T$abc$defghijklmnopqrs");
	ck_assert_int_eq(nk_system_user(&s, "bob")->sp.expire, 20000);
	ck_assert_ptr_null(nk_system_user(&s, "carl")->sp.name);
	ck_assert_ptr_null(nk_system_user(&s, "ghost"));
	g = nk_system_gid(&s, 1000);	/* alice's and carl's */
	ck_assert(g->taken && g->leaves);
	g = nk_system_gid(&s, 1001);	/* both members are taken */
	ck_assert(g->taken && g->leaves);
	g = nk_system_gid(&s, 1002);	/* www-data still needs it */
	ck_assert(g->taken && !g->leaves);
	g = nk_system_gid(&s, 1003);	/* odd's primary group */
	ck_assert(g->taken && !g->leaves);
	ck_assert(!nk_system_gid(&s, 1004)->taken);
	ck_assert(!nk_system_gid(&s, 27)->taken);
	ck_assert(!nk_system_gid(&s, 100)->taken);
	ck_assert(!nk_system_gid(&s, 65534)->taken);
	ck_assert_ptr_null(nk_system_gid(&s, 4711));
	nk_system_clear(&s);
}
END_TEST

static const struct {
	const char	*file;
	const char	*text;
	int		 r;
	const char	*why;
} faults[] = {
	{ "passwd", "a:x:1:1:::\na:x:2:1:::\n", -EBADMSG,
	    "passwd, line 2: this name stands in an earlier line too" },
	{ "passwd", "a:x:1:1:::\n\nb:x:1:1:::\n", -EBADMSG,
	    "passwd, line 3: this uid stands in an earlier line too" },
	{ "shadow", "alice:*:::::::\nalice:*:::::::\n", -EBADMSG,
	    "shadow, line 2: this name stands in an earlier line too" },
	{ "group", "a:x:1:\nb:x:1:\n", -EBADMSG,
	    "group, line 2: this name or gid stands in an earlier line too" },
};

START_TEST(read_faults)
{
	char why[NK_SYSTEM_WHY_MAX];
	struct nk_system s;

	put_file(faults[_i].file, faults[_i].text, 0644);
	ck_assert_int_eq(nk_system_read(&s, etc, why), faults[_i].r);
	ck_assert_str_eq(why, faults[_i].why);
	ck_assert_ptr_null(s.users);
}
END_TEST

/* Lines that nobody can read are nobody's to take, and in nobody's way. */
START_TEST(skipped)
{
	static const struct {
		const char	*file, *text;
		size_t		 line;
		bool		 alice;		/* is she taken? */
	} rows[] = {
		{ "passwd", "a:x:1000:1000:::\nalice:x\n", 2, false },
		{ "passwd", "alice:x:1000:1000::/h:/s\n\nb:x:one:1::/:/\n", 3,
		    true },
		{ "passwd", "\001\nalice:x:1000:1000::/h:/s\n", 1, true },
		{ "shadow", "root:*:::::::\nalice\n", 2, false },
		{ "shadow", "alice:*:x::::::\n", 1, false },
		{ "shadow", "bob\n", 1, true },
		{ "shadow", "\n#\nalice:*:::::::\nalice2:*\n", 4, true },
		{ "group", "alice:x:1000:\na:x:one:\n", 2, true },
	};
	const struct nk_system_user *u;
	char why[NK_SYSTEM_WHY_MAX];
	struct nk_system s;

	put_file(rows[_i].file, rows[_i].text, 0644);
	ck_assert_msg(nk_system_read(&s, etc, why) == 0, "%s", why);
	ck_assert_uint_eq(s.nskipped, 1);
	ck_assert_str_eq(s.skipped[0].file, rows[_i].file);
	ck_assert_uint_eq(s.skipped[0].line, rows[_i].line);
	ck_assert_int_eq(nk_system_choose(&s, 1000, 90000000, NULL,
	    NULL), 0);
	u = nk_system_user(&s, "alice");
	ck_assert_int_eq(u != NULL && u->taken, rows[_i].alice);
	if (strcmp(rows[_i].file, "shadow") == 0 && !rows[_i].alice)
		ck_assert_str_eq(nk_system_refuses(u),
		    "its line in shadow is malformed");
	nk_system_clear(&s);
}
END_TEST

START_TEST(many_skipped)
{
	char why[NK_SYSTEM_WHY_MAX], text[512] = "";
	struct nk_system s;
	size_t i;

	for (i = 0; i < NK_SYSTEM_SKIPPED_MAX + 1; i++)
		memcpy(text + 2 * i, "x\n", 3);
	put_file("passwd", text, 0644);
	ck_assert_int_eq(nk_system_read(&s, etc, why), 0);
	ck_assert_uint_eq(s.nskipped, NK_SYSTEM_SKIPPED_MAX + 1);
	ck_assert_uint_eq(s.skipped[NK_SYSTEM_SKIPPED_MAX - 1].line,
	    NK_SYSTEM_SKIPPED_MAX);
	nk_system_clear(&s);
}
END_TEST

START_TEST(read_missing)
{
	char why[NK_SYSTEM_WHY_MAX], path[64];
	struct nk_system s;

	(void)snprintf(path, sizeof(path), "%s/shadow", etc);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_system_read(&s, etc, why), 0);
	nk_system_clear(&s);
	(void)snprintf(path, sizeof(path), "%s/group", etc);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_system_read(&s, etc, why), -ENOENT);
	ck_assert_int_eq(nk_system_read(&s, "/no/such/folder", why), -ENOENT);
	ck_assert_str_ne(why, "");
}
END_TEST

static struct nk_nameset *
set_of(const char *name, uint32_t id, const char *other, uint32_t other_id)
{
	struct nk_nameset *s;

	ck_assert_int_eq(nk_nameset_new(&s), 0);
	ck_assert_int_eq(nk_nameset_add(s, name, strlen(name), id), 0);
	if (other != NULL)
		ck_assert_int_eq(nk_nameset_add(s, other, strlen(other),
		    other_id), 0);
	return s;
}

START_TEST(remove_lines)
{
	struct nk_nameset *users = set_of("alice", 1000, "bob", 4711);
	struct nk_nameset *groups = set_of("alice", 1000, "web", 1001);
	char why[NK_SYSTEM_WHY_MAX];
	struct nk_takeover *t;
	size_t n;

	ck_assert_int_eq(nk_takeover_begin(&t, etc, 1), 0);
	ck_assert_msg(nk_takeover_remove(t, users, groups, &n, why) == 0,
	    "%s", why);
	nk_takeover_end(t);
	/* bob's uid and web's gid are others: their lines stay */
	ck_assert_uint_eq(n, 6);
	assert_file("passwd",
	    "root:x:0:0:root:/root:/bin/bash\n"
	    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	    "# a comment stays\n"
	    "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
	    "bob:x:1001:100:Bob:/home/bob:/bin/sh\n"
	    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
	    "odd:x:90:1003::/:/bin/false\n"
	    "carl:x:1002:1000::/home/carl:/bin/sh\n"
	    "+::::::\n", 0644);
	assert_file("group",
	    "root:x:0:\n"
	    "sudo:x:27:alice\n"
	    "users:x:100:\n"
	    "family:x:1001:alice,bob\n"
	    "web:x:1002:alice,www-data\n"
	    "oddgroup:x:1003:carl\n"
	    "empty:x:1004:\n"
	    "nogroup:x:65534:\n", 0644);
	assert_file("passwd.naskeys-backup", passwd, 0644);
	assert_file("shadow.naskeys-backup", shadow, 0640);
	assert_file("group.naskeys-backup", group, 0644);
	assert_file("gshadow.naskeys-backup", gshadow, 0640);
	assert_absent(".passwd.new");
	nk_nameset_free(users);
	nk_nameset_free(groups);
}
END_TEST

/* Nothing to remove: nothing is written. */
START_TEST(remove_nothing)
{
	struct nk_nameset *none = set_of("nobody-of-this-name", 1, NULL, 0);
	char why[NK_SYSTEM_WHY_MAX];
	struct nk_takeover *t;
	size_t n;

	ck_assert_int_eq(nk_takeover_begin(&t, etc, 1), 0);
	ck_assert_int_eq(nk_takeover_remove(t, none, none, &n, why), 0);
	nk_takeover_end(t);
	ck_assert_uint_eq(n, 0);
	assert_file("passwd", passwd, 0644);
	assert_absent("passwd.naskeys-backup");
	nk_nameset_free(none);
}
END_TEST

START_TEST(remove_refused)
{
	struct nk_nameset *users = set_of("alice", 1000, NULL, 0);
	char why[NK_SYSTEM_WHY_MAX], from[64], to[64];
	struct nk_takeover *t;
	size_t n;

	/* a link in a file's place would be replaced by a file */
	(void)snprintf(from, sizeof(from), "%s/passwd", etc);
	(void)snprintf(to, sizeof(to), "%s/elsewhere", etc);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_int_eq(symlink("elsewhere", from), 0);
	ck_assert_int_eq(nk_takeover_begin(&t, etc, 1), 0);
	ck_assert_int_eq(nk_takeover_remove(t, users, users, &n, why),
	    -EINVAL);
	ck_assert(strstr(why, "passwd could not be read") != NULL);
	nk_takeover_end(t);
	assert_file("shadow", shadow, 0640);
	assert_file("elsewhere", passwd, 0644);
	nk_nameset_free(users);
}
END_TEST

/* Somebody else holds the lock, as lckpwdf(3) would. */
START_TEST(lock)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct nk_takeover *t;
	int ready[2], fd;
	char path[64], c;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	(void)snprintf(path, sizeof(path), "%s/.pwd.lock", etc);
	if ((pid = fork()) == 0) {
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fcntl(fd, F_SETLKW, &fl) == -1 ||
		    nk_write_full(ready[1], "x", 1) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(nk_takeover_begin(&t, etc, 1), -EAGAIN);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(nk_takeover_begin(&t, etc, 1), 0);
	nk_takeover_end(t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("system");
	TCase *lines = tcase_create("lines"), *files = tcase_create("files");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(lines, passwd_line, 0,
	    (int)(sizeof(passwd_lines) / sizeof(passwd_lines[0])));
	tcase_add_loop_test(lines, shadow_line, 0,
	    (int)(sizeof(shadow_lines) / sizeof(shadow_lines[0])));
	tcase_add_loop_test(lines, group_line, 0,
	    (int)(sizeof(group_lines) / sizeof(group_lines[0])));
	tcase_add_test(lines, members);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, read_and_choose);
	tcase_add_loop_test(files, read_faults, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_loop_test(files, skipped, 0, 8);
	tcase_add_test(files, many_skipped);
	tcase_add_test(files, read_missing);
	tcase_add_test(files, remove_lines);
	tcase_add_test(files, remove_nothing);
	tcase_add_test(files, remove_refused);
	tcase_add_test(files, lock);
	suite_add_tcase(s, lines);
	suite_add_tcase(s, files);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
