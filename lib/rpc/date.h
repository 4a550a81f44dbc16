/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_DATE_H
#define NASKEYS_RPC_DATE_H

#include <stdint.h>

#include "lib/attr.h"

/* Milliseconds since the epoch of the years 1 and 9999's ends. */
#define NK_DATE_MIN	(-62135596800000LL)
#define NK_DATE_MAX	253402300799999LL

/*
 * YYYY-MM-DD, then, if anything, "T" or a space, HH:MM[:SS[.fraction]] and
 * a zone: Z, +HH:MM, +HHMM (or -).  Without a zone it is UTC.  Fractions
 * are cut to milliseconds.  Returns 0 or -EINVAL.
 */
int	nk_date_parse(const char *text, int64_t *msp) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_DATE_H */
