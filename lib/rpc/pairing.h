/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_PAIRING_H
#define NASKEYS_RPC_PAIRING_H

/*
 * The other machine's part of a semi-automatic set-up: its API gives the
 * key to an account there, and is let go only when the connection is saved
 * here; what was changed there before is taken back when anything fails.  No
 * lock may be held.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/pair.h"
#include "lib/rpc/hold.h"
#include "lib/rpc/rpc.h"
#include "lib/ssh/privatekey.h"
#include "lib/store/connections.h"

/* "semi_automatic_setup", for nk_args_check(). */
extern const struct nk_arg nk_pairing_fields[];

struct nk_pairing {
	const char		*action;	/* the method, for audit */
	const char		*name;		/* the connection's; borrowed */
	bool			 look;		/* and change nothing */
	struct nk_url		 url;
	uint8_t			 pin[NK_PAIR_DIGEST];
	struct nk_secret	 password, otp, token;
	struct nk_privatekey	 key;		/* to log in with */
	char			*line;		/* its public half */
	char			*fingerprint;
	struct nk_remote_pairing asked;
	struct nk_remote_paired	 paired;
	bool			 begun;
	struct nk_hold		 hold;		/* till the end */
};

/*
 * Read what was checked against these fields, which o outlives; path names
 * the object.  conn gets what is known of it: all but keypair, port and host
 * keys.  *p, all zero before, and *conn are the caller's to clear in any
 * case, and p's key to set.  0; -EINVAL, -EFAULT with *e set; -ENOMEM.
 */
int	nk_pairing_read(const json_t *o, const char *path,
	    struct nk_pairing *p, struct nk_connection *conn,
	    struct nk_error *e) NK_MUST_CHECK;
/* Signals that came meanwhile arrive now. */
void	nk_pairing_clear(struct nk_pairing *p);

/*
 * Pair, and log in with the key behind the host keys that were received,
 * which conn gets with the port; or only look.  0; -errno with *e set: what
 * was changed there is as it was, or *e says that it is not.
 */
int	nk_pairing_make(struct nk_context *c, struct nk_pairing *p,
	    struct nk_connection *conn, struct nk_error *e) NK_MUST_CHECK;

/*
 * What came after it has failed with r and *e: take back what was changed
 * there.  Returns r; or -EFAULT, when it could not be: then *e says so, with
 * all that it said before, and so does the audit log.
 */
int	nk_pairing_undo(struct nk_context *c, struct nk_pairing *p,
	    const struct nk_connection *conn, int r, struct nk_error *e)
	    NK_MUST_CHECK;

/* Inside an edit: the audit row of what was done there. */
int	nk_pairing_audit(struct nk_context *c, const struct nk_pairing *p,
	    int64_t id) NK_MUST_CHECK;

/* What was done, or would be; a new reference, or NULL: no memory. */
json_t	*nk_pairing_show(const struct nk_pairing *p);

#endif /* NASKEYS_RPC_PAIRING_H */
