/* SPDX-License-Identifier: ISC */
/*
 * The chained command is another source of keys for names that are not
 * ours.
 *
 *  1. It is a regular file that belongs to root and that nobody else can
 *     write, as is every folder above it; symbolic links are resolved first
 *     and what was examined is what is run.
 *  2. No shell: words are split at blanks before tokens are replaced, so
 *     that no name and no key makes a word of its own.
 *  3. It inherits no descriptor, no environment but PATH, no ignored signal.
 *  4. It has a process group of its own, which ends with the time limit;
 *     what in it runs with other rights than ours is not waited for.
 *  5. Only the whole lines of a run that succeeded within time and size are
 *     used.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/authorized-keys/chain.h"
#include "helper/authorized-keys/report.h"
#include "lib/monotonic.h"

#define WORDS_MAX	32
#define ARGUMENTS_MAX	(128u * 1024u)	/* bytes, with their NULs */

struct command {
	char	 path[PATH_MAX];	/* resolved */
	char	*argv[WORDS_MAX + 1];
	size_t	 argc;
	size_t	 used;
	char	 text[ARGUMENTS_MAX];
};

static int
add_bytes(struct command *c, const char *bytes, size_t len)
{
	if (len >= sizeof(c->text) - c->used)
		return -E2BIG;
	memcpy(c->text + c->used, bytes, len);
	c->used += len;
	return 0;
}

static const char *
token(char ch, const struct nk_request *q)
{
	switch (ch) {
	case 'u':
		return q->user;
	case 't':
		return q->type != NULL ? q->type : "";
	case 'k':
		return q->blob != NULL ? q->blob : "";
	case 'U':
		return q->uid_text != NULL ? q->uid_text : "";
	case '%':
		return "%";
	default:
		return NULL;
	}
}

/* One word of the configured text, up to a blank, with tokens replaced. */
static int
add_word(struct command *c, const char **textp, const struct nk_request *q)
{
	const char *p = *textp, *value;
	int r = 0;

	if (c->argc == WORDS_MAX)
		return -E2BIG;
	c->argv[c->argc++] = c->text + c->used;
	for (; r == 0 && *p != '\0' && *p != ' ' && *p != '\t'; p++) {
		if (*p != '%')
			r = add_bytes(c, p, 1);
		else if ((value = token(*++p, q)) == NULL)
			return -EBADMSG;
		else
			r = add_bytes(c, value, strlen(value));
	}
	if (r == 0)
		r = add_bytes(c, "", 1);
	*textp = p;
	return r;
}

static int
split(struct command *c, const char *text, const struct nk_request *q)
{
	int r;

	c->argc = c->used = 0;
	for (;;) {
		text += strspn(text, " \t");
		if (*text == '\0')
			break;
		if ((r = add_word(c, &text, q)) < 0)
			return r;
	}
	if (c->argc == 1) {		/* as sshd does */
		text = "%u";
		if ((r = add_word(c, &text, q)) < 0)
			return r;
	}
	c->argv[c->argc] = NULL;
	return c->argc == 0 ? -EBADMSG : 0;
}

static int
check_owner(const char *path, mode_t type)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return -errno;
	if ((st.st_mode & S_IFMT) != type || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -EPERM;
	return 0;
}

/*
 * Resolve the program and examine it and every folder above it.  Since
 * nobody but root can change any of them, they stay as they were seen.
 */
static int
check_program(struct command *c, const char *path)
{
	char *slash;
	int r;

	if (path[0] != '/')
		return -EPERM;
	if (realpath(path, c->path) == NULL)
		return -errno;
	if ((r = check_owner(c->path, S_IFREG)) < 0)
		return r;
	while ((slash = strrchr(c->path, '/')) != c->path) {
		*slash = '\0';
		if ((r = check_owner(c->path, S_IFDIR)) < 0)
			return r;
	}
	if ((r = check_owner("/", S_IFDIR)) < 0)
		return r;
	return realpath(path, c->path) == NULL ? -errno : 0;
}

