/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BACKUP_H
#define NASKEYS_BACKUP_H

/*
 * A backup made.
 *
 *  1. It MUST be what the store said at one moment, whatever is edited
 *     meanwhile, and the key in it MUST be the one that its secrets are
 *     sealed with.
 *  2. What is not whole MUST NOT look like a backup: the head is written
 *     last, after the rest is durable.
 *  3. Nothing MUST be opened by a name that the asker gives.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/backup/head.h"
#include "lib/publish/publish.h"
#include "lib/store/copy.h"
#include "lib/store/store.h"

struct nk_backup_made {
	bool		with_key;	/* false also: nothing is sealed */
	bool		sealed;		/* it has secrets */
	uint64_t	size;		/* of all of it */
	int64_t		at;
	struct nk_tally	tally;
};

/*
 * Write a backup of s to the open, empty, regular file fd; with_key: with the
 * sealing key, wrapped under passphrase if that is not NULL.  Nobody else may
 * make one meanwhile: -EAGAIN.  0; -ENOKEY, the sealing key is not there or
 * not the one; -EINVAL, fd is no such file, or no passphrase; -ENOSPC;
 * -EBADMSG, the store is damaged; -errno.
 */
int	nk_backup_make(struct nk_store *s, const struct nk_state *state,
	    bool with_key, const char *passphrase, int fd,
	    struct nk_backup_made *made) NK_MUST_CHECK;

/* ---- the copy that backup and restore work on ---- */

/*
 * A file of ours beside the store, empty, locked as long as lock is open.
 * -EAGAIN: somebody else has it.
 */
struct nk_backup_copy {
	char	*path;
	int	 lock;		/* a descriptor of it */
};
#define NK_BACKUP_COPY_NONE	((struct nk_backup_copy){ .lock = -1 })

int	nk_backup_copy_make(const struct nk_state *state, const char *suffix,
	    struct nk_backup_copy *c) NK_MUST_CHECK;
/* It goes, with what the database keeps beside it. */
void	nk_backup_copy_remove(struct nk_backup_copy *c);

#endif /* NASKEYS_BACKUP_H */
