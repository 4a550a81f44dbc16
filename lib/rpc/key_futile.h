/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_FUTILE_H
#define NASKEYS_RPC_KEY_FUTILE_H

/*
 * Can a key never let its user in, whoever comes from wherever?  Only what
 * the store knows is looked at: no file, no program, no name service.
 * (user.explain looks at all of it.)
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

#define NK_KEY_FUTILE_MAX	512

/*
 * A sentence about the line, which is a key's, or "".  0 or -ENOMEM.
 */
int	nk_key_futile_line(const struct nk_key *k, int64_t now,
	    char text[static NK_KEY_FUTILE_MAX]) NK_MUST_CHECK;

/* One about the account, for which all of its keys are in vain, or "". */
void	nk_key_futile_user(const struct nk_user *u, int64_t now,
	    char text[static NK_KEY_FUTILE_MAX]);

#endif /* NASKEYS_RPC_KEY_FUTILE_H */
