/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/beneath.h"
#include "lib/account/tree.h"
#include "tests/unit/tmp.h"

#define NONE	(O_RDONLY | O_NONBLOCK | O_NOCTTY)
#define FOLDER	(O_RDONLY | O_DIRECTORY)

static char	dir[256];
static int	top;

/* Each with mounts of its own, where that may be. */
static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "beneath")));
	ck_assert_int_ne(top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    -1);
	ck_assert_int_eq(mkdirat(top, "folder", 0700), 0);
	ck_assert_int_eq(mkdirat(top, "closed", 0), 0);
	ck_assert_int_eq(mkdirat(top, "mount", 0700), 0);
	ck_assert_int_eq(mkdirat(top, "bind", 0700), 0);
	ck_assert_int_eq(mknodat(top, "file", S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(mknodat(top, "bindfile", S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(mknodat(top, "pipe", S_IFIFO | 0600, 0), 0);
	ck_assert_int_eq(symlinkat("file", top, "link"), 0);
	ck_assert_int_eq(symlinkat("folder", top, "links"), 0);
	ck_assert_int_eq(symlinkat("nowhere", top, "broken"), 0);
	ck_assert_int_eq(symlinkat("/proc/self/root", top, "magic"), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(nk_tree_empty(top, NULL, NULL), 0);
	close(top);
	ck_assert_int_eq(rmdir(dir), 0);
}

static const struct {
	const char	*name;
	int		 flags;
	int		 want;		/* 0: a descriptor */
} rows[] = {
	{ "file", NONE, 0 }, { "file", O_PATH, 0 }, { "file", O_RDWR, 0 },
	{ "folder", FOLDER, 0 }, { "folder", NONE, 0 },
	{ "folder", O_PATH, 0 }, { ".", FOLDER, 0 }, { ".", O_PATH, 0 },
	{ "pipe", NONE, 0 }, { "pipe", O_PATH, 0 },
	{ "pipe", FOLDER, -ENOTDIR }, { "file", FOLDER, -ENOTDIR },
	{ "folder", O_RDWR, -EISDIR },
	{ "link", NONE, -ELOOP }, { "links", NONE, -ELOOP },
	{ "links", FOLDER, -ELOOP }, { "broken", NONE, -ELOOP },
	{ "broken", FOLDER, -ELOOP }, { "magic", FOLDER, -ELOOP },
	{ "link", O_PATH, 0 }, { "magic", O_PATH, 0 },
	{ "nothing", NONE, -ENOENT }, { "nothing", O_PATH, -ENOENT },
	{ "", NONE, -EINVAL }, { "..", FOLDER, -EINVAL },
	{ "..", O_PATH, -EINVAL }, { "/", FOLDER, -EINVAL },
	{ "folder/", FOLDER, -EINVAL }, { "./file", NONE, -EINVAL },
	{ "../x", NONE, -EINVAL }, { "new", O_WRONLY | O_CREAT, -EINVAL },
	{ "file/x", NONE, -EINVAL },
};

START_TEST(opens)
{
	struct stat seen, named;
	int fd = nk_beneath_open(top, rows[_i].name, rows[_i].flags);

	if (rows[_i].want < 0) {
		ck_assert_msg(fd == rows[_i].want, "%s: %d", rows[_i].name,
		    fd);
		return;
	}
	ck_assert_msg(fd >= 0, "%s: %d", rows[_i].name, fd);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &seen), 0);
	ck_assert_int_eq(fstatat(top, rows[_i].name, &named,
	    AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_uint_eq(seen.st_ino, named.st_ino);
	ck_assert_uint_eq(seen.st_mode, named.st_mode);
	close(fd);
}
END_TEST

START_TEST(refuses_mounts)
{
	static const char *const names[] = { "mount", "bind", "bindfile" };
	char path[512], from[512];
	size_t i;
	int fd, inner;

	if (unshare(CLONE_NEWNS) == -1)
		return;			/* not root's */
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	/* the folder of before is the one of the other namespace */
	close(top);
	ck_assert_int_ne(top = open(dir, O_RDONLY | O_DIRECTORY), -1);
	(void)snprintf(path, sizeof(path), "%s/mount", dir);
	ck_assert_int_eq(mount("tmpfs", path, "tmpfs", 0, NULL), 0);
	/* of the same file system: the number of the device does not tell */
	(void)snprintf(path, sizeof(path), "%s/bind", dir);
	(void)snprintf(from, sizeof(from), "%s/folder", dir);
	ck_assert_int_eq(mount(from, path, NULL, MS_BIND, NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/bindfile", dir);
	(void)snprintf(from, sizeof(from), "%s/file", dir);
	ck_assert_int_eq(mount(from, path, NULL, MS_BIND, NULL), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(nk_beneath_open(top, names[i], NONE),
		    -EXDEV);
		ck_assert_int_eq(nk_beneath_open(top, names[i], O_PATH),
		    -EXDEV);
	}
	/* from within one, what lies in it is no other */
	(void)snprintf(path, sizeof(path), "%s/mount", dir);
	ck_assert_int_ne(fd = open(path, O_RDONLY | O_DIRECTORY), -1);
	ck_assert_int_eq(mkdirat(fd, "inner", 0700), 0);
	ck_assert_int_ge(inner = nk_beneath_open(fd, "inner", FOLDER), 0);
	ck_assert_int_eq(nk_beneath_open(fd, "..", O_PATH), -EINVAL);
	close(inner);
	close(fd);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("account_beneath");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, opens, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, refuses_mounts);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
