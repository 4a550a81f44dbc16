/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_LOOKER_H
#define NASKEYS_ACCOUNT_LOOKER_H

/*
 * Is this word in those files?  A child process looks, with the rights of one
 * user after another and within a time: a file may lie in a home that its
 * owner has made hostile, on a server that is away, or be none at all.  The
 * child is started once and stays.
 *
 *  1. It MUST look with the user's own rights: uid, gid, no other group, no
 *     capability.
 *  2. It MUST NOT be one whom that user may signal or trace: the real and
 *     the saved ids stay root's.
 *  3. It MUST end when it cannot take one user's rights, or cannot give them
 *     back.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_LOOK_SIZE_MAX	(4u << 20)	/* of the file */
#define NK_LOOK_WORD_MAX	65536		/* with its NUL */
#define NK_LOOK_PATHS_MAX	8		/* of one question */

enum nk_looked {
	NK_LOOKED_ABSENT,	/* there is no such file */
	NK_LOOKED_WITHOUT,
	NK_LOOKED_HOLDS,
	NK_LOOKED_UNKNOWN,	/* nobody can say now */
};

struct nk_look {
	uid_t		 uid;
	gid_t		 gid;
	const char	*path[NK_LOOK_PATHS_MAX];	/* absolute */
	size_t		 npaths;
	/*
	 * A folder on whose coming back a file whose path begins with it may
	 * be there again: while it is away, the file is not absent but
	 * unknown.  Or NULL.
	 */
	const char	*home;
	const char	*word;
	/* The child has it open until it has looked; or NULL (child.h). */
	const int	*keep;
};

/* The first file that has the word, or of which nobody can say. */
struct nk_look_answer {
	enum nk_looked	state;	/* ABSENT or WITHOUT: of the last one */
	size_t		path;	/* which */
};

struct nk_looker;

/* Start the child, unless it runs.  *lp is NULL at first.  0 or -errno. */
int	nk_looker_start(struct nk_looker **lp) NK_MUST_CHECK;

/*
 * Ask it; it is started when need be.  0; -ETIMEDOUT after "seconds";
 * -E2BIG; -EIO, it has ended; -errno.  After a failure the next question
 * goes to another child.
 */
int	nk_looker_ask(struct nk_looker **lp, const struct nk_look *look,
	    unsigned int seconds, struct nk_look_answer *answerp)
	    NK_MUST_CHECK;
void	nk_looker_free(struct nk_looker *l);	/* NULL is fine */

/*
 * Does a line of the text that is no comment have this word, whole?  Never
 * for an empty word.
 */
bool	nk_text_has_word(const char *text, size_t len, const char *word);

#endif /* NASKEYS_ACCOUNT_LOOKER_H */
