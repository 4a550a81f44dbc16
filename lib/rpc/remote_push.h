/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_REMOTE_PUSH_H
#define NASKEYS_RPC_REMOTE_PUSH_H

/*
 * A connection's public key, put into its user's authorized_keys on the other
 * machine by that user's password, as part of something that happens whole or
 * not at all: what was put there is taken out again when the rest fails, and
 * a key that was there before never is.  No lock may be held.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/hold.h"
#include "lib/rpc/rpc.h"
#include "lib/seal/secret.h"
#include "lib/ssh/keyline.h"
#include "lib/store/connections.h"

/* {password, restrict, from, command}, for nk_args_check(). */
extern const struct nk_arg nk_push_fields[];

struct nk_push {
	const char		*action;	/* the method, for audit */
	const char		*name;		/* the connection's; borrowed */
	const struct nk_connection *conn; /* likewise */
	struct nk_keyline	 key;		/* with what restricts it */
	struct nk_secret	 password;
	bool			 added;		/* by us, or it may have been */
	struct nk_hold		 hold;		/* till the end */
};

#define NK_PUSH_NONE	{ .key = { .kind = NK_LINE_BLANK },		\
	.password = NK_SECRET_NONE }

/*
 * Read what was checked against these fields; public_key is the text of one
 * public key, and schema names the argument.  *p, which was NK_PUSH_NONE, is
 * the caller's to clear in any case, and to complete.  0; -EINVAL with *e
 * set; -ENOMEM.
 */
int	nk_push_read(struct nk_context *c, const json_t *o,
	    const char *schema, const char *public_key, struct nk_push *p,
	    struct nk_error *e) NK_MUST_CHECK;
/* Signals that came meanwhile arrive now. */
void	nk_push_clear(struct nk_push *p);

/*
 * Copy it there.  From here on neither a terminal nor a service manager ends
 * this process, until p is cleared.  0, and p->added; -errno with *e set:
 * what may have come there is taken out again, or *e says that it is not.
 */
int	nk_push_make(struct nk_context *c, struct nk_push *p,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * What came after it has failed with r and *e: take the key out again if it
 * was added.  Returns r; or -EFAULT, when it could not be: then *e says so,
 * with all that it said before, and so does the audit log.
 */
int	nk_push_undo(struct nk_context *c, struct nk_push *p, int r,
	    struct nk_error *e) NK_MUST_CHECK;

/* Inside an edit: the audit row of what was copied for this credential. */
int	nk_push_audit(struct nk_context *c, const struct nk_push *p,
	    int64_t id) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_REMOTE_PUSH_H */
