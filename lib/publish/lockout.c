/* SPDX-License-Identifier: ISC */

/*
 * What is no edit.  Last logins are written into the store alone.
 *
 * Lock-outs live in session.db and in secrets.map, not in the store.  What
 * the map is to say is asked for under the lock, so that of two who change
 * it at once the later one does not write what the earlier one saw.
 */

#include <errno.h>

#include "lib/publish/internal.h"
#include "lib/store/failures.h"

static int
write_locked(struct nk_publisher *p, struct nk_session *s, int64_t row)
{
	struct nk_failures f;
	int r;

	if ((r = nk_failures_get(s, row, nk_session_now(), &f)) < 0)
		return r;
	return nk_mapwriter_secret_locked(p->map[NK_PUB_SECRETS],
	    (uint64_t)row, f.locked_until);
}

int
nk_publisher_lock_out(struct nk_publisher *p, struct nk_session *s,
    int64_t row)
{
	int r;

	if (p->mode == NK_STORE_READ)
		return -EROFS;
	if ((r = nk_publish_lock(p, NK_LOCKOUT_WAIT_MS)) < 0)
		return r;
	r = nk_publish_refresh(p);
	if (r == -ESTALE)
		r = nk_publish_agree(p, false, NULL, NULL);
	if (r == 0)
		r = write_locked(p, s, row);
	nk_publish_unlock(p);
	return r;
}

int
nk_publisher_record(struct nk_publisher *p,
    int (*work)(struct nk_store *s, void *arg), void *arg)
{
	int r;

	if (p->mode == NK_STORE_READ)
		return -EROFS;
	if ((r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		return r;
	if ((r = nk_store_begin(p->store)) == 0) {
		if ((r = work(p->store, arg)) == 0)
			r = nk_store_commit(p->store);
		else
			nk_store_rollback(p->store);
	}
	nk_publish_unlock(p);
	return r;
}
