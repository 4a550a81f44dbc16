/* SPDX-License-Identifier: ISC */

/*
 * Quick lookups in a mapped file: right, or -EAGAIN.  That they agree with
 * reader.h on files of every kind is for test_map_corrupt and the fuzz
 * target of the maps, which ask both.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/hash.h"
#include "lib/map/quick.h"
#include "tests/unit/maptest.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static struct mt_dir dir;
static struct nk_view view;
static int fd;				/* the map, for writing */
static _Alignas(8) uint8_t room[NK_QUICK_ROOM];

static void
setup(void)
{
	mt_dir_make(&dir);
	mt_world_make(dir.fd);
	fd = openat(dir.fd, NK_MAP_ACCOUNTS, O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(nk_view_open(&view, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_MAPPED), 0);
	ck_assert_ptr_nonnull(view.base);
}

static void
teardown(void)
{
	nk_view_close(&view);
	close(fd);
	mt_dir_remove(&dir);
}

static int
by_name(const char *name, struct nk_quick_user *q)
{
	size_t len = strlen(name);
	struct nk_quick_search s = nk_quick_name(&view, name, len);

	*q = (struct nk_quick_user){ .room = room, .size = sizeof(room) };
	return nk_quick_user(&view, &s, name, len, 0, q);
}

static int
by_uid(uint32_t uid, struct nk_quick_user *q)
{
	struct nk_quick_search s = nk_quick_uid(&view, uid);

	*q = (struct nk_quick_user){ .room = room, .size = sizeof(room) };
	return nk_quick_user(&view, &s, NULL, 0, uid, q);
}

static struct nk_mapwriter *
open_writer(void)
{
	struct nk_mapwriter *w = NULL;

	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity), 0);
	return w;
}

START_TEST(finds_each)
{
	struct nk_put_user u;
	struct nk_quick_user q;
	uint32_t i;

	for (i = 1; i <= MT_WORLD_USERS; i++) {
		mt_world_user(&u, i);
		ck_assert_int_eq(by_name(u.name, &q), 0);
		ck_assert_uint_eq(q.rec.r.row, i);
		ck_assert_str_eq(q.text, u.name);
		ck_assert_uint_eq(q.text_len, strlen(u.name) +
		    strlen(u.gecos) + strlen(u.home) + strlen(u.shell) + 3);
		ck_assert_int_eq(by_uid(u.uid, &q),
		    (u.flags & NK_USER_MANAGED) != 0 ? 0 : -ENOENT);
	}
	ck_assert_int_eq(by_name("user", &q), -ENOENT);
	ck_assert_int_eq(by_name("user11", &q), 0);
	ck_assert_int_eq(by_name("user111", &q), -ENOENT);
	ck_assert_int_eq(by_name("", &q), -ENOENT);
	ck_assert_int_eq(by_uid(1, &q), -ENOENT);
}
END_TEST

/* Where the slot of a user's name is. */
static off_t
slot_of(const char *name, uint64_t row, uint32_t *unitp)
{
	struct nk_hash key = nk_key_of_name(view.salt, name, strlen(name));
	const struct nk_map_table *t = &view.tables[NK_TABLE_USER_NAME];
	uint64_t mask = (UINT64_C(1) << t->bits) - 1, slot;
	struct nk_record rec = { 0 };
	off_t at;

	do {
		at = (off_t)(t->offset + (key.home++ & mask) * sizeof(slot));
		ck_assert_int_eq(pread(fd, &slot, sizeof(slot), at), 8);
		ck_assert_uint_ne(slot, 0);
		*unitp = (uint32_t)slot;
		ck_assert_int_eq(pread(fd, &rec, sizeof(rec),
		    (off_t)*unitp * NK_MAP_UNIT), sizeof(rec));
	} while (rec.row != row);
	return at;
}

