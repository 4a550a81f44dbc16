/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_LISTEN_H
#define NASKEYS_HELPER_LISTEN_H

/*
 * The acceptor.
 *
 *  1. It MUST NOT read a byte of what anybody sends, nor ask for a name.
 *  2. It MUST close at once what is above a uid's slots, and never wait for
 *     anybody: whoever connects costs it one accept(2) and one close(2).
 *  3. Root's connections MUST NOT be counted, nor anybody's against them;
 *     those of the gateway's socket are counted apart, whoever they are.
 *  4. It MUST NOT spin when something is used up, and MUST go on when it
 *     is there again.
 *  5. Maps and store MUST agree before the first connection is accepted.
 *  6. When a helper was killed, what it may have left undone MUST be done
 *     without waiting for the next connection, and nobody MUST wait for it.
 */

#include "helper/helper/options.h"
#include "helper/helper/sanitise.h"
#include "helper/helper/state.h"

/* Accept until SIGTERM or SIGINT.  Returns the program's exit status. */
int	listen_run(const struct options *o, const struct state *state,
	    const struct handover *h);

#endif /* NASKEYS_HELPER_LISTEN_H */
