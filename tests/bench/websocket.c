/* SPDX-License-Identifier: ISC */
#include "tests/bench/websocket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <endian.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP		16384u	/* bytes that are read at once */
#define FRAME_MAX	65535u	/* bytes of what is sent */
#define HEAD_MAX	8	/* of a frame that is sent */

#define FIN		0x80u
#define TEXT		0x1u
#define CLOSE		0x8u
#define MASKED		0x80u
#define LEN_16		126u
#define LEN_64		127u

/* ---- bytes ---- */

static void
put(struct websocket *w, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = w->ssl != NULL ? SSL_write(w->ssl, bytes, (int)len) :
		    send(w->fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			err(1, "send");
		bytes += n;
		len -= (size_t)n;
	}
}

/* More of what comes; false: nothing does. */
static bool
fill(struct websocket *w)
{
	ssize_t n;

	if (w->from == w->len)
		w->from = w->len = 0;
	if (w->room - w->len < STEP) {
		w->room += STEP;
		if ((w->in = realloc(w->in, w->room)) == NULL)
			err(1, NULL);
	}
	n = w->ssl != NULL ? SSL_read(w->ssl, w->in + w->len, STEP) :
	    recv(w->fd, w->in + w->len, STEP, 0);
	if (n <= 0)
		return false;
	w->len += (size_t)n;
	return true;
}

static bool
need(struct websocket *w, size_t n)
{
	while (w->len - w->from < n)
		if (!fill(w))
			return false;
	return true;
}

/* ---- the connection ---- */

static int
dial(uint16_t port, uint32_t source)
{
	const int on = 1;
	struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
	int fd;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    bind(fd, (const struct sockaddr *)&from, sizeof(from)) == -1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "port %u", port);
	return fd;
}

static void
upgrade(struct websocket *w)
{
	static const char request[] =
	    "GET /api/current HTTP/1.1\r\n"
	    "Host: localhost\r\n"
	    "Connection: Upgrade\r\n"
	    "Upgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: bmFza2V5cyBiZW5jaG1hcg==\r\n\r\n";
	static const char wanted[] = "HTTP/1.1 101 ";
	const char *end;

	put(w, request, sizeof(request) - 1);
	while (w->len == 0 || (end = memmem(w->in, w->len, "\r\n\r\n",
	    4)) == NULL)
		if (!fill(w))
			errx(1, "the upgrade is not answered");
	if (strncmp(w->in, wanted, sizeof(wanted) - 1) != 0)
		errx(1, "it becomes no websocket");
	w->from = (size_t)(end - w->in) + 4;
}

void
websocket_open(struct websocket *w, uint16_t port, uint32_t source,
    SSL_CTX *tls)
{
	*w = (struct websocket){ .fd = dial(port, source) };
	if (tls != NULL && ((w->ssl = SSL_new(tls)) == NULL ||
	    SSL_set_fd(w->ssl, w->fd) != 1 || SSL_connect(w->ssl) != 1))
		errx(1, "TLS does not begin");
	upgrade(w);
}

void
websocket_close(struct websocket *w)
{
	SSL_free(w->ssl);
	close(w->fd);
	free(w->in);
	free(w->text);
	*w = (struct websocket){ .fd = -1 };
}

/* ---- messages ---- */

void
websocket_send(struct websocket *w, const char *text)
{
	static const unsigned char mask[4] = { 0x5a, 0x17, 0xc3, 0x88 };
	static char frame[HEAD_MAX + FRAME_MAX];
	size_t len = strlen(text), head = 2, i;

	if (len > FRAME_MAX)
		errx(1, "a message that is too long");
	frame[0] = (char)(FIN | TEXT);
	frame[1] = (char)(MASKED | (len < LEN_16 ? len : LEN_16));
	if (len >= LEN_16) {
		frame[head++] = (char)(len >> 8);
		frame[head++] = (char)len;
	}
	memcpy(frame + head, mask, sizeof(mask));
	head += sizeof(mask);
	for (i = 0; i < len; i++)
		frame[head + i] = (char)(text[i] ^ mask[i % sizeof(mask)]);
	put(w, frame, head + len);
}

/* The head of a frame, which is taken away. */
static bool
take_head(struct websocket *w, unsigned int *firstp, size_t *lenp)
{
	unsigned char second;
	uint16_t len16;
	uint64_t len64;

	if (!need(w, 2))
		return false;
	*firstp = (unsigned char)w->in[w->from];
	second = (unsigned char)w->in[w->from + 1];
	w->from += 2;
	*lenp = second;
	if (second == LEN_16) {
		if (!need(w, sizeof(len16)))
			return false;
		memcpy(&len16, w->in + w->from, sizeof(len16));
		w->from += sizeof(len16);
		*lenp = be16toh(len16);
	} else if (second == LEN_64) {
		if (!need(w, sizeof(len64)))
			return false;
		memcpy(&len64, w->in + w->from, sizeof(len64));
		w->from += sizeof(len64);
		*lenp = be64toh(len64);
	}
	return true;
}

const char *
websocket_receive(struct websocket *w)
{
	unsigned int first;
	size_t len, all = 0;

	do {
		if (!take_head(w, &first, &len) || (first & 0xf) == CLOSE ||
		    !need(w, len))
			return NULL;
		if ((w->text = realloc(w->text, all + len + 1)) == NULL)
			err(1, NULL);
		memcpy(w->text + all, w->in + w->from, len);
		w->from += len;
		all += len;
	} while ((first & FIN) == 0);
	w->text[all] = '\0';
	return w->text;
}
