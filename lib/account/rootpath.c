/* SPDX-License-Identifier: ISC */
#include "lib/account/rootpath.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A walk: where it is, and what of the path is left. */
struct walk {
	int		 fd;
	uid_t		 root;
	unsigned int	 links;		/* that may still be followed */
	char		 left[PATH_MAX];
};

static bool
is_roots(const struct walk *w, uid_t owner)
{
	return owner == 0 || owner == w->root;
}

/* Go to the folder fd, which is then the walk's.  Closes fd on failure. */
static int
enter(struct walk *w, int fd)
{
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	else if (!is_roots(w, st.st_uid) || (st.st_mode & 022) != 0)
		r = -EPERM;
	if (r < 0) {
		close(fd);
		return r;
	}
	if (w->fd != -1)
		close(w->fd);
	w->fd = fd;
	return 0;
}

static int
enter_root(struct walk *w)
{
	int fd;

	if ((fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	return enter(w, fd);
}

/* Put the target of the link "name" before what is left of the path. */
static int
follow(struct walk *w, const char *name)
{
	char target[PATH_MAX];
	size_t len, left = strlen(w->left);
	ssize_t n;

	if (w->links == 0)
		return -ELOOP;
	w->links--;
	n = readlinkat(w->fd, name, target, sizeof(target));
	if (n == -1)
		return -errno;
	len = (size_t)n;
	if (len == 0)
		return -ENOENT;
	if (len >= sizeof(w->left) - left - 1)
		return -ENAMETOOLONG;
	memmove(w->left + len + 1, w->left, left + 1);
	memcpy(w->left, target, len);
	w->left[len] = '/';
	return target[0] == '/' ? enter_root(w) : 0;
}

/* Take the next component off the path.  False: none is left. */
static bool
next(struct walk *w, char name[NAME_MAX + 1], int *rp)
{
	size_t slashes = strspn(w->left, "/");
	size_t len = strcspn(w->left + slashes, "/");

	*rp = 0;
	if (len == 0)
		return false;
	if (len > NAME_MAX) {
		*rp = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, w->left + slashes, len);
	name[len] = '\0';
	memmove(w->left, w->left + slashes + len,
	    strlen(w->left + slashes + len) + 1);
	return true;
}

static int
step(struct walk *w, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return is_roots(w, st.st_uid) ? follow(w, name) : -EPERM;
	fd = openat(w->fd, name,
	    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd == -1 ? -errno : enter(w, fd);
}

int
nk_rootpath_open(const char *path, unsigned int links_max, uid_t root,
    int *fdp)
{
	struct walk w = { .fd = -1, .root = root, .links = links_max };
	char name[NAME_MAX + 1];
	size_t len = strlen(path);
	int r;

	*fdp = -1;
	if (path[0] != '/')
		return -EINVAL;
	if (len >= sizeof(w.left))
		return -ENAMETOOLONG;
	memcpy(w.left, path, len + 1);
	r = enter_root(&w);
	while (r == 0 && next(&w, name, &r))
		r = step(&w, name);
	if (r < 0) {
		if (w.fd != -1)
			close(w.fd);
		return r;
	}
	*fdp = w.fd;
	return 0;
}
