/* SPDX-License-Identifier: ISC */

/* The side that has the network. */

#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/network.h"
#include "lib/fullio.h"

#define RECEIVE_S	10	/* for somebody who does not go on */

/* MUST 2, by the kernel's word. */
static int
check_peer(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return -errno;
	return len == sizeof(peer) && (peer.uid == 0 ||
	    peer.uid == geteuid()) ? 0 : -EPERM;
}

/* One of another version, as while packages are changed, is not understood. */
static int
check_head(const struct nk_network_head *h)
{
	if (memchr(h->version, '\0', sizeof(h->version)) == NULL ||
	    strcmp(h->version, NK_VERSION) != 0)
		return -EPROTONOSUPPORT;
	return memchr(h->work, '\0', sizeof(h->work)) == NULL ||
	    h->len > NK_NETWORK_BYTES_MAX ? -EBADMSG : 0;
}

static const struct nk_network_work *
find(const struct nk_network_work *const *works, const char *name)
{
	for (; *works != NULL; works++) {
		if (strcmp((*works)->name, name) == 0)
			return *works;
	}
	return NULL;
}

/* MUST 3: until it has ended, or nobody wants to know any more. */
static int
watch(int fd, pid_t pid)
{
	struct pollfd p[2] = {
		{ .fd = pidfd_open(pid, 0), .events = POLLIN },
		{ .fd = fd, .events = POLLIN | POLLRDHUP },
	};
	unsigned char status;
	int how = 0, n;

	do {
		n = p[0].fd == -1 ? -1 : poll(p, 2, -1);
	} while (n == -1 && p[0].fd != -1 && errno == EINTR);
	if (p[0].fd != -1)
		close(p[0].fd);
	if (n == -1 || p[0].revents == 0) {
		nk_child_end(pid);
		return n == -1 ? -EIO : 0;
	}
	while ((n = waitpid(pid, &how, 0)) == -1 && errno == EINTR)
		continue;
	status = n == pid && WIFEXITED(how) && WEXITSTATUS(how) == 0 ? 0 : 1;
	(void)send(fd, &status, sizeof(status), MSG_NOSIGNAL);
	return 0;
}

/* arg->bytes is the caller's to free, also on failure. */
static int
receive(int fd, const struct nk_network_work *const *works,
    struct nk_network_arg *arg, const struct nk_network_work **wp,
    int *passedp)
{
	struct nk_network_head head;
	size_t got;
	ssize_t n;
	int r;

	n = nk_child_hear(fd, &head, sizeof(head), passedp);
	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	if ((size_t)n != sizeof(head) || *passedp == -1)
		return -EBADMSG;
	if ((r = check_head(&head)) < 0)
		return r;
	if ((*wp = find(works, head.work)) == NULL)
		return -ENOSYS;
	if ((arg->bytes = calloc(1, head.len + 1)) == NULL)
		return -ENOMEM;
	arg->len = head.len;
	if ((r = nk_read_full(fd, arg->bytes, arg->len, &got)) < 0)
		return r;
	return got == arg->len ? 0 : -EPIPE;
}

int
nk_network_serve(int fd, const struct nk_network_work *const *works)
{
	const struct timeval patience = { .tv_sec = RECEIVE_S };
	const struct nk_network_work *w = NULL;
	struct nk_network_arg arg = { NULL, 0 };
	int passed = -1, r;
	pid_t pid = 0;

	if ((r = check_peer(fd)) < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) == -1)
		return -errno;
	if ((r = receive(fd, works, &arg, &w, &passed)) == 0)
		r = nk_child_fork(w->run, &arg, passed, NULL, &pid);
	if (passed != -1)
		close(passed);
	if (r == 0)
		r = watch(fd, pid);
	if (arg.bytes != NULL)
		explicit_bzero(arg.bytes, arg.len);
	free(arg.bytes);
	return r;
}
