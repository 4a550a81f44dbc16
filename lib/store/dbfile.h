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
 * Take a lock on the file that is apart from the database's own, waiting
 * for at most "ms" milliseconds: -EBUSY.  Closing *fdp lets go of it, and of
 * whatever locks the database has there in this process: close that first.
 */
int	nk_dbfile_lock(const char *path, unsigned int ms, int *fdp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_DBFILE_H */
