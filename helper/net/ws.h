/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_WS_H
#define NASKEYS_NET_WS_H

/*
 * The client's end of a websocket (RFC 6455) of texts, without extensions.
 * It is ours, since libwebsockets makes its own connections and wants calls
 * of the system which the sandbox has not: here the connection is given.
 * Where it breaks, or the other end does not keep to the protocol, nothing
 * returns.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/net/stream.h"

#define WS_HEAD_MAX	8192u		/* bytes of an answer's head */
#define WS_MESSAGE_MAX	1048576u	/* bytes of a text */
#define WS_KEY_SIZE	29		/* of a key or its answer, with NUL */

struct ws {
	struct stream	 stream;
	uint8_t		 buf[16384];	/* what has come and is not used */
	size_t		 at, len;
	char		*text;		/* the last one */
	size_t		 room;
};

/* A websocket on the stream; the struct must not be moved. */
void	ws_init(struct ws *w, const struct stream *s);

/*
 * Ask for path there.  NULL: it is a websocket now; else what came instead,
 * in words.
 */
const char *ws_upgrade(struct ws *w, const char *host, uint16_t port,
	    const char *path);

void	ws_send(struct ws *w, const char *text, size_t len);

/* The next text, which is the websocket's until the next call. */
const char *ws_receive(struct ws *w, size_t *lenp);

/* ---- what of it knows no stream ---- */

/* What answers to a key. */
void	ws_accept(const char *key, char accept[WS_KEY_SIZE]);

/*
 * Read the head of an answer, NUL-terminated, up to its empty line.  0: the
 * upgrade is as it has to be; -EPROTO, it is not; -EBADMSG, it is no HTTP.
 * *statusp is its status, or 0.
 */
int	ws_read_answer(const char *head, const char *accept, int *statusp);

/* The head of a frame. */
struct ws_frame {
	bool		 final;
	unsigned int	 opcode;
	uint64_t	 len;
};

/*
 * Read one off the first n bytes.  Its length; 0, there are too few bytes;
 * -EPROTO, a server may not send it, or it is too long.
 */
int	ws_read_frame(const uint8_t *p, size_t n, struct ws_frame *f);

#define WS_CONTINUED	0x0u
#define WS_TEXT		0x1u
#define WS_CLOSE	0x8u
#define WS_PING		0x9u
#define WS_PONG		0xau

#endif /* NASKEYS_NET_WS_H */