/* In the child; does not return. */
static void
run(const struct command *c, int out, pid_t parent)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *envp[] = { path, NULL };
	sigset_t none;
	int null, sig;

	for (sig = 1; sig < NSIG; sig++)	/* fails for KILL and STOP */
		(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&none);
	if (setpgid(0, 0) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    (null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    syscall(SYS_close_range, 3u, ~0u, 0u) == -1 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(127);
	(void)execve(c->path, c->argv, envp);
	_exit(127);
}

/*
 * Append what comes out of fd until its end.  -EFBIG above max bytes,
 * -ETIMEDOUT at the deadline.
 */
static int
read_output(int fd, int64_t deadline, size_t max, struct nk_output *o)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t got = 0;
	int64_t left;
	ssize_t n;
	char *place;
	int r;

	if ((r = nk_output_room(o, max + 1, &place)) < 0)
		return r;
	while (got <= max) {
		if ((left = deadline - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		if ((r = poll(&pfd, 1, (int)left)) == -1 && errno != EINTR)
			return -errno;
		if (r <= 0)
			continue;
		n = read(fd, place + got, max + 1 - got);
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n == 0) {
			nk_output_append(o, place, got);
			return 0;
		}
		got += n > 0 ? (size_t)n : 0;
	}
	return -EFBIG;
}

/*
 * Wait for the child, which is SIGCHLD's only sender and blocked, until the
 * deadline.  Then its group is ended; the child is not reaped, so that its
 * number cannot have become another's.  Nor is its death waited for: one
 * that is set-uid does not die by us.  Returns 0 only if it exited with
 * status 0.
 */
static int
end(pid_t pid, int64_t deadline)
{
	siginfo_t si = { .si_pid = 0 };
	struct timespec ts;
	sigset_t chld;
	int64_t left;

	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	for (;;) {
		if (waitid(P_PID, (id_t)pid, &si,
		    WEXITED | WNOHANG | WNOWAIT) == -1 || si.si_pid == pid)
			break;
		if ((left = deadline - nk_monotonic_ms()) <= 0)
			break;
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000;
		(void)sigtimedwait(&chld, NULL, &ts);
	}
	(void)kill(-pid, SIGKILL);
	if (si.si_pid != pid)
		return -ETIMEDOUT;
	return si.si_code == CLD_EXITED && si.si_status == 0 ? 0 : -ECHILD;
}

static int
start(const struct command *c, int out, pid_t *pidp)
{
	pid_t parent = getpid(), pid;
	sigset_t chld;

	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &chld, NULL) == -1)
		return -errno;
	if ((pid = fork()) == -1)
		return -errno;
	if (pid == 0)
		run(c, out, parent);
	(void)setpgid(pid, pid);	/* whoever of the two is first */
	*pidp = pid;
	return 0;
}

static int
run_and_read(const struct command *c, const struct nk_conf *conf,
    struct nk_output *o)
{
	int64_t deadline = nk_monotonic_ms() +
	    (int64_t)conf->chained_timeout * 1000;
	int fds[2], r, status;
	pid_t pid = -1;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	r = start(c, fds[1], &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	r = read_output(fds[0], deadline, conf->chained_max, o);
	close(fds[0]);
	status = end(pid, r < 0 ? 0 : deadline);
	return r < 0 ? r : status;
}

/* Cut off what stands behind the last newline; from is where we began. */
static void
keep_whole_lines(struct nk_output *o, size_t from)
{
	while (o->len > from && o->buf[o->len - 1] != '\n')
		o->len--;
}

static const char *
reason(int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return "the chained command took too long";
	case -EFBIG:
		return "the chained command printed too much";
	case -ECHILD:
		return "the chained command failed";
	case -EPERM:
		return "the chained command, or a folder above it, is not "
		    "root's alone";
	case -EBADMSG:
	case -E2BIG:
		return "the chained command's arguments are too many or too "
		    "long";
	default:
		return "the chained command could not be run";
	}
}

void
nk_chain(const struct nk_request *q, const struct nk_conf *conf,
    struct nk_output *o)
{
	struct command c;
	size_t from = o->len;
	int r;

	if (conf->chained_command[0] == '\0')
		return;
	if ((r = split(&c, conf->chained_command, q)) == 0 &&
	    (r = check_program(&c, c.argv[0])) == 0)
		r = run_and_read(&c, conf, o);
	if (r < 0) {
		nk_report(LOG_ERR, q->user, reason(r), NULL);
		o->len = from;
		return;
	}
	keep_whole_lines(o, from);
}
