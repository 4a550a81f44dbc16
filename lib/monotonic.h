/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MONOTONIC_H
#define NASKEYS_MONOTONIC_H

/* Deadlines: setting the clock changes nothing here. */

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC; only differences mean something. */
static inline int64_t
nk_monotonic_ms(void)
{
	struct timespec ts = { 0, 0 };

	/* cannot fail: the clock is there and ts is ours */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#endif /* NASKEYS_MONOTONIC_H */
