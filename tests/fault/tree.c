/* SPDX-License-Identifier: ISC */
#include "tests/fault/tree.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS	(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | \
    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

int
tree_start(struct tree *t, char *const argv[])
{
	int r;

	memset(t, 0, sizeof(*t));
	if ((r = tracer_start(&t->all[0], argv)) < 0)
		return r;
	t->n = 1;
	t->now = &t->all[0];
	return ptrace(PTRACE_SETOPTIONS, t->now->pid, NULL,
	    (void *)OPTIONS) == -1 ? -errno : 0;
}

/* One that is new comes stopped. */
static struct tracer *
find(struct tree *t, pid_t pid)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->all[i].pid == pid)
			return &t->all[i];
	if (t->n == TREE_MAX)
		abort();
	t->all[t->n].pid = pid;
	return &t->all[t->n++];
}

/* One that is killed meanwhile is waited for all the same. */
static void
resume(const struct tracer *p, int sig)
{
	(void)ptrace(PTRACE_SYSCALL, p->pid, NULL, (void *)(intptr_t)sig);
}

enum tracer_stop
tree_next(struct tree *t)
{
	enum tracer_stop stop;
	struct tracer *p;
	int status, sig;
	pid_t pid;

	if (t->now != NULL)
		resume(t->now, 0);
	t->now = NULL;
	for (;;) {
		if ((pid = waitpid(-1, &status, __WALL)) == -1)
			return TRACER_GONE;
		p = find(t, pid);
		p->status = status;
		if (!WIFSTOPPED(status))
			continue;
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80)) {
			t->now = p;
			if ((stop = tracer_at_call(p)) != TRACER_GONE)
				return stop;
		}
		if (sig == SIGTRAP || sig == SIGSTOP || t->now == p)
			sig = 0;	/* fork, exec, a start; killed */
		t->now = NULL;
		resume(p, sig);
	}
}

void
tree_kill(struct tree *t)
{
	(void)kill(t->now->pid, SIGKILL);
	t->now = NULL;
}
