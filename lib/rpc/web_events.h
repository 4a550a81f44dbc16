/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_EVENTS_H
#define NASKEYS_RPC_WEB_EVENTS_H

/*
 * What subscribers behind the gateway are told: "collection_update", when a
 * row of the collection was added, changed or removed, in whichever process.
 * The audit log says which rows of the store those are; a feed
 * (lib/publish/feed.h) says when to look.  Jobs have a feed of their own, and
 * say themselves when they changed.
 *
 *  1. Nothing MUST be told to whoever may not ask for it at that moment.
 *  2. No secret MUST be in what is told.
 *  3. What an edit has done MUST be told also when its process was killed
 *     after the COMMIT: with the next edit at the latest.
 */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/web.h"

/* The notification's name; the older protocol sends its params alone. */
#define NK_WEB_EVENT	"collection_update"

/*
 * May the caller subscribe to it?  To jobs everybody may, since a client of
 * the peer's takes no refusal of that; who is no administrator hears of none.
 */
bool	nk_web_events_may(const struct nk_context *c, const char *name);

/*
 * nk_web_subscribe(), and follow it; when either fails, neither holds.
 */
int	nk_web_events_subscribe(struct nk_context *c, const char *id,
	    const char *name) NK_MUST_CHECK;

/* Follow what is subscribed to now.  0, or -errno: the caller learns it. */
int	nk_web_events_follow(struct nk_context *c) NK_MUST_CHECK;
/* Nothing is followed any more. */
void	nk_web_events_end(struct nk_web *w);

/* Tell what has become of jobs, at once. */
int	nk_web_events_jobs(struct nk_context *c) NK_MUST_CHECK;

/*
 * A feed of w's has hung up, or there was more: tell through c->notify what
 * has changed, of the store's rows a bite.  c's services are open.  0; 1:
 * there is more; or -errno, and nothing is followed any more.
 */
int	nk_web_events_take(struct nk_context *c) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_EVENTS_H */
