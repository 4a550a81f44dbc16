/* SPDX-License-Identifier: ISC */

/* session.db: token buckets, reserved ids, and a file that gets damaged. */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "lib/store/session.h"
#include "tests/unit/session_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* ---- token buckets ---- */

static const struct {
	const char	*what;
	struct {
		int64_t		now;
		uint32_t	count, period;
		int		want;
	} step[10];
} buckets[] = {
	{ "count, then no more", {
		{ 100, 3, 60, 0 }, { 100, 3, 60, 0 }, { 100, 3, 60, 0 },
		{ 100, 3, 60, -EAGAIN }, { 100, 3, 60, -EAGAIN },
		{ 119, 3, 60, -EAGAIN }, { 120, 3, 60, 0 },
		{ 120, 3, 60, -EAGAIN }, { 140, 3, 60, 0 } } },
	{ "full again, not fuller", {
		{ 100, 2, 10, 0 }, { 100, 2, 10, 0 },
		{ 9999, 2, 10, 0 }, { 9999, 2, 10, 0 },
		{ 9999, 2, 10, -EAGAIN } } },
	{ "parts of a token add up", {
		{ 0, 1, 3, 0 }, { 1, 1, 3, -EAGAIN }, { 2, 1, 3, -EAGAIN },
		{ 3, 1, 3, 0 }, { 4, 1, 3, -EAGAIN }, { 6, 1, 3, 0 } } },
	{ "time going back gives nothing, takes nothing", {
		{ 1000, 2, 10, 0 }, { 1000, 2, 10, 0 },
		{ 5, 2, 10, -EAGAIN }, { 6, 2, 10, -EAGAIN },
		{ 4, 2, 10, -EAGAIN }, { 9, 2, 10, 0 },
		{ 9, 2, 10, -EAGAIN } } },
	{ "back and forth is no pump", {
		{ 100, 1, 10, 0 }, { 95, 1, 10, -EAGAIN },
		{ 100, 1, 10, -EAGAIN }, { 95, 1, 10, -EAGAIN },
		{ 99, 1, 10, -EAGAIN } } },
	{ "the ends of time", {
		{ INT64_MIN, 1, 10, 0 }, { INT64_MIN, 1, 10, -EAGAIN },
		{ INT64_MAX, 1, 10, 0 }, { INT64_MAX, 1, 10, -EAGAIN },
		{ INT64_MIN, 1, 10, -EAGAIN } } },
	{ "none at all", {
		{ 100, 0, 10, -EAGAIN }, { 9999, 0, 10, -EAGAIN } } },
	{ "the largest", {
		{ 0, 0x7fffffff, 0x7fffffff, 0 },
		{ 0, 0x7fffffff, 0x7fffffff, 0 },
		{ INT64_MAX, 0x7fffffff, 0x7fffffff, 0 } } },
	{ "too large, or no period", {
		{ 0, 0x80000000u, 1, -EINVAL }, { 0, 1, 0x80000000u, -EINVAL },
		{ 0, 1, 0, -EINVAL } } },
	{ "a setting made smaller", {
		{ 100, 10, 60, 0 }, { 100, 2, 60, 0 }, { 100, 2, 60, 0 },
		{ 100, 2, 60, -EAGAIN } } },
	{ "another period keeps the tokens left", {
		{ 100, 3, 60, 0 }, { 100, 3, 5, 0 }, { 100, 3, 600, 0 },
		{ 100, 3, 60, -EAGAIN } } },
};

START_TEST(bucket)
{
	int i, r;

	for (i = 0; i < 10; i++) {
		if (buckets[_i].step[i].period == 0 &&
		    buckets[_i].step[i].want == 0)
			break;
		r = nk_session_rate(ss, "edit:1000",
		    buckets[_i].step[i].count, buckets[_i].step[i].period,
		    buckets[_i].step[i].now);
		ck_assert_msg(r == buckets[_i].step[i].want,
		    "%s, step %d: got %d", buckets[_i].what, i, r);
		/* another subject's is another bucket */
		if (i == 0 && buckets[_i].step[0].want == 0) {
			ck_assert_int_eq(nk_session_rate(ss, "edit:100", 1,
			    9, buckets[_i].step[0].now), 0);
		}
	}
}
END_TEST

