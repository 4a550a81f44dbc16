/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_APPLY_H
#define NASKEYS_KEYFILE_APPLY_H

/*
 * Bring the authorized_keys files in homes to what the store says
 * (lib/publish/homes.h), outside of every lock that others wait for.
 *
 *  1. Only one process MUST work in the homes of one uid at a time, from
 *     reading the store and the file to noting what was written.
 *  2. A file is noted as written only when it says what the store says at
 *     that moment, not what it said when the work was begun.
 *  3. What did not succeed stays pending, with the reason, and is tried
 *     again: a home that is away, full or read-only may come back.
 *  4. A user's central file that the home's is to replace MUST NOT go before
 *     the home's has been written.
 *  5. What the store has of one user, and cannot be read or is too large,
 *     MUST NOT keep the others' files from being written.  The row has the
 *     reason, as far as it can be written.
 *
 * Results are 0 also where homes could not be written: the store says which.
 * -errno: the store could not be read or written, if only for one user; the
 * first such error, after all others have been seen to.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"

/* After this time no file is begun any more; the rest stays pending. */
#define NK_KEYFILE_EDIT_MS	10000
#define NK_KEYFILE_SYNC_MS	20000

struct nk_keyfile_work {
	struct nk_publisher	*publisher;
	const struct nk_state	*state;
	const struct nk_conf	*conf;
	bool			 at_once;	/* pass over a home where
						   somebody is at work */
};

/*
 * The files that the last edit has made pending.  The edit stands, whatever
 * happens here: what does not succeed is still pending.
 */
void	nk_keyfile_after_edit(const struct nk_keyfile_work *w);

/*
 * All that are pending, those first that were tried longest ago; and those
 * with a key that has ended meanwhile.  all: look at every file, since a hand
 * may have changed our lines there.
 */
int	nk_keyfile_sync(const struct nk_keyfile_work *w, bool all)
	    NK_MUST_CHECK;

/*
 * The same for one user, who has logged in: the home may be there now.  Waits
 * for nobody who is at work there, or logins would gather helpers at a home
 * that hangs.
 */
int	nk_keyfile_session(const struct nk_keyfile_work *w, int64_t user_id)
	    NK_MUST_CHECK;

#endif /* NASKEYS_KEYFILE_APPLY_H */
