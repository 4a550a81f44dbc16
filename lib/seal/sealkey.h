/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SEALKEY_H
#define NASKEYS_SEALKEY_H

/*
 * The file with the key that seals secrets: 64 hexadecimal digits and a
 * newline, a regular file of our effective uid, mode 0600 or 0400, one link,
 * in a folder that nobody else may write to.
 *
 * Rotation is two files and one transaction: NAME.new is written and synced;
 * everything is sealed anew with it and the store notes its id, in one
 * transaction; NAME.new is renamed to NAME.  Which of the two is in force is
 * never guessed: it is the one whose id the store has.
 *
 * 1. NAME MUST NOT be replaced but by a NAME.new that is in force.
 * 2. NAME.new MUST NOT be removed but by who holds its lock (flock(2)) and
 *    the store's: who only reads may have read the store's id before a
 *    rotation that was killed between commit and rename, and NAME.new is in
 *    force then.  Its maker holds the lock until nk_sealkey_clear(), so that
 *    nobody takes the key of a rotation under way for one left behind.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

#define NK_SEALKEY_SIZE	32
#define NK_SEALKEY_ID	16		/* digits of an id */

struct nk_sealkey {
	struct nk_secret key;			/* NK_SEALKEY_SIZE bytes */
	char		 id[NK_SEALKEY_ID + 1];	/* of the key, no secret */
	int		 lock;			/* on NAME.new; 0: none */
};

#define NK_SEALKEY_NONE	((struct nk_sealkey){ { NULL, 0, 0 }, "", 0 })

/*
 * The key whose id is "id", out of path or path.new (then the rename that is
 * missing is made up for); a path.new that is not in force stays for the
 * next rotation.  id NULL: the store has none yet, and whatever stands in
 * path will do.  *k must be NK_SEALKEY_NONE.
 *
 * Returns 0; -ENOENT, there is no file; -ESTALE, there is one but with
 * another key (or a rotation has ended since the id was read: read the id
 * once more); -EPERM, -ELOOP, the file is not as it must be; -EBADMSG, it
 * holds no key; -errno.  Nothing is changed then.
 */
int	nk_sealkey_load(struct nk_sealkey *k, const char *path,
	    const char *id) NK_MUST_CHECK;

/*
 * Make path with a random key, mode 0600, synced.  -EEXIST: it is there;
 * -EAGAIN: another process is making it; -EPERM, its folder is not as it
 * must be; -EROFS, nothing can be kept there (a read-only file system, or a
 * folder without the owner's write bit: a credential of a service manager);
 * -EIO, no entropy; -errno.
 */
int	nk_sealkey_create(struct nk_sealkey *k, const char *path)
	    NK_MUST_CHECK;

/*
 * A key that comes from elsewhere.  *k must be NK_SEALKEY_NONE; 0 or -ENOMEM.
 */
int	nk_sealkey_set(struct nk_sealkey *k,
	    const uint8_t bytes[NK_SEALKEY_SIZE]) NK_MUST_CHECK;

/*
 * Make path.new, in place of one left behind; results as above, -EAGAIN:
 * another rotation is under way.  A *k that holds a key is what it is made
 * of, and stays as it is on failure.  What keeps others from changing the store
 * must have been taken before the old key was loaded.  Then, with k not yet
 * cleared: rename path.new to path once the store has committed to k's id
 * (0, -ENOENT, -EBADMSG, -errno), or remove it, if it is there, where the
 * store has not.
 */
int	nk_sealkey_prepare(struct nk_sealkey *k, const char *path)
	    NK_MUST_CHECK;
int	nk_sealkey_install(const char *path) NK_MUST_CHECK;
int	nk_sealkey_abandon(const char *path) NK_MUST_CHECK;

/* Wipe the key and let its lock go.  NULL is fine. */
void	nk_sealkey_clear(struct nk_sealkey *k);

#endif /* NASKEYS_SEALKEY_H */