/* No bit of a record or slot can turn without being noticed. */
START_TEST(turned_bits)
{
	struct nk_quick_user q;
	uint32_t unit, length, bit;
	off_t at, slot = slot_of("user6", 6, &unit);
	uint8_t byte;

	ck_assert_int_eq(by_name("user6", &q), 0);
	length = q.rec.r.length;
	for (bit = 0; bit < (length + 8) * 8; bit++) {
		at = bit < 64 ? slot + bit / 8 :
		    (off_t)unit * NK_MAP_UNIT + (bit - 64) / 8;
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_msg(by_name("user6", &q) == -EAGAIN, "bit %u", bit);
		byte ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	ck_assert_int_eq(by_name("user6", &q), 0);
}
END_TEST

/* What is long, or ends near the end that the last fstat saw. */
START_TEST(left_to_the_reader)
{
	static char gecos[NK_QUICK_MAX];
	struct nk_mapwriter *w = open_writer();
	struct nk_put_user u;
	struct nk_quick_user q;
	struct nk_map_user m;

	memset(gecos, 'g', sizeof(gecos) - 1);
	mt_world_user(&u, 2);
	u.gecos = gecos;
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(by_name("user2", &q), -EAGAIN);
	ck_assert_int_eq(nk_map_user_by_name(&view, "user2", 5, &m), 0);
	view.length = view.records + NK_MAP_UNIT;
	ck_assert_int_eq(by_name("user6", &q), -EAGAIN);
	ck_assert_int_eq(by_name("user60", &q), -ENOENT);
}
END_TEST

/* The room is as large as the caller says, to the byte. */
START_TEST(little_room)
{
	struct nk_quick_search s;
	struct nk_quick_user q;
	uint32_t used;
	size_t size;

	ck_assert_int_eq(by_name("user6", &q), 0);
	used = q.used;
	for (size = 0; size < used + 16; size++) {
		memset(room, 'x', sizeof(room));
		q = (struct nk_quick_user){ .room = room, .size = size };
		s = nk_quick_name(&view, "user6", 5);
		ck_assert_int_eq(nk_quick_user(&view, &s, "user6", 5, 0, &q),
		    size < used ? -EAGAIN : 0);
		ck_assert_uint_eq(room[size], 'x');
	}
}
END_TEST

START_TEST(in_order)
{
	struct nk_map_user m;
	struct nk_quick_user q = { .room = room, .size = sizeof(room) };
	struct nk_mapwriter *w = open_writer();
	uint64_t pos = 0, quick = 0;
	int r;

	ck_assert_int_eq(nk_mapwriter_drop_user(w, 4), 0);
	nk_mapwriter_free(w);
	do {
		r = nk_map_user_next(&view, &pos, &m);
		ck_assert_int_eq(nk_quick_user_next(&view, &quick, &q), r);
		ck_assert(r != 0 || (quick == pos && m.row ==
		    q.rec.r.row && m.row != 4));
	} while (r == 0);
	ck_assert_int_eq(r, -ENOENT);
	quick = UINT64_MAX;
	ck_assert_int_eq(nk_quick_user_next(&view, &quick, &q), -ENOENT);
}
END_TEST

/* User 7 is in groups 1 to 3. */
static void
expect_groups(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t gids[NK_QUICK_GROUPS] = { 0 }, n = 0, count = 0;
	const uint32_t want[] = { a, b, c };
	struct nk_put_user u;
	struct nk_quick_user q;
	size_t i;

	mt_world_user(&u, 7);
	ck_assert_int_eq(by_name(u.name, &q), 0);
	ck_assert_int_eq(nk_quick_groups(&view, &q, gids, &n), 0);
	for (i = 0; i < 3; i++)
		if (want[i] != 0)
			ck_assert_uint_eq(gids[count++], want[i]);
	ck_assert_uint_eq(n, count);
	memset(gids, 0, sizeof(gids));
	ck_assert_int_eq(nk_quick_gids(&view, &q, gids, &n), 0);
	for (i = 0, count = 0; i < 3; i++)
		if (want[i] != 0)
			ck_assert_uint_eq(gids[count++], want[i]);
	ck_assert_uint_eq(n, count);
}

START_TEST(groups)
{
	struct nk_mapwriter *w = open_writer();
	struct nk_put_group g;

	expect_groups(5001, 5002, 5003);
	ck_assert_int_eq(nk_mapwriter_drop_group(w, 2), 0);
	expect_groups(5001, 0, 5003);
	mt_world_group(&g, 3);		/* it moves away, ... */
	g.gid = 6003;
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	expect_groups(5001, 0, 0);
	mt_world_group(&g, 4);		/* ... and another takes its gid */
	g.gid = 5003;
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	expect_groups(5001, 0, 0);
	nk_mapwriter_free(w);
}
END_TEST

/* Are the groups of user 7 known without a look at the groups? */
static bool
are_known(void)
{
	uint32_t gids[NK_QUICK_GROUPS], n = 0;
	const struct nk_map_table *t = &view.tables[NK_TABLE_GROUP_GID];
	static uint64_t slots[512], none[512];
	struct nk_put_user u;
	struct nk_quick_user q;
	int r;

	ck_assert_uint_eq(t->bits, 9);
	ck_assert_int_eq(pread(fd, slots, sizeof(slots), (off_t)t->offset),
	    sizeof(slots));
	memset(none, 0xff, sizeof(none));
	ck_assert_int_eq(pwrite(fd, none, sizeof(none), (off_t)t->offset),
	    sizeof(none));
	mt_world_user(&u, 7);
	ck_assert_int_eq(by_name(u.name, &q), 0);
	r = nk_quick_gids(&view, &q, gids, &n);
	ck_assert(r == -EAGAIN || (r == 0 && n == 3));
	ck_assert_int_eq(pwrite(fd, slots, sizeof(slots), (off_t)t->offset),
	    sizeof(slots));
	return r == 0;
}

/*
 * Groups are looked for only when one of the user's is marked, or the marks
 * are not what was written: no bit of them can turn without being noticed.
 */
START_TEST(marks)
{
	struct nk_mapwriter *w;
	uint32_t bit;
	uint8_t byte;
	off_t at;

	ck_assert(are_known());
	for (bit = 0; bit < sizeof(struct nk_map_marks) * 8; bit++) {
		at = NK_MAP_MARKS_AT + bit / 8;
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_msg(!are_known(), "bit %u", bit);
		byte ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	ck_assert(are_known());
	w = open_writer();
	ck_assert_int_eq(nk_mapwriter_drop_group(w, 4), 0);
	ck_assert(are_known());		/* not one of his */
	ck_assert_int_eq(nk_mapwriter_drop_group(w, 2), 0);
	nk_mapwriter_free(w);
	ck_assert(!are_known());
	expect_groups(5001, 0, 5003);
}
END_TEST

/*
 * What makes a mark: a user whose record does not say the group's gid, when
 * it is put alone or among many.  It is still there for the next writer,
 * and gone when the map is copied and the records say what is so.
 */
START_TEST(marks_by_users)
{
	struct nk_put_group_ref ref = { 1, 5009 };
	struct nk_mapwriter *w = open_writer();
	struct nk_map_marks m;
	struct nk_put_user u;
	int i;

	mt_world_user(&u, 7);
	u.groups = &ref;
	u.ngroups = 1;
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
		nk_mapwriter_free(w);
		ck_assert(nk_quick_marks(&view, &m));
		ck_assert(nk_marks_has(&m, 1));
		ck_assert(!nk_marks_has(&m, 2));
		expect_groups(0, 0, 0);
		w = open_writer();
	}
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, NULL), 0);
	ck_assert_int_eq(nk_mapwriter_drop_group(w, 3), 0);
	ck_assert(nk_quick_marks(&view, &m));
	ck_assert(nk_marks_has(&m, 1) && nk_marks_has(&m, 3));
	ck_assert_int_eq(nk_mapwriter_compact(w), 0);
	nk_mapwriter_free(w);
	nk_view_close(&view);
	ck_assert_int_eq(nk_view_open(&view, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_MAPPED), 0);
	ck_assert(nk_quick_marks(&view, &m));
	ck_assert(!nk_marks_has(&m, 1) && !nk_marks_has(&m, 3));
	expect_groups(5001, 0, 0);
}
END_TEST

