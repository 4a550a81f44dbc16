/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_KEYFILES_H
#define NASKEYS_STORE_KEYFILES_H

/*
 * The authorized_keys files that naskeys writes: which there are, and what
 * was written into those in homes, so that it can tell its own lines from
 * others' and knows what it has to take back.  Results as in store.h.
 * Nothing of it is in a map.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

/* ---- files in homes ---- */

/*
 * One file: a user and the home in which it lies.  It outlives its user
 * until the last line has been taken back.  No journal.
 */
struct nk_keyfile_home {
	int64_t		 id;
	int64_t		 user_id;	/* of a user who may be gone */
	uint32_t	 uid, gid;	/* as whom to work there */
	char		*home;		/* an absolute path */
	bool		 pending;	/* not yet what it should be */
	int64_t		 tried_at;	/* 0: never */
	char		*reason;	/* of the last failure, or NULL */
};

/* NULL is fine. */
void	nk_keyfile_home_free(struct nk_keyfile_home *h);
/* The file of this user in this home. */
int	nk_keyfile_home_get(struct nk_store *s, int64_t user_id,
	    const char *home, struct nk_keyfile_home **hp) NK_MUST_CHECK;
/*
 * The first one in this home that is not this user's, and of which its own
 * user, who is gone or has another home or mode by now, wants nothing more.
 */
int	nk_keyfile_home_of_other(struct nk_store *s, int64_t user_id,
	    const char *home, struct nk_keyfile_home **hp) NK_MUST_CHECK;
/*
 * The first one that is pending, has or may still have a line with this key,
 * and is in its user's home as that is now; of one user (0: of all).
 */
int	nk_keyfile_home_of_key(struct nk_store *s, int64_t user_id,
	    const char *fingerprint, struct nk_keyfile_home **hp)
	    NK_MUST_CHECK;
/* All users who have one, or have the mode HOME; sorted by id. */
int	nk_keyfile_home_users(struct nk_store *s, struct nk_ids *users)
	    NK_MUST_CHECK;
/*
 * Each file of one user, or only those that are pending, in no order;
 * user_id 0: of all, in the order of user ids, then of ids.
 */
int	nk_keyfile_home_each(struct nk_store *s, int64_t user_id,
	    bool pending_only,
	    int (*fn)(void *arg, const struct nk_keyfile_home *h), void *arg)
	    NK_MUST_CHECK;
/* The same as copies, for who writes meanwhile; in that order. */
struct nk_keyfile_homes {
	struct nk_keyfile_home	*v;
	size_t			 n;
};
int	nk_keyfile_homes_get(struct nk_store *s, int64_t user_id,
	    bool pending_only, struct nk_keyfile_homes *hs) NK_MUST_CHECK;
void	nk_keyfile_homes_clear(struct nk_keyfile_homes *hs);
/*
 * id 0: a new row, which gives *h its id; else the whole row by id.
 * -EEXIST: the user has another row for that home.
 */
int	nk_keyfile_home_put(struct nk_store *s, struct nk_keyfile_home *h)
	    NK_MUST_CHECK;
/* With its lines. */
int	nk_keyfile_home_delete(struct nk_store *s, int64_t id)
	    NK_MUST_CHECK;

/* A line that naskeys has written there, or may have: a set. */
struct nk_keyfile_line {
	const char	*fingerprint;	/* SHA256:... */
	const char	*line;		/* without its newline */
};

/* What is there already is no change; -ENOENT: no such file. */
int	nk_keyfile_line_add(struct nk_store *s, int64_t home_id,
	    const struct nk_keyfile_line *l) NK_MUST_CHECK;
/*
 * Keep of all lines with this key, which naskeys no longer wants there, the
 * fingerprint alone, where a line is expected, and also where there was none:
 * any line with the key is to go then, also when the key comes back meanwhile.
 * That is a line as others, for the functions here; none of a file is one.
 */
int	nk_keyfile_line_bury(struct nk_store *s, int64_t home_id,
	    const char *fingerprint) NK_MUST_CHECK;
bool	nk_keyfile_line_is_buried(const struct nk_keyfile_line *l);
/* How many there are, and the bytes of lines and fingerprints. */
int	nk_keyfile_lines_size(struct nk_store *s, int64_t home_id,
	    int64_t *np, int64_t *bytesp) NK_MUST_CHECK;
int	nk_keyfile_lines_clear(struct nk_store *s, int64_t home_id)
	    NK_MUST_CHECK;
/* In the order of their bytes. */
int	nk_keyfile_lines_each(struct nk_store *s, int64_t home_id,
	    int (*fn)(void *arg, const struct nk_keyfile_line *l), void *arg)
	    NK_MUST_CHECK;

/* Give the file "to" those of "from" too. */
int	nk_keyfile_lines_copy(struct nk_store *s, int64_t from, int64_t to)
	    NK_MUST_CHECK;

struct nk_keyfile_lines {
	struct nk_keyfile_line	*v;
	char			**texts;	/* what they point into */
	size_t			 n;
};
int	nk_keyfile_lines_get(struct nk_store *s, int64_t home_id,
	    struct nk_keyfile_lines *ls) NK_MUST_CHECK;
void	nk_keyfile_lines_free(struct nk_keyfile_lines *ls);

/* ---- the central files ---- */

/*
 * Which users have a file of their own in the central folder, and the uid
 * that names it; no two have the same.  It follows the users by itself:
 * keyfile_mode CENTRAL has one, NONE has not, HOME keeps the one it had, and
 * a changed uid or a deletion takes it along.  nk_user_insert() and _update()
 * therefore return -EEXIST where another user has the file of that uid.
 * NK_CHANGE_CENTRAL of the uid is noted when a file comes or goes.
 */
int	nk_keyfile_central_get(struct nk_store *s, int64_t user_id,
	    uint32_t *uidp) NK_MUST_CHECK;
/* Whose file is it? */
int	nk_keyfile_central_by_uid(struct nk_store *s, uint32_t uid,
	    int64_t *user_idp) NK_MUST_CHECK;
/*
 * Give it up, now that the user's home has it.  -EINVAL: its mode says that
 * it has one.
 */
int	nk_keyfile_central_delete(struct nk_store *s, int64_t user_id)
	    NK_MUST_CHECK;
/* In the order of user ids. */
int	nk_keyfile_central_each(struct nk_store *s,
	    int (*fn)(void *arg, int64_t user_id, uint32_t uid), void *arg)
	    NK_MUST_CHECK;

/* ---- the mode of new users ---- */

/* -ENOENT: it was never set here, and naskeys.conf says. */
int	nk_keyfile_default_get(struct nk_store *s,
	    enum nk_keyfile_mode *modep) NK_MUST_CHECK;
/* No journal. */
int	nk_keyfile_default_set(struct nk_store *s, enum nk_keyfile_mode mode)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_KEYFILES_H */
