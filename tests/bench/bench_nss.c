/* SPDX-License-Identifier: ISC */
/*
 * bench_nss MODULE CONSTANT USERS...
 *
 * Our module against one that answers a constant, both through glibc's own
 * dispatch with an nsswitch.conf of their own; and enumeration against
 * glibc's "files".  Each is a process of its own, and they take turns.
 */
#include <sys/mman.h>
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
#include <unistd.h>

#include "tests/bench/compare.h"
#include "tests/fixture/maps.h"

#define BATCH		500u
#define ROUNDS		1000u
#define FIRST_UID	10000u
#define GROUPS		2u		/* of everybody, beside the primary */

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
build_map(uint32_t users)
{
	struct nk_map_settings s = { .managed_gid = 900, .min_id = 1000 };
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, users, 0644);
	struct nk_put_group_ref refs[GROUPS];
	struct nk_put_group g = { .name = NULL };
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 10000,
	    .flags = NK_USER_MANAGED, .gecos = "Some User",
	    .shell = "/bin/sh", .groups = refs, .ngroups = GROUPS };
	char name[32], home[64];
	uint32_t i, ngroups = users / 16 + GROUPS;

	nk_fixture_ok(nk_mapwriter_settings(w, &s), "settings");
	g.name = name;
	for (i = 0; i < ngroups; i++) {
		(void)snprintf(name, sizeof(name), "group%u", i);
		g.row = i + 1;
		g.gid = 20000 + i;
		nk_fixture_ok(nk_mapwriter_put_group(w, &g), name);
	}
	u.name = name;
	u.home = home;
	for (i = 0; i < users; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		(void)snprintf(home, sizeof(home), "/home/%s", name);
		u.row = u.generation = i + 1;
		u.uid = FIRST_UID + i;
		refs[0].group_row = i % (ngroups - 1) + 1;
		refs[0].gid = 19999 + (uint32_t)refs[0].group_row;
		refs[1].group_row = refs[0].group_row + 1;
		refs[1].gid = refs[0].gid + 1;
		nk_fixture_ok(nk_mapwriter_put_user(w, &u), name);
	}
	nk_fixture_install(w);
	nk_mapwriter_free(w);
}

/* The same users for "files". */
static void
write_passwd(uint32_t users)
{
	static const char path[] = NK_RUNSTATEDIR "/passwd";
	FILE *f = fopen(path, "we");
	uint32_t i;

	if (f == NULL)
		err(EXIT_FAILURE, "%s", path);
	for (i = 0; i < users; i++)
		(void)fprintf(f, "user%u:x:%u:10000:Some User:/home/user%u:"
		    "/bin/sh\n", i, FIRST_UID + i, i);
	if (fclose(f) != 0 || mount(path, "/etc/passwd", NULL, MS_BIND,
	    NULL) == -1)
		err(EXIT_FAILURE, "%s", path);
}

static void
require(int ok, const char *what)
{
	if (!ok)
		errx(EXIT_FAILURE, "%s: a wrong answer", what);
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
		ids[i] += o->op == OP_UID_MISS ? 0x90000000u : FIRST_UID;
	}
	begin = nk_bench_now();
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
			    1 + (int)GROUPS, names[i]);
		}
	}
	return (double)(nk_bench_now() - begin) / BATCH;
}

static double
enumerate(const struct order *o)
{
	uint64_t begin = nk_bench_now();
	uint32_t n = 0;

	setpwent();
	while (getpwent() != NULL)
		n++;
	endpwent();
	require(n == o->users, "getpwent");
	return (double)(nk_bench_now() - begin) / n;
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

static void
compare(const char *what, const struct worker *ours,
    const struct worker *theirs, enum operation op, uint32_t users,
    size_t rounds)
{
	static struct nk_rounds r;
	struct order o = { .op = op, .users = users };
	char title[64];

	(void)snprintf(title, sizeof(title), "%s, %u users", what, users);
	for (o.seed = 1; o.seed <= 3; o.seed++) {	/* warm up */
		(void)ask(ours, &o);
		(void)ask(theirs, &o);
	}
	for (r.count = 0; r.count < rounds; r.count++) {
		o.seed = 88172645463325252u + r.count;
		if (r.count % 2 == 0)
			r.ours[r.count] = ask(ours, &o);
		r.theirs[r.count] = ask(theirs, &o);
		if (r.count % 2 != 0)
			r.ours[r.count] = ask(ours, &o);
	}
	nk_bench_report(title, &r);
}

static void
bench(const char *module, const char *constant, uint32_t users)
{
	struct worker ours, theirs, files;
	size_t rounds = 1 + 2000000 / users;

	nk_fixture_enter();
	build_map(users);
	write_passwd(users);
	nk_bench_pin();
	start(&ours, "naskeys", module);
	start(&theirs, "constant", constant);
	start(&files, "files", NULL);
	compare("getpwnam", &ours, &theirs, OP_NAME, users, ROUNDS);
	compare("getpwuid", &ours, &theirs, OP_UID, users, ROUNDS);
	compare("getpwnam, miss", &ours, &theirs, OP_NAME_MISS, users, ROUNDS);
	compare("getpwuid, miss", &ours, &theirs, OP_UID_MISS, users, ROUNDS);
	compare("initgroups", &ours, &theirs, OP_GROUPS, users, ROUNDS);
	compare("enumeration against files", &ours, &files, OP_ENUMERATE,
	    users, rounds > 50 ? 50 : rounds);
	finish(&ours);
	finish(&theirs);
	finish(&files);
}

int
main(int argc, char **argv)
{
	char groups[16];
	int i, status;
	pid_t pid;

	if (argc < 4)
		errx(EXIT_FAILURE, "usage: bench_nss MODULE CONSTANT USERS...");
	(void)snprintf(groups, sizeof(groups), "%u", GROUPS);
	if (setenv("NK_GROUPS", groups, 1) == -1)
		err(EXIT_FAILURE, "setenv");
	for (i = 3; i < argc; i++) {
		if ((pid = fork()) == -1)
			err(EXIT_FAILURE, "fork");
		if (pid == 0) {
			bench(argv[1], argv[2],
			    (uint32_t)strtoul(argv[i], NULL, 10));
			return EXIT_SUCCESS;
		}
		if (waitpid(pid, &status, 0) == -1 || status != 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
