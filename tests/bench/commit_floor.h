/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_BENCH_COMMIT_FLOOR_H
#define NASKEYS_BENCH_COMMIT_FLOOR_H

/*
 * A bare SQLite commit (WAL, synchronous FULL), to measure edits against.
 * What fails ends the program.
 */

#include <sqlite3.h>
#include <stdbool.h>

struct commit_floor {
	sqlite3		*db;
	sqlite3_stmt	*begin, *update, *commit;
	int		 pages;		/* that a commit changes: 1 (at first)
				   to 64 */
	bool		 reuse;		/* of the log's blocks */
	int		 frames;	/* in the log, while it is reused */
};

/* A new database; reuse: its log never grows. */
void	commit_floor_open(struct commit_floor *f, const char *path,
	    bool reuse);

void	commit_floor_close(struct commit_floor *f);

/* Change a row on each of so many pages, and commit; round is what for. */
void	commit_floor(struct commit_floor *f, int round);

/* What the log needs between commits; not within the time that is taken. */
void	commit_floor_tidy(struct commit_floor *f);

/*
 * How many pages the last commit in a log of SQLite's has changed: the
 * frames since the commit before.  Frames with another salt are left from
 * before the log was used again.
 */
int	commit_floor_pages(const char *log);

#endif /* NASKEYS_BENCH_COMMIT_FLOOR_H */
