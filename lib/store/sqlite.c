/* SPDX-License-Identifier: ISC */

/*
 * What a durable store needs of SQLite, each by its setting below:
 *  1. A COMMIT is in the log, and the log synced, before it returns
 *     (WAL, synchronous FULL); this is an edit's only sync.
 *  2. No checkpoint runs unasked: not in COMMIT, not at a close; the log
 *     outlives the last close.
 *  3. Nothing of a row reaches a temporary file, and what is deleted is
 *     overwritten.
 *  4. A damaged or hostile file is refused, not obeyed: no schema
 *     trickery, no triggers, no views, no extensions.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "lib/store/db.h"

#define CACHE_SLOTS	256	/* statements; a power of two */
#define ERROR_MAX	256
#define FRAME_BYTES	(4096 + 24)	/* a page in the log */
#define FAULTS_MAX	100	/* lines of a check */

struct nk_stmt {
	struct nk_db	*db;
	sqlite3_stmt	*handle;
	const char	*sql;
	bool		 cached;
	bool		 busy;
	int		 r;		/* first failure of bind or column */
};

struct nk_db {
	sqlite3		*handle;
	struct nk_stmt	*cache[CACHE_SLOTS];
	sqlite3_stmt	*rollback;	/* made at the opening: it must not
					   want for memory */
	unsigned int	 busy_ms;
	bool		 committed;	/* by us: frames is known */
	uint64_t	 frames;	/* in the log after our last commit */
	char		 error[ERROR_MAX];
};

static const struct {
	int	code, result;
} results[] = {
	/* extended codes come before the primary ones they belong to */
	{ SQLITE_CONSTRAINT_UNIQUE,	-EEXIST },
	{ SQLITE_CONSTRAINT_PRIMARYKEY,	-EEXIST },
	{ SQLITE_CONSTRAINT_ROWID,	-EEXIST },
	{ SQLITE_CONSTRAINT_FOREIGNKEY,	-ENOENT },
	{ SQLITE_CANTOPEN_SYMLINK,	-ELOOP },
	{ SQLITE_CONSTRAINT,		-EINVAL },
	{ SQLITE_MISMATCH,		-EINVAL },
	{ SQLITE_RANGE,			-EINVAL },
	{ SQLITE_BUSY,			-EBUSY },
	{ SQLITE_LOCKED,		-EBUSY },
	{ SQLITE_CORRUPT,		-EBADMSG },
	{ SQLITE_NOTADB,		-EBADMSG },
	{ SQLITE_FORMAT,		-EBADMSG },
	{ SQLITE_FULL,			-ENOSPC },
	{ SQLITE_NOMEM,			-ENOMEM },
	{ SQLITE_READONLY,		-EROFS },
	{ SQLITE_PERM,			-EACCES },
	{ SQLITE_AUTH,			-EACCES },
	{ SQLITE_TOOBIG,		-E2BIG },
	{ SQLITE_INTERRUPT,		-EINTR },
};

/* The one place where SQLite's codes become ours.  Unknown ones are -EIO. */
static int
result(int code, int sys)
{
	size_t i;

	if (code == SQLITE_OK)
		return 0;
	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (code == results[i].code ||
		    (code & 0xff) == results[i].code)
			return results[i].result;
	}
	if ((code & 0xff) == SQLITE_IOERR && (sys == ENOSPC || sys == EDQUOT))
		return -ENOSPC;
	if ((code & 0xff) == SQLITE_CANTOPEN && sys > 0)
		return -sys;
	return -EIO;
}

static int
db_result(struct nk_db *db, int code)
{
	if (code == SQLITE_OK)
		return 0;
	(void)snprintf(db->error, sizeof(db->error), "%s (%d)",
	    sqlite3_errmsg(db->handle), code);
	return result(code, sqlite3_system_errno(db->handle));
}

const char *
nk_db_error(const struct nk_db *db)
{
	return db->error;
}

/* Called after each commit; runs nothing inside it. */
static int
count_frames(void *arg, sqlite3 *handle, const char *name, int frames)
{
	struct nk_db *db = arg;

	(void)handle;
	(void)name;
	db->committed = true;
	db->frames = (uint64_t)frames;
	return SQLITE_OK;
}

static int
harden(struct nk_db *db)
{
	static const struct {
		int	option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE,			1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA,		0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER,		0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW,			0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,	0 },
		{ SQLITE_DBCONFIG_DQS_DML,			0 },
		{ SQLITE_DBCONFIG_DQS_DDL,			0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY,			1 },
	};
	size_t i;
	int code, set;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		code = sqlite3_db_config(db->handle, options[i].option,
		    options[i].value, &set);
		if (code != SQLITE_OK)
			return db_result(db, code);
		if (set != options[i].value)
			return -ENOTSUP;
	}
	return db_result(db, sqlite3_busy_timeout(db->handle,
	    (int)db->busy_ms));
}

