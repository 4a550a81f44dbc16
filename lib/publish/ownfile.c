/* SPDX-License-Identifier: ISC */
#include "lib/publish/ownfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/ownfolder.h"

static bool
is_ours(const struct stat *st, uid_t owner, mode_t mode)
{
	return S_ISREG(st->st_mode) && st->st_uid == owner &&
	    (st->st_mode & 07777) == mode;
}

int
nk_ownfile_open(const char *path, uid_t owner, mode_t mode, int *fdp,
    struct stat *st)
{
	int fd, r = 0;

	if ((fd = open(path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) == -1)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, st) == -1)
		r = -errno;
	else if (!is_ours(st, owner, mode))
		r = -EPERM;
	if (r < 0)
		close(fd);
	else
		*fdp = fd;
	return r;
}

int
nk_ownfile_look(struct nk_ownfile *f, const char *path, uid_t owner,
    mode_t mode)
{
	struct stat st;
	int r;

	if (f->fd != -1 && lstat(path, &st) == 0 && st.st_dev == f->dev &&
	    st.st_ino == f->ino && is_ours(&st, owner, mode))
		return 0;
	nk_ownfile_close(f);
	if ((r = nk_ownfile_open(path, owner, mode, &f->fd, &st)) < 0)
		return r;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	return 0;
}

void
nk_ownfile_close(struct nk_ownfile *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

int
nk_ownfile_compare(const char *path, uid_t owner, mode_t mode,
    const void *bytes, size_t len)
{
	uint8_t *there;
	struct stat st;
	size_t n;
	int fd, r;

	if ((r = nk_ownfile_open(path, owner, mode, &fd, &st)) < 0)
		return r;
	if (st.st_size < 0 || (uint64_t)st.st_size != len)
		r = -EBADMSG;
	else if ((there = malloc(len + 1)) == NULL)
		r = -ENOMEM;
	else {
		r = nk_pread_full(fd, there, len, 0, &n);
		if (r == 0 && (n < len || memcmp(there, bytes, len) != 0))
			r = -EBADMSG;
		free(there);
	}
	close(fd);
	return r;
}

/* The folder, and the file's name in it. */
static int
open_folder(const char *path, uid_t owner, int *fdp, const char **namep)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t n;
	int fd, r;

	if (slash == NULL)
		return -EINVAL;
	n = (size_t)(slash - path);
	if (n >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, n);
	folder[n] = '\0';
	if ((fd = open(n > 0 ? folder : "/",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	if ((r = nk_ownfolder_check(fd, owner)) < 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	*namep = slash + 1;
	return 0;
}

static int
write_new(int dirfd, const char *name, mode_t mode, const void *bytes,
    size_t len)
{
	int fd, r;

	/* one that a killed holder left */
	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return -errno;
	if ((r = nk_write_full(fd, bytes, len)) == 0 &&
	    (fchmod(fd, mode) == -1 || fsync(fd) == -1))
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	return r;
}

int
nk_ownfile_replace(const char *path, uid_t owner, mode_t mode,
    const void *bytes, size_t len)
{
	char new[NAME_MAX + 1];
	const char *name = NULL;
	int dirfd, n, r;

	if ((r = open_folder(path, owner, &dirfd, &name)) < 0)
		return r;
	n = snprintf(new, sizeof(new), "%s.new", name);
	if (n < 0 || (size_t)n >= sizeof(new)) {
		r = -ENAMETOOLONG;
		goto out;
	}
	if ((r = write_new(dirfd, new, mode, bytes, len)) == 0 &&
	    renameat(dirfd, new, dirfd, name) == -1)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, new, 0);	/* may not be there */
	else if (fsync(dirfd) == -1)
		r = -errno;
 out:
	close(dirfd);
	return r;
}

int
nk_ownfile_remove(const char *path, uid_t owner)
{
	const char *name = NULL;
	int dirfd, r;

	if ((r = open_folder(path, owner, &dirfd, &name)) < 0)
		return r == -ENOENT ? 0 : r;
	if (unlinkat(dirfd, name, 0) == -1)
		r = errno == ENOENT ? 0 : -errno;
	else if (fsync(dirfd) == -1)
		r = -errno;
	close(dirfd);
	return r;
}
