/* SPDX-License-Identifier: ISC */
#include "lib/account/network.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/monotonic.h"

#define SEND_S	10	/* for somebody who does not listen */
#define TURN_MS	60000	/* of one poll(2) */
#define END_MS	5000	/* until one who was told to end has done so */

static const char *elsewhere;	/* the socket; NULL: children of our own */

void
nk_network_use(const char *path)
{
	elsewhere = path;
}

const char *
nk_network_path(void)
{
	return elsewhere;
}

/* ---- the other side ---- */

/*
 * No error of connect(2) must be taken for another thing's: -ENOENT would be
 * "there is no such user".
 */
static int
dial(int *fdp)
{
	const struct timeval patience = { .tv_sec = SEND_S };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	*fdp = -1;
	if (strlen(elsewhere) >= sizeof(un.sun_path))
		return -ECONNREFUSED;
	memcpy(un.sun_path, elsewhere, strlen(elsewhere) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience)) == -1 ||
	    connect(fd, (const struct sockaddr *)&un, sizeof(un)) == -1) {
		close(fd);
		return -ECONNREFUSED;
	}
	*fdp = fd;
	return 0;
}

int
nk_network_start(const struct nk_network_work *w, const void *bytes,
    size_t len, int fd, int *controlp)
{
	struct nk_network_head head;
	int control, r;

	*controlp = -1;
	if (elsewhere == NULL)
		return -ECONNREFUSED;
	if (len > NK_NETWORK_BYTES_MAX)
		return -E2BIG;
	memset(&head, 0, sizeof(head));
	(void)snprintf(head.version, sizeof(head.version), "%s", NK_VERSION);
	(void)snprintf(head.work, sizeof(head.work), "%s", w->name);
	head.len = (uint32_t)len;
	if ((r = dial(&control)) < 0)
		return r;
	if (nk_child_tell(control, &head, sizeof(head), &fd) < 0 ||
	    nk_send_full(control, bytes, len) < 0) {
		close(control);
		return -ECONNREFUSED;
	}
	*controlp = control;
	return 0;
}

/* Until there is something to read.  0; -ETIMEDOUT; -errno. */
static int
wait_for(int fd, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n;

	for (;;) {
		left = end - nk_monotonic_ms();
		n = poll(&p, 1, left <= 0 ? 0 :
		    left > TURN_MS ? TURN_MS : (int)left);
		if (n > 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return -errno;
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

/*
 * How the child has ended: 0; -EIO, otherwise; -ECONNREFUSED: nobody tells,
 * and a program must not be believed to have said no.
 */
static int
take_status(int control, int64_t end)
{
	unsigned char status;
	ssize_t n;
	int r;

	if ((r = wait_for(control, end)) < 0)
		return r;
	do {
		n = recv(control, &status, sizeof(status), 0);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(status))
		return -ECONNREFUSED;
	return status == 0 ? 0 : -EIO;
}

void
nk_network_end(int control)
{
	int64_t end = nk_monotonic_ms() + END_MS;
	unsigned char status;
	ssize_t n;

	if (control == -1)
		return;
	if (shutdown(control, SHUT_WR) == 0) {
		do {
			n = wait_for(control, end) < 0 ? 0 :
			    recv(control, &status, sizeof(status), 0);
		} while (n > 0 || (n == -1 && errno == EINTR));
	}
	close(control);
}

/* ---- as child.h has it ---- */

static int
run_there(const struct nk_network_work *w, const void *bytes, size_t len,
    unsigned int seconds,
    int (*take)(void *take_arg, const void *bytes, size_t len),
    void *take_arg)
{
	int64_t limit = (int64_t)seconds * 1000;
	int64_t end = nk_monotonic_ms() + limit;
	int fds[2], control, r;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -errno;
	r = fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1 ? -errno :
	    nk_network_start(w, bytes, len, fds[1], &control);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	r = nk_child_collect(fds[0], end, limit, take, take_arg);
	close(fds[0]);
	if (r == 0)
		r = take_status(control, end);
	nk_network_end(control);
	return r;
}

/* Work does not write to what it is given. */
static struct nk_network_arg
make_arg(const void *bytes, size_t len)
{
	union { const void *in; void *out; } u = { bytes };

	return (struct nk_network_arg){ u.out, len };
}

int
nk_network_run(const struct nk_network_work *w, const void *bytes,
    size_t len, unsigned int seconds,
    int (*take)(void *take_arg, const void *bytes, size_t len),
    void *take_arg)
{
	struct nk_network_arg arg = make_arg(bytes, len);

	if (elsewhere != NULL)			/* MUST 1 */
		return run_there(w, bytes, len, seconds, take, take_arg);
	return nk_child_run(w->run, &arg, NULL, seconds, take, take_arg);
}

int
nk_network_ask(const struct nk_network_work *w, const void *bytes,
    size_t len, unsigned int seconds, void *answer, size_t answer_len)
{
	struct nk_child_answer a = { answer, answer_len, 0 };
	int r;

	if ((r = nk_network_run(w, bytes, len, seconds, nk_child_take,
	    &a)) < 0)
		return r;
	return a.got == answer_len ? 0 : -EIO;
}

int
nk_network_child(const struct nk_network_work *w, const void *bytes,
    size_t len, struct nk_child *ch)
{
	struct nk_network_arg arg = make_arg(bytes, len);
	int fds[2], r;

	if (elsewhere == NULL)
		return nk_child_start(ch, w->run, &arg);
	*ch = NK_CHILD_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	r = nk_network_start(w, bytes, len, fds[1], &ch->control);
	close(fds[1]);
	if (r < 0)
		close(fds[0]);
	else
		ch->fd = fds[0];
	return r;
}
