/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_PAIR_H
#define NASKEYS_REMOTE_PAIR_H

/*
 * Pairing with another NAS through its API.  The connection to it stays open
 * until all that follows has succeeded, so that what was changed there can
 * be taken back.
 *
 *  1. No secret MUST reach the child before the certificate is trusted, or
 *     is the pinned one, or the caller has said that it does not matter.
 *  2. What a child may have changed MUST be known here before it does.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/message.h"
#include "lib/remote/remote.h"
#include "lib/remote/report.h"
#include "lib/remote/url.h"
#include "lib/seal/secret.h"
#include "lib/ssh/hostkeys.h"

/* "SHA256:" and 32 bytes as hexadecimal digits with colons, and a NUL */
#define NK_PAIR_FINGERPRINT_SIZE	(7 + NK_PAIR_DIGEST * 3)

struct nk_remote_pairing {
	const struct nk_url	*url;
	unsigned int		 seconds;	/* for each step */
	bool			 verify;	/* the certificate */
	const uint8_t		*pin;		/* it is this one; or NULL */
	const char		*admin;		/* who logs in */
	const struct nk_secret	*password, *otp, *token;	/* or empty */
	const char		*user;		/* whom to give the key to */
	const char		*line;		/* "TYPE BASE64[ COMMENT]" */
	const char		*fingerprint;	/* of the key */
	bool			 sudo;
};

struct nk_remote_paired {
	const struct nk_remote_pairing *asked;
	struct nk_remote_target	 target;
	struct nk_remote_report	 report;
	struct nk_remote_talk	 talk;
	uint32_t		 flags;		/* NK_PAIR_*: what is changed
						   there, or may be */
	bool			 planned;	/* they are known */
	bool			 agreed;	/* it may change them */
	bool			 trusted;	/* the certificate, by us */
	char			 certificate[NK_PAIR_FINGERPRINT_SIZE];
	uint16_t		 port;		/* of its sshd */
	struct nk_hostkeys	 keys;
};

/*
 * Pair; look: only see what would be changed, which stands in p->flags then.
 * 0; -EIO, p->report says why not, and p->flags what may have been changed
 * there all the same; -E2BIG; -ENOMEM.  *p is to be ended in any case, and
 * must not be moved before.
 */
int	nk_remote_pair(const struct nk_sandbox *sb,
	    const struct nk_remote_pairing *asked, bool look,
	    struct nk_remote_paired *p) NK_MUST_CHECK;

/*
 * Take back what p->flags says, also after a failure: on the connection that
 * is open, or a new one.  0, and p->flags has no change any more; -EIO,
 * p->report says why not; -E2BIG; -ENOMEM.
 */
int	nk_remote_unpair(const struct nk_sandbox *sb,
	    struct nk_remote_paired *p) NK_MUST_CHECK;

void	nk_remote_pair_end(struct nk_remote_paired *p);

/* Read a fingerprint as it is shown; colons and case do not matter. */
int	nk_pair_read_fingerprint(const char *text,
	    uint8_t digest[NK_PAIR_DIGEST]) NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_PAIR_H */
