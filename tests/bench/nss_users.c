/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/map/reader.h"
#include "tests/bench/floor.h"
#include "tests/bench/nss_users.h"
#include "tests/fixture/maps.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#define FIRST_GID	20000u

struct user {
	char		 name[24], home[40];
	const char	*gecos, *shell;
	uint32_t	 uid, gid;
	uint32_t	 rows[NK_BENCH_GROUPS];	/* of the groups */
	uint32_t	 gids[NK_BENCH_GROUPS];
};

static uint32_t
count_groups(uint32_t users)
{
	return users / 16 + NK_BENCH_GROUPS;
}

static void
make_user(struct user *u, uint32_t i, uint32_t users)
{
	uint32_t k;

	(void)snprintf(u->name, sizeof(u->name), "user%u", i);
	(void)snprintf(u->home, sizeof(u->home), "/home/user%u", i);
	u->gecos = "Some User";
	u->shell = "/bin/sh";
	u->uid = NK_BENCH_FIRST_UID + i;
	u->gid = 10000;
	u->rows[0] = i % (count_groups(users) - 1) + 1;
	for (k = 0; k < NK_BENCH_GROUPS; k++) {
		u->rows[k] = u->rows[0] + k;
		u->gids[k] = FIRST_GID - 1 + u->rows[k];
	}
}

static void
put_groups(struct nk_mapwriter *w, uint32_t users)
{
	struct nk_put_group g = { .name = NULL };
	char name[32];
	uint32_t i;

	g.name = name;
	for (i = 0; i < count_groups(users); i++) {
		(void)snprintf(name, sizeof(name), "group%u", i);
		g.row = i + 1;
		g.gid = FIRST_GID + i;
		nk_fixture_ok(nk_mapwriter_put_group(w, &g), name);
	}
}

static void
build_map(uint32_t users)
{
	struct nk_map_settings s = { .managed_gid = 900, .min_id = 1000 };
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, users, 0644);
	struct nk_put_group_ref refs[NK_BENCH_GROUPS];
	struct nk_put_user put = { .expires_at = NK_NEVER,
	    .flags = NK_USER_MANAGED, .groups = refs,
	    .ngroups = NK_BENCH_GROUPS };
	struct user u;
	uint32_t i, k;

	nk_fixture_ok(nk_mapwriter_settings(w, &s), "settings");
	put_groups(w, users);
	for (i = 0; i < users; i++) {
		make_user(&u, i, users);
		put.row = put.generation = i + 1;
		put.uid = u.uid;
		put.gid = u.gid;
		put.name = u.name;
		put.gecos = u.gecos;
		put.home = u.home;
		put.shell = u.shell;
		for (k = 0; k < NK_BENCH_GROUPS; k++) {
			refs[k].group_row = u.rows[k];
			refs[k].gid = u.gids[k];
		}
		nk_fixture_ok(nk_mapwriter_put_user(w, &put), u.name);
	}
	nk_fixture_install(w);
	nk_mapwriter_free(w);
}

static void
put_slot(uint64_t *table, uint64_t mask, uint64_t hash, uint64_t number)
{
	uint64_t at = hash & mask;

	while (table[at] != 0)
		at = (at + 1) & mask;
	table[at] = floor_slot(hash, number);
}

/* The text of user number i; returns the length of its name. */
static size_t
make_record(struct floor_record *r, const struct user *u)
{
	char *p = r->text;
	int len;

	memset(r, 0, sizeof(*r));
	r->uid = u->uid;
	r->gid = u->gid;
	memcpy(r->groups, u->gids, sizeof(r->groups));
	len = snprintf(p, sizeof(r->text), "%s%cx%c%s%c%s%c%s", u->name, 0, 0,
	    u->gecos, 0, u->home, 0, u->shell);
	if (len < 0 || (size_t)len >= sizeof(r->text))
		errx(EXIT_FAILURE, "%s: too long", u->name);
	r->length = (uint8_t)(len + 1);
	r->passwd = (uint8_t)(strlen(u->name) + 1);
	r->gecos = (uint8_t)(r->passwd + 2);
	r->home = (uint8_t)(r->gecos + strlen(u->gecos) + 1);
	r->shell = (uint8_t)(r->home + strlen(u->home) + 1);
	return strlen(u->name);
}

