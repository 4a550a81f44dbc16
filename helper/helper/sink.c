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
	char piece[PIPE_BUF];
	struct iovec iov[2];
	struct msghdr m;
	size_t n;

	if (!s->is_socket) {
		n = len - at < sizeof(piece) ? len - at : sizeof(piece) - 1;
		memcpy(piece, line + at, n);
		if (n == len - at)
			piece[n++] = '\n';
		return write(s->fd, piece, n);
	}
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
	int64_t deadline = clock_now_ms() + (int64_t)s->seconds * 1000;
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
			deadline = clock_now_ms() +
			    (int64_t)s->seconds * 1000;
	}
	return 0;
}
