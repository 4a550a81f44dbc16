/* SPDX-License-Identifier: ISC */
#include "tests/fault/tracer.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

bool
tracer_is_possible(void)
{
#ifdef __x86_64__
	return true;
#else
	return false;
#endif
}

/*
 * Tracer and traced wait for each other at each stop, and never run at the
 * same time: on one CPU a stop costs a fifth.  Where it cannot be, it is
 * slow and nothing more.
 */
static void
share_cpu(void)
{
	cpu_set_t set;
	int cpu;

	if ((cpu = sched_getcpu()) == -1)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void
child(char *const argv[])
{
	int fd;

	if ((fd = open("/dev/null", O_RDWR)) == -1 || dup2(fd, 3) == -1)
		_exit(126);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(126);
	(void)raise(SIGSTOP);
	(void)execv(argv[0], argv);
	_exit(127);
}

int
tracer_start(struct tracer *t, char *const argv[])
{
	memset(t, 0, sizeof(*t));
	share_cpu();
	if ((t->pid = fork()) == -1)
		return -errno;
	if (t->pid == 0)
		child(argv);
	if (waitpid(t->pid, &t->status, 0) == -1 || !WIFSTOPPED(t->status))
		return -ECHILD;
	if (ptrace(PTRACE_SETOPTIONS, t->pid, NULL,
	    (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == -1)
		return -errno;
	return 0;
}

static bool
call_info(struct tracer *t, struct __ptrace_syscall_info *info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, t->pid,
	    (void *)sizeof(*info), info) > 0;
}

static void
set_result(struct tracer *t, int64_t value)
{
#ifdef __x86_64__
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) == -1)
		abort();
	regs.rax = (unsigned long long)value;
	if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs) == -1)
		abort();
#else
	(void)t;
	(void)value;
	abort();
#endif
	t->ret = value;
}

enum tracer_stop
tracer_at_call(struct tracer *t)
{
	struct __ptrace_syscall_info info;
	size_t i;

	if (!call_info(t, &info))
		return TRACER_GONE;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->inside = true;
		t->nr = (long)info.entry.nr;
		for (i = 0; i < 6; i++)
			t->args[i] = info.entry.args[i];
		return TRACER_ENTRY;
	}
	t->inside = false;
	t->ret = info.exit.rval;
	if (t->fail != 0)
		set_result(t, -t->fail);
	t->fail = 0;
	return TRACER_EXIT;
}

enum tracer_stop
tracer_next(struct tracer *t)
{
	int sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, t->pid, NULL,
		    (void *)(intptr_t)sig) == -1 ||
		    waitpid(t->pid, &t->status, 0) == -1)
			return TRACER_GONE;
		if (!WIFSTOPPED(t->status))
			return TRACER_GONE;
		sig = WSTOPSIG(t->status);
		if (sig == (SIGTRAP | 0x80))
			return tracer_at_call(t);
		if (sig == SIGTRAP || sig == SIGSTOP)
			sig = 0;	/* exec, and our own start */
	}
}

void
tracer_kill(struct tracer *t)
{
	(void)kill(t->pid, SIGKILL);
	while (waitpid(t->pid, &t->status, 0) == t->pid &&
	    WIFSTOPPED(t->status))
		continue;
}

void
tracer_fail(struct tracer *t, int error)
{
#ifdef __x86_64__
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) == -1)
		abort();
	regs.orig_rax = SYS_getpid;	/* which every filter allows */
	if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs) == -1)
		abort();
#else
	abort();
#endif
	t->fail = error;
}

void
tracer_set_arg(struct tracer *t, int i, uint64_t value)
{
#ifdef __x86_64__
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, t->pid, NULL, &regs) == -1)
		abort();
	switch (i) {
	case 2:
		regs.rdx = value;
		break;
	default:
		abort();
	}
	if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs) == -1)
		abort();
#else
	(void)i;
	(void)value;
	abort();
#endif
}

int
tracer_peek(const struct tracer *t, uint64_t at, void *buf, size_t len)
{
	struct iovec mine = { buf, len };
	struct iovec its = { (void *)(uintptr_t)at, len };
	ssize_t n;

	n = process_vm_readv(t->pid, &mine, 1, &its, 1, 0);
	if (n == -1)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

void
tracer_peek_string(const struct tracer *t, uint64_t at, char *buf,
    size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++)
		if (tracer_peek(t, at + i, buf + i, 1) < 0 || buf[i] == '\0')
			break;
	buf[i] = '\0';
}

void
tracer_fd_path(const struct tracer *t, uint64_t fd, char *buf, size_t len)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)t->pid,
	    (int)fd);
	n = readlink(link, buf, len - 1);
	buf[n < 0 ? 0 : n] = '\0';
}
