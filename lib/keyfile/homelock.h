/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_HOMELOCK_H
#define NASKEYS_KEYFILE_HOMELOCK_H

/*
 * The lock of the homes of one uid, that homefile.h and homedir.h want.
 *
 *  1. Whoever works or looks in a home MUST hold it, and so MUST the child
 *     that does it (child.h): a home that never answers may keep a child
 *     that no signal ends, and nobody makes another one before that is gone.
 *     So their number is bounded, however often somebody asks for one.
 *  2. Its file MUST NOT go while somebody holds it, such a child too: the
 *     next one would make another file, and hold that.
 *
 * It is no part of the publisher's lock, and taken before that.  It is not
 * taken twice by one process.
 */

#include <limits.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/homefile.h"
#include "lib/publish/publish.h"

/* Who only looks waits this long for who is at work there. */
#define NK_HOMELOCK_MS	1000

struct nk_homelock {
	int		fd;		/* for the child; -1: not held */
	uint32_t	owner;
	char		path[PATH_MAX];
};

/*
 * Take it.  0; -EAGAIN, it could not be had in wait_ms milliseconds: a
 * process is at work there, or hangs; others as of nk_lock_take().
 */
int	nk_homelock_take(struct nk_homelock *l, const struct nk_state *state,
	    uint32_t uid, uint32_t wait_ms) NK_MUST_CHECK;

/*
 * The same for jobs of who's: who->lock is set.  0; or -res->error, where a
 * lock that could not be had in time is NK_HOMEFILE_TIMEOUT.
 */
int	nk_homelock_enter(struct nk_homelock *l, const struct nk_state *state,
	    struct nk_homefile_who *who, uint32_t wait_ms,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/* Let go of it; after a failure it does nothing. */
void	nk_homelock_drop(struct nk_homelock *l);

#endif /* NASKEYS_KEYFILE_HOMELOCK_H */
