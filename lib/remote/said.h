/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_SAID_H
#define NASKEYS_REMOTE_SAID_H

/*
 * What a child of naskeys-net says in one message (message.h); for
 * lib/remote alone.  A child has read the other machine's bytes and may be
 * theirs by now: its messages are read here and nowhere else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/message.h"
#include "lib/remote/remote.h"

struct nk_remote_said {
	enum nk_remote_step	 step;	/* STEP */
	enum nk_remote_fault	 fault;	/* FAULT, NO_HOST_KEY */
	uint32_t		 which;	/* HOST_KEY, NO_HOST_KEY: socket */
	bool			 changed; /* WRITTEN */
	uint32_t		 pairing; /* PLAN: NK_PAIR_* */
	uint16_t		 port;	/* PAIRED */
	bool			 trusted; /* CERTIFICATE */
	const uint8_t		*digest; /* likewise, borrowed; NULL: none */
	const uint8_t		*bytes;	/* words, a blob or options,
					   borrowed */
	size_t			 len;
};

/*
 * Read one of that type.  A fault is one that a child may find: that the
 * time is over is said by nobody but the parent.  Whether it is this
 * message's turn is the caller's to see.  0; -EBADMSG: it is none of a
 * child's, not whole, followed by something, or its number is in no table.
 */
int	nk_remote_said_read(uint32_t type, const void *p, size_t len,
	    struct nk_remote_said *said) NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_SAID_H */
