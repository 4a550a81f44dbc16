/* SPDX-License-Identifier: ISC */
#include "lib/home/copyfile.h"

#include <sys/xattr.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/home/place.h"

#define PIECE		(8u << 20)	/* bytes between two calls of tell() */
#define BUFFER		65536u
#define VALUE_MAX	65536u		/* xattr(7): XATTR_SIZE_MAX */

/* ---- bytes ---- */

static bool
is_unknown(int error)
{
	return error == EXDEV || error == EINVAL || error == EOPNOTSUPP ||
	    error == ENOSYS;
}

/* Bytes that were copied, 0 at the end of "in"; or -errno. */
static ssize_t
copy_by_hand(int in, int out, off_t at, size_t len)
{
	char buf[BUFFER];
	size_t got;
	int r;

	if (len > sizeof(buf))
		len = sizeof(buf);
	if ((r = nk_pread_full(in, buf, len, at, &got)) < 0)
		return r;
	if (lseek(out, at, SEEK_SET) == -1)
		return -errno;
	r = nk_write_full(out, buf, got);
	return r < 0 ? r : (ssize_t)got;
}

static ssize_t
copy_piece(int in, int out, off_t at, size_t len)
{
	off_t from = at, to = at;
	ssize_t n;

	n = copy_file_range(in, &from, out, &to, len, 0);
	if (n == -1)
		return is_unknown(errno) ? copy_by_hand(in, out, at, len) :
		    -errno;
	/* Some file systems say 0 where they cannot. */
	return n == 0 ? copy_by_hand(in, out, at, len) : n;
}

/* From the next byte that is data at *atp: its end, or size. */
static off_t
find_data(int in, off_t *atp, off_t size)
{
	off_t data = lseek(in, *atp, SEEK_DATA), end;

	if (data == -1 && errno == ENXIO)
		data = size;
	if (data == -1)
		return size;	/* holes are not told of: all is data */
	*atp = data;
	end = lseek(in, data, SEEK_HOLE);
	return end == -1 || end > size ? size : end;
}

int
nk_copyfile_bytes(int in, int out, off_t size,
    int (*tell)(void *arg, size_t bytes), void *arg)
{
	off_t at = 0, end;
	ssize_t n = 1;
	int r;

	while (at < size && n > 0) {
		end = find_data(in, &at, size);
		for (n = 1; at < end && n > 0; at += n) {
			n = copy_piece(in, out, at, end - at > PIECE ? PIECE :
			    (size_t)(end - at));
			if (n < 0)
				return (int)n;
			if ((r = tell(arg, (size_t)n)) < 0)
				return r;
		}
	}
	/* It may end in a hole, or have become shorter. */
	return ftruncate(out, at > size ? size : at) == -1 ? -errno : 0;
}

/* ---- what else it has ---- */

/* 1: copied; 0: there is none; -errno. */
static int
copy_value(int in, int out, const char *name)
{
	char value[VALUE_MAX];
	ssize_t n = fgetxattr(in, name, value, sizeof(value));

	if (n == -1)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return fsetxattr(out, name, value, (size_t)n, 0) == -1 ? -errno : 1;
}

static int
copy_user_values(int in, int out)
{
	static const char prefix[] = "user.";
	char names[VALUE_MAX];
	ssize_t len = flistxattr(in, names, sizeof(names));
	const char *p;
	int r;

	if (len == -1)
		return errno == ENOTSUP ? 0 : -errno;
	for (p = names; p < names + len; p += strlen(p) + 1) {
		if (strncmp(p, prefix, sizeof(prefix) - 1) != 0)
			continue;
		if ((r = copy_value(in, out, p)) < 0 && r != -ENOTSUP)
			return r;
	}
	return 0;
}

/* Does it have an ACL of this kind?  1 or 0; -errno. */
static int
has(int in, const char *acl)
{
	if (fgetxattr(in, acl, NULL, 0) != -1)
		return 1;
	return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
}

/* Group, ACLs and, as the last, the mode. */
static int
copy_mode(int in, int out, const struct stat *st)
{
	static const char access[] = "system.posix_acl_access";
	static const char inherited[] = "system.posix_acl_default";
	bool folder = S_ISDIR(st->st_mode), same, done = false;
	mode_t mode = st->st_mode & 01777;
	struct stat now;
	int acl, r;

	if ((acl = has(in, access)) < 0)
		return acl;
	if (fstat(out, &now) == -1)
		return -errno;
	if ((r = nk_place_set_mode(out, folder ? NK_COPYFILE_FOLDER :
	    NK_COPYFILE_FILE, &done)) < 0)
		return r;
	same = now.st_gid == st->st_gid ||
	    fchown(out, (uid_t)-1, st->st_gid) == 0;
	r = same && acl ? copy_value(in, out, access) : 0;
	if (r < 0 && r != -ENOTSUP)
		return r;
	if (!same)	/* another group may what everybody may */
		mode &= ~(mode_t)070 | (mode & 07) << 3;
	if (acl && r < 1)	/* these bits were its bound */
		mode &= ~(mode_t)070;
	if (folder && (r = copy_value(in, out, inherited)) < 0 &&
	    r != -ENOTSUP)
		return r;
	return fchmod(out, mode) == -1 ? -errno : 0;
}

int
nk_copyfile_attributes(int in, int out, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r;

	if ((r = copy_user_values(in, out)) < 0)
		return r;
	if (futimens(out, times) == -1)
		return -errno;
	return copy_mode(in, out, st);
}