/* Large pages, as the map has them where they are to be had. */
static void
collapse(int fd, uint64_t length)
{
	uint64_t size = length / FLOOR_HUGE * FLOOR_HUGE;
	void *p = floor_map(fd, length);

	if (p == MAP_FAILED)
		err(EXIT_FAILURE, FLOOR_PATH);
	if (length - size >= NK_MAP_HUGE_LEAST)
		size += FLOOR_HUGE;
	(void)madvise(p, size, MADV_COLLAPSE);
	munmap(p, length + FLOOR_HUGE);
}

static void
write_floor(uint32_t users, uint64_t slots, uint64_t length)
{
	struct floor_header h = { .mask = slots - 1, .users = users };
	uint64_t *names = calloc(slots, sizeof(*names));
	uint64_t *uids = calloc(slots, sizeof(*uids));
	uint64_t tables = 2 * slots * sizeof(*names);
	struct floor_record *r;
	struct user u;
	uint8_t *all;
	uint32_t i;
	FILE *f;

	h.stride = (length - FLOOR_HEADER - tables) / users / 64 * 64;
	if (h.stride < sizeof(*r))
		errx(EXIT_FAILURE, "the floor does not fit");
	all = calloc(users, h.stride);
	if (names == NULL || uids == NULL || all == NULL)
		err(EXIT_FAILURE, "the floor");
	for (i = 0; i < users; i++) {
		r = (void *)(all + i * h.stride);
		make_user(&u, i, users);
		put_slot(names, h.mask, floor_hash_name(u.name,
		    make_record(r, &u)), i);
		put_slot(uids, h.mask, floor_hash_id(u.uid), i);
	}
	if ((f = fopen(FLOOR_PATH, "w+e")) == NULL ||
	    fwrite(&h, sizeof(h), 1, f) != 1 ||
	    fseek(f, FLOOR_HEADER, SEEK_SET) != 0 ||
	    fwrite(names, sizeof(*names), slots, f) != slots ||
	    fwrite(uids, sizeof(*uids), slots, f) != slots ||
	    fwrite(all, h.stride, users, f) != users || fflush(f) != 0)
		err(EXIT_FAILURE, FLOOR_PATH);
	collapse(fileno(f), FLOOR_HEADER + tables + users * h.stride);
	fclose(f);
	free(names);
	free(uids);
	free(all);
}

/* A floor as large as the map, with as many slots. */
static void
build_floor(uint32_t users)
{
	struct nk_view v;

	nk_fixture_ok(nk_view_open(&v, AT_FDCWD,
	    NK_FIXTURE_MAPS "/" NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS,
	    NK_VIEW_PREAD), "the map");
	write_floor(users,
	    UINT64_C(1) << v.tables[NK_TABLE_USER_NAME].bits, v.length);
	nk_view_close(&v);
}

/* The same users for "files". */
static void
write_passwd(uint32_t users)
{
	static const char path[] = NK_RUNSTATEDIR "/passwd";
	struct user u;
	FILE *f = fopen(path, "we");
	uint32_t i;

	if (f == NULL)
		err(EXIT_FAILURE, "%s", path);
	for (i = 0; i < users; i++) {
		make_user(&u, i, users);
		(void)fprintf(f, "%s:x:%u:%u:%s:%s:%s\n", u.name, u.uid,
		    u.gid, u.gecos, u.home, u.shell);
	}
	if (fclose(f) != 0 || mount(path, "/etc/passwd", NULL, MS_BIND,
	    NULL) == -1)
		err(EXIT_FAILURE, "%s", path);
}

void
nk_bench_make_users(uint32_t users)
{
	build_map(users);
	build_floor(users);
	write_passwd(users);
}
