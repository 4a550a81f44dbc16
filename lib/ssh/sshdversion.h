/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SSHDVERSION_H
#define NASKEYS_SSH_SSHDVERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/* The release of the sshd that will read the lines, as "9.2". */
struct nk_sshd_version {
	unsigned int	major;
	unsigned int	minor;
};

/* Is v the release "since" or a later one? */
bool	nk_sshd_version_has(struct nk_sshd_version v,
	    struct nk_sshd_version since);

/*
 * Read the release out of what sshd or ssh calls itself: text[len] contains
 * "OpenSSH_" and then MAJOR.MINOR, anything may follow.  Returns 0, or
 * -EBADMSG when there is no such thing; *vp is then untouched.
 */
int	nk_sshd_version_parse(const char *text, size_t len,
	    struct nk_sshd_version *vp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SSHDVERSION_H */
