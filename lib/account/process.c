/* SPDX-License-Identifier: ISC */
#include "lib/account/process.h"

#include <sys/pidfd.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/monotonic.h"

#define FIELD_PARENT	4	/* of proc(5)'s stat */
#define FIELD_START	22
#define DEPTH_MAX	64
#define TERM_MS		2000	/* until what is there is killed */
#define KILL_MS		1000

static int
read_proc(const char *path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	return 0;
}

/* The second field may hold spaces and brackets. */
static int
read_field(pid_t pid, int field, int64_t *vp)
{
	char path[40], text[1024];
	unsigned long long v;
	const char *p;
	int i, r;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((r = read_proc(path, text, sizeof(text))) < 0)
		return r;
	if ((p = strrchr(text, ')')) == NULL)
		return -EBADMSG;
	for (i = 2; i < field && p != NULL; i++)
		p = strchr(p + 1, ' ');
	if (p == NULL)
		return -EBADMSG;
	errno = 0;
	v = strtoull(p + 1, NULL, 10);
	if (errno != 0 || v > INT64_MAX)
		return -EBADMSG;
	*vp = (int64_t)v;
	return 0;
}

bool
nk_process_is_below(pid_t pid, const char *const names[])
{
	char path[40], name[64];
	int64_t parent;
	size_t i;
	int depth;

	for (depth = 0; depth < DEPTH_MAX && pid > 1; depth++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/comm",
		    (int)pid);
		if (read_proc(path, name, sizeof(name)) < 0)
			return false;
		name[strcspn(name, "\n")] = '\0';
		for (i = 0; names[i] != NULL; i++)
			if (strcmp(name, names[i]) == 0)
				return true;
		if (read_field(pid, FIELD_PARENT, &parent) < 0 ||
		    parent > INT32_MAX)
			return false;
		pid = (pid_t)parent;
	}
	return false;
}

int
nk_process_start(pid_t pid, int64_t *timep)
{
	return read_field(pid, FIELD_START, timep);
}

int
nk_process_open(pid_t pid, int64_t start, int *fdp)
{
	int64_t now;
	int fd, r;

	if ((fd = pidfd_open(pid, 0)) == -1)
		return -errno;
	if ((r = nk_process_start(pid, &now)) == 0 && now != start)
		r = -ESRCH;
	if (r < 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

/* ---- ending ---- */

/* It is its child still, and no other process with its number. */
static void
kill_child(pid_t parent, pid_t child)
{
	int64_t is;
	int fd;

	if ((fd = pidfd_open(child, 0)) == -1)
		return;
	if (read_field(child, FIELD_PARENT, &is) == 0 && is == parent)
		(void)pidfd_send_signal(fd, SIGKILL, NULL, 0);
	close(fd);
}

static void
kill_children(const struct nk_process *p)
{
	char path[64], text[4096], *at = text, *end;
	long child;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)p->pid, (int)p->pid);
	if (read_proc(path, text, sizeof(text)) < 0)
		return;
	for (;; at = end) {
		child = strtol(at, &end, 10);
		if (end == at || child <= 1 || child > INT32_MAX)
			return;
		kill_child(p->pid, (pid_t)child);
	}
}

/* Wait until all have ended, or so long. */
static bool
wait_for_all(struct nk_process *v, size_t n, int64_t ms)
{
	int64_t until = nk_monotonic_ms() + ms, left;
	struct pollfd p = { .events = POLLIN };
	bool all = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].ended)
			continue;
		p.fd = v[i].fd;
		if ((left = until - nk_monotonic_ms()) < 0)
			left = 0;
		while (poll(&p, 1, (int)left) == -1 && errno == EINTR)
			;
		v[i].ended = (p.revents & POLLIN) != 0;
		p.revents = 0;
		all = all && v[i].ended;
	}
	return all;
}

void
nk_process_end_sessions(struct nk_process *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		(void)pidfd_send_signal(v[i].fd, SIGTERM, NULL, 0);
	if (wait_for_all(v, n, TERM_MS))
		return;
	for (i = 0; i < n; i++)
		if (!v[i].ended)
			kill_children(&v[i]);
	if (wait_for_all(v, n, KILL_MS))
		return;
	for (i = 0; i < n; i++)
		if (!v[i].ended)
			(void)pidfd_send_signal(v[i].fd, SIGKILL, NULL, 0);
	(void)wait_for_all(v, n, KILL_MS);
}
