/* SPDX-License-Identifier: ISC */

/* The parent of a task. */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/monotonic.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/packet.h"
#include "lib/sandbox/spawn.h"
#include "lib/sandbox/sandbox.h"

#define TURN_MS	60000	/* of one poll(2) */
#define PROGRAM_MAX	256	/* bytes of its path, with the NUL */

static const int none[1] = { -1 };

int
nk_sandbox_start(const struct nk_sandbox *sb, const char *task,
    const int *fds, size_t n, struct nk_sandbox_child *c)
{
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

/* ---- where the network is ---- */

struct start {
	uid_t		uid;
	gid_t		gid;
	unsigned int	seconds;
	char		task[NK_SANDBOX_NAME_SIZE];
	char		program[PROGRAM_MAX];
};

/* In the child, which is still root's. */
static int
run(void *arg, int fd)
{
	const struct nk_network_arg *a = arg;
	struct nk_sandbox_args args;
	struct nk_sandbox sb;
	struct start s;

	if (a->len != sizeof(s))
		return 1;
	memcpy(&s, a->bytes, sizeof(s));
	if (memchr(s.task, '\0', sizeof(s.task)) == NULL ||
	    memchr(s.program, '\0', sizeof(s.program)) == NULL)
		return 1;
	sb = (struct nk_sandbox){ s.uid, s.gid, s.seconds, s.program };
	if (nk_sandbox_args(&args, &sb, NK_SANDBOX_TASK_OPTION, s.task,
	    0) < 0)
		return 1;
	args.fds = none;
	nk_sandbox_become(&args, fd);
}

const struct nk_network_work nk_sandbox_task_work = { "task", run };

static int
start_there(const struct nk_sandbox *sb, const char *task,
    struct nk_sandbox_child *c)
{
	struct nk_child child;
	struct start s;
	int r;

	if (strlen(task) >= sizeof(s.task) ||
	    strlen(sb->program) >= sizeof(s.program))
		return -ENOSYS;
	memset(&s, 0, sizeof(s));
	s.uid = sb->uid;
	s.gid = sb->gid;
	s.seconds = sb->seconds;
	memcpy(s.task, task, strlen(task));
	memcpy(s.program, sb->program, strlen(sb->program));
	if ((r = nk_network_child(&nk_sandbox_task_work, &s, sizeof(s),
	    &child)) < 0)
		return r;
	c->fd = child.fd;
	c->control = child.control;
	return 0;
}

int
nk_sandbox_start_network(const struct nk_sandbox *sb, const char *task,
    struct nk_sandbox_child *c)
{
	*c = NK_SANDBOX_CHILD_NONE;
	return nk_network_path() != NULL ? start_there(sb, task, c) :
	    nk_sandbox_start(sb, task, NULL, 0, c);
}

/* ---- messages ---- */

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
