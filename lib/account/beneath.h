/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_BENEATH_H
#define NASKEYS_ACCOUNT_BENEATH_H

#include "lib/attr.h"

/*
 * Open one name in the folder dirfd without following a link or crossing a
 * mount point, also where somebody exchanges what it names meanwhile: what
 * is given back is what was looked at.  Nothing is mounted for our sake, and
 * what lies on another file system is not opened, unless it was put there
 * between two looks; then it is closed again, unread.
 *
 * It does without openat2(2), which the kernel refuses to a service that
 * must not make set-user-ID files (systemd.exec(5), RestrictSUIDSGID=).
 *
 * "flags" are openat(2)'s, without O_CREAT; O_NOFOLLOW and O_CLOEXEC are
 * added.  A descriptor, or -errno: -ELOOP for a link, which with O_PATH is
 * opened itself; -EXDEV for a mount point; -EINVAL for ".." and what is no
 * name.
 */
int	nk_beneath_open(int dirfd, const char *name, int flags)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_BENEATH_H */
