/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ADOPT_LINES_H
#define NASKEYS_RPC_ADOPT_LINES_H

/* The lines of a file that was read, and what becomes of each. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/foundlines.h"
#include "lib/store/keyfiles.h"
#include "lib/store/store.h"

enum nk_adopt_fate {
	NK_ADOPT_NONE,		/* a key, not decided yet */
	NK_ADOPT_ADOPTED,
	NK_ADOPT_KNOWN,		/* there already, or further up in the file */
	NK_ADOPT_INVALID,
	NK_ADOPT_PRIVATE,
	NK_ADOPT_REVOKED,
	NK_ADOPT_REMOVED,	/* from naskeys, but not yet from the file */
	NK_ADOPT_REFUSED,
};

struct nk_adopt_line {
	enum nk_adopt_fate	 fate;
	size_t			 first, last;	/* as nk_found_line's */
	const char		*why;		/* static, or NULL */
	struct nk_key		 key;		/* the row it is or would be */
};

struct nk_adopt_lines {
	struct nk_adopt_line	*v;
	size_t			 n;
};

/*
 * Make rows of the keys in f, for a user and by whom they are added; what
 * was f's is then ls's.  0 or -errno; clear *ls in either case.
 */
int	nk_adopt_lines_take(struct nk_adopt_lines *ls,
	    struct nk_found_lines *f, int64_t user, const char *added_by)
	    NK_MUST_CHECK;
void	nk_adopt_lines_clear(struct nk_adopt_lines *ls);

/*
 * Decide about each key: "there" are those of the user now, and naskeys has
 * written the lines "written" into the file.  Under the lock, or where
 * nothing is written.  0 or -errno.
 */
int	nk_adopt_lines_decide(struct nk_adopt_lines *ls, struct nk_store *s,
	    const struct nk_keys *there,
	    const struct nk_keyfile_lines *written) NK_MUST_CHECK;

/* "adopted", "known" ... */
const char *nk_adopt_fate_name(enum nk_adopt_fate fate);

#endif /* NASKEYS_RPC_ADOPT_LINES_H */
