/* SPDX-License-Identifier: ISC */

/* The parent of a task. */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>

#include "lib/monotonic.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/packet.h"
#include "lib/sandbox/spawn.h"
#include "lib/sandbox/sandbox.h"

#define TURN_MS	60000	/* of one poll(2) */

int
nk_sandbox_start(const struct nk_sandbox *sb, const char *task,
    const int *fds, size_t n, struct nk_sandbox_child *c)
{
	static const int none[1] = { -1 };
	struct nk_sandbox_args args;
	int r;

	*c = NK_SANDBOX_CHILD_NONE;
	if (n > NK_SANDBOX_SOCKETS_MAX)
		return -E2BIG;
	if ((r = nk_sandbox_args(&args, sb, NK_SANDBOX_TASK_OPTION, task,
	    (uint32_t)n)) < 0)
		return r;
	args.fds = fds == NULL ? none : fds;
	args.n_fds = n;
	return nk_sandbox_spawn(&args, SOCK_SEQPACKET, c);
}

int
nk_sandbox_tell(const struct nk_sandbox_child *c, uint32_t type,
    const void *bytes, size_t len)
{
	return nk_packet_send(c->fd, type, bytes, len, -1, MSG_DONTWAIT);
}

int
nk_sandbox_hear(const struct nk_sandbox_child *c, int64_t end,
    uint32_t *typep, struct nk_secret *bytes, int *fdp)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int64_t left;
	int r;

	for (;;) {
		r = nk_packet_receive(c->fd, MSG_DONTWAIT, typep, bytes,
		    fdp);
		if (r != -EAGAIN && r != -EINTR)
			return r;
		if ((left = end - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, left > TURN_MS ? TURN_MS : (int)left) == -1 &&
		    errno != EINTR)
			return -errno;
	}
}
