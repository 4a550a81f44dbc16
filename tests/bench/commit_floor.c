/* SPDX-License-Identifier: ISC */
#include "tests/bench/commit_floor.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FLOOR_FRAMES	1000	/* of a log that is used again */
#define PAGE_BYTES	4096
#define LOG_HEADER	32	/* bytes; SQLite's file format, 4.1 */
#define FRAME_HEADER	24

int
commit_floor_pages(const char *log)
{
	unsigned char header[LOG_HEADER], frame[FRAME_HEADER];
	static const unsigned char inside[4];
	int fd, n = 0, last = 0;
	off_t at = LOG_HEADER;

	if ((fd = open(log, O_RDONLY)) == -1 ||
	    pread(fd, header, sizeof(header), 0) != sizeof(header))
		err(1, "%s", log);
	for (; pread(fd, frame, sizeof(frame), at) == sizeof(frame) &&
	    memcmp(frame + 8, header + 16, 8) == 0;
	    at += FRAME_HEADER + PAGE_BYTES) {
		n++;
		if (memcmp(frame + 4, inside, sizeof(inside)) != 0) {
			last = n;
			n = 0;
		}
	}
	close(fd);
	return last;
}

static int
count_frames(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct commit_floor *f = arg;

	(void)db;
	(void)name;
	f->frames = frames;
	return SQLITE_OK;
}

static void
step(sqlite3_stmt *st)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		errx(1, "floor: %s", sqlite3_errmsg(sqlite3_db_handle(st)));
	sqlite3_reset(st);
}

void
commit_floor(struct commit_floor *f, int round)
{
	if (f->pages > 1)
		step(f->begin);
	for (int i = 1; i <= f->pages; i++) {
		sqlite3_bind_int(f->update, 1, round);
		sqlite3_bind_int(f->update, 2, i);
		step(f->update);
	}
	if (f->pages > 1)
		step(f->commit);
}

void
commit_floor_tidy(struct commit_floor *f)
{
	if (f->reuse && f->frames >= FLOOR_FRAMES)
		(void)sqlite3_wal_checkpoint_v2(f->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static sqlite3_stmt *
prepare(struct commit_floor *f, const char *sql)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK)
		errx(1, "floor: %s", sqlite3_errmsg(f->db));
	return st;
}

void
commit_floor_open(struct commit_floor *f, const char *path, bool reuse)
{
	f->pages = 1;
	f->reuse = reuse;
	f->frames = 0;
	(void)unlink(path);
	if (sqlite3_open(path, &f->db) != SQLITE_OK ||
	    sqlite3_exec(f->db, "PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
	    "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c TEXT);"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 64) INSERT INTO t SELECT i, 'x',"
	    " hex(zeroblob(1250)) FROM n", NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", path, sqlite3_errmsg(f->db));
	f->begin = prepare(f, "BEGIN IMMEDIATE");
	f->update = prepare(f, "UPDATE t SET b = ?1 WHERE a = ?2");
	f->commit = prepare(f, "COMMIT");
	(void)sqlite3_wal_hook(f->db, count_frames, f);
	for (int i = 0; reuse && i < FLOOR_FRAMES; i++)
		commit_floor(f, i);
	commit_floor_tidy(f);
}

void
commit_floor_close(struct commit_floor *f)
{
	sqlite3_finalize(f->begin);
	sqlite3_finalize(f->update);
	sqlite3_finalize(f->commit);
	sqlite3_close(f->db);
}
