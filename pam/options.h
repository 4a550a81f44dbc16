/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_OPTIONS_H
#define NASKEYS_PAM_OPTIONS_H

/* The words behind the module's name in a file of pam.d(5). */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"

struct nk_options {
	bool		agent;		/* by a key in the user's ssh-agent */
	bool		debug;		/* log what is no fault, too */
	bool		mkhome;		/* make a missing home */
	bool		nullok;		/* an empty hash lets in */
	bool		otp;		/* ask for the second factor */
	bool		try_first_pass;	/* these three are obeyed by libpam */
	bool		use_authtok;
	bool		use_first_pass;
	uint32_t	min_uid;	/* below: not ours; 0: the map's */
};

/*
 * Parse the words.  0; -EINVAL: *badp is the word that is unknown, given
 * twice or has no good value.  Then *o is as if there had been none.
 */
int	nk_options_parse(struct nk_options *o, int argc, const char **argv,
	    const char **badp) NK_MUST_CHECK;

#endif /* NASKEYS_PAM_OPTIONS_H */