START_TEST(shared)
{
	struct nk_session *other;

	ck_assert_int_eq(nk_session_open(&other, path), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(other, "a", 2, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), -EAGAIN);
	ck_assert_int_eq(nk_session_rate_forget(ss, "b"), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), -EAGAIN);
	ck_assert_int_eq(nk_session_rate_forget(other, "a"), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), -EAGAIN);
	nk_session_close(ss);
	ck_assert_int_eq(nk_session_rate(other, "a", 2, 60, 10), -EAGAIN);
	nk_session_close(other);
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 2, 60, 10), -EAGAIN);
}
END_TEST

/* Many processes at once take exactly as many tokens as there are. */
START_TEST(contended)
{
	int i, j, r, status, taken = 0;

	nk_session_close(ss);
	ss = NULL;
	for (i = 0; i < 4; i++) {
		if (fork() == 0) {
			if (nk_session_open(&ss, path) < 0)
				_exit(200);
			for (j = 0; j < 20; j++) {
				r = nk_session_rate(ss, "a", 50, 600, 10);
				if (r < 0 && r != -EAGAIN)
					_exit(201);
				taken += r == 0;
			}
			_exit(taken);
		}
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status));
		ck_assert_int_lt(WEXITSTATUS(status), 200);
		taken += WEXITSTATUS(status);
	}
	ck_assert_int_eq(taken, 50);
}
END_TEST

START_TEST(many_subjects)
{
	char subject[32];
	struct stat st, empty;
	int i;

	nk_session_close(ss);
	ck_assert_int_eq(stat(path, &empty), 0);
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	/* buckets that are full again go, so the file stays small */
	for (i = 0; i < 3000; i++) {
		(void)snprintf(subject, sizeof(subject), "edit:%d", i);
		ck_assert_int_eq(nk_session_rate(ss, subject, 5, 10, i), 0);
	}
	nk_session_close(ss);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_size - empty.st_size, 16384);
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
}
END_TEST

/* ---- reserved ids ---- */

START_TEST(reserved)
{
	struct nk_session *other;
	enum nk_reserve_kind u = NK_RESERVE_UID, g = NK_RESERVE_GID;

	ck_assert_int_eq(nk_session_open(&other, path), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, 3000, 100), 0);
	ck_assert_int_eq(nk_session_reserve(ss, u, 3000, 100, 60), 0);
	ck_assert_int_eq(nk_session_is_reserved(other, u, 3000, 100), 1);
	ck_assert_int_eq(nk_session_is_reserved(other, g, 3000, 100), 0);
	ck_assert_int_eq(nk_session_is_reserved(other, u, 3001, 100), 0);
	ck_assert_int_eq(nk_session_reserve(other, u, 3000, 159, 60),
	    -EEXIST);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, 3000, 159), 1);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, 3000, 160), 0);
	ck_assert_int_eq(nk_session_reserve(other, u, 3000, 160, 60), 0);
	ck_assert_int_eq(nk_session_reserve(other, g, 3000, 160, 60), 0);
	ck_assert_int_eq(nk_session_unreserve(ss, u, 3000), 0);
	ck_assert_int_eq(nk_session_unreserve(ss, u, 3000), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, 3000, 170), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, g, 3000, 170), 1);
	/* made in "the future": by an earlier boot */
	ck_assert_int_eq(nk_session_is_reserved(ss, g, 3000, 159), 0);
	ck_assert_int_eq(nk_session_reserve(ss, g, 3000, 5, 60), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, g, 3000, 64), 1);
	ck_assert_int_eq(nk_session_is_reserved(ss, g, 3000, 65), 0);
	/* the ends */
	ck_assert_int_eq(nk_session_reserve(ss, u, UINT32_MAX, INT64_MAX - 1,
	    UINT32_MAX), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, UINT32_MAX,
	    INT64_MAX - 1), 1);
	ck_assert_int_eq(nk_session_reserve(ss, u, 7, 100, 0), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, u, 7, 100), 0);
	nk_session_close(other);
}
END_TEST

