/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/sandbox.h"

#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/passwdfile.h"
#include "lib/account/textfile.h"
#include "lib/monotonic.h"
#include "lib/sandbox/confine.h"
#include "lib/sandbox/message.h"

#define PASSWD_MAX	(64u << 20)	/* bytes of /etc/passwd */
#define SECONDS		10
#define SELF		"/proc/self/exe"
#define NAME_SIZE	32		/* of a work's name */
#define DIGITS_SIZE	11		/* of a uint32's digits */

/* ---- whose it is ---- */

/* The first line of that name counts, as it does for the system. */
static int
find_user(struct nk_sandbox *sb, char *text)
{
	struct nk_passwd_line p;
	char *line, *next;
	int r;

	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if ((r = nk_passwd_line_parse(line, &p)) < 0 ||
		    strcmp(p.name, NK_SANDBOX_USER) != 0)
			continue;
		if (p.uid == 0 || p.gid == 0)
			return -EPERM;
		sb->uid = p.uid;
		sb->gid = p.gid;
		return 0;
	}
	return -ENOENT;
}

int
nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
{
	size_t len;
	char *text;
	int r;

	*sb = (struct nk_sandbox){ (uid_t)-1, (gid_t)-1, SECONDS, SELF };
	if (geteuid() != 0)
		return 0;
	if ((r = nk_textfile_read(AT_FDCWD, passwd_path, PASSWD_MAX, &text,
	    &len)) < 0)
		return r;
	r = find_user(sb, text);
	free(text);
	return r;
}

/* ---- starting the child ---- */

/* Its arguments, made before the fork. */
struct command {
	const char	*program;
	char		 work[NAME_SIZE];
	char		 numbers[NK_SANDBOX_NUMBERS][DIGITS_SIZE];
	char		*argv[NK_SANDBOX_ARGS + 1];
};

static int
make_command(struct command *c, const struct nk_sandbox *sb,
    const char *work, size_t max)
{
	static char name[] = "naskeys-sandbox", option[] = NK_SANDBOX_OPTION;
	const uint32_t v[NK_SANDBOX_NUMBERS] = {
		sb->uid, sb->gid, sb->seconds, (uint32_t)max,
	};
	int i;

	c->program = sb->program;
	if (strlen(work) >= sizeof(c->work))
		return -ENOSYS;
	memcpy(c->work, work, strlen(work) + 1);
	c->argv[0] = name;
	c->argv[1] = option;
	c->argv[2] = c->work;
	for (i = 0; i < NK_SANDBOX_NUMBERS; i++) {
		(void)snprintf(c->numbers[i], DIGITS_SIZE, "%u", v[i]);
		c->argv[3 + i] = c->numbers[i];
	}
	c->argv[3 + i] = NULL;
	return 0;
}

static void
forget_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, which is still a copy of us: nothing of it outlives exec. */
static _Noreturn void
become(const struct command *c, int fd)
{
	struct nk_sandbox_head head = { .version = NK_SANDBOX_VERSION };
	char *environment[] = { NULL };

	forget_signals();
	if (nk_confine_descriptors(fd) < 0)
		_exit(1);
	(void)execve(c->program, c->argv, environment);
	head.result = -errno;
	(void)send(NK_CONFINE_FD, &head, sizeof(head), MSG_NOSIGNAL);
	_exit(1);
}