static int
settings(struct nk_db *db, const struct nk_db_options *o)
{
	int on = 1, code, r;

	nk_db_set_cache(db, o->cache_kib);
	if ((r = nk_db_exec(db, "PRAGMA temp_store = MEMORY;"
	    "PRAGMA secure_delete = ON;"
	    "PRAGMA cell_size_check = ON;")) < 0)
		return r;
	if (!o->durable)
		return nk_db_exec(db, "PRAGMA synchronous = OFF;"
		    "PRAGMA wal_autocheckpoint = 256;");
	if ((r = nk_db_exec(db, "PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 0;")) < 0)
		return r;
	code = sqlite3_db_config(db->handle,
	    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &on);
	if (code != SQLITE_OK)
		return db_result(db, code);
	code = sqlite3_file_control(db->handle, "main",
	    SQLITE_FCNTL_PERSIST_WAL, &on);
	if (code != SQLITE_OK)
		return db_result(db, code);
	(void)sqlite3_wal_hook(db->handle, count_frames, db);
	return 0;
}

/* A refusal only means that the mutexes and the count of memory stay. */
void
nk_db_single_thread(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* A refusal leaves more mutexes than are needed. */
void
nk_db_several_threads(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int
nk_db_open(struct nk_db **dbp, const char *path,
    const struct nk_db_options *o)
{
	struct nk_db *db = NULL;
	int code, r;

	*dbp = NULL;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		return -ENOMEM;
	db->busy_ms = o->busy_ms;
	code = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_NOFOLLOW |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	    (o->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE),
	    NULL);
	if (db->handle == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = db_result(db, code)) < 0 ||
	    (r = harden(db)) < 0 ||
	    (r = settings(db, o)) < 0 ||
	    (r = db_result(db, sqlite3_prepare_v3(db->handle, "ROLLBACK", -1,
	    SQLITE_PREPARE_PERSISTENT, &db->rollback, NULL))) < 0)
		goto out;
	*dbp = db;
	db = NULL;
 out:
	nk_db_close(db);
	return r;
}

int
nk_db_reset(const char *path, unsigned int busy_ms)
{
	sqlite3 *handle = NULL;
	int code;

	code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_NOFOLLOW |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	    SQLITE_OPEN_READWRITE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(handle, (int)busy_ms);
	if (code == SQLITE_OK)
		code = sqlite3_db_config(handle,
		    SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);
	if (code == SQLITE_OK) {
		/* find out whether it has a log; that it is damaged we know */
		(void)sqlite3_exec(handle, "PRAGMA schema_version", NULL,
		    NULL, NULL);
		code = sqlite3_exec(handle, "VACUUM", NULL, NULL, NULL);
	}
	code = result(code, sqlite3_system_errno(handle));
	(void)sqlite3_close_v2(handle);
	return code;
}

void
nk_db_close(struct nk_db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < CACHE_SLOTS; i++) {
		if (db->cache[i] != NULL)
			(void)sqlite3_finalize(db->cache[i]->handle);
		free(db->cache[i]);
	}
	(void)sqlite3_finalize(db->rollback);
	(void)sqlite3_close_v2(db->handle);
	free(db);
}

