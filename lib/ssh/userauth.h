/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_USERAUTH_H
#define NASKEYS_SSH_USERAUTH_H

/*
 * What a client signs to log in: the session's identifier and a request of
 * user authentication by a public key (RFC 4252, section 7).
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/wire.h"

/* Taken apart; everything lies in what was read. */
struct nk_userauth {
	struct nk_wire	session;
	struct nk_wire	user;
	struct nk_wire	service;
	struct nk_wire	algorithm;	/* of the signature */
	struct nk_wire	blob;		/* the key */
	struct nk_wire	host;		/* the server's key; p is NULL where
					   the method does not name it */
};

/*
 * data[len] must be such a request to the last byte, by the method publickey
 * or publickey-hostbound-v00@openssh.com (OpenSSH's PROTOCOL, section 2.9).
 * Returns 0 or -EBADMSG; what it asks for is not looked at.
 */
int	nk_userauth_read(const uint8_t *data, size_t len,
	    struct nk_userauth *u) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_USERAUTH_H */
