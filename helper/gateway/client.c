/* SPDX-License-Identifier: ISC */
#include "helper/gateway/client.h"

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/monotonic.h"

#define READ_SIZE	65536	/* at once, from a helper */

/* ---- all of them ---- */

static int
draw(void *bytes, size_t n)
{
	return getrandom(bytes, n, 0) == (ssize_t)n ? 0 : -EIO;
}

int
clients_init(struct clients *cs, const struct clients_limits *l,
    const char *path, int helper)
{
	uint64_t salt[2];
	int r;

	*cs = (struct clients){
		.max = l->max,
		.helpers_max = l->helpers,
		.budget.max = l->memory,
		.socket = path,
		.helper = helper,
	};
	TAILQ_INIT(&cs->all);
	TAILQ_INIT(&cs->half);
	if (path != NULL &&
	    strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return -ENAMETOOLONG;
	if ((r = draw(salt, sizeof(salt))) < 0)
		return r;
	return addresses_new(&cs->addresses, l->per_address, l->calls, salt);
}

void
clients_clear(struct clients *cs)
{
	addresses_free(cs->addresses);
	cs->addresses = NULL;
}

/* ---- one ---- */

int
client_new(struct clients *cs, const struct address_key *k,
    unsigned int port, bool proxied, int64_t now_ms, struct client **cp)
{
	struct client *c;
	int r;

	*cp = NULL;
	if (cs->n >= cs->max)
		return -EUSERS;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	c->owner = cs;
	c->key = *k;
	c->port = port;
	c->accepted_ms = now_ms;
	c->helper = -1;
	if (!proxied && (r = addresses_enter(cs->addresses, k, now_ms,
	    &c->address)) < 0) {
		free(c);
		return r;
	}
	TAILQ_INSERT_TAIL(&cs->all, c, all);
	TAILQ_INSERT_TAIL(&cs->half, c, half);
	cs->n++;
	cs->n_half++;
	*cp = c;
	return 0;
}

static void
leave_half(struct client *c)
{
	TAILQ_REMOVE(&c->owner->half, c, half);
	c->owner->n_half--;
}

void
client_free(struct client *c, int64_t now_ms)
{
	struct clients *cs;

	if (c == NULL)
		return;
	cs = c->owner;
	client_disconnect(c);
	if (c->is_open)
		session_clear(&c->session);
	else
		leave_half(c);
	addresses_leave(cs->addresses, c->address, now_ms);
	TAILQ_REMOVE(&cs->all, c, all);
	cs->n--;
	free(c);
}

int
client_set_address(struct client *c, const struct address_key *k,
    int64_t now_ms)
{
	struct address *address;
	int r;

	if ((r = addresses_enter(c->owner->addresses, k, now_ms,
	    &address)) < 0)
		return r;
	addresses_leave(c->owner->addresses, c->address, now_ms);
	c->address = address;
	c->key = *k;
	return 0;
}

static bool
may_ping(void *arg)
{
	struct client *c = arg;

	return addresses_may_call(c->owner->addresses, c->address,
	    nk_monotonic_ms());
}

/* RFC 9562, section 5.4. */
static int
make_id(char id[SESSION_ID_SIZE])
{
	unsigned char b[16];
	int r;

	if ((r = draw(b, sizeof(b))) < 0)
		return r;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	(void)snprintf(id, SESSION_ID_SIZE, "%02x%02x%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
	    b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
	    b[13], b[14], b[15]);
	return 0;
}

int
client_open(struct client *c, const struct request_path *path, bool tls)
{
	static const struct session_hooks hooks = { .may_ping = may_ping };
	struct session_client who = {
		.path = path->path, .port = c->port, .tls = tls,
	};
	int r;

	if ((r = make_id(who.id)) < 0)
		return r;
	request_text(&c->key, who.address);
	session_init(&c->session, path->protocol, &who, &c->owner->budget,
	    &hooks, c);
	if (c->owner->socket == NULL)
		session_local(&c->session);
	leave_half(c);
	c->is_open = true;
	return 0;
}

void
client_text(struct client *c, const void *text, size_t len, bool last,
    int64_t now_ms)
{
	session_text(&c->session, text, len, last);
	if (last)
		c->begun_ms = 0;
	else if (c->begun_ms == 0)
		c->begun_ms = now_ms;
}

/* ---- time ---- */

static bool
is_over(int64_t since, int64_t time, int64_t now_ms)
{
	return since != 0 && now_ms - since >= time;
}

/* While we do not read, it is not the client who lets a message wait. */
bool
client_is_late(const struct client *c, int64_t now_ms)
{
	if (!c->is_open)
		return is_over(c->accepted_ms, CLIENT_BEGIN_MS, now_ms);
	return is_over(c->stalled_ms, CLIENT_STALL_MS, now_ms) ||
	    (session_reads_client(&c->session) &&
	    is_over(c->begun_ms, CLIENT_MESSAGE_MS, now_ms));
}

void
client_sent(struct client *c, int64_t now_ms)
{
	const struct session *s = &c->session;

	c->stalled_ms = s->to_client.head == NULL && s->end == 0 ? 0 :
	    now_ms;
}

/* ---- its helper ---- */

/* Of the one client, once. */
static int
take_helper(struct clients *cs, int *fdp)
{
	*fdp = cs->helper;
	cs->helper = -1;
	return *fdp == -1 ? -ENOTCONN : 0;
}

static int
connect_helper(const struct clients *cs, int *fdp)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, r;

	/* clients_init() saw that it fits. */
	memcpy(un.sun_path, cs->socket, strlen(cs->socket) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == -1) {
		r = -errno;
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

int
client_connect(struct client *c)
{
	struct clients *cs = c->owner;
	int fd = -1, r;

	if (cs->n_helpers >= cs->helpers_max)
		return -EUSERS;
	if ((r = cs->socket == NULL ? take_helper(cs, &fd) :
	    connect_helper(cs, &fd)) < 0)
		return r;
	c->helper = fd;
	cs->n_helpers++;
	return 0;
}

void
clients_helper_closed(struct clients *cs)
{
	cs->n_helpers--;
}

static bool
is_nothing_yet(int error)
{
	return error == EAGAIN || error == EINTR;
}

bool
client_read_helper(struct client *c)
{
	static uint8_t bytes[READ_SIZE];
	ssize_t n;

	if (c->helper == -1)
		return false;
	n = recv(c->helper, bytes, sizeof(bytes), 0);
	if (n > 0) {
		session_helper_bytes(&c->session, bytes, (size_t)n);
		explicit_bzero(bytes, (size_t)n);
	} else if (n == 0 || !is_nothing_yet(errno))
		session_helper_end(&c->session);
	return n > 0;
}

void
client_write_helper(struct client *c)
{
	struct buffer *b = &c->session.to_helper;
	ssize_t n;

	if (c->helper == -1 || b->len == 0)
		return;
	n = send(c->helper, b->p, b->len, MSG_NOSIGNAL);
	if (n > 0)
		buffer_take(b, (size_t)n);
	/* What it still had to say can be read. */
}

void
client_disconnect(struct client *c)
{
	if (c->helper != -1)
		(void)shutdown(c->helper, SHUT_RDWR);
	c->helper = -1;
}
