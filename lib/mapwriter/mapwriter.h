/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAPWRITER_H
#define NASKEYS_MAPWRITER_H

/*
 * Writing a map.  The caller holds the one lock (lib/publish/lock.h).  Every
 * change is one pwrite(2) after another in an order in which readers, and
 * the next writer after a kill, always find a valid map; nothing is stored
 * through a mapping; the file never shrinks and has no holes.
 *
 * Each put and drop states what shall be, and finds out from the map what
 * is: doing it again after a kill at any point comes to the same end.
 *
 * All functions return 0 or -errno: -ENOSPC, the tmpfs is full (nothing
 * that a reader can see has changed); -EBADMSG, the map is corrupt and must
 * be built anew; other errors as the system call reports them.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/format.h"

struct nk_mapwriter;

struct nk_map_identity {
	uint8_t	boot_id[16];
	uint8_t	store_id[16];
};

/* What a new file must have room for, before it grows by compaction. */
struct nk_map_hint {
	uint64_t	users;		/* or rows, in keys and secrets */
	uint64_t	groups;
	uint64_t	bytes;		/* of records, 0: unknown */
};

/*
 * Open the map "name" in dirfd for writing.  -ENOENT: none there;
 * -ESTALE: of another boot, another store or another version; -EBADMSG:
 * damaged.  In these three cases the caller builds it anew.  A mark of
 * supersession that a killed writer left on it is taken back.
 */
int	nk_mapwriter_open(struct nk_mapwriter **wp, int dirfd,
	    const char *name, enum nk_map_kind kind,
	    const struct nk_map_identity *id) NK_MUST_CHECK;

/*
 * The same, for nk_mapwriter_published() and nk_mapwriter_verify() alone:
 * nothing is written, and a mark of supersession stays.
 */
int	nk_mapwriter_look(struct nk_mapwriter **wp, int dirfd,
	    const char *name, enum nk_map_kind kind,
	    const struct nk_map_identity *id) NK_MUST_CHECK;

/*
 * What an opened map would say, without opening it for writing: the last
 * change published in it, and of accounts.map its settings (*s, may be
 * NULL).  Changes nothing and needs no lock.  Errors as
 * nk_mapwriter_open()'s; one that is marked superseded is -ESTALE.
 */
int	nk_mapwriter_peek(int dirfd, const char *name,
	    enum nk_map_kind kind, const struct nk_map_identity *id,
	    uint64_t *publishedp, struct nk_map_settings *s) NK_MUST_CHECK;

/*
 * Begin a new file beside the old one, under a name of its own, with the
 * given mode and owner.  Nobody sees it until nk_mapwriter_install().  A
 * file that a killed writer left under that name is removed.
 */
int	nk_mapwriter_create(struct nk_mapwriter **wp, int dirfd,
	    const char *name, enum nk_map_kind kind,
	    const struct nk_map_identity *id, const struct nk_map_hint *hint,
	    uint32_t mode, uint32_t uid, uint32_t gid) NK_MUST_CHECK;

/*
 * Write out all of a new file, so that nothing but its name is missing and
 * nk_mapwriter_install() cannot fail for want of room.
 */
int	nk_mapwriter_finish(struct nk_mapwriter *w) NK_MUST_CHECK;

/*
 * Put the new file in the old one's place: mark the old one superseded
 * (found by its path, whatever its state), rename.  w goes on as an open
 * writer of the installed file.
 */
int	nk_mapwriter_install(struct nk_mapwriter *w) NK_MUST_CHECK;

/* Does the path still name the file that w has open? */
int	nk_mapwriter_is_current(const struct nk_mapwriter *w);

/*
 * Under the lock again: take notice of what other writers have done to the
 * file meanwhile.  Results as of nk_mapwriter_open(), and -ESTALE when the
 * path names another file: then open it.
 */
int	nk_mapwriter_refresh(struct nk_mapwriter *w) NK_MUST_CHECK;

/*
 * Before the lock is let go: what was found in the file may change now, and
 * a hash that was must not stay in memory.
 */
void	nk_mapwriter_forget(struct nk_mapwriter *w);

/* Close; a file not installed is removed.  NULL is fine. */
void	nk_mapwriter_free(struct nk_mapwriter *w);

/* The last change published in this file. */
uint64_t nk_mapwriter_published(const struct nk_mapwriter *w);
int	nk_mapwriter_set_published(struct nk_mapwriter *w, uint64_t seq)
	    NK_MUST_CHECK;
int	nk_mapwriter_settings(struct nk_mapwriter *w,
	    const struct nk_map_settings *s) NK_MUST_CHECK;

/*
 * Make sure, before COMMIT, that the following puts cannot fail for want of
 * room: bytes of records and slots in the tables.  -ENOSPC when the file
 * cannot grow by as much; a table that is too full is -EFBIG: compact
 * first.
 */
int	nk_mapwriter_reserve(struct nk_mapwriter *w, uint64_t bytes,
	    uint32_t slots) NK_MUST_CHECK;

/*
 * Is there so much garbage, or so little room in a table, that compaction
 * pays?  Copy all that is live into a new file and install it.  On -ENOSPC
 * the old file goes on serving.
 */
int	nk_mapwriter_wants_compaction(const struct nk_mapwriter *w);
int	nk_mapwriter_compact(struct nk_mapwriter *w) NK_MUST_CHECK;

/*
 * Walk the whole file and report what is wrong in it through report(), a
 * sentence each.  Returns 0 when nothing is, -EBADMSG when something is.
 */