/* ---- the file ---- */

START_TEST(private)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	mode_t old = umask(0);
	char name[128];
	struct stat st;
	int i;

	make_dir();
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 1, 1), 0);
	umask(old);
	for (i = 0; i < N(suffix); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffix[i]);
		ck_assert_int_eq(stat(name, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
	}
	nk_session_close(ss);
	ss = NULL;
	/* and others' are refused, not used */
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(nk_session_open(&ss, path), -EPERM);
	ck_assert_ptr_null(ss);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(nk_session_open(&ss, path), -ELOOP);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(nk_session_open(&ss, path), -EPERM);
	teardown_session();
}
END_TEST

/* A full tmpfs keeps nobody from what asks nothing of this file. */
START_TEST(full)
{
	static const char zeros[4096];
	char ballast[128];
	int fd;

	make_dir();
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size=256k") == -1) {
		teardown_session();
		return;		/* not allowed to mount here */
	}
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	nk_session_close(ss);
	(void)snprintf(ballast, sizeof(ballast), "%s/ballast", dir);
	ck_assert_int_ne(fd = open(ballast, O_WRONLY | O_CREAT, 0600), -1);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	close(fd);
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), -ENOSPC);
	ck_assert_int_eq(nk_session_is_reserved(ss, NK_RESERVE_UID, 3000,
	    10), -ENOSPC);
	ck_assert_int_eq(unlink(ballast), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), -EAGAIN);
	nk_session_close(ss);
	ss = NULL;
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	teardown_session();
}
END_TEST

static void
overwrite(const char *text, off_t at, off_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	if (size >= 0)
		ck_assert_int_eq(ftruncate(fd, size), 0);
	if (text != NULL)
		ck_assert_int_eq(pwrite(fd, text, strlen(text), at),
		    (int)strlen(text));
	close(fd);
}

static const struct {
	const char	*what;
	const char	*text;
	off_t		 at, size;
} damages[] = {
	{ "text in its place",	"this is no database at all, is it?", 0, 0 },
	{ "other magic",	"SQLite format 4", 0, -1 },
	{ "cut to a page",	NULL, 0, 4096 },
	{ "cut within a page",	NULL, 0, 5000 },
	{ "empty",		NULL, 0, 0 },
	{ "schema overwritten",	"XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", 100, -1 },
	{ "version overwritten",	"\1\1\1\1", 60, -1 },
	{ "application overwritten",	"\1\1\1\1", 68, -1 },
};

START_TEST(damaged)
{
	struct nk_session *other;

	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), 0);
	ck_assert_int_eq(nk_session_reserve(ss, NK_RESERVE_UID, 3000, 10,
	    60), 0);
	nk_session_close(ss);
	ss = NULL;
	overwrite(damages[_i].text, damages[_i].at, damages[_i].size);
	ck_assert_msg(nk_session_open(&ss, path) == 0, "%s",
	    damages[_i].what);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), -EAGAIN);
	ck_assert_int_ge(nk_session_is_reserved(ss, NK_RESERVE_UID, 3000,
	    10), 0);
	/* who comes later shares the new one */
	ck_assert_int_eq(nk_session_open(&other, path), 0);
	ck_assert_int_eq(nk_session_rate(other, "a", 1, 60, 10), -EAGAIN);
	nk_session_close(other);
}
END_TEST

