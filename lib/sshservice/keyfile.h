/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_KEYFILE_H
#define NASKEYS_SSHSERVICE_KEYFILE_H

/* The files in which sshd has this machine's host keys. */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

#define NK_SSHD_FILE_WHY_MAX	320

struct nk_sshd_file {
	struct nk_secret	 text;		/* as it lies there */
	char			*line;		/* of the public half */
	char			*fingerprint;
};

void	nk_sshd_file_clear(struct nk_sshd_file *f);

/*
 * Read the private key in path, a regular file of owner's that nobody else
 * can write to; its text is parsed in the sandbox alone.  0, or with a
 * sentence in why: -ENOENT, there is none; -EPERM, it is not its owner's
 * alone; -EBADMSG, it is no host key that is taken, or an encrypted one;
 * -errno.  On failure *f is empty.
 */
int	nk_sshd_file_read(const char *path, uid_t owner,
	    struct nk_sshd_file *f, char why[NK_SSHD_FILE_WHY_MAX])
	    NK_MUST_CHECK;

/*
 * Write it beside, synced, and rename: over what is there only if "over".
 * The folder is owner's, and nobody else can write to it.  0; -EEXIST;
 * -EPERM, the folder is not; -errno.
 */
int	nk_sshd_file_write(const char *path, uid_t owner, const void *text,
	    size_t len, mode_t mode, bool over) NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_KEYFILE_H */
