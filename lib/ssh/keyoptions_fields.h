/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYOPTIONS_FIELDS_H
#define NASKEYS_SSH_KEYOPTIONS_FIELDS_H

/*
 * What the options of one authorized_keys line say together, as sshd reads
 * them: from the left, so that "restrict,pty" allows a terminal and
 * "pty,restrict" does not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/attr.h"

/* Texts, without quotes and escapes, in their order. */
struct nk_option_list {
	char	**v;
	size_t	  n;		/* 0: there is no such option */
};

struct nk_keyoption_fields {
	struct nk_option_list	from, permitopen, permitlisten, principals;
	struct nk_option_list	environment;	/* "NAME=value" */
	char			*command, *tunnel;	/* NULL: none */
	bool			expires;
	time_t			expiry;		/* the soonest of all */
	bool			cert_authority, restricted;
	/* What the line leaves allowed; true where it says nothing. */
	bool			agent_forwarding, port_forwarding, pty;
	bool			user_rc, x11_forwarding;
	bool			touch_required;	/* true where it is silent */
	bool			verify_required;	/* false there */
};

/*
 * Read text[len], which nk_keyoptions_parse() has accepted for some release
 * of sshd.  from and principals are taken apart at their commas.  Returns 0;
 * -EBADMSG, these are no options; -ENOMEM.  On failure *f is empty and needs
 * no clear.
 */
int	nk_keyoption_fields_read(const char *text, size_t len,
	    struct nk_keyoption_fields *f) NK_MUST_CHECK;
void	nk_keyoption_fields_clear(struct nk_keyoption_fields *f);

#endif /* NASKEYS_SSH_KEYOPTIONS_FIELDS_H */
