/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_PASSWORD_H
#define NASKEYS_ACCOUNT_PASSWORD_H

/*
 * Passwords and their hashes, crypt(5).  Everything that these functions
 * make of a password is wiped before they return, but what they return.
 */

#include <stddef.h>

#include "lib/attr.h"

#define NK_PASSWORD_MAX		511	/* bytes; crypt(3) takes no more */
#define NK_PASSWORD_HASH_MAX	383	/* bytes of a hash of our own */
#define NK_PASSWORD_IMPORT_MAX	511	/* bytes of one that is imported */
#define NK_PASSWORD_RANDOM	20	/* characters of a random one */

/*
 * The hash of a password under this method: "yescrypt" (also NULL and ""),
 * "gost-yescrypt",
 * "bcrypt" or "sha512", at this cost (crypt_gensalt(3); 0: the usual one).
 * -EINVAL: longer than NK_PASSWORD_MAX; -ENOTSUP: crypt(3) refuses the method
 * or the cost.
 */
int	nk_password_hash(const char *password, const char *method,
	    unsigned long cost, char hash[NK_PASSWORD_HASH_MAX + 1])
	    NK_MUST_CHECK;

/*
 * Is it this password?  0: yes.  -EACCES: no, also for a hash that no
 * password has.  -ENOMEM.
 */
int	nk_password_verify(const char *password, const char *hash)
	    NK_MUST_CHECK;

/* A random password: letters and digits that are not mixed up easily. */
int	nk_password_random(char password[NK_PASSWORD_RANDOM + 1])
	    NK_MUST_CHECK;

/*
 * What the password field of a shadow(5) line says.
 */
enum nk_hash_kind {
	NK_HASH_NONE,		/* "*", "!", "!!", "!*": no password */
	NK_HASH_PLAIN,		/* a hash */
	NK_HASH_LOCKED,		/* "!" or "!!" before a hash */
};

/*
 * Look at a hash from elsewhere.  *hashp is where the hash itself begins,
 * or "*" for NK_HASH_NONE.  -EINVAL: it is none that this machine knows
 * (an empty one, a method that crypt(3) does not have, a character that may
 * not stand in shadow(5), too long or too short).
 */
int	nk_password_check_hash(const char *text, enum nk_hash_kind *kindp,
	    const char **hashp) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_PASSWORD_H */
