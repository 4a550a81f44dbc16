/* SPDX-License-Identifier: ISC */
#include "lib/home/copy.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/copyfile.h"
#include "lib/home/place.h"

#define BLOCK	512	/* bytes; what stat(2) counts in */

/* A folder on the way down. */
struct level {
	DIR		*from;
	int		 to;		/* -1: a dry run, and there is none */
	bool		 made;		/* by us: it gets the original's mode */
	bool		 lacks;		/* something that was not copied */
	struct stat	 st;		/* of the original */
	size_t		 path_len;	/* of the walk's path, for it */
};

struct walk {
	struct nk_copy	*c;
	struct stat	 target;	/* c->to, if there is one */
	struct level	 levels[NK_TREE_DEPTH];
	size_t		 depth;
	char		 path[PATH_MAX];	/* below c->from */
};

static struct level *
innermost(struct walk *w)
{
	return &w->levels[w->depth - 1];
}

/* Does it concern all that is still to be copied? */
static bool
is_general(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case ECANCELED:		/* tell() */
		return true;
	default:
		return false;
	}
}

/*
 * What an error of the original says where somebody has removed it
 * meanwhile, or put something else in its place.
 */
static int
unless_gone(int error)
{
	switch (error) {
	case ENOENT:
		return 0;
	case ENOTDIR:
	case ELOOP:
	case ENXIO:
		return -EAGAIN;
	default:
		return -error;
	}
}

/* ---- paths, for what is said ---- */

/* False: it would be too long; the path stays. */
static bool
enter_path(struct walk *w, const char *name)
{
	size_t at = innermost(w)->path_len, len = strlen(name);

	if (at + len + 2 > sizeof(w->path))
		return false;
	if (at > 0)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	return true;
}

/* ---- folders ---- */

static int
open_to(struct walk *w, const char *name, bool *madep, int *fdp)
{
	int at = innermost(w)->to;
	struct stat st;

	*madep = false;
	*fdp = -1;
	if (at == -1)
		return 0;
	if (!w->c->dry && mkdirat(at, name, NK_COPYFILE_FOLDER) == 0)
		*madep = true;
	else if (!w->c->dry && errno != EEXIST)
		return -errno;
	*fdp = nk_tree_open(at, name);
	if (*fdp == -ENOENT && w->c->dry)
		*fdp = -1;
	else if (*fdp < 0)
		return *fdp == -ENOTDIR || *fdp == -ELOOP ? -EEXIST : *fdp;
	if (!w->c->dry && fstat(*fdp, &st) == 0 &&
	    (st.st_mode & 07777) == NK_COPYFILE_FOLDER)
		*madep = true;		/* by an earlier run */
	return 0;
}

/* Both descriptors are the walk's, also on failure. */
static int
push(struct walk *w, int from, int to, bool made)
{
	struct level *l = &w->levels[w->depth];
	int r = 0;

	if (w->depth == NK_TREE_DEPTH)
		r = -E2BIG;
	else if (fstat(from, &l->st) == -1 ||
	    (l->from = fdopendir(from)) == NULL)
		r = -errno;
	if (r < 0) {
		close(from);
		if (to != -1)
			close(to);
		return r;
	}
	l->to = to;
	l->made = made;
	l->lacks = false;
	l->path_len = strlen(w->path);
	w->depth++;
	return 0;
}

/*
 * Close it.  What was made, and has all now, is given what the original has.
 * 0 or -errno.
 */
static int
pop(struct walk *w, bool complete)
{
	struct level *l = &w->levels[--w->depth];
	int r = 0;

	complete = complete && !l->lacks;
	if (!complete && w->depth > 0)
		innermost(w)->lacks = true;
	if (complete && l->made)
		r = nk_copyfile_attributes(dirfd(l->from), l->to, &l->st);
	(void)closedir(l->from);
	if (l->to != -1)
		close(l->to);
	w->path[l->path_len] = '\0';
	return r;
}

