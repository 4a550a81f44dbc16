/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_LENDING_H
#define NASKEYS_AGENT_LENDING_H

/*
 * A key lent to somebody's programs: an ssh-agent (lib/agent/keeper.h) on a
 * listening socket that is theirs, for as long as they hold another
 * descriptor open.
 *
 *  1. It MUST speak with processes of the one uid, or of root, alone.
 *  2. It MUST end, and the key with it, when that descriptor says anything
 *     at all: its end, or more bytes.
 *  3. It MUST ask before each answer whether the key is still lent.
 *  4. No client may keep others waiting: who does not read is dropped, and
 *     who is silent for longest, when there are too many.
 */

#include <sys/types.h>

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/privatekey.h"

#define NK_LENDING_CLIENTS	16u	/* at once */

struct nk_lending;

struct nk_lending_terms {
	const char		*user;	/* at the other end; is copied */
	bool			 bound;	/* to sessions with the pins' hosts */
	uid_t			 uid;	/* whose programs may ask */
	struct nk_sandbox	 sandbox; /* where hosts' signatures go */
	/* Is it still lent?  0, or -errno: no.  NULL: it is. */
	int			(*still)(void *arg);
	void			*still_arg;
};

/* 0; -EINVAL, fd is no listening Unix stream socket; -errno. */
int	nk_lending_check(int fd) NK_MUST_CHECK;

/*
 * Take the listening socket, the key and the pinned host keys over; on
 * success *key and *pins are empty.  0; what nk_lending_check() says;
 * -ENOMEM: then all of them are still the caller's.
 */
int	nk_lending_new(struct nk_lending **lp, int listener,
	    struct nk_privatekey *key, struct nk_hostkeys *pins,
	    const struct nk_lending_terms *terms) NK_MUST_CHECK;
/* Hang up, wipe the key.  NULL is fine. */
void	nk_lending_free(struct nk_lending *l);

/*
 * Serve until descriptor until is readable or closed at its other end.
 * Returns 0; what still() said; -errno.
 */
int	nk_lending_serve(struct nk_lending *l, int until) NK_MUST_CHECK;

#endif /* NASKEYS_AGENT_LENDING_H */
