/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BENCH_ROWS_FLOOR_H
#define NASKEYS_BENCH_ROWS_FLOOR_H

/*
 * What an edit's transaction costs by itself: the rows that it writes, into
 * the same tables with the same indexes, by statements that are prepared and
 * with nobody who asks, checks, renders or publishes.  What fails ends the
 * program.
 */

#include <sqlite3.h>
#include <stdbool.h>

enum rows_kind {
	ROWS_USER, ROWS_LOCK, ROWS_RENAME, ROWS_KEY, ROWS_KEY_GONE, ROWS_KINDS
};

#define ROWS_STATEMENTS	12

struct rows_floor {
	sqlite3		*db;
	sqlite3_stmt	*statements[ROWS_KINDS][ROWS_STATEMENTS];
	int		 frames;	/* in the log */
};

/*
 * Copy a store, whose users were imported with a key each, to path.  The
 * copy's log is one that is used again.
 */
void	rows_floor_open(struct rows_floor *f, const char *store,
	    const char *path);
void	rows_floor_close(struct rows_floor *f);

/*
 * One transaction.  What a round that is even has done, the next one takes
 * back; a key is added by even ones and removed by odd ones.
 */
void	rows_floor_edit(struct rows_floor *f, enum rows_kind kind, int round);

/* What the log needs between commits; not within the time that is taken. */
void	rows_floor_tidy(struct rows_floor *f);

#endif /* NASKEYS_BENCH_ROWS_FLOOR_H */
