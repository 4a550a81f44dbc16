/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_WHEN_H
#define NASKEYS_CTL_WHEN_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/attr.h"

#define WHEN_NEVER	INT64_MAX
#define WHEN_LEN	32	/* bytes that when_format() needs */

/*
 * A point in time as a person gives it: "never"; +N followed by s, m, h,
 * d or w from now on (-N: before now); YYYY-MM-DD, the start of that day;
 * YYYY-MM-DD HH:MM[:SS] or with a T; each in local time, or with a Z at
 * its end in UTC.  Years 1970 to 9999.  0 and seconds since the epoch, or
 * -EINVAL, also for a time that the clocks leap over.
 */
int	when_parse(const char *text, time_t now, int64_t *whenp)
	    NK_MUST_CHECK;

/* "2026-11-21 08:00:00" in local time; "never" for WHEN_NEVER. */
const char *when_format(int64_t when, char *buf, size_t len);

#endif /* NASKEYS_CTL_WHEN_H */
