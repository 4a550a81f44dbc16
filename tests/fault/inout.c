/* SPDX-License-Identifier: ISC */
#include "tests/fault/inout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
inout_redirect(const char *in_path, const char *out_path, int saved[2])
{
	int in = open(in_path, O_RDONLY | O_CLOEXEC);
	int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	(void)fflush(stdout);
	saved[0] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
	saved[1] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	if (in == -1 || out == -1 || saved[0] == -1 || saved[1] == -1 ||
	    dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		return -errno;
	(void)close(in);
	(void)close(out);
	return 0;
}

void
inout_restore(const int saved[2])
{
	if (dup2(saved[0], STDIN_FILENO) == -1 ||
	    dup2(saved[1], STDOUT_FILENO) == -1)
		_exit(1);
	(void)close(saved[0]);
	(void)close(saved[1]);
}
