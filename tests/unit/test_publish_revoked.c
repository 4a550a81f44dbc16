/* SPDX-License-Identifier: ISC */
/*
 * The file of revoked keys: MUST 14 of lib/publish/edit.c, and what
 * lib/publish/revoked.h promises.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/internal.h"
#include "lib/publish/revoked.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/krl.h"
#include "lib/store/revoked.h"
#include "tests/fault/edits.h"
#include "tests/fault/place.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char *dir;
static struct edits_place place;
static struct nk_publisher *p;
static char new[MODEL_TEXT + 8];

static void
setup(void)
{
	ck_assert_int_eq(place_make(&dir, 0), 0);
	edits_place_init(&place, dir);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
	(void)snprintf(new, sizeof(new), "%s.new", place.revoked);
}

static void
teardown(void)
{
	nk_publisher_free(p);
	(void)rmdir(new);
	place_remove(dir);
}

static void
reopen(void)
{
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
}

/* A fingerprint for each number. */
static struct nk_revoked
row(int n)
{
	static char text[52];
	uint8_t digest[NK_FINGERPRINT_SHA256] = { (uint8_t)n,
	    (uint8_t)(n >> 8) };
	char *base64;

	ck_assert_int_eq(nk_base64_encode(digest, sizeof(digest), &base64),
	    0);
	(void)snprintf(text, sizeof(text), "SHA256:%.43s", base64);
	free(base64);
	return (struct nk_revoked){ .fingerprint = text,
	    .revoked_by = "root", .revoked_at = 1700000000 + n };
}

static void
put_on_list(int n)
{
	struct nk_revoked r = row(n);

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_revoked_add(nk_publisher_store(p), &r), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
}

/* 0, if the file says what the store says. */
static int
compare(void)
{
	struct nk_revoked_file f;
	int r;

	ck_assert_int_eq(nk_revoked_file_make(nk_publisher_store(p), &f), 0);
	r = nk_revoked_file_compare(&place.state, &f);
	nk_revoked_file_clear(&f);
	return r;
}

static void
count(void *arg, const char *what)
{
	ck_assert_ptr_nonnull(strstr(what, "revoked.krl: "));
	(*(int *)arg)++;
}

static int
faults(void)
{
	int n = 0, r = nk_publisher_verify(p, count, &n);

	ck_assert_int_eq(r, n > 0 ? -EBADMSG : 0);
	return n;
}

START_TEST(there_from_the_start)
{
	static const char empty[44] = "SSHKRL\n\0\0\0\0\1";
	char bytes[64];
	struct stat st;
	int fd;

	ck_assert_int_ne(fd = open(place.revoked, O_RDONLY), -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), sizeof(empty));
	ck_assert_mem_eq(bytes, empty, sizeof(empty));
	close(fd);
	ck_assert_int_eq(faults(), 0);
}
END_TEST

START_TEST(follows_the_list)
{
	struct nk_revoked r = row(2);
	struct stat st;

	put_on_list(1);
	ck_assert_int_eq(compare(), 0);
	put_on_list(2);
	ck_assert_int_eq(compare(), 0);
	ck_assert_int_eq(stat(place.revoked, &st), 0);
	ck_assert_int_eq(st.st_size, 44 + 5 + 2 * 36);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_revoked_remove(nk_publisher_store(p),
	    r.fingerprint), 0);
	nk_edit_abort(p);
	ck_assert_int_eq(compare(), 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_revoked_remove(nk_publisher_store(p),
	    r.fingerprint), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(compare(), 0);
	ck_assert_int_eq(stat(place.revoked, &st), 0);
	ck_assert_int_eq(st.st_size, 44 + 5 + 36);
	ck_assert_int_eq(access(new, F_OK), -1);
	ck_assert_int_eq(nk_publisher_revoked(p), 0);
}
END_TEST

