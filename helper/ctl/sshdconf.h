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

#define SSHD_PROGRAM	NK_LIBEXECDIR "/naskeys/naskeys-authorized-keys"
#define SSHD_COMMAND	SSHD_PROGRAM " %u %t %k %U"
#define SSHD_USER	"naskeys-akc"
#define SSHD_REVOKED	NK_LOCALSTATEDIR "/lib/naskeys/revoked.krl"
#define SSHD_CENTRAL	NK_LOCALSTATEDIR "/lib/naskeys/authorized_keys/%U"
#define SSHD_DROP_IN	NK_SYSCONFDIR "/ssh/sshd_config.d/10-naskeys.conf"
#define SSHD_WHY_MAX	1024

bool	sshdconf_installed(const char *sshd);

/* Does sshd_config(5)'s text include the drop-ins, for every connection? */
bool	sshdconf_includes(const char *text);

/*
 * The value of AuthorizedKeysCommand in the text of a configuration file,
 * wherever it stands; false when there is none.
 */
bool	sshdconf_command_in(const char *text, char *value, size_t len);

/* Which authorized_keys files sshd reads for users of naskeys. */
enum sshd_files {
	SSHD_FILES_OWN,		/* those that it reads for others */
	SSHD_FILES_NONE,
	SSHD_FILES_CENTRAL,
	SSHD_FILES_KEEP,	/* as the drop-in says now */
};

/*
 * Put the drop-in there, if nobody else wrote another one.  It names the
 * list of revoked keys only where that is there and sshd reads no other one.
 * sshd -t must take it, or it is removed again.  0 when it is in place, and
 * *newp says whether it is new; -errno with a sentence in why.
 */
int	sshdconf_put(const char *sshd, enum sshd_files files, bool *newp,
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
