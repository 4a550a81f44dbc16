/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_IDENTITY_H
#define NASKEYS_SSHSERVICE_IDENTITY_H

/* Where this machine's sshd is reached, and the keys that it proves to have. */

#include <stdint.h>

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/ssh/hostkeys.h"

struct nk_sshidentity {
	uint16_t		 port;
	struct nk_hostkeys	 keys;	/* RSA, ECDSA, Ed25519 */
};

/*
 * By the settings that are in force: a port on which it listens, and of each
 * kind the first HostKey that fits, read from the .pub file beside it.  *id
 * is to be cleared only on success.  0, or with a sentence in *whyp:
 *	-ENOENT	of one kind there is no key;
 *	-E2BIG	they are longer than NK_HOSTKEYS_MAX together;
 *	-EBADMSG the settings name no port;
 *	-ENOMEM	without one: NULL
 */
int	nk_sshidentity_read(const struct nk_settings *s,
	    struct nk_sshidentity *id, const char **whyp) NK_MUST_CHECK;
void	nk_sshidentity_clear(struct nk_sshidentity *id);

#endif /* NASKEYS_SSHSERVICE_IDENTITY_H */
