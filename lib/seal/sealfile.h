/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SEAL_SEALFILE_H
#define NASKEYS_SEAL_SEALFILE_H

/* The file of a sealing key itself, for sealkey.c alone. */

#include <limits.h>

#include "lib/attr.h"
#include "lib/seal/sealkey.h"

/* Where the file and its successor are. */
struct nk_sealfile {
	int	dirfd;
	char	name[NAME_MAX + 1];
	char	fresh[NAME_MAX + 1];
};

/*
 * The folder is opened and must be writable by nobody else; f->dirfd is the
 * caller's to close, or -1 on failure.  0, -EINVAL, -ENAMETOOLONG, -EPERM,
 * -ENOMEM or -errno.
 */
int	nk_sealfile_open(struct nk_sealfile *f, const char *path) NK_MUST_CHECK;

/*
 * The key in f->name or f->fresh.  0; -ENOENT; -EPERM, -ELOOP, not as it
 * must be; -EBADMSG, no key; -errno.  *fdp is the caller's to close, also on
 * failure, or -1.  k is NK_SEALKEY_NONE on failure.
 */
int	nk_sealfile_read(const struct nk_sealfile *f, const char *name,
	    struct nk_sealkey *k, int *fdp) NK_MUST_CHECK;

/* A new key, nowhere written.  0, -ENOMEM or -EIO; k may hold some of it. */
int	nk_sealfile_random(struct nk_sealkey *k) NK_MUST_CHECK;

/* These bytes as k.  0 or -ENOMEM; k may hold some of it. */
int	nk_sealfile_set(struct nk_sealkey *k,
	    const uint8_t bytes[NK_SEALKEY_SIZE]) NK_MUST_CHECK;

/* Write k to the empty file fd and sync it.  0 or -errno. */
int	nk_sealfile_write(const struct nk_sealkey *k, int fd) NK_MUST_CHECK;

#endif /* NASKEYS_SEAL_SEALFILE_H */
