/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_HOMEKEYS_H
#define NASKEYS_ACCOUNT_HOMEKEYS_H

/*
 * Which homes have keys in .ssh/authorized_keys?  A child process with a
 * time limit looks, since a home may be on a server that is away.
 *
 *  1. No file MUST be opened for reading.
 *  2. A symbolic link MUST be followed only above the home, and where root
 *     owns it and the folder that it is in (rootpath.h).
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_HOMEKEYS_FOLDER	".ssh"
#define NK_HOMEKEYS_NAME	"authorized_keys"
#define NK_HOMEKEYS_FILE	NK_HOMEKEYS_FOLDER "/" NK_HOMEKEYS_NAME

enum nk_homekeys {
	NK_HOMEKEYS_NONE,	/* there is no such file, or it is empty */
	NK_HOMEKEYS_FOUND,
	NK_HOMEKEYS_UNKNOWN,	/* links, or folders that are not root's */
};

/*
 * v[i] becomes what home[i] has.  "root" is the uid that counts as root.
 * -ETIMEDOUT after "seconds" for all of them; -EIO, -errno of pipe(2) and
 * fork(2).
 */
int	nk_homekeys_look(const char *const *home, size_t n, uid_t root,
	    unsigned int seconds, uint8_t *v) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_HOMEKEYS_H */
