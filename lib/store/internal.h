/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_INTERNAL_H
#define NASKEYS_STORE_INTERNAL_H

/* What the files of lib/store share; nobody else includes this. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/db.h"
#include "lib/store/store.h"

#define NK_STORE_BUSY_MS	10000u
#define NK_STORE_CACHE_KIB	8192u
#define NK_STORE_BULK_KIB	196608u
#define NK_ID_MAX		(UINT32_MAX - 1)	/* of uids and gids */

/*
 * What an audit row takes: its texts, and about as much for the rest of it
 * and for the index.  PostgreSQL has octet_length() for this.
 */
#define NK_AUDIT_SIZE	"(128 + LENGTH(CAST(object AS BLOB))" \
	" + LENGTH(CAST(sentence AS BLOB))" \
	" + COALESCE(LENGTH(CAST(before AS BLOB)), 0)" \
	" + COALESCE(LENGTH(CAST(after AS BLOB)), 0))"

/* More notes than this in one transaction become one NK_CHANGE_ALL. */
#define NK_NOTES_MAX		16384u

/* Numbers that only grow, save the last one. */
enum nk_counter {
	NK_COUNTER_USER,		/* the last row id given */
	NK_COUNTER_GROUP,
	NK_COUNTER_KEY,
	NK_COUNTER_CREDENTIAL,
	NK_COUNTER_AUDIT,
	NK_COUNTER_CHANGE,		/* the last change noted */
	NK_COUNTER_TRIMMED,		/* the last change forgotten */
	NK_COUNTER_AUDIT_ROWS,		/* how many there are */
	NK_COUNTER_AUDIT_BYTES,		/* what they take, up to the */
	NK_COUNTER_AUDIT_COUNTED,	/* last row that was counted */
	NK_COUNTER_REVOKED,		/* changes of the list of them */
	NK_COUNTER_KEYFILE_HOME,
	NK_COUNTER_CONSUMER,
	NK_COUNTER_SSHD_KEY,
	NK_COUNTER_API_KEY,
	NK_COUNTER_API_KEY_NUMBER,
	NK_COUNTER_SUDO,		/* changes of the rules for it */
	NK_COUNTERS,
};

/* Which changes the transaction has noted: a hash set, and their order. */
struct nk_notes {
	uint64_t	*slots;		/* 0: free */
	size_t		 size;		/* a power of two */
	struct nk_change *v;		/* room for half as many */
	size_t		 n;
	bool		 stale;		/* v is not what the journal has */
};

struct nk_store {
	struct nk_db	*db;
	bool		 writing;	/* between begin and commit */
	unsigned int	 readers;	/* nested read transactions */
	unsigned int	 savepoints;
	int		 failed;	/* half done: no commit any more */

	/* of the transaction */
	int64_t		 counter[NK_COUNTERS];
	bool		 loaded[NK_COUNTERS];
	bool		 dirty[NK_COUNTERS];
	struct nk_notes	 notes;
	int64_t		 notes_from;	/* its changes are above this */
	bool		 bulk;		/* nk_store_changes_bulk() */
	bool		 noted_all;

	/* of a transaction, writing or reading: see nk_user_get() */
	struct nk_user	*user;		/* the last one read, or NULL */
};

/* nk_store_open() with another time-out. */
int	nk_store_open_wait(struct nk_store **sp, const char *path,
	    enum nk_store_mode mode, unsigned int busy_ms) NK_MUST_CHECK;

/* 0 where writing is allowed, or why not. */
int	nk_store_may_write(const struct nk_store *s) NK_MUST_CHECK;
/*
 * For what follows the first statement that changed something: a failure
 * there leaves a half, which must not be committed.  Returns r.
 */
int	nk_store_half(struct nk_store *s, int r) NK_MUST_CHECK;
/*
 * A COMMIT has failed, yet all of it may stand in the log, where whoever
 * reads the log next would find it whole.  Another transaction takes its
 * place, so that it is gone for good.  When that fails too, nobody can say.
 */
void	nk_store_void(struct nk_store *s);

/* ---- schema.c ---- */

struct nk_migration {
	const char	*sql;		/* several statements */
	int		(*fill)(struct nk_db *db);	/* after it, or NULL */
};

extern const struct nk_migration nk_migrations[];
extern const size_t nk_nmigrations;

/*
 * Is this a store that "mode" can open?  -ENOENT nothing there, -EBADMSG
 * somebody else's database, -ENOTSUP newer than n steps, -ESTALE older
 * while nothing may be written.  Writes nothing.
 */
int	nk_schema_check(struct nk_db *db, enum nk_store_mode mode, size_t n)
	    NK_MUST_CHECK;
/* Take the steps that are missing, each in a transaction. */
int	nk_schema_migrate(struct nk_db *db, const struct nk_migration *steps,
	    size_t n) NK_MUST_CHECK;
