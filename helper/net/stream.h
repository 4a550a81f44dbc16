/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_STREAM_H
#define NASKEYS_NET_STREAM_H

/*
 * Bytes on a connection that is there, through TLS or plain.  Calls wait: the
 * parent keeps the time.  Where the connection breaks, nothing returns.
 */

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/remote/message.h"

struct stream {
	int	 fd;
	SSL	*ssl;		/* NULL: plain */
};

/* Read whom the machine trusts; to be called while there are files. */
int	stream_prepare(void);

/* A connection as it is. */
void	stream_open(struct stream *s, int fd);

/*
 * TLS on it, for that host; every certificate is taken as it is.  Returns
 * NULL, it is trusted by this machine; or why not.
 */
const char *stream_secure(struct stream *s, const char *host,
	    uint8_t digest[NK_PAIR_DIGEST]);

/* What has come, at least one byte and at most room. */
size_t	stream_read(struct stream *s, void *bytes, size_t room);
/* All of it. */
void	stream_write(struct stream *s, const void *bytes, size_t len);

#endif /* NASKEYS_NET_STREAM_H */
