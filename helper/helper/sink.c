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

/* What is left of a line: of its mark, its text and its newline. */
struct rest {
	char		 mark[1], newline[1];
	struct iovec	 iov[3];
};

static void
rest_init(struct rest *rest, char mark, const char *line, size_t len)
{
	union { const char *line; void *base; } text = { line };

	*rest = (struct rest){ .mark = { mark }, .newline = { '\n' } };
	rest->iov[0].iov_base = rest->mark;
	rest->iov[0].iov_len = mark != '\0' ? 1 : 0;
	rest->iov[1].iov_base = text.base;
	rest->iov[1].iov_len = len;
	rest->iov[2].iov_base = rest->newline;
	rest->iov[2].iov_len = 1;
}

/* n bytes are gone; is there more? */
static bool
rest_next(struct rest *rest, size_t n)
{
	size_t i, share;

	for (i = 0; i < 3; i++) {
		share = n < rest->iov[i].iov_len ? n : rest->iov[i].iov_len;
		rest->iov[i].iov_base = (char *)rest->iov[i].iov_base +
		    share;
		rest->iov[i].iov_len -= share;
		n -= share;
	}
	return rest->iov[2].iov_len > 0;
}

/*
 * The descriptor may be shared with whoever started us, so it is not made
 * non-blocking.  A socket takes a flag; anything else is given no more than
 * poll(2) has promised room for.
 */
static ssize_t
put_some(const struct sink *s, struct rest *rest)
{
	struct msghdr m;

	if (!s->is_socket)
		return put_piece(s->fd, rest->iov[1].iov_base,
		    rest->iov[1].iov_len);
	memset(&m, 0, sizeof(m));
	m.msg_iov = rest->iov;
	m.msg_iovlen = 3;
	return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int
sink_put(const struct sink *s, char mark, const char *line, size_t len)
{
	int64_t deadline = nk_monotonic_ms() + (int64_t)s->seconds * 1000;
	struct rest rest;
	ssize_t n = 0;
	int r;

	if (mark != '\0' && !s->is_socket)
		return -ENOTSOCK;
	rest_init(&rest, mark, line, len);
	while (rest_next(&rest, n > 0 ? (size_t)n : 0)) {
		if (!s->is_socket &&
		    (r = clock_wait(s->fd, POLLOUT, deadline)) < 0)
			return r;
		n = put_some(s, &rest);
		if (n == -1 && errno == EAGAIN && s->is_socket) {
			if ((r = clock_wait(s->fd, POLLOUT, deadline)) < 0)
				return r;
			continue;
		}
		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0 && s->patient)
			deadline = nk_monotonic_ms() +
			    (int64_t)s->seconds * 1000;
	}
	return 0;
}
