/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYPOLICY_H
#define NASKEYS_SSH_KEYPOLICY_H

#include "lib/attr.h"
#include "lib/ssh/sshdversion.h"
#include "lib/ssh/wire.h"

/* Which public keys and lines are taken.  Set by the administrator. */
struct nk_keypolicy {
	unsigned int		rsa_min_bits;	/* smallest RSA modulus */
	unsigned int		line_max;	/* bytes of one line */
	unsigned int		lines_max;	/* key lines of one text */
	struct nk_sshd_version	sshd;		/* who will read the lines */
};

#define NK_RSA_MIN_BITS		2048
#define NK_KEYLINE_MAX		16384
#define NK_KEYLINES_MAX		400

/* What holds where nothing is configured (Debian 12's sshd). */
#define NK_KEYPOLICY_DEFAULT	((struct nk_keypolicy){ NK_RSA_MIN_BITS, \
	    NK_KEYLINE_MAX, NK_KEYLINES_MAX, { 9, 2 } })

/*
 * A policy on its way into the sandbox: NK_KEYPOLICY_SIZE bytes.  0;
 * -ENOBUFS or -EBADMSG as lib/ssh/wire.h has them.
 */
#define NK_KEYPOLICY_SIZE	20u

int	nk_keypolicy_put(struct nk_wire_out *o,
	    const struct nk_keypolicy *p) NK_MUST_CHECK;
int	nk_keypolicy_get(struct nk_wire *w, struct nk_keypolicy *p)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_KEYPOLICY_H */
