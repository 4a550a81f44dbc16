/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_FULLIO_H
#define NASKEYS_FULLIO_H

/* read(2), pread(2), write(2) and send(2) until all is done. */

#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "lib/attr.h"

/* Up to room bytes, fewer only at the end.  0 or -errno. */
NK_MUST_CHECK static inline int
nk_read_full(int fd, void *bytes, size_t room, size_t *lenp)
{
	unsigned char *p = bytes;
	ssize_t n;

	for (*lenp = 0; *lenp < room; *lenp += (size_t)n) {
		n = read(fd, p + *lenp, room - *lenp);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return -errno;
		else if (n == 0)
			break;
	}
	return 0;
}

/* Likewise, from this place of a file. */
NK_MUST_CHECK static inline int
nk_pread_full(int fd, void *bytes, size_t room, off_t at, size_t *lenp)
{
	unsigned char *p = bytes;
	ssize_t n;

	for (*lenp = 0; *lenp < room; *lenp += (size_t)n) {
		n = pread(fd, p + *lenp, room - *lenp, at + (off_t)*lenp);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return -errno;
		else if (n == 0)
			break;
	}
	return 0;
}

/* All of it.  0 or -errno. */
NK_MUST_CHECK static inline int
nk_write_full(int fd, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, p + done, len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/* All of it, to a socket whose other end may have gone.  0 or -errno. */
NK_MUST_CHECK static inline int
nk_send_full(int fd, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t done = 0;
	ssize_t n;

	for (; done < len; done += (size_t)n) {
		n = send(fd, p + done, len - done, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return -errno;
	}
	return 0;
}

#endif /* NASKEYS_FULLIO_H */
