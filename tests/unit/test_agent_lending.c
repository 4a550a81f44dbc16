/* SPDX-License-Identifier: ISC */
/* A key lent over a socket: whom it answers, and when it ends. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/checker.h"
#include "lib/agent/keeper.h"
#include "lib/agent/lending.h"
#include "lib/ssh/sign.h"
#include "tests/unit/lent_agent.h"
#include "tests/unit/private_keys.h"

#define SID		"0123456789abcdef0123456789abcdef"
#define NOBODY		65534

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static struct nk_privatekey host;
static struct nk_lending *lending;
static int listener, until[2];
static volatile int *verdict;		/* of still(), shared */
static pid_t server;

static int
still(void *arg)
{
	ck_assert_ptr_eq(arg, &server);
	return *verdict;
}

static struct nk_sandbox
sandbox(void)
{
	struct nk_sandbox sb = { 64123, 64124, 20, "/proc/self/exe" };

	if (geteuid() != 0)
		sb.uid = sb.gid = (uid_t)-1;
	return sb;
}

static void
make(uid_t uid)
{
	struct nk_privatekey key;
	struct nk_hostkeys pins = { NULL, 0 };
	const struct nk_lending_terms terms = { "backup", true, uid,
	    sandbox(), still, &server };

	ck_assert_int_eq(nk_privatekey_read(ED_OPENSSH, strlen(ED_OPENSSH),
	    &policy, &key, NULL), 0);
	ck_assert_int_eq(nk_privatekey_read(P256_OPENSSH,
	    strlen(P256_OPENSSH), &policy, &host, NULL), 0);
	ck_assert_int_eq(nk_hostkeys_add(&pins, host.blob, host.blob_len),
	    0);
	listener = listen_anywhere(SOCK_STREAM);
	ck_assert_int_eq(nk_lending_new(&lending, dup(listener), &key, &pins,
	    &terms), 0);
	ck_assert_ptr_null(key.blob);
	ck_assert_ptr_null(pins.v);
}

/* Serve in a child, whose status is the result. */
static void
serve(void)
{
	verdict = mmap(NULL, sizeof(*verdict), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(verdict != MAP_FAILED);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    until), 0);
	ck_assert_int_ne(server = fork(), -1);
	if (server == 0) {
		close(until[0]);
		_exit(-nk_lending_serve(lending, until[1]));
	}
	close(until[1]);
	nk_lending_free(lending);
}

