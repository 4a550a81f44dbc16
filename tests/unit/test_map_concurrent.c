/* SPDX-License-Identifier: ISC */

/*
 * A writer in a process of its own edits without pause, in place and not,
 * and compacts now and then, while threads read, mapped and by pread.  All
 * fields of what is written are derived from one version, so that a mixture
 * of two would show; versions only rise; who is there throughout is found
 * by every lookup.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/maptest.h"

#define SECONDS		3
#define USERS		48u		/* there throughout, rows from 1 */
#define MEMBERS		20u		/* of group 1 throughout */
#define GUESTS		40u		/* come and go */
#define THREADS		4
#define LOOKUPS_MIN	10	/* of each */
#define ANY_GENERATION	7u
#define TRIES_MAX	50		/* of -EIO in a row: never for good */

static struct mt_dir dir;
static atomic_bool *stop;		/* shared with the writer */

/* ---- what a version looks like ---- */

static void
derive(char *text, size_t size, const char *what, uint64_t row, uint64_t v,
    int most)
{
	snprintf(text, size, "%s-%" PRIu64 "-%" PRIu64 "-%0*" PRIu64, what,
	    row, v, (int)(v * 37 % (uint64_t)most) + 1, v);
}

static void
make_user(struct nk_put_user *u, uint64_t row, uint64_t v)
{
	static char name[64], gecos[400], home[200], shell[64];
	static struct nk_put_group_ref refs[3];

	/* Every fourth is renamed from version to version. */
	snprintf(name, sizeof(name), row % 4 == 0 && v % 2 == 1 ?
	    "other%" PRIu64 : "user%" PRIu64, row);
	derive(gecos, sizeof(gecos), "gecos", row, v, 250);
	derive(home, sizeof(home), "home", row, v, 60);
	derive(shell, sizeof(shell), "shell", row, v, 20);
	*u = (struct nk_put_user){ .row = row, .generation = v,
	    .expires_at = (int64_t)v, .uid = (uint32_t)(3000 + row),
	    .gid = (uint32_t)v, .flags = NK_USER_MANAGED |
	    (v % 3 == 0 ? NK_USER_LOCKED : 0), .name = name, .gecos = gecos,
	    .home = home, .shell = shell, .groups = refs };
	if (row <= MEMBERS)
		refs[u->ngroups++] = (struct nk_put_group_ref){ 1, 5001 };
	if (v % 2 == 0)
		refs[u->ngroups++] = (struct nk_put_group_ref){ 2, 5002 };
	if (v % 3 == 0)
		refs[u->ngroups++] = (struct nk_put_group_ref){ 3, 5003 };
}

static void
make_keyset(struct nk_put_keyset *k, uint64_t row, uint64_t v)
{
	static char texts[6][8192];
	static struct nk_put_keyline lines[6];
	uint32_t i;

	*k = (struct nk_put_keyset){ .row = row, .generation = { v,
	    ANY_GENERATION }, .lines = lines, .count = (uint32_t)(v % 6) };
	for (i = 0; i < k->count; i++) {
		derive(texts[i], sizeof(texts[i]), i == 5 ? "long" : "key",
		    row, v + i, i == 4 && v % 11 == 0 ? 7000 : 100);
		lines[i] = (struct nk_put_keyline){ .text = texts[i],
		    .text_len = (uint32_t)strlen(texts[i]), .type_len = 3,
		    .blob_at = 4, .blob_len = 1, .expires_at = NK_NEVER };
	}
}

static void
make_secret(struct nk_put_secret *s, uint64_t row, uint64_t v)
{
	static char hash[400];

	derive(hash, sizeof(hash), "hash", row, v, 300);
	*s = (struct nk_put_secret){ .row = row, .generation = { v,
	    ANY_GENERATION }, .locked_until = (int64_t)v,
	    .last_change = (int32_t)v, .min_days = (int32_t)v,
	    .max_days = (int32_t)v, .warn_days = (int32_t)v,
	    .inactive_days = (int32_t)v, .flags = (uint32_t)v,
	    .hash = hash };
}

/* ---- the writer ---- */

static void
must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "writer: %s: %s\n", what, strerror(-r));
	_exit(1);
}

static void
put_all(struct nk_mapwriter *w[3], uint64_t row, uint64_t v)
{
	struct nk_put_user u;
	struct nk_put_keyset k;
	struct nk_put_secret s;

	make_user(&u, row, v);
	must(nk_mapwriter_put_user(w[0], &u), "put user");
	make_keyset(&k, row, v);
	must(nk_mapwriter_put_keyset(w[1], &k), "put keyset");
	make_secret(&s, row, v);
	must(nk_mapwriter_put_secret(w[2], &s), "put secret");
}

