/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SESSION_H
#define NASKEYS_SESSION_H

/*
 * What helper processes share until the next boot: a second database
 * (session.db), without durability.  Times are CLOCK_BOOTTIME seconds.
 * Results as in store.h.
 */

#include <stdint.h>

#include "lib/attr.h"

struct nk_session;

/* CLOCK_BOOTTIME, seconds. */
int64_t	nk_session_now(void);

/*
 * Made (0600) when it is not there, and made anew when it is damaged, also
 * when that shows later.  Owner and mode must be as for a store.  On a full
 * file system it is opened by the first use that finds room; until then all
 * uses answer -ENOSPC.
 */
int	nk_session_open(struct nk_session **sp, const char *path)
	    NK_MUST_CHECK;
void	nk_session_close(struct nk_session *s);

/*
 * A token bucket for "subject" (e.g. "edit:1000"): count tokens, refilled
 * evenly over "period" seconds (both below 2^31, period not 0: -EINVAL).  0:
 * one was taken; -EAGAIN: none is left.  Time that goes back refills
 * nothing and takes nothing away.
 */
int	nk_session_rate(struct nk_session *s, const char *subject,
	    uint32_t count, uint32_t period, int64_t now) NK_MUST_CHECK;
/* All tokens are there again.  0 also where none was taken. */
int	nk_session_rate_forget(struct nk_session *s, const char *subject)
	    NK_MUST_CHECK;

/*
 * Reserve a uid or gid for "seconds" for the caller that asked for the next
 * one.  reserve: -EEXIST while it is reserved already.  is_reserved: 1, 0 or
 * -errno.  unreserve: 0 also when it was not.
 */
enum nk_reserve_kind { NK_RESERVE_UID, NK_RESERVE_GID };
int	nk_session_reserve(struct nk_session *s, enum nk_reserve_kind kind,
	    uint32_t id, int64_t now, uint32_t seconds) NK_MUST_CHECK;
int	nk_session_is_reserved(struct nk_session *s,
	    enum nk_reserve_kind kind, uint32_t id, int64_t now)
	    NK_MUST_CHECK;
int	nk_session_unreserve(struct nk_session *s, enum nk_reserve_kind kind,
	    uint32_t id) NK_MUST_CHECK;

#endif /* NASKEYS_SESSION_H */