int
nk_db_exec(struct nk_db *db, const char *sql)
{
	return db_result(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

void
nk_db_set_busy(struct nk_db *db, bool wait)
{
	/* fails only for a handle that is none */
	(void)sqlite3_busy_timeout(db->handle, wait ? (int)db->busy_ms : 0);
}

void
nk_db_set_cache(struct nk_db *db, unsigned int kib)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%u", kib);
	(void)sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
}

static int
use_log(struct nk_db *db)
{
	struct nk_stmt *st = NULL;
	const char *mode;
	int r;

	if ((r = nk_db_stmt(db, "PRAGMA journal_mode = WAL", &st)) < 0)
		return r;
	if ((r = nk_stmt_step(st)) < 0)
		goto out;
	mode = r == 1 ? nk_stmt_text(st, 0) : NULL;
	r = mode != NULL && strcmp(mode, "wal") == 0 ? 0 : -ENOTSUP;
 out:
	nk_stmt_end(st);
	return r;
}

/*
 * The first time this needs the file for itself, and SQLite does not wait
 * for that of its own accord.
 */
int
nk_db_use_log(struct nk_db *db)
{
	static const struct timespec pause = { 0, 10 * 1000 * 1000 };
	unsigned int waited;
	int r;

	for (waited = 0; (r = use_log(db)) == -EBUSY; waited += 10) {
		if (waited >= db->busy_ms)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return r;
}

static int
read_version(struct nk_db *db, int64_t *applicationp, int64_t *versionp,
    bool *emptyp)
{
	int64_t n;
	int r;

	if ((r = nk_db_get(db, "PRAGMA application_id", 0, NULL,
	    applicationp)) < 0 ||
	    (r = nk_db_get(db, "PRAGMA user_version", 0, NULL,
	    versionp)) < 0 ||
	    (r = nk_db_get(db, "SELECT COUNT(*) FROM sqlite_schema", 0, NULL,
	    &n)) < 0)
		return r;
	*emptyp = *applicationp == 0 && *versionp == 0 && n == 0;
	return 0;
}

int
nk_db_get_version(struct nk_db *db, int64_t *applicationp,
    int64_t *versionp, bool *emptyp)
{
	int r;

	if (nk_db_in_transaction(db))
		return read_version(db, applicationp, versionp, emptyp);
	/* one snapshot: another process may be making the schema meanwhile */
	if ((r = nk_db_begin(db, false)) < 0)
		return r;
	r = read_version(db, applicationp, versionp, emptyp);
	nk_db_rollback(db);
	return r;
}

int
nk_db_set_version(struct nk_db *db, int64_t application, int64_t version)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %lld;"
	    "PRAGMA user_version = %lld", (long long)application,
	    (long long)version);
	return nk_db_exec(db, sql);
}

int
nk_db_begin(struct nk_db *db, bool write)
{
	if (!write)
		return nk_db_run(db, "BEGIN", 0, NULL, NULL);
	if (sqlite3_db_readonly(db->handle, "main") != 0)
		return -EROFS;	/* SQLite would begin to read */
	return nk_db_run(db, "BEGIN IMMEDIATE", 0, NULL, NULL);
}

int
nk_db_commit(struct nk_db *db)
{
	return nk_db_run(db, "COMMIT", 0, NULL, NULL);
}

void
nk_db_rollback(struct nk_db *db)
{
	/*
	 * ROLLBACK fails only where the transaction has ended already; the
	 * caller acts on the failure that brought it here.
	 */
	if (!nk_db_in_transaction(db))
		return;
	(void)sqlite3_step(db->rollback);
	(void)sqlite3_reset(db->rollback);
}

