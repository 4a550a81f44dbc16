/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_LISTENER_H
#define NASKEYS_HELPER_LISTENER_H

/*
 * A socket to accept on: made here, or handed over by a service manager.
 *
 *  1. A path that is taken MUST NOT be replaced unless it is a socket of
 *     our own on which nobody listens.
 *  2. A socket MUST have its final mode from the moment that it is there.
 *  3. A socket that is handed over MUST be one that was asked for.
 */

#include <sys/types.h>

#include <stdbool.h>

#include "helper/helper/options.h"
#include "helper/helper/state.h"
#include "lib/attr.h"

struct listener {
	int		 fd;		/* -1: not open */
	const char	*path;
	enum protocol	 protocol;
	bool		 made;		/* by us: it goes when we go */
	dev_t		 dev;
	ino_t		 ino;
};

void	listener_init(struct listener *l, const struct listen_at *at);

/*
 * Take descriptor fd for the one of n listeners whose path it is bound to.
 * Returns 0, or -errno with a sentence in *whyp; fd is not closed then.
 */
int	listener_adopt(struct listener *l, size_t n, int fd,
	    const char **whyp) NK_MUST_CHECK;

/* Make the socket.  0, or -errno with a sentence in *whyp. */
int	listener_make(struct listener *l, const struct state *state,
	    const char **whyp) NK_MUST_CHECK;

/* Stop listening, and remove a socket that was made. */
void	listener_close(struct listener *l);

#endif /* NASKEYS_HELPER_LISTENER_H */
