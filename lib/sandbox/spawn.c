/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/spawn.h"

#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/sandbox/confine.h"

static int
copy_name(char *to, const char *name)
{
	size_t len = strlen(name);

	if (len >= NK_SANDBOX_NAME_SIZE)
		return -ENOSYS;
	memcpy(to, name, len + 1);
	return 0;
}

int
nk_sandbox_args(struct nk_sandbox_args *a, const struct nk_sandbox *sb,
    const char *option, const char *work, uint32_t last)
{
	static char name[] = "naskeys-sandbox";
	const uint32_t v[NK_SANDBOX_NUMBERS] = {
		sb->uid, sb->gid, sb->seconds, last,
	};
	int i, r;

	memset(a, 0, sizeof(*a));
	a->program = sb->program;
	if ((r = copy_name(a->option, option)) < 0 ||
	    (r = copy_name(a->work, work)) < 0)
		return r;
	a->argv[0] = name;
	a->argv[1] = a->option;
	a->argv[2] = a->work;
	for (i = 0; i < NK_SANDBOX_NUMBERS; i++) {
		(void)snprintf(a->numbers[i], NK_SANDBOX_DIGITS_SIZE, "%u",
		    v[i]);
		a->argv[3 + i] = a->numbers[i];
	}
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
_Noreturn void
nk_sandbox_become(const struct nk_sandbox_args *a, int fd)
{
	struct nk_sandbox_head head = { .version = NK_SANDBOX_VERSION };
	char *environment[] = { NULL };
	int r;

	forget_signals();
	/* what is typed at our terminal is for us to heed */
	(void)setpgid(0, 0);
	r = a->fds == NULL ? nk_confine_descriptors(fd) :
	    nk_confine_sockets(fd, a->fds, a->n_fds);
	if (r < 0)
		_exit(1);
	(void)execve(a->program, a->argv, environment);
	head.result = -errno;
	if (a->fds == NULL)
		(void)send(NK_CONFINE_FD, &head, sizeof(head), MSG_NOSIGNAL);
	_exit(1);
}

/* Handlers of ours must not run in the child: fork with all blocked. */
static pid_t
fork_blocked(const struct nk_sandbox_args *a, int fd)
{
	sigset_t all, before;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return -1;
	if ((pid = fork()) == 0)
		nk_sandbox_become(a, fd);
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

int
nk_sandbox_spawn(const struct nk_sandbox_args *a, int type,
    struct nk_sandbox_child *c)
{
	int fds[2], r = 0;

	*c = NK_SANDBOX_CHILD_NONE;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	c->fd = fds[0];
	if ((c->pid = fork_blocked(a, fds[1])) == -1)
		r = -errno;
	close(fds[1]);
	if (r == 0 && (c->pidfd = pidfd_open(c->pid, 0)) == -1 &&
	    errno != ESRCH) {
		r = -errno;
		(void)kill(c->pid, SIGKILL);
	}
	if (r < 0)
		nk_sandbox_end(c);
	return r;
}

/*
 * What it has said is all that counts, and that is over: it is ended in any
 * case.  The descriptor stands for this child even where its status went to
 * nobody (SIGCHLD ignored) and its number to another process.
 */
void
nk_sandbox_end(struct nk_sandbox_child *c)
{
	if (c->pidfd != -1) {
		(void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
		close(c->pidfd);
	}
	while (c->pid != -1 && waitpid(c->pid, NULL, 0) == -1 &&
	    errno == EINTR)
		;
	nk_network_end(c->control);
	if (c->fd != -1)
		close(c->fd);
	*c = NK_SANDBOX_CHILD_NONE;
}
