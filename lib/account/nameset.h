/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_NAMESET_H
#define NASKEYS_ACCOUNT_NAMESET_H

/*
 * A set of pairs of name and id, found by either in about constant time.
 * Names and ids may occur in several pairs.  Seeded, so that chosen names
 * cannot make it slow.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

struct nk_nameset;

int	nk_nameset_new(struct nk_nameset **sp) NK_MUST_CHECK;
void	nk_nameset_free(struct nk_nameset *s);
size_t	nk_nameset_count(const struct nk_nameset *s);

/* name[len] is copied; it must not contain NUL.  0 or -ENOMEM. */
int	nk_nameset_add(struct nk_nameset *s, const char *name, size_t len,
	    uint32_t id) NK_MUST_CHECK;

/* The id of the first pair with this name goes to *idp (may be NULL). */
bool	nk_nameset_has(const struct nk_nameset *s, const char *name,
	    uint32_t *idp);

/*
 * The name of the first pair with this id, or NULL.  It is the set's, and
 * valid until the next nk_nameset_add().
 */
const char *nk_nameset_name(const struct nk_nameset *s, uint32_t id);

#endif /* NASKEYS_ACCOUNT_NAMESET_H */