/*
 * Is it what all steps make, to the letter?  A constraint that is gone, or one
 * that drops rows in silence, no look at the rows finds.  0; -EBADMSG; -errno.
 */
int	nk_schema_verify(struct nk_db *db) NK_MUST_CHECK;

/* ---- ids.c ---- */

enum nk_span_kind {
	NK_SPAN_UID,
	NK_SPAN_GID,
};

int	nk_counter_get(struct nk_store *s, enum nk_counter c, int64_t *vp)
	    NK_MUST_CHECK;
/* Inside a transaction; written at its end. */
int	nk_counter_set(struct nk_store *s, enum nk_counter c, int64_t v)
	    NK_MUST_CHECK;
int	nk_counter_next(struct nk_store *s, enum nk_counter c, int64_t *vp)
	    NK_MUST_CHECK;
int	nk_counters_write(struct nk_store *s) NK_MUST_CHECK;
/* The transaction has ended, or gone back to a savepoint. */
void	nk_counters_forget(struct nk_store *s);

/* An id came into use, or is used by no row any more. */
int	nk_span_add(struct nk_store *s, enum nk_span_kind kind, uint32_t id)
	    NK_MUST_CHECK;
int	nk_span_remove(struct nk_store *s, enum nk_span_kind kind,
	    uint32_t id) NK_MUST_CHECK;

/* ---- changes.c ---- */

int	nk_change_note(struct nk_store *s, enum nk_change_kind kind,
	    int64_t id) NK_MUST_CHECK;
/* An NK_CHANGE_USER for each row id that sql, with the one id, selects. */
int	nk_change_note_users(struct nk_store *s, const char *sql, int64_t id)
	    NK_MUST_CHECK;
/* The notes as they stand in the database, after a rollback_to. */
int	nk_notes_reload(struct nk_store *s) NK_MUST_CHECK;
void	nk_notes_forget(struct nk_store *s);

/* ---- users.c ---- */

/* What was read is no longer what the database says. */
void	nk_user_forget(struct nk_store *s);

/* A user has got a key: latch in_managed_group. */
int	nk_user_latch(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* ---- sudo.c ---- */

/* A row was written; old (NULL: none) is what it was. */
int	nk_sudo_follow_user(struct nk_store *s, const struct nk_user *old,
	    const struct nk_user *u) NK_MUST_CHECK;
int	nk_sudo_follow_group(struct nk_store *s, const struct nk_group *old,
	    const struct nk_group *g) NK_MUST_CHECK;
/* The row goes. */
int	nk_sudo_drop_user(struct nk_store *s, int64_t id) NK_MUST_CHECK;
int	nk_sudo_drop_group(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* ---- central.c ---- */

/*
 * Have the user's row of the central files say what u says; nothing when
 * that is so already.  -EEXIST: another user has the file of that uid.
 */
int	nk_central_follow(struct nk_store *s, const struct nk_user *u)
	    NK_MUST_CHECK;
/* The user goes: its file goes before it. */
int	nk_central_drop(struct nk_store *s, int64_t user_id) NK_MUST_CHECK;

/* ---- properties.c ---- */

/*
 * The value under this name: *lenp of at most room bytes.  -ENOENT: there is
 * none; -EBADMSG: it is longer.
 */
int	nk_property_get(struct nk_store *s, const char *name, void *value,
	    size_t room, size_t *lenp) NK_MUST_CHECK;
/* Inside a transaction. */
int	nk_property_set(struct nk_store *s, const char *name,
	    const void *value, size_t len) NK_MUST_CHECK;

/* ---- connections.c ---- */

/* The credential goes: what belongs to it alone goes before it. */
int	nk_connection_drop(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* ---- rows ---- */

/* A name that a user or group may have: -EINVAL. */
int	nk_name_check(const char *name) NK_MUST_CHECK;
/* *copyp is a copy to be freed, or NULL for NULL. */
int	nk_text_copy(char **copyp, const char *text) NK_MUST_CHECK;
/*
 * The first column, a copy to be freed, of the one row that sql has for the
 * id $1.  -ENOENT: it has none.
 */
int	nk_blob_get(struct nk_db *db, const char *sql, int64_t id,
	    uint8_t **blobp, size_t *lenp) NK_MUST_CHECK;
/* Are they equal, or both NULL? */
bool	nk_text_same(const char *a, const char *b);
/* Run a statement that must change one row: -ENOENT, it has changed none. */
int	nk_row_run(struct nk_stmt *st) NK_MUST_CHECK;
/* The first column of the rows of st, which is then given back. */
int	nk_ids_take(struct nk_stmt *st, struct nk_ids *ids) NK_MUST_CHECK;
/* The first column of sql, with the one parameter, into *ids. */
int	nk_ids_read(struct nk_store *s, const char *sql, int64_t id,
	    struct nk_ids *ids) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_INTERNAL_H */
