/* SPDX-License-Identifier: ISC */
#include "tests/integration/homes_turn.h"

#include <sys/wait.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>

#include "lib/home/outcome.h"

void
turn_fail(const struct homes_turn *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: %s: %s at call %d (%ld): ", t->what, t->fault,
	    t->turn, t->nr);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	exit(EXIT_FAILURE);
}

/* A file system has no say in these. */
static bool
is_of_files(long nr)
{
	switch (nr) {
	case SYS_brk:
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_mremap:
	case SYS_madvise:
	case SYS_close:
	case SYS_getrandom:
	case SYS_geteuid:
	case SYS_getpgid:
	case SYS_exit_group:
	case SYS_futex:
		return false;
	default:
		return true;
	}
}

int
turn_run(struct homes_turn *t, char *const argv[])
{
	enum tracer_stop stop;
	struct tracer tr;
	bool armed = false;
	int calls = 0, r;

	t->nr = -1;
	if ((r = tracer_start(&tr, argv)) < 0)
		turn_fail(t, "cannot trace: %s", strerror(-r));
	while ((stop = tracer_next(&tr)) != TRACER_GONE) {
		if (stop != TRACER_ENTRY)
			continue;
		if (tr.nr == SYS_getpgid)
			armed = !armed;
		if (armed && is_of_files(tr.nr) && ++calls == t->turn) {
			t->nr = tr.nr;
			t->happen(&tr, t->arg);
		}
	}
	if (!WIFEXITED(tr.status) ||
	    WEXITSTATUS(tr.status) >= NK_HOMEFILE_OUTCOMES)
		turn_fail(t, "status %#x", tr.status);
	return t->nr == -1 && t->turn > 0 ? -1 : WEXITSTATUS(tr.status);
}
