/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_INTERNAL_H
#define NASKEYS_PUBLISH_INTERNAL_H

/* What the files of lib/publish share.  All of it runs under the lock. */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/mapwriter/mapwriter.h"
#include "lib/publish/ownfile.h"
#include "lib/publish/publish.h"
#include "lib/publish/render.h"

#define NK_LOCK_WAIT_MS		30000u
#define NK_TIDY_WAIT_MS		100u	/* for what can come later */
#define NK_PLAN_MAX		4096u	/* changes; more: build anew */
#define NK_TRIM_EVERY		16	/* changes that the journal keeps */
#define NK_TIDY_EVERY		64	/* edits between two bites */
#define NK_TIDY_BITE		256	/* audit rows a bite */
#define NK_TIDY_FRESH		1024	/* audit rows not counted yet */

/* In the order in which a finished change is noted in them. */
enum nk_publish_map {
	NK_PUB_KEYS,
	NK_PUB_SECRETS,
	NK_PUB_ACCOUNTS,
	NK_PUB_MAPS
};

struct nk_publisher {
	const struct nk_state	*state;
	const struct nk_conf	*conf;
	enum nk_store_mode	 mode;
	struct nk_store		*store;
	dev_t			 store_dev;
	ino_t			 store_ino;
	struct nk_map_identity	 id;
	int			 dirfd;		/* folder of the maps, or -1 */
	dev_t			 dir_dev;	/* and which one that is */
	ino_t			 dir_ino;
	int			 lock;		/* held while not -1 */
	struct nk_mapwriter	*map[NK_PUB_MAPS];
	int64_t			 base;		/* published, at BEGIN */
	int64_t			 done;		/* the last change we made */
	int64_t			 tidied;	/* and at the last bite */
	int64_t			 missing;	/* published, not stored */
	bool			 edited;	/* since the last tidying */
	bool			 as_is;		/* not looked at when opened */
	int64_t			 revision;	/* of the list, at BEGIN */
	int			 revoked;	/* 0, or why its file lags */
	struct nk_ownfile	 revoked_file;	/* as it was last looked at */
	int			 central;	/* likewise, of those files */
	int64_t			 sudo_revision;	/* of the rules, at BEGIN */
	int			 sudo;		/* nk_publisher_sudo() */
	struct nk_ids		 homes;		/* see nk_publisher_homes() */
	int64_t			 written;	/* a user; 0: none is known */
	bool			 bound;		/* see nk_edit_bound() */
	bool			 beyond;	/* and has been refused */
};

/* ---- open.c ---- */

struct nk_publish_file {
	const char		*name;
	enum nk_map_kind	 kind;
	uint32_t		 mode;
};
extern const struct nk_publish_file nk_publish_files[NK_PUB_MAPS];

/*
 * Take the lock within so many milliseconds.  -EAGAIN: somebody else has
 * it, or the store's file was replaced and must be opened anew.
 */
int	nk_publish_lock(struct nk_publisher *p, uint32_t wait_ms)
	    NK_MUST_CHECK;
/*
 * The same for who calls nk_publish_identify() itself, before anything is
 * made of the maps.
 */
int	nk_publish_lock_only(struct nk_publisher *p, uint32_t wait_ms)
	    NK_MUST_CHECK;
void	nk_publish_unlock(struct nk_publisher *p);
/*
 * Open the folder of the maps as it is; whoever could write there could
 * replace a map: -EPERM.
 */
int	nk_publish_folder(const struct nk_publisher *p, int *fdp)
	    NK_MUST_CHECK;
void	nk_publish_close_maps(struct nk_publisher *p);
/*
 * The store's content may be another store's by now (replace.c): its maps
 * tell nothing about who is who in this one.  1: so it is, and they are
 * closed; 0: it is the same; -errno.
 */
int	nk_publish_identify(struct nk_publisher *p) NK_MUST_CHECK;
/*
 * Have the maps open as their paths name them now.  0; -ESTALE, one of them
 * must be built anew; other errors.
 */
