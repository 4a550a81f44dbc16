/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/packet.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/sandbox/message.h"
#include "lib/sandbox/sandbox.h"

/* Room for one descriptor; the kernel closes what is above it. */
union control {
	struct cmsghdr	head;
	char		bytes[CMSG_SPACE(sizeof(int))];
};

int
nk_packet_send(int fd, uint32_t type, const void *bytes, size_t len,
    int pass, int flags)
{
	struct nk_sandbox_packet p = { NK_SANDBOX_VERSION, type };
	struct iovec v[2] = { { &p, sizeof(p) }, { NULL, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = len > 0 ? 2 : 1 };
	union control c;
	struct cmsghdr *h;
	ssize_t n;

	if (len > NK_SANDBOX_MESSAGE_MAX)
		return -E2BIG;
	memcpy(&v[1].iov_base, &bytes, sizeof(bytes));	/* only read */
	if (pass != -1) {
		memset(&c, 0, sizeof(c));
		m.msg_control = c.bytes;
		m.msg_controllen = sizeof(c.bytes);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &pass, sizeof(pass));
	}
	do {
		n = sendmsg(fd, &m, MSG_NOSIGNAL | flags);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (size_t)n == sizeof(p) + len ? 0 : -EIO;
}

void
nk_sandbox_drop(int fd)
{
	const struct linger none = { .l_onoff = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static int
take_descriptor(struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (h != NULL && h->cmsg_level == SOL_SOCKET &&
	    h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

int
nk_packet_receive(int fd, int flags, uint32_t *typep,
    struct nk_secret *bytes, int *passedp)
{
	struct nk_sandbox_packet p = { 0, 0 };
	struct iovec v[2] = { { &p, sizeof(p) }, { NULL, 0 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	union control c;
	ssize_t n;
	int r;

	*passedp = -1;
	bytes->len = 0;
	if ((r = nk_secret_reserve(bytes, NK_SANDBOX_MESSAGE_MAX)) < 0)
		return r;
	v[1] = (struct iovec){ bytes->p, NK_SANDBOX_MESSAGE_MAX };
	m.msg_control = c.bytes;
	m.msg_controllen = CMSG_LEN(sizeof(int));	/* its space has two */
	do {
		n = recvmsg(fd, &m, flags | MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ECONNRESET ? -EPIPE : -errno;
	*passedp = take_descriptor(&m);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
		if (n == 0)
			r = -EPIPE;
		else if ((size_t)n < sizeof(p) ||
		    p.version != NK_SANDBOX_VERSION)
			r = -EIO;
	} else
		r = -EIO;
	if (r < 0 && *passedp != -1) {
		nk_sandbox_drop(*passedp);
		*passedp = -1;
	}
	if (r == 0) {
		bytes->len = (size_t)n - sizeof(p);
		bytes->p[bytes->len] = '\0';
		*typep = p.type;
	}
	return r;
}
