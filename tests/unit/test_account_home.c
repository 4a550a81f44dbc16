/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/home.h"
#include "lib/account/homekeys.h"
#include "lib/account/rootpath.h"

/*
 * A tmpfs in a mount namespace of the test's own: nobody else may write to
 * any folder above a home, so /tmp would not do.  Only root can run these.
 */
static const char base[] = "/mnt";

#define OWNER	4242u

static void
setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", base, "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(chdir(base), 0);
	ck_assert_int_eq(mkdir("homes", 0755), 0);
	ck_assert_int_eq(mkdir("users", 0755), 0);
	ck_assert_int_eq(chown("users", OWNER, OWNER), 0);
	ck_assert_int_eq(mkdir("users/in", 0755), 0);
	ck_assert_int_eq(mkdir("group", 0775), 0);
	ck_assert_int_eq(chmod("group", 0775), 0);
	ck_assert_int_eq(mkdir("sticky", 0755), 0);
	ck_assert_int_eq(chmod("sticky", 01777), 0);
	ck_assert_int_eq(symlink("homes", "link"), 0);
	ck_assert_int_eq(symlink("../homes", "homes/back"), 0);
	ck_assert_int_eq(symlink("homes", "theirs"), 0);
	ck_assert_int_eq(lchown("theirs", OWNER, OWNER), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(symlink("users", "intousers"), 0);
	ck_assert_int_eq(close(creat("file", 0644)), 0);
	ck_assert_int_eq(close(creat("homes/file", 0644)), 0);
	ck_assert_int_eq(symlink("/root", "homes/trap"), 0);
}

static const struct {
	const char	*home;
	const char	*why;
} shapes[] = {
	{ "/home/alice", NULL },
	{ "/var/empty", NULL },
	{ "/", NULL },
	{ "/mnt/tank/a b", NULL },
	{ "/a/..b/.c", NULL },
	{ "", "\"Home Directory\" must be an absolute path." },
	{ "home", "\"Home Directory\" must be an absolute path." },
	{ "./x", "\"Home Directory\" must be an absolute path." },
	{ "/a:b", "\"Home Directory\" cannot contain colons (:)." },
	{ "/a/../b", "\"Home Directory\" cannot contain \".\" or \"..\"." },
	{ "/a/..", "\"Home Directory\" cannot contain \".\" or \"..\"." },
	{ "/./a", "\"Home Directory\" cannot contain \".\" or \"..\"." },
	{ "/a\nb", "\"Home Directory\" cannot contain control characters." },
	{ "/a\x7f", "\"Home Directory\" cannot contain control characters." },
};

START_TEST(check_shape)
{
	const char *why = NULL;
	int r = nk_home_check(shapes[_i].home, &why);

	ck_assert_int_eq(r, shapes[_i].why == NULL ? 0 : -EINVAL);
	if (shapes[_i].why != NULL)
		ck_assert_str_eq(why, shapes[_i].why);
}
END_TEST

START_TEST(check_length)
{
	char home[NK_HOME_MAX + 2];
	const char *why;

	memset(home, 'x', sizeof(home));
	home[0] = '/';
	home[NK_HOME_MAX + 1] = '\0';
	ck_assert_int_eq(nk_home_check(home, &why), -EINVAL);
	home[NK_HOME_MAX] = '\0';
	ck_assert_int_eq(nk_home_check(home, &why), 0);
}
END_TEST

START_TEST(look)
{
	ck_assert_int_eq(nk_home_look("homes"), NK_HOME_DIRECTORY);
	ck_assert_int_eq(nk_home_look("link"), NK_HOME_DIRECTORY);
	ck_assert_int_eq(nk_home_look("none"), NK_HOME_ABSENT);
	ck_assert_int_eq(nk_home_look("file"), NK_HOME_OTHER);
	ck_assert_int_eq(nk_home_look("file/x"), NK_HOME_ABSENT);
	ck_assert_int_eq(nk_home_look("loop"), NK_HOME_UNKNOWN);
}
END_TEST

/* Where a home may be made, below base. */
static const struct {
	const char	*path;
	int		 r;
} places[] = {
	{ "homes/alice", 0 },
	{ "homes/alice/", 0 },
	{ "homes//alice", 0 },
	{ "link/alice", 0 },
	{ "homes/back/alice", 0 },
	{ "alice", 0 },
	{ "none/alice", -ENOENT },
	{ "users/alice", -EPERM },
	{ "users/in/alice", -EPERM },
	{ "intousers/alice", -EPERM },
	{ "group/alice", -EPERM },
	{ "sticky/alice", -EPERM },
	{ "theirs/alice", -EPERM },
	{ "loop/alice", -ELOOP },
	{ "file/alice", -ENOTDIR },
	{ "homes/file", -EEXIST },
	{ "homes/trap", -EEXIST },
	{ "homes/trap/x/y", -ENOENT },
};

