/* SPDX-License-Identifier: ISC */
#include "lib/rpc/import_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/monotonic.h"

#define BUFFER	(256u << 10)

/* ---- the copy ---- */

/* A file without name, where the file system can; else one that loses it. */
static int
open_unlinked(const char *beside)
{
	char path[PATH_MAX];
	const char *slash = strrchr(beside, '/');
	int len = slash == NULL ? 0 : (int)(slash - beside), fd, n;

	n = snprintf(path, sizeof(path), "%.*s/", len, beside);
	if (slash == NULL)
		n = snprintf(path, sizeof(path), "./");
	if (n < 0 || (size_t)n >= sizeof(path) - 32)
		return -ENAMETOOLONG;
	fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd != -1)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return -errno;
	(void)snprintf(path + n, sizeof(path) - (size_t)n,
	    ".naskeys-import.XXXXXX");
	if ((fd = mkostemp(path, O_CLOEXEC)) == -1)
		return -errno;
	if (unlink(path) == -1) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* Wait until fd can be read.  A regular file always can. */
static int
wait_for(int fd, int64_t end, unsigned int seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = end - nk_monotonic_ms();
	int n;

	if (left <= 0)
		return -ETIMEDOUT;
	if (left > (int64_t)seconds * 1000)
		left = (int64_t)seconds * 1000;
	if ((n = poll(&p, 1, (int)left)) == -1)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static void
count_lines(struct nk_import_file *f, const char *p, size_t n)
{
	const char *end = p + n;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		f->lines++;
		p++;
	}
}

static int
copy(struct nk_import_file *f, int fd, unsigned int seconds)
{
	int64_t end = nk_monotonic_ms() + (int64_t)NK_IMPORT_SECONDS * 1000;
	char last = '\n';
	ssize_t n;
	int r;

	for (;;) {
		if ((r = wait_for(fd, end, seconds)) < 0)
			return r;
		if ((n = read(fd, f->buf, f->room)) == 0)
			break;
		if (n == -1) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -errno;
		}
		f->size += (uint64_t)n;
		if (f->size > NK_IMPORT_FILE_MAX)
			return -EFBIG;
		if (memchr(f->buf, '\0', (size_t)n) != NULL)
			return -EBADMSG;
		count_lines(f, f->buf, (size_t)n);
		last = f->buf[n - 1];
		if ((r = nk_write_full(f->fd, f->buf, (size_t)n)) < 0)
			return r;
	}
	if (last != '\n')
		f->lines++;
	return 0;
}

int
nk_import_file_copy(struct nk_import_file *f, int fd, const char *beside,
    unsigned int seconds)
{
	struct stat st;
	int r;

	*f = NK_IMPORT_FILE_NONE;
	if (fstat(fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) &&
	    !S_ISSOCK(st.st_mode))
		return -EINVAL;
	if (S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size > NK_IMPORT_FILE_MAX)
		return -EFBIG;
	f->room = BUFFER;
	if ((f->buf = malloc(f->room)) == NULL)
		return -ENOMEM;
	if ((f->fd = open_unlinked(beside)) < 0) {
		r = f->fd;
		f->fd = -1;
	} else if ((r = copy(f, fd, seconds)) == 0) {
		r = nk_import_file_rewind(f);
	}
	if (r < 0)
		nk_import_file_clear(f);
	return r;
}

/* ---- its lines ---- */

int
nk_import_file_rewind(struct nk_import_file *f)
{
	f->have = f->at = 0;
	return lseek(f->fd, 0, SEEK_SET) == -1 ? -errno : 0;
}

/* More bytes behind those that are left; 0 at the end of the file. */
static ssize_t
fill(struct nk_import_file *f)
{
	size_t room;
	ssize_t n;
	char *buf;

	if (f->at > 0) {
		memmove(f->buf, f->buf + f->at, f->have - f->at);
		f->have -= f->at;
		f->at = 0;
	}
	if (f->have == f->room) {
		room = f->room * 2;
		if ((buf = malloc(room)) == NULL)
			return -ENOMEM;
		memcpy(buf, f->buf, f->have);
		explicit_bzero(f->buf, f->room);
		free(f->buf);
		f->buf = buf;
		f->room = room;
	}
	do {
		n = read(f->fd, f->buf + f->have, f->room - f->have);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	f->have += (size_t)n;
	return n;
}

int
nk_import_file_next(struct nk_import_file *f, size_t max,
    const char **linep, size_t *lenp)
{
	size_t seen = 0;
	const char *end;
	ssize_t n;

	for (;;) {
		end = memchr(f->buf + f->at + seen, '\n',
		    f->have - f->at - seen);
		seen = f->have - f->at;
		if (end != NULL)
			seen = (size_t)(end - (f->buf + f->at));
		if (seen > max)
			return -E2BIG;
		if (end != NULL)
			break;
		if ((n = fill(f)) < 0)
			return (int)n;
		if (n == 0 && seen == 0)
			return 0;
		if (n == 0)
			break;
	}
	*linep = f->buf + f->at;
	*lenp = seen;
	f->at += seen + (end != NULL);
	return 1;
}

void
nk_import_file_clear(struct nk_import_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	if (f->buf != NULL)
		explicit_bzero(f->buf, f->room);
	free(f->buf);
	*f = NK_IMPORT_FILE_NONE;
}
