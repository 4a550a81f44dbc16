/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_MAINCONF_H
#define NASKEYS_SSHSERVICE_MAINCONF_H

/*
 * The whole configuration of sshd: sshd_config(5), the files that it
 * includes, and our drop-in as it shall be.  Includes within those files, and
 * within a Match, are left to sshd.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

struct nk_mainconf {
	const char	*folder;	/* /etc/ssh */
	const char	*main;		/* its sshd_config */
	const char	*main_text;
	const char	*drop_in;	/* path */
	const char	*drop_in_text;	/* as it shall be; NULL: not at all */
};

/* A line with which ours cannot have its effect. */
struct nk_conflict {
	char		 path[256];
	unsigned int	 number;
	bool		 in_main;
	char		 line[256];
};
#define NK_CONFLICTS_MAX	32

/* Does it include the drop-in, for every connection? */
int	nk_mainconf_includes(const struct nk_mainconf *m, bool *yesp)
	    NK_MUST_CHECK;

/*
 * The text of sshd_config with a file of another name in the drop-in's
 * place ("instead"; NULL: none), line for line; the caller's to free.
 */
int	nk_mainconf_candidate(const struct nk_mainconf *m,
	    const char *instead, char **textp) NK_MUST_CHECK;

/*
 * The lines elsewhere that come first where the first one counts, or are
 * added where all of them count; at most NK_CONFLICTS_MAX.
 */
int	nk_mainconf_conflicts(const struct nk_mainconf *m,
	    struct nk_conflict conflicts[NK_CONFLICTS_MAX], size_t *np)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_MAINCONF_H */