START_TEST(make_at)
{
	struct nk_home h;
	char path[256];
	struct stat st;
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", base, places[_i].path);
	r = nk_home_make(&h, path, OWNER, OWNER + 1, 0750, "", 0);
	ck_assert_msg(r == places[_i].r, "%s: got %d", path, r);
	if (r < 0) {
		ck_assert_int_eq(h.parent, -1);
		ck_assert(!h.made);
		return;
	}
	ck_assert(h.made);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_uint_eq(st.st_uid, OWNER);
	ck_assert_uint_eq(st.st_gid, OWNER + 1);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	nk_home_undo(&h);
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

START_TEST(bad_paths)
{
	struct nk_home h;

	ck_assert_int_eq(nk_home_make(&h, "", 1, 1, 0700, "", 0), -EINVAL);
	ck_assert_int_eq(nk_home_make(&h, "/", 1, 1, 0700, "", 0), -EINVAL);
	ck_assert_int_eq(nk_home_make(&h, "x", 1, 1, 0700, "", 0), -EINVAL);
	ck_assert_int_lt(nk_home_make(&h, "homes/x", 1, 1, 0700, "", 0), 0);
}
END_TEST

START_TEST(link_limit)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/homes/back/back/back", base);
	ck_assert_int_eq(nk_rootpath_open(path, 2, 0, &fd), -ELOOP);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(nk_rootpath_open(path, 3, 0, &fd), 0);
	close(fd);
}
END_TEST

