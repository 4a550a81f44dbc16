/* SPDX-License-Identifier: ISC */

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/privatedir.h"
#include "lib/fullio.h"

#define PREFIX	"naskeys-lent."
#define BASE_MAX	64		/* bytes of the folder it lies in */
#define TRIES		8

/* ---- removing ---- */

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void
empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *e;
	DIR *d;

	if (copy == -1)
		return;
	if ((d = fdopendir(copy)) == NULL) {
		close(copy);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (!is_dots(e->d_name))
			(void)unlinkat(fd, e->d_name, 0);
	closedir(d);
}

/* One that is ours and that nobody holds any more. */
static void
remove_stale(int base, const char *name)
{
	struct stat st;
	int fd;

	fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0) {
		empty(fd);
		(void)unlinkat(base, name, AT_REMOVEDIR);
	}
	close(fd);
}

static void
remove_all_stale(const char *base)
{
	const struct dirent *e;
	DIR *d;

	if ((d = opendir(base)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0)
			remove_stale(dirfd(d), e->d_name);
	closedir(d);
}

void
privatedir_remove(struct privatedir *d)
{
	if (d->fd == -1)
		return;
	empty(d->fd);
	(void)rmdir(d->path);
	close(d->fd);
	d->fd = -1;
}

/* ---- making ---- */

static bool
is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

	return path[0] == '/' && strlen(path) < BASE_MAX &&
	    path[strspn(path, plain)] == '\0';
}

/* The environment names it: it must be what such a folder is. */
static bool
is_own_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static const char *
find_base(void)
{
	const char *own = getenv("XDG_RUNTIME_DIR");

	if (own != NULL && is_plain(own) && is_own_folder(own))
		return own;
	return geteuid() == 0 && access("/run", W_OK) == 0 ? "/run" : "/tmp";
}

/* 0; -EAGAIN: somebody took it for one that was left behind; -errno. */
static int
make(struct privatedir *d, const char *base)
{
	struct stat st;
	int n;

	n = snprintf(d->path, sizeof(d->path), "%s/" PREFIX "XXXXXX", base);
	if (n < 0 || (size_t)n >= sizeof(d->path))
		return -ENAMETOOLONG;
	if (mkdtemp(d->path) == NULL)
		return -errno;
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (d->fd == -1)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (flock(d->fd, LOCK_EX | LOCK_NB) == 0 && fstat(d->fd, &st) == 0 &&
	    st.st_nlink > 0)
		return 0;
	close(d->fd);
	d->fd = -1;
	return -EAGAIN;
}

int
privatedir_make(struct privatedir *d, const struct ctl *c)
{
	const char *base = find_base();
	int i, r = -EAGAIN;

	d->fd = -1;
	remove_all_stale(base);
	for (i = 0; r == -EAGAIN && i < TRIES; i++)
		r = make(d, base);
	if (r < 0)
		return ctl_fail(c, "%s: a private folder cannot be made: %s",
		    base, strerror(-r));
	return CTL_DONE;
}

int
privatedir_write(const struct privatedir *d, const struct ctl *c,
    const char *name, const char *text)
{
	int fd, r;

	fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return ctl_fail(c, "%s/%s: %s", d->path, name,
		    strerror(errno));
	r = nk_write_full(fd, text, strlen(text));
	if (close(fd) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		return ctl_fail(c, "%s/%s: %s", d->path, name, strerror(-r));
	return CTL_DONE;
}
