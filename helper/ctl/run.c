/* SPDX-License-Identifier: ISC */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include "helper/ctl/run.h"

/* All that the program prints; what does not fit is read and dropped. */
static int
collect(int fd, char *out, size_t len)
{
	size_t n = 0;
	char rest[512];
	ssize_t got;

	for (;;) {
		got = n + 1 < len ? read(fd, out + n, len - 1 - n) :
		    read(fd, rest, sizeof(rest));
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (n + 1 < len)
			n += (size_t)got;
	}
	out[n] = '\0';
	return got == -1 ? -errno : 0;
}

static int
start(const char *const argv[], int output, pid_t *pidp)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	posix_spawn_file_actions_t fa;
	int r;

	if ((r = posix_spawn_file_actions_init(&fa)) != 0)
		return -r;
	if ((r = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&fa, output,
	    STDOUT_FILENO)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&fa, output,
	    STDERR_FILENO)) == 0)
		r = posix_spawn(pidp, argv[0], &fa, NULL,
		    (char *const *)(const void *)argv, env);
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

int
run_program(const char *const argv[], char *out, size_t len)
{
	int p[2] = { -1, -1 }, r, status;
	pid_t pid = -1;

	out[0] = '\0';
	if (pipe2(p, O_CLOEXEC) == -1)
		return -errno;
	r = start(argv, p[1], &pid);
	close(p[1]);
	if (r < 0) {
		close(p[0]);
		return r;
	}
	r = collect(p[0], out, len);
	close(p[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -errno;
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}
