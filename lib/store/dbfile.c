/* SPDX-License-Identifier: ISC */

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/ownfolder.h"
#include "lib/store/dbfile.h"

/* What the database keeps beside its file. */
static const char *const beside[] = { "-wal", "-shm", "-journal" };

static int
check_file(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return -ELOOP;
	if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
	    (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return -EPERM;
	return 0;
}

static int
check_at(int dirfd, const char *name, const char *suffix)
{
	char full[NAME_MAX + 1];
	struct stat st;
	int n;

	n = snprintf(full, sizeof(full), "%s%s", name, suffix);
	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	if (fstatat(dirfd, full, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	return check_file(&st);
}

/*
 * fstatat() and never open(): closing a descriptor of the file would drop
 * the locks that another handle of this process has on it.
 */
static int
check_all(int dirfd, const char *name)
{
	size_t i;
	int r;

	if ((r = check_at(dirfd, name, "")) < 0)
		return r;
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		r = check_at(dirfd, name, beside[i]);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int
make(int dirfd, const char *name)
{
	int fd, r = 0;

	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return errno == EEXIST ? 0 : -errno;	/* made by another */
	if (fchmod(fd, 0600) == -1 || fsync(dirfd) == -1)
		r = -errno;
	close(fd);
	return r;
}

/* Split path and resolve its folder; *namep points into path. */
static int
open_folder(const char *path, char **folderp, const char **namep, int *fdp)
{
	const char *slash = strrchr(path, '/');
	char *folder, *real;
	int fd, r;

	*namep = slash == NULL ? path : slash + 1;
	if (**namep == '\0' || strcmp(*namep, ".") == 0 ||
	    strcmp(*namep, "..") == 0)
		return -EINVAL;
	folder = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return -ENOMEM;
	real = realpath(folder, NULL);
	r = real == NULL ? -errno : 0;
	free(folder);
	if (r < 0)
		return r;
	fd = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		r = -errno;
		free(real);
		return r;
	}
	*folderp = real;
	*fdp = fd;
	return 0;
}

int
nk_dbfile_prepare(const char *path, bool create, char **realp)
{
	const char *name;
	char *folder = NULL, *real = NULL;
	int dirfd = -1, r;

	*realp = NULL;
	if ((r = open_folder(path, &folder, &name, &dirfd)) < 0)
		return r;
	if ((r = nk_ownfolder_check(dirfd, geteuid())) < 0)
		goto out;
	r = check_all(dirfd, name);
	if (r == -ENOENT && create && (r = make(dirfd, name)) == 0)
		r = check_all(dirfd, name);
	if (r < 0)
		goto out;
	if (asprintf(&real, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
	    name) == -1) {
		r = -ENOMEM;
		goto out;
	}
	*realp = real;
 out:
	close(dirfd);
	free(folder);
	return r;
}

/* The database locks by fcntl(2), which flock(2) does not touch. */
int
nk_dbfile_lock(const char *path, unsigned int ms, int *fdp)
{
	static const struct timespec pause = { 0, 10 * 1000 * 1000 };
	unsigned int waited;
	int fd, r;

	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC)) == -1)
		return -errno;
	for (waited = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; waited += 10) {
		if (errno != EWOULDBLOCK || waited >= ms) {
			r = errno == EWOULDBLOCK ? -EBUSY : -errno;
			close(fd);
			return r;
		}
		(void)nanosleep(&pause, NULL);
	}
	*fdp = fd;
	return 0;
}
