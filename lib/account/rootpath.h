/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_ROOTPATH_H
#define NASKEYS_ACCOUNT_ROOTPATH_H

#include <sys/types.h>

#include "lib/attr.h"

/*
 * Open the folder "path" (absolute) from "/" downwards, so that nobody but
 * root can make it another one meanwhile: each folder on the way, the first
 * and the last too, belongs to root and is writable by nobody else, and so
 * is each folder that holds a symbolic link on the way, which must be
 * root's.  "root" is the uid that counts as root; the machine's root counts
 * always.
 *
 * *fdp is the caller's to close.  Returns 0; -EPERM; -ENOENT; -ENOTDIR;
 * -ELOOP after links_max links; -ENAMETOOLONG; others as openat(2) says.
 */
int	nk_rootpath_open(const char *path, unsigned int links_max, uid_t root,
	    int *fdp) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_ROOTPATH_H */
