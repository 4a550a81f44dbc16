/* SPDX-License-Identifier: ISC */

/*
 * bench_edit HELPER SMALL LARGE ROUNDS
 *
 * One durable, published edit of each kind on an open connection, in a state
 * with few users and in one with many, in turn with one bare SQLite commit
 * (WAL, synchronous FULL) on the same disk.  Prints medians and ratios.
 */

#include <err.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/rpc/client.h"

#define ROUNDS_MAX	10000
#define WARM_UP		10	/* even */
#define KEY_LINE \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bench"
#define KEY_FINGERPRINT "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"

struct state {
	struct nk_client *client;
	json_int_t	  id;		/* of the user that is edited */
};

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static json_t *
call(struct state *s, const char *method, json_t *params)
{
	struct nk_error e;
	json_t *result;
	int r;

	nk_error_init(&e);
	if (params == NULL)
		errx(1, "%s: no parameters", method);
	if ((r = nk_client_call(s->client, method, params, -1, &result,
	    &e)) < 0)
		errx(1, "%s: %s (%s)", method, strerror(-r),
		    e.reason != NULL ? e.reason : e.triples != NULL ?
		    json_dumps(e.triples, 0) : "");
	json_decref(params);
	nk_error_clear(&e);
	return result;
}

static void
edit(struct state *s, const char *method, json_t *params)
{
	json_decref(call(s, method, params));
}

static void
open_state(struct state *s, const char *helper, const char *dir)
{
	const char *argv[] = { helper, "--state-dir", dir, NULL };
	struct nk_client_options o = { .owner = geteuid(),
	    .answer_max = 1u << 24 };
	json_t *row;

	if (nk_client_spawn(&s->client, helper, argv, &o) < 0)
		errx(1, "%s does not start", helper);
	row = call(s, "user.create", json_pack("[{s:s,s:b,s:b}]", "username",
	    "bench", "group_create", 1, "password_disabled", 1));
	s->id = json_integer_value(json_object_get(row, "id"));
	json_decref(row);
}

/*
 * The kinds; odd rounds take back what even ones did.  The removal of a key
 * is a kind of its own: it also looks, as the user, whether a file still
 * holds the key.
 */

static void
edit_key(struct state *s, int round)
{
	if (round % 2 == 0)
		edit(s, "user.add_key", json_pack("[s,{s:s}]", "bench",
		    "key", KEY_LINE));
	else
		edit(s, "user.remove_key", json_pack("[s,s]", "bench",
		    KEY_FINGERPRINT));
}

static void
edit_user(struct state *s, int round)
{
	edit(s, "user.update", json_pack("[I,{s:s}]", s->id, "full_name",
	    round % 2 == 0 ? "Somebody Else" : "Nobody"));
}

static void
edit_lock(struct state *s, int round)
{
	edit(s, "user.update", json_pack("[I,{s:b}]", s->id, "locked",
	    round % 2 == 0 ? 1 : 0));
}

static void
edit_rename(struct state *s, int round)
{
	edit(s, "user.update", json_pack("[I,{s:s}]", s->id, "username",
	    round % 2 == 0 ? "renamed" : "bench"));
}

static const struct {
	const char	*name;
	const char	*back;		/* odd rounds are shown as this */
	void		(*edit)(struct state *, int);
} kinds[] = {
	{ "key", "key gone", edit_key }, { "user", NULL, edit_user },
	{ "lock", "unlock", edit_lock }, { "rename", NULL, edit_rename },
};

/* The floor: one row changed and committed. */
static sqlite3 *
open_floor(const char *dir)
{
	char path[512];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/floor.db", dir);
	unlink(path);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
	    "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);"
	    "INSERT INTO t VALUES(1, 'x')", NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", path, sqlite3_errmsg(db));
	return db;
}

static void
commit_floor(sqlite3_stmt *statement, int round)
{
	sqlite3_bind_int(statement, 1, round);
	if (sqlite3_step(statement) != SQLITE_DONE)
		errx(1, "floor: commit failed");
	sqlite3_reset(statement);
}

struct rounds {
	int	n;
	double	few[ROUNDS_MAX], many[ROUNDS_MAX], floor[ROUNDS_MAX];
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Medians; and below them the fastest tenth, which the machine let run. */
static void
report(const char *name, struct rounds *r)
{
	static const struct {
		const char	*name;
		int		 part;	/* of a hundred */
	} at[] = { { "median", 50 }, { "fastest tenth", 10 } };
	double few, many, floor;

	qsort(r->few, (size_t)r->n, sizeof(double), ascending);
	qsort(r->many, (size_t)r->n, sizeof(double), ascending);
	qsort(r->floor, (size_t)r->n, sizeof(double), ascending);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		few = r->few[r->n * at[i].part / 100];
		many = r->many[r->n * at[i].part / 100];
		floor = r->floor[r->n * at[i].part / 100];
		printf("%-8s %-13s %6.0f us few users %6.0f us many %6.0f us "
		    "bare commit   many/few %.2f   many/commit %.2f\n",
		    i == 0 ? name : "", at[i].name, few, many, floor,
		    many / few, many / floor);
	}
}

static void
take_round(void (*work)(struct state *, int), struct state *small,
    struct state *large, sqlite3_stmt *statement, int round,
    struct rounds *r)
{
	double t0, t1, t2, t3;

	t0 = now_us();
	work(small, round);
	t1 = now_us();
	work(large, round);
	t2 = now_us();
	commit_floor(statement, round);
	t3 = now_us();
	r->few[r->n] = t1 - t0;
	r->many[r->n] = t2 - t1;
	r->floor[r->n++] = t3 - t2;
}

static void
measure(struct state *small, struct state *large, sqlite3_stmt *statement,
    int rounds)
{
	static struct rounds there, back;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (int i = -WARM_UP; i < rounds; i++) {
			if (i == 0)
				there.n = back.n = 0;
			take_round(kinds[k].edit, small, large, statement,
			    i + WARM_UP, kinds[k].back != NULL && i % 2 != 0 ?
			    &back : &there);
		}
		report(kinds[k].name, &there);
		if (kinds[k].back != NULL)
			report(kinds[k].back, &back);
	}
}

int
main(int argc, char **argv)
{
	struct state small, large;
	sqlite3_stmt *statement;
	sqlite3 *db;
	int rounds;

	if (argc != 5 || (rounds = (int)strtol(argv[4], NULL, 10)) < 2 ||
	    rounds > ROUNDS_MAX)
		errx(2, "usage: bench_edit HELPER SMALL LARGE ROUNDS");
	open_state(&small, argv[1], argv[2]);
	open_state(&large, argv[1], argv[3]);
	db = open_floor(argv[3]);
	if (sqlite3_prepare_v2(db, "UPDATE t SET b = ?1 WHERE a = 1", -1,
	    &statement, NULL) != SQLITE_OK)
		errx(1, "floor: %s", sqlite3_errmsg(db));
	measure(&small, &large, statement, rounds);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	nk_client_free(small.client);
	nk_client_free(large.client);
	return 0;
}
