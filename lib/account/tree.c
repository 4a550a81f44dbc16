/* SPDX-License-Identifier: ISC */
#include "lib/account/tree.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/beneath.h"

int
nk_tree_open(int dirfd, const char *name)
{
	return nk_beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY);
}

/* A folder that is being emptied, and its name in the one above. */
struct level {
	DIR	*dir;
	char	 name[NAME_MAX + 1];
};

struct walk {
	struct level	levels[NK_TREE_DEPTH];
	size_t		depth;
};

/* fd is the walk's, also on failure. */
static int
push(struct walk *w, int fd, const char *name)
{
	struct level *l = &w->levels[w->depth];
	struct stat st;
	int r;

	if (w->depth == NK_TREE_DEPTH) {
		close(fd);
		return -E2BIG;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700);
	if ((l->dir = fdopendir(fd)) == NULL) {
		r = -errno;
		close(fd);
		return r;
	}
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	w->depth++;
	return 0;
}

/* The innermost folder's next entry; NULL: none, or *rp is -errno. */
static const char *
next_entry(struct walk *w, int *rp)
{
	const struct dirent *d;

	do {
		errno = 0;
		d = readdir(w->levels[w->depth - 1].dir);
	} while (d != NULL && (strcmp(d->d_name, ".") == 0 ||
	    strcmp(d->d_name, "..") == 0));
	*rp = d == NULL ? -errno : 0;
	return d == NULL ? NULL : d->d_name;
}

static int
remove_entry(struct walk *w, const char *name)
{
	int at = dirfd(w->levels[w->depth - 1].dir), error, fd;

	if (unlinkat(at, name, 0) == 0)
		return 0;
	error = errno;
	if (error == ENOENT)
		return 0;
	if (error != EISDIR && error != EPERM)
		return -error;
	fd = nk_tree_open(at, name);
	if (fd == -ENOTDIR || fd == -ELOOP)	/* EPERM was about itself */
		return -error;
	return fd < 0 ? fd : push(w, fd, name);
}

/* The innermost folder is empty. */
static int
leave(struct walk *w)
{
	struct level *l = &w->levels[--w->depth];

	(void)closedir(l->dir);
	if (w->depth > 0 && unlinkat(dirfd(w->levels[w->depth - 1].dir),
	    l->name, AT_REMOVEDIR) == -1 && errno != ENOENT)
		return -errno;
	return 0;
}

int
nk_tree_empty(int fd, void (*tell)(void *arg), void *arg)
{
	struct walk w = { .depth = 0 };
	const char *name;
	int top, r;

	if ((top = nk_tree_open(fd, ".")) < 0)
		return top;
	r = push(&w, top, "");
	while (r == 0 && w.depth > 0) {
		if ((name = next_entry(&w, &r)) != NULL)
			r = remove_entry(&w, name);
		else if (r == 0)
			r = leave(&w);
		if (tell != NULL)
			tell(arg);
	}
	while (w.depth > 0)
		(void)closedir(w.levels[--w.depth].dir);
	return r;
}
