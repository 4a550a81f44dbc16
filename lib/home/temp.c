/* SPDX-License-Identifier: ISC */
#include "lib/home/temp.h"

#include <sys/random.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"

#define RANDOM	16		/* bytes */

static int
make_name(char name[NK_TEMP_NAME])
{
	static const char digits[] = "0123456789abcdef";
	const size_t at = sizeof(NK_TEMP_PREFIX) - 1;
	uint8_t bytes[RANDOM];
	size_t i;

	_Static_assert(sizeof(NK_TEMP_PREFIX) + 2 * RANDOM <= NK_TEMP_NAME,
	    "the name fits");
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	memcpy(name, NK_TEMP_PREFIX, at);
	for (i = 0; i < sizeof(bytes); i++) {
		name[at + 2 * i] = digits[bytes[i] >> 4];
		name[at + 2 * i + 1] = digits[bytes[i] & 15];
	}
	name[at + 2 * sizeof(bytes)] = '\0';
	return 0;
}

static bool
is_our_name(const char *name)
{
	const size_t at = sizeof(NK_TEMP_PREFIX) - 1;

	return strncmp(name, NK_TEMP_PREFIX, at) == 0 &&
	    strlen(name + at) == (size_t)2 * RANDOM &&
	    strspn(name + at, "0123456789abcdef") == (size_t)2 * RANDOM;
}

/* ---- leftovers ---- */

