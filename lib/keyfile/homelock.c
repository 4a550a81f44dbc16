/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/homelock.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/publish/lock.h"

int
nk_homelock_take(struct nk_homelock *l, const struct nk_state *state,
    uint32_t uid, uint32_t wait_ms)
{
	int n = snprintf(l->path, sizeof(l->path), "%s.home-%u", state->lock,
	    uid);

	l->fd = -1;
	l->owner = state->owner;
	if (n < 0 || (size_t)n >= sizeof(l->path))
		return -ENAMETOOLONG;
	return nk_lock_take(l->path, l->owner, wait_ms, &l->fd);
}

int
nk_homelock_enter(struct nk_homelock *l, const struct nk_state *state,
    struct nk_homefile_who *who, uint32_t wait_ms,
    struct nk_homefile_result *res)
{
	int r;

	r = nk_homelock_take(l, state, who->uid, wait_ms);
	if (r < 0)
		return nk_homefile_errno(res, r == -EAGAIN ? ETIMEDOUT : -r);
	who->lock = &l->fd;
	return 0;
}

/*
 * MUST 2.  Our descriptor's lock is one with that of a child that was left
 * behind: only who gets it anew is alone.
 */
void
nk_homelock_drop(struct nk_homelock *l)
{
	if (l->fd == -1)
		return;
	nk_lock_drop(&l->fd);
	if (nk_lock_take(l->path, l->owner, 0, &l->fd) < 0)
		return;
	(void)unlink(l->path);
	nk_lock_drop(&l->fd);
}
