/* SPDX-License-Identifier: ISC */
#include "lib/account/missing.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/beneath.h"

/*
 * Open one name, whatever it is, without following it.  A mount point is an
 * error, and nothing is mounted for our sake.
 */
static int
open_name(int dirfd, const char *name)
{
	return nk_beneath_open(dirfd, name, O_PATH);
}

static bool
is_roots_alone(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	    (st.st_mode & S_IXOTH) != 0;
}

/* The next name of the path.  False: none, or one that leads elsewhere. */
static bool
next(const char **pathp, char name[NAME_MAX + 1])
{
	const char *p = *pathp + strspn(*pathp, "/");
	size_t len = strcspn(p, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, p, len);
	name[len] = '\0';
	*pathp = p + len;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool
nk_path_is_missing(const char *path, size_t *endp)
{
	const char *p = path;
	char name[NAME_MAX + 1];
	bool missing = false;
	int fd, below;

	if (path[0] != '/' ||
	    (fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return false;
	while (!missing && is_roots_alone(fd) && next(&p, name)) {
		if ((below = open_name(fd, name)) < 0) {
			if (below != -ENOENT)
				break;
			missing = true;
			*endp = (size_t)(p - path);
		} else {
			(void)close(fd);
			fd = below;
		}
	}
	(void)close(fd);
	return missing;
}
