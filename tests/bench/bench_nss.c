/* SPDX-License-Identifier: ISC */
/*
 * bench_nss ROUNDS MODULE CONSTANT FLOOR USERS...
 *
 * Our module against one that answers a constant, both through glibc's own
 * dispatch with an nsswitch.conf of their own; and enumeration against
 * glibc's "files".  Beside it, the floor: a module that answers from a mapped
 * file as large as ours and checks nothing.  What it costs is what this
 * machine's memory costs.  Each is a process of its own, and they take turns.
 */
#include <sys/mount.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/compare.h"
#include "tests/bench/nss_users.h"
#include "tests/fixture/maps.h"

#define BATCH		500u
#define ENUMERATED	2000000u	/* entries, at most 50 times */

enum operation {
	OP_NAME, OP_UID, OP_NAME_MISS, OP_UID_MISS, OP_GROUPS, OP_ENUMERATE,
	OP_QUIT,
};

/* A process that does what it is told. */
struct worker {
	pid_t	 pid;
	int	 to[2], from[2];
};

struct order {
	enum operation	 op;
	uint32_t	 users;
	uint64_t	 seed;
};

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void
require(int ok, const char *what)
{
	if (!ok)
		errx(EXIT_FAILURE, "%s: a wrong answer", what);
}

/*
 * The time of our own on the processor: what others do with it meanwhile is
 * no part of a lookup, which never waits.
 */
