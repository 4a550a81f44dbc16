/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_PROCESS_H
#define NASKEYS_ACCOUNT_PROCESS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/*
 * When the process was started, in the kernel's ticks since boot (proc(5),
 * stat): what tells it from a later one with the same number.  0; -ESRCH,
 * there is none; -EBADMSG; -errno.
 */
int	nk_process_start(pid_t pid, int64_t *timep) NK_MUST_CHECK;

/*
 * Is it, or is one of its parents, a program of one of these names?  The
 * list ends with NULL.  Anybody can have such a name: for hints alone.
 */
bool	nk_process_is_below(pid_t pid, const char *const names[]);

/*
 * A descriptor of the process, which is no other one: its start is compared
 * after it was opened.  0; -ESRCH, it has gone; -errno.
 */
int	nk_process_open(pid_t pid, int64_t start, int *fdp) NK_MUST_CHECK;

/* Processes to be ended; all descriptors are the caller's. */
struct nk_process {
	pid_t	pid;
	int	fd;		/* of nk_process_open() */
	bool	ended;
};

/*
 * End these sessions of sshd: SIGTERM, which its monitor passes on and both
 * close the session by, and after some seconds, when somebody has stopped
 * the child, SIGKILL to the children and then to itself.  Sets "ended".
 */
void	nk_process_end_sessions(struct nk_process *v, size_t n);
#define NK_PROCESS_END_MAX	64u	/* at once */

#endif /* NASKEYS_ACCOUNT_PROCESS_H */
