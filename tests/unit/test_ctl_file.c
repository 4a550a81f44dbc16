/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/file.h"
#include "lib/account/conffile.h"
#include "tests/unit/tmp.h"

static char folder[64];

/* A path in the folder, in one of a few buffers. */
static const char *
at(const char *name)
{
	static char paths[4][512];
	static size_t next;
	char *p = paths[next++ % 4];

	snprintf(p, sizeof(paths[0]), "%s/%s", folder, name);
	return p;
}

static void
make(const char *name, const char *text, size_t len, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
has(const char *name, const char *want, mode_t mode)
{
	struct stat st;
	char *text;

	ck_assert_int_eq(nk_conffile_read(at(name), &text), 0);
	ck_assert_str_eq(text, want);
	free(text);
	ck_assert_int_eq(stat(at(name), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
}

static size_t
count_files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(folder, sizeof(folder),
	    "ctl_file")));
}

static void
teardown(void)
{
	struct dirent *e;
	DIR *d = opendir(folder);

	while (d != NULL && (e = readdir(d)) != NULL)
		if (unlink(at(e->d_name)) == -1)
			rmdir(at(e->d_name));
	if (d != NULL)
		closedir(d);
	rmdir(folder);
}

START_TEST(reading)
{
	char *text = folder, *big = malloc(NK_CONFFILE_MAX + 1);

	ck_assert_ptr_nonnull(big);
	memset(big, 'x', NK_CONFFILE_MAX + 1);
	ck_assert_int_eq(nk_conffile_read(at("none"), &text), -ENOENT);
	ck_assert_ptr_null(text);
	make("nul", "a\0b", 3, 0600);
	ck_assert_int_eq(nk_conffile_read(at("nul"), &text), -EBADMSG);
	ck_assert_ptr_null(text);
	make("big", big, NK_CONFFILE_MAX + 1, 0600);
	ck_assert_int_eq(nk_conffile_read(at("big"), &text), -EFBIG);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(truncate(at("big"), NK_CONFFILE_MAX), 0);
	ck_assert_int_eq(nk_conffile_read(at("big"), &text), 0);
	ck_assert_uint_eq(strlen(text), NK_CONFFILE_MAX);
	free(text);
	ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
	ck_assert_int_eq(nk_conffile_read(at("fifo"), &text), -EBADMSG);
	ck_assert_int_eq(nk_conffile_read(folder, &text), -EBADMSG);
	make("empty", "", 0, 0600);
	ck_assert_int_eq(nk_conffile_read(at("empty"), &text), 0);
	ck_assert_str_eq(text, "");
	free(text);
	free(big);
}
END_TEST

START_TEST(replacing)
{
	if (geteuid() == 0) {		/* a new one becomes root's */
		ck_assert_int_eq(nk_conffile_replace(at("a"), "one", 3,
		    0644), 0);
		has("a", "one", 0644);
	} else
		make("a", "one", 3, 0644);
	ck_assert_int_eq(chmod(at("a"), 0640), 0);
	ck_assert_int_eq(nk_conffile_replace(at("a"), "two", 3, 0644), 0);
	has("a", "two", 0640);		/* keeps its mode */
	/* what a killed one left does not stand in the way */
	make("a.naskeys-new", "half", 4, 0600);
	ck_assert_int_eq(nk_conffile_replace(at("a"), "three", 5, 0644), 0);
	has("a", "three", 0640);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_link_stays_one)
{
	struct stat st;

	make("real", "one", 3, 0600);
	ck_assert_int_eq(symlink("real", at("link")), 0);
	ck_assert_int_eq(nk_conffile_replace(at("link"), "two", 3, 0644), 0);
	ck_assert_int_eq(lstat(at("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	has("real", "two", 0600);
}
END_TEST

/* Nothing is there when it fails, and what was there is as it was. */
START_TEST(failing)
{
	ck_assert_int_eq(nk_conffile_replace(at("none/a"), "x", 1,
	    0644), -ENOENT);
	ck_assert_int_eq(mkdir(at("folder"), 0700), 0);
	ck_assert_int_eq(nk_conffile_replace(at("folder"), "x", 1,
	    0644), -EISDIR);
	ck_assert_int_eq(mkdir(at("a.naskeys-new"), 0700), 0);
	make("a", "one", 3, 0600);
	ck_assert_int_lt(nk_conffile_replace(at("a"), "two", 3, 0644), 0);
	has("a", "one", 0600);
	ck_assert_uint_eq(count_files(), 3);
}
END_TEST

START_TEST(absolute)
{
	char here[PATH_MAX], want[PATH_MAX + 8], out[PATH_MAX];
	static char big[PATH_MAX + 1];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(file_absolute("/a/b", out), 0);
	ck_assert_str_eq(out, "/a/b");
	ck_assert_int_eq(file_absolute("a/b", out), 0);
	snprintf(want, sizeof(want), "%s/a/b", here);
	ck_assert_str_eq(out, want);
	ck_assert_int_eq(file_absolute("", out), -ENOENT);
	memset(big, 'a', PATH_MAX);
	ck_assert_int_eq(file_absolute(big, out), -ENAMETOOLONG);
	big[0] = '/';
	ck_assert_int_eq(file_absolute(big, out), -ENAMETOOLONG);
	big[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(file_absolute(big, out), 0);
}
END_TEST

START_TEST(folders)
{
	struct stat st;

	ck_assert_int_eq(file_folder(at("f"), 0755, geteuid(), getegid()), 0);
	ck_assert_int_eq(stat(at("f"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(file_folder(at("f"), 0700, geteuid(), getegid()), 0);
	ck_assert_int_eq(stat(at("f"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	make("file", "", 0, 0600);
	ck_assert_int_eq(file_folder(at("file"), 0755, geteuid(),
	    getegid()), -ENOTDIR);
	ck_assert_int_eq(symlink("f", at("link")), 0);
	ck_assert_int_lt(file_folder(at("link"), 0755, geteuid(),
	    getegid()), 0);
	ck_assert_int_eq(file_folder(at("no/f"), 0755, geteuid(),
	    getegid()), -ENOENT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_file");
	TCase *tc = tcase_create("file");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reading);
	tcase_add_test(tc, replacing);
	tcase_add_test(tc, a_link_stays_one);
	tcase_add_test(tc, failing);
	tcase_add_test(tc, absolute);
	tcase_add_test(tc, folders);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
