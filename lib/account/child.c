/* SPDX-License-Identifier: ISC */
#include "lib/account/child.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/network.h"
#include "lib/monotonic.h"

#define CHUNK	16384
#define KILL_MS	2000		/* that a killed child may take to end */

/*
 * Leave the child nothing of ours but the pipe, as descriptor 3, and what it
 * keeps, as 4.
 */
static int
keep_only(int fd, const int *keep)
{
	struct rlimit none = { 0, 0 };
	int null, kept = -1, i;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		return -errno;
	/* Out of the way first: the pipe may be one of 0 to 2 itself. */
	if ((fd = fcntl(fd, F_DUPFD, 10)) == -1 || (keep != NULL &&
	    (kept = fcntl(*keep, F_DUPFD, 10)) == -1) ||
	    (null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		return -errno;
	for (i = 0; i <= 2; i++) {
		if (i != null && dup2(null, i) == -1)
			return -errno;
	}
	if (dup2(fd, 3) == -1 || (kept != -1 && dup2(kept, 4) == -1) ||
	    close_range(kept != -1 ? 5 : 4, ~0U, 0) == -1)
		return -errno;
	if (fcntl(3, F_SETFD, FD_CLOEXEC) == -1 ||
	    (kept != -1 && fcntl(4, F_SETFD, FD_CLOEXEC) == -1))
		return -errno;
	return 3;
}

static _Noreturn void
child(int (*work)(void *arg, int fd), void *arg, int fd, const int *keep,
    pid_t parent)
{
	sigset_t none;
	int r;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGALRM, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)setpgid(0, 0);		/* by which nk_child_end() knows them */
	/* a parent that was gone before it was asked for gives no signal */
	if ((fd = keep_only(fd, keep)) < 0 || getppid() != parent)
		_exit(100);
	r = work(arg, fd);
	_exit(r < 0 || r > 99 ? 100 : r);
}

int
nk_child_fork(int (*work)(void *arg, int fd), void *arg, int fd,
    const int *keep, pid_t *pidp)
{
	pid_t parent = getpid();

	if ((*pidp = fork()) == -1)
		return -errno;
	if (*pidp == 0)
		child(work, arg, fd, keep, parent);
	return 0;
}

int
nk_child_collect(int fd, int64_t end, int64_t silence,
    int (*take)(void *take_arg, const void *bytes, size_t len),
    void *take_arg)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t heard = nk_monotonic_ms(), now, left;
	char buf[CHUNK];
	ssize_t n;
	int r = 0;

	for (;;) {
		now = nk_monotonic_ms();
		left = end - now;
		if (left > heard + silence - now)
			left = heard + silence - now;
		if (left <= 0) {
			r = -ETIMEDOUT;
			break;
		}
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) == -1 &&
		    errno != EINTR) {
			r = -errno;
			break;
		}
		if ((n = read(fd, buf, sizeof(buf))) == 0)
			break;
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			r = -errno;
			break;
		}
		if (n <= 0)
			continue;
		heard = nk_monotonic_ms();
		if ((r = take(take_arg, buf, (size_t)n)) < 0)
			break;
	}
	explicit_bzero(buf, sizeof(buf));
	return r;
}

/* Until the child has ended or end has come.  0 or -errno. */
static int
wait_for_end(pid_t pid, int64_t end)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int64_t left;
	int n, r = 0;

	if (p.fd == -1)
		return errno == ESRCH ? 0 : -errno;	/* ended and reaped */
	for (;;) {
		left = end - nk_monotonic_ms();
		n = poll(&p, 1, left <= 0 ? 0 :
		    left > 60000 ? 60000 : (int)left);
		if (n > 0)
			break;
		if (n == -1 && errno != EINTR) {
			r = -errno;
			break;
		}
		if (left <= 0) {
			r = -ETIMEDOUT;
			break;
		}
	}
	(void)close(p.fd);
	return r;
}

/*
 * Kill it, with its process group, and wait for its end, but not for ever:
 * a server that is away, or a file system that a user serves, may hold it
 * where no signal comes.  Its number is no other group's until it is reaped.
 */
