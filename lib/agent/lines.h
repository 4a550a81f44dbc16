/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_LINES_H
#define NASKEYS_AGENT_LINES_H

/*
 * The lines of authorized_keys that may authorise somebody who is logged in
 * already, by a signature of an ssh-agent.
 *
 *  1. A line that narrows what its key may do (command=, restrict) never
 *     authorises: who has that key was not given the whole account.
 *  2. A line with from= authorises only for an address that it admits.
 *  3. A line that has expired, or that cannot be read, never authorises.
 *  4. A certificate authorises by a cert-authority line alone, and such a
 *     line by certificates alone.
 *  5. A key that is revoked never authorises, nor does a certificate of it
 *     or by it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/agent/checker.h"
#include "lib/attr.h"
#include "lib/ssh/sshdversion.h"
#include "lib/store/store.h"

struct nk_agent_line {
	const struct nk_key	*k;
	char			*names;		/* principals that will do */
	bool			 no_touch;	/* of a security key */
	bool			 verify;	/* it must ask for its PIN */
};

struct nk_agent_lines {
	struct nk_keys		 keys;		/* all of the user's */
	struct nk_agent_line	*v;
	size_t			 n;
};

/*
 * Read those of u that authorise for rhost ("": unknown) at now.  *ls is
 * the caller's to clear on success.  0 or -errno.
 */
int	nk_agent_lines_load(struct nk_store *s, const struct nk_user *u,
	    struct nk_sshd_version v, const char *rhost, int64_t now,
	    struct nk_agent_lines *ls) NK_MUST_CHECK;
void	nk_agent_lines_clear(struct nk_agent_lines *ls);

/* The first line that authorises by what the agent offers, or NULL. */
const struct nk_agent_line *
	nk_agent_lines_find(const struct nk_agent_lines *ls,
	    const struct nk_agent_offer *o);

/*
 * Is the key revoked that an agent offers (of a certificate the key in it)?
 * Its authority's has no line any more.  0; -EACCES, it is; -EBADMSG; -errno.
 */
int	nk_agent_check_revoked(struct nk_store *s, const uint8_t *blob,
	    size_t len) NK_MUST_CHECK;

/* The line of that key's row, or NULL. */
const struct nk_agent_line *
	nk_agent_lines_by_id(const struct nk_agent_lines *ls, int64_t id);

/*
 * Is what a right signature shows (NK_AGENT_...) enough for the line?
 * Somebody must have touched a security key, unless its line (and its
 * certificate) says that nobody need.
 */
bool	nk_agent_line_is_content(const struct nk_agent_line *l,
	    uint32_t shown);

#endif /* NASKEYS_AGENT_LINES_H */
