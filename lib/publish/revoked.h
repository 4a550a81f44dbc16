/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_REVOKED_H
#define NASKEYS_PUBLISH_REVOKED_H

/*
 * The file of sshd's RevokedKeys: what the store's list of revoked keys
 * comes to.  sshd refuses every key while it is missing.
 *
 *  1. The file MUST be replaced by rename, whole and synced, so that there
 *     is one at every moment, also after a power failure.
 *  2. It MUST be readable by all and writable by its owner alone, in a
 *     folder that nobody else can write to.
 *  3. What it says MUST depend on the store alone: no word of the old file
 *     is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/publish/ownfile.h"
#include "lib/publish/publish.h"
#include "lib/store/store.h"

struct nk_revoked_file {
	uint8_t	*bytes;
	size_t	 len;
};
#define NK_REVOKED_FILE_NONE	((struct nk_revoked_file){ .bytes = NULL })

/*
 * What the file should hold, as the store says now.  *f is the caller's to
 * clear on success.  -EBADMSG, -E2BIG: the list cannot be written.
 */
int	nk_revoked_file_make(struct nk_store *s, struct nk_revoked_file *f)
	    NK_MUST_CHECK;
void	nk_revoked_file_clear(struct nk_revoked_file *f);

/* Under the lock: put it in the file's place. */
int	nk_revoked_file_write(const struct nk_state *state,
	    const struct nk_revoked_file *f) NK_MUST_CHECK;

/*
 * Is the file there, with the right owner and mode and of this revision of
 * the list?  Reads its first bytes alone.  It stays open in *f.
 */
bool	nk_revoked_file_is(struct nk_ownfile *f, const struct nk_state *state,
	    int64_t revision);

/* Does it hold exactly this?  0; -ENOENT; -EPERM; -EBADMSG; -errno. */
int	nk_revoked_file_compare(const struct nk_state *state,
	    const struct nk_revoked_file *f) NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_REVOKED_H */
