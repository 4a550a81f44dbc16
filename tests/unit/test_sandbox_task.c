/* SPDX-License-Identifier: ISC */
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/monotonic.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/sandbox.h"

#define NET_UID	64123
#define NET_GID	64124
#define WAIT_MS	20000

/* As root the child becomes somebody else; else it stays who it is. */
static struct nk_sandbox
sandbox(void)
{
	struct nk_sandbox sb = { NET_UID, NET_GID, 20, "/proc/self/exe" };

	if (geteuid() != 0)
		sb.uid = sb.gid = (uid_t)-1;
	return sb;
}

static struct nk_sandbox_child
start(const char *task, const int *fds, size_t n)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_sandbox_child c;

	ck_assert_int_eq(nk_sandbox_start(&sb, task, fds, n, &c), 0);
	return c;
}

static void
end(struct nk_sandbox_child *c)
{
	nk_sandbox_end(c);
	ck_assert(c->pid == -1 && c->pidfd == -1 && c->fd == -1);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* The result; *bytes and *typep where it is 0, and no descriptor. */
static int
hear(const struct nk_sandbox_child *c, uint32_t *typep,
    struct nk_secret *bytes)
{
	int fd, r;

	r = nk_sandbox_hear(c, nk_monotonic_ms() + WAIT_MS, typep, bytes,
	    &fd);
	ck_assert_int_eq(fd, -1);
	return r;
}

/* ---- messages ---- */

/* In the child: a message without bytes, also by whom sendmsg(2) ends. */
static void
say(uint32_t type)
{
	const uint32_t packet[2] = { NK_SANDBOX_VERSION, type };

	if (send(0, packet, sizeof(packet), MSG_NOSIGNAL) == -1)
		_exit(1);
}

/* Answers each, one type higher, until one of type 0. */
static void
echo(size_t n)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type = 1;

	(void)n;
	while (nk_sandbox_listen(&type, &bytes) == 0 && type != 0 &&
	    nk_sandbox_say(type + 1, bytes.p, bytes.len, -1) == 0)
		;
	nk_secret_clear(&bytes);
}

static const size_t lengths[] = { 0, 1, 4096, NK_SANDBOX_MESSAGE_MAX };

START_TEST(answers)
{
	struct nk_sandbox_child c = start("echo", NULL, 0);
	struct nk_secret said = NK_SECRET_NONE, heard = NK_SECRET_NONE;
	uint32_t type;
	size_t i, k;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ck_assert_int_eq(nk_secret_reserve(&said, lengths[i]), 0);
		for (k = 0; k < lengths[i]; k++)
			said.p[k] = (uint8_t)(k * 13 + i);
		ck_assert_int_eq(nk_sandbox_tell(&c, 7, said.p, lengths[i]),
		    0);
		ck_assert_int_eq(hear(&c, &type, &heard), 0);
		ck_assert_uint_eq(type, 8);
		ck_assert_uint_eq(heard.len, lengths[i]);
		ck_assert(heard.len == 0 ||
		    memcmp(heard.p, said.p, heard.len) == 0);
		ck_assert_int_eq(heard.p[heard.len], 0);
	}
	ck_assert_int_eq(nk_sandbox_tell(&c, 7, said.p,
	    NK_SANDBOX_MESSAGE_MAX + 1), -E2BIG);
	ck_assert_int_eq(nk_sandbox_tell(&c, 0, NULL, 0), 0);
	ck_assert_int_eq(hear(&c, &type, &heard), -EPIPE);
	ck_assert_int_eq(nk_sandbox_tell(&c, 7, "x", 1), -EPIPE);
	nk_secret_clear(&said);
	nk_secret_clear(&heard);
	end(&c);
}
END_TEST

START_TEST(waits_until_the_end)
{
	struct nk_sandbox_child c = start("echo", NULL, 0);
	struct nk_secret heard = NK_SECRET_NONE;
	int64_t begin = nk_monotonic_ms();
	uint32_t type;
	int fd;

	ck_assert_int_eq(nk_sandbox_hear(&c, begin + 300, &type, &heard,
	    &fd), -ETIMEDOUT);
	ck_assert_int_ge(nk_monotonic_ms(), begin + 300);
	ck_assert_int_eq(nk_sandbox_hear(&c, begin, &type, &heard, &fd),
	    -ETIMEDOUT);
	nk_secret_clear(&heard);
	end(&c);		/* and it is ended where it waits */
}
END_TEST

