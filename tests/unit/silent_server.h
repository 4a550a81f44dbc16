/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_SILENT_SERVER_H
#define NASKEYS_TEST_SILENT_SERVER_H

/* A server on loopback that takes connections and says nothing. */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <stdint.h>
#include <unistd.h>

static int listener = -1;
static uint16_t port;

static inline void
start_silent_server(void)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(a);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, sizeof(a)),
	    0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&a, &len),
	    0);
	port = ntohs(a.sin_port);
}

static inline void
end_silent_server(void)
{
	close(listener);
}

#endif /* NASKEYS_TEST_SILENT_SERVER_H */
