/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_OWNFILE_H
#define NASKEYS_PUBLISH_OWNFILE_H

/*
 * Small files that are ours and that other programs read: replaced by rename,
 * whole and synced, so that there is one at every moment, also after a power
 * failure; in a folder that nobody else can write to.
 */

#include <sys/stat.h>

#include <stddef.h>

#include "lib/attr.h"

/*
 * Open it for reading.  -ENOENT; -EPERM: it is no regular file of the
 * owner's with exactly this mode; -errno.
 */
int	nk_ownfile_open(const char *path, uid_t owner, mode_t mode, int *fdp,
	    struct stat *st) NK_MUST_CHECK;

/*
 * One that is looked at again and again stays open, and is opened anew when
 * another one has come into its place.
 */
struct nk_ownfile {
	int	fd;			/* -1: none is open */
	dev_t	dev;
	ino_t	ino;
};
#define NK_OWNFILE_NONE	((struct nk_ownfile){ .fd = -1 })

/*
 * Have the file open that the path names now: 0, f->fd is for pread(2) and
 * stays f's.  Errors as of nk_ownfile_open(), with none open.
 */
int	nk_ownfile_look(struct nk_ownfile *f, const char *path, uid_t owner,
	    mode_t mode) NK_MUST_CHECK;
void	nk_ownfile_close(struct nk_ownfile *f);

/* Does it hold exactly this?  0; -EBADMSG: no; others as above. */
int	nk_ownfile_compare(const char *path, uid_t owner, mode_t mode,
	    const void *bytes, size_t len) NK_MUST_CHECK;

/*
 * Put this in its place.  The new file is "NAME.new" until it is complete.
 * -EPERM: others can write to the folder; -errno.
 */
int	nk_ownfile_replace(const char *path, uid_t owner, mode_t mode,
	    const void *bytes, size_t len) NK_MUST_CHECK;

/* Have none there, durably. */
int	nk_ownfile_remove(const char *path, uid_t owner) NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_OWNFILE_H */
