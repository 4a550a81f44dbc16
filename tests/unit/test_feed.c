/* SPDX-License-Identifier: ISC */

/* Waking processes that wait for something to change. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/publish/feed.h"
#include "tests/unit/tmp.h"

static char dir[64], path[96];

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "feed")));
	(void)snprintf(path, sizeof(path), "%s/feed", dir);
}

static void
teardown(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
hear(void)
{
	int fd;

	ck_assert_int_eq(nk_feed_listen(path, &fd), 0);
	return fd;
}

static bool
has_hung_up(int fd, int ms)
{
	struct pollfd p = { .fd = fd };

	ck_assert_int_ge(poll(&p, 1, ms), 0);
	ck_assert_int_eq(p.revents & ~POLLHUP, 0);
	return p.revents != 0;
}

/* Each hears each, until it listens anew; who comes later does not. */
START_TEST(tells)
{
	int a = hear(), b = hear(), c;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFIFO | 0600);
	ck_assert(!has_hung_up(a, 0) && !has_hung_up(b, 0));
	nk_feed_tell(path);
	ck_assert(has_hung_up(a, 0) && has_hung_up(b, 0));
	ck_assert(has_hung_up(a, 0));
	c = hear();
	ck_assert(!has_hung_up(c, 0));
	close(a);
	ck_assert(has_hung_up(b, 0));
	nk_feed_tell(path);
	nk_feed_tell(path);
	ck_assert(has_hung_up(c, 0));
	close(b);
	close(c);
}
END_TEST

START_TEST(nobody_listens)
{
	int fd;

	nk_feed_tell(path);			/* no FIFO */
	ck_assert_int_eq(access(path, F_OK), -1);
	fd = hear();
	close(fd);
	nk_feed_tell(path);
	fd = hear();
	ck_assert(!has_hung_up(fd, 0));
	close(fd);
}
END_TEST

/* A writer that takes its time: nothing is missed by who comes meanwhile. */
START_TEST(slow_writer)
{
	int a = hear(), b, writer;

	ck_assert_int_ne(writer = open(path, O_WRONLY | O_NONBLOCK), -1);
	b = hear();
	ck_assert(!has_hung_up(a, 0));
	close(writer);
	ck_assert(has_hung_up(a, 0) && has_hung_up(b, 0));
	close(a);
	close(b);
}
END_TEST

START_TEST(wakes_another_process)
{
	int ready[2], fd, status;
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		fd = hear();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(has_hung_up(fd, 30000) ? 0 : 1);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	nk_feed_tell(path);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(what_is_not_ours)
{
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(chmod(path, 0620), 0);
	ck_assert_int_eq(nk_feed_listen(path, &fd), -EPERM);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_ne(fd = open(path, O_CREAT | O_RDWR, 0600), -1);
	close(fd);
	ck_assert_int_eq(nk_feed_listen(path, &fd), -EPERM);
	nk_feed_tell(path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert_int_eq(nk_feed_listen(path, &fd), -ELOOP);
	nk_feed_tell(path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("feed");
	TCase *tc = tcase_create("feed");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, tells);
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, slow_writer);
	tcase_add_test(tc, wakes_another_process);
	tcase_add_test(tc, what_is_not_ours);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
