/* SPDX-License-Identifier: ISC */
/*
 * bench_sssd PREFIX USERS
 *
 * getpwnam of PREFIX and seven digits, at random, through our module and
 * through sssd's, each a process with an nsswitch.conf of its own; they take
 * turns.  The first round fills sssd's fast cache.
 */
#include <sys/mount.h>
#include <sys/wait.h>

#include <err.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/compare.h"

#define BATCH		500u
#define ROUNDS		1000u
#define NAME_MAX_LEN	32

/* A process that looks up a batch for each seed that it is sent. */
struct worker {
	pid_t	 pid;
	int	 to[2], from[2];
};

static const char *prefix;
static uint32_t users;

static void
name_of(uint32_t i, char name[NAME_MAX_LEN])
{
	int n = snprintf(name, NAME_MAX_LEN, "%s%07u", prefix, i);

	if (n < 0 || n >= NAME_MAX_LEN)
		errx(EXIT_FAILURE, "%s: too long", prefix);
}

static double
look_up(uint64_t seed)
{
	static char names[BATCH][NAME_MAX_LEN];
	uint64_t begin;
	uint32_t i;

	for (i = 0; i < BATCH; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		name_of((uint32_t)(seed % users), names[i]);
	}
	begin = nk_bench_now();
	for (i = 0; i < BATCH; i++)
		if (getpwnam(names[i]) == NULL)
			errx(EXIT_FAILURE, "%s: not found", names[i]);
	return (double)(nk_bench_now() - begin) / BATCH;
}

static void
use_service(const char *service)
{
	char path[] = "/tmp/nsswitch.XXXXXX";
	int fd = mkstemp(path);

	if (fd == -1 || dprintf(fd, "passwd: %s\n", service) < 0 ||
	    close(fd) == -1)
		err(EXIT_FAILURE, "%s", path);
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL,
	    MS_REC | MS_PRIVATE, NULL) == -1 || mount(path,
	    "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == -1)
		err(EXIT_FAILURE, "%s", path);
	(void)unlink(path);
}

static void
work(const struct worker *w, const char *service)
{
	char name[NAME_MAX_LEN];
	uint64_t seed;
	uint32_t i;
	double ns;

	use_service(service);
	for (i = 0; i < users; i++) {
		name_of(i, name);
		if (getpwnam(name) == NULL)
			errx(EXIT_FAILURE, "%s: %s: not found", service,
			    name);
	}
	while (read(w->to[0], &seed, sizeof(seed)) == (ssize_t)sizeof(seed)) {
		ns = look_up(seed);
		if (write(w->from[1], &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
			err(EXIT_FAILURE, "an answer");
	}
	exit(EXIT_SUCCESS);
}

/* other: of another worker, which would not see its end; or -1. */
static void
start(struct worker *w, const char *service, int other)
{
	if (pipe(w->to) == -1 || pipe(w->from) == -1 ||
	    (w->pid = fork()) == -1)
		err(EXIT_FAILURE, "a worker");
	if (w->pid == 0) {
		(void)close(w->to[1]);
		if (other != -1)
			(void)close(other);
		work(w, service);
	}
	(void)close(w->to[0]);
	(void)close(w->from[1]);
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
finish(struct worker *w)
{
	int status;

	(void)close(w->to[1]);
	(void)close(w->from[0]);
	if (waitpid(w->pid, &status, 0) == -1 || status != 0)
		errx(EXIT_FAILURE, "a worker failed");
}

int
main(int argc, char **argv)
{
	static struct nk_rounds r;
	struct worker ours, theirs;
	char title[64];
	uint64_t seed;

	if (argc != 3 || (users = (uint32_t)strtoul(argv[2], NULL, 10)) == 0)
		errx(EXIT_FAILURE, "usage: bench_sssd PREFIX USERS");
	prefix = argv[1];
	nk_bench_pin();
	start(&ours, "naskeys", -1);
	start(&theirs, "sss", ours.to[1]);
	for (r.count = 0; r.count < ROUNDS; r.count++) {
		seed = 88172645463325252u + r.count;
		if (r.count % 2 == 0)
			r.ours[r.count] = ask(&ours, seed);
		r.theirs[r.count] = ask(&theirs, seed);
		if (r.count % 2 != 0)
			r.ours[r.count] = ask(&ours, seed);
	}
	(void)snprintf(title, sizeof(title), "getpwnam, sssd, %u users",
	    users);
	nk_bench_report(title, &r);
	finish(&ours);
	finish(&theirs);
	return EXIT_SUCCESS;
}
