/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_FILE_H
#define NASKEYS_CTL_FILE_H

#include <sys/types.h>

#include <limits.h>
#include <stddef.h>

#include "lib/attr.h"

#define FILE_TEXT_MAX	(1024u * 1024u)

/*
 * A configuration file as text; malloc'd, NUL-terminated.  -ENOENT;
 * -EFBIG above FILE_TEXT_MAX; -EBADMSG when it is no regular file or has
 * NUL bytes.
 */
int	file_read(const char *path, char **textp) NK_MUST_CHECK;

/*
 * Replace (or make) the file: written beside under a name of its own,
 * synced, renamed, folder synced.  A file that is there keeps its owner
 * and mode, and a symbolic link stays one; a new file is root's with the
 * given mode.
 */
int	file_replace(const char *path, const char *text, size_t len,
	    mode_t mode) NK_MUST_CHECK;

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
