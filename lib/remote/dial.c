/* SPDX-License-Identifier: ISC */
#include "lib/remote/dial.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/remote/message.h"
#include "lib/ssh/target.h"
#include "lib/ssh/wire.h"

static bool
has_option(int fd, int option, int wanted)
{
	socklen_t len = sizeof(int);
	int v = -1;

	return getsockopt(fd, SOL_SOCKET, option, &v, &len) == 0 &&
	    len == sizeof(v) && v == wanted;
}

int
nk_remote_check_socket(int fd, uint16_t port, char *text)
{
	union {
		struct sockaddr		any;
		struct sockaddr_in	v4;
		struct sockaddr_in6	v6;
	} a;
	socklen_t len = sizeof(a);

	memset(&a, 0, sizeof(a));
	if (!has_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !has_option(fd, SO_PROTOCOL, IPPROTO_TCP) ||
	    !has_option(fd, SO_ACCEPTCONN, 0) ||
	    !has_option(fd, SO_ERROR, 0) ||
	    getpeername(fd, &a.any, &len) == -1)
		return -EIO;
	if (a.any.sa_family == AF_INET && len == sizeof(a.v4) &&
	    ntohs(a.v4.sin_port) == port &&
	    inet_ntop(AF_INET, &a.v4.sin_addr, text, INET6_ADDRSTRLEN) !=
	    NULL)
		return 0;
	if (a.any.sa_family == AF_INET6 && len == sizeof(a.v6) &&
	    ntohs(a.v6.sin6_port) == port &&
	    inet_ntop(AF_INET6, &a.v6.sin6_addr, text, INET6_ADDRSTRLEN) !=
	    NULL)
		return 0;
	return -EIO;
}

static int
take_sockets(struct nk_remote_talk *talk, int *fds, size_t n, size_t *np)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type = NK_REMOTE_MSG_SOCKET;
	int fd, r = 0;

	*np = 0;
	while (r == 0) {
		if ((r = nk_remote_hear(talk, &type, &bytes, &fd)) < 0)
			break;
		if (type == NK_REMOTE_MSG_DONE && *np > 0)
			break;
		if (type != NK_REMOTE_MSG_SOCKET || *np == n)
			r = -EIO;
		else
			r = nk_remote_check_socket(fd, talk->target->port,
			    talk->report->address);
		if (r == 0)
			fds[(*np)++] = fd;
		else {
			if (fd != -1)
				nk_sandbox_drop(fd);
			r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
		}
	}
	nk_secret_clear(&bytes);
	return r;
}

int
nk_remote_dial(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    int *fds, size_t n, size_t *np)
{
	uint8_t request[12 + NK_TARGET_HOST_MAX];
	struct nk_wire_out o = { request, sizeof(request) };
	const struct nk_remote_target *t = talk->target;
	int r;

	*np = 0;
	if (nk_wire_put_u32(&o, t->port) < 0 ||
	    nk_wire_put_u32(&o, (uint32_t)n) < 0 ||
	    nk_wire_put_string(&o, t->host, strlen(t->host)) < 0)
		return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	if ((r = nk_remote_start(talk, sb, NK_REMOTE_DIAL, NULL, 0, request,
	    sizeof(request) - o.left)) == 0)
		r = take_sockets(talk, fds, n, np);
	nk_remote_end(talk);
	while (r < 0 && *np > 0)
		nk_sandbox_drop(fds[--*np]);
	return r;
}
