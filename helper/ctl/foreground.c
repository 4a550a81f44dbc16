/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/foreground.h"

/* What is told to the program when it is sent to us. */
static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2, SIGALRM, SIGTSTP, SIGCONT };

static void
make_set(sigset_t *set)
{
	size_t i;

	(void)sigemptyset(set);
	(void)sigaddset(set, SIGCHLD);
	for (i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(set, passed_on[i]);
}

static int
start(const char *const argv[], const sigset_t *mask, pid_t *pidp)
{
	union {			/* posix_spawnp() writes to none of them */
		const char *const	*given;
		char *const		*passed;
	} args = { .given = argv };
	posix_spawnattr_t attr;
	int n;

	if ((n = posix_spawnattr_init(&attr)) != 0)
		return -n;
	if ((n = posix_spawnattr_setsigmask(&attr, mask)) == 0 &&
	    (n = posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK)) == 0)
		n = posix_spawnp(pidp, argv[0], NULL, &attr, args.passed,
		    environ);
	(void)posix_spawnattr_destroy(&attr);
	return -n;
}

/*
 * 1: it has ended.  Where it has stopped, by itself or with us by the
 * terminal, so do we, and who continues us continues it.
 */
static int
look(pid_t pid, int *statusp)
{
	pid_t got = waitpid(pid, statusp, WNOHANG | WUNTRACED);

	if (got == -1)
		return errno == EINTR ? 0 : -errno;
	if (got == 0)
		return 0;
	if (!WIFSTOPPED(*statusp))
		return 1;
	(void)raise(SIGSTOP);
	(void)kill(pid, SIGCONT);
	return 0;
}

/* The terminal's signals go to the program anyway, by its group. */
static void
pass_on(pid_t pid, const siginfo_t *info)
{
	if (info->si_code <= 0 || info->si_signo == SIGCONT)
		(void)kill(pid, info->si_signo);
}

static int
attend(pid_t pid, const sigset_t *set, int *statusp)
{
	siginfo_t info;
	int r;

	for (;;) {
		if (sigwaitinfo(set, &info) == -1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (info.si_signo != SIGCHLD)
			pass_on(pid, &info);
		else if ((r = look(pid, statusp)) != 0)
			return r < 0 ? r : 0;
	}
}

int
foreground_run(const struct ctl *c, const char *const argv[], int *statusp)
{
	sigset_t set, before;
	pid_t pid = -1;
	int r;

	(void)signal(SIGCHLD, SIG_DFL);		/* our starter may ignore it */
	make_set(&set);
	if (sigprocmask(SIG_BLOCK, &set, &before) == -1)
		return ctl_fail(c, "signals: %s", strerror(errno));
	if ((r = start(argv, &before, &pid)) < 0)
		(void)ctl_fail(c, "%s: %s", argv[0], r == -ENOENT ?
		    "the program is not there" : strerror(-r));
	else if ((r = attend(pid, &set, statusp)) < 0)
		(void)ctl_fail(c, "%s: %s", argv[0], strerror(-r));
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r < 0 ? CTL_FAILED : CTL_DONE;
}

int
foreground_end(int status)
{
	sigset_t one;
	int number;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	number = WTERMSIG(status);
	(void)signal(number, SIG_DFL);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, number);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)raise(number);
	return 128 + number;		/* it does not end us */
}
