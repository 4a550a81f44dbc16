/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ROTATION_REMOTE_H
#define NASKEYS_RPC_ROTATION_REMOTE_H

/*
 * What a rotation does on the other machine.  Each can be done again.  All
 * log in behind a pinned host key; 0, or -errno with *e set to a sentence of
 * why not.  Not to be called with the publisher's lock held.
 */

#include "lib/attr.h"
#include "lib/rpc/rotation.h"

/*
 * By logging in with the key in use: the options that its line has there;
 * the caller's to free, NULL: none.
 */
int	nk_rotation_options(const struct nk_rotating *ro, char **optionsp,
	    struct nk_error *e) NK_MUST_CHECK;
/* Likewise: put the other key there, beside it, with these options. */
int	nk_rotation_copy(const struct nk_rotating *ro, const char *options,
	    struct nk_error *e) NK_MUST_CHECK;
/* Does the other key let in? */
int	nk_rotation_try(const struct nk_rotating *ro, struct nk_error *e)
	    NK_MUST_CHECK;
/* By logging in with the key in use: remove the other. */
int	nk_rotation_remove(const struct nk_rotating *ro, struct nk_error *e)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ROTATION_REMOTE_H */
