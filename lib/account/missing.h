/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_MISSING_H
#define NASKEYS_ACCOUNT_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/*
 * Is there certainly no "path" (absolute), for whoever asks?  Looked at with
 * our own rights, so only in folders of the machine's root file system that
 * belong to root, that nobody else may write to and that everybody may pass:
 * no other user's link or file system and no server that is away can be met
 * there.  True: one of them has no entry of the next name, whose end in the
 * path is *endp.  False also when the walk comes to anything else, or when
 * the kernel cannot promise that.
 */
bool	nk_path_is_missing(const char *path, size_t *endp) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_MISSING_H */
