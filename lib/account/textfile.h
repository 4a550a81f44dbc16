/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_TEXTFILE_H
#define NASKEYS_ACCOUNT_TEXTFILE_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * Read a regular file of the system whole, following symbolic links.
 * *textp is NUL-terminated and the caller's to free (and to wipe, where it
 * holds hashes).  dirfd as in openat(2).  -EFBIG above max bytes; -EINVAL:
 * not a regular file; -EAGAIN: it grew meanwhile; else as open(2) and
 * read(2) say.
 */
int	nk_textfile_read(int dirfd, const char *path, size_t max,
	    char **textp, size_t *lenp) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_TEXTFILE_H */