static int
copy_folder(struct walk *w, const char *name, const struct stat *st)
{
	int in, out, r;
	bool made;

	/* The other folder may lie within this one. */
	if (w->c->to != -1 && st->st_dev == w->target.st_dev &&
	    st->st_ino == w->target.st_ino)
		return 0;
	if (w->depth == NK_TREE_DEPTH)
		return -E2BIG;
	if ((in = nk_tree_open(dirfd(innermost(w)->from), name)) < 0)
		return unless_gone(-in);
	if ((r = open_to(w, name, &made, &out)) < 0) {
		close(in);
		return r;
	}
	return push(w, in, out, made);
}

/* ---- files ---- */

static int
tell(void *arg, size_t bytes)
{
	struct nk_copy *c = arg;

	c->bytes += bytes;
	if (c->bytes > c->bytes_max)
		return -E2BIG;
	return c->tell(c->arg, c) < 0 ? -ECANCELED : 0;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Has an earlier run copied it?  0; 1, it was interrupted; -EEXIST or
 * -errno.
 */
static int
compare_file(int at, const char *name, const struct stat *st)
{
	struct stat there;

	if (fstatat(at, name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if ((there.st_mode & (S_IFMT | 07777)) ==
	    (S_IFREG | NK_COPYFILE_FILE))
		return 1;
	return S_ISREG(there.st_mode) && there.st_size == st->st_size &&
	    is_same_time(&there.st_mtim, &st->st_mtim) ? 0 : -EEXIST;
}

static int
fill_file(struct walk *w, int in, int at, const char *name,
    const struct stat *st)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC;
	int out, r;

	out = openat(at, name, flags, NK_COPYFILE_FILE);
	if (out == -1) {
		if (errno != EEXIST)
			return -errno;
		if ((r = compare_file(at, name, st)) <= 0)
			return r;
		if (unlinkat(at, name, 0) == -1 || (out = openat(at, name,
		    flags, NK_COPYFILE_FILE)) == -1)
			return -errno;
	}
	r = nk_copyfile_bytes(in, out, st->st_size, tell, w->c);
	if (r == 0)
		r = nk_copyfile_attributes(in, out, st);
	if (close(out) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(at, name, 0);
	return r;
}

/* What would be in the way?  Its bytes are counted where nothing is. */
static int
look_at_file(struct walk *w, int from, const char *name,
    const struct stat *st)
{
	int at = innermost(w)->to, r = -ENOENT;

	if (at != -1)
		r = compare_file(at, name, st);
	if (r != -ENOENT && r != 1)
		return r;
	/* without holes */
	w->c->bytes += (uint64_t)(st->st_blocks * BLOCK < st->st_size ?
	    st->st_blocks * BLOCK : st->st_size);
	return faccessat(from, name, R_OK, AT_EACCESS) == -1 ?
	    unless_gone(errno) : 0;
}

static int
copy_file(struct walk *w, const char *name, const struct stat *seen)
{
	int from = dirfd(innermost(w)->from), in, r;
	struct stat st;

	if (w->c->dry)
		return look_at_file(w, from, name, seen);
	in = nk_place_openat(from, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (in < 0)
		return unless_gone(-in);
	if (fstat(in, &st) == -1)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EAGAIN;	/* it was one a moment ago */
	else
		r = fill_file(w, in, innermost(w)->to, name, &st);
	close(in);
	return r;
}

/* ---- what else there is ---- */

static int
compare_link(int at, const char *name, const char *target, size_t len)
{
	char there[PATH_MAX];
	ssize_t n = readlinkat(at, name, there, sizeof(there));

	return n == (ssize_t)len && memcmp(there, target, len) == 0 ? 0 :
	    -EEXIST;
}

static int
copy_link(struct walk *w, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int at = innermost(w)->to;
	char target[PATH_MAX];
	struct stat there;
	ssize_t n;

	n = readlinkat(dirfd(innermost(w)->from), name, target,
	    sizeof(target) - 1);
	if (n == -1)		/* EINVAL: it was one a moment ago */
		return errno == EINVAL ? -EAGAIN : unless_gone(errno);
	target[n] = '\0';
	if (w->c->dry)
		return at == -1 || fstatat(at, name, &there,
		    AT_SYMLINK_NOFOLLOW) == -1 ? 0 :
		    compare_link(at, name, target, (size_t)n);
	if (symlinkat(target, at, name) == -1)
		return errno == EEXIST ?
		    compare_link(at, name, target, (size_t)n) : -errno;
	/* Where a link has no times of its own, it keeps its new ones. */
	(void)utimensat(at, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int
copy_pipe(struct walk *w, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int at = innermost(w)->to;
	struct stat there;

	if (!w->c->dry && mkfifoat(at, name, st->st_mode & 0700) == 0) {
		(void)utimensat(at, name, times, AT_SYMLINK_NOFOLLOW);
		return 0;
	}
	if (!w->c->dry && errno != EEXIST)
		return -errno;
	if (at == -1)
		return 0;
	if (fstatat(at, name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return w->c->dry && errno == ENOENT ? 0 : -errno;
	return S_ISFIFO(there.st_mode) ? 0 : -EEXIST;
}

static int
copy_kind(struct walk *w, const char *name)
{
	struct stat st;

	if (fstatat(dirfd(innermost(w)->from), name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return unless_gone(errno);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_folder(w, name, &st);
	case S_IFREG:
		return copy_file(w, name, &st);
	case S_IFLNK:
		return copy_link(w, name, &st);
	case S_IFIFO:
		return copy_pipe(w, name, &st);
	case S_IFSOCK:
		return 0;
	default:
		return -ENODEV;
	}
}

/* An entry could not be copied: is that all, or is there no going on? */
static int
settle(struct walk *w, int r)
{
	struct nk_copy *c = w->c;

	if (r == 0)
		return 0;
	if (is_general(-r) || c->bytes > c->bytes_max)
		return r;
	if (c->fill)
		return r == -EEXIST || r == -EACCES || r == -ENODEV ? 0 : r;
	if (w->depth > 0)
		innermost(w)->lacks = true;
	return c->lost(c->arg, w->path, -r);
}

static int
copy_entry(struct walk *w, const char *name)
{
	struct nk_copy *c = w->c;
	size_t depth = w->depth, end = innermost(w)->path_len;
	int r;

	if (++c->entries > c->entries_max || c->bytes > c->bytes_max)
		return -E2BIG;
	if (!enter_path(w, name))
		return settle(w, -ENAMETOOLONG);
	r = settle(w, copy_kind(w, name));
	if (w->depth == depth)		/* no folder was entered */
		w->path[end] = '\0';
	return r;
}

/* The innermost folder's next entry; NULL: none, or *rp is -errno. */
static const char *
next_entry(struct walk *w, int *rp)
{
	const struct dirent *d;

	do {
		errno = 0;
		d = readdir(innermost(w)->from);
	} while (d != NULL && (strcmp(d->d_name, ".") == 0 ||
	    strcmp(d->d_name, "..") == 0));
	*rp = d == NULL ? -errno : 0;
	return d == NULL ? NULL : d->d_name;
}

/* The innermost folder has no more entries, or (r) tells of none. */
static int
leave(struct walk *w, int r)
{
	int done = pop(w, r == 0);

	return settle(w, r < 0 ? r : done);
}

static int
begin(struct walk *w)
{
	int in, out = -1;

	if (w->c->to != -1 && fstat(w->c->to, &w->target) == -1)
		return -errno;
	if ((in = nk_tree_open(w->c->from, ".")) < 0)
		return in;
	if (w->c->to != -1 &&
	    (out = fcntl(w->c->to, F_DUPFD_CLOEXEC, 0)) == -1) {
		out = -errno;
		close(in);
		return out;
	}
	return push(w, in, out, false);
}

int
nk_copy_run(struct nk_copy *c)
{
	struct walk w = { .c = c, .depth = 0 };
	const char *name;
	int r;

	c->entries = c->bytes = 0;
	if ((r = begin(&w)) < 0)
		return r;
	while (r == 0 && w.depth > 0) {
		if ((name = next_entry(&w, &r)) != NULL)
			r = copy_entry(&w, name);
		else
			r = leave(&w, r);
		if (r == 0)
			r = c->tell(c->arg, c);
	}
	while (w.depth > 0)
		(void)pop(&w, false);
	return r;
}