static int
result(void)
{
	int status;

	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void
setup(void)
{
	make(geteuid());
	serve();
}

static void
teardown(void)
{
	close(until[0]);
	ck_assert_int_eq(result(), 0);
	close(listener);
	nk_privatekey_clear(&host);
}

START_TEST(checks_the_socket)
{
	int fds[2], fd;

	fd = listen_anywhere(SOCK_STREAM);
	ck_assert_int_eq(nk_lending_check(fd), 0);
	close(fd);
	fd = listen_anywhere(SOCK_SEQPACKET);
	ck_assert_int_eq(nk_lending_check(fd), -EINVAL);
	close(fd);
	ck_assert_int_ne(fd = socket(AF_UNIX, SOCK_STREAM, 0), -1);
	ck_assert_int_eq(nk_lending_check(fd), -EINVAL);
	close(fd);
	ck_assert_int_ne(fd = socket(AF_INET, SOCK_STREAM, 0), -1);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(nk_lending_check(fd), -EINVAL);
	close(fd);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(nk_lending_check(fds[0]), -EINVAL);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(nk_lending_check(-1), -EINVAL);
}
END_TEST

START_TEST(answers)
{
	int a = connect_to(listener), b = connect_to(listener);

	ck_assert_int_eq(ask_for_keys(b), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(ask_for_keys(a), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(ask_for_keys(a), NK_AGENTMSG_LIST_ANSWER);
	close(a);
	ck_assert_int_eq(ask_for_keys(b), NK_AGENTMSG_LIST_ANSWER);
	close(b);
}
END_TEST

START_TEST(byte_by_byte)
{
	static const uint8_t msg[] = { 0, 0, 0, 1, NK_AGENTMSG_LIST };
	int slow = connect_to(listener), fast = connect_to(listener);
	size_t i;

	for (i = 0; i < sizeof(msg); i++) {
		ck_assert_int_eq(ask_for_keys(fast),
		    NK_AGENTMSG_LIST_ANSWER);
		ck_assert_int_eq(send(slow, msg + i, 1, 0), 1);
	}
	ck_assert_int_eq(heard(slow), NK_AGENTMSG_LIST_ANSWER);
	/* and two at once */
	ck_assert_int_eq(send(slow, msg, sizeof(msg), MSG_MORE), 5);
	ck_assert_int_eq(send(slow, msg, sizeof(msg), 0), 5);
	ck_assert_int_eq(heard(slow), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(heard(slow), NK_AGENTMSG_LIST_ANSWER);
	close(slow);
	close(fast);
}
END_TEST

START_TEST(too_many)
{
	int fds[NK_LENDING_CLIENTS + 1];
	size_t i;

	for (i = 0; i < NK_LENDING_CLIENTS; i++) {
		fds[i] = connect_to(listener);
		ck_assert_int_eq(ask_for_keys(fds[i]),
		    NK_AGENTMSG_LIST_ANSWER);
	}
	ck_assert_int_eq(ask_for_keys(fds[0]), NK_AGENTMSG_LIST_ANSWER);
	fds[i] = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(fds[i]), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(heard(fds[1]), 0);	/* silent for longest */
	for (i = 0; i <= NK_LENDING_CLIENTS; i++) {
		if (i != 1)
			ck_assert_int_eq(ask_for_keys(fds[i]),
			    NK_AGENTMSG_LIST_ANSWER);
		close(fds[i]);
	}
}
END_TEST

START_TEST(lengths)
{
	static const uint8_t none[] = { 0, 0, 0, 0 };
	static const uint8_t more[] = { 0, 0, 0x40, 1, NK_AGENTMSG_LIST };
	static const uint8_t most[] = { 0xff, 0xff, 0xff, 0xff,
	    NK_AGENTMSG_LIST };
	uint8_t msg[NK_KEEPER_MESSAGE_MAX] = { 77 };
	int fd = connect_to(listener);

	tell(fd, msg, sizeof(msg));
	ck_assert_int_eq(heard(fd), NK_AGENTMSG_FAILURE);
	ck_assert_int_eq(send(fd, more, sizeof(more), 0), 5);
	ck_assert_int_eq(heard(fd), 0);
	close(fd);
	fd = connect_to(listener);
	ck_assert_int_eq(send(fd, most, sizeof(most), 0), 5);
	ck_assert_int_eq(heard(fd), 0);
	close(fd);
	fd = connect_to(listener);
	ck_assert_int_eq(send(fd, none, sizeof(none), 0), 4);
	ck_assert_int_eq(heard(fd), 0);
	close(fd);
	fd = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(fd), NK_AGENTMSG_LIST_ANSWER);
	close(fd);
}
END_TEST

/* Who asks and never reads. */
START_TEST(does_not_wait)
{
	static const uint8_t msg[] = { 0, 0, 0, 1, NK_AGENTMSG_LIST };
	int rude = connect_to(listener), other;

	while (send(rude, msg, sizeof(msg), MSG_NOSIGNAL) > 0)
		;
	other = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(other), NK_AGENTMSG_LIST_ANSWER);
	close(other);
	close(rude);
}
END_TEST

/* OpenSSH's binding, with the signature checked in the sandbox. */
START_TEST(binds)
{
	struct nk_secret sig = NK_SECRET_NONE;
	uint8_t msg[1024];
	struct nk_wire_out o;
	int fd, wrong;

	ck_assert_int_eq(nk_sign(&host, host.type->name,
	    (const uint8_t *)SID, strlen(SID), &sig), 0);
	for (wrong = 1; wrong >= 0; wrong--) {
		sig.p[sig.len - 1] ^= 1;
		o = (struct nk_wire_out){ msg, sizeof(msg) };
		ck_assert_int_eq(nk_wire_put(&o, "\33", 1), 0);
		ck_assert_int_eq(nk_wire_put_string(&o,
		    "session-bind@openssh.com", 24), 0);
		ck_assert_int_eq(nk_wire_put_string(&o, host.blob,
		    host.blob_len), 0);
		ck_assert_int_eq(nk_wire_put_string(&o, SID, strlen(SID)),
		    0);
		ck_assert_int_eq(nk_wire_put_string(&o, sig.p, sig.len), 0);
		ck_assert_int_eq(nk_wire_put(&o, "\0", 1), 0);
		fd = connect_to(listener);
		tell(fd, msg, sizeof(msg) - o.left);
		ck_assert_int_eq(heard(fd), wrong ? NK_AGENTMSG_FAILURE :
		    NK_AGENTMSG_SUCCESS);
		close(fd);
	}
	nk_secret_clear(&sig);
}
END_TEST

static int
status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* As another user: 0, hung up; else the answer. */
static int
ask_as(uid_t uid)
{
	pid_t pid;
	int r;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (setuid(uid) == -1)
			_exit(1);
		r = connect_to(listener);
		/* it may be gone before it was asked */
		_exit(send(r, "\0\0\0\1\13", 5, MSG_NOSIGNAL) == -1 ? 0 :
		    heard(r));
	}
	return status_of(pid);
}

START_TEST(another_user)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(ask_as(NOBODY), 0);
	ck_assert_int_eq(ask_as(0), NK_AGENTMSG_LIST_ANSWER);
}
END_TEST