int	nk_publish_refresh(struct nk_publisher *p) NK_MUST_CHECK;
/* The last change that is in all of the maps. */
int64_t	nk_publish_published(const struct nk_publisher *p);
/* Have the file of revoked keys say what the store says: p->revoked. */
int	nk_publish_revoked(struct nk_publisher *p);
/* Have the file of rules for sudo say what the store says: p->sudo. */
void	nk_publish_sudo(struct nk_publisher *p);
/*
 * Have the central files say what the store says: p->central.  Fails only
 * where it cannot even be remembered that they do not.
 */
int	nk_publish_central(struct nk_publisher *p) NK_MUST_CHECK;
/* Is that remembered of them, by us or by an earlier holder? */
bool	nk_publish_central_is_late(const struct nk_publisher *p);
/* Bring maps, files and store into agreement; a rebuild when "force". */
int	nk_publish_agree(struct nk_publisher *p, bool force,
	    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
	    NK_MUST_CHECK;

/* ---- publish.c ---- */

/* One user that has changed, as the store has it. */
struct nk_plan_user {
	int64_t			 row;
	bool			 account;	/* it or its secret changed */
	bool			 keys;		/* its keys changed */
	struct nk_user		*user;		/* NULL: deleted */
	struct nk_put_group_ref	*groups;
	struct nk_keytext	 text;
	struct nk_put_user	 put;
	struct nk_put_secret	 secret;
	struct nk_put_keyset	 keyset;
	uint64_t		 from;	/* generation that readers see */
	uint64_t		 to;
};

struct nk_plan_group {
	int64_t			 row;
	struct nk_group		*group;		/* NULL: deleted */
};

/*
 * All that a set of changes comes to, read from the store before COMMIT, so
 * that nothing but the maps is needed after it.
 */
struct nk_plan {
	struct nk_plan_user	*users;
	size_t			 nusers;
	struct nk_plan_group	*groups;
	size_t			 ngroups;
};

/* Is this set better served by building the maps anew? */
bool	nk_plan_is_large(const struct nk_changes *cs);
int	nk_plan_make(struct nk_publisher *p, const struct nk_changes *cs,
	    struct nk_plan *plan) NK_MUST_CHECK;
/* Make room for all of it; -EFBIG: a table is too full. */
int	nk_plan_reserve(struct nk_publisher *p, const struct nk_plan *plan)
	    NK_MUST_CHECK;
int	nk_plan_publish(struct nk_publisher *p, const struct nk_plan *plan)
	    NK_MUST_CHECK;
/* Note in all maps that everything up to seq is in them. */
int	nk_publish_note(struct nk_publisher *p, int64_t seq) NK_MUST_CHECK;
void	nk_plan_clear(struct nk_plan *plan);
/* Render u->user, as far as u->account and u->keys say. */
int	nk_plan_user_render(struct nk_store *s, struct nk_plan_user *u)
	    NK_MUST_CHECK;
void	nk_plan_user_clear(struct nk_plan_user *u);

/* ---- edit.c ---- */

/* The accounts are others: nscd is to ask again. */
void	nk_publish_tell_nscd(const struct nk_publisher *p);

/* ---- homes.c ---- */

/*
 * Before COMMIT: note what these changes (NULL: any) make of files in homes,
 * and for whom.
 */
int	nk_publish_homes(struct nk_publisher *p, const struct nk_changes *cs)
	    NK_MUST_CHECK;

/* ---- rebuild.c ---- */

/* A row whose generation changes with the new files. */
struct nk_rebuild_row {
	int64_t		row;
	uint64_t	from, to;
};

/* New files of all maps, not yet installed. */
struct nk_rebuild {
	struct nk_mapwriter	*map[NK_PUB_MAPS];
	int64_t			 seq;	/* what will be in them */
	struct nk_rebuild_row	*rows;	/* of all users, by row */
	size_t			 nrows, room;
	size_t			 widened; /* rows valid for two generations */
};

/* Build from what the store says now, inside its transaction or not. */
int	nk_rebuild_make(struct nk_publisher *p, int64_t seq,
	    struct nk_rebuild *b,
	    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
	    NK_MUST_CHECK;
/* Put them in the old ones' places; p goes on with them. */
int	nk_rebuild_install(struct nk_publisher *p, struct nk_rebuild *b)
	    NK_MUST_CHECK;
void	nk_rebuild_clear(struct nk_rebuild *b);
int	nk_publish_settings(struct nk_publisher *p, struct nk_mapwriter *w)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_INTERNAL_H */
