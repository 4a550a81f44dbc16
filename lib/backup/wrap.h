/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BACKUP_WRAP_H
#define NASKEYS_BACKUP_WRAP_H

/*
 * The sealing key in a backup: as it is, or encrypted with AES-256-GCM under a
 * key that scrypt (RFC 7914; r 8, p 1) makes of a passphrase.
 */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/backup/head.h"
#include "lib/seal/sealkey.h"

#define NK_BACKUP_PASSPHRASE_MAX	1023u	/* bytes */

/*
 * Put k into *h, whose other fields are set.  passphrase NULL: as it is.
 * 0; -EINVAL, no passphrase or too long a one; -ENOMEM; -EIO, no entropy.
 */
int	nk_backup_wrap(struct nk_backup_head *h, const struct nk_sealkey *k,
	    const char *passphrase) NK_MUST_CHECK;

/*
 * Take it out of *h, as it was parsed; *k must be NK_SEALKEY_NONE.  0;
 * -ENOENT, there is none; -EINVAL, it takes a passphrase and that is NULL or
 * cannot be one; -EACCES, it is not this passphrase; -EBADMSG, it is not the
 * key that h names; -ENOMEM.
 */
int	nk_backup_unwrap(const struct nk_backup_head *h,
	    const char *passphrase, struct nk_sealkey *k) NK_MUST_CHECK;

#endif /* NASKEYS_BACKUP_WRAP_H */