START_TEST(refused_starts)
{
	const int fds[NK_SANDBOX_SOCKETS_MAX + 1] = { 0 };
	const struct nk_sandbox sb = sandbox();
	struct nk_sandbox_child c;
	struct nk_secret heard = NK_SECRET_NONE;
	uint32_t type;

	ck_assert_int_eq(nk_sandbox_start(&sb, "echo", fds,
	    NK_SANDBOX_SOCKETS_MAX + 1, &c), -E2BIG);
	ck_assert_int_eq(nk_sandbox_start(&sb,
	    "a name that is longer than any work's", NULL, 0, &c), -ENOSYS);
	c = start("no such task", NULL, 0);
	ck_assert_int_eq(hear(&c, &type, &heard), -EPIPE);
	end(&c);
	c = start("no kind", NULL, 0);
	ck_assert_int_eq(hear(&c, &type, &heard), -EPIPE);
	end(&c);
	nk_secret_clear(&heard);
}
END_TEST

/* ---- who it must not be ---- */

START_TEST(never_root)
{
	struct nk_sandbox sb = sandbox();
	struct nk_sandbox_child c;
	struct nk_secret heard = NK_SECRET_NONE;
	uint32_t type;
	int r;

	if (geteuid() != 0)
		return;
	sb.uid = _i == 0 ? 0 : _i == 1 ? (uid_t)-1 : NET_UID;
	sb.gid = _i == 2 ? 0 : NET_GID;
	ck_assert_int_eq(nk_sandbox_start(&sb, "echo", NULL, 0, &c), 0);
	r = nk_sandbox_tell(&c, 7, "x", 1);
	ck_assert(r == 0 || r == -EPIPE);
	ck_assert_int_eq(hear(&c, &type, &heard), -EPIPE);
	nk_secret_clear(&heard);
	end(&c);
}
END_TEST

/* ---- descriptors ---- */

/* Says what stands in each of its sockets, and passes the last one back. */
static void
read_sockets(size_t n)
{
	char text[16];
	ssize_t len;
	size_t i;

	for (i = 0; i < n; i++) {
		len = recv(3 + (int)i, text, sizeof(text), 0);
		if (len <= 0 || nk_sandbox_say((uint32_t)i, text,
		    (size_t)len, i + 1 == n ? 3 + (int)i : -1) < 0)
			return;
	}
	len = recv(3 + (int)n, text, sizeof(text), 0);
	say(len == -1 && errno == EBADF ? 99 : 98);
}

START_TEST(has_its_sockets)
{
	int pairs[NK_SANDBOX_SOCKETS_MAX][2], own[NK_SANDBOX_SOCKETS_MAX];
	struct nk_secret heard = NK_SECRET_NONE;
	struct nk_sandbox_child c;
	char text[16];
	uint32_t i, type, n = NK_SANDBOX_SOCKETS_MAX;
	int fd, before;

	for (i = 0; i < n; i++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0,
		    pairs[i]), 0);
		own[i] = pairs[i][0];
		ck_assert_int_gt(dprintf(pairs[i][1], "socket %u", i), 0);
	}
	c = start("read_sockets", own, n);
	for (i = 0; i < n; i++) {
		before = open("/dev/null", O_RDONLY);
		close(before);
		ck_assert_int_eq(nk_sandbox_hear(&c, nk_monotonic_ms() +
		    WAIT_MS, &type, &heard, &fd), 0);
		ck_assert_uint_eq(type, i);
		(void)snprintf(text, sizeof(text), "socket %u", i);
		ck_assert_str_eq((const char *)heard.p, text);
		ck_assert_int_eq(fd, i + 1 == n ? before : -1);
	}
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(write(fd, "back", 4), 4);
	ck_assert_int_eq(read(pairs[n - 1][1], text, sizeof(text)), 4);
	close(fd);
	ck_assert_int_eq(hear(&c, &type, &heard), 0);
	ck_assert_uint_eq(type, 99);
	nk_secret_clear(&heard);
	end(&c);
}
END_TEST

/* Waits to be looked at. */
static void
wait_there(size_t n)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	(void)n;
	say(1);
	if (nk_sandbox_listen(&type, &bytes) < 0)
		_exit(1);
}

START_TEST(has_nothing_else)
{
	static const char *const targets[] = {
		"socket:", "/dev/null", "/dev/null", "socket:",
	};
	struct nk_secret heard = NK_SECRET_NONE;
	struct nk_sandbox_child c;
	char path[64], target[64];
	uint32_t type;
	int pair[2], i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = start("wait_there", pair, 1);
	ck_assert_int_eq(hear(&c, &type, &heard), 0);
	for (i = 0; i < 4; i++) {
		memset(target, 0, sizeof(target));
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", c.pid,
		    i);
		ck_assert_int_gt(readlink(path, target, sizeof(target) - 1),
		    0);
		ck_assert_msg(strncmp(target, targets[i],
		    strlen(targets[i])) == 0, "%d: %s", i, target);
	}
	for (; i < 1024; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", c.pid,
		    i);
		ck_assert_msg(readlink(path, target, sizeof(target)) == -1,
		    "%d is open", i);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/cwd", c.pid);
	ck_assert_int_eq(readlink(path, target, sizeof(target)), 1); /* "/" */
	nk_secret_clear(&heard);
	end(&c);
}
END_TEST