int	nk_mapwriter_verify(struct nk_mapwriter *w,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

/* ---- accounts.map ---- */

struct nk_put_group_ref {
	uint64_t	group_row;
	uint32_t	gid;
};

struct nk_put_user {
	uint64_t	 row;
	uint64_t	 generation;
	int64_t		 expires_at;
	uint32_t	 uid, gid, flags;
	const char	*name, *gecos, *home, *shell;
	const struct nk_put_group_ref *groups;	/* supplementary */
	uint32_t	 ngroups;
};

/* The most a user's record may take: name, gecos, home, shell, groups. */
#define NK_USER_NAME_MAX	255u	/* unmanaged ones: DOMAIN\user */
#define NK_USER_GECOS_MAX	1023u
#define NK_USER_HOME_MAX	1023u
#define NK_USER_SHELL_MAX	255u
#define NK_USER_GROUPS_MAX	64u
#define NK_GROUP_NAME_MAX	120u

/*
 * Bytes that the put would have to allocate; 0 when it can be done in
 * place, as all that only restricts can.  Includes chunks of members.
 * *slotsp is increased by the number of slots that it would fill.
 */
int	nk_mapwriter_user_need(struct nk_mapwriter *w,
	    const struct nk_put_user *u, uint64_t *bytesp, uint32_t *slotsp)
	    NK_MUST_CHECK;
int	nk_mapwriter_put_user(struct nk_mapwriter *w,
	    const struct nk_put_user *u) NK_MUST_CHECK;
/* Set flags in the user's record in place; 0 also when there is none. */
int	nk_mapwriter_restrict_user(struct nk_mapwriter *w, uint64_t row,
	    uint32_t set_flags) NK_MUST_CHECK;
int	nk_mapwriter_drop_user(struct nk_mapwriter *w, uint64_t row)
	    NK_MUST_CHECK;
/* The generation that readers see; -ENOENT. */
int	nk_mapwriter_user_generation(struct nk_mapwriter *w, uint64_t row,
	    uint64_t *generationp) NK_MUST_CHECK;

struct nk_put_group {
	uint64_t	 row;
	uint32_t	 gid;
	const char	*name;
};

int	nk_mapwriter_group_need(struct nk_mapwriter *w,
	    const struct nk_put_group *g, uint64_t *bytesp, uint32_t *slotsp)
	    NK_MUST_CHECK;
/* Groups are put before the users that are in them. */
int	nk_mapwriter_put_group(struct nk_mapwriter *w,
	    const struct nk_put_group *g) NK_MUST_CHECK;
int	nk_mapwriter_drop_group(struct nk_mapwriter *w, uint64_t row)
	    NK_MUST_CHECK;

/* ---- keys.map ---- */

struct nk_put_keyline {
	const char	*text;		/* options type base64 comment */
	uint32_t	 text_len;
	uint32_t	 type_at, type_len, blob_at, blob_len;
	int64_t		 expires_at;
	uint16_t	 flags;		/* NK_KEY_... */
};

struct nk_put_keyset {
	uint64_t	 row;
	uint64_t	 generation[2];
	const struct nk_put_keyline *lines;
	uint32_t	 count;		/* at most NK_KEYSET_MAX */
};

/*
 * Lines whose text is in the map already are used again, so a set that
 * lost lines, or changed generation only, is rewritten in place.
 */
int	nk_mapwriter_keyset_need(struct nk_mapwriter *w,
	    const struct nk_put_keyset *k, uint64_t *bytesp,
	    uint32_t *slotsp) NK_MUST_CHECK;
int	nk_mapwriter_put_keyset(struct nk_mapwriter *w,
	    const struct nk_put_keyset *k) NK_MUST_CHECK;
/* Change nothing but the generations, in place; 0 also when row has none. */
int	nk_mapwriter_keyset_generations(struct nk_mapwriter *w, uint64_t row,
	    const uint64_t generation[2]) NK_MUST_CHECK;
int	nk_mapwriter_drop_keyset(struct nk_mapwriter *w, uint64_t row)
	    NK_MUST_CHECK;

/* ---- secrets.map ---- */

/*
 * NK_LOCKED_KEEP as locked_until: what the row's record says now, 0 for a new
 * one.  It is no part of the store.
 */
#define NK_LOCKED_KEEP	INT64_C(-1)

struct nk_put_secret {
	uint64_t	 row;
	uint64_t	 generation[2];
	int64_t		 locked_until;
	int32_t		 last_change, min_days, max_days, warn_days;
	int32_t		 inactive_days;
	uint32_t	 flags;
	const char	*hash;
};

int	nk_mapwriter_secret_need(struct nk_mapwriter *w,
	    const struct nk_put_secret *s, uint64_t *bytesp,
	    uint32_t *slotsp) NK_MUST_CHECK;
int	nk_mapwriter_put_secret(struct nk_mapwriter *w,
	    const struct nk_put_secret *s) NK_MUST_CHECK;
int	nk_mapwriter_secret_generations(struct nk_mapwriter *w, uint64_t row,
	    const uint64_t generation[2]) NK_MUST_CHECK;
/* Change this alone, in place: needs no room.  0 also when there is no row. */
int	nk_mapwriter_secret_locked(struct nk_mapwriter *w, uint64_t row,
	    int64_t locked_until) NK_MUST_CHECK;
int	nk_mapwriter_drop_secret(struct nk_mapwriter *w, uint64_t row)
	    NK_MUST_CHECK;

#endif /* NASKEYS_MAPWRITER_H */
