/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_BENCH_WEBSOCKET_H
#define NASKEYS_TESTS_BENCH_WEBSOCKET_H

/*
 * The client's side of RFC 6455, as little of it as a benchmark needs: text,
 * one message after another, waiting for each.
 */

#include <openssl/ssl.h>

#include <stddef.h>
#include <stdint.h>

struct websocket {
	int	 fd;
	SSL	*ssl;		/* or NULL */
	char	*in;		/* what has come, from "from" on */
	size_t	 from, len, room;
	char	*text;		/* the message before */
};

/*
 * Connect to the port of 127.0.0.1 as the address number "source" of
 * 127.0.0.0/8, and become a websocket of /api/current; tls NULL: in plain.
 * Ends the program when it cannot.
 */
void	websocket_open(struct websocket *w, uint16_t port, uint32_t source,
	    SSL_CTX *tls);
void	websocket_close(struct websocket *w);

/* Ends the program when it cannot. */
void	websocket_send(struct websocket *w, const char *text);
/* The next message, good until the one after it; NULL: it is over. */
const char *websocket_receive(struct websocket *w);

#endif /* NASKEYS_TESTS_BENCH_WEBSOCKET_H */
