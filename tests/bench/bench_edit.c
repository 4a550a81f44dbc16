/* SPDX-License-Identifier: ISC */

/*
 * bench_edit HELPER SMALL LARGE ROUNDS
 *
 * One durable, published edit of each kind on an open connection, in a state
 * with few users and in one with many, in turn with one bare SQLite commit
 * (WAL, synchronous FULL) on the same disk.  Prints medians and ratios.
 *
 * There are two bare commits: into a log that grows, as SQLite's does after
 * each opening, and into blocks that a log has once used, which is what a
 * log comes to whose checkpoints are made elsewhere.  The store's own log
 * grows at first and is used again then.
 *
 * The floor of an edit on this machine is a commit of as many pages as the
 * edit changes, into blocks that a log has once used, and a request that
 * asks for nothing.  Nearer to it is the edit's own transaction, the same rows
 * in the same tables, written by nobody but SQLite, and such a request.  To
 * both belongs what a rename has to ask the machine's name services.
 */

#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/rpc/client.h"
#include "tests/bench/commit_floor.h"
#include "tests/bench/rows_floor.h"

#define ROUNDS_MAX	10000
#define WARM_UP		10	/* even */
#define KEY_LINE \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bench"
#define KEY_FINGERPRINT "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"

#define HOMELESS	"bench"
#define AT_HOME		"bench-home"

struct state {
	char		  log[PATH_MAX];	/* the store's */
	struct nk_client *client;
	json_int_t	  id;		/* of the user that is edited */
	json_int_t	  home_id;	/* and of one with a home */
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

static json_int_t
make_user(struct state *s, const char *name, const char *home)
{
	json_t *row = call(s, "user.create", json_pack("[{s:s,s:b,s:b,s:s}]",
	    "username", name, "group_create", 1, "password_disabled", 1,
	    "home", home));
	json_int_t id = json_integer_value(json_object_get(row, "id"));

	json_decref(row);
	return id;
}

static void
join(char path[PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(path, PATH_MAX, "%s%s", folder, name);

	if (n < 0 || n >= PATH_MAX)
		errx(1, "%s: too long", folder);
}

/* A home as sshd finds it: another key in it, and the user's own. */
static void
fill_home(struct state *s, const char *home)
{
	static const char text[] = "ssh-ed25519 AAAA\n";
	json_t *row = call(s, "user.get_instance", json_pack("[I]",
	    s->home_id));
	uid_t uid = (uid_t)json_integer_value(json_object_get(row, "uid"));
	char path[PATH_MAX];
	int fd;

	json_decref(row);
	if (mkdir(home, 0755) == -1 || chown(home, uid, uid) == -1)
		err(1, "%s", home);
	join(path, home, "/.ssh");
	if (mkdir(path, 0700) == -1 || chown(path, uid, uid) == -1)
		err(1, "%s", path);
	join(path, home, "/.ssh/authorized_keys");
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) == -1 ||
	    write(fd, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1 ||
	    fchown(fd, uid, uid) == -1)
		err(1, "%s", path);
	close(fd);
}

static void
open_state(struct state *s, const char *helper, const char *dir)
{
	const char *argv[] = { helper, "--state-dir", dir, NULL };
	struct nk_client_options o = { .owner = geteuid(),
	    .answer_max = 1u << 24 };
	char home[PATH_MAX];

	if (nk_client_spawn(&s->client, helper, argv, &o) < 0)
		errx(1, "%s does not start", helper);
	join(s->log, dir, "/naskeys.db-wal");
	join(home, dir, ".home");
	s->id = make_user(s, HOMELESS, "/var/empty");
	s->home_id = make_user(s, AT_HOME, home);
	fill_home(s, home);
}

/*
 * The kinds; odd rounds take back what even ones did.  The removal of a key
 * is a kind of its own: it also looks, as the user, whether a file still
 * holds the key.
 */

static json_t *
edit_key_of(struct state *s, const char *user, int round)
{
	if (round % 2 == 0)
		return call(s, "user.add_key", json_pack("[s,{s:s}]", user,
		    "key", KEY_LINE));
	return call(s, "user.remove_key", json_pack("[s,s]", user,
	    KEY_FINGERPRINT));
}

static void
edit_key(struct state *s, int round)
{
	json_decref(edit_key_of(s, HOMELESS, round));
}

static void
edit_key_at_home(struct state *s, int round)
{
	json_t *answer = edit_key_of(s, AT_HOME, round);

	if (round % 2 != 0 && !json_is_true(json_object_get(answer, "dead")))
		errx(1, "the home was not looked at");
	json_decref(answer);
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
	    round % 2 == 0 ? "bench-renamed" : HOMELESS));
}

static const struct {
	const char	*name;
	const char	*back;		/* odd rounds are shown as this */
	void		(*edit)(struct state *, int);
	enum rows_kind	 rows[2];	/* of even rounds and odd ones */
	bool		 asks;		/* the machine's name services */
} kinds[] = {
	{ "key", "key gone", edit_key, { ROWS_KEY, ROWS_KEY_GONE }, false },
	{ "key of a home", "and gone", edit_key_at_home,
	    { ROWS_KEY, ROWS_KEY_GONE }, false },
	{ "user", NULL, edit_user, { ROWS_USER, ROWS_USER }, false },
	{ "lock", "unlock", edit_lock, { ROWS_LOCK, ROWS_LOCK }, false },
	{ "rename", NULL, edit_rename, { ROWS_RENAME, ROWS_RENAME }, true },
};

