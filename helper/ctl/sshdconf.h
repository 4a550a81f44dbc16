/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_SSHDCONF_H
#define NASKEYS_CTL_SSHDCONF_H

/*
 * sshd's configuration, of which two keywords are ours.  sshd takes the first
 * value that it meets, so whether ours counts is known by sshd -T alone.
 * "sshd" is the program's path.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/sshservice/dropin.h"

#define SSHD_PROGRAM	NK_SSHD_PROGRAM
#define SSHD_COMMAND	NK_SSHD_COMMAND
#define SSHD_USER	NK_SSHD_USER
#define SSHD_REVOKED	NK_SSHD_REVOKED
#define SSHD_DROP_IN	NK_SSHD_DROP_IN
#define SSHD_WHY_MAX	1024

bool	sshdconf_installed(const char *sshd);

/* Does sshd_config(5)'s text include the drop-ins, for every connection? */
bool	sshdconf_includes(const char *text);

/*
 * The value of AuthorizedKeysCommand in the text of a configuration file,
 * wherever it stands; false when there is none.
 */
bool	sshdconf_command_in(const char *text, char *value, size_t len);

/*
 * Put the drop-in there, if nobody else wrote another one; what the service's
 * settings have made of it (ssh.apply) stays.  It names the
 * list of revoked keys only where that is there and sshd reads no other one.
 * sshd -t must take it, or it is removed again.  0 when it is in place, and
 * *newp says whether it is new; -errno with a sentence in why.
 */
int	sshdconf_put(const char *sshd, enum nk_ssh_files files, bool *newp,
	    char why[SSHD_WHY_MAX]) NK_MUST_CHECK;

/*
 * Does sshd run our command?  0 if so; -ENOENT it runs none, -EEXIST another
 * one or as another user, -EINVAL with other arguments, -EIO sshd -T does
 * not tell; with a sentence in why.
 */
int	sshdconf_check(const char *sshd, char why[SSHD_WHY_MAX])
	    NK_MUST_CHECK;

/*
 * Does sshd read our list of revoked keys?  0 if so; -ENOENT it reads none,
 * -EEXIST another one, -EBADMSG ours, which is not there, -EIO as above.
 */
int	sshdconf_check_revoked(const char *sshd, char why[SSHD_WHY_MAX])
	    NK_MUST_CHECK;

/* Some file's RevokedKeys is another list, in why.  false: there is none. */
bool	sshdconf_other_list(char why[SSHD_WHY_MAX]);

/*
 * Another AuthorizedKeysCommand that stands in a file but is not asked since
 * ours comes first: its file and value in why.  false: there is none.
 */
bool	sshdconf_displaced(char why[SSHD_WHY_MAX]);

#endif /* NASKEYS_CTL_SSHDCONF_H */
