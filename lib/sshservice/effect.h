/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_EFFECT_H
#define NASKEYS_SSHSERVICE_EFFECT_H

/* Is what sshd -T says of a configuration what was meant? */

#include <stdbool.h>

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"

#define NK_EFFECT_WHY_MAX	512

/*
 * Does each line of the text, up to its first Match, count?  Of those
 * keywords that "options" has, sshd's own word is taken.  0, or -EBADMSG with
 * a sentence in why.
 */
int	nk_effect_check(const struct nk_settings *s, const char *text,
	    const char *options, char why[NK_EFFECT_WHY_MAX]) NK_MUST_CHECK;

/*
 * The lines of the drop-in's first "Match User", and who is its first user;
 * NULL: it has none, or his name is longer than len.
 */
const char *nk_effect_match_user(const char *drop_in, char *name,
	    size_t len);

/*
 * Are the files there that sshd needs?  Without a list of revoked keys it
 * refuses every key, and sshd -t does not notice.  0, or -ENOENT with a
 * sentence in why.
 */
int	nk_effect_files(const struct nk_settings *s,
	    char why[NK_EFFECT_WHY_MAX]) NK_MUST_CHECK;

/*
 * Is one of the values of the keyword (in lower case) this one, as a line of
 * a configuration file would say it?
 */
bool	nk_effect_has(const struct nk_settings *s, const char *keyword,
	    const char *want);

/* Do both have the same values of the keyword, in the same order? */
bool	nk_effect_same(const struct nk_settings *a,
	    const struct nk_settings *b, const char *keyword);

/*
 * Which keyword that decides who can log in, and where, says something else
 * in b than in a?  NULL: none.
 */
const char *nk_effect_differs(const struct nk_settings *a,
	    const struct nk_settings *b);

#endif /* NASKEYS_SSHSERVICE_EFFECT_H */
