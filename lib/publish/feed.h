/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_FEED_H
#define NASKEYS_PUBLISH_FEED_H

/*
 * Waking processes that wait for something to change: a FIFO through which
 * nothing is sent.  Whoever waits has it open for reading; a writer that
 * comes and goes makes poll(2) report POLLHUP to each of them, as often as
 * they ask, until they listen anew.  It costs the writer the same for one
 * and for a thousand, and nothing when there is none.
 */

#include "lib/attr.h"

/*
 * *fdp hangs up with the next nk_feed_tell(), also with one that comes before
 * poll(2).  The FIFO is made (0600) when it is not there, and must be ours
 * alone: -EPERM.  To listen anew: this, then close the old descriptor, then
 * look at what has changed.
 */
int	nk_feed_listen(const char *path, int *fdp) NK_MUST_CHECK;

/* Never waits. */
void	nk_feed_tell(const char *path);

#endif /* NASKEYS_PUBLISH_FEED_H */
