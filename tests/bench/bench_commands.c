/* SPDX-License-Identifier: ISC */
/*
 * bench_commands WHAT ROUNDS INPUT REMOVE OURS... -- THEIRS...
 *
 * Two commands, each from its start to its end, in turns.  Both read the
 * file INPUT, their output is thrown away, and REMOVE and REMOVE.pub are
 * removed before each.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/compare.h"

static const char *input, *removed;

static void
remove_files(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s.pub", removed);
	if ((unlink(removed) == -1 && errno != ENOENT) ||
	    (unlink(path) == -1 && errno != ENOENT))
		err(EXIT_FAILURE, "%s", removed);
}

/* ns from the start to the end of a command that must succeed. */
static double
run(char **argv)
{
	posix_spawn_file_actions_t fa;
	char *environment[] = { NULL };
	int error, status = -1;
	uint64_t begin;
	pid_t pid;

	remove_files();
	if ((error = posix_spawn_file_actions_init(&fa)) != 0 ||
	    (error = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO,
	    input, O_RDONLY, 0)) != 0 ||
	    (error = posix_spawn_file_actions_addopen(&fa, STDOUT_FILENO,
	    "/dev/null", O_WRONLY, 0)) != 0)
		errx(EXIT_FAILURE, "posix_spawn: %s", strerror(error));
	begin = nk_bench_now();
	if ((error = posix_spawnp(&pid, argv[0], &fa, NULL, argv,
	    environment)) != 0)
		errx(EXIT_FAILURE, "%s: %s", argv[0], strerror(error));
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			err(EXIT_FAILURE, "waitpid");
	posix_spawn_file_actions_destroy(&fa);
	if (status != 0)
		errx(EXIT_FAILURE, "%s: status %#x", argv[0],
		    (unsigned int)status);
	return (double)(nk_bench_now() - begin);
}

int
main(int argc, char **argv)
{
	static struct nk_rounds r;
	char **ours = argv + 5, **theirs;
	unsigned long n;

	for (theirs = ours; argc > 5 && *theirs != NULL &&
	    strcmp(*theirs, "--") != 0; theirs++)
		;
	n = argc > 5 ? strtoul(argv[2], NULL, 10) : 0;
	if (n == 0 || n > NK_ROUNDS_MAX || *theirs == NULL ||
	    theirs[1] == NULL)
		errx(EXIT_FAILURE, "usage: bench_commands WHAT ROUNDS INPUT "
		    "REMOVE OURS... -- THEIRS...");
	*theirs++ = NULL;
	input = argv[3];
	removed = argv[4];
	nk_bench_pin();
	(void)run(ours);
	(void)run(theirs);
	for (r.count = 0; r.count < n; r.count++) {
		r.ours[r.count] = run(ours);
		r.theirs[r.count] = run(theirs);
	}
	nk_bench_report(argv[1], &r);
	return EXIT_SUCCESS;
}
