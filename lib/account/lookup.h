/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_LOOKUP_H
#define NASKEYS_ACCOUNT_LOOKUP_H

/*
 * Asking the machine's name services.  For a child process alone: they may
 * hang or crash, and what nk_lookup_prepare() does holds for good.
 */

#include <stdint.h>

#include "lib/account/directory.h"
#include "lib/attr.h"

/*
 * From here on this process does not ask our own NSS module, nor nscd, as
 * nsswitch.conf(5) says now.
 */
int	nk_lookup_prepare(void) NK_MUST_CHECK;

/* name NULL: by id.  0, also when it is not found; or -errno. */
int	nk_lookup_user(const char *name, uint32_t uid,
	    struct nk_directory_entry *e) NK_MUST_CHECK;
int	nk_lookup_group(const char *name, uint32_t gid,
	    struct nk_directory_entry *e) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_LOOKUP_H */