/* The same in a file that is being built. */
START_TEST(marks_of_a_new_file)
{
	struct nk_map_hint hint = { 8, 8, 0 };
	struct nk_put_group_ref ref = { 1, 5009 };
	struct nk_mapwriter *w = NULL;
	struct nk_map_marks m;
	struct nk_put_group g;
	struct nk_put_user u;

	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid()), 0);
	mt_world_group(&g, 1);
	ck_assert_int_eq(nk_mapwriter_put_group(w, &g), 0);
	mt_world_user(&u, 7);
	u.groups = &ref;
	u.ngroups = 1;
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, NULL), 0);
	nk_mapwriter_free(w);
	nk_view_close(&view);
	ck_assert_int_eq(nk_view_open(&view, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_MAPPED), 0);
	ck_assert(nk_quick_marks(&view, &m));
	ck_assert(nk_marks_has(&m, 1));
	expect_groups(0, 0, 0);
}
END_TEST

/* Can the file system of the tests give large pages at all? */
static bool
has_large_pages(void)
{
	static char some[NK_MAP_HUGE];
	int r = -1, file = openat(dir.fd, "large", O_RDWR | O_CREAT, 0600);
	uint8_t *p = mmap(NULL, 2 * NK_MAP_HUGE, PROT_READ, MAP_SHARED, file,
	    0);

	ck_assert(p != MAP_FAILED);
	if (write(file, some, sizeof(some)) == (ssize_t)sizeof(some)) {
		munmap(p, 2 * NK_MAP_HUGE);
		p -= (uintptr_t)p % NK_MAP_HUGE;
		p = mmap(p, NK_MAP_HUGE, PROT_READ, MAP_SHARED, file, 0);
		ck_assert(p != MAP_FAILED);
		r = madvise(p, NK_MAP_HUGE, MADV_COLLAPSE);
	}
	close(file);
	return r == 0;
}

