/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_DROPIN_H
#define NASKEYS_SSHSERVICE_DROPIN_H

/*
 * The drop-in file, by which sshd is ours: its text from settings, and whose
 * work a text is.  sshd takes the first value that it meets, and what stands
 * in a Match overrides what does not: so come what must not be overridden,
 * the settings, the administrator's own parameters, and the Match blocks.
 */

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/store/ssh_service.h"

#define NK_SSHD_PROGRAM	NK_LIBEXECDIR "/naskeys/naskeys-authorized-keys"
#define NK_SSHD_COMMAND	NK_SSHD_PROGRAM " %u %t %k %U"
#define NK_SSHD_USER	"naskeys-akc"
#define NK_SSHD_REVOKED	NK_LOCALSTATEDIR "/lib/naskeys/revoked.krl"
#define NK_SSHD_CENTRAL	NK_LOCALSTATEDIR "/lib/naskeys/authorized_keys/%U"
#define NK_SSHD_FOLDER	NK_SYSCONFDIR "/ssh"
#define NK_SSHD_MAIN	NK_SSHD_FOLDER "/sshd_config"
#define NK_SSHD_DROP_IN	NK_SSHD_FOLDER "/sshd_config.d/10-naskeys.conf"

struct nk_dropin {
	bool				 revoked;	/* name our list */
	enum nk_ssh_files		 files;		/* not KEEP */
	/* NULL: what "naskeysctl init" puts there, and nothing of these */
	const struct nk_ssh_service	*settings;
	const char			*addresses;	/* a list; "": all */
	const char			*users;		/* who may log in by
							   password, a list */
	bool				 root_password;	/* root too */
};

/*
 * *textp is the caller's to free.  0, -ENOMEM, or -EINVAL: files is none of
 * the three.
 */
int	nk_dropin_render(const struct nk_dropin *d, char **textp)
	    NK_MUST_CHECK;

enum nk_dropin_maker {
	NK_DROPIN_BY_HAND,	/* or changed by hand */
	NK_DROPIN_BY_INIT,
	NK_DROPIN_BY_SERVICE,
};

/*
 * Whose work is the text?  Not by hand: *filesp is what it says of key
 * files.
 */
int	nk_dropin_look(const char *text, enum nk_dropin_maker *makerp,
	    enum nk_ssh_files *filesp) NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_DROPIN_H */
