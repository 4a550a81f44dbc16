/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GROUPFILE_H
#define NASKEYS_GROUPFILE_H

/*
 * The gid of a group that must stand in a group(5) file itself.  The name
 * services are never asked: they can be slow, down, or somebody else's.
 */

#include <stdint.h>

#include "lib/attr.h"

#define NK_GROUPFILE_MAX	(64u << 20)	/* bytes of the file */

/*
 * Find the line of the group "name" in the file "path", whole name and by
 * bytes.  Returns 0 and its gid in *gidp, which is otherwise untouched;
 * -ENOENT, there is no such line (or no such file); -EPERM, its gid is 0,
 * or the one that stands for ids of other user namespaces; -EBADMSG, the
 * line is malformed or the name has two; -EACCES, the file is not a regular
 * one that root (or the process's own effective uid) owns and nobody else
 * may write; -EFBIG, it is larger than NK_GROUPFILE_MAX; -EINVAL, "name" is
 * none; another error as the system call reports it.
 */
int	nk_groupfile_gid(const char *path, const char *name, uint32_t *gidp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_GROUPFILE_H */