static void
drop_all(struct nk_mapwriter *w[3], uint64_t row)
{
	must(nk_mapwriter_drop_user(w[0], row), "drop user");
	must(nk_mapwriter_drop_keyset(w[1], row), "drop keyset");
	must(nk_mapwriter_drop_secret(w[2], row), "drop secret");
}

static void
build(struct nk_mapwriter *w[3])
{
	static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
	    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };
	struct nk_map_hint hint = { USERS + GUESTS, 3, 0 };
	struct nk_put_group g;
	uint64_t row;
	uint32_t i;

	for (i = 0; i < 3; i++)
		must(nk_mapwriter_create(&w[i], dir.fd, mt_name(kinds[i]),
		    kinds[i], &mt_identity, &hint, 0600, getuid(),
		    getgid()), "create");
	for (i = 1; i <= 3; i++) {
		mt_world_group(&g, i);
		must(nk_mapwriter_put_group(w[0], &g), "put group");
	}
	for (row = 1; row <= USERS; row++)
		put_all(w, row, 1);
	for (i = 0; i < 3; i++)
		must(nk_mapwriter_install(w[i]), "install");
}

static void
edit_without_pause(struct nk_mapwriter *w[3])
{
	uint64_t row, v = 1, guest = 1000;
	uint32_t i;

	while (!atomic_load(stop)) {
		v++;
		for (row = 1; row <= USERS; row++)
			put_all(w, row, v);
		put_all(w, guest + GUESTS, v);
		if (guest >= 1000 + GUESTS)
			drop_all(w, guest);
		guest++;
		for (i = 0; i < 3; i++) {
			must(nk_mapwriter_set_published(w[i], v), "publish");
			if (nk_mapwriter_wants_compaction(w[i]) ||
			    v % 64 == i)
				must(nk_mapwriter_compact(w[i]), "compact");
		}
	}
	for (i = 0; i < 3; i++) {
		static char where[] = "at the end";

		must(nk_mapwriter_verify(w[i], mt_report, where), "verify");
		nk_mapwriter_free(w[i]);
	}
	if (v < 10)
		must(-ETIME, "too few turns to mean anything");
}

/* ---- the readers ---- */

struct reader {
	struct mt_reader m[3];		/* accounts, keys, secrets */
	pthread_rwlock_t *shared;	/* of m[0], with another thread */
	struct mt_reader *accounts;
	uint64_t	seen[4][USERS + 1];	/* versions, by each key */
	uint64_t	lookups;
	unsigned int	seed;
};

static void	fault(const char *fmt, ...) NK_PRINTF(1, 2);

