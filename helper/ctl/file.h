/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_FILE_H
#define NASKEYS_CTL_FILE_H

#include <sys/types.h>

#include <limits.h>
#include <stddef.h>

#include "lib/attr.h"

/*
 * The path from the root on, below the current folder when it is relative;
 * nothing has to be there.  -ENOENT: "", -ENAMETOOLONG, or why there is no
 * current folder.
 */
int	file_absolute(const char *path, char out[PATH_MAX]) NK_MUST_CHECK;

/* Make sure that a folder is there with this owner and mode. */
int	file_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
	    NK_MUST_CHECK;

#endif /* NASKEYS_CTL_FILE_H */
