/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_CONFFILE_H
#define NASKEYS_ACCOUNT_CONFFILE_H

/* Configuration files of the machine's, which people edit too. */

#include <sys/types.h>

#include <stddef.h>

#include "lib/attr.h"

#define NK_CONFFILE_MAX	(1024u * 1024u)

/*
 * A configuration file as text; malloc'd, NUL-terminated.  -ENOENT;
 * -EFBIG above NK_CONFFILE_MAX; -EBADMSG when it is no regular file or has
 * NUL bytes.
 */
int	nk_conffile_read(const char *path, char **textp) NK_MUST_CHECK;

/*
 * Replace (or make) the file: written beside under a name of its own,
 * synced, renamed, folder synced.  A file that is there keeps its owner
 * and mode, and a symbolic link stays one; a new file is root's with the
 * given mode.
 */
int	nk_conffile_replace(const char *path, const char *text, size_t len,
	    mode_t mode) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_CONFFILE_H */
