/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_EXPLAIN_H
#define NASKEYS_EXPLAIN_EXPLAIN_H

/*
 * Why can this key not log in?  What sshd would do for a user, a key and an
 * address, step by step, in the order in which it decides.
 *
 *  1. Nothing is changed, and no login is tried.
 *  2. What lies in a home MUST be looked at with its user's rights alone
 *     (authfile.h).
 *  3. What nobody can know here MUST NOT be told as "yes".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/explain/report.h"

struct nk_explain_question {
	const char	*user;
	const char	*key;		/* a public key file; NULL: all of the
					   user's keys, in short */
	size_t		 key_len;
	const char	*address;	/* where the user comes from */
	int64_t		 now;
	/* May the asker know what only root may read? */
	bool		 may_see;

	const char	*sshd, *ssh_keygen;	/* programs */
	const char	*maps;			/* folder of the maps */
	const char	*command;		/* our AuthorizedKeysCommand */
	const char	*command_user;
	bool		 chained;	/* it asks another one after itself */
	unsigned int	 seconds;	/* for each thing that may hang */
	const int	*keep;		/* by each child that looks in the home
					   (child.h), or NULL */
	bool		 hangs;		/* no child may look there */
};

/* The address that is taken where nobody names one. */
#define NK_EXPLAIN_HERE	"127.0.0.1"

/*
 * Explain; x is the caller's to clear in every case.  0; -EINVAL, the
 * address is none; -EBADMSG, the key is no public key: *whyp is a static
 * sentence; -ENOMEM.
 */
int	nk_explain_run(const struct nk_explain_question *q,
	    struct nk_explain *x, const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_EXPLAIN_EXPLAIN_H */
