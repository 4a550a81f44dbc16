/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_LEND_H
#define NASKEYS_CTL_LEND_H

/*
 * The key of a connection, lent to a program that is run: a private folder
 * with the agent's socket, and all else that ssh wants in files, of which
 * nothing is secret.
 */

#include <jansson.h>

#include "helper/ctl/ctl.h"
#include "helper/ctl/privatedir.h"
#include "lib/ssh/hostkeys.h"

#define LEND_ALIAS_MAX	64

struct lend {
	const char		*name;		/* of the connection */
	char			 alias[LEND_ALIAS_MAX];	/* what ssh calls it */
	struct privatedir	 dir;
	json_int_t		 id;
	json_t			*terms;		/* what lend answered */
	struct nk_hostkeys	 pins;
};

/* In the folder. */
#define LEND_AGENT		"agent"
#define LEND_CONFIG		"config"	/* for ssh -F */
#define LEND_KEY		"key.pub"
#define LEND_KNOWN_HOSTS	"known_hosts"	/* by alias; ssh adds to it */
#define LEND_HOSTS_BY_NAME	"known_hosts_by_name"	/* for others */

/*
 * Borrow.  bound: only for sessions with the connection's host.  CTL_DONE,
 * or CTL_FAILED after a sentence; lend_close() in any case.
 */
int	lend_open(struct lend *l, struct ctl *c, const char *name,
	    bool bound) NK_MUST_CHECK;

/*
 * Give back: hang up, take host keys that the remote has proven by a pinned
 * one into the connection, remove the folder.  What fails is said.
 */
void	lend_close(struct lend *l, struct ctl *c);

/* "FOLDER/NAME", in buf of PRIVATEDIR_MAX + 32 bytes. */
#define LEND_PATH_MAX	(PRIVATEDIR_MAX + 32)
const char *lend_path(const struct lend *l, const char *name,
	    char buf[static LEND_PATH_MAX]);

#endif /* NASKEYS_CTL_LEND_H */
