/* SPDX-License-Identifier: ISC */
#include "helper/net/ws.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"
#include "lib/remote/url.h"

#define NONCE_LEN	16
#define MASK_LEN	4
#define FRAME_HEAD_MAX	14	/* bytes */
#define REQUEST_MAX	1024

void
ws_init(struct ws *w, const struct stream *s)
{
	memset(w, 0, sizeof(*w));
	w->stream = *s;
}

static _Noreturn void
broken(const char *words)
{
	say_fault(NK_REMOTE_BROKEN, words);
}

static void
fill_random(uint8_t *bytes, int len)
{
	if (RAND_bytes(bytes, len) != 1)
		say_fault(NK_REMOTE_FAILED, NULL);
}

/* More behind what is there and not used. */
static void
fill(struct ws *w)
{
	if (w->at > 0) {
		memmove(w->buf, w->buf + w->at, w->len - w->at);
		w->len -= w->at;
		w->at = 0;
	}
	w->len += stream_read(&w->stream, w->buf + w->len,
	    sizeof(w->buf) - w->len);
}

/* ---- the upgrade ---- */

static void
send_request(struct ws *w, const char *host, uint16_t port,
    const char *path, const char *key)
{
	bool v6 = strchr(host, ':') != NULL;
	bool usual = port == (w->stream.ssl != NULL ? 443 : 80);
	char text[REQUEST_MAX], number[8] = "";
	int n;

	if (!usual)
		(void)snprintf(number, sizeof(number), ":%u", port);
	/* the interface of an address is this machine's alone */
	n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n"
	    "Host: %s%.*s%s%s\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n", path, v6 ? "[" : "",
	    (int)strcspn(host, "%"), host, v6 ? "]" : "", number, key);
	if (n < 0 || (size_t)n >= sizeof(text))
		_exit(1);
	stream_write(&w->stream, text, (size_t)n);
}

/* The head of the answer, up to its empty line. */
static void
read_head(struct ws *w, char *head, size_t room)
{
	const uint8_t *end;
	size_t n;

	do {
		if (w->len >= room)
			say_fault(NK_REMOTE_NO_API, "its answer has no end");
		fill(w);
		end = memmem(w->buf, w->len, "\r\n\r\n", 4);
	} while (end == NULL);
	n = (size_t)(end - w->buf) + 4;
	if (n >= room || memchr(w->buf, '\0', n) != NULL)
		say_fault(NK_REMOTE_NO_API, NULL);
	memcpy(head, w->buf, n);
	head[n] = '\0';
	w->at = n;
}

const char *
ws_upgrade(struct ws *w, const char *host, uint16_t port, const char *path)
{
	static char words[64];
	char key[WS_KEY_SIZE], accept[WS_KEY_SIZE], head[WS_HEAD_MAX];
	uint8_t nonce[NONCE_LEN];
	int status;

	fill_random(nonce, sizeof(nonce));
	(void)EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce));
	ws_accept(key, accept);
	send_request(w, host, port, path, key);
	read_head(w, head, sizeof(head));
	if (ws_read_answer(head, accept, &status) == 0)
		return NULL;
	if (status == 101)
		return "its answer to an upgrade is wrong";
	if (status == 0)
		return "it does not speak HTTP";
	(void)snprintf(words, sizeof(words), "HTTP status %d", status);
	return words;
}

/* ---- frames ---- */

static void
send_frame(struct ws *w, unsigned int opcode, const void *bytes, size_t len)
{
	uint8_t head[FRAME_HEAD_MAX], *frame;
	const uint8_t *p = bytes;
	size_t n = 0, i;

	head[n++] = (uint8_t)(0x80 | opcode);
	if (len < 126) {
		head[n++] = (uint8_t)(0x80 | len);
	} else if (len < 65536) {
		head[n++] = 0x80 | 126;
		head[n++] = (uint8_t)(len >> 8);
		head[n++] = (uint8_t)len;
	} else {
		head[n++] = 0x80 | 127;
		for (i = 0; i < 8; i++)
			head[n++] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	}
	fill_random(head + n, MASK_LEN);
	n += MASK_LEN;
	if ((frame = malloc(n + len)) == NULL)
		_exit(1);
	memcpy(frame, head, n);
	for (i = 0; i < len; i++)
		frame[n + i] = p[i] ^ head[n - MASK_LEN + i % MASK_LEN];
	stream_write(&w->stream, frame, n + len);
	explicit_bzero(frame, n + len);
	free(frame);
}

void
ws_send(struct ws *w, const char *text, size_t len)
{
	send_frame(w, WS_TEXT, text, len);
}

static void
read_frame(struct ws *w, struct ws_frame *f)
{
	int n;

	while ((n = ws_read_frame(w->buf + w->at, w->len - w->at, f)) == 0)
		fill(w);
	if (n < 0)
		broken("a frame that no server may send, or too long a one");
	w->at += (size_t)n;
}

static void
read_bytes(struct ws *w, char *to, size_t len)
{
	size_t n;

	while (len > 0) {
		if (w->at == w->len)
			fill(w);
		n = w->len - w->at < len ? w->len - w->at : len;
		memcpy(to, w->buf + w->at, n);
		w->at += n;
		to += n;
		len -= n;
	}
}

static void
control(struct ws *w, const struct ws_frame *f)
{
	char bytes[128];

	read_bytes(w, bytes, (size_t)f->len);
	if (f->opcode == WS_PING)
		send_frame(w, WS_PONG, bytes, (size_t)f->len);
	if (f->opcode != WS_CLOSE)
		return;
	if (f->len <= 2)
		say_fault(NK_REMOTE_CLOSED, NULL);
	bytes[f->len] = '\0';
	say_fault(NK_REMOTE_CLOSED, bytes + 2);
}

/* Room for len bytes and a NUL; what was there is wiped. */
static void
make_room(struct ws *w, size_t used, size_t len)
{
	char *bigger;

	if (len < w->room)
		return;
	if ((bigger = malloc(len + 1)) == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	if (w->text != NULL) {
		memcpy(bigger, w->text, used);
		explicit_bzero(w->text, w->room);
		free(w->text);
	}
	w->text = bigger;
	w->room = len + 1;
}

const char *
ws_receive(struct ws *w, size_t *lenp)
{
	struct ws_frame f = { .final = false };
	bool begun = false;
	size_t len = 0;

	for (;;) {
		read_frame(w, &f);
		if (f.opcode >= WS_CLOSE) {
			control(w, &f);
			continue;
		}
		if (begun != (f.opcode == WS_CONTINUED))
			broken("frames that make no message");
		if (f.len > WS_MESSAGE_MAX - len)
			broken("a message that is too long");
		begun = true;
		make_room(w, len, len + (size_t)f.len);
		read_bytes(w, w->text + len, (size_t)f.len);
		len += (size_t)f.len;
		if (f.final)
			break;
	}
	w->text[len] = '\0';
	*lenp = len;
	return w->text;
}