/* What is measured in turn. */
enum series {
	FEW, MANY, GROWS, REUSED, ALIKE, ROWS, REQUEST, NAMES, SERIES
};

struct rounds {
	int	n;
	int	pages;		/* that an edit changes */
	double	us[SERIES][ROUNDS_MAX];
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
	double us[SERIES], asked;

	for (int k = 0; k < SERIES; k++)
		qsort(r->us[k], (size_t)r->n, sizeof(double), ascending);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (int k = 0; k < SERIES; k++)
			us[k] = r->us[k][r->n * at[i].part / 100];
		asked = us[REQUEST] + us[NAMES];
		printf("%-13s %-13s %5.0f us few users %5.0f us many "
		    "%5.0f us commit, log grows %5.0f us log reused   "
		    "many/few %.2f   many/commit %.2f %.2f\n",
		    i == 0 ? name : "", at[i].name, us[FEW], us[MANY],
		    us[GROWS], us[REUSED], us[MANY] / us[FEW],
		    us[MANY] / us[GROWS], us[MANY] / us[REUSED]);
		printf("%-13s %-13s %5.0f us commit of %d pages %5.0f us the "
		    "same rows %5.0f us empty request %5.0f us names   "
		    "many/floor %.2f %.2f\n", "", "", us[ALIKE], r->pages,
		    us[ROWS], us[REQUEST], us[NAMES],
		    us[MANY] / (us[ALIKE] + asked),
		    us[MANY] / (us[ROWS] + asked));
	}
}

struct bench {
	struct state		small, large;
	struct commit_floor	grows, reused, alike;
	struct rows_floor	rows;
};

/* Microseconds since the last time; the first one says nothing. */
static double
lap(void)
{
	static double last;
	double before = last;

	last = now_us();
	return last - before;
}

/* Who comes after the other finds the machine as that one has left it. */
static void
take_edits(struct bench *b, size_t kind, int round, double us[SERIES])
{
	bool many_first = round / 2 % 2 != 0;

	(void)lap();
	kinds[kind].edit(many_first ? &b->large : &b->small, round);
	us[many_first ? MANY : FEW] = lap();
	kinds[kind].edit(many_first ? &b->small : &b->large, round);
	us[many_first ? FEW : MANY] = lap();
}

static void
take_floors(struct bench *b, size_t kind, int round, double us[SERIES])
{
	(void)lap();
	commit_floor(&b->grows, round);
	us[GROWS] = lap();
	commit_floor(&b->reused, round);
	us[REUSED] = lap();
	commit_floor(&b->alike, round);
	us[ALIKE] = lap();
	rows_floor_edit(&b->rows, kinds[kind].rows[round % 2], round);
	us[ROWS] = lap();
	edit(&b->large, "core.ping", json_array());
	us[REQUEST] = lap();
	if (kinds[kind].asks && getpwnam("bench-nobody") != NULL)
		errx(1, "there is a user bench-nobody");
	us[NAMES] = kinds[kind].asks ? lap() : 0;
}

static void
take_round(struct bench *b, size_t kind, int round, struct rounds *r)
{
	double us[SERIES];

	if (r->n > 0)
		b->alike.pages = r->pages;
	take_edits(b, kind, round, us);
	take_floors(b, kind, round, us);
	for (int k = 0; k < SERIES; k++)
		r->us[k][r->n] = us[k];
	r->n++;
	commit_floor_tidy(&b->reused);
	commit_floor_tidy(&b->alike);
	rows_floor_tidy(&b->rows);
}

static void
measure(struct bench *b, int rounds)
{
	static struct rounds there, back;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		there.n = back.n = 0;
		for (int i = -WARM_UP; i < rounds; i++) {
			struct rounds *r = kinds[k].back != NULL &&
			    i % 2 != 0 ? &back : &there;

			if (i == 0)
				there.n = back.n = 0;
			take_round(b, k, i + WARM_UP, r);
			if (i < 0)
				r->pages = commit_floor_pages(b->large.log);
		}
		report(kinds[k].name, &there);
		if (kinds[k].back != NULL)
			report(kinds[k].back, &back);
	}
}

static void
open_floor(struct commit_floor *f, const char *dir, const char *name,
    bool reuse)
{
	char path[PATH_MAX];

	join(path, dir, name);
	commit_floor_open(f, path, reuse);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	char store[PATH_MAX], path[PATH_MAX];
	int rounds;

	if (argc != 5 || (rounds = (int)strtol(argv[4], NULL, 10)) < 2 ||
	    rounds > ROUNDS_MAX - WARM_UP)
		errx(2, "usage: bench_edit HELPER SMALL LARGE ROUNDS");
	open_state(&b.small, argv[1], argv[2]);
	open_state(&b.large, argv[1], argv[3]);
	open_floor(&b.grows, argv[3], "/grows.db", false);
	open_floor(&b.reused, argv[3], "/reused.db", true);
	open_floor(&b.alike, argv[3], "/alike.db", true);
	join(store, argv[3], "/naskeys.db");
	join(path, argv[3], "/rows.db");
	rows_floor_open(&b.rows, store, path);
	measure(&b, rounds);
	commit_floor_close(&b.grows);
	commit_floor_close(&b.reused);
	commit_floor_close(&b.alike);
	rows_floor_close(&b.rows);
	nk_client_free(b.small.client);
	nk_client_free(b.large.client);
	return 0;
}
