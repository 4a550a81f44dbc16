/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_HOMES_H
#define NASKEYS_PUBLISH_HOMES_H

/*
 * The authorized_keys files in homes, as far as an edit has to do with them.
 * Nothing is done in a home here: a home may hang, and the lock is held
 * (lib/keyfile does it afterwards).  What an edit's own transaction holds:
 *
 *  1. Each file that is no longer what it should be is pending.
 *  2. What may be written there from now on stands among its lines already,
 *     so that a helper that is killed after it has written never takes its
 *     own line for somebody else's.
 *  3. Of a key that is not to stand there any more only the fingerprint is
 *     kept: by that all its lines go.  Old lines of a key that stays are
 *     known by their text alone, and are all kept until the file has been
 *     written.  So that they do not fill the disk while it cannot be, no
 *     line is added beyond NK_HOME_LINES_MAX or NK_HOME_BYTES_MAX then,
 *     unless an administrator asks for it; taking keys away is never refused.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/ssh/keypolicy.h"
#include "lib/store/store.h"

#define NK_HOME_LINES_MAX	(4 * NK_KEYLINES_MAX)
#define NK_HOME_BYTES_MAX	(8 << 20)

/*
 * Is there to be a file of u's keys in this home?  Where u has the mode HOME
 * and this home; never in a home that is nobody's own.
 */
bool	nk_home_is_wanted(const struct nk_conf *c, const struct nk_user *u,
	    const char *home);

/*
 * Inside a transaction: note what the files of this user (who may be gone)
 * have become.  keys: the user's keys have changed.  bound: MUST 3 holds
 * for who asks; -EDQUOT: it is beyond that.  *pendingp: one of them is
 * pending.  An account that lives elsewhere has the gid that its row has
 * from whoever has asked for it.
 */
int	nk_home_note(struct nk_store *s, const struct nk_conf *c,
	    int64_t user_id, bool keys, bool bound, int64_t now,
	    bool *pendingp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_HOMES_H */
