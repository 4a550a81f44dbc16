/* SPDX-License-Identifier: ISC */
#include "lib/account/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Field 22 of proc(5)'s stat; the second one may hold spaces and brackets. */
int
nk_process_start(pid_t pid, int64_t *timep)
{
	char path[40], text[1024];
	unsigned long long time;
	const char *p;
	ssize_t n;
	int fd, i;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	if ((p = strrchr(text, ')')) == NULL)
		return -EBADMSG;
	for (i = 2; i < 22 && p != NULL; i++)
		p = strchr(p + 1, ' ');
	if (p == NULL)
		return -EBADMSG;
	errno = 0;
	time = strtoull(p + 1, NULL, 10);
	if (errno != 0 || time > INT64_MAX)
		return -EBADMSG;
	*timep = (int64_t)time;
	return 0;
}
