/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_DBFILE_H
#define NASKEYS_DBFILE_H

/*
 * A database's file before the database opens it.  It and what lies beside
 * it (its log) must be regular files of our effective uid without any
 * access for group and others, in a folder that belongs to us or to root and
 * that nobody else may write to.
 */

#include <stdbool.h>

#include "lib/attr.h"

/*
 * *realp is the path with all links above the file resolved, to be freed.
 * create: an empty file (0600, whatever the umask) is made when none is
 * there.  -ENOENT: none there; -ELOOP: a symbolic link in its place;
 * -EPERM: owner, mode or kind of it, of the log or of the folder is wrong.
 */
int	nk_dbfile_prepare(const char *path, bool create, char **realp)
	    NK_MUST_CHECK;

/*
 * A descriptor (O_PATH) that tells this very file from one made later in
 * its place, for nk_dbfile_remove(); path is what nk_dbfile_prepare() gave.
 */
int	nk_dbfile_pin(const char *path, int *fdp) NK_MUST_CHECK;

/*
 * Remove a file that turned out to be damaged, and its log, so that the
 * next nk_dbfile_prepare() makes a new one.  Of several processes that
 * found it damaged one removes it; 0 for the others as well.
 */
int	nk_dbfile_remove(const char *path, int pin) NK_MUST_CHECK;

#endif /* NASKEYS_DBFILE_H */