START_TEST(for_another_user)
{
	if (geteuid() != 0)
		return;
	make(NOBODY);
	serve();
	ck_assert_int_eq(ask_as(NOBODY), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(ask_as(NOBODY - 1), 0);
	ck_assert_int_eq(ask_as(0), NK_AGENTMSG_LIST_ANSWER);
	teardown();
}
END_TEST

/* The socket's maker may make it wait, which must not keep the key alive. */
START_TEST(a_socket_that_waits)
{
	int fd;

	ck_assert_int_eq(fcntl(listener, F_SETFL, 0), 0);
	fd = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(fd), NK_AGENTMSG_LIST_ANSWER);
	close(fd);
}
END_TEST

START_TEST(ends_when_spoken_to)
{
	int fd;

	make(geteuid());
	serve();
	fd = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(fd), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(send(until[0], "x", 1, 0), 1);
	ck_assert_int_eq(heard(fd), 0);
	close(fd);
	teardown();
}
END_TEST

START_TEST(ends_when_no_longer_lent)
{
	int fd;

	make(geteuid());
	serve();
	fd = connect_to(listener);
	ck_assert_int_eq(ask_for_keys(fd), NK_AGENTMSG_LIST_ANSWER);
	*verdict = -EACCES;
	ck_assert_int_eq(ask_for_keys(fd), 0);
	ck_assert_int_eq(result(), -EACCES);
	close(fd);
	close(until[0]);
	close(listener);
	nk_privatekey_clear(&host);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_agent_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *s = suite_create("agent_lending");
	TCase *t = tcase_create("clients");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers);
	tcase_add_test(t, byte_by_byte);
	tcase_add_test(t, too_many);
	tcase_add_test(t, lengths);
	tcase_add_test(t, does_not_wait);
	tcase_add_test(t, binds);
	tcase_add_test(t, another_user);
	tcase_add_test(t, a_socket_that_waits);
	suite_add_tcase(s, t);
	t = tcase_create("lending");
	tcase_add_test(t, checks_the_socket);
	tcase_add_test(t, for_another_user);
	tcase_add_test(t, ends_when_spoken_to);
	tcase_add_test(t, ends_when_no_longer_lent);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
