/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_WRITE_H
#define NASKEYS_KEYFILE_WRITE_H

/* Bring one file in a home to what the store says: MUST 1 to 3 of apply.h. */

#include "lib/attr.h"
#include "lib/keyfile/apply.h"
#include "lib/store/keyfiles.h"

/*
 * h: a row as it was, of which id and pending are read anew.  0 also where
 * the file could not be written, or another process is at work in the home;
 * -errno: the store could not be read or written.
 */
int	nk_keyfile_write(const struct nk_keyfile_work *w,
	    const struct nk_keyfile_home *h) NK_MUST_CHECK;

#endif /* NASKEYS_KEYFILE_WRITE_H */
