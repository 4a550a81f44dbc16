/* SPDX-License-Identifier: ISC */
#include "lib/pamsock/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
now_ms(int64_t *msp)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return -errno;
	*msp = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	return 0;
}

/* poll(2) reports a hang-up as ready: what follows says so. */
static int
wait_until(const struct nk_pamsock *s, short events)
{
	struct pollfd p = { .fd = s->fd, .events = events };
	int64_t now = 0;
	int r;

	for (;;) {
		if ((r = now_ms(&now)) < 0)
			return r;
		if (now >= s->deadline)
			return -ETIMEDOUT;
		r = poll(&p, 1, (int)(s->deadline - now));
		if (r > 0)
			return 0;
		if (r == -1 && errno != EINTR)
			return -errno;
	}
}

/* A program may have closed 0 to 2, and would write its messages to us. */
static int
make_socket(int *fdp)
{
	int fd, above;

	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -errno;
	if (fd <= STDERR_FILENO) {
		above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fd);
		if (above == -1)
			return -errno;
		fd = above;
	}
	*fdp = fd;
	return 0;
}

static int
check_listener(int fd, uid_t owner)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return -errno;
	return len == sizeof(peer) && peer.uid == owner ? 0 : -EPERM;
}

int
nk_pamsock_open(struct nk_pamsock *s, const char *path, uid_t owner, int ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int r;

	*s = NK_PAMSOCK_NONE;
	if (len >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, len + 1);
	if ((r = nk_pamsock_extend(s, ms)) < 0 ||
	    (r = make_socket(&s->fd)) < 0)
		return r;
	if (connect(s->fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1)
		return -errno;
	return check_listener(s->fd, owner);
}

void
nk_pamsock_close(struct nk_pamsock *s)
{
	if (s->fd != -1)
		close(s->fd);
	*s = NK_PAMSOCK_NONE;
}

int
nk_pamsock_extend(struct nk_pamsock *s, int ms)
{
	int64_t now = 0;
	int r;

	if ((r = now_ms(&now)) == 0)
		s->deadline = now + ms;
	return r;
}

int
nk_pamsock_put(const struct nk_pamsock *s, const uint8_t *p, size_t left)
{
	ssize_t n;
	int r;

	while (left > 0) {
		n = send(s->fd, p, left, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			p += n;
			left -= (size_t)n;
		} else if (errno == EAGAIN) {
			if ((r = wait_until(s, POLLOUT)) < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int
nk_pamsock_get(const struct nk_pamsock *s, uint8_t *p, size_t left)
{
	ssize_t n;
	int r;

	while (left > 0) {
		n = recv(s->fd, p, left, MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			left -= (size_t)n;
		} else if (n == 0) {
			return -EPIPE;
		} else if (errno == EAGAIN) {
			if ((r = wait_until(s, POLLIN)) < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* What is behind the room for a text is read and left out. */
static int
skip(const struct nk_pamsock *s, size_t left)
{
	uint8_t buf[256];
	size_t n;
	int r = 0;

	while (r == 0 && left > 0) {
		n = left < sizeof(buf) ? left : sizeof(buf);
		r = nk_pamsock_get(s, buf, n);
		left -= n;
	}
	return r;
}

static int
take_answer(const struct nk_pamsock *s, enum nk_frame_code *codep,
    char *text, size_t room, size_t *lenp)
{
	uint8_t head[NK_FRAME_ANSWER_HEAD];
	size_t len, kept;
	int r;

	if ((r = nk_pamsock_get(s, head, sizeof(head))) < 0 ||
	    (r = nk_frame_answer_head(head, codep, &len)) < 0)
		return r;
	kept = len < room ? len : room - 1;
	if (kept < len && *codep == NK_FRAME_CONTINUE)
		return -EMSGSIZE;
	if ((r = nk_pamsock_get(s, (uint8_t *)text, kept)) < 0 ||
	    (r = skip(s, len - kept)) < 0)
		return r;
	text[kept] = '\0';
	*lenp = kept;
	return 0;
}

int
nk_pamsock_ask(struct nk_pamsock *s, const struct nk_frame *f,
    enum nk_frame_code *codep, char *text, size_t room, size_t *lenp)
{
	uint8_t buf[NK_FRAME_MAX];
	size_t len = 0;
	int r;

	if (room == 0 || !nk_frame_is_answered(f->op))
		return -EINVAL;
	if ((r = nk_frame_write(f, buf, sizeof(buf), &len)) < 0)
		return r;
	r = nk_pamsock_put(s, buf, len);
	explicit_bzero(buf, len);
	return r < 0 ? r : take_answer(s, codep, text, room, lenp);
}

int
nk_pamsock_tell(struct nk_pamsock *s, const struct nk_frame *f)
{
	uint8_t buf[NK_FRAME_HEAD + NK_FRAME_FIELDS_MAX * 4 +
	    NK_FRAME_USER_MAX + 3 * NK_FRAME_TEXT_MAX + NK_FRAME_INFO_MAX];
	size_t len;
	ssize_t n;
	int r;

	if (nk_frame_is_answered(f->op))
		return -EINVAL;
	if ((r = nk_frame_write(f, buf, sizeof(buf), &len)) < 0)
		return r;
	do {
		n = send(s->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	return (size_t)n == len ? 0 : -EAGAIN;
}
