/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/helper/log.h"
#include "helper/helper/middleware.h"
#include "helper/helper/peer.h"

#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"
#define CPU_SECONDS	600	/* of a connection, which may last for days */
#define FAREWELL_MS	2000

int
middleware_check(void)
{
	return access(MIDDLEWARE_PROGRAM, X_OK) == -1 ? -errno : 0;
}

static int
start(struct nk_sandbox_child *child, int caller, int own)
{
	const int fds[MIDDLEWARE_SOCKETS] = { caller, own };
	struct nk_sandbox sb;
	int r;

	if ((r = middleware_check()) < 0)
		log_say(LOG_ERR, MIDDLEWARE_PROGRAM ": %s", strerror(-r));
	else if ((r = nk_sandbox_init(&sb, PASSWD_FILE)) == -ENOENT)
		log_say(LOG_ERR, "the user " NK_SANDBOX_USER " is missing; "
		    "\"naskeysctl init\" makes it");
	if (r < 0)
		return r;
	sb.program = MIDDLEWARE_PROGRAM;
	sb.seconds = CPU_SECONDS;
	return nk_sandbox_start(&sb, MIDDLEWARE_TASK, fds, MIDDLEWARE_SOCKETS,
	    child);
}

int
middleware_begin(struct nk_sandbox_child *child, int in, int out)
{
	int pair[2], r;
	uid_t uid;

	/* A person at a terminal is no such caller. */
	if ((r = peer_get_uid(in, &uid)) < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return -errno;
	r = start(child, in, pair[1]);
	close(pair[1]);
	if (r == 0 && (dup2(pair[0], in) == -1 || dup2(pair[0], out) == -1))
		r = -errno;
	close(pair[0]);
	return r;
}

void
middleware_end(struct nk_sandbox_child *child, int out)
{
	struct pollfd p = { .fd = child->pidfd, .events = POLLIN };

	if (child->pidfd != -1) {
		(void)shutdown(out, SHUT_WR);
		(void)poll(&p, 1, FAREWELL_MS);
	}
	nk_sandbox_end(child);
}
