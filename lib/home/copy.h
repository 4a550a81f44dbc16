/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_COPY_H
#define NASKEYS_HOME_COPY_H

/*
 * Copy what is in one folder into another, for a process that is the user
 * (become.h): whatever somebody swaps meanwhile, nothing is read or written
 * that the user could not read and write.
 *
 *  1. Nothing that is in the other folder MUST be replaced or changed.
 *  2. No mount point is crossed and no link followed; what is mounted there
 *     is not copied, and said.
 *  3. What is not complete is told by its mode (copyfile.h): when a copy is
 *     made again after an interruption, it goes on there.
 *
 * Folders, files, links and named pipes are copied, with what
 * copyfile.h says; the parts of a hard link become files of their own.
 * Sockets are not: they live as long as the process that made them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/account/tree.h"
#include "lib/attr.h"

struct nk_copy {
	int	 from, to;	/* folders; "to" -1 (with "dry"): none yet */
	bool	 dry;		/* copy nothing; count, and find what could
				   not be copied */
	bool	 fill;		/* what is there already may be different,
				   and what cannot be read is left out */
	uint64_t entries_max, bytes_max;
	/*
	 * Called for each entry, and within long files.  0, or -errno to
	 * end.
	 */
	int	(*tell)(void *arg, const struct nk_copy *c);
	/* An entry was not copied.  path is below "from". */
	int	(*lost)(void *arg, const char *path, int error);
	void	*arg;
	/* so far */
	uint64_t entries, bytes;
};

/*
 * 0, also when entries were not copied; or -errno that concerns all of
 * them (-ENOSPC, -EDQUOT, -EROFS ...), -E2BIG beyond the limits, or what
 * tell() and lost() returned.
 *
 * An entry's error: EEXIST, another one has its name there; EXDEV, a mount
 * point; ENODEV, a device; E2BIG, a folder deeper than NK_TREE_DEPTH; EAGAIN,
 * it became another one meanwhile;
 * EACCES and others as the system says.
 */
int	nk_copy_run(struct nk_copy *c) NK_MUST_CHECK;

#endif /* NASKEYS_HOME_COPY_H */
