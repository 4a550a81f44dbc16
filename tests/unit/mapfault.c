/* SPDX-License-Identifier: ISC */

#include "tests/unit/mapfault.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct mapfault mapfault = { .left = -1 };

void
mapfault_reset(void)
{
	mapfault = (struct mapfault){ .left = -1 };
}

void
mapfault_die_at(long n)
{
	mapfault_reset();
	mapfault.left = n;
}

/* One more call: does it still happen? */
static bool
lives(void)
{
	if (mapfault.left == 0)
		mapfault.dead = true;
	if (mapfault.dead) {
		errno = EIO;
		return false;
	}
	if (mapfault.left > 0)
		mapfault.left--;
	return true;
}

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	struct iovec iov = { buf, len };

	mapfault.reads++;
	return preadv(fd, &iov, 1, at);
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct stat st;

	if (!lives())
		return -1;
	if (mapfault.full && (fstat(fd, &st) == -1 || at > st.st_size ||
	    (off_t)len > st.st_size - at)) {
		errno = ENOSPC;
		return -1;
	}
	if (mapfault.halves && len > 1)
		iov.iov_len = len / 2;
	mapfault.writes++;
	mapfault.bytes += iov.iov_len;
	return pwritev(fd, &iov, 1, at);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	int r;

	(void)mode;			/* the writer has none but 0 */
	if (!lives())
		return -1;
	if (mapfault.full || mapfault.no_fallocate) {
		errno = mapfault.no_fallocate ? EOPNOTSUPP : ENOSPC;
		return -1;
	}
	mapfault.allocations++;
	if ((r = posix_fallocate(fd, at, len)) != 0)
		errno = r;
	return r == 0 ? 0 : -1;
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return lives() ? renameat2(from_dir, from, to_dir, to, 0) : -1;
}

int
unlinkat(int dir, const char *name, int flags)
{
	if (!lives())
		return -1;
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
ftruncate(int fd, off_t len)
{
	if (!lives())
		return -1;
	return (int)syscall(SYS_ftruncate, fd, len);
}

void *
mmap(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	if (mapfault.no_mmap && fd != -1) {
		errno = EACCES;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, p, len, prot, flags, fd, at);
}
