/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/network.h"
#include "lib/account/runner.h"
#include "lib/fullio.h"
#include "lib/monotonic.h"
#include "lib/sshservice/interfaces.h"
#include "tests/unit/tmp.h"

#define WAIT_MS		20000
#define STRANGER	23009
#define LONG		300000

/* ---- what is done ---- */

static int
echo(void *arg, int fd)
{
	const struct nk_network_arg *a = arg;

	return nk_write_full(fd, a->bytes, a->len) < 0;
}

static int
end_badly(void *arg, int fd)
{
	(void)arg;
	return nk_write_full(fd, "why", 3) < 0 ? 99 : 3;
}

static int
die(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	abort();
}

/* Say who it is, and stay. */
static int
stay(void *arg, int fd)
{
	const pid_t pid = getpid();

	(void)arg;
	if (nk_write_full(fd, &pid, sizeof(pid)) < 0)
		return 1;
	for (;;)
		(void)pause();
}

static int
packets(void *arg, int fd)
{
	char bytes[64];
	ssize_t n;

	(void)arg;
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
			return 1;
	return 0;
}

static const struct nk_network_work echo_work = { "echo", echo };
static const struct nk_network_work fail_work = { "fail", end_badly };
static const struct nk_network_work die_work = { "die", die };
static const struct nk_network_work stay_work = { "stay", stay };
static const struct nk_network_work packets_work = { "packets", packets };
static const struct nk_network_work unknown_work = { "unknown", echo };
static const struct nk_network_work *const works[] = {
	&echo_work, &fail_work, &die_work, &stay_work, &packets_work,
	&nk_runner_work, &nk_interfaces_work, NULL,
};

/* ---- the other side ---- */

static struct sockaddr_un	address;
static int			listening;
static pid_t			server;

static char			dir[80];

static void
listen_there(void)
{

	address.sun_family = AF_UNIX;
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "net")));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path),
	    "%s/sock", dir);
	ck_assert_int_ne(listening = socket(AF_UNIX, SOCK_STREAM |
	    SOCK_CLOEXEC, 0), -1);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
	ck_assert_int_eq(listen(listening, 16), 0);
}

static void
leave(void)
{
	close(listening);
	(void)unlink(address.sun_path);
	(void)rmdir(dir);
}

static void
serve(void)
{
	int fd;

	while ((fd = accept(listening, NULL, NULL)) != -1) {
		if (fork() == 0)
			_exit(nk_network_serve(fd, works) < 0);
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
	_exit(1);
}

static void
start(void)
{
	listen_there();
	if ((server = fork()) == 0)
		serve();
	ck_assert_int_ne(server, -1);
	nk_network_use(address.sun_path);
	ck_assert_str_eq(nk_network_path(), address.sun_path);
}

static void
stop(void)
{
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	leave();
}

static void
wait_until_gone(pid_t pid)
{
	int64_t end = nk_monotonic_ms() + WAIT_MS;

	while (kill(pid, 0) == 0 && nk_monotonic_ms() < end)
		(void)poll(NULL, 0, 20);
	ck_assert_int_eq(kill(pid, 0), -1);
}

/* ---- work there, and here ---- */

static char text[LONG], got[LONG];

START_TEST(answers)
{
	static const size_t len[] = { 0, 1, 4096, LONG };
	size_t i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		memset(got, 0, sizeof(got));
		ck_assert_int_eq(nk_network_ask(&echo_work, text, len[i], 60,
		    got, len[i]), 0);
		ck_assert_int_eq(memcmp(got, text, len[i]), 0);
	}
	ck_assert_int_eq(nk_network_ask(&echo_work, text, 5, 60, got, 4),
	    -EIO);
	ck_assert_int_eq(nk_network_ask(&echo_work, text, 5, 60, got, 6),
	    -EIO);
	ck_assert_int_eq(nk_network_ask(&fail_work, NULL, 0, 60, got, 3),
	    -EIO);
	ck_assert_int_eq(nk_network_ask(&die_work, NULL, 0, 60, got, 3),
	    -EIO);
}
END_TEST

START_TEST(speaks)
{
	struct nk_child ch;
	char word[6] = "";
	int i;

	ck_assert_int_eq(nk_network_child(&packets_work, NULL, 0, &ch), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(nk_child_exchange(&ch, "hello", 6, NULL, 60,
		    word, sizeof(word)), 0);
		ck_assert_str_eq(word, "hello");
	}
	nk_child_stop(&ch);
	ck_assert_int_eq(ch.fd, -1);
	ck_assert_int_eq(ch.control, -1);
}
END_TEST

