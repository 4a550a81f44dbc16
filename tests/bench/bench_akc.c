/* SPDX-License-Identifier: ISC */
/*
 * bench_akc ROUNDS PROGRAM EMPTY ALIKE CALLS USERS...
 *
 * naskeys-authorized-keys, started and reaped as sshd does, against an empty
 * program, an empty program that is linked alike, and one that only makes
 * the same system calls at places of the same maps; and with the last number
 * of users against the first, of both.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/compare.h"
#include "tests/fixture/maps.h"

#define BATCH		5u
#define WORKERS_MAX	8
#define FIRST_UID	10000u

/* An ed25519 key has so many characters. */
#define BLOB	"AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%010u"

/* A process with maps of its own that runs one of the programs when told. */
struct worker {
	pid_t		 pid;
	int		 to[2], from[2];
	const char	*const *programs;
	uint32_t	 users;		/* 0: no maps */
};

enum program { OURS, EMPTY, ALIKE, CALLS, PROGRAMS };

struct order {
	uint64_t	seed;		/* 0: end */
	enum program	program;
};

/* Who is compared: a program, where these maps are. */
struct runner {
	const struct worker	*worker;
	enum program		 program;
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
build_accounts(uint32_t users)
{
	struct nk_map_settings s = { .managed_gid = 900, .min_id = 1000 };
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, users, 0644);
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 10000,
	    .flags = NK_USER_MANAGED, .gecos = "Some User", .home = "/home",
	    .shell = "/bin/sh" };
	char name[32];
	uint32_t i;

	nk_fixture_ok(nk_mapwriter_settings(w, &s), "settings");
	u.name = name;
	for (i = 0; i < users; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		u.row = u.generation = i + 1;
		u.uid = FIRST_UID + i;
		nk_fixture_ok(nk_mapwriter_put_user(w, &u), name);
	}
	nk_fixture_install(w);
	nk_mapwriter_free(w);
}

static void
build_keys(uint32_t users)
{
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_KEYS,
	    NK_MAP_KIND_KEYS, users, 0640);
	struct nk_put_keyline line = { .expires_at = NK_NEVER, .type_len = 11,
	    .blob_at = 12 };
	struct nk_put_keyset k = { .lines = &line, .count = 1 };
	char text[160];
	uint32_t i;
	int n;

	line.text = text;
	for (i = 0; i < users; i++) {
		n = snprintf(text, sizeof(text), "ssh-ed25519 " BLOB
		    " somebody@somewhere", i);
		line.text_len = (uint32_t)n;
		line.blob_len = line.text_len - 12 - 19;
		k.row = k.generation[0] = k.generation[1] = i + 1;
		nk_fixture_ok(nk_mapwriter_put_keyset(w, &k), "keys");
	}
	nk_fixture_install(w);
	nk_mapwriter_free(w);
}

