/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_SSHD_KEYS_H
#define NASKEYS_STORE_SSHD_KEYS_H

/*
 * This machine's own host keys and their certificates, as sshd has them in
 * files.  The private half is sealed (lib/keychain).  Results as in store.h;
 * nothing here is in a map or in the journal.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

struct nk_sshd_key {
	int64_t	 id;		/* never given to another row */
	int64_t	 saved_at;
	char	*path;		/* absolute, of the file */
	char	*text;		/* the line of the public half, or what is in
				   the certificate's file */
	char	*fingerprint;	/* of a key; "" of a certificate */
	bool	 certificate;
};

/* Free what k owns and make it empty.  NULL is fine. */
void	nk_sshd_key_clear(struct nk_sshd_key *k);
/* *k is the caller's to clear, and empty on failure.  -ENOENT. */
int	nk_sshd_key_get(struct nk_store *s, const char *path,
	    struct nk_sshd_key *k) NK_MUST_CHECK;
/*
 * Each with a higher id; what k points to is borrowed, and fn edits nothing.
 * fn returns 0 to go on, else its value is returned.
 */
int	nk_sshd_key_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_sshd_key *k), void *arg)
	    NK_MUST_CHECK;

/* In place of the one with this path, with a new id, which k gets. */
int	nk_sshd_key_put(struct nk_store *s, struct nk_sshd_key *k)
	    NK_MUST_CHECK;
int	nk_sshd_key_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* The sealed private half; -ENOENT, it has none.  *sealedp is malloc'd. */
int	nk_sshd_key_sealed_get(struct nk_store *s, int64_t id,
	    uint8_t **sealedp, size_t *lenp) NK_MUST_CHECK;
int	nk_sshd_key_sealed_set(struct nk_store *s, int64_t id,
	    const uint8_t *sealed, size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_SSHD_KEYS_H */
