/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "helper/ctl/file.h"

int
file_absolute(const char *path, char out[PATH_MAX])
{
	char here[PATH_MAX] = "";
	int n;

	if (path[0] == '\0')
		return -ENOENT;
	if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
		return -errno;
	n = snprintf(out, PATH_MAX, "%s%s%s", here, path[0] != '/' ? "/" : "",
	    path);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int
file_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat st;
	int fd, r = 0;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -errno;
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if ((st.st_uid != uid || st.st_gid != gid) &&
	    fchown(fd, uid, gid) == -1)
		r = -errno;
	else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) == -1)
		r = -errno;
	close(fd);
	return r;
}
