/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_PLACES_H
#define NASKEYS_RPC_KEY_PLACES_H

/* Where sshd could still find a key that has gone from the store. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/account/keyfiles.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

/* Before the edit: what need not be done while somebody waits for its end. */
void	nk_key_places_prepare(struct nk_context *c, const struct nk_user *u);

/* The gid of the user's own group, 0 for none. */
int	nk_key_places_gid(struct nk_context *c, const struct nk_user *u,
	    uint32_t *gidp) NK_MUST_CHECK;

/*
 * After an edit: is a file in a home of this user's (0: of anybody's) still
 * to be written, that may have the key until then?  1, and why has a
 * sentence; 0; -errno.
 */
int	nk_key_places_pending(struct nk_context *c, int64_t user_id,
	    const char *fingerprint, char why[NK_KEYFILES_WHY_MAX])
	    NK_MUST_CHECK;

/*
 * *deadp: sshd finds the key, of which base64 is the blob, in no file of
 * this user's; otherwise why has a sentence.
 */
void	nk_key_places_look(struct nk_context *c, const struct nk_user *u,
	    uint32_t gid, const char *base64, bool *deadp,
	    char why[NK_KEYFILES_WHY_MAX]);

#endif /* NASKEYS_RPC_KEY_PLACES_H */
