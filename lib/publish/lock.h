/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_LOCK_H
#define NASKEYS_PUBLISH_LOCK_H

/*
 * The one lock.  It is flock(2) on a file that nobody but its owner can
 * open, so that nobody else can hold it; it is gone with its holder.  The
 * file is opened anew each time, so that a child forked between two edits
 * never shares the lock.
 */

#include <stdint.h>

#include "lib/attr.h"

/*
 * Take the lock on the file "path", made with mode 0600 where it is missing.
 * Waits for at most wait_ms milliseconds.  Returns 0 with a descriptor for
 * nk_lock_drop() in *fdp; -EAGAIN, somebody else holds it; -EPERM, the file
 * is no regular file, does not belong to owner, or may be opened by others;
 * other errors as open(2) reports them.
 */
int	nk_lock_take(const char *path, uint32_t owner, uint32_t wait_ms,
	    int *fdp) NK_MUST_CHECK;

/* Let go of it; *fdp becomes -1.  Does nothing when it is -1. */
void	nk_lock_drop(int *fdp);

#endif /* NASKEYS_PUBLISH_LOCK_H */
