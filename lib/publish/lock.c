/* SPDX-License-Identifier: ISC */
#include "lib/publish/lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "lib/monotonic.h"

#define SLEEP_FIRST	100000L		/* ns */
#define SLEEP_MAX	2000000L	/* a waiter sleeps at most as long */

/* Nobody but the owner may be able to open the file, or hold it. */
static int
file_check(int fd, uint32_t owner, struct stat *st)
{
	if (fstat(fd, st) == -1)
		return -errno;
	if (!S_ISREG(st->st_mode) || st->st_uid != owner ||
	    (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return -EPERM;
	return 0;
}

/* Poll with growing sleeps: no signal and no timer of the caller's. */
static int
lock_wait(int fd, int64_t until)
{
	struct timespec ts = { 0, SLEEP_FIRST };

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (nk_monotonic_ms() >= until)
			return -EAGAIN;
		(void)nanosleep(&ts, NULL);	/* cut short: ask earlier */
		if (ts.tv_nsec < SLEEP_MAX)
			ts.tv_nsec *= 2;
	}
	return 0;
}

/* Is the locked file still the one that others will find? */
static bool
file_is_current(const char *path, const struct stat *st)
{
	struct stat there;

	return lstat(path, &there) == 0 && there.st_dev == st->st_dev &&
	    there.st_ino == st->st_ino;
}

int
nk_lock_take(const char *path, uint32_t owner, uint32_t wait_ms, int *fdp)
{
	int64_t until = nk_monotonic_ms() + wait_ms;
	struct stat st;
	int fd, r;

	*fdp = -1;
	do {
		if ((fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600)) == -1)
			return errno == ELOOP ? -EPERM : -errno;
		if ((r = file_check(fd, owner, &st)) < 0 ||
		    (r = lock_wait(fd, until)) < 0) {
			(void)close(fd);
			return r;
		}
		if (file_is_current(path, &st)) {
			*fdp = fd;
			return 0;
		}
		(void)close(fd);
	} while (nk_monotonic_ms() < until);
	return -EAGAIN;
}

void
nk_lock_drop(int *fdp)
{
	if (*fdp != -1)
		(void)close(*fdp);	/* with its only descriptor */
	*fdp = -1;
}
