/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_IMPORT_WARN_H
#define NASKEYS_RPC_IMPORT_WARN_H

/*
 * What naskeys.import_system has to say besides its plan: sentences that are
 * appended to an array.  0 or -errno.
 */

#include <sys/types.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/account/system.h"
#include "lib/attr.h"

bool	nk_import_is_utf8(const char *text);

/* "NAME: TEXT" */
int	nk_import_warn(json_t *warnings, const char *name, const char *text)
	    NK_MUST_CHECK;

/* Lines that are malformed and stay as they are, whosever they are. */
int	nk_import_warn_skipped(json_t *warnings, const struct nk_system *s,
	    const char *etc) NK_MUST_CHECK;

/* Users from the uid min to max that are not taken, and why. */
int	nk_import_warn_others(json_t *warnings, const struct nk_system *s,
	    uint32_t min, uint32_t max) NK_MUST_CHECK;

/*
 * Keys in the homes of those who are taken: they stay there.  "root" as in
 * nk_homekeys_look().
 */
int	nk_import_warn_homes(json_t *warnings, const struct nk_system *s,
	    uid_t root, unsigned int seconds) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_IMPORT_WARN_H */