/* It is gone when the time is over, and when it is stopped. */
static int
take_pid(void *arg, const void *bytes, size_t len)
{
	ck_assert_uint_eq(len, sizeof(pid_t));
	memcpy(arg, bytes, len);
	return 0;
}

START_TEST(ends_in_time)
{
	struct nk_child ch;
	pid_t pid = 0;

	ck_assert_int_eq(nk_network_run(&stay_work, NULL, 0, 1, take_pid,
	    &pid), -ETIMEDOUT);
	ck_assert_int_gt(pid, 0);
	wait_until_gone(pid);
	ck_assert_int_eq(nk_network_child(&stay_work, NULL, 0, &ch), 0);
	ck_assert_int_eq(recv(ch.fd, &pid, sizeof(pid), 0),
	    (ssize_t)sizeof(pid));
	nk_child_stop(&ch);
	wait_until_gone(pid);
}
END_TEST

/* MUST 3 */
START_TEST(ends_with_who_asked)
{
	struct nk_child ch;
	int fds[2];
	pid_t asker, pid = 0;

	ck_assert_int_eq(pipe(fds), 0);
	if ((asker = fork()) == 0) {
		if (nk_network_child(&stay_work, NULL, 0, &ch) < 0 ||
		    recv(ch.fd, &pid, sizeof(pid), 0) < 0 ||
		    write(fds[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &pid, sizeof(pid)),
	    (ssize_t)sizeof(pid));
	ck_assert_int_eq(kill(pid, 0), 0);
	ck_assert_int_eq(kill(asker, SIGKILL), 0);
	ck_assert_int_eq(waitpid(asker, NULL, 0), asker);
	wait_until_gone(pid);
	close(fds[0]);
}
END_TEST

START_TEST(runs_programs)
{
	struct nk_runner p = { .path = "/bin/sh", .args = { "-c",
	    "echo \"$0|$1\"; cat /dev/fd/4; exit $2", "a b", "", "0" },
	    .input = "in\0put", .input_len = 6, .seconds = 60, .max = 256,
	    .network = true };
	char *said;
	size_t len;

	ck_assert_int_eq(nk_runner_run(&p, &said, &len), 0);
	ck_assert_uint_eq(len, 11);
	ck_assert_int_eq(memcmp(said, "a b|\nin\0put", len), 0);
	free(said);
	p.args[4] = "7";
	ck_assert_int_eq(nk_runner_run(&p, &said, &len), -EIO);
	free(said);
	p.input = NULL;
	p.args[1] = "sleep 60";
	p.seconds = 1;
	ck_assert_int_eq(nk_runner_run(&p, &said, &len), -ETIMEDOUT);
	ck_assert_ptr_null(said);
}
END_TEST

static int
note(void *arg, const char *name, const char *addr)
{
	char *list = arg;
	size_t len = strlen(list);

	(void)snprintf(list + len, 4096 - len, "%s %s\n", name, addr);
	return 0;
}

static int
stop_at_once(void *arg, const char *name, const char *addr)
{
	(void)name;
	(void)addr;
	return ++*(int *)arg;
}

START_TEST(names_interfaces)
{
	char there[4096] = "", here[4096] = "";
	int n = 0;

	ck_assert_int_eq(nk_interfaces_each(note, there), 0);
	nk_network_use(NULL);
	ck_assert_int_eq(nk_interfaces_each(note, here), 0);
	ck_assert_str_eq(there, here);
	nk_network_use(address.sun_path);
	if (here[0] != '\0') {
		ck_assert_int_eq(nk_interfaces_each(stop_at_once, &n), 1);
		ck_assert_int_eq(n, 1);
	}
}
END_TEST

/* ---- nobody there: MUST 1 ---- */

START_TEST(nobody)
{
	static const char *const paths[] = { "/nonexistent/sock", "/dev/null",
	    "/0123456789012345678901234567890123456789012345678901234567890"
	    "1234567890123456789012345678901234567890123456789012345" };
	struct nk_child ch;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		nk_network_use(paths[i]);
		ck_assert_int_eq(nk_network_ask(&echo_work, "x", 1, 60, got,
		    1), -ECONNREFUSED);
		ck_assert_int_eq(nk_network_child(&packets_work, NULL, 0,
		    &ch), -ECONNREFUSED);
		ck_assert_int_eq(ch.fd, -1);
	}
	nk_network_use(address.sun_path);
	ck_assert_int_eq(nk_network_ask(&unknown_work, "x", 1, 60, got, 1),
	    -ECONNREFUSED);
	stop();
	ck_assert_int_eq(nk_network_ask(&echo_work, "x", 1, 60, got, 1),
	    -ECONNREFUSED);
	nk_network_use(NULL);
	ck_assert_int_eq(nk_network_ask(&echo_work, "x", 1, 60, got, 1), 0);
}
END_TEST

/* ---- what the other side takes ---- */

enum spoil { NOTHING, VERSION, NAME, UNENDED, LENGTH, SHORT, NO_FD, HANG_UP };

static const struct {
	enum spoil	spoil;
	int		want;
} asked[] = {
	{ NOTHING, 0 }, { VERSION, -EPROTONOSUPPORT }, { NAME, -ENOSYS },
	{ UNENDED, -EBADMSG }, { LENGTH, -EBADMSG }, { SHORT, -EBADMSG },
	{ NO_FD, -EBADMSG }, { HANG_UP, -EPIPE },
};

START_TEST(looks_at_requests)
{
	struct nk_network_head h = { NK_VERSION, "echo", 1 };
	enum spoil s = asked[_i].spoil;
	int pair[2], answer[2];
	char c = 'x';

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(pipe(answer), 0);
	if (s == VERSION)
		h.version[0] = '?';
	if (s == NAME)
		h.work[0] = 'E';
	if (s == UNENDED)
		memset(h.work, 'e', sizeof(h.work));
	if (s == LENGTH)
		h.len = NK_NETWORK_BYTES_MAX + 1;
	if (s != HANG_UP)
		ck_assert_int_eq(nk_child_tell(pair[0], &h,
		    s == SHORT ? 8 : sizeof(h),
		    s == NO_FD ? NULL : &answer[1]), 0);
	if (s == NOTHING)
		ck_assert_int_eq(write(pair[0], &c, 1), 1);
	if (s == HANG_UP || s == SHORT)
		ck_assert_int_eq(shutdown(pair[0], SHUT_WR), 0);
	close(answer[1]);
	ck_assert_int_eq(nk_network_serve(pair[1], works), asked[_i].want);
	c = 0;
	ck_assert_int_eq(read(answer[0], &c, 1), s == NOTHING ? 1 : 0);
	ck_assert_int_eq(c, s == NOTHING ? 'x' : 0);
	close(pair[0]);
	close(pair[1]);
	close(answer[0]);
}
END_TEST

/* MUST 2 */
START_TEST(refuses_strangers)
{
	pid_t pid;
	int fd;

	if (geteuid() != 0)
		return;
	listen_there();
	if ((pid = fork()) == 0) {
		if (setresuid(STRANGER, STRANGER, STRANGER) == -1)
			_exit(1);
		nk_network_use(address.sun_path);
		_exit(nk_network_ask(&echo_work, "x", 1, 60, got, 1) < 0 ?
		    0 : 2);
	}
	ck_assert_int_ne(fd = accept(listening, NULL, NULL), -1);
	ck_assert_int_eq(nk_network_serve(fd, works), -EPERM);
	close(fd);
	ck_assert_int_eq(waitpid(pid, &fd, 0), pid);
	ck_assert_int_eq(fd, 0);
	leave();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("account_network");
	TCase *there = tcase_create("there"), *here = tcase_create("here");
	TCase *parts = tcase_create("parts");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(there, 120);
	tcase_add_checked_fixture(there, start, stop);
	tcase_add_test(there, answers);
	tcase_add_test(there, speaks);
	tcase_add_test(there, ends_in_time);
	tcase_add_test(there, ends_with_who_asked);
	tcase_add_test(there, runs_programs);
	tcase_add_test(there, names_interfaces);
	tcase_add_test(there, nobody);
	tcase_set_timeout(here, 120);
	tcase_add_test(here, answers);
	tcase_add_test(here, speaks);
	tcase_add_test(here, ends_in_time);
	tcase_set_timeout(parts, 120);
	tcase_add_loop_test(parts, looks_at_requests, 0,
	    (int)(sizeof(asked) / sizeof(asked[0])));
	tcase_add_test(parts, refuses_strangers);
	suite_add_tcase(s, there);
	suite_add_tcase(s, here);
	suite_add_tcase(s, parts);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
