/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_LISTEN_H
#define NASKEYS_GATEWAY_LISTEN_H

/* The sockets that connections from outside come in on. */

#include <stdbool.h>
#include <stddef.h>

#include "helper/gateway/addresses.h"
#include "lib/attr.h"

#define LISTEN_MAX	16u		/* sockets */

/*
 * Make a socket that listens on ADDRESS:PORT: a numeric address, in brackets
 * for IPv6.  "loopback_only": any other address is refused (-EPERM).
 * 0; -EINVAL, it is none; -errno; with a sentence in *whyp.
 */
int	listen_open(const char *at, bool loopback_only, int *fdp,
	    const char **whyp) NK_MUST_CHECK;

/* Take one that was handed over.  As listen_open(). */
int	listen_adopt(int fd, bool loopback_only, const char **whyp)
	    NK_MUST_CHECK;

/*
 * Accept a connection.  0; -EAGAIN, there is none; -ECONNABORTED, it has
 * gone, the next one may be there; -errno.
 */
int	listen_accept(int fd, int *connp, struct address_key *k,
	    unsigned int *portp) NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_LISTEN_H */
