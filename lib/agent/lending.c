/* SPDX-License-Identifier: ISC */
#include "lib/agent/lending.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/agent/checker.h"
#include "lib/agent/keeper.h"
#include "lib/ssh/secretwire.h"
#include "lib/ssh/wire.h"

#define HEAD	4u		/* bytes of a message's length */

struct client {
	int			 fd;
	uint64_t		 turn;		/* of its last message */
	struct nk_keeper_talk	 talk;
	size_t			 len;		/* bytes in buf */
	uint8_t			 buf[HEAD + NK_KEEPER_MESSAGE_MAX];
};

struct nk_lending {
	int			 listener;
	struct nk_lending_terms	 terms;
	char			*user;
	struct nk_privatekey	 key;
	struct nk_hostkeys	 pins;
	struct nk_keeper	 keeper;
	uint64_t		 turn;
	struct client		*clients[NK_LENDING_CLIENTS];
	size_t			 n;
};

static int
get_option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1 ||
	    len != sizeof(value))
		return -1;
	return value;
}

int
nk_lending_check(int fd)
{
	return get_option(fd, SO_DOMAIN) == AF_UNIX &&
	    get_option(fd, SO_TYPE) == SOCK_STREAM &&
	    get_option(fd, SO_ACCEPTCONN) == 1 ? 0 : -EINVAL;
}

/* The keeper's check: a host's signature is an enemy's bytes. */
static int
check_host(const void *arg, const uint8_t *blob, size_t blob_len,
    const uint8_t *sig, size_t sig_len, const uint8_t *data, size_t len)
{
	return nk_agent_host_check(arg, blob, blob_len, sig, sig_len, data,
	    len);
}

int
nk_lending_new(struct nk_lending **lp, int listener,
    struct nk_privatekey *key, struct nk_hostkeys *pins,
    const struct nk_lending_terms *terms)
{
	struct nk_lending *l;
	int r;

	*lp = NULL;
	if ((r = nk_lending_check(listener)) < 0)
		return r;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -ENOMEM;
	if ((l->user = strdup(terms->user)) == NULL) {
		free(l);
		return -ENOMEM;
	}
	l->listener = listener;
	l->terms = *terms;
	l->terms.user = l->user;
	l->key = *key;
	*key = (struct nk_privatekey){ .type = NULL };
	l->pins = *pins;
	*pins = (struct nk_hostkeys){ NULL, 0 };
	l->keeper = (struct nk_keeper){ &l->key, l->user, &l->pins,
	    l->terms.bound, check_host, &l->terms.sandbox };
	*lp = l;
	return 0;
}

/* ---- clients ---- */

static void
drop_client(struct nk_lending *l, size_t i)
{
	close(l->clients[i]->fd);
	free(l->clients[i]);
	l->clients[i] = l->clients[--l->n];
}

void
nk_lending_free(struct nk_lending *l)
{
	if (l == NULL)
		return;
	while (l->n > 0)
		drop_client(l, l->n - 1);
	close(l->listener);
	nk_privatekey_clear(&l->key);
	nk_hostkeys_clear(&l->pins);
	free(l->user);
	free(l);
}

static void
drop_most_silent(struct nk_lending *l)
{
	size_t i, most = 0;

	for (i = 1; i < l->n; i++) {
		if (l->clients[i]->turn < l->clients[most]->turn)
			most = i;
	}
	drop_client(l, most);
}

static bool
is_admitted(const struct nk_lending *l, int fd)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1 ||
	    len != sizeof(peer))
		return false;
	return peer.uid == l->terms.uid || peer.uid == 0;
}

/*
 * The socket's flags are shared with whoever made it: it must not wait when
 * somebody else was faster, and so they are set each time.
 */
static int
take_client(struct nk_lending *l)
{
	struct client *c;
	int fd;

	if (fcntl(l->listener, F_SETFL, O_NONBLOCK) == -1)
		return -errno;
	fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return errno == EAGAIN || errno == EINTR ||
		    errno == ECONNABORTED ? 0 : -errno;
	if (!is_admitted(l, fd)) {
		close(fd);
		return 0;
	}
	if (l->n == NK_LENDING_CLIENTS)
		drop_most_silent(l);
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->turn = ++l->turn;
	l->clients[l->n++] = c;
	return 0;
}

/* ---- messages ---- */

/* How long the message at hand is, with its head; 0: that is not known. */
static size_t
message_len(const struct client *c)
{
	struct nk_wire w = { c->buf, c->len };
	uint32_t len;

	if (nk_wire_get_u32(&w, &len) < 0)
		return 0;
	return (size_t)len + HEAD;
}

/* 0; -EPIPE, the client is to be dropped; another: it all ends. */
static int
answer(struct nk_lending *l, struct client *c)
{
	struct nk_secret text = NK_SECRET_NONE, line = NK_SECRET_NONE;
	int r;

	if (l->terms.still != NULL &&
	    (r = l->terms.still(l->terms.still_arg)) < 0)
		return r;
	c->turn = ++l->turn;
	if ((r = nk_keeper_answer(&l->keeper, &c->talk, c->buf + HEAD,
	    c->len - HEAD, &text)) == 0)
		r = nk_secretwire_put_string(&line, text.p, text.len);
	/* Answers are short, and one at a time fits in any socket. */
	if (r < 0 || send(c->fd, line.p, line.len,
	    MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)line.len)
		r = -EPIPE;
	nk_secret_clear(&text);
	nk_secret_clear(&line);
	c->len = 0;
	return r;
}

/* As answer(); never takes more than the one message. */
static int
hear(struct nk_lending *l, struct client *c)
{
	size_t wanted = message_len(c);
	ssize_t n;

	if (wanted == 0)
		wanted = HEAD;
	n = recv(c->fd, c->buf + c->len, wanted - c->len, MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
	if (n == 0)
		return -EPIPE;
	c->len += (size_t)n;
	wanted = message_len(c);
	if (wanted > sizeof(c->buf) || wanted == HEAD)
		return -EPIPE;
	return wanted != 0 && c->len == wanted ? answer(l, c) : 0;
}

static int
hear_all(struct nk_lending *l, const struct pollfd *p)
{
	size_t i;
	int r;

	/* from the end, since the last takes the place of one that goes */
	for (i = l->n; i-- > 0;) {
		if (p[i].revents == 0)
			continue;
		if ((r = hear(l, l->clients[i])) == -EPIPE)
			drop_client(l, i);
		else if (r < 0)
			return r;
	}
	return 0;
}

int
nk_lending_serve(struct nk_lending *l, int until)
{
	struct pollfd p[NK_LENDING_CLIENTS + 2];
	size_t i;
	int r;

	for (;;) {
		for (i = 0; i < l->n; i++)
			p[i] = (struct pollfd){ l->clients[i]->fd, POLLIN,
			    0 };
		p[i] = (struct pollfd){ l->listener, POLLIN, 0 };
		p[i + 1] = (struct pollfd){ until, POLLIN, 0 };
		if (poll(p, l->n + 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (p[i + 1].revents != 0)
			return 0;
		if ((r = hear_all(l, p)) < 0)
			return r;
		if (p[i].revents != 0 && (r = take_client(l)) < 0)
			return r;
	}
}
