/* SPDX-License-Identifier: ISC */
#include "tests/bench/process_memory.h"

#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE	64
#define LINE_SIZE	512

/* The sum of the lines with one of these names; false: there is no file. */
static bool
sum_lines(const char *path, const char *const names[], uint64_t *sump)
{
	char line[LINE_SIZE];
	size_t i;
	FILE *f;

	*sump = 0;
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		for (i = 0; names[i] != NULL; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				*sump += strtoull(line + strlen(names[i]),
				    NULL, 10);
	(void)fclose(f);
	return true;
}

struct process_memory
process_memory(pid_t pid)
{
	static const char *const pss[] = { "Pss:", NULL };
	static const char *const own[] = { "Private_Clean:",
	    "Private_Dirty:", NULL };
	struct process_memory m;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (!sum_lines(path, pss, &m.pss) ||
	    !sum_lines(path, own, &m.private))
		err(1, "%s", path);
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

struct process_memory
process_memory_of_children(pid_t pid)
{
	struct process_memory all = { 0, 0 }, one;
	const struct dirent *e;
	DIR *d;

	if ((d = opendir("/proc")) == NULL)
		err(1, "/proc");
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    !is_child(e->d_name, pid))
			continue;
		one = process_memory((pid_t)strtol(e->d_name, NULL, 10));
		all.pss += one.pss;
		all.private += one.private;
	}
	(void)closedir(d);
	return all;
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
