/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_HOME_H
#define NASKEYS_RPC_KEY_HOME_H

/* user.authorized_keys_file where the mode is HOME, or was. */

#include <stdint.h>

#include "lib/account/resolver.h"
#include "lib/attr.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

#define NK_FOREIGN_MAX		1000	/* lines that are shown */
#define NK_FOREIGN_LINE_MAX	16384	/* bytes of one */

/*
 * Before the edit: has u a home for a file, and no other user the same one?
 * Of an account that lives elsewhere the other name services say it; *theirs
 * has the answer.  0, or -errno with *e set.
 */
int	nk_key_home_find(struct nk_context *c, const struct nk_user *u,
	    struct nk_question *theirs, struct nk_error *e) NK_MUST_CHECK;

/*
 * In the edit: the same once more, since others may have made edits in
 * between; and give u, which the caller then updates, the home that was
 * found elsewhere, if it is not a managed user.
 */
int	nk_key_home_take(struct nk_context *c, struct nk_user *u,
	    struct nk_question *theirs, struct nk_error *e) NK_MUST_CHECK;

/*
 * Put "pending", "reason" and "foreign", the lines of the file in u's home
 * that are not ours; none where naskeys writes no file there.  u may be
 * NULL: nobody's.
 */
int	nk_key_home_put(struct nk_context *c, const struct nk_user *u,
	    struct nk_object *b) NK_MUST_CHECK;

/*
 * After an edit, which stands: add a sentence to the warnings where the file
 * in the user's home is not yet written, as far as that can be found out.
 */
void	nk_key_home_warn(struct nk_context *c, int64_t user_id,
	    json_t *warnings);

#endif /* NASKEYS_RPC_KEY_HOME_H */
