/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_CLOCK_H
#define NASKEYS_HELPER_CLOCK_H

/* Waiting until a deadline, which is one of nk_monotonic_ms(). */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/monotonic.h"

#define CLOCK_NEVER	INT64_MAX

/*
 * Wait until fd is ready for events (poll(2)), or until deadline_ms.
 * Returns 0; -ETIMEDOUT; -errno.  What poll(2) reports as an error or a
 * hang-up counts as ready: the read or write that follows says which.
 */
int	clock_wait(int fd, short events, int64_t deadline_ms) NK_MUST_CHECK;

/*
 * The same, or until one of the others (-1: none) hangs up: then 1, if fd is
 * not ready.
 */
int	clock_wait_or(int fd, short events, const int others[2],
	    int64_t deadline_ms) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_CLOCK_H */
