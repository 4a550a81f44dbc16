/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_TEMP_H
#define NASKEYS_HOME_TEMP_H

/*
 * A new file beside authorized_keys, and how it takes its place, without a
 * moment in which there is no file or half of one, and without losing what
 * somebody else writes there meanwhile:
 *
 *  1. The text is whole and on the disk before the file gets the name.
 *  2. The two names are exchanged in one step (renameat2(2),
 *     RENAME_EXCHANGE), and what was displaced is looked at afterwards: is
 *     it not the file that was read, it goes back to its place.  A file that
 *     must not be there yet is not replaced (RENAME_NOREPLACE).  Where the
 *     file system has no such steps, as NFS, the file is looked at just
 *     before rename(2), or link(2) is used, which never replaces.
 *  3. After a failure the new file is gone.  One that a killed process left
 *     goes at the next job that writes, when it is older than a job may be.
 *
 * A file has a name from its beginning (O_EXCL, 128 random bits): a nameless
 * one (O_TMPFILE) would need a name before it can replace another, is
 * unknown to NFS, and is named by way of /proc.
 */

#include <sys/stat.h>

#include <stddef.h>
#include <time.h>

#include "lib/attr.h"
#include "lib/home/outcome.h"
#include "lib/home/place.h"
#include "lib/home/present.h"

#define NK_TEMP_PREFIX		".authorized_keys.naskeys-"
#define NK_TEMP_NAME		64	/* bytes, with its NUL */
#define NK_TEMP_AGE		300	/* seconds; no job lasts as long */
#define NK_TEMP_ENTRIES		4096	/* of .ssh that are looked at */

struct nk_temp {
	int	fd;			/* or -1 */
	char	name[NK_TEMP_NAME];	/* "": it has none any more */
	struct stat st;			/* when it was complete */
};
#define NK_TEMP_NONE	((struct nk_temp){ .fd = -1 })

/*
 * Make it and write it, with the mode 0600 and to the disk; remove old ones.
 * 0, or -res->error and nothing is there.
 */
int	nk_temp_write(struct nk_temp *t, const struct nk_place *p,
	    const char *text, size_t len, struct nk_homefile_result *res)
	    NK_MUST_CHECK;

/*
 * Remove what is older than NK_TEMP_AGE "now", by the time of the file
 * system's own clock (ctime), as far as it goes: what stays does so until
 * the next time.
 */
void	nk_temp_sweep(const struct nk_place *p, time_t now);

/*
 * Put it in the place of f, as above.  0, or -res->error: then f, or what
 * somebody else has put there, is in place; only where the disk or server
 * failed at the last step (f's removal, the folder's fsync) the new one is.
 */
int	nk_temp_place(struct nk_temp *t, const struct nk_place *p,
	    const struct nk_present *f, struct nk_homefile_result *res)
	    NK_MUST_CHECK;

/* Close it; remove it where it still has its own name. */
void	nk_temp_drop(struct nk_temp *t, const struct nk_place *p);

/*
 * Remove f: by moving it aside, looking at it, and removing it there; on a
 * full disk, where even a name may need room, without moving.  0, or
 * -res->error: then it is in place, as far as the system lets it, or is gone
 * and only the folder's fsync failed.
 */
int	nk_temp_remove_present(const struct nk_place *p,
	    const struct nk_present *f, struct nk_homefile_result *res)
	    NK_MUST_CHECK;

#endif /* NASKEYS_HOME_TEMP_H */