void
nk_child_end(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	if (wait_for_end(pid, nk_monotonic_ms() + KILL_MS) == -ETIMEDOUT)
		return;
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

/*
 * Wait for a child that has closed its pipe, until end; then kill it.  A
 * child whose status somebody else has taken (SIGCHLD ignored) is judged by
 * its answer alone.
 */
static int
reap(pid_t pid, int64_t end, int r)
{
	int status = 0;
	pid_t got = 0;

	if (r == 0 && (got = waitpid(pid, &status, WNOHANG)) == 0 &&
	    (r = wait_for_end(pid, end)) == 0)
		got = waitpid(pid, &status, 0);
	if (got == 0) {
		nk_child_end(pid);
		return r;
	}
	if (got == -1)
		return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int
nk_child_run(int (*work)(void *arg, int fd), void *arg, const int *keep,
    unsigned int seconds,
    int (*take)(void *take_arg, const void *bytes, size_t len),
    void *take_arg)
{
	return nk_child_watch(work, arg, keep, seconds, seconds, take,
	    take_arg);
}

int
nk_child_watch(int (*work)(void *arg, int fd), void *arg, const int *keep,
    unsigned int seconds, unsigned int silence,
    int (*take)(void *take_arg, const void *bytes, size_t len),
    void *take_arg)
{
	int64_t end = nk_monotonic_ms() + (int64_t)seconds * 1000;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	r = fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1 ? -errno :
	    nk_child_fork(work, arg, fds[1], keep, &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	r = nk_child_collect(fds[0], end, (int64_t)silence * 1000, take,
	    take_arg);
	close(fds[0]);
	return reap(pid, end, r);
}

int
nk_child_start(struct nk_child *ch, int (*work)(void *arg, int fd),
    void *arg)
{
	int fds[2], r;
	pid_t pid;

	*ch = NK_CHILD_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	r = nk_child_fork(work, arg, fds[1], NULL, &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	ch->pid = pid;
	ch->fd = fds[0];
	return 0;
}

void
nk_child_stop(struct nk_child *ch)
{
	if (ch->fd != -1)
		close(ch->fd);
	if (ch->pid > 0)
		nk_child_end(ch->pid);
	nk_network_end(ch->control);
	*ch = NK_CHILD_NONE;
}

union control {
	char		bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr	align;
};

int
nk_child_tell(int fd, const void *question, size_t len, const int *keep)
{
	struct iovec io = { (void *)(uintptr_t)question, len };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	union control c;

	if (keep != NULL) {
		memset(&c, 0, sizeof(c));
		m.msg_control = c.bytes;
		m.msg_controllen = sizeof(c.bytes);
		cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), keep, sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 ? -errno :
	    0;
}

ssize_t
nk_child_hear(int fd, void *question, size_t len, int *keptp)
{
	struct iovec io = { question, len };
	union control c;
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
	    .msg_control = c.bytes, .msg_controllen = sizeof(c.bytes) };
	struct cmsghdr *cm;
	ssize_t n;

	*keptp = -1;
	if ((n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC)) == -1)
		return -errno;
	cm = CMSG_FIRSTHDR(&m);
	if (cm != NULL && cm->cmsg_level == SOL_SOCKET &&
	    cm->cmsg_type == SCM_RIGHTS &&
	    cm->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(keptp, CMSG_DATA(cm), sizeof(int));
	return n;
}

int
nk_child_exchange(const struct nk_child *ch, const void *question, size_t len,
    const int *keep, unsigned int seconds, void *answer, size_t answer_len)
{
	int64_t end = nk_monotonic_ms() + (int64_t)seconds * 1000, left;
	struct pollfd p = { .fd = ch->fd, .events = POLLIN };
	ssize_t n;
	int r;

	if ((r = nk_child_tell(ch->fd, question, len, keep)) < 0)
		return r;
	for (;;) {
		if ((left = end - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) == -1 &&
		    errno != EINTR)
			return -errno;
		n = recv(ch->fd, answer, answer_len,
		    MSG_DONTWAIT | MSG_TRUNC);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n == -1)
			return -errno;
		return n == (ssize_t)answer_len ? 0 : -EIO;
	}
}

int
nk_child_take(void *arg, const void *bytes, size_t len)
{
	struct nk_child_answer *a = arg;

	if (len > a->len - a->got)
		return -EIO;
	memcpy((unsigned char *)a->to + a->got, bytes, len);
	a->got += len;
	return 0;
}

int
nk_child_ask(int (*work)(void *arg, int fd), void *arg, const int *keep,
    unsigned int seconds, void *answer, size_t len)
{
	struct nk_child_answer a = { answer, len, 0 };
	int r;

	if ((r = nk_child_run(work, arg, keep, seconds, nk_child_take,
	    &a)) < 0)
		return r;
	return a.got == len ? 0 : -EIO;
}
