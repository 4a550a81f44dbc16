/* SPDX-License-Identifier: ISC */
#include "lib/seal/sealkey.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/seal/sealfile.h"

#define TRIES	8	/* at a name that others may take */

/* ---- the successor ---- */

/* Lock fd, which was opened as f->fresh.  -EAGAIN: it is held or gone. */
static int
hold(const struct nk_sealfile *f, int fd)
{
	struct stat st, named;

	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fstat(fd, &st) == -1)
		return -errno;
	if (fstatat(f->dirfd, f->fresh, &named, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? -EAGAIN : -errno;
	return st.st_dev == named.st_dev && st.st_ino == named.st_ino ?
	    0 : -EAGAIN;
}

/* Is it another name of f->name, which a killed creation left? */
static bool
is_second_link(const struct nk_sealfile *f, const struct stat *st)
{
	struct stat name;

	return fstatat(f->dirfd, f->name, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
	    name.st_dev == st->st_dev && name.st_ino == st->st_ino;
}

/*
 * Remove f->fresh where nobody holds it; link_only: if its key stays where
 * it is all the same.  0, also if there is none.
 */
static int
remove_left_behind(const struct nk_sealfile *f, bool link_only)
{
	struct stat st;
	int fd, r;

	fd = openat(f->dirfd, f->fresh,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (link_only && !is_second_link(f, &st)))
		r = -EPERM;	/* not ours to judge */
	else
		r = hold(f, fd);
	if (r == 0 && (unlinkat(f->dirfd, f->fresh, 0) == -1 ||
	    fsync(f->dirfd) == -1))
		r = -errno;
	close(fd);
	return r;
}

/*
 * *fdp is f->fresh, new, empty and locked, and above 2, since 0 means none
 * in a struct nk_sealkey.
 */
static int
open_fresh(const struct nk_sealfile *f, int *fdp)
{
	int fd, tries, r = -EAGAIN;

	*fdp = -1;
	for (tries = 0; r == -EAGAIN && tries < TRIES; tries++) {
		if ((r = remove_left_behind(f, false)) < 0)
			return r;
		fd = openat(f->dirfd, f->fresh, O_RDWR | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd == -1) {
			r = errno == EEXIST ? -EAGAIN : -errno;
			continue;
		}
		*fdp = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		r = *fdp == -1 ? -errno : hold(f, *fdp);
		close(fd);
		if (r < 0 && *fdp != -1)
			close(*fdp);
	}
	if (r < 0)
		*fdp = -1;
	return r;
}

/*
 * A folder that its owner may not write to, though root could: what a service
 * manager hands over lies in one, as a copy that is gone when the service
 * ends.  A key that was put there would be gone with it.
 */
static int
check_lasting(const struct nk_sealfile *f)
{
	struct stat st;

	if (fstat(f->dirfd, &st) == -1)
		return -errno;
	return (st.st_mode & S_IWUSR) != 0 ? 0 : -EROFS;
}

static int
make_fresh(const struct nk_sealfile *f, struct nk_sealkey *k)
{
	bool given = k->key.len > 0;
	int fd, r;

	if ((r = check_lasting(f)) < 0 ||
	    (!given && (r = nk_sealfile_random(k)) < 0) ||
	    (r = open_fresh(f, &fd)) < 0)
		goto out;
	k->lock = fd;
	if ((r = nk_sealfile_write(k, fd)) == 0 && fsync(f->dirfd) == -1)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(f->dirfd, f->fresh, 0);
		(void)close(fd);
		k->lock = 0;
	}
 out:
	if (r < 0 && !given)
		nk_sealkey_clear(k);
	return r;
}

/* ---- in force ---- */

static bool
is_it(const struct nk_sealkey *k, const char *id)
{
	return id == NULL || strcmp(k->id, id) == 0;
}

/*
 * The store has committed to f->fresh, open as fd.  Whoever holds it is
 * about to rename it.  What cannot be renamed is not used either: the next
 * rotation would take it for one left behind.
 */
static int
make_up(const struct nk_sealfile *f, int fd)
{
	int r;

	if ((r = hold(f, fd)) < 0)
		return r == -EAGAIN ? 0 : r;
	if (renameat(f->dirfd, f->fresh, f->dirfd, f->name) == -1 ||
	    fsync(f->dirfd) == -1)
		return -errno;
	return 0;
}

/* One look at both files.  *again: there was no second one. */
static int
look(const struct nk_sealfile *f, struct nk_sealkey *k, const char *id,
    bool *again)
{
	int fd = -1, r, second;

	*again = false;
	r = nk_sealfile_read(f, f->name, k, &fd);
	if (fd != -1)
		close(fd);
	if (r == 0 && is_it(k, id)) {
		(void)remove_left_behind(f, true);
		return 0;
	}
	if ((r < 0 && r != -ENOENT) || id == NULL)
		return r;
	nk_sealkey_clear(k);
	r = r == 0 ? -ESTALE : -ENOENT;
	second = nk_sealfile_read(f, f->fresh, k, &fd);
	if (second == 0 && is_it(k, id)) {
		if ((r = make_up(f, fd)) < 0)
			nk_sealkey_clear(k);
	} else {
		nk_sealkey_clear(k);
		*again = second == -ENOENT;
		if (second < 0 && second != -ENOENT && second != -EBADMSG)
			r = second;
	}
	if (fd != -1)
		close(fd);
	return r;
}

int
nk_sealkey_load(struct nk_sealkey *k, const char *path, const char *id)
{
	struct nk_sealfile f;
	bool again;
	int r;

	if ((r = nk_sealfile_open(&f, path)) < 0)
		return r;
	/* Between the two looks the second file may have become the first. */
	if ((r = look(&f, k, id, &again)) < 0 && again)
		r = look(&f, k, id, &again);
	close(f.dirfd);
	return r;
}

int
nk_sealkey_create(struct nk_sealkey *k, const char *path)
{
	struct nk_sealfile f;
	struct stat st;
	int r;

	if ((r = nk_sealfile_open(&f, path)) < 0)
		return r;
	if (fstatat(f.dirfd, f.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = -EEXIST;
	else if (errno != ENOENT)
		r = -errno;
	if (r < 0 || (r = make_fresh(&f, k)) < 0)
		goto out;
	/* Not a rename: that would replace what another has just made. */
	if (linkat(f.dirfd, f.fresh, f.dirfd, f.name, 0) == -1)
		r = -errno;
	if (unlinkat(f.dirfd, f.fresh, 0) == -1 && r == 0)
		r = -errno;
	if (fsync(f.dirfd) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		nk_sealkey_clear(k);
	else
		close(k->lock);
	k->lock = 0;
 out:
	close(f.dirfd);
	return r;
}

int
nk_sealkey_set(struct nk_sealkey *k, const uint8_t bytes[NK_SEALKEY_SIZE])
{
	int r;

	if ((r = nk_sealfile_set(k, bytes)) < 0)
		nk_sealkey_clear(k);
	return r;
}

int
nk_sealkey_prepare(struct nk_sealkey *k, const char *path)
{
	struct nk_sealfile f;
	int r;

	if ((r = nk_sealfile_open(&f, path)) < 0)
		return r;
	r = make_fresh(&f, k);
	close(f.dirfd);
	return r;
}

int
nk_sealkey_install(const char *path)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	struct nk_sealfile f;
	int fd = -1, r;

	if ((r = nk_sealfile_open(&f, path)) < 0)
		return r;
	/* Nothing else than a key takes the place of a key. */
	r = nk_sealfile_read(&f, f.fresh, &k, &fd);
	if (r == 0 && (renameat(f.dirfd, f.fresh, f.dirfd, f.name) == -1 ||
	    fsync(f.dirfd) == -1))
		r = -errno;
	if (fd != -1)
		close(fd);
	nk_sealkey_clear(&k);
	close(f.dirfd);
	return r;
}

int
nk_sealkey_abandon(const char *path)
{
	struct nk_sealfile f;
	int r;

	if ((r = nk_sealfile_open(&f, path)) < 0)
		return r;
	if (unlinkat(f.dirfd, f.fresh, 0) == -1)
		r = errno == ENOENT ? 0 : -errno;
	else if (fsync(f.dirfd) == -1)
		r = -errno;
	close(f.dirfd);
	return r;
}

void
nk_sealkey_clear(struct nk_sealkey *k)
{
	if (k == NULL)
		return;
	nk_secret_clear(&k->key);
	if (k->lock > 2)
		close(k->lock);
	*k = NK_SEALKEY_NONE;
}