/* An edit of something else leaves the file alone. */
START_TEST(only_when_it_changes)
{
	struct stat before, after;

	put_on_list(1);
	ck_assert_int_eq(stat(place.revoked, &before), 0);
	ck_assert_int_eq(edits_setup(p), 0);
	ck_assert_int_eq(stat(place.revoked, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

/* ---- what others did to it ---- */

static void
cut(void)
{
	ck_assert_int_eq(truncate(place.revoked, 20), 0);
}

static void
empty(void)
{
	ck_assert_int_eq(truncate(place.revoked, 0), 0);
}

static void
take_away(void)
{
	ck_assert_int_eq(unlink(place.revoked), 0);
}

static void
close_it(void)
{
	ck_assert_int_eq(chmod(place.revoked, 0600), 0);
}

static void
open_it(void)
{
	ck_assert_int_eq(chmod(place.revoked, 0666), 0);
}

static void
make_link(void)
{
	char other[MODEL_TEXT + 8];

	(void)snprintf(other, sizeof(other), "%s.old", place.revoked);
	ck_assert_int_eq(rename(place.revoked, other), 0);
	ck_assert_int_eq(symlink(other, place.revoked), 0);
}

static void
make_fifo(void)
{
	take_away();
	ck_assert_int_eq(mkfifo(place.revoked, 0644), 0);
}

/* Of another revision, and else as ours is. */
static void
put_another(void)
{
	char other[MODEL_TEXT + 8], bytes[256];
	ssize_t n;
	int fd;

	(void)snprintf(other, sizeof(other), "%s.old", place.revoked);
	ck_assert_int_ne(fd = open(place.revoked, O_RDONLY), -1);
	ck_assert_int_gt(n = read(fd, bytes, sizeof(bytes)), 20);
	close(fd);
	bytes[19]--;			/* the last of its version */
	ck_assert_int_ne(fd = open(other, O_WRONLY | O_CREAT | O_EXCL, 0644),
	    -1);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	ck_assert_int_eq(write(fd, bytes, (size_t)n), n);
	close(fd);
	ck_assert_int_eq(rename(other, place.revoked), 0);
}

/* Committed, and its holder killed: the file is of before. */
static void
commit_alone(void)
{
	struct nk_store *s = nk_publisher_store(p);
	struct nk_revoked r = row(9);

	ck_assert_int_eq(nk_store_begin(s), 0);
	ck_assert_int_eq(nk_revoked_add(s, &r), 0);
	ck_assert_int_eq(nk_store_commit(s), 0);
}

static void (*const damages[])(void) = {
	cut, empty, take_away, close_it, open_it, make_link, make_fifo,
	put_another, commit_alone,
};

START_TEST(mended_at_open)
{
	put_on_list(1);
	damages[_i]();
	ck_assert_int_lt(compare(), 0);
	ck_assert_int_eq(faults(), 1);
	reopen();
	ck_assert_int_eq(compare(), 0);
	ck_assert_int_eq(faults(), 0);
}
END_TEST

/* One that has the file open as it was before the damage. */
START_TEST(mended_by_an_edit)
{
	put_on_list(1);
	reopen();
	ck_assert_int_eq(nk_edit_begin(p), 0);
	nk_edit_abort(p);
	damages[_i]();
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(compare(), 0);
	nk_edit_abort(p);
}
END_TEST

/* What the first bytes do not show, sync finds. */
START_TEST(mended_by_sync)
{
	int fd;

	put_on_list(1);
	ck_assert_int_ne(fd = open(place.revoked, O_WRONLY), -1);
	ck_assert_int_eq(pwrite(fd, "x", 1, 60), 1);
	close(fd);
	reopen();
	ck_assert_int_eq(compare(), -EBADMSG);
	ck_assert_int_eq(faults(), 1);
	ck_assert_int_eq(nk_publisher_sync(p, false, NULL, NULL), 0);
	ck_assert_int_eq(compare(), 0);
}
END_TEST

/* A key is better out of the store alone than nowhere. */
START_TEST(without_room)
{
	ck_assert_int_eq(mkdir(new, 0700), 0);	/* it cannot be written */
	put_on_list(1);
	ck_assert_int_lt(nk_publisher_revoked(p), 0);
	ck_assert_int_eq(compare(), -EBADMSG);
	ck_assert_int_eq(faults(), 1);
	ck_assert_int_lt(nk_publisher_sync(p, false, NULL, NULL), 0);
	reopen();
	ck_assert_int_lt(nk_publisher_revoked(p), 0);
	ck_assert_int_eq(rmdir(new), 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	nk_edit_abort(p);
	ck_assert_int_eq(nk_publisher_revoked(p), 0);
	ck_assert_int_eq(compare(), 0);
}
END_TEST

START_TEST(folder_of_others)
{
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(nk_revoked_file_write(&place.state,
	    &NK_REVOKED_FILE_NONE), -EPERM);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_int_eq(compare(), 0);
}
END_TEST

/* Whoever opens it finds a whole list, at every moment. */
static void
watch(void)
{
	uint8_t bytes[64 * 1024];
	uint64_t version, last = 0;
	ssize_t n;
	int fd;

	for (;;) {
		if ((fd = open(place.revoked, O_RDONLY | O_CLOEXEC)) == -1)
			_exit(1);
		n = read(fd, bytes, sizeof(bytes));
		close(fd);
		if (n < (ssize_t)NK_KRL_HEADER ||
		    nk_krl_get_version(bytes, &version) < 0 ||
		    version < last || (version > 0 &&
		    (uint64_t)n != NK_KRL_HEADER + 5 + version * 36))
			_exit(2);
		last = version;
	}
}

START_TEST(never_missing)
{
	int i, status;
	pid_t pid;

	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0)
		watch();
	for (i = 0; i < 200; i++)
		put_on_list(i);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("publish_revoked");
	TCase *tc = tcase_create("revoked");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, there_from_the_start);
	tcase_add_test(tc, follows_the_list);
	tcase_add_test(tc, only_when_it_changes);
	tcase_add_loop_test(tc, mended_at_open, 0, COUNT(damages));
	tcase_add_loop_test(tc, mended_by_an_edit, 0, COUNT(damages));
	tcase_add_test(tc, mended_by_sync);
	tcase_add_test(tc, without_room);
	tcase_add_test(tc, folder_of_others);
	tcase_add_test(tc, never_missing);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