/* Damage that shows only when a table is read, while the file is open. */
START_TEST(damaged_later)
{
	char junk[4096 * 64 + 1];
	struct stat st;

	ck_assert_int_eq(nk_session_rate(ss, "a", 1, 60, 10), 0);
	nk_session_close(ss);	/* moves the log into the file */
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, 4096 * 2);
	ck_assert_int_lt(st.st_size, (off_t)sizeof(junk));
	memset(junk, 'x', sizeof(junk));
	junk[(size_t)st.st_size - 4096] = '\0';
	overwrite(junk, 4096, -1);
	ck_assert_int_eq(nk_session_rate(ss, "b", 1, 60, 10), 0);
	ck_assert_int_eq(nk_session_rate(ss, "b", 1, 60, 10), -EAGAIN);
	ck_assert_int_eq(nk_session_reserve(ss, NK_RESERVE_GID, 5, 1, 9), 0);
	ck_assert_int_eq(nk_session_is_reserved(ss, NK_RESERVE_GID, 5, 1),
	    1);
}
END_TEST

/* Several find it damaged at once: one new file, shared by all. */
START_TEST(damaged_for_all)
{
	int i, round, status, taken, opened[2], go[2];
	char c = 0;

	for (round = 0; round < 5; round++) {
		nk_session_close(ss);
		ss = NULL;
		overwrite("garbage garbage garbage", 0, 0);
		ck_assert_int_eq(pipe(opened) | pipe(go), 0);
		for (i = 0; i < 6; i++) {
			if (fork() == 0) {
				close(go[1]);
				if (nk_session_open(&ss, path) < 0 ||
				    write(opened[1], &c, 1) != 1)
					_exit(2);
				/* all must be done with the old file */
				if (read(go[0], &c, 1) != 0)
					_exit(2);
				_exit(nk_session_rate(ss, "a", 3, 600,
				    10) == 0);
			}
		}
		close(opened[1]);
		for (i = 0; i < 6; i++)
			ck_assert_int_eq(read(opened[0], &c, 1), 1);
		close(opened[0]);
		close(go[0]);
		close(go[1]);
		for (i = taken = 0; i < 6; i++) {
			ck_assert_int_gt(wait(&status), 0);
			ck_assert(WIFEXITED(status));
			ck_assert_int_le(WEXITSTATUS(status), 1);
			taken += WEXITSTATUS(status);
		}
		ck_assert_int_eq(taken, 3);
		ck_assert_int_eq(nk_session_open(&ss, path), 0);
	}
}
END_TEST

/* A killed helper leaves a file that serves on. */
START_TEST(killed)
{
	char subject[32];
	int i, round, status;
	pid_t pid;

	for (round = 0; round < 8; round++) {
		if ((pid = fork()) == 0) {
			for (i = 0;; i++) {
				(void)snprintf(subject, sizeof(subject),
				    "s%d", i % 100);
				if (nk_session_open(&ss, path) < 0 ||
				    nk_session_rate(ss, subject, 99, 60,
				    i) < 0)
					_exit(1);
				nk_session_close(ss);
			}
		}
		usleep((useconds_t)(2000 + round * 900));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		/* not made anew: what was taken before is still taken */
		ck_assert_int_eq(nk_session_rate(ss, "mine", 1, 60, 10),
		    round == 0 ? 0 : -EAGAIN);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("alone");

	tcase_add_test(tc, private);
	tcase_add_test(tc, full);
	suite_add_tcase(suite, tc);
	tc = tcase_create("session");
	tcase_add_checked_fixture(tc, setup_session, teardown_session);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, bucket, 0, N(buckets));
	tcase_add_test(tc, shared);
	tcase_add_test(tc, contended);
	tcase_add_test(tc, many_subjects);
	tcase_add_test(tc, reserved);
	tcase_add_loop_test(tc, damaged, 0, N(damages));
	tcase_add_test(tc, damaged_later);
	tcase_add_test(tc, damaged_for_all);
	tcase_add_test(tc, killed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
