/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_REVOKED_H
#define NASKEYS_STORE_REVOKED_H

/*
 * Keys that must not come back: a list by fingerprint.  Results as in
 * store.h.  Nothing here is in a map; the revocation list that sshd reads
 * is made of it (lib/publish), and the revision tells whether it is current.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

struct nk_revoked {
	const char	*fingerprint;	/* SHA256:... */
	const char	*type;		/* NULL: we know no more of it */
	const uint8_t	*blob;		/* NULL likewise */
	size_t		 blob_len;
	const char	*comment;	/* may be NULL */
	const char	*revoked_by;
	int64_t		 revoked_at;
};

/* -EEXIST: it is there already. */
int	nk_revoked_add(struct nk_store *s, const struct nk_revoked *row)
	    NK_MUST_CHECK;
int	nk_revoked_remove(struct nk_store *s, const char *fingerprint)
	    NK_MUST_CHECK;
int	nk_revoked_has(struct nk_store *s, const char *fingerprint,
	    bool *hasp) NK_MUST_CHECK;
/* In the order of fingerprints. */
int	nk_revoked_each(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_revoked *row), void *arg)
	    NK_MUST_CHECK;
/* Grows with each change of the list; 0: there was none yet. */
int	nk_revoked_revision(struct nk_store *s, int64_t *revisionp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_REVOKED_H */
