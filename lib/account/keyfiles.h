/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_KEYFILES_H
#define NASKEYS_ACCOUNT_KEYFILES_H

/*
 * Could sshd still find a key in one of the files that it reads for a
 * user?  Files are opened by a looker (lib/account/looker.h), and only read.
 * Where no file can be, as root's own folders show, there is none to be
 * opened and nobody is asked.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "lib/account/looker.h"
#include "lib/attr.h"

#define NK_KEYFILES_MAX		NK_LOOK_PATHS_MAX
#define NK_KEYFILES_WHY_MAX	1280

struct nk_keyfiles {
	const char	*sshd;		/* asked for its settings, or NULL:
					   they are its defaults */
	const char	*user, *home;
	const char	*no_home;	/* a home that nobody has */
	uid_t		 uid;
	gid_t		 gid;
	const char	*base64;	/* of the key */
	unsigned int	 seconds;
	/*
	 * Called once, before files are looked at one of which may be there
	 * or come back: 0 and what is kept open by who looks (looker.h); or
	 * -errno, by which the look ends.  NULL: nothing is kept.
	 */
	int		(*enter)(void *arg, const int **keepp);
	void		*arg;
};

/*
 * A look is made after the key is gone and must not be slow: start a looker,
 * if one will be needed, before.  k->base64 is not looked at.
 */
void	nk_keyfiles_prepare(const struct nk_keyfiles *k,
	    struct nk_looker **lp);

/*
 * *deadp: no file holds the key now, nor could one come back that does.
 * Otherwise why has a sentence.  0 or -errno; then *deadp is false.
 */
int	nk_keyfiles_look(const struct nk_keyfiles *k, struct nk_looker **lp,
	    bool *deadp, char why[NK_KEYFILES_WHY_MAX]) NK_MUST_CHECK;

/*
 * The path that sshd makes of one word of AuthorizedKeysFile.  -EBADMSG: it
 * has a token that is not known here; -ENAMETOOLONG.
 */
int	nk_keyfiles_expand(const struct nk_keyfiles *k, const char *word,
	    size_t len, char *path, size_t room) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_KEYFILES_H */
