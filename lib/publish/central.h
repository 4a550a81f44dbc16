/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_CENTRAL_H
#define NASKEYS_PUBLISH_CENTRAL_H

/*
 * The central authorized_keys files: one for each row that the store has of
 * them (lib/store/keyfiles.h), named by the uid alone, in a folder of their
 * own.
 *
 *  1. A new text MUST be written beside the old one and synced before
 *     COMMIT, so that a full disk refuses the edit whole.
 *  2. After COMMIT files MUST be replaced by rename and the folder synced,
 *     before the maps note the change: what a killed holder left undone is
 *     then done by the next one.
 *  3. Recovery MUST compare every file with the store, whatever stands in
 *     the folder: text, owner and mode; and MUST remove what is nobody's.
 *  4. Folder and files MUST be readable by all and writable by their owner
 *     alone: sshd reads them as the user.
 *  5. A folder in which a file cannot be replaced MUST NOT keep the maps
 *     from being published; that the files lag is remembered until a later
 *     holder has repaired them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/publish/publish.h"
#include "lib/store/store.h"

struct nk_central_file {
	uint32_t	uid;
	bool		there;		/* its new text lies beside it;
					   else the file goes */
};

/* What is to be done in the folder. */
struct nk_central {
	int			 dirfd;
	struct nk_central_file	*files;
	size_t			 n;
	size_t			 done;	/* so many are */
};
#define NK_CENTRAL_NONE	((struct nk_central){ .dirfd = -1 })

/*
 * Under the lock, with the store as it shall be: write the new texts beside
 * the files of the users who have changed; of all users when cs is NULL.  *c
 * is the caller's to clear on success.  -ENOSPC and the like: there is no
 * room; -EPERM: others can write in the folder; -EISDIR: a folder stands
 * where a file should.
 */
int	nk_central_prepare(struct nk_store *s, const struct nk_state *state,
	    const struct nk_changes *cs, struct nk_central *c) NK_MUST_CHECK;
/* Put them in the files' places. */
int	nk_central_install(struct nk_central *c) NK_MUST_CHECK;
/* What was not put in its place is removed. */
void	nk_central_clear(struct nk_central *c);

/* What is wrong in the folder, a sentence each.  0, -EBADMSG, -errno. */
int	nk_central_verify(struct nk_store *s, const struct nk_state *state,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

/* ---- what both of its files need ---- */

#define NK_CENTRAL_NAME_MAX	16	/* a uid and ".new" */

/* Open the folder.  -ENOENT; -EPERM, it is not its owner's alone. */
int	nk_central_open(const struct nk_state *state, int *fdp)
	    NK_MUST_CHECK;
/* Is it the name of a file?  Then *uidp is its uid. */
bool	nk_central_is_file(const char *name, uint32_t *uidp);
bool	nk_central_is_new(const char *name);	/* "UID.new" */
/*
 * What the file holds, at most max bytes; *textp is the caller's to free.
 * -ENOENT; -EPERM, not MUST 4; -EFBIG.
 */
int	nk_central_read(int dirfd, const struct nk_state *state,
	    uint32_t uid, size_t max, char **textp, size_t *lenp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_CENTRAL_H */