/* ---- what it may not ---- */

static char *const no_words[] = { NULL };
static const struct sockaddr_in somewhere = { .sin_family = AF_INET };

#define TRIES								\
	TRY(execve, execve("/bin/true", no_words, no_words))		\
	TRY(fork, syscall(SYS_fork))					\
	TRY(vfork, syscall(SYS_vfork))					\
	TRY(clone, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0))	\
	TRY(clone3, syscall(SYS_clone3, NULL, 0))			\
	TRY(ptrace, ptrace(PTRACE_TRACEME, 0, NULL, NULL))		\
	TRY(kill, kill(getppid(), 0))					\
	TRY(bind, bind(3, (const struct sockaddr *)&somewhere,		\
	    sizeof(somewhere)))						\
	TRY(listen, listen(3, 1))					\
	TRY(accept, accept(3, NULL, NULL))				\
	TRY(unlink, unlink("/nothing/there"))				\
	TRY(mkdir, mkdir("/tmp/nothing", 0700))				\
	TRY(rename, rename("/nothing/a", "/nothing/b"))			\
	TRY(chmod, chmod("/nothing", 0))				\
	TRY(prctl, syscall(SYS_prctl, 0, 0, 0, 0, 0))			\
	TRY(setuid, syscall(SYS_setuid, 0))				\
	TRY(dup, syscall(SYS_dup, 0))					\
	TRY(pipe, syscall(SYS_pipe2, NULL, 0))				\
	TRY(inotify, syscall(SYS_inotify_init1, 0))			\
	TRY(io_uring, syscall(SYS_io_uring_setup, 0, NULL))		\
	TRY(bpf, syscall(SYS_bpf, 0, NULL, 0))				\
	TRY(mount, syscall(SYS_mount, NULL, NULL, NULL, 0, NULL))	\
	TRY(dupfd, syscall(SYS_fcntl, 0, F_DUPFD, 0))			\
	TRY(owner, syscall(SYS_fcntl, 0, F_SETOWN, 1))			\
	TRY(tgkill, syscall(SYS_tgkill, getpid(), getpid(), 0))		\
	TRY(queue, syscall(SYS_rt_sigqueueinfo, getppid(), 0, NULL))	\
	TRY(prlimit, syscall(SYS_prlimit64, 0, 0, NULL, NULL))		\
	TRY(write_other, syscall(SYS_process_vm_writev, getppid(), NULL, \
	    0, NULL, 0, 0))						\
	TRY(read_other, syscall(SYS_process_vm_readv, getppid(), NULL,	\
	    0, NULL, 0, 0))						\
	TRY(pidfd_open, syscall(SYS_pidfd_open, getpid(), 0))		\
	TRY(pidfd_getfd, syscall(SYS_pidfd_getfd, 0, 0, 0))		\
	TRY(unshare, syscall(SYS_unshare, 0))				\
	TRY(setns, syscall(SYS_setns, 0, 0))				\
	TRY(personality, syscall(SYS_personality, 0xffffffff))		\
	TRY(keyctl, syscall(SYS_keyctl, 0, -3, 0))			\
	TRY(userfaultfd, syscall(SYS_userfaultfd, 0))			\
	TRY(memfd, syscall(SYS_memfd_create, "x", 0))			\
	TRY(raw_ioctl, syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, NULL)) \
	TRY(code, syscall(SYS_mprotect, 0, 4096, 7 /* all */))

/* Beside these: where one kind may what the other may not. */
#define MORE								\
	TRY(open_write, syscall(SYS_openat, AT_FDCWD, "/tmp/nothing",	\
	    O_WRONLY | O_CREAT, 0600))					\
	TRY(old_open_write, syscall(SYS_open, "/tmp/nothing", O_RDWR))	\
	TRY(truncate, syscall(SYS_openat, AT_FDCWD, "/dev/null",	\
	    O_RDONLY | O_TRUNC))					\
	TRY(packet, syscall(SYS_socket, AF_PACKET, SOCK_DGRAM, 0))	\
	TRY(vsock, syscall(SYS_socket, AF_VSOCK, SOCK_STREAM, 0))	\
	TRY(filter, syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 12))	\
	TRY(uevents, syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 15))

