/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SYSTEM_H
#define NASKEYS_ACCOUNT_SYSTEM_H

/*
 * The accounts that stand in the machine's own files, and how they leave
 * them once naskeys has them.
 *
 * 1. Reading changes nothing.
 * 2. Lines leave the files only under the lock of lckpwdf(3).
 * 3. A file is replaced by rename, complete and synced; before that a copy
 *    of the old one is kept beside it as NAME.naskeys-backup, with the same
 *    owner and mode.
 * 4. passwd is the last of the four, so that whatever the moment of a kill,
 *    a second run finds what is left to do.
 * 5. Every line that is not removed stays byte for byte.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/account/nameset.h"
#include "lib/account/passwdfile.h"
#include "lib/attr.h"

#define NK_SYSTEM_FILE_MAX	(256u << 20)	/* bytes of each file */
#define NK_SYSTEM_WHY_MAX	256

#define NK_SYSTEM_SKIPPED_MAX	100	/* malformed lines that are named */

struct nk_system_user {
	struct nk_passwd_line	 pw;
	struct nk_shadow_line	 sp;	/* name NULL: no line there */
	bool			 unclear; /* its line there is malformed */
	bool			 taken;	/* see nk_system_choose() */
};

struct nk_system_group {
	struct nk_group_line	 gr;
	bool			 taken;
	bool			 leaves; /* nobody else needs the line */
};

struct nk_system {
	struct nk_system_user	*users;
	size_t			 nusers;
	struct nk_system_group	*groups;
	size_t			 ngroups;
	struct {
		const char	*file;
		size_t		 line;
	}			 skipped[NK_SYSTEM_SKIPPED_MAX];
	size_t			 nskipped;	/* perhaps more than that */
	char			*text[3];	/* what all points into */
	size_t			 text_len[3];
};

/*
 * Read passwd, shadow (which may be absent) and group in the folder etc.
 * Malformed lines are not ours to take: they are skipped, and noted in *s.
 * -EBADMSG: a name, uid or gid stands in two lines, or a file holds NUL;
 * why names it.  Other failures as the files give them, with a sentence
 * too.
 */
int	nk_system_read(struct nk_system *s, const char *etc,
	    char why[NK_SYSTEM_WHY_MAX]) NK_MUST_CHECK;
void	nk_system_clear(struct nk_system *s);	/* hashes are wiped */

/* Can naskeys have this user, as its name and home are?  NULL, or why not. */
const char *nk_system_refuses(const struct nk_system_user *u);

/*
 * Mark what naskeys takes over: users from the uid min to max that it can
 * have, but not nobody (ids.h), and from the gid min to max the groups that
 * are the primary one of such a user or have one as member.  A group's
 * line "leaves" only when every member and every user whose primary group
 * it is are taken.  want may say no to a user; NULL: it does not.
 */
int	nk_system_choose(struct nk_system *s, uint32_t min, uint32_t max,
	    bool (*want)(void *arg, const struct nk_system_user *u),
	    void *arg) NK_MUST_CHECK;

const struct nk_system_user *nk_system_user(const struct nk_system *s,
	    const char *name);
const struct nk_system_group *nk_system_gid(const struct nk_system *s,
	    uint32_t gid);
const struct nk_system_group *nk_system_group(const struct nk_system *s,
	    const char *name);

/* ---- the lines leave the files ---- */

struct nk_takeover;

/*
 * Take the lock of the files in the folder etc.  -EAGAIN: somebody has
 * held it for longer than "seconds".
 */
int	nk_takeover_begin(struct nk_takeover **tp, const char *etc,
	    unsigned int seconds) NK_MUST_CHECK;
/* Let go of the lock.  NULL is fine. */
void	nk_takeover_end(struct nk_takeover *t);

/*
 * Remove the lines of these users (name and uid) and groups (name and gid).
 * *np is the number of lines in all four files.  On failure, with a
 * sentence in why, files are as they were or as they should be.
 */
int	nk_takeover_remove(struct nk_takeover *t,
	    const struct nk_nameset *users, const struct nk_nameset *groups,
	    size_t *np, char why[NK_SYSTEM_WHY_MAX]) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_SYSTEM_H */
