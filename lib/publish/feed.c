/* SPDX-License-Identifier: ISC */
#include "lib/publish/feed.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FLAGS	(O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)

static int
check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -errno;
	return S_ISFIFO(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) == 0 ? 0 : -EPERM;
}

int
nk_feed_listen(const char *path, int *fdp)
{
	int fd, r;

	*fdp = -1;
	if (mkfifo(path, 0600) == -1 && errno != EEXIST)
		return -errno;
	if ((fd = open(path, O_RDONLY | FLAGS)) == -1)
		return -errno;
	if ((r = check(fd)) < 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

/* ENXIO: nobody listens. */
void
nk_feed_tell(const char *path)
{
	int fd;

	if ((fd = open(path, O_WRONLY | FLAGS)) != -1)
		close(fd);
}
