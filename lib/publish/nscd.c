/* SPDX-License-Identifier: ISC */
#include "lib/publish/nscd.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SOCKET		"/run/nscd/socket"
#define SOCKET_OLD	"/var/run/nscd/socket"
#define NSCD_VERSION	2
#define NSCD_INVALIDATE	10
#define NSCD_WAIT_MS	125	/* for each of the two */

/* What stands before each request on the cache's socket. */
struct request {
	int32_t	version;
	int32_t	type;
	int32_t	key_len;
};

const char *
nk_nscd_socket(void)
{
	if (access(SOCKET, F_OK) == 0)
		return SOCKET;
	return access(SOCKET_OLD, F_OK) == 0 ? SOCKET_OLD : NULL;
}

static int
cache_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, path, len + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool
nk_nscd_listens(const char *path)
{
	int fd = cache_connect(path);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

/* One connection is one request.  Returns 0 when there is a listener. */
static int
forget(const char *path, const char *table)
{
	struct request rq = { NSCD_VERSION, NSCD_INVALIDATE, 0 };
	char buf[sizeof(rq) + 16];
	struct pollfd pfd = { .events = POLLIN };
	size_t len = strlen(table) + 1;
	int32_t answer;

	if (len > sizeof(buf) - sizeof(rq))
		return -1;
	if ((pfd.fd = cache_connect(path)) == -1)
		return -1;
	rq.key_len = (int32_t)len;
	memcpy(buf, &rq, sizeof(rq));
	memcpy(buf + sizeof(rq), table, len);
	/* the answer comes when it has forgotten; what it says is the same */
	if (send(pfd.fd, buf, sizeof(rq) + len, MSG_NOSIGNAL) != -1 &&
	    poll(&pfd, 1, NSCD_WAIT_MS) == 1)
		(void)recv(pfd.fd, &answer, sizeof(answer), 0);
	(void)close(pfd.fd);
	return 0;
}

void
nk_nscd_forget(const char *path)
{
	if (forget(path, "passwd") == 0)
		(void)forget(path, "group");
}
