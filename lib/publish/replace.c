/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "lib/publish/feed.h"
#include "lib/publish/internal.h"

/*
 * The file stays the same one, so that who has it open goes on with what is
 * in it then, and the database's own log carries the change: the old
 * content or the new, whatever dies.  What it says differs from what is
 * published, so that the next holder completes what is missing here.
 */

static int
publish(struct nk_publisher *p)
{
	int r;

	if ((r = nk_publish_identify(p)) < 0 ||
	    (r = nk_publish_agree(p, true, NULL, NULL)) < 0)
		return r;
	p->done = p->tidied = nk_publish_published(p);
	return p->central;
}

int
nk_publisher_replace(struct nk_publisher *p,
    int (*work)(struct nk_store *s, void *arg), void *arg)
{
	int r;

	if (p->mode == NK_STORE_READ)
		return -EROFS;
	if ((r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		return r;
	nk_ids_clear(&p->homes);
	p->written = 0;
	if ((r = work(p->store, arg)) == 0) {
		p->edited = true;
		if (publish(p) < 0)
			r = -EINPROGRESS;
	}
	nk_publish_unlock(p);
	if (r != 0)
		return r;
	nk_publish_tell_nscd(p);
	if (p->state->feed != NULL)
		nk_feed_tell(p->state->feed);
	return 0;
}
