/* SPDX-License-Identifier: ISC */
#include "lib/account/beneath.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * Where it is mounted, by the kernel's own number: what a server says of it
 * is not waited for.
 */
static int
find_mount(int fd, uint64_t *mountp, bool *triggerp)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
	    AT_STATX_DONT_SYNC, STATX_MNT_ID, &sx) == -1)
		return -errno;
	if ((sx.stx_mask & STATX_MNT_ID) == 0)
		return -ENOSYS;
	*mountp = sx.stx_mnt_id;
	*triggerp = (sx.stx_attributes & STATX_ATTR_AUTOMOUNT) != 0;
	return 0;
}

/* fd is the caller's, also on failure. */
static int
check_mount(int fd, uint64_t mount)
{
	uint64_t its;
	bool trigger;
	int r;

	if ((r = find_mount(fd, &its, &trigger)) < 0)
		return r;
	return its != mount || trigger ? -EXDEV : 0;
}

static int
open_checked(int dirfd, const char *name, int flags, uint64_t mount)
{
	int fd, r;

	if ((fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return -errno;
	if ((r = check_mount(fd, mount)) < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* What O_DIRECTORY says of a link, too. */
static int
tell_link(int fd, int error)
{
	struct stat st;

	return error == -ENOTDIR && fstat(fd, &st) == 0 &&
	    S_ISLNK(st.st_mode) ? -ELOOP : error;
}

int
nk_beneath_open(int dirfd, const char *name, int flags)
{
	uint64_t mount;
	bool trigger;
	int seen, fd, r;

	if (name[0] == '\0' || strchr(name, '/') != NULL ||
	    strcmp(name, "..") == 0 || (flags & O_CREAT) != 0)
		return -EINVAL;
	if ((r = find_mount(dirfd, &mount, &trigger)) < 0)
		return r;
	/* O_PATH opens nothing: neither device, pipe nor server is woken. */
	if ((seen = open_checked(dirfd, name, O_PATH, mount)) < 0 ||
	    (flags & O_PATH) != 0)
		return seen;
	fd = open_checked(dirfd, name, flags, mount);
	if (fd < 0)
		fd = tell_link(seen, fd);
	close(seen);
	return fd;
}