static uint64_t
own_time(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		err(EXIT_FAILURE, "clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static double
look_up(const struct order *o)
{
	static char names[BATCH][24];
	static uint32_t ids[BATCH];
	uint64_t seed = o->seed, begin;
	gid_t list[16];
	uint32_t i;
	int n;

	for (i = 0; i < BATCH; i++) {
		ids[i] = (uint32_t)(next_random(&seed) % o->users);
		(void)snprintf(names[i], sizeof(names[i]), "%suser%u",
		    o->op == OP_NAME_MISS ? "-" : "", ids[i]);
		ids[i] += o->op == OP_UID_MISS ? 0x90000000u :
		    NK_BENCH_FIRST_UID;
	}
	begin = own_time();
	for (i = 0; i < BATCH; i++) {
		switch (o->op) {
		case OP_NAME:
			require(getpwnam(names[i]) != NULL, names[i]);
			break;
		case OP_UID:
			require(getpwuid(ids[i]) != NULL, names[i]);
			break;
		case OP_NAME_MISS:
			require(getpwnam(names[i]) == NULL, names[i]);
			break;
		case OP_UID_MISS:
			require(getpwuid(ids[i]) == NULL, names[i]);
			break;
		default:
			n = 16;
			require(getgrouplist(names[i], 10000, list, &n) ==
			    1 + (int)NK_BENCH_GROUPS, names[i]);
		}
	}
	return (double)(own_time() - begin) / BATCH;
}

static double
enumerate(const struct order *o)
{
	uint64_t begin = own_time();
	uint32_t n = 0;

	setpwent();
	while (getpwent() != NULL)
		n++;
	endpwent();
	require(n == o->users, "getpwent");
	return (double)(own_time() - begin) / n;
}

/* Serve orders until there are no more. */
static void
work(struct worker *w, const char *service, const char *path)
{
	char conf[64];
	struct order o;
	double ns;
	FILE *f;

	(void)snprintf(conf, sizeof(conf), NK_RUNSTATEDIR "/nsswitch.%s",
	    service);
	if ((f = fopen(conf, "we")) == NULL ||
	    fprintf(f, "passwd: %s\ngroup: %s\n", service, service) < 0 ||
	    fclose(f) != 0)
		err(EXIT_FAILURE, "%s", conf);
	if (unshare(CLONE_NEWNS) == -1 || mount(conf, "/etc/nsswitch.conf",
	    NULL, MS_BIND, NULL) == -1)
		err(EXIT_FAILURE, "%s", conf);
	/* glibc finds by its soname what is loaded already. */
	if (path != NULL && dlopen(path, RTLD_NOW) == NULL)
		errx(EXIT_FAILURE, "%s", dlerror());
	while (read(w->to[0], &o, sizeof(o)) == (ssize_t)sizeof(o) &&
	    o.op != OP_QUIT) {
		ns = o.op == OP_ENUMERATE ? enumerate(&o) : look_up(&o);
		if (write(w->from[1], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
			err(EXIT_FAILURE, "an answer");
	}
	exit(EXIT_SUCCESS);
}

static void
start(struct worker *w, const char *service, const char *path)
{
	if (pipe(w->to) == -1 || pipe(w->from) == -1 ||
	    (w->pid = fork()) == -1)
		err(EXIT_FAILURE, "a worker");
	if (w->pid == 0) {
		close(w->to[1]);
		work(w, service, path);
	}
	close(w->to[0]);
	close(w->from[1]);
}

static void
finish(struct worker *w)
{
	const struct order o = { .op = OP_QUIT };
	int status;

	if (write(w->to[1], &o, sizeof(o)) != (ssize_t)sizeof(o))
		err(EXIT_FAILURE, "an order");
	close(w->to[1]);
	close(w->from[0]);
	if (waitpid(w->pid, &status, 0) == -1 || status != 0)
		errx(EXIT_FAILURE, "a worker failed");
}

static double
ask(const struct worker *w, const struct order *o)
{
	double ns;

	if (write(w->to[1], o, sizeof(*o)) != (ssize_t)sizeof(*o) ||
	    read(w->from[0], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
		errx(EXIT_FAILURE, "a worker has gone");
	return ns;
}

/* Ask each of them; who is first changes from round to round. */
static void
take_turns(const struct worker *const w[], double *const ns[], size_t count,
    const struct order *o, size_t round)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		k = (round + i) % count;
		ns[k][round] = ask(w[k], o);
	}
}

static void
compare(const char *what, const struct worker *ours,
    const struct worker *theirs, const struct worker *floor_of,
    enum operation op, uint32_t users, size_t rounds)
{
	static struct nk_rounds r, f;
	const struct worker *const w[] = { ours, theirs, floor_of };
	double *const ns[] = { r.ours, r.theirs, f.ours };
	size_t count = floor_of == NULL ? 2 : 3;
	struct order o = { .op = op, .users = users };
	char title[64];

	for (o.seed = 1; o.seed <= 3; o.seed++)		/* warm up */
		take_turns(w, ns, count, &o, 0);
	for (r.count = 0; r.count < rounds; r.count++) {
		o.seed = 88172645463325252u + r.count;
		take_turns(w, ns, count, &o, r.count);
	}
	(void)snprintf(title, sizeof(title), "%s, %u users", what, users);
	nk_bench_report(title, &r);
	if (floor_of == NULL)
		return;
	f.count = r.count;
	memcpy(f.theirs, r.theirs, sizeof(f.theirs));
	nk_bench_report("  the floor", &f);
}

static const struct {
	enum operation	 op;
	const char	*what;
} lookups[] = {
	{ OP_NAME,	"getpwnam" },
	{ OP_UID,	"getpwuid" },
	{ OP_NAME_MISS,	"getpwnam, miss" },
	{ OP_UID_MISS,	"getpwuid, miss" },
	{ OP_GROUPS,	"initgroups" },
};

static void
bench(size_t rounds, char **modules, uint32_t users)
{
	struct worker ours, theirs, least, files;
	size_t i, lists = 1 + ENUMERATED / users;

	nk_fixture_enter();
	nk_bench_make_users(users);
	nk_bench_pin();
	start(&ours, "naskeys", modules[0]);
	start(&theirs, "constant", modules[1]);
	start(&least, "floor", modules[2]);
	start(&files, "files", NULL);
	for (i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++)
		compare(lookups[i].what, &ours, &theirs, &least,
		    lookups[i].op, users, rounds);
	compare("enumeration against files", &ours, &files, NULL,
	    OP_ENUMERATE, users, lists > 50 ? 50 : lists);
	finish(&ours);
	finish(&theirs);
	finish(&least);
	finish(&files);
}

int
main(int argc, char **argv)
{
	char groups[16];
	size_t rounds;
	int i, status;
	pid_t pid;

	if (argc < 6 || (rounds = strtoul(argv[1], NULL, 10)) == 0 ||
	    rounds > NK_ROUNDS_MAX)
		errx(EXIT_FAILURE, "usage: bench_nss ROUNDS MODULE CONSTANT "
		    "FLOOR USERS...");
	(void)snprintf(groups, sizeof(groups), "%u", NK_BENCH_GROUPS);
	if (setenv("NK_GROUPS", groups, 1) == -1)
		err(EXIT_FAILURE, "setenv");
	for (i = 5; i < argc; i++) {
		if ((pid = fork()) == -1)
			err(EXIT_FAILURE, "fork");
		if (pid == 0) {
			bench(rounds, argv + 2,
			    (uint32_t)strtoul(argv[i], NULL, 10));
			return EXIT_SUCCESS;
		}
		if (waitpid(pid, &status, 0) == -1 || status != 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
