/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_COPYFILE_H
#define NASKEYS_HOME_COPYFILE_H

/*
 * What a copy has of its original, for a process that is the user
 * (become.h) and copies what is the user's.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include "lib/attr.h"

/*
 * The modes of what is being copied, and not complete yet: nobody gives
 * them to a file or folder for another reason, so that who copies again
 * after an interruption knows its own.
 */
#define NK_COPYFILE_FILE	01600
#define NK_COPYFILE_FOLDER	01700

/*
 * Copy the bytes of "in", a regular file of this size, to the empty file
 * "out".  Holes stay holes where the file system tells of them.  "tell" is
 * called after each piece with its length; it returns 0, or -errno to end.
 * 0 or -errno.
 */
int	nk_copyfile_bytes(int in, int out, off_t size,
	    int (*tell)(void *arg, size_t bytes), void *arg) NK_MUST_CHECK;

/*
 * Give out, a file or a folder, the group of in (st), its mode without
 * set-id bits, its ACLs, its attributes user.*, and its times; until all of
 * it is there, it has one of the modes above.  Nobody gets
 * more rights than on in: another group, where that one cannot be had, gets
 * those that everybody has, and none where there is an ACL.  Attributes are
 * left out where the file system has none.  0 or -errno.
 */
int	nk_copyfile_attributes(int in, int out, const struct stat *st)
	    NK_MUST_CHECK;

#endif /* NASKEYS_HOME_COPYFILE_H */
