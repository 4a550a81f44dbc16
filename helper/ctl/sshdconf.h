/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_SSHDCONF_H
#define NASKEYS_CTL_SSHDCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/ctl/ctl.h"

#define SSHD_COMMAND	NK_LIBEXECDIR "/naskeys/naskeys-authorized-keys"
#define SSHD_LINES \
    "AuthorizedKeysCommand " SSHD_COMMAND " %u %t %k %U\n" \
    "AuthorizedKeysCommandUser naskeys-akc\n" \
    "# A key that may run one command only must not reach the helper's\n" \
    "# socket by forwarding, and add another key there.\n" \
    "Match Group naskeys-managed\n" \
    "    AllowStreamLocalForwarding no\n"
#define SSHD_DROP_IN	NK_SYSCONFDIR "/ssh/sshd_config.d/10-naskeys.conf"

/* Is there an sshd on this machine? */
bool	sshdconf_installed(void);

/*
 * Put the drop-in there, unless a person wrote another text into it; sshd
 * checks the result (sshd -t) before it counts.  Says what it did.
 */
int	sshdconf_configure(struct ctl *c);

/*
 * Which AuthorizedKeysCommand is in force (sshd -T): its first word comes
 * into out, "none" where there is none.  false: sshd does not tell, and
 * what it said is in out.
 */
bool	sshdconf_in_force(char *out, size_t len);

#endif /* NASKEYS_CTL_SSHDCONF_H */