/* Handlers of ours must not run in the child: fork with all blocked. */
static pid_t
fork_blocked(const struct command *c, int fd)
{
	sigset_t all, before;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return -1;
	if ((pid = fork()) == 0)
		become(c, fd);
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

/* ---- talking to it ---- */

struct exchange {
	int			 fd;
	const struct nk_secret	*request;	/* with its head */
	size_t			 sent;
	struct nk_sandbox_head	 head;		/* of the answer */
	size_t			 head_len;	/* what has come of it */
	size_t			 max;
	struct nk_secret	*answer;
};

/* A child that takes no more has ended, or says why. */
static void
send_some(struct exchange *x)
{
	ssize_t n;

	n = send(x->fd, x->request->p + x->sent, x->request->len - x->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0)
		x->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		x->sent = x->request->len;
}

static int
check_head(struct exchange *x)
{
	const struct nk_sandbox_head *h = &x->head;

	if (h->version != NK_SANDBOX_VERSION || h->result > 0 ||
	    h->result < -4095 || h->len > x->max ||
	    (h->result < 0 && h->len > 0))
		return -EIO;
	return nk_secret_reserve(x->answer, h->len);
}

/* 1: there may be more; 0: the other end is closed; -errno. */
static int
receive_some(struct exchange *x)
{
	bool in_head = x->head_len < sizeof(x->head);
	uint8_t beyond, *to = &beyond;
	size_t room = 1;	/* no byte may come behind the answer */
	ssize_t n;

	if (in_head) {
		to = (uint8_t *)&x->head + x->head_len;
		room = sizeof(x->head) - x->head_len;
	} else if (x->answer->len < x->head.len) {
		to = x->answer->p + x->answer->len;
		room = x->head.len - x->answer->len;
	}
	n = recv(x->fd, to, room, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n == -1)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	if (to == &beyond)
		return -EIO;
	if (!in_head) {
		x->answer->len += (size_t)n;
		return 1;
	}
	x->head_len += (size_t)n;
	if (x->head_len == sizeof(x->head) && check_head(x) < 0)
		return -EIO;
	return 1;
}

/* Send the request and take one whole answer, until end. */
static int
talk(struct exchange *x, int64_t end)
{
	struct pollfd p = { .fd = x->fd };
	int64_t left;
	int r;

	do {
		if ((left = end - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		p.events = POLLIN;
		if (x->sent < x->request->len)
			p.events = POLLIN | POLLOUT;
		p.revents = 0;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) == -1 &&
		    errno != EINTR)
			return -errno;
		if (x->sent < x->request->len)
			send_some(x);
		if ((r = receive_some(x)) < 0)
			return r;
	} while (r > 0);
	if (x->head_len < sizeof(x->head) || x->answer->len < x->head.len)
		return -EIO;
	return x->head.result;
}

/*
 * What it has said is all that counts, and that is over: it is ended in any
 * case.  The descriptor stands for this child even where its status went to
 * nobody (SIGCHLD ignored) and its number to another process.
 */
static void
end_child(pid_t pid, int pidfd)
{
	if (pidfd != -1) {
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		close(pidfd);
	}
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

static int
run(const struct nk_sandbox *sb, const struct command *c, struct exchange *x)
{
	int64_t end = nk_monotonic_ms() + (int64_t)sb->seconds * 1000;
	int fds[2], pidfd, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	pid = fork_blocked(c, fds[1]);
	r = pid == -1 ? -errno : 0;
	close(fds[1]);
	if (r == 0) {
		pidfd = pidfd_open(pid, 0);
		if (pidfd == -1 && errno != ESRCH) {
			r = -errno;
			(void)kill(pid, SIGKILL);
		}
		x->fd = fds[0];
		if (r == 0)
			r = talk(x, end);
		end_child(pid, pidfd);
	}
	close(fds[0]);
	return r;
}

int
nk_sandbox_run(const struct nk_sandbox *sb, const char *work,
    const void *request, size_t len, size_t max, struct nk_secret *answer)
{
	struct nk_sandbox_head head = { .version = NK_SANDBOX_VERSION };
	struct nk_secret message = NK_SECRET_NONE;
	struct exchange x = {
		.fd = -1, .request = &message, .max = max, .answer = answer,
	};
	struct command c;
	int r;

	if (len > NK_SECRET_MAX - sizeof(head) || max > NK_SECRET_MAX)
		return -E2BIG;
	head.len = (uint32_t)len;
	if ((r = make_command(&c, sb, work, max)) == 0 &&
	    (r = nk_secret_append(&message, &head, sizeof(head))) == 0 &&
	    (r = nk_secret_append(&message, request, len)) == 0)
		r = run(sb, &c, &x);
	nk_secret_clear(&message);
	if (r < 0)
		nk_secret_clear(answer);
	return r;
}
