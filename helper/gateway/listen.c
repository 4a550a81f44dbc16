/* SPDX-License-Identifier: ISC */
#include "helper/gateway/listen.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "helper/gateway/request.h"

#define BACKLOG		4096
#define AT_SIZE		64	/* of "[address]:port" */

/* A peer that has gone without a word: asked after a time, then dropped. */
#define KEEP_IDLE	300	/* s */
#define KEEP_INTERVAL	30
#define KEEP_COUNT	4

/* "[address]:port" or "address:port", cut in two. */
static int
split(char at[AT_SIZE], char **hostp, char **portp)
{
	char *end;

	if (at[0] == '[') {
		if ((end = strchr(at, ']')) == NULL || end[1] != ':')
			return -EINVAL;
		*end++ = '\0';
		*hostp = at + 1;
	} else {
		if ((end = strchr(at, ':')) == NULL)
			return -EINVAL;
		*hostp = at;
	}
	*end = '\0';
	*portp = end + 1;
	return **hostp == '\0' || **portp == '\0' ? -EINVAL : 0;
}

static int
resolve(const char *at, struct sockaddr_storage *ss, socklen_t *lenp)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	char text[AT_SIZE], *host, *port;
	struct addrinfo *ai;

	if (strlen(at) >= sizeof(text))
		return -EINVAL;
	memcpy(text, at, strlen(at) + 1);
	if (split(text, &host, &port) < 0 ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return -EINVAL;
	memcpy(ss, ai->ai_addr, ai->ai_addrlen);
	*lenp = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

static int
check_address(const struct sockaddr_storage *ss, bool loopback_only,
    const char **whyp)
{
	struct address_key key;
	unsigned int port;

	*whyp = "is no address of IPv4 or IPv6";
	if (request_key(ss, &key, &port) < 0)
		return -EINVAL;
	*whyp = "can be reached from outside, where --plain would send "
	    "passwords in clear; use 127.0.0.1 or [::1]";
	return loopback_only && !request_is_loopback(&key) ? -EPERM : 0;
}

int
listen_open(const char *at, bool loopback_only, int *fdp, const char **whyp)
{
	const int on = 1;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = -1, r;

	*fdp = -1;
	*whyp = "is not like 192.0.2.1:8443 or [2001:db8::1]:8443";
	if ((r = resolve(at, &ss, &len)) < 0 ||
	    (r = check_address(&ss, loopback_only, whyp)) < 0)
		return r;
	*whyp = "cannot be listened on";
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		return -errno;
	/* Both families on one port are two sockets. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (ss.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, (const struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		r = -errno;
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

int
listen_adopt(int fd, bool loopback_only, const char **whyp)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss), n = sizeof(int);
	int flags, listens = 0, r;

	*whyp = "is no listening socket";
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == -1 ||
	    listens == 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return -EINVAL;
	if ((r = check_address(&ss, loopback_only, whyp)) < 0)
		return r;
	*whyp = "cannot be used";
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

/* It works without any of them, only worse. */
static void
set_options(int fd)
{
	static const struct {
		int	level, name, value;
	} rows[] = {
		{ IPPROTO_TCP,	TCP_NODELAY,	1 },
		{ SOL_SOCKET,	SO_KEEPALIVE,	1 },
		{ IPPROTO_TCP,	TCP_KEEPIDLE,	KEEP_IDLE },
		{ IPPROTO_TCP,	TCP_KEEPINTVL,	KEEP_INTERVAL },
		{ IPPROTO_TCP,	TCP_KEEPCNT,	KEEP_COUNT },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)setsockopt(fd, rows[i].level, rows[i].name,
		    &rows[i].value, sizeof(rows[i].value));
}

int
listen_accept(int fd, int *connp, struct address_key *k, unsigned int *portp)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int conn;

	*connp = -1;
	conn = accept4(fd, (struct sockaddr *)&ss, &len,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (conn == -1) {
		/* accept(2): errors of the connection itself */
		if (errno == EINTR || errno == EPROTO ||
		    errno == ENETDOWN || errno == ENETUNREACH ||
		    errno == EHOSTUNREACH || errno == EHOSTDOWN)
			return -ECONNABORTED;
		return -errno;
	}
	if (request_key(&ss, k, portp) < 0) {
		close(conn);
		return -ECONNABORTED;
	}
	set_options(conn);
	*connp = conn;
	return 0;
}
