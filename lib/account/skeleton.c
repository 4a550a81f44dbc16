/* SPDX-License-Identifier: ISC */
#include "lib/account/skeleton.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/home.h"
#include "lib/fullio.h"

/* A folder on the way down: where its entries come from and go to. */
struct level {
	DIR	*from;
	int	 to;			/* -1: handed over already */
};

struct tree {
	struct level	 levels[NK_SKELETON_DEPTH];
	size_t		 depth;
	uid_t		 uid;
	gid_t		 gid;
	unsigned int	 files;
	uint64_t	 bytes;
};

/* Both descriptors are the tree's, also on failure. */
static int
push(struct tree *t, int from, int to)
{
	struct level *l = &t->levels[t->depth];

	if (t->depth == NK_SKELETON_DEPTH ||
	    (l->from = fdopendir(from)) == NULL) {
		int r = t->depth == NK_SKELETON_DEPTH ? -E2BIG : -errno;

		close(from);
		close(to);
		return r;
	}
	l->to = to;
	t->depth++;
	return 0;
}

static void
pop(struct tree *t)
{
	struct level *l = &t->levels[--t->depth];

	(void)closedir(l->from);
	if (l->to != -1)
		close(l->to);
}

/* The next entry of the innermost folder but "." and ".."; NULL: none. */
static const char *
next_entry(struct tree *t, int *rp)
{
	const struct dirent *d;

	do {
		errno = 0;
		d = readdir(t->levels[t->depth - 1].from);
	} while (d != NULL && (strcmp(d->d_name, ".") == 0 ||
	    strcmp(d->d_name, "..") == 0));
	*rp = d == NULL ? -errno : 0;
	return d == NULL ? NULL : d->d_name;
}

/* Give fd to the user with the mode of st; then close it. */
static int
hand_over(const struct tree *t, int fd, const struct stat *st, int r)
{
	if (r == 0 && (fchown(fd, t->uid, t->gid) == -1 ||
	    fchmod(fd, st->st_mode & 0777) == -1))
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	return r;
}

static int
copy_bytes(struct tree *t, int from, int to)
{
	char buf[65536];
	ssize_t n;
	int r;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n == -1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		t->bytes += (uint64_t)n;
		if (t->bytes > NK_SKELETON_BYTES)
			return -E2BIG;
		if ((r = nk_write_full(to, buf, (size_t)n)) < 0)
			return r;
	}
	return 0;
}

static int
copy_file(struct tree *t, int from, int to, const char *name)
{
	struct stat st;
	int in, out, r;

	in = openat(from, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in == -1)
		return -errno;
	if (fstat(in, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(in);
		return -EIO;	/* it was one a moment ago */
	}
	out = openat(to, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out == -1) {
		r = -errno;
		close(in);
		return r;
	}
	r = hand_over(t, out, &st, copy_bytes(t, in, out));
	close(in);
	return r;
}

static int
copy_link(struct tree *t, int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n;

	n = readlinkat(from, name, target, sizeof(target) - 1);
	if (n == -1)
		return -errno;
	if (n == (ssize_t)sizeof(target) - 1)
		return -ENAMETOOLONG;
	target[n] = '\0';
	if (symlinkat(target, to, name) == -1 ||
	    fchownat(to, name, t->uid, t->gid, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	return 0;
}

static int
open_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return -errno;
	return fd;
}

/* A new folder stays ours until its content is there. */
static int
copy_folder(struct tree *t, int from, int to, const char *name)
{
	int in, out;

	if (t->depth == NK_SKELETON_DEPTH)
		return -E2BIG;	/* before there is one too deep to remove */
	if ((in = open_folder(from, name)) < 0)
		return in;
	if (mkdirat(to, name, 0700) == -1 ||
	    (out = open_folder(to, name)) < 0) {
		int r = -errno;

		close(in);
		return r;
	}
	return push(t, in, out);
}

static int
copy_entry(struct tree *t, const char *name)
{
	struct level *l = &t->levels[t->depth - 1];
	int from = dirfd(l->from);
	struct stat st;

	if (++t->files > NK_SKELETON_FILES)
		return -E2BIG;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_folder(t, from, l->to, name);
	if (S_ISREG(st.st_mode))
		return copy_file(t, from, l->to, name);
	if (S_ISLNK(st.st_mode))
		return copy_link(t, from, l->to, name);
	return 0;	/* devices, sockets and pipes are no skeleton */
}

/* The innermost folder is complete: it becomes the user's. */
static int
leave_folder(struct tree *t)
{
	struct level *l = &t->levels[t->depth - 1];
	struct stat st;
	int r = 0;

	if (t->depth > 1) {
		if (fstat(dirfd(l->from), &st) == -1)
			r = -errno;
		r = hand_over(t, l->to, &st, r);
	} else {
		close(l->to);
	}
	l->to = -1;
	pop(t);
	return r;
}

int
nk_skeleton_copy(const char *from, int dirfd, uid_t uid, gid_t gid)
{
	struct tree t = { .uid = uid, .gid = gid };
	const char *name;
	int in, out, r;

	if (from[0] == '\0')
		return 0;
	in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in == -1)
		return errno == ENOENT ? 0 : -errno;
	if ((out = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)) == -1) {
		r = -errno;
		close(in);
		return r;
	}
	r = push(&t, in, out);
	while (r == 0 && t.depth > 0) {
		if ((name = next_entry(&t, &r)) != NULL)
			r = copy_entry(&t, name);
		else if (r == 0)
			r = leave_folder(&t);
	}
	while (t.depth > 0)
		pop(&t);
	return r;
}
