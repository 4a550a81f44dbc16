/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYCHAIN_H
#define NASKEYS_KEYCHAIN_H

/*
 * Sealed values in the store: which key opens them, and how they are sealed
 * anew.
 *
 * The keychain MUST
 *  1. never overwrite or drop a sealed value because it cannot be opened;
 *  2. never make a key file while the store says that something is sealed
 *     with another one;
 *  3. leave every value openable with the key file that is there, at whatever
 *     point a rotation is interrupted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/sealkey.h"
#include "lib/seal/secret.h"
#include "lib/store/store.h"

/* What is sealed: a column of a table. */
enum nk_sealed {
	NK_SEALED_KEYPAIR,	/* a keypair's private half; by credential */
	NK_SEALED_OTP_SEED,	/* of a second factor; by user */
	NK_SEALED_OTP_RECOVERY,	/* its recovery codes; by user */
	NK_SEALED_SSHD_KEY,	/* a private host key; by its row */
};

struct nk_keychain {
	struct nk_store		*store;
	const char		*path;	/* of the key file */
	struct nk_sealkey	 key;	/* loaded by the first that needs it */
	struct nk_sealkey	 next;	/* of a rotation under way */
};

void	nk_keychain_init(struct nk_keychain *kc, struct nk_store *store,
	    const char *seal_key_path);
void	nk_keychain_clear(struct nk_keychain *kc);

/*
 * The value of the row with this id, into *out (which must be
 * NK_SECRET_NONE).  Returns 0; -ENOENT, it has none; -ENOKEY, the key file is
 * missing, not the one, or not as it must be; -EBADMSG, the value is damaged;
 * -errno.
 */
int	nk_keychain_get(struct nk_keychain *kc, enum nk_sealed what,
	    int64_t id, struct nk_secret *out) NK_MUST_CHECK;
/* The private text of the credential. */
int	nk_keychain_open(struct nk_keychain *kc, int64_t id,
	    struct nk_secret *out) NK_MUST_CHECK;

/*
 * nk_store_read_begin(), with the key that opens what is seen until
 * nk_store_read_end(), whatever is rotated meanwhile.  A key that is not
 * there is a matter of what is opened.  0 or -errno.
 */
int	nk_keychain_read_begin(struct nk_keychain *kc) NK_MUST_CHECK;

/*
 * Seal text[len] as the value of the row, inside an edit.  The first one of
 * all makes the key file, or takes the one that is there.  Returns 0,
 * -ENOKEY, -errno.
 */
int	nk_keychain_put(struct nk_keychain *kc, enum nk_sealed what,
	    int64_t id, const void *text, size_t len) NK_MUST_CHECK;
/* As the private half of the credential. */
int	nk_keychain_seal(struct nk_keychain *kc, int64_t id, const void *text,
	    size_t len) NK_MUST_CHECK;

/*
 * Rotation, around the commit of one edit: prepare makes the new key and
 * seals everything anew (*np values) inside the edit, and install puts the
 * new key file in the place of the old one after the commit.  When the
 * commit has failed nothing is to be done: the old key is still in force,
 * and the new file is replaced by the next rotation, of this keychain or,
 * once this one is cleared, of another.  prepare returns 0;
 * -ENOKEY, -EBADMSG, something cannot be opened: nothing has changed;
 * -ENOENT, nothing is sealed; -EROFS, the key file is not ours to replace;
 * -errno.
 */
int	nk_keychain_rotate_prepare(struct nk_keychain *kc, int64_t *np)
	    NK_MUST_CHECK;
int	nk_keychain_rotate_install(struct nk_keychain *kc) NK_MUST_CHECK;

#endif /* NASKEYS_KEYCHAIN_H */
