/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_HASH_H
#define NASKEYS_PAM_HASH_H

/* A password against a hash, crypt(5). */

#include "lib/attr.h"

/*
 * Is it this password?  0: yes.  -EPERM: no.  -ENOMEM.
 *
 *  1. One hash is computed, whatever hash is: for NULL, "*", a locked or a
 *     broken one it is that of nobody, by the default method.
 *  2. The comparison takes a time that does not tell where they differ.
 *  3. All that was made of the password is wiped.
 */
int	nk_hash_verify(const char *password, const char *hash) NK_MUST_CHECK;

#endif /* NASKEYS_PAM_HASH_H */
