/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OWNFOLDER_H
#define NASKEYS_OWNFOLDER_H

/* In which folders nobody but their owner decides what lies there. */

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>

#include "lib/attr.h"

/* May nobody but its owner write to it? */
static inline bool
nk_is_own(const struct stat *st, uid_t owner)
{
	return st->st_uid == owner && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * Is this open folder the owner's or root's, and nobody else may write to it?
 * 0, -EPERM: no, or another -errno.
 */
NK_MUST_CHECK static inline int
nk_ownfolder_check(int fd, uid_t owner)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -errno;
	return nk_is_own(&st, owner) || nk_is_own(&st, 0) ? 0 : -EPERM;
}

#endif /* NASKEYS_OWNFOLDER_H */
