/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_LIMITS_H
#define NASKEYS_HELPER_LIMITS_H

/*
 * What a request of somebody who is no administrator may cost.  The limits
 * bind this process alone; one that overruns them dies, and its connection
 * with it.  There is no lower priority: who holds the lock must not be kept
 * waiting for the processor by everybody else's work.
 */

#include "lib/attr.h"

#define LIMITS_MEMORY	(192u << 20)	/* bytes, on top of what is in use */
#define LIMITS_CPU	10		/* s, on top of what was used */

/* Let the kernel end this process before others when memory runs out. */
int	limits_offer_to_oom(void) NK_MUST_CHECK;

/* For the request at hand, until limits_lift().  0 or -errno. */
int	limits_confine(void) NK_MUST_CHECK;
int	limits_lift(void) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_LIMITS_H */