static const struct {
	uint32_t	users, text;	/* how many, with how long a name */
} large[] = {
	{ 20000, 0 },
	/* what a buffer begins of a large page is too little to ask for it */
	{ 5000, NK_USER_GECOS_MAX },
};

/* All of a file that needs them lies in large pages, where there are any. */
START_TEST(large_pages)
{
	struct nk_map_hint hint = { large[_i].users, 8, 0 };
	struct nk_mapwriter *w = NULL;
	char text[NK_USER_GECOS_MAX + 1];
	struct nk_put_user u;
	struct stat st;
	uint32_t i;

	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity, &hint, 0600, getuid(),
	    getgid()), 0);
	memset(text, 'x', sizeof(text));
	text[large[_i].text] = '\0';
	for (i = 1; i <= large[_i].users; i++) {
		mt_world_user(&u, i);
		u.ngroups = 0;
		u.gecos = text;
		ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	}
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	ck_assert_int_eq(nk_mapwriter_verify(w, mt_report, NULL), 0);
	nk_mapwriter_free(w);
	nk_view_close(&view);
	ck_assert_int_eq(nk_view_open(&view, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_MAPPED), 0);
	ck_assert_uint_ge(view.length, NK_MAP_HUGE);
	ck_assert_uint_eq((uintptr_t)view.base % NK_MAP_HUGE, 0);
	ck_assert_uint_ge(mt_size_without_holes(dir.fd, NK_MAP_ACCOUNTS),
	    view.length);
	if (has_large_pages()) {
		ck_assert_int_eq(fstatat(dir.fd, NK_MAP_ACCOUNTS, &st, 0), 0);
		ck_assert_uint_lt((uint64_t)st.st_blocks * 512 % NK_MAP_HUGE,
		    NK_MAP_HUGE_LEAST);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map_quick");
	TCase *tc = tcase_create("quick");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, finds_each);
	tcase_add_test(tc, turned_bits);
	tcase_add_test(tc, left_to_the_reader);
	tcase_add_test(tc, little_room);
	tcase_add_test(tc, in_order);
	tcase_add_test(tc, groups);
	tcase_add_test(tc, marks);
	tcase_add_test(tc, marks_by_users);
	tcase_add_test(tc, marks_of_a_new_file);
	tcase_add_loop_test(tc, large_pages, 0,
	    (int)(sizeof(large) / sizeof(large[0])));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
