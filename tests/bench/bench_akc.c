/* SPDX-License-Identifier: ISC */
/*
 * bench_akc ROUNDS PROGRAM EMPTY ALIKE CALLS USERS...
 *
 * naskeys-authorized-keys, started and reaped as sshd does, against an empty
 * program, an empty program that is linked alike, and one that only makes
 * the same system calls; and with the last number of users against the
 * first.
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

/* A process with maps of its own that runs the program when told. */
struct worker {
	pid_t		 pid;
	int		 to[2], from[2];
	const char	*program;
	uint32_t	 users;
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
run(const struct worker *w, uint32_t i)
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
		(void)execve(w->program, argv, envp);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(EXIT_FAILURE, "%s failed", w->program);
}

static void
work(struct worker *w)
{
	uint64_t seed, begin;
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
	while (read(w->to[0], &seed, sizeof(seed)) == (ssize_t)sizeof(seed) &&
	    seed != 0) {
		begin = nk_bench_now();
		for (i = 0; i < BATCH; i++)
			run(w, (uint32_t)(next_random(&seed) %
			    (w->users > 0 ? w->users : 1)));
		ns = (double)(nk_bench_now() - begin) / BATCH;
		if (write(w->from[1], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
			err(EXIT_FAILURE, "an answer");
	}
	exit(EXIT_SUCCESS);
}

static void
start(struct worker *w, const char *program, uint32_t users)
{
	w->program = program;
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
ask(const struct worker *w, uint64_t seed)
{
	double ns;

	if (write(w->to[1], &seed, sizeof(seed)) != (ssize_t)sizeof(seed) ||
	    read(w->from[0], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
		errx(EXIT_FAILURE, "a worker has gone");
	return ns;
}

static void
finish(const struct worker *w)
{
	const uint64_t quit = 0;
	int status;

	if (write(w->to[1], &quit, sizeof(quit)) != (ssize_t)sizeof(quit) ||
	    waitpid(w->pid, &status, 0) == -1 || status != 0)
		errx(EXIT_FAILURE, "a worker failed");
}

static void
compare(const struct worker *a, const struct worker *b, size_t rounds,
    const char *title)
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

/* The programs that the command is measured against. */
enum floor { EMPTY, ALIKE, CALLS, FLOORS };

static const char *const floors[FLOORS] = {
	"an empty program", "one linked alike", "the same system calls",
};

static void
compare_all(const struct worker *w, int n, const struct worker *floor,
    size_t rounds)
{
	char title[96];
	int i, k;

	compare(&floor[CALLS], &floor[EMPTY], rounds,
	    "only the system calls, an empty program");
	for (i = 0; i < n; i++) {
		for (k = 0; k < FLOORS; k++) {
			(void)snprintf(title, sizeof(title), "%u users, %s",
			    w[i].users, floors[k]);
			compare(&w[i], &floor[k], rounds, title);
		}
	}
	if (n > 1) {
		(void)snprintf(title, sizeof(title), "%u users, %u",
		    w[n - 1].users, w[0].users);
		compare(&w[n - 1], &w[0], rounds, title);
	}
}

int
main(int argc, char **argv)
{
	struct worker workers[WORKERS_MAX], floor[FLOORS];
	int i, n = argc - 3 - FLOORS;
	size_t rounds;

	if (n < 1 || n > WORKERS_MAX ||
	    (rounds = strtoul(argv[1], NULL, 10)) == 0 ||
	    rounds > NK_ROUNDS_MAX)
		errx(EXIT_FAILURE, "usage: bench_akc ROUNDS PROGRAM EMPTY "
		    "ALIKE CALLS USERS...");
	nk_bench_pin();
	for (i = 0; i < n; i++)
		start(&workers[i], argv[2],
		    (uint32_t)strtoul(argv[i + 3 + FLOORS], NULL, 10));
	for (i = 0; i < FLOORS; i++)
		start(&floor[i], argv[3 + i],
		    i == CALLS ? workers[0].users : 0);
	compare_all(workers, n, floor, rounds);
	for (i = 0; i < n; i++)
		finish(&workers[i]);
	for (i = 0; i < FLOORS; i++)
		finish(&floor[i]);
	return EXIT_SUCCESS;
}
