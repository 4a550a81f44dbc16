/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_LOOKUP_H
#define NASKEYS_PAM_LOOKUP_H

/*
 * An account, and its password's hash, out of the maps.
 *
 *  1. Only an account that NSS serves is ours: managed, and neither its uid
 *     nor its gid below what the map or the module's options say.
 *  2. A secret belongs to an account by row and generation: that of another
 *     is never given out.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/reader.h"

/* Where the maps are. */
struct nk_maps {
	const char	*accounts;
	const char	*secrets;
};

struct nk_account {
	uint64_t	row;
	uint64_t	generation;
	int64_t		expires_at;
	uint32_t	uid, gid;
	uint32_t	flags;		/* NK_USER_... */
	uint16_t	max_days;	/* the machine's, for a password whose
					   secret says nothing; 0: for ever */
	uint16_t	warn_days;
};

struct nk_password {
	int64_t		locked_until;
	int32_t		last_change, min_days, max_days, warn_days;
	int32_t		inactive_days;
	uint32_t	flags;		/* NK_SECRET_... */
	char		hash[NK_HASH_MAX + 1];
};

/*
 * The maps stay open until nk_lookup_end(), so that the way to a hash is not
 * longer than it must be.
 */
struct nk_lookup {
	const struct nk_maps	*maps;
	const char		*user;
	uint32_t		 min_uid;
	struct nk_view		 view[2];	/* accounts, secrets */
	struct nk_account	 account;
	struct nk_password	 secret;
};

/*
 * Find the account.  0; -ENOENT: not ours; -ENODATA: accounts.map is not
 * there, not readable or not to be trusted; -EMFILE and others: it could not
 * be looked at now, which says nothing.  nk_lookup_end() in any case.
 */
int	nk_lookup_begin(struct nk_lookup *l, const struct nk_maps *maps,
	    const char *user, uint32_t min_uid) NK_MUST_CHECK;

/*
 * Find the secret of the account, which is looked up once more where it has
 * changed meanwhile.  One that has none has the hash "*", and a second factor
 * as far as anybody knows.  0; -EACCES: only
 * root may; as nk_lookup_begin(); anything else: secrets.map cannot be read
 * or trusted.
 */
int	nk_lookup_secret(struct nk_lookup *l) NK_MUST_CHECK;

/* Give the descriptors back; what was found stays. */
void	nk_lookup_close(struct nk_lookup *l);

/* Close what is open, wipe what is secret. */
void	nk_lookup_end(struct nk_lookup *l);

#endif /* NASKEYS_PAM_LOOKUP_H */
