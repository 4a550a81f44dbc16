/* SPDX-License-Identifier: ISC */
#include "tests/bench/process_memory.h"

#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE	64
#define LINE_SIZE	512
#define PAUSE_US	100000u
#define PATIENCE	600	/* pauses */

/*
 * The sum of the lines with one of these names.  False: there is no such
 * line, as where the process has ended.
 */
static bool
sum_lines(const char *path, const char *const names[], uint64_t *sump)
{
	char line[LINE_SIZE];
	bool found = false;
	size_t i;
	FILE *f;

	*sump = 0;
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		for (i = 0; names[i] != NULL; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0) {
				*sump += strtoull(line + strlen(names[i]),
				    NULL, 10);
				found = true;
			}
	(void)fclose(f);
	return found;
}

/* False: it has ended. */
static bool
find_memory(const char *pid, struct process_memory *m)
{
	static const char *const pss[] = { "Pss:", NULL };
	static const char *const own[] = { "Private_Clean:",
	    "Private_Dirty:", NULL };
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%.20s/smaps_rollup", pid);
	return sum_lines(path, pss, &m->pss) &&
	    sum_lines(path, own, &m->private);
}

struct process_memory
process_memory(pid_t pid)
{
	struct process_memory m;
	char name[PATH_SIZE];

	(void)snprintf(name, sizeof(name), "%d", pid);
	if (!find_memory(name, &m))
		errx(1, "process %d has ended", pid);
	return m;
}

static bool
is_child(const char *name, pid_t parent)
{
	static const char *const ppid[] = { "PPid:", NULL };
	char path[PATH_SIZE];
	uint64_t found;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/status", name);
	return sum_lines(path, ppid, &found) && found == (uint64_t)parent;
}

/* How many there are; one that ends meanwhile is none. */
static size_t
add_children(pid_t pid, struct process_memory *all)
{
	struct process_memory one;
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	*all = (struct process_memory){ 0, 0 };
	if ((d = opendir("/proc")) == NULL)
		err(1, "/proc");
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    !is_child(e->d_name, pid) ||
		    !find_memory(e->d_name, &one))
			continue;
		all->pss += one.pss;
		all->private += one.private;
		n++;
	}
	(void)closedir(d);
	return n;
}

struct process_memory
process_memory_of_children(pid_t pid, size_t n)
{
	struct process_memory all;
	size_t have = 0;
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if ((have = add_children(pid, &all)) == n)
			return all;
		(void)usleep(PAUSE_US);
	}
	errx(1, "process %d has %zu children, not %zu", pid, have, n);
}

uint64_t
memory_available(void)
{
	static const char *const names[] = { "MemAvailable:", NULL };
	uint64_t free;

	if (!sum_lines("/proc/meminfo", names, &free) || free == 0)
		errx(1, "/proc/meminfo does not tell what is available");
	return free;
}
