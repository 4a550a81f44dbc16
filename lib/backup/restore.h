/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BACKUP_RESTORE_H
#define NASKEYS_BACKUP_RESTORE_H

/*
 * A backup put back.
 *
 *  1. Everything MUST have been read and verified, of our own copy, before
 *     anything is changed: the head, both sums, the schema, the database's own
 *     check and our invariants, the store's id, and each secret with the key
 *     that will be in force.
 *  2. Store and sealing key MUST change as one: the key lies beside the old
 *     one first, the store names it in the commit that replaces it, and then
 *     it takes the old one's place (lib/seal/sealkey.h), so that whatever dies
 *     leaves the old store with the old key or the new with the new.
 *  3. No key that was revoked before MUST come back, and nothing that was
 *     published or written into homes be forgotten (nk_store_succeed()).
 *  4. The store stays the same file: nobody has to let go of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/backup/backup.h"
#include "lib/backup/head.h"
#include "lib/publish/publish.h"
#include "lib/seal/sealkey.h"
#include "lib/store/copy.h"
#include "lib/store/store.h"

enum nk_restore_key {
	NK_RESTORE_KEY_NONE,		/* nothing is sealed */
	NK_RESTORE_KEY_BACKUP,		/* it comes with the backup */
	NK_RESTORE_KEY_MACHINE,		/* it is here already */
	NK_RESTORE_KEY_MISSING,		/* what is sealed cannot be opened */
};

#define NK_RESTORE_WHY_MAX	512u

struct nk_restore {
	const struct nk_state	*state;
	struct nk_backup_copy	 copy;
	struct nk_backup_head	 head;
	struct nk_store		*store;		/* of the copy */
	struct nk_sealkey	 key;		/* for BACKUP and MACHINE */
	enum nk_restore_key	 key_from;
	struct nk_tally		 tally;
	int64_t			 revoked;	/* kept from before, after
						   nk_restore_apply() */
	char			 why[NK_RESTORE_WHY_MAX];
};

/*
 * Read a backup from fd and verify it (MUST 1).  *rs is the caller's to clear,
 * also on failure.  0; -EBADMSG, -ENOTSUP, it is damaged, of a newer naskeys,
 * or has no key under a passphrase and one is given, rs->why says what;
 * -EACCES, it is not this passphrase; -EINVAL, it takes one; -EAGAIN, somebody
 * else restores; -ETIMEDOUT; -ENOSPC; -errno.
 */
int	nk_restore_read(struct nk_restore *rs, const struct nk_state *state,
	    int fd, unsigned int seconds, const char *passphrase)
	    NK_MUST_CHECK;
void	nk_restore_clear(struct nk_restore *rs);

/*
 * Put it in force.  audit() writes into the new store's log, inside its
 * transaction.  As nk_publisher_replace(); -EROFS also: the key file cannot
 * be replaced.
 */
int	nk_restore_apply(struct nk_restore *rs, struct nk_publisher *p,
	    int (*audit)(struct nk_store *s, void *arg), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_BACKUP_RESTORE_H */
