/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_SSHDCONF_H
#define NASKEYS_CTL_SSHDCONF_H

/*
 * The drop-in by which sshd's configuration has our keywords.  "sshd" is the
 * program's path.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/sshservice/dropin.h"

#define SSHD_COMMAND	NK_SSHD_COMMAND
#define SSHD_USER	NK_SSHD_USER
#define SSHD_REVOKED	NK_SSHD_REVOKED
#define SSHD_DROP_IN	NK_SSHD_DROP_IN
#define SSHD_WHY_MAX	1024

bool	sshdconf_installed(const char *sshd);

/* Does sshd_config(5)'s text include the drop-ins, for every connection? */
bool	sshdconf_includes(const char *text);

/*
 * Put the drop-in there, if nobody else wrote another one; what the service's
 * settings have made of it (ssh.apply) stays.  It names the
 * list of revoked keys only where that is there and sshd reads no other one.
 * sshd -t must take it, or it is removed again.  0 when it is in place, and
 * *newp says whether it is new; -errno with a sentence in why.
 */
int	sshdconf_put(const char *sshd, enum nk_ssh_files files, bool *newp,
	    char why[SSHD_WHY_MAX]) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_SSHDCONF_H */