/* What the talker is refused, and goes on. */
#define SOFT								\
	TRY(open, syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)) \
	TRY(old_open, syscall(SYS_open, "/etc/passwd", O_RDONLY))	\
	TRY(stat, syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0)) \
	TRY(access, syscall(SYS_access, "/", 0))			\
	TRY(socket, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0))	\
	TRY(connect, syscall(SYS_connect, 3, &somewhere,		\
	    sizeof(somewhere)))
/* In the child: how the call went, unless it was the end. */
static void
say_result(long r)
{
	say(r == -1 ? (uint32_t)errno : 0);
}

#define TRY(name, call)							\
static void								\
try_##name(size_t n)							\
{									\
	(void)n;							\
	errno = 0;							\
	say_result((long)(call));					\
}
TRIES
MORE
SOFT
#undef TRY

/* To standard output, which a library might mistake for one. */
static void
try_print(size_t n)
{
	(void)n;
	(void)syscall(SYS_write, 1, "x", 1);
	say(0);
}

/* There is no such descriptor. */
static void
try_wait(size_t n)
{
	struct epoll_event e;

	(void)n;
	errno = 0;
	say_result(epoll_wait(63, &e, 1, 0));
}

/* A descriptor, to whoever is at the other end of the first socket. */
static void
try_pass(size_t n)
{
	union {
		struct cmsghdr	head;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET,
	    SCM_RIGHTS } };
	char byte = 'x';
	struct iovec v = { &byte, 1 };
	const struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes) };
	const int fd = 3;

	(void)n;
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	errno = 0;
	say_result(sendmsg(3, &m, MSG_NOSIGNAL));
}

static void
try_take(size_t n)
{
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	(void)n;
	errno = 0;
	say_result(recvmsg(3, &m, MSG_DONTWAIT));
}

#define TRY(name, call)	#name,
static const char *const hard_names[] = { TRIES };
static const char *const more_names[] = { MORE };
static const char *const soft_names[] = { SOFT };
#undef TRY

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The errno, 0 where it went well; -1 where the child was ended for it. */
static int
try(const char *kind, const char *name)
{
	struct nk_secret heard = NK_SECRET_NONE;
	struct nk_sandbox_child c;
	char task[64];
	uint32_t type = 0;
	int pair[2], r;

	(void)snprintf(task, sizeof(task), "%s %s", kind, name);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = start(task, pair, 1);
	r = hear(&c, &type, &heard);
	ck_assert(r == 0 || r == -EPIPE);
	nk_secret_clear(&heard);
	end(&c);
	close(pair[0]);
	close(pair[1]);
	return r == 0 ? (int)type : -1;
}

/* Whoever talks, and whoever does so in a loop. */
static const char *const talkers[] = { "talk", "relay" };

START_TEST(talk_may_not)
{
	const char *name = hard_names[_i / 2];

	ck_assert_msg(try(talkers[_i % 2], name) == -1, "%s", name);
}
END_TEST

START_TEST(talk_is_refused)
{
	const char *name = soft_names[_i / 2];

	ck_assert_msg(try(talkers[_i % 2], name) == EACCES, "%s", name);
}
END_TEST

START_TEST(waits_for_events)
{
	ck_assert_int_eq(try("talk", "wait"), -1);
	ck_assert_int_eq(try("relay", "wait"), EBADF);
}
END_TEST

START_TEST(passes_nothing)
{
	ck_assert_int_eq(try("talk", "pass"), 0);
	ck_assert_int_eq(try("talk", "take"), EAGAIN);
	ck_assert_int_eq(try("relay", "pass"), -1);
	ck_assert_int_eq(try("relay", "take"), EACCES);
}
END_TEST

START_TEST(dial_may_not)
{
	size_t i = (size_t)_i;
	const char *name = i < COUNT(hard_names) ? hard_names[i] :
	    more_names[i - COUNT(hard_names)];
	int r = try("dial", name);

	ck_assert_msg(r == EPERM, "%s: %d", name, r);
}
END_TEST

START_TEST(more_may_not)
{
	const char *name = more_names[_i / 2];
	int r = try(talkers[_i % 2], name);

	ck_assert_msg(r == EACCES, "%s: %d", name, r);
}
END_TEST

START_TEST(prints_nothing)
{
	ck_assert_int_eq(try("talk", "print"), -1);
	ck_assert_int_eq(try("relay", "print"), -1);
}
END_TEST

/* ---- packets that are none ---- */

