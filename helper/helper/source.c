/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/source.h"
#include "lib/agent/lending.h"

#define CHUNK	65536

int
source_init(struct source *s, int fd, unsigned int seconds)
{
	struct stat st;

	*s = (struct source){ .fd = fd, .kind = SOURCE_OTHER,
	    .seconds = seconds, .look = { -1, -1 }, .passed_fd = -1 };
	if (fstat(fd, &st) == -1)
		return -errno;
	if (S_ISSOCK(st.st_mode))
		s->kind = SOURCE_SOCKET;
	else if (S_ISREG(st.st_mode))
		s->kind = SOURCE_FILE;
	else if (S_ISFIFO(st.st_mode)) {
		s->kind = SOURCE_PIPE;
		if (pipe2(s->look, O_CLOEXEC | O_NONBLOCK) == -1)
			return -errno;
	}
	return 0;
}

void
source_clear(struct source *s)
{
	size_t i;

	source_drop_passed(s);
	for (i = 0; i < 2; i++) {
		if (s->look[i] != -1)
			close(s->look[i]);
		s->look[i] = -1;
	}
}

/*
 * MUST 3: what the file system answers may never come.  The alarm ends the
 * process, and with it nothing but this connection.
 */
static void
drop(const struct source *s, int fd)
{
	(void)alarm(s->seconds);
	close(fd);
	(void)alarm(0);
}

void
source_drop_passed(struct source *s)
{
	if (s->passed_fd != -1)
		drop(s, s->passed_fd);
	s->passed_fd = -1;
}

/* AT_STATX_DONT_SYNC: the kernel's own knowledge of the type will do. */
static bool
is_wanted(int fd)
{
	struct statx st;
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1 || (flags & O_PATH) != 0 ||
	    (flags & O_ACCMODE) == O_WRONLY)
		return false;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
	    &st) == -1 || (st.stx_mask & STATX_TYPE) == 0)
		return false;
	if (S_ISSOCK(st.stx_mode))
		return nk_lending_check(fd) == 0;
	return S_ISREG(st.stx_mode) || S_ISFIFO(st.stx_mode);
}

/* Every descriptor in the message is either kept or closed here. */
static void
sort_descriptors(struct source *s, struct msghdr *m, bool first_byte)
{
	struct cmsghdr *c;
	size_t i, n;
	bool alone = first_byte && (m->msg_flags & MSG_CTRUNC) == 0;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(fd));
			if (alone && n == 1 && s->passed_fd == -1 &&
			    is_wanted(fd))
				s->passed_fd = fd;
			else
				drop(s, fd);
		}
	}
}

/* Take up to len bytes, and what came with them. */
static ssize_t
receive(struct source *s, char *buf, size_t len, bool first_byte)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { buf, len };
	struct msghdr m;
	ssize_t n;

	memset(&m, 0, sizeof(m));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	n = recvmsg(s->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		sort_descriptors(s, &m, first_byte);
	return n;
}

/*
 * The first byte of a line is taken alone: only so is it certain that what
 * came with it came with it.  The kernel ends a message with the bytes that
 * a descriptor was sent with, but may begin it with bytes before these.
 */
static ssize_t
take_socket(struct source *s, const struct framing *f, char *buf)
{
	ssize_t n;

	if (!f->begun)
		return receive(s, buf, 1, true);
	if ((n = recv(s->fd, buf, CHUNK, MSG_PEEK | MSG_DONTWAIT)) <= 0)
		return n;
	return receive(s, buf, framing_share(buf, (size_t)n), false);
}

static ssize_t
take_file(struct source *s, char *buf)
{
	off_t at;
	ssize_t n;

	if ((at = lseek(s->fd, 0, SEEK_CUR)) == -1)
		return -1;
	if ((n = pread(s->fd, buf, CHUNK, at)) <= 0)
		return n;
	n = (ssize_t)framing_share(buf, (size_t)n);
	return lseek(s->fd, at + (off_t)n, SEEK_SET) == -1 ? -1 : n;
}

static ssize_t
take_pipe(struct source *s, char *buf)
{
	size_t share;
	ssize_t n;

	if ((n = tee(s->fd, s->look[1], CHUNK, SPLICE_F_NONBLOCK)) <= 0)
		return n;
	/* One tee(2) at a time lies in there, so this takes all of it. */
	if ((n = read(s->look[0], buf, (size_t)n)) <= 0)
		return n;
	share = framing_share(buf, (size_t)n);
	return read(s->fd, buf, share);
}

static ssize_t
take_byte(struct source *s, char *buf)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	if (poll(&p, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return read(s->fd, buf, 1);
}

int
source_take(struct source *s, struct framing *f)
{
	char buf[CHUNK];
	ssize_t n = -1;
	int r;

	switch (s->kind) {
	case SOURCE_SOCKET:
		n = take_socket(s, f, buf);
		break;
	case SOURCE_FILE:
		n = take_file(s, buf);
		break;
	case SOURCE_PIPE:
		n = take_pipe(s, buf);
		break;
	case SOURCE_OTHER:
		n = take_byte(s, buf);
		break;
	}
	if (n == -1)
		return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
	if (n == 0)
		return -ENODATA;
	r = framing_add(f, buf, (size_t)n);
	explicit_bzero(buf, (size_t)n);	/* what was looked at and left */
	return r;
}
