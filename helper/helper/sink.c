/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/clock.h"
#include "helper/helper/sink.h"

int
sink_init(struct sink *s, int fd, unsigned int seconds)
{
	struct stat st;

	*s = (struct sink){ .fd = fd, .seconds = seconds };
	if (fstat(fd, &st) == -1)
		return -errno;
	s->is_socket = S_ISSOCK(st.st_mode);
	return 0;
}

/* At most a pipe's atomic unit; what lies on the stack for it is wiped. */
static ssize_t
put_piece(int fd, const char *text, size_t len)
{
	char piece[PIPE_BUF];
	size_t n = len < sizeof(piece) ? len : sizeof(piece) - 1;
	ssize_t written;
	int error;

	memcpy(piece, text, n);
	if (n == len)
		piece[n++] = '\n';
	written = write(fd, piece, n);
	error = errno;
	explicit_bzero(piece, n);
	errno = error;
	return written;
}

/*
 * The descriptor may be shared with whoever started us, so it is not made
 * non-blocking.  A socket takes a flag; anything else is given no more than
 * poll(2) has promised room for.
 */
static ssize_t
put_some(const struct sink *s, const char *line, size_t len, size_t at)
{
	union { const char *line; void *base; } text = { line + at };
	char newline[] = "\n";
	struct iovec iov[2];
	struct msghdr m;

	if (!s->is_socket)
		return put_piece(s->fd, line + at, len - at);
	memset(&m, 0, sizeof(m));
	iov[0].iov_base = text.base;
	iov[0].iov_len = len - at;
	iov[1].iov_base = newline;
	iov[1].iov_len = 1;
	m.msg_iov = iov;
	m.msg_iovlen = 2;
	return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int
sink_put(const struct sink *s, const char *line, size_t len)
{
	int64_t deadline = nk_monotonic_ms() + (int64_t)s->seconds * 1000;
	size_t at = 0;
	ssize_t n;
	int r;

	while (at <= len) {		/* the newline is byte len */
		if (!s->is_socket &&
		    (r = clock_wait(s->fd, POLLOUT, deadline)) < 0)
			return r;
		n = put_some(s, line, len, at);
		if (n == -1 && errno == EAGAIN && s->is_socket) {
			if ((r = clock_wait(s->fd, POLLOUT, deadline)) < 0)
				return r;
			continue;
		}
		if (n == -1 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		at += (size_t)n;
		if (s->patient)
			deadline = nk_monotonic_ms() +
			    (int64_t)s->seconds * 1000;
	}
	return 0;
}
