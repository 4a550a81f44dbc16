/* SPDX-License-Identifier: ISC */
#include "tests/bench/rows_floor.h"

#include <err.h>
#include <stddef.h>
#include <unistd.h>

#define FRAMES_MOST	1000	/* of a log that is used again */

/* What each edit writes beside its own row; user 9 is edited. */
#define BOOKS(kind, action) \
	"UPDATE counters SET value = value + 1 WHERE name = 'audit';" \
	"UPDATE counters SET value = value + 1 WHERE name = 'audit_rows';" \
	"UPDATE counters SET value = value + 1 WHERE name = 'change';" \
	"INSERT INTO journal (seq, kind, row_id) SELECT value, " kind ", 9" \
	"  FROM counters WHERE name = 'change';" \
	"INSERT INTO audit (id, at, actor_uid, actor, action, object_kind," \
	"  object_id, object, sentence, before, after) SELECT value," \
	"  unixepoch(), 0, 'root', '" action "', 'user', 9, 'bench'," \
	"  'Update user bench', '{\"full_name\":\"Somebody Else\"}'," \
	"  '{\"full_name\":\"Nobody\"}' FROM counters WHERE name = 'audit';" \
	"COMMIT;"

/* ?1 is the number of the round. */
static const char *const texts[ROWS_KINDS] = {
	[ROWS_USER] = "BEGIN IMMEDIATE;"
	"UPDATE users SET full_name = CASE ?1 % 2 WHEN 0 THEN 'Somebody Else'"
	"  ELSE 'Nobody' END WHERE id = 9;" BOOKS("0", "user.update"),
	[ROWS_LOCK] = "BEGIN IMMEDIATE;"
	"UPDATE users SET locked = 1 - ?1 % 2, generation = generation + 1"
	"  WHERE id = 9;" BOOKS("0", "user.update"),
	[ROWS_RENAME] = "BEGIN IMMEDIATE;"
	"UPDATE users SET name = CASE ?1 % 2 WHEN 0 THEN 'rows-renamed'"
	"  ELSE 'rows' END, generation = generation + 1 WHERE id = 9;"
	BOOKS("0", "user.update"),
	[ROWS_KEY] = "BEGIN IMMEDIATE;"
	"UPDATE counters SET value = value + 1 WHERE name = 'key';"
	"INSERT INTO keys (id, user_id, position, kind, cert_authority, bits,"
	"  type, blob, fingerprint, comment, added_by, added_at, expires_at,"
	"  last_used_at) SELECT value, 9, 2, 0, 0, 256, 'ssh-ed25519',"
	"  randomblob(51), hex(randomblob(25)), 'bench', 'root',"
	"  unixepoch(), 9223372036854775807, 0 FROM counters"
	"  WHERE name = 'key';" BOOKS("1", "user.add_key"),
	[ROWS_KEY_GONE] = "BEGIN IMMEDIATE;"
	"DELETE FROM keys WHERE user_id = 9 AND position = 2;"
	BOOKS("1", "user.remove_key"),
};

static int
count_frames(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct rows_floor *f = arg;

	(void)db;
	(void)name;
	f->frames = frames;
	return SQLITE_OK;
}

static void
prepare(struct rows_floor *f, enum rows_kind kind)
{
	const char *text = texts[kind];

	for (int i = 0; *text != '\0'; i++) {
		if (i == ROWS_STATEMENTS)
			errx(1, "rows: too many statements");
		if (sqlite3_prepare_v3(f->db, text, -1,
		    SQLITE_PREPARE_PERSISTENT, &f->statements[kind][i],
		    &text) != SQLITE_OK)
			errx(1, "rows: %s", sqlite3_errmsg(f->db));
	}
}

static void
copy(const char *store, const char *path)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	(void)unlink(path);
	if (sqlite3_open_v2(store, &db, SQLITE_OPEN_READONLY, NULL) !=
	    SQLITE_OK ||
	    sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &st, NULL) !=
	    SQLITE_OK ||
	    sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_DONE)
		errx(1, "%s: %s", store, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	sqlite3_close(db);
}

void
rows_floor_open(struct rows_floor *f, const char *store, const char *path)
{
	*f = (struct rows_floor){ .db = NULL };
	copy(store, path);
	if (sqlite3_open(path, &f->db) != SQLITE_OK ||
	    sqlite3_exec(f->db, "PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
	    "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
	    "PRAGMA temp_store=MEMORY;", NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", path, sqlite3_errmsg(f->db));
	(void)sqlite3_wal_hook(f->db, count_frames, f);
	for (int k = 0; k < ROWS_KINDS; k++)
		prepare(f, (enum rows_kind)k);
	for (int i = 0; f->frames < FRAMES_MOST; i++)
		rows_floor_edit(f, ROWS_USER, i);
	rows_floor_tidy(f);
}

void
rows_floor_close(struct rows_floor *f)
{
	for (int k = 0; k < ROWS_KINDS; k++) {
		for (int i = 0; i < ROWS_STATEMENTS; i++)
			sqlite3_finalize(f->statements[k][i]);
	}
	sqlite3_close(f->db);
}

void
rows_floor_edit(struct rows_floor *f, enum rows_kind kind, int round)
{
	sqlite3_stmt *st;

	for (int i = 0; i < ROWS_STATEMENTS; i++) {
		if ((st = f->statements[kind][i]) == NULL)
			break;
		if (sqlite3_bind_parameter_count(st) > 0)
			sqlite3_bind_int(st, 1, round);
		if (sqlite3_step(st) != SQLITE_DONE)
			errx(1, "rows: %s", sqlite3_errmsg(f->db));
		sqlite3_reset(st);
	}
}

void
rows_floor_tidy(struct rows_floor *f)
{
	if (f->frames >= FRAMES_MOST)
		(void)sqlite3_wal_checkpoint_v2(f->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}