bool
nk_db_in_transaction(const struct nk_db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

/* Bytes of the log's file, 0 when there is none. */
static uint64_t
log_size(const struct nk_db *db)
{
	const char *file = sqlite3_db_filename(db->handle, "main");
	struct stat st;

	if (file == NULL || stat(sqlite3_filename_wal(file), &st) == -1 ||
	    st.st_size < 0)
		return 0;
	return (uint64_t)st.st_size;
}

/*
 * The log's file keeps its blocks, for a commit into blocks that are there
 * is the cheaper one; only a file far above the limit is cut.
 */
int
nk_db_checkpoint(struct nk_db *db, uint64_t limit)
{
	uint64_t size, used;
	int in_log = 0, moved = 0, code;

	if (nk_db_in_transaction(db))
		return -EINVAL;
	size = log_size(db);
	used = db->committed ? db->frames * FRAME_BYTES : size;
	if (used <= limit && size / 4 <= limit)
		return 0;
	code = sqlite3_wal_checkpoint_v2(db->handle, "main",
	    SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		return db_result(db, code);
	if (code != SQLITE_OK || moved < in_log)
		return 0;	/* a reader or a writer is in the way */
	db->frames = 0;
	if (size / 4 <= limit)
		return 0;
	nk_db_set_busy(db, false);
	code = sqlite3_wal_checkpoint_v2(db->handle, "main",
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	nk_db_set_busy(db, true);
	if ((code & 0xff) == SQLITE_BUSY)
		return 0;	/* later */
	return db_result(db, code);
}

/*
 * SQLITE_BUSY says that a lock was not to be had: the busy handler has waited
 * for it.
 */
int
nk_db_copy(struct nk_db *to, struct nk_db *from)
{
	sqlite3_backup *b;
	int code, r;

	if ((b = sqlite3_backup_init(to->handle, "main", from->handle,
	    "main")) == NULL)
		return db_result(to, sqlite3_extended_errcode(to->handle));
	code = sqlite3_backup_step(b, -1);
	r = sqlite3_backup_finish(b);
	if (r == SQLITE_OK && code != SQLITE_DONE)
		r = code;
	return db_result(to, r);
}

/* Report each row of a check that is not "ok". */
static int
check(struct nk_db *db, const char *sql, const char *what,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct nk_stmt *st = NULL;
	char line[ERROR_MAX];
	const char *text;
	int faults = 0, r;

	if ((r = nk_db_stmt(db, sql, &st)) < 0)
		return r;
	while (faults < FAULTS_MAX && (r = nk_stmt_step(st)) == 1) {
		text = (const char *)sqlite3_column_text(st->handle, 0);
		if (text != NULL && strcmp(text, "ok") == 0)
			continue;
		(void)snprintf(line, sizeof(line), "%s: %.200s", what,
		    text == NULL ? "?" : text);
		report(arg, line);
		faults++;
	}
	nk_stmt_end(st);
	if (r < 0)
		report(arg, nk_db_error(db));
	return faults > 0 ? -EBADMSG : r;
}

int
nk_db_check(struct nk_db *db, void (*report)(void *arg, const char *what),
    void *arg)
{
	int r;

	/* 100 is FAULTS_MAX */
	if ((r = check(db, "PRAGMA integrity_check(100)", "database",
	    report, arg)) < 0)
		return r;
	return check(db, "PRAGMA foreign_key_check",
	    "a row refers to nothing, in table", report, arg);
}

/* The same columns of both rows? */
static bool
is_same_row(struct nk_stmt *a, struct nk_stmt *b)
{
	const char *mine, *theirs;
	int i;

	for (i = 0; i < 4; i++) {
		mine = nk_stmt_text(a, i);
		theirs = nk_stmt_text(b, i);
		if (mine == NULL || theirs == NULL ||
		    strcmp(mine, theirs) != 0)
			return false;
	}
	return true;
}

/* What ANALYZE leaves is a guess of the planner's, and may be there. */
int
nk_db_is_alike(struct nk_db *db, struct nk_db *model)
{
	static const char sql[] = "SELECT type, name, tbl_name,"
	    " COALESCE(sql, '') FROM sqlite_schema WHERE type <> 'table' OR"
	    " name NOT IN ('sqlite_stat1', 'sqlite_stat4') ORDER BY type,"
	    " name";
	struct nk_stmt *a = NULL, *b = NULL;
	int r, s = 0;

	if ((r = nk_db_stmt(db, sql, &a)) < 0 ||
	    (r = nk_db_stmt(model, sql, &b)) < 0)
		goto out;
	while ((r = nk_stmt_step(a)) >= 0 && (s = nk_stmt_step(b)) >= 0) {
		if (r != s || (r == 1 && !is_same_row(a, b)))
			r = -EBADMSG;
		if (r != 1)
			goto out;
	}
	if (r >= 0)
		r = s;
 out:
	nk_stmt_end(b);
	nk_stmt_end(a);
	return r;
}

/* ---- statements ---- */

static int
prepare(struct nk_db *db, const char *sql, struct nk_stmt **stp)
{
	struct nk_stmt *st;
	int r;

	if ((st = calloc(1, sizeof(*st))) == NULL)
		return -ENOMEM;
	st->db = db;
	st->sql = sql;
	r = db_result(db, sqlite3_prepare_v3(db->handle, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &st->handle, NULL));
	if (r < 0) {
		free(st);
		return r;
	}
	*stp = st;
	return 0;
}

int
nk_db_stmt(struct nk_db *db, const char *sql, struct nk_stmt **stp)
{
	size_t i, slot = ((uintptr_t)sql >> 3) & (CACHE_SLOTS - 1);
	struct nk_stmt *st = NULL;
	int r;

	*stp = NULL;
	for (i = 0; i < CACHE_SLOTS; i++) {
		st = db->cache[slot];
		if (st == NULL || st->sql == sql)
			break;
		slot = (slot + 1) & (CACHE_SLOTS - 1);
	}
	if (st == NULL || st->sql != sql || st->busy) {
		if ((r = prepare(db, sql, &st)) < 0)
			return r;
		if (db->cache[slot] == NULL) {
			db->cache[slot] = st;
			st->cached = true;
		}
	}
	st->busy = true;
	st->r = 0;
	*stp = st;
	return 0;
}

void
nk_stmt_end(struct nk_stmt *st)
{
	if (st == NULL)
		return;
	if (!st->cached) {
		(void)sqlite3_finalize(st->handle);
		free(st);
		return;
	}
	/* both repeat the step's failure, which has been looked at */
	(void)sqlite3_reset(st->handle);
	(void)sqlite3_clear_bindings(st->handle);
	st->busy = false;
}

static void
bound(struct nk_stmt *st, int code)
{
	if (code != SQLITE_OK && st->r == 0)
		st->r = db_result(st->db, code);
}

void
nk_stmt_bind_int(struct nk_stmt *st, int i, int64_t v)
{
	bound(st, sqlite3_bind_int64(st->handle, i, v));
}

void
nk_stmt_bind_text(struct nk_stmt *st, int i, const char *text)
{
	/* a NULL text binds NULL */
	bound(st, sqlite3_bind_text(st->handle, i, text, -1, SQLITE_STATIC));
}

void
nk_stmt_bind_blob(struct nk_stmt *st, int i, const void *blob, size_t len)
{
	bound(st, sqlite3_bind_blob64(st->handle, i, blob, len,
	    SQLITE_STATIC));
}

int
nk_stmt_step(struct nk_stmt *st)
{
	int code;

	if (st->r < 0)
		return st->r;
	code = sqlite3_step(st->handle);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return db_result(st->db, code);
}

int
nk_stmt_run(struct nk_stmt *st, int64_t *changedp)
{
	int r;

	while ((r = nk_stmt_step(st)) == 1)
		;
	if (r == 0 && changedp != NULL)
		*changedp = sqlite3_changes64(st->db->handle);
	nk_stmt_end(st);
	return r;
}

static void
misfit(struct nk_stmt *st, int r)
{
	if (st->r == 0) {
		st->r = r;
		(void)snprintf(st->db->error, sizeof(st->db->error),
		    "%s", r == -ENOMEM ? "out of memory" :
		    "a row holds a value that cannot be there");
	}
}

int64_t
nk_stmt_int(struct nk_stmt *st, int i, int64_t min, int64_t max)
{
	/* tables are STRICT: what is declared INTEGER NOT NULL is one */
	int64_t v = sqlite3_column_int64(st->handle, i);

	if (v < min || v > max) {
		misfit(st, -EBADMSG);
		return min;
	}
	return v;
}

int64_t
nk_stmt_id_or_0(struct nk_stmt *st, int i)
{
	if (sqlite3_column_type(st->handle, i) == SQLITE_NULL)
		return 0;
	return nk_stmt_int(st, i, 1, INT64_MAX);
}

bool
nk_stmt_bool(struct nk_stmt *st, int i)
{
	return nk_stmt_int(st, i, 0, 1) == 1;
}

char *
nk_stmt_text(struct nk_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st->handle, i);

	if (text == NULL) {
		misfit(st, sqlite3_column_type(st->handle, i) == SQLITE_NULL ?
		    -EBADMSG : -ENOMEM);
		return NULL;
	}
	if (strlen((const char *)text) !=
	    (size_t)sqlite3_column_bytes(st->handle, i)) {
		misfit(st, -EBADMSG);
		return NULL;
	}
	return (char *)(uintptr_t)text;
}

char *
nk_stmt_text_or_null(struct nk_stmt *st, int i)
{
	if (sqlite3_column_type(st->handle, i) == SQLITE_NULL)
		return NULL;
	return nk_stmt_text(st, i);
}

uint8_t *
nk_stmt_blob(struct nk_stmt *st, int i, size_t *lenp)
{
	const void *blob = sqlite3_column_blob(st->handle, i);

	*lenp = (size_t)sqlite3_column_bytes(st->handle, i);
	if (blob == NULL && *lenp > 0)
		misfit(st, -ENOMEM);
	return (uint8_t *)(uintptr_t)blob;
}

int
nk_stmt_check(const struct nk_stmt *st)
{
	return st->r;
}

int
nk_db_run(struct nk_db *db, const char *sql, int n, const int64_t *v,
    int64_t *changedp)
{
	struct nk_stmt *st;
	int i, r;

	if ((r = nk_db_stmt(db, sql, &st)) < 0)
		return r;
	for (i = 0; i < n; i++)
		nk_stmt_bind_int(st, i + 1, v[i]);
	return nk_stmt_run(st, changedp);
}

int
nk_db_get(struct nk_db *db, const char *sql, int n, const int64_t *v,
    int64_t *resultp)
{
	struct nk_stmt *st;
	int i, r;

	if ((r = nk_db_stmt(db, sql, &st)) < 0)
		return r;
	for (i = 0; i < n; i++)
		nk_stmt_bind_int(st, i + 1, v[i]);
	r = nk_stmt_step(st);
	if (r == 1 && sqlite3_column_type(st->handle, 0) == SQLITE_INTEGER) {
		*resultp = sqlite3_column_int64(st->handle, 0);
		r = 0;
	} else if (r >= 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}
