/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/spawn.h"

#define ARGS_MAX	10	/* with the NULL at the end */

int
spawn_init(struct spawn *s, const struct options *o,
    const struct state *state)
{
	ssize_t n;

	memset(s, 0, sizeof(*s));
	s->options = o;
	s->state = state;
	n = readlink("/proc/self/exe", s->self, sizeof(s->self));
	if (n == -1)
		return -errno;
	if ((size_t)n >= sizeof(s->self))
		return -ENAMETOOLONG;
	s->self[n] = '\0';
	return 0;
}

/* execve(2) does not write to them, whatever its prototype says. */
static char *
arg(const char *text)
{
	union { const char *in; char *out; } u = { text };

	return u.out;
}

static size_t
common_args(const struct spawn *s, char *args[ARGS_MAX])
{
	size_t n = 0;

	args[n++] = arg("naskeys-helper");
	if (s->options->state_dir != NULL) {
		args[n++] = arg("--state-dir");
		args[n++] = arg(s->state->dir);
	}
	if (s->options->seal_key != NULL) {
		args[n++] = arg("--seal-key");
		args[n++] = arg(s->options->seal_key);
	}
	if (s->options->network != NULL) {
		args[n++] = arg("--network");
		args[n++] = arg(s->options->network);
	}
	return n;
}

/* In the child.  It starts as clean as we did, and cleans up again. */
static void __attribute__((noreturn))
run(const struct spawn *s, char *args[ARGS_MAX], int fd)
{
	char *environment[] = { NULL };
	sigset_t none;

	(void)setpriority(PRIO_PROCESS, 0, 0);	/* ours is for us alone */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1 ||
	    (fd != -1 && (dup2(fd, STDIN_FILENO) == -1 ||
	    dup2(fd, STDOUT_FILENO) == -1)))
		_exit(126);
	(void)execve(s->self, args, environment);
	_exit(127);
}

int
spawn_helper(const struct spawn *s, int fd, enum protocol protocol,
    pid_t *pidp)
{
	char *args[ARGS_MAX];
	size_t n;
	pid_t pid;

	n = common_args(s, args);
	args[n++] = arg("--protocol");
	args[n++] = arg(protocol_name(protocol));
	args[n] = NULL;
	if ((pid = fork()) == -1)
		return -errno;
	if (pid == 0)
		run(s, args, fd);
	*pidp = pid;
	return 0;
}

int
spawn_repair(const struct spawn *s, pid_t *pidp)
{
	char *args[ARGS_MAX];
	pid_t pid;
	size_t n;

	n = common_args(s, args);
	args[n++] = arg("--sync");
	args[n] = NULL;
	if ((pid = fork()) == -1)
		return -errno;
	if (pid == 0)
		run(s, args, -1);
	*pidp = pid;
	return 0;
}

int
spawn_sync(const struct spawn *s)
{
	int status = -1, r;
	pid_t pid;

	if ((r = spawn_repair(s, &pid)) < 0)
		return r;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