static void
fault(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static void
lock(struct reader *rd, bool alone)
{
	if (rd->shared == NULL)
		return;
	if (alone)
		pthread_rwlock_wrlock(rd->shared);
	else
		pthread_rwlock_rdlock(rd->shared);
}

static void
unlock(struct reader *rd)
{
	if (rd->shared != NULL)
		pthread_rwlock_unlock(rd->shared);
}

/* Open m again, unless another thread has done so. */
static void
open_again(struct reader *rd, struct mt_reader *m)
{
	bool locked = m == rd->accounts;
	int r = 0;

	if (locked) {
		unlock(rd);
		lock(rd, true);
	}
	if (nk_view_check(&m->v, m->dirfd, mt_name(m->kind)) != 0 ||
	    nk_view_grow(&m->v, m->dirfd, mt_name(m->kind)) != 0) {
		nk_view_close(&m->v);
		r = nk_view_open(&m->v, m->dirfd, mt_name(m->kind), m->kind,
		    m->mode);
	}
	if (locked) {
		unlock(rd);
		lock(rd, false);
	}
	if (r != 0)
		fault("open again: %d", r);
}

/* Before a lookup: is the view the file that is there now? */
static void
be_current(struct reader *rd, struct mt_reader *m)
{
	int r;

	while ((r = nk_view_check(&m->v, m->dirfd, mt_name(m->kind))) ==
	    -ESTALE)
		open_again(rd, m);
	if (r != 0)
		fault("check: %d", r);
}

/* After one: is it to be done again? */
static bool
once_more(struct reader *rd, struct mt_reader *m, int r, int *tries)
{
	if (r == -EIO)
		return ++*tries < TRIES_MAX;
	if (r != -ESTALE)
		return false;
	if (nk_view_grow(&m->v, m->dirfd, mt_name(m->kind)) != 0)
		open_again(rd, m);
	be_current(rd, m);
	return true;
}

static uint64_t
version_of(const char *home)
{
	uint64_t row, v;

	if (strncmp(home, "home-", 5) != 0)
		fault("no home: %s", home);
	row = strtoull(home + 5, NULL, 10);
	v = strtoull(strchr(home + 5, '-') + 1, NULL, 10);
	if (row == 0 || v == 0)
		fault("no version: %s", home);
	return v;
}

/*
 * All of u must be of one version, not older than the last one that was
 * seen by the same key: one key leads to the new record before another.
 */
static void
check_user(struct reader *rd, const struct nk_map_user *u, int key)
{
	static _Thread_local struct mt_answer want, got;
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct nk_put_group_ref refs[8];
	struct nk_put_user put, is = { .row = u->row,
	    .generation = u->generation, .expires_at = u->expires_at,
	    .uid = u->uid, .gid = u->gid, .flags = u->flags,
	    .name = u->name, .gecos = u->gecos, .home = u->home,
	    .shell = u->shell, .groups = refs, .ngroups = u->ngroups };
	uint64_t v = version_of(u->home);
	uint32_t i;

	for (i = 0; i < u->ngroups && i < 8; i++)
		refs[i] = (struct nk_put_group_ref){ u->groups[i].group_row,
		    u->groups[i].gid };
	mt_tell_user(&got, &is);
	pthread_mutex_lock(&mutex);	/* make_user() has static parts */
	make_user(&put, u->row, v);
	mt_tell_user(&want, &put);
	pthread_mutex_unlock(&mutex);
	if (!mt_same(&want, &got))
		fault("a mixture: %s\nand not: %s", got.text, want.text);
	if (u->row > USERS)
		return;
	if (v < rd->seen[key][u->row])
		fault("user %" PRIu64 " went back to %" PRIu64, u->row, v);
	rd->seen[key][u->row] = v;
}

static void
look_up_user(struct reader *rd)
{
	struct mt_reader *m = rd->accounts;
	uint64_t row = (uint64_t)(rand_r(&rd->seed) % (int)USERS) + 1;
	int how = rand_r(&rd->seed) % 4, r, tries = 0;
	struct nk_map_user u;
	char name[32];

	snprintf(name, sizeof(name), how == 3 ? "other%" PRIu64 :
	    "user%" PRIu64, row);
	lock(rd, false);
	be_current(rd, m);
	do {
		if (how == 0)
			r = nk_map_user_by_row(&m->v, row, &u);
		else if (how == 1)
			r = nk_map_user_by_uid(&m->v,
			    (uint32_t)(3000 + row), &u);
		else
			r = nk_map_user_by_name(&m->v, name, strlen(name),
			    &u);
	} while (once_more(rd, m, r, &tries));
	unlock(rd);
	if (r == -ENOENT && how >= 2 && row % 4 == 0)
		return;			/* under the other name */
	if (r == -ENOENT && how == 3)
		return;
	if (r != 0 || u.row != row)
		fault("user %" PRIu64 " by %d: %d", row, how, r);
	if (how >= 2 && strcmp(u.name, name) != 0)
		fault("%s is %s", name, u.name);
	check_user(rd, &u, how);
}

static void
enumerate(struct reader *rd)
{
	struct mt_reader *m = rd->accounts;
	uint64_t pos = 0, i;
	unsigned int times[USERS + 1] = { 0 };
	struct nk_map_user u;
	int r, tries = 0;

	lock(rd, false);
	be_current(rd, m);
	for (;;) {
		r = nk_map_user_next(&m->v, &pos, &u);
		if (r == -EIO && ++tries < TRIES_MAX) {
			pos--;		/* it has moved past it */
			continue;
		}
		if (r == -ESTALE && nk_view_grow(&m->v, m->dirfd,
		    mt_name(m->kind)) == 0)
			continue;
		if (r != 0)
			break;
		check_user(rd, &u, 0);
		if (u.row <= USERS)
			times[u.row]++;
	}
	unlock(rd);
	if (r == -ESTALE)
		return;			/* another file by now */
	if (r != -ENOENT)
		fault("enumeration: %d", r);
	for (i = 1; i <= USERS; i++) {
		if (times[i] != 1)
			fault("user %" PRIu64 " came %u times", i, times[i]);
	}
}

static void
list_members(struct reader *rd)
{
	struct mt_reader *m = rd->accounts;
	unsigned int times[USERS + 1] = { 0 };
	struct nk_map_group g;
	struct nk_map_members c;
	struct nk_map_user u;
	uint32_t i, unit;
	int r, tries = 0;

	lock(rd, false);
	be_current(rd, m);
	do
		r = nk_map_group_by_row(&m->v, 1, &g);
	while (once_more(rd, m, r, &tries));
	for (unit = g.members; r == 0 && unit != 0; unit = c.next) {
		r = nk_map_members_at(&m->v, unit, 1, &c);
		for (i = 0; r == 0 && i < c.count; i++) {
			if (c.rows[i] > USERS)
				continue;
			r = nk_map_user_by_row(&m->v, c.rows[i], &u);
			if (r == 0 && nk_map_user_in_chunk(&u, 1, unit))
				times[u.row]++;
		}
	}
	unlock(rd);
	if (r == -ESTALE)
		return;
	if (r != 0)
		fault("members: %d", r);
	for (i = 1; i <= MEMBERS; i++) {
		if (times[i] != 1)
			fault("member %u came %u times", i, times[i]);
	}
}

static void
look_up_keys(struct reader *rd)
{
	static _Thread_local _Alignas(8) uint8_t buf[NK_RECORD_MAX];
	static _Thread_local char want[8192];
	struct mt_reader *m = &rd->m[1];
	uint64_t row = (uint64_t)(rand_r(&rd->seed) % (int)USERS) + 1, v;
	struct nk_map_keyset k;
	struct nk_map_keyline l;
	int r, tries = 0;
	uint32_t i;

	be_current(rd, m);
	do
		r = nk_map_keyset_find(&m->v, row, ANY_GENERATION, &k);
	while (once_more(rd, m, r, &tries));
	if (r != 0)
		fault("keys of %" PRIu64 ": %d", row, r);
	v = k.generation[0];
	if (k.count != v % 6)
		fault("%u keys in version %" PRIu64, k.count, v);
	for (i = 0; i < k.count; i++) {
		r = nk_map_keyline_at(&m->v, k.entries[i].unit, row, buf,
		    sizeof(buf), &l);
		if (r == -ESTALE)
			return;
		derive(want, sizeof(want), i == 5 ? "long" : "key", row,
		    v + i, i == 4 && v % 11 == 0 ? 7000 : 100);
		if (r != 0 || l.text_len != strlen(want) ||
		    memcmp(l.text, want, l.text_len) != 0)
			fault("key %u of %" PRIu64 ": %d", i, row, r);
	}
}

static void
look_up_secret(struct reader *rd)
{
	struct mt_reader *m = &rd->m[2];
	uint64_t row = (uint64_t)(rand_r(&rd->seed) % (int)USERS) + 1, v;
	struct nk_map_secret s;
	char want[400];
	int r, tries = 0;

	be_current(rd, m);
	do
		r = nk_map_secret_find(&m->v, row, ANY_GENERATION, &s);
	while (once_more(rd, m, r, &tries));
	if (r != 0)
		fault("secret of %" PRIu64 ": %d", row, r);
	v = s.generation[0];
	derive(want, sizeof(want), "hash", row, v, 300);
	if (strcmp(s.hash, want) != 0 || s.locked_until != (int64_t)v ||
	    s.min_days != (int32_t)v || s.inactive_days != (int32_t)v ||
	    s.flags != (uint32_t)v)
		fault("a mixture: %s and %" PRIu64, s.hash, v);
}

static void *
read_without_pause(void *arg)
{
	struct reader *rd = arg;

	while (!atomic_load(stop) || rd->lookups <= LOOKUPS_MIN) {
		look_up_user(rd);
		look_up_user(rd);
		look_up_keys(rd);
		look_up_secret(rd);
		if (rd->lookups % 64 == 0)
			enumerate(rd);
		if (rd->lookups % 16 == 0)
			list_members(rd);
		rd->lookups++;
	}
	return NULL;
}

START_TEST(readers_and_writer)
{
	static struct reader readers[THREADS];
	static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
	static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
	    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };
	struct timespec ts = { .tv_sec = SECONDS };
	struct nk_mapwriter *w[3];
	pthread_t threads[THREADS];
	pid_t pid;
	int i, j, status;

	build(w);
	for (i = 0; i < THREADS; i++) {
		readers[i].seed = (unsigned int)i;
		for (j = 0; j < 3; j++)
			ck_assert_int_eq(mt_reader_open(&readers[i].m[j],
			    dir.fd, kinds[j], i == 1 ? NK_VIEW_PREAD :
			    NK_VIEW_MAPPED), 0);
		readers[i].accounts = &readers[i].m[0];
		if (i >= 2) {		/* the last two share a view */
			readers[i].accounts = &readers[2].m[0];
			readers[i].shared = &shared;
		}
	}
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		edit_without_pause(w);
		_exit(0);
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    read_without_pause, &readers[i]), 0);
	nanosleep(&ts, NULL);
	atomic_store(stop, true);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < THREADS; i++) {
		ck_assert_uint_gt(readers[i].lookups, LOOKUPS_MIN);
		for (j = 0; j < 3; j++)
			nk_view_close(&readers[i].m[j].v);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	for (j = 0; j < 3; j++)		/* the child's are its own */
		nk_mapwriter_free(w[j]);
}
END_TEST

static void
setup(void)
{
	mt_dir_make(&dir);
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(stop, MAP_FAILED);
	atomic_init(stop, false);
}

static void
teardown(void)
{
	mt_dir_remove(&dir);
}

int
main(void)
{
	Suite *s = suite_create("map_concurrent");
	TCase *tc = tcase_create("concurrent");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, readers_and_writer);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