/* A directory that is there stays as it is. */
START_TEST(existing)
{
	struct stat before, after;
	char path[256];
	struct nk_home h;

	(void)snprintf(path, sizeof(path), "%s/homes/old", base);
	ck_assert_int_eq(mkdir(path, 0711), 0);
	ck_assert_int_eq(chmod(path, 0711), 0);
	ck_assert_int_eq(lstat(path, &before), 0);
	ck_assert_int_eq(nk_home_make(&h, path, OWNER, OWNER, 0700, base, 0),
	    0);
	ck_assert(!h.made);
	nk_home_undo(&h);
	ck_assert_int_eq(lstat(path, &after), 0);
	ck_assert_uint_eq(after.st_uid, before.st_uid);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_int_eq(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	ck_assert_int_eq(rmdir(path), 0);	/* and nothing is in it */
}
END_TEST

static void
make_skeleton(void)
{
	int fd;

	ck_assert_int_eq(mkdir("skel", 0755), 0);
	fd = open("skel/.profile", O_WRONLY | O_CREAT, 0644);
	ck_assert_int_eq(write(fd, "PATH=x\n", 7), 7);
	ck_assert_int_eq(fchmod(fd, 04644), 0);
	close(fd);
	ck_assert_int_eq(mkdir("skel/.config", 0700), 0);
	ck_assert_int_eq(close(creat("skel/.config/empty", 0600)), 0);
	ck_assert_int_eq(symlink("/etc/passwd", "skel/l"), 0);
	ck_assert_int_eq(mkfifo("skel/pipe", 0600), 0);
}

START_TEST(skeleton)
{
	char path[256], text[16] = "";
	struct nk_home h;
	struct stat st;
	int fd;

	make_skeleton();
	(void)snprintf(path, sizeof(path), "%s/homes/new", base);
	ck_assert_int_eq(nk_home_make(&h, path, OWNER, OWNER, 0700, "skel",
	    0), 0);
	ck_assert(h.made);
	ck_assert_int_eq(lstat("homes/new/.profile", &st), 0);
	ck_assert_uint_eq(st.st_uid, OWNER);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	fd = open("homes/new/.profile", O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 7);
	close(fd);
	ck_assert_str_eq(text, "PATH=x\n");
	ck_assert_int_eq(lstat("homes/new/.config", &st), 0);
	ck_assert_uint_eq(st.st_uid, OWNER);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(lstat("homes/new/.config/empty", &st), 0);
	ck_assert_uint_eq(st.st_uid, OWNER);
	ck_assert_int_eq(lstat("homes/new/l", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_uint_eq(st.st_uid, OWNER);
	ck_assert_int_eq(lstat("homes/new/pipe", &st), -1);
	ck_assert_int_eq(stat("/etc/passwd", &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	nk_home_undo(&h);
	ck_assert_int_eq(lstat("homes/new", &st), -1);
	ck_assert_int_eq(stat("/etc/passwd", &st), 0);
}
END_TEST

/* Beyond the limit, nothing is left of the home. */
START_TEST(deep_skeleton)
{
	char path[1024], name[8];
	struct nk_home h;
	struct stat st;
	size_t at, i;

	at = (size_t)snprintf(path, sizeof(path), "%s/deep", base);
	for (i = 0; i < NK_SKELETON_DEPTH + 1; i++) {
		ck_assert_int_eq(mkdir(path, 0755), 0);
		(void)snprintf(name, sizeof(name), "/%zu", i);
		memcpy(path + at, name, strlen(name) + 1);
		at += strlen(name);
	}
	(void)snprintf(path, sizeof(path), "%s/homes/new", base);
	ck_assert_int_eq(nk_home_make(&h, path, OWNER, OWNER, 0700, "deep",
	    0), -E2BIG);
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

START_TEST(many_files)
{
	char path[256];
	struct nk_home h;
	struct stat st;
	int i;

	ck_assert_int_eq(mkdir("many", 0755), 0);
	for (i = 0; i <= NK_SKELETON_FILES; i++) {
		(void)snprintf(path, sizeof(path), "many/%d", i);
		ck_assert_int_eq(symlink("x", path), 0);
	}
	(void)snprintf(path, sizeof(path), "%s/homes/new", base);
	ck_assert_int_eq(nk_home_make(&h, path, OWNER, OWNER, 0700, "many",
	    0), -E2BIG);
	ck_assert_int_eq(lstat(path, &st), -1);
	ck_assert_int_eq(unlink("many/0"), 0);
	ck_assert_int_eq(nk_home_make(&h, path, OWNER, OWNER, 0700, "many",
	    0), 0);
	nk_home_keep(&h);
	ck_assert_int_eq(lstat(path, &st), 0);
}
END_TEST

/* Keys in homes, and what a user may have made of them. */
START_TEST(keys_in_homes)
{
	static const struct {
		const char		*home;
		enum nk_homekeys	 want;
	} rows[] = {
		{ "/mnt/homes/keys",	NK_HOMEKEYS_FOUND },
		{ "/mnt/homes/keys//",	NK_HOMEKEYS_FOUND },
		{ "/mnt/link/keys",	NK_HOMEKEYS_FOUND },
		{ "/mnt/homes/none",	NK_HOMEKEYS_NONE },
		{ "/mnt/homes/empty",	NK_HOMEKEYS_NONE },
		{ "/mnt/homes/folder",	NK_HOMEKEYS_NONE },
		{ "/mnt/homes/file",	NK_HOMEKEYS_NONE },
		{ "/mnt/nowhere/x",	NK_HOMEKEYS_NONE },
		{ "/mnt/homes/linked",	NK_HOMEKEYS_UNKNOWN },
		{ "/mnt/homes/dirlink",	NK_HOMEKEYS_UNKNOWN },
		{ "/mnt/homes/trap",	NK_HOMEKEYS_UNKNOWN },
		{ "/mnt/users/in",	NK_HOMEKEYS_UNKNOWN },
		{ "/mnt/theirs/keys",	NK_HOMEKEYS_UNKNOWN },
		{ "relative",		NK_HOMEKEYS_UNKNOWN },
		{ "/",			NK_HOMEKEYS_NONE },
	};
	const char *home[sizeof(rows) / sizeof(rows[0])];
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	uint8_t v[sizeof(rows) / sizeof(rows[0])];
	char *const cmd[] = { strdup("sh"), strdup("-ec"), strdup("cd homes;"
	    "mkdir -p keys/.ssh none/.ssh empty/.ssh linked/.ssh dirlink;"
	    "mkdir -p folder/.ssh/authorized_keys;"
	    "echo k >keys/.ssh/authorized_keys; : >empty/.ssh/authorized_keys;"
	    "ln -s /etc/passwd linked/.ssh/authorized_keys;"
	    "ln -s ../keys/.ssh dirlink/.ssh"), NULL };
	int status = -1;
	pid_t pid;
	size_t i;

	if ((pid = fork()) == 0) {
		(void)execv("/bin/sh", cmd);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	for (i = 0; i < n; i++)
		home[i] = rows[i].home;
	ck_assert_int_eq(nk_homekeys_look(home, n, 0, 10, v), 0);
	for (i = 0; i < n; i++)
		ck_assert_msg(v[i] == rows[i].want, "%s: %u", home[i], v[i]);
	ck_assert_int_eq(nk_homekeys_look(home, 0, 0, 10, v), 0);
	for (i = 0; i < 3; i++)
		free(cmd[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home");
	TCase *tc = tcase_create("home");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, check_shape, 0,
	    (int)(sizeof(shapes) / sizeof(shapes[0])));
	tcase_add_test(tc, check_length);
	if (geteuid() == 0) {
		tcase_add_checked_fixture(tc, setup, NULL);
		tcase_add_test(tc, look);
		tcase_add_test(tc, keys_in_homes);
		tcase_add_loop_test(tc, make_at, 0,
		    (int)(sizeof(places) / sizeof(places[0])));
		tcase_add_test(tc, bad_paths);
		tcase_add_test(tc, link_limit);
		tcase_add_test(tc, existing);
		tcase_add_test(tc, skeleton);
		tcase_add_test(tc, deep_skeleton);
		tcase_add_test(tc, many_files);
	}
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
