/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_CLOCK_H
#define NASKEYS_HELPER_CLOCK_H

/* Deadlines on CLOCK_MONOTONIC: setting the clock changes nothing here. */

#include <stdint.h>

#include "lib/attr.h"

#define CLOCK_NEVER	INT64_MAX

/* Milliseconds; only differences mean something. */
int64_t	clock_now_ms(void);

/*
 * Wait until fd is ready for events (poll(2)), or until deadline_ms.
 * Returns 0; -ETIMEDOUT; -errno.  What poll(2) reports as an error or a
 * hang-up counts as ready: the read or write that follows says which.
 */
int	clock_wait(int fd, short events, int64_t deadline_ms) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_CLOCK_H */
