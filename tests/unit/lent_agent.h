/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_LENT_AGENT_H
#define NASKEYS_TESTS_LENT_AGENT_H

/* The socket of a lent agent, and what its clients do. */

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "lib/ssh/agentmsg.h"
#include "lib/ssh/wire.h"

/* Listening at an abstract address that the kernel chooses. */
static inline int
listen_anywhere(int type)
{
	const struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	ck_assert_int_ne(fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), -1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sun,
	    sizeof(sun.sun_family)), 0);
	ck_assert_int_eq(listen(fd, 32), 0);
	return fd;
}

static inline int
connect_to(int listener)
{
	struct sockaddr_un sun;
	socklen_t len = sizeof(sun);
	/* what does not come is a fault, and no wait */
	const struct timeval most = { .tv_sec = 20 };
	int fd;

	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&sun,
	    &len), 0);
	ck_assert_int_ne(fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    -1);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most,
	    sizeof(most)), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&sun, len), 0);
	return fd;
}

static inline void
tell(int fd, const uint8_t *msg, size_t len)
{
	uint8_t head[4];
	struct nk_wire_out o = { head, sizeof(head) };

	ck_assert_int_eq(nk_wire_put_u32(&o, (uint32_t)len), 0);
	ck_assert_int_eq(send(fd, head, sizeof(head), MSG_NOSIGNAL), 4);
	ck_assert_int_eq(send(fd, msg, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* The first byte of its answer; 0: it has hung up. */
static inline int
heard(int fd)
{
	uint8_t buf[8192];
	struct nk_wire w = { buf, 4 };
	uint32_t len;

	if (recv(fd, buf, 4, MSG_WAITALL) != 4)
		return 0;
	ck_assert_int_eq(nk_wire_get_u32(&w, &len), 0);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, sizeof(buf));
	ck_assert_int_eq(recv(fd, buf, len, MSG_WAITALL), (ssize_t)len);
	return buf[0];
}

static inline int
ask_for_keys(int fd)
{
	const uint8_t list = NK_AGENTMSG_LIST;

	tell(fd, &list, 1);
	return heard(fd);
}

#endif /* NASKEYS_TESTS_LENT_AGENT_H */