static void
run(const char *path, uint32_t i)
{
	char name[32], blob[96], uid[16], type[] = "ssh-ed25519";
	char program[] = "naskeys-authorized-keys", *envp[] = { NULL };
	char *argv[] = { program, name, type, blob, uid, NULL };
	int status;
	pid_t pid;

	(void)snprintf(name, sizeof(name), "user%u", i);
	(void)snprintf(blob, sizeof(blob), BLOB, i);
	(void)snprintf(uid, sizeof(uid), "%u", FIRST_UID + i);
	if ((pid = vfork()) == -1)
		err(EXIT_FAILURE, "vfork");
	if (pid == 0) {
		(void)execve(path, argv, envp);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(EXIT_FAILURE, "%s failed", path);
}

static void
work(struct worker *w)
{
	struct order o;
	uint64_t begin;
	uint32_t i;
	double ns;
	int out;

	if (w->users > 0) {
		nk_fixture_enter();
		build_accounts(w->users);
		build_keys(w->users);
	}
	if ((out = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1)
		err(EXIT_FAILURE, "/dev/null");
	while (read(w->to[0], &o, sizeof(o)) == (ssize_t)sizeof(o) &&
	    o.seed != 0) {
		begin = nk_bench_now();
		for (i = 0; i < BATCH; i++)
			run(w->programs[o.program],
			    (uint32_t)(next_random(&o.seed) %
			    (w->users > 0 ? w->users : 1)));
		ns = (double)(nk_bench_now() - begin) / BATCH;
		if (write(w->from[1], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
			err(EXIT_FAILURE, "an answer");
	}
	exit(EXIT_SUCCESS);
}

static void
start(struct worker *w, const char *const *programs, uint32_t users)
{
	w->programs = programs;
	w->users = users;
	if (pipe2(w->to, O_CLOEXEC) == -1 || pipe2(w->from, O_CLOEXEC) == -1 ||
	    (w->pid = fork()) == -1)
		err(EXIT_FAILURE, "a worker");
	if (w->pid == 0) {
		/* also when nobody is left to tell it */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
			err(EXIT_FAILURE, "a worker");
		work(w);
	}
}

static double
ask(struct runner r, uint64_t seed)
{
	const struct order o = { .seed = seed, .program = r.program };
	double ns;

	if (write(r.worker->to[1], &o, sizeof(o)) != (ssize_t)sizeof(o) ||
	    read(r.worker->from[0], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
		errx(EXIT_FAILURE, "a worker has gone");
	return ns;
}

static void
finish(const struct worker *w)
{
	const struct order quit = { .seed = 0 };
	int status;

	if (write(w->to[1], &quit, sizeof(quit)) != (ssize_t)sizeof(quit) ||
	    waitpid(w->pid, &status, 0) == -1 || status != 0)
		errx(EXIT_FAILURE, "a worker failed");
}

static void
compare(struct runner a, struct runner b, size_t rounds, const char *title)
{
	static struct nk_rounds r;
	uint64_t seed;

	(void)ask(a, 1);
	(void)ask(b, 1);
	for (r.count = 0; r.count < rounds; r.count++) {
		seed = 88172645463325252u + r.count;
		if (r.count % 2 == 0)
			r.ours[r.count] = ask(a, seed);
		r.theirs[r.count] = ask(b, seed);
		if (r.count % 2 != 0)
			r.ours[r.count] = ask(a, seed);
	}
	nk_bench_report(title, &r);
}

static const char *const names[PROGRAMS] = {
	[OURS] = "ours", [EMPTY] = "an empty program",
	[ALIKE] = "one linked alike", [CALLS] = "the same system calls",
};

/* Those that read no map need none. */
static void
compare_with(const struct worker *w, const struct worker *none,
    size_t rounds, enum program ours, enum program theirs)
{
	const struct runner a = { w, ours };
	const struct runner b = { theirs == CALLS ? w : none, theirs };
	char title[96];

	(void)snprintf(title, sizeof(title), "%u users, %s%s", w->users,
	    ours == CALLS ? "only the calls, " : "", names[theirs]);
	compare(a, b, rounds, title);
}

static void
compare_all(const struct worker *w, int n, const struct worker *none,
    size_t rounds)
{
	char title[96];
	int i, k;

	for (i = 0; i < n; i++) {
		for (k = EMPTY; k < PROGRAMS; k++)
			compare_with(&w[i], none, rounds, OURS,
			    (enum program)k);
		compare_with(&w[i], none, rounds, CALLS, EMPTY);
	}
	for (k = OURS; n > 1 && k < PROGRAMS; k += CALLS) {
		(void)snprintf(title, sizeof(title), "%u users, %u, %s",
		    w[n - 1].users, w[0].users, names[k]);
		compare((struct runner){ &w[n - 1], (enum program)k },
		    (struct runner){ &w[0], (enum program)k }, rounds, title);
	}
}

int
main(int argc, char **argv)
{
	struct worker workers[WORKERS_MAX], none;
	const char *programs[PROGRAMS];
	int i, n = argc - 2 - PROGRAMS;
	size_t rounds;

	if (n < 1 || n > WORKERS_MAX ||
	    (rounds = strtoul(argv[1], NULL, 10)) == 0 ||
	    rounds > NK_ROUNDS_MAX)
		errx(EXIT_FAILURE, "usage: bench_akc ROUNDS PROGRAM EMPTY "
		    "ALIKE CALLS USERS...");
	for (i = 0; i < PROGRAMS; i++)
		programs[i] = argv[2 + i];
	nk_bench_pin();
	for (i = 0; i < n; i++)
		start(&workers[i], programs, (uint32_t)strtoul(
		    argv[2 + PROGRAMS + i], NULL, 10));
	start(&none, programs, 0);
	compare_all(workers, n, &none, rounds);
	for (i = 0; i < n; i++)
		finish(&workers[i]);
	finish(&none);
	return EXIT_SUCCESS;
}