static void
say_raw(const void *bytes, size_t len, const int *fds, size_t n)
{
	struct iovec v = { NULL, len };
	union {
		struct cmsghdr	head;
		char		bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *h;

	memcpy(&v.iov_base, &bytes, sizeof(bytes));
	if (n > 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(h), fds, n * sizeof(int));
	}
	(void)sendmsg(0, &m, MSG_NOSIGNAL);
}

static const uint32_t good[] = { 1, 5 }, late[] = { 2, 5 };

#define SAYING(name, what)						\
static void								\
name(size_t n)								\
{									\
	(void)n;							\
	what;								\
}
SAYING(say_well, say_raw(good, 8, NULL, 0))
SAYING(say_short, say_raw(good, 7, NULL, 0))
SAYING(say_byte, say_raw(good, 1, NULL, 0))
SAYING(say_version, say_raw(late, 8, NULL, 0))
SAYING(say_two, say_raw(good, 8, (const int[]){ 0, 0 }, 2))
SAYING(say_descriptor_and_version, say_raw(late, 8, (const int[]){ 0 }, 1))

static void
say_long(size_t n)
{
	static char bytes[8 + NK_SANDBOX_MESSAGE_MAX + 1];

	(void)n;
	memcpy(bytes, good, 8);
	say_raw(bytes, sizeof(bytes), NULL, 0);
}

static const struct {
	const char	*task;
	int		 r;
} sayings[] = {
	{ "say_well", 0 },
	{ "say_short", -EIO },
	{ "say_byte", -EIO },
	{ "say_version", -EIO },
	{ "say_two", -EIO },
	{ "say_descriptor_and_version", -EIO },
	{ "say_long", -EIO },
};

/* What came with it is closed as well. */
START_TEST(says)
{
	struct nk_sandbox_child c = start(sayings[_i].task, NULL, 0);
	struct nk_secret heard = NK_SECRET_NONE;
	uint32_t type;
	int r, before, after;

	before = open("/dev/null", O_RDONLY);
	close(before);
	r = hear(&c, &type, &heard);
	ck_assert_msg(r == sayings[_i].r, "%s: %d", sayings[_i].task, r);
	after = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(before, after);
	close(after);
	nk_secret_clear(&heard);
	end(&c);
}
END_TEST

/* ---- the tasks ---- */

#define TALK(f)	{ #f, NK_SANDBOX_TALK, f, NULL }

static const struct nk_sandbox_task tasks[] = {
	TALK(echo), TALK(read_sockets), TALK(wait_there),
	TALK(say_well), TALK(say_short), TALK(say_byte), TALK(say_version),
	TALK(say_two), TALK(say_descriptor_and_version), TALK(say_long),
	{ "no kind", NK_SANDBOX_COMPUTE, echo, NULL },
#define TRY(name, call)	{ "talk " #name, NK_SANDBOX_TALK, \
	    try_##name, NULL },
	TRIES MORE SOFT TRY(print, 0) TRY(wait, 0) TRY(pass, 0) TRY(take, 0)
#undef TRY
#define TRY(name, call)	{ "relay " #name, NK_SANDBOX_RELAY, \
	    try_##name, NULL },
	TRIES MORE SOFT TRY(print, 0) TRY(wait, 0) TRY(pass, 0) TRY(take, 0)
#undef TRY
#define TRY(name, call)	{ "dial " #name, NK_SANDBOX_DIAL, \
	    try_##name, NULL },
	TRIES MORE
#undef TRY
	{ .name = NULL },
};

int
main(int argc, char **argv)
{
	const struct nk_sandbox_task *const tables[] = { tasks, NULL };
	Suite *s = suite_create("sandbox_task");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	nk_sandbox_serve_tasks(argc, argv, tables);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, waits_until_the_end);
	tcase_add_test(tc, refused_starts);
	tcase_add_loop_test(tc, never_root, 0, 3);
	tcase_add_test(tc, has_its_sockets);
	tcase_add_test(tc, has_nothing_else);
	tcase_add_loop_test(tc, talk_may_not, 0,
	    2 * (int)COUNT(hard_names));
	tcase_add_loop_test(tc, talk_is_refused, 0,
	    2 * (int)COUNT(soft_names));
	tcase_add_loop_test(tc, dial_may_not, 0,
	    (int)(COUNT(hard_names) + COUNT(more_names)));
	tcase_add_loop_test(tc, more_may_not, 0, 2 * (int)COUNT(more_names));
	tcase_add_test(tc, waits_for_events);
	tcase_add_test(tc, prints_nothing);
	tcase_add_test(tc, passes_nothing);
	tcase_add_loop_test(tc, says, 0, (int)COUNT(sayings));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
