/* SPDX-License-Identifier: ISC */

/*
 * Names and connections.  The addresses of a name are tried one after the
 * other, the families in turn, the next one when the last has failed or has
 * not answered for a quarter of a second; the first that connects is it
 * (RFC 8305, without its measurements).
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/net.h"
#include "helper/net/say.h"
#include "lib/monotonic.h"
#include "lib/ssh/target.h"
#include "lib/ssh/wire.h"

#define ADDRESSES_MAX	16
#define STAGGER_MS	250

struct attempt {
	const struct addrinfo	*ai;
	int			 fd;	/* -1: not begun, or failed */
};

struct dialling {
	struct attempt	 v[ADDRESSES_MAX];
	size_t		 n;
	size_t		 next;		/* to begin */
	int		 error;		/* the best to tell of, or 0 */
};

/* ---- the name ---- */

static enum nk_remote_fault
name_fault(int r)
{
	switch (r) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return NK_REMOTE_NO_NAME;
	case EAI_AGAIN:
	case EAI_FAIL:
		return NK_REMOTE_NO_SERVERS;
	default:
		return NK_REMOTE_FAILED;
	}
}

static struct addrinfo *
resolve(const char *host, uint32_t port)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;
	char service[11];
	int r;

	(void)snprintf(service, sizeof(service), "%u", port);
	if ((r = getaddrinfo(host, service, &hints, &list)) != 0)
		say_fault(name_fault(r), gai_strerror(r));
	return list;
}

/* Another family than the one before, as long as there is one. */
static const struct addrinfo *
next_address(const struct addrinfo *list, const struct dialling *d)
{
	const struct addrinfo *ai, *any = NULL;
	bool used;
	size_t i;

	for (ai = list; ai != NULL; ai = ai->ai_next) {
		used = ai->ai_family != AF_INET && ai->ai_family != AF_INET6;
		for (i = 0; !used && i < d->n; i++)
			used = d->v[i].ai == ai;
		if (used)
			continue;
		if (d->n == 0 ||
		    ai->ai_family != d->v[d->n - 1].ai->ai_family)
			return ai;
		if (any == NULL)
			any = ai;
	}
	return any;
}

static void
order(const struct addrinfo *list, struct dialling *d)
{
	const struct addrinfo *ai;

	while (d->n < ADDRESSES_MAX && (ai = next_address(list, d)) != NULL)
		d->v[d->n++] = (struct attempt){ ai, -1 };
	if (d->n == 0)
		say_fault(NK_REMOTE_NO_NAME, NULL);
}

/* ---- one connection ---- */

/* Begin one.  The socket, or -1 with errno. */
static int
begin(const struct addrinfo *ai)
{
	const int on = 1;
	int fd, error;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_TCP);
	if (fd == -1)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* 0, or the errno with which it has ended. */
static int
outcome(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

/* ---- all of them ---- */

/* That a family is missing here says less than anything else. */
static void
note_error(struct dialling *d, int error)
{
	if (d->error == 0 || d->error == ENETUNREACH ||
	    d->error == EADDRNOTAVAIL || d->error == EAFNOSUPPORT)
		d->error = error;
}

static _Noreturn void
give_up(const struct dialling *d)
{
	say_fault(d->error == ECONNREFUSED ? NK_REMOTE_REFUSED :
	    NK_REMOTE_UNREACHABLE, d->error == ECONNREFUSED ? NULL :
	    strerror(d->error));
}

/* The first one that has connected, or NULL; failed ones are closed. */
static struct attempt *
look(struct dialling *d, const struct pollfd *p, bool *failedp)
{
	size_t i;
	int error;

	for (i = 0; i < d->next; i++) {
		if (d->v[i].fd == -1 || p[i].revents == 0)
			continue;
		if ((error = outcome(d->v[i].fd)) == 0)
			return &d->v[i];
		note_error(d, error);
		close(d->v[i].fd);
		d->v[i].fd = -1;
		*failedp = true;
	}
	return NULL;
}

/* Begin the next one, and those behind one that fails at once. */
static void
begin_next(struct dialling *d)
{
	struct attempt *a;

	while (d->next < d->n) {
		a = &d->v[d->next++];
		if ((a->fd = begin(a->ai)) != -1)
			return;
		note_error(d, errno);
	}
}

static struct attempt *
race(struct dialling *d)
{
	struct pollfd p[ADDRESSES_MAX];
	int64_t when = nk_monotonic_ms(), now;
	struct attempt *first;
	size_t i, open;
	bool failed = true;

	for (;;) {
		now = nk_monotonic_ms();
		if (failed || now >= when) {
			begin_next(d);
			when = now + STAGGER_MS;
			failed = false;
		}
		for (i = 0, open = 0; i < d->next; i++) {
			p[i] = (struct pollfd){ d->v[i].fd, POLLOUT, 0 };
			open += d->v[i].fd != -1;
		}
		if (open == 0)
			give_up(d);
		if (poll(p, d->next, d->next == d->n ? -1 :
		    (int)(when - now)) == -1 && errno != EINTR)
			say_fault(NK_REMOTE_FAILED, strerror(errno));
		if ((first = look(d, p, &failed)) != NULL)
			return first;
	}
}

/* n more to the same address; one that fails is not missed. */
static void
connect_more(const struct addrinfo *ai, size_t n)
{
	struct pollfd p[NK_SANDBOX_SOCKETS_MAX];
	size_t i, open = n;

	for (i = 0; i < n; i++) {
		p[i] = (struct pollfd){ begin(ai), POLLOUT, 0 };
		open -= p[i].fd == -1;
	}
	while (open > 0) {
		if (poll(p, n, -1) == -1 && errno != EINTR)
			say_fault(NK_REMOTE_FAILED, strerror(errno));
		for (i = 0; i < n; i++) {
			if (p[i].fd == -1 || p[i].revents == 0)
				continue;
			if (outcome(p[i].fd) == 0)
				say_socket(p[i].fd);
			close(p[i].fd);
			p[i].fd = -1;
			open--;
		}
	}
}

void
dial_run(size_t n_sockets)
{
	struct nk_wire w = hear_request();
	struct dialling d = { .n = 0 };
	char host[NK_TARGET_HOST_MAX + 1];
	const struct attempt *first;
	const uint8_t *name;
	uint32_t port, n;
	size_t len, i;

	if (n_sockets != 0 || nk_wire_get_u32(&w, &port) < 0 ||
	    nk_wire_get_u32(&w, &n) < 0 || n == 0 ||
	    n > NK_SANDBOX_SOCKETS_MAX ||
	    nk_wire_get_text(&w, &name, &len) < 0 || len >= sizeof(host) ||
	    nk_wire_get_end(&w) < 0)
		_exit(1);
	memcpy(host, name, len);
	host[len] = '\0';
	say_step(NK_REMOTE_RESOLVE);
	order(resolve(host, port), &d);
	say_step(NK_REMOTE_CONNECT);
	first = race(&d);
	for (i = 0; i < d.next; i++) {
		if (d.v[i].fd != -1 && &d.v[i] != first)
			close(d.v[i].fd);
	}
	say_socket(first->fd);
	connect_more(first->ai, n - 1);
	say_done();
}
