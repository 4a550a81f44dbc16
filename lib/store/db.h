/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_DB_H
#define NASKEYS_DB_H

/*
 * The one small interface over whatever database holds a store; sqlite.c
 * is its only implementation, and the only file that knows SQLite.
 *
 * The statements given to it keep to what PostgreSQL speaks as well:
 * parameters are $1 to $n and appear in ascending order, rows get their ids
 * from us, "ON CONFLICT" and "RETURNING" serve, functions of one database do
 * not.  Where a table's definition must differ, schema.c says so.
 *
 * Results: 0 or -errno as store.h has them, and
 *	-EEXIST	a unique constraint,	-ENOENT	a foreign key to no row,
 *	-EINVAL	another constraint,	-ENOMEM	out of memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

struct nk_db;
struct nk_stmt;

struct nk_db_options {
	bool		readonly;
	bool		durable;	/* a COMMIT outlives a power failure,
					   and is the only sync of an edit */
	unsigned int	busy_ms;	/* how long to wait for a lock */
	unsigned int	cache_kib;	/* of pages, in memory */
};

/* For nk_store_single_thread() and nk_store_several_threads(). */
void	nk_db_single_thread(void);
void	nk_db_several_threads(void);

#define NK_DB_IN_MEMORY	":memory:"	/* the path of one without a file */

/* The file exists: see dbfile.h.  Nothing is read from it yet. */
int	nk_db_open(struct nk_db **dbp, const char *path,
	    const struct nk_db_options *o) NK_MUST_CHECK;
void	nk_db_close(struct nk_db *db);		/* NULL is fine */

/*
 * Empty a database that is damaged, whatever the file holds.  It stays the
 * same file, and its locks are kept: others may have it open.
 */
int	nk_db_reset(const char *path, unsigned int busy_ms) NK_MUST_CHECK;

/* The database's words for its last failure.  Never a row's contents. */
const char *nk_db_error(const struct nk_db *db);

/* Write a log beside the file (once made, the file remembers it). */
int	nk_db_use_log(struct nk_db *db) NK_MUST_CHECK;
/* Wait for locks as the options say, or not at all. */
void	nk_db_set_busy(struct nk_db *db, bool wait);
/* Another bound for the page cache, if memory allows to change it. */
void	nk_db_set_cache(struct nk_db *db, unsigned int kib);

/*
 * Whose schema it is (application) and which version of it; both 0 and
 * *emptyp when there is nothing at all.  Setting belongs to a transaction.
 */
int	nk_db_get_version(struct nk_db *db, int64_t *applicationp,
	    int64_t *versionp, bool *emptyp) NK_MUST_CHECK;
int	nk_db_set_version(struct nk_db *db, int64_t application,
	    int64_t version) NK_MUST_CHECK;

/*
 * write: take the write lock at once, -EBUSY after busy_ms.  After a failed
 * commit the transaction may still be open.
 */
int	nk_db_begin(struct nk_db *db, bool write) NK_MUST_CHECK;
int	nk_db_commit(struct nk_db *db) NK_MUST_CHECK;
void	nk_db_rollback(struct nk_db *db);	/* no-op outside */
/* Grave errors end a transaction by themselves: then this is false. */
bool	nk_db_in_transaction(const struct nk_db *db);

/*
 * All that "from" says at one moment in the place of what "to" says, in one
 * commit; neither is in a transaction.  Who reads "to" meanwhile sees what
 * it said before.
 */
int	nk_db_copy(struct nk_db *to, struct nk_db *from) NK_MUST_CHECK;

/*
 * Move the log into the database if more than limit bytes of it are not
 * there yet; never waits for readers or writers.
 */
int	nk_db_checkpoint(struct nk_db *db, uint64_t limit) NK_MUST_CHECK;

/* The database's own check; returns 0 or -EBADMSG, or why it could not. */
int	nk_db_check(struct nk_db *db,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

/*
 * Are tables, indexes and whatever else there may be defined in db as they
 * are in model, and nothing else?  0; -EBADMSG: no; -errno.
 */
int	nk_db_is_alike(struct nk_db *db, struct nk_db *model) NK_MUST_CHECK;

/* One or more statements without parameters and results. */
int	nk_db_exec(struct nk_db *db, const char *sql) NK_MUST_CHECK;

/*
 * A prepared statement.  It is kept with the handle for the next caller,
 * found by the address of sql, which therefore must be a constant.  A second
 * use during the first gets a statement of its own.
 */
int	nk_db_stmt(struct nk_db *db, const char *sql, struct nk_stmt **stp)
	    NK_MUST_CHECK;
/* Give it back; what its columns pointed at is gone.  NULL is fine. */
void	nk_stmt_end(struct nk_stmt *st);

/*
 * Bind parameter i (from 1).  Text and blobs are borrowed until the
 * statement ends; NULL binds NULL.  A failure shows in the next step.
 */
void	nk_stmt_bind_int(struct nk_stmt *st, int i, int64_t v);
void	nk_stmt_bind_text(struct nk_stmt *st, int i, const char *text);
void	nk_stmt_bind_blob(struct nk_stmt *st, int i, const void *blob,
	    size_t len);

/* 1: a row; 0: done; -errno. */
int	nk_stmt_step(struct nk_stmt *st) NK_MUST_CHECK;
/* Run to the end and give back; rows changed in *changedp unless NULL. */
int	nk_stmt_run(struct nk_stmt *st, int64_t *changedp) NK_MUST_CHECK;

/*
 * Column i (from 0) of the row.  Memory belongs to the statement and lasts
 * until the next step; nobody writes to it, whatever its type says.  What
 * does not fit (NULL or another type where a value is needed, a number out
 * of range, a NUL within text) makes nk_stmt_check() fail.
 */
int64_t	nk_stmt_int(struct nk_stmt *st, int i, int64_t min, int64_t max);
int64_t	nk_stmt_id_or_0(struct nk_stmt *st, int i);	/* 0 for NULL */
bool	nk_stmt_bool(struct nk_stmt *st, int i);
char	*nk_stmt_text(struct nk_stmt *st, int i);	/* never NULL in SQL */
char	*nk_stmt_text_or_null(struct nk_stmt *st, int i);
uint8_t	*nk_stmt_blob(struct nk_stmt *st, int i, size_t *lenp);
/* 0, or the first failure of a bind or column since the statement began. */
int	nk_stmt_check(const struct nk_stmt *st) NK_MUST_CHECK;

/* Statements whose n parameters are all integers. */
int	nk_db_run(struct nk_db *db, const char *sql, int n,
	    const int64_t *v, int64_t *changedp) NK_MUST_CHECK;
/* The first column of the first row; -ENOENT when there is none or NULL. */
int	nk_db_get(struct nk_db *db, const char *sql, int n,
	    const int64_t *v, int64_t *resultp) NK_MUST_CHECK;

#endif /* NASKEYS_DB_H */
