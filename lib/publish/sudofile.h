/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_SUDOFILE_H
#define NASKEYS_PUBLISH_SUDOFILE_H

/*
 * The file in sudoers.d: what the store's users and groups may do by sudo.
 *
 *  1. Users and groups MUST stand in it as numbers: a name may be an alias
 *     of the administrator's, "ALL", or come to belong to somebody else.
 *  2. Who is locked MUST have no rule; who expires, none that outlives that.
 *  3. The file MUST be replaced by rename, whole and synced, with owner root
 *     and mode 0440, in a folder that nobody else can write to, and MUST be
 *     checked by visudo before: alone, and with the rest of sudo's
 *     configuration.  A line that sudo does not take costs that line alone.
 *  4. What it says MUST depend on the store alone (and on what visudo takes):
 *     no word of the old file is kept.  A file that is not ours stays.
 *  5. Without sudo, or where there never was a rule, there MUST be no file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/publish/publish.h"
#include "lib/store/store.h"

struct nk_sudo_file {
	char	*text;		/* NULL: there must be none */
	size_t	 len;
	int	 fault;		/* 0; -ENOPKG, -EBADMSG: as of
				   nk_publisher_sudo() */
};

/*
 * What the file should hold, as the store says now.  *f is the caller's to
 * clear, also on failure: it has no text then.
 */
int	nk_sudo_file_make(struct nk_store *s, const struct nk_state *state,
	    struct nk_sudo_file *f) NK_MUST_CHECK;
void	nk_sudo_file_clear(struct nk_sudo_file *f);

/* Is the file there, with the right owner and mode, and of this revision? */
bool	nk_sudo_file_is(struct nk_store *s, const struct nk_state *state,
	    int64_t revision);

/* Does it hold exactly this?  0; -ENOENT; -EPERM; -EBADMSG; -errno. */
int	nk_sudo_file_compare(const struct nk_state *state,
	    const struct nk_sudo_file *f) NK_MUST_CHECK;

/*
 * Under the lock: put it in the file's place.  0; -EEXIST, the file there is
 * somebody else's; -errno, and then no file of ours is there any more.
 */
int	nk_sudo_file_write(const struct nk_state *state,
	    const struct nk_sudo_file *f) NK_MUST_CHECK;

/* For nk_publisher_verify(): a sentence for each fault.  0 or -EBADMSG. */
int	nk_sudo_file_verify(struct nk_store *s, const struct nk_state *state,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_SUDOFILE_H */
