/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SSHDSETTINGS_H
#define NASKEYS_ACCOUNT_SSHDSETTINGS_H

/*
 * What sshd's configuration comes to, as "sshd -T" prints it: a keyword in
 * lower case and its value, a line.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_SETTINGS_MAX		262144u	/* bytes */
#define NK_SETTINGS_LINES_MAX	4096u

/*
 * A connection from this machine, as "-C" takes it behind "user=NAME,".
 * Where a Match has a criterion that it lacks, sshd refuses to say anything.
 */
#define NK_SETTINGS_HERE	"host=localhost,addr=127.0.0.1," \
				"laddr=127.0.0.1,lport=22"

struct nk_setting {
	const char	*keyword, *value;
};

struct nk_settings {
	char			*text;	/* what the others point into */
	struct nk_setting	*v;
	size_t			 n;
};

/*
 * Read text[len].  Lines that are no setting (what sshd says of outdated
 * keywords) are left out.  0; -EBADMSG, there is a NUL, or no setting at
 * all; -E2BIG; -ENOMEM.  On failure *s is empty and needs no clear.
 */
int	nk_settings_parse(struct nk_settings *s, const char *text,
	    size_t len) NK_MUST_CHECK;
/*
 * Ask the program "sshd" (NULL: nobody can be asked) what counts for a user
 * who comes from this machine.  0; -EINVAL, for this name it cannot be asked;
 * others as of nk_runner_run() and nk_settings_parse().
 */
int	nk_settings_ask(struct nk_settings *s, const char *sshd,
	    const char *user, unsigned int seconds) NK_MUST_CHECK;

/* A name with a comma would be several criteria of "sshd -C". */
bool	nk_settings_may_ask(const char *user);

void	nk_settings_clear(struct nk_settings *s);

/* The first value of the keyword; NULL, this sshd does not print it. */
const char *nk_setting(const struct nk_settings *s, const char *keyword);

/* Is the first value this one?  Without case; false where there is none. */
bool	nk_setting_is(const struct nk_settings *s, const char *keyword,
	    const char *value);

/* One value after another; *posp is 0 at first.  NULL at the end. */
const char *nk_setting_next(const struct nk_settings *s,
	    const char *keyword, size_t *posp);

/* A value that names nothing: NULL, "" or "none". */
bool	nk_setting_is_none(const char *value);

/*
 * The next word of a value, and its length in *lenp; *textp moves behind
 * it.  NULL at the end.
 */
const char *nk_setting_word(const char **textp, size_t *lenp);

#endif /* NASKEYS_ACCOUNT_SSHDSETTINGS_H */
