/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYOPTIONS_H
#define NASKEYS_SSH_KEYOPTIONS_H

/*
 * The options field of an authorized_keys line: names, some with a value in
 * double quotes, separated by commas (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 * Options are part of a key: they are kept byte for byte, and what this
 * sshd would not accept is refused, since it would void the whole line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "lib/attr.h"
#include "lib/ssh/sshdversion.h"

/*
 * How many sshd takes.  It reads 1025 of environment, but then a session ends
 * at once: it has room for fewer than 1000 variables, its own among them.
 */
#define NK_KEYOPTION_ENVIRONMENT_MAX	900
#define NK_KEYOPTION_PERMIT_MAX		4097	/* of each kind */
#define NK_KEYOPTION_PRINCIPALS_MAX	40	/* it ignores the others */

enum nk_keyoption_name {
	NK_OPT_AGENT_FORWARDING,
	NK_OPT_CERT_AUTHORITY,
	NK_OPT_COMMAND,
	NK_OPT_ENVIRONMENT,
	NK_OPT_EXPIRY_TIME,
	NK_OPT_FROM,
	NK_OPT_PERMITLISTEN,
	NK_OPT_PERMITOPEN,
	NK_OPT_PORT_FORWARDING,
	NK_OPT_PRINCIPALS,
	NK_OPT_PTY,
	NK_OPT_RESTRICT,
	NK_OPT_TOUCH_REQUIRED,
	NK_OPT_TUNNEL,
	NK_OPT_USER_RC,
	NK_OPT_VERIFY_REQUIRED,
	NK_OPT_X11_FORWARDING,
};

/* One option as it stands in the text; value points into it. */
struct nk_keyoption {
	enum nk_keyoption_name	 name;
	bool			 negated;	/* "no-" stands before it */
	const char		*value;		/* between the quotes, \" still
						   escaped; NULL: a flag */
	size_t			 value_len;
};

/* What the options mean together. */
struct nk_keyoptions {
	bool	cert_authority;
	bool	restricted;		/* "restrict" */
	bool	command;		/* is one forced? */
	bool	from;			/* is the source limited? */
	bool	expires;
	time_t	expiry;			/* when it expires: the soonest of all
					   expiry-time options */
};

/*
 * Take the first option and the comma behind it off *textp[*lenp].  Names
 * are compared without case, as sshd does.  Values are not looked into.
 * Returns 0; -ENOENT, nothing is left; -EBADMSG, this is no option of any
 * sshd; -EPERM, sshd v does not know it.  On failure nothing has moved and
 * *whyp (may be NULL; untouched by -ENOENT) is a static sentence.
 */
int	nk_keyoption_get(const char **textp, size_t *lenp,
	    struct nk_sshd_version v, struct nk_keyoption *o,
	    const char **whyp) NK_MUST_CHECK;

/*
 * The value of o with \" become ", ended with NUL.  *valuep is the caller's
 * to free; NULL for a flag.  Returns 0 or -ENOMEM.
 */
int	nk_keyoption_value(const struct nk_keyoption *o, char **valuep)
	    NK_MUST_CHECK;

/*
 * Check the options text[len] and all of their values for sshd v.  Empty
 * text is refused: a line without options has none at all.  Returns 0;
 * -EBADMSG; -EPERM, sshd v does not know it; -ENOMEM.  On failure *o is
 * undefined and *whyp (may be NULL) is a static sentence.
 */
int	nk_keyoptions_parse(const char *text, size_t len,
	    struct nk_sshd_version v, struct nk_keyoptions *o,
	    const char **whyp) NK_MUST_CHECK;

/*
 * Write options that expire at t at the latest, for sshd v: the given ones
 * (NULL: none) as they are when they expire at t or sooner by themselves,
 * and with an expiry-time behind them otherwise.  *textp is the caller's to
 * free.  Returns 0; -ENOTSUP, v cannot expire a key: then the key must not
 * be given out at all; -EINVAL, t is not between 1970 and 9999; what
 * nk_keyoptions_parse() returns for options; -ENOMEM.  *textp is NULL on
 * failure.
 */
int	nk_keyoptions_add_expiry(const char *options, time_t t,
	    struct nk_sshd_version v, char **textp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_KEYOPTIONS_H */
