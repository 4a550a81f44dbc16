/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/runner.h"
#include "lib/monotonic.h"

#define MAX	256
#define WAIT_MS	20000

/* ---- what it says and how it ends ---- */

static const struct {
	const char	*script;
	int		 r;
	const char	*text;		/* NULL: none */
} runs[] = {
	{ "echo out; echo err >&2", 0, "out\nerr\n" },
	{ "exit 0", 0, "" },
	{ "echo why; exit 3", -EIO, "why\n" },
	{ "kill -9 $$", -EIO, "" },
	{ "cat", 0, "" },
	{ "head -c 257 /dev/zero", -E2BIG, NULL },
	{ "sleep 60", -ETIMEDOUT, NULL },
	{ "exec >&- 2>&-; sleep 60", -ETIMEDOUT, NULL },
};

START_TEST(runs_it)
{
	const struct nk_runner p = {
		.path = "/bin/sh", .args = { "-c", runs[_i].script },
		.seconds = _i < 6 ? 20 : 1, .max = MAX,
	};
	char *text;
	size_t len;
	int r;

	r = nk_runner_run(&p, &text, &len);
	ck_assert_msg(r == runs[_i].r, "%s: %d", runs[_i].script, r);
	ck_assert(runs[_i].text == NULL ? text == NULL :
	    strcmp(text, runs[_i].text) == 0);
	free(text);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}
END_TEST

START_TEST(no_program)
{
	const struct nk_runner p = {
		.path = "/nonexistent", .seconds = 20, .max = MAX,
	};
	char *text;
	size_t len;

	ck_assert_int_eq(nk_runner_run(&p, &text, &len), -ENOENT);
	ck_assert_ptr_null(text);
}
END_TEST

/* ---- the time is over for what it has started, too ---- */

static const char *const starts[] = {
	"sleep 60 & echo $! >$P; wait",
	"sleep 60 & echo $! >$P",
	"exec >&- 2>&-; sleep 60 & echo $! >$P; wait",
};

static bool
is_gone(pid_t pid)
{
	char path[64], line[256] = "";
	const char *state;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return true;
	state = fgets(line, sizeof(line), f);
	fclose(f);
	/* nobody may be there to take its status */
	return state == NULL || strstr(line, ") Z ") != NULL;
}

START_TEST(ends_all)
{
	char path[] = "/tmp/naskeys-runner.XXXXXX", script[256];
	struct nk_runner p = {
		.path = "/bin/sh", .args = { "-c", script }, .seconds = 1,
		.max = MAX,
	};
	int64_t end = nk_monotonic_ms() + WAIT_MS;
	char *text;
	size_t len;
	FILE *f;
	pid_t pid = 0;
	int fd;

	ck_assert_int_ne(fd = mkstemp(path), -1);
	(void)snprintf(script, sizeof(script), "P=%s; %s", path,
	    starts[_i]);
	ck_assert_int_eq(nk_runner_run(&p, &text, &len), -ETIMEDOUT);
	ck_assert_ptr_nonnull(f = fdopen(fd, "r"));
	ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	(void)unlink(path);
	while (!is_gone(pid) && nk_monotonic_ms() < end)
		(void)poll(NULL, 0, 20);
	ck_assert_msg(is_gone(pid), "%s: %d runs on", starts[_i], pid);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("runner");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, runs_it, 0, sizeof(runs) / sizeof(runs[0]));
	tcase_add_test(tc, no_program);
	tcase_add_loop_test(tc, ends_all, 0,
	    sizeof(starts) / sizeof(starts[0]));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