/* Both times are the file system's own, wherever its clock is. */
static void
remove_if_old(const struct nk_place *p, const char *name, time_t now)
{
	struct stat st;

	if (fstatat(p->ssh, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_uid == p->uid &&
	    st.st_ctime < now - NK_TEMP_AGE)
		(void)unlinkat(p->ssh, name, 0);
}

void
nk_temp_sweep(const struct nk_place *p, time_t now)
{
	const struct dirent *d;
	unsigned int left;
	DIR *dir;
	int fd;

	fd = openat(p->ssh, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	for (left = NK_TEMP_ENTRIES; left > 0 &&
	    (d = readdir(dir)) != NULL; left--) {
		if (is_our_name(d->d_name))
			remove_if_old(p, d->d_name, now);
	}
	(void)closedir(dir);
}

/* ---- one that is new ---- */

/*
 * Could a new file be removed again?  In a folder to which one may only add
 * (chattr(1), "a"), each would stay.
 */
static int
check_folder(const struct nk_place *p)
{
	struct statx stx;

	if (statx(p->ssh, "", AT_EMPTY_PATH, 0, &stx) == -1)
		return -errno;
	return (stx.stx_attributes & STATX_ATTR_APPEND) != 0 ? -EPERM : 0;
}

static int
fill(struct nk_temp *t, const char *text, size_t len)
{
	bool changed = false;
	int r;

	if ((r = nk_write_full(t->fd, text, len)) < 0 ||
	    (r = nk_place_set_mode(t->fd, 0600, &changed)) < 0)
		return r;
	if (fsync(t->fd) == -1 || fstat(t->fd, &t->st) == -1)
		return -errno;
	return 0;
}

int
nk_temp_write(struct nk_temp *t, const struct nk_place *p, const char *text,
    size_t len, struct nk_homefile_result *res)
{
	int r;

	*t = NK_TEMP_NONE;
	if ((r = check_folder(p)) < 0 || (r = make_name(t->name)) < 0)
		return nk_homefile_errno(res, -r);
	t->fd = openat(p->ssh, t->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (t->fd == -1) {
		r = errno;
		*t = NK_TEMP_NONE;
		/* .ssh was removed while we hold it */
		return r == ENOENT ?
		    nk_homefile_set(res, NK_HOMEFILE_CHANGED) :
		    nk_homefile_errno(res, r);
	}
	if ((r = fill(t, text, len)) < 0) {
		nk_temp_drop(t, p);
		return nk_homefile_errno(res, -r);
	}
	nk_temp_sweep(p, t->st.st_ctime);
	return 0;
}

/* Is name this file, as far as its inode goes? */
static bool
is_this(const struct nk_place *p, const char *name, const struct stat *file)
{
	struct stat st;

	return fstatat(p->ssh, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == file->st_ino && st.st_dev == file->st_dev;
}

void
nk_temp_drop(struct nk_temp *t, const struct nk_place *p)
{
	struct stat st;

	/* Another file under this name would be somebody else's. */
	if (t->fd != -1 && t->name[0] != '\0' && fstat(t->fd, &st) == 0 &&
	    is_this(p, t->name, &st))
		(void)unlinkat(p->ssh, t->name, 0);
	if (t->fd != -1)
		close(t->fd);
	*t = NK_TEMP_NONE;
}

/* ---- names ---- */

static bool
is_unknown(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

/* Rename, unless there is something of that name.  0 or -errno. */
static int
move(const struct nk_place *p, const char *from, const char *to)
{
	if (renameat2(p->ssh, from, p->ssh, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!is_unknown(errno))
		return -errno;
	if (linkat(p->ssh, from, p->ssh, to, 0) == -1 ||
	    unlinkat(p->ssh, from, 0) == -1)
		return -errno;
	return 0;
}

static int
finish(const struct nk_place *p, struct nk_homefile_result *res)
{
	int r = nk_place_sync(p->ssh);

	return r < 0 ? nk_homefile_errno(res, -r) : 0;
}

/* What a change of names says of what stands there by now. */
static int
failed(int error, struct nk_homefile_result *res)
{
	switch (error) {
	case EEXIST:
	case ENOENT:
	case EISDIR:
	case ENOTDIR:
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	case EBUSY:
		return nk_homefile_set(res, NK_HOMEFILE_FILE_MOUNT);
	default:
		return nk_homefile_errno(res, error);
	}
}

/* For a file system that knows no exchange. */
static int
replace(struct nk_temp *t, const struct nk_place *p,
    const struct nk_present *f, struct nk_homefile_result *res)
{
	if (!nk_present_is_still(f, p, NK_PRESENT_FILE))
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	if (renameat(p->ssh, t->name, p->ssh, NK_PRESENT_FILE) == -1)
		return failed(errno, res);
	t->name[0] = '\0';
	return finish(p, res);
}

/* From the exchange on, t->name is the file that was displaced. */
static int
exchange(struct nk_temp *t, const struct nk_place *p,
    const struct nk_present *f, struct nk_homefile_result *res)
{
	if (renameat2(p->ssh, t->name, p->ssh, NK_PRESENT_FILE,
	    RENAME_EXCHANGE) == -1)
		return is_unknown(errno) ? replace(t, p, f, res) :
		    failed(errno, res);
	if (!nk_present_is_still(f, p, t->name)) {
		if (renameat2(p->ssh, t->name, p->ssh, NK_PRESENT_FILE,
		    RENAME_EXCHANGE) == -1)
			return failed(errno, res);
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	}
	if (unlinkat(p->ssh, t->name, 0) == -1 && errno != ENOENT)
		return failed(errno, res);
	t->name[0] = '\0';
	return finish(p, res);
}

int
nk_temp_place(struct nk_temp *t, const struct nk_place *p,
    const struct nk_present *f, struct nk_homefile_result *res)
{
	int r;

	if (f->fd != -1)
		return exchange(t, p, f, res);
	if ((r = move(p, t->name, NK_PRESENT_FILE)) < 0)
		return failed(-r, res);
	t->name[0] = '\0';
	return finish(p, res);
}

/* Where there is no room for another name: as well as it can be. */
static int
remove_in_place(const struct nk_place *p, const struct nk_present *f,
    struct nk_homefile_result *res)
{
	if (!nk_present_is_still(f, p, NK_PRESENT_FILE))
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	if (unlinkat(p->ssh, NK_PRESENT_FILE, 0) == -1)
		return failed(errno, res);
	return finish(p, res);
}

int
nk_temp_remove_present(const struct nk_place *p, const struct nk_present *f,
    struct nk_homefile_result *res)
{
	char name[NK_TEMP_NAME];
	int r;

	if ((r = make_name(name)) < 0)
		return nk_homefile_errno(res, -r);
	r = move(p, NK_PRESENT_FILE, name);
	if (r == -ENOSPC || r == -EDQUOT)
		return remove_in_place(p, f, res);
	if (r < 0)
		return failed(-r, res);
	if (!nk_present_is_still(f, p, name)) {
		r = move(p, name, NK_PRESENT_FILE);
		return r < 0 ? failed(-r, res) :
		    nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	}
	if (unlinkat(p->ssh, name, 0) == -1 && errno != ENOENT) {
		r = failed(errno, res);
		(void)move(p, name, NK_PRESENT_FILE);
		return r;
	}
	return finish(p, res);
}
