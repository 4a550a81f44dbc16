/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/rights.h"
#include "lib/rpc/web_login.h"
#include "tests/unit/tmp.h"

#define NOW	1700000000

/* ---- the store, as far as rights ask it ---- */

static struct nk_user row;
static int row_result;		/* of nk_user_by_uid() */
static unsigned int asked, freed;

struct nk_store *
nk_publisher_store(struct nk_publisher *p)
{
	return (struct nk_store *)(void *)p;
}

int
nk_user_by_uid(struct nk_store *s, uint32_t uid, struct nk_user **up)
{
	ck_assert_ptr_nonnull(s);
	asked++;
	*up = NULL;
	if (row_result == 0) {
		row.uid = uid;
		*up = &row;
	}
	return row_result;
}

void
nk_user_free(struct nk_user *u)
{
	if (u != NULL)
		freed++;
}

/* ---- who is logged in through the gateway, likewise ---- */

int
nk_web_rights(struct nk_context *c, int64_t now)
{
	ck_assert_int_eq(now, NOW);
	c->rank = NK_RANK_ADMIN;
	(void)snprintf(c->actor, sizeof(c->actor), "web");
	return -EKEYEXPIRED;
}

/* ---- the group file ---- */

static char path[64];

static void
write_file(const char *text)
{
	FILE *f;

	f = fdopen(mkstemp(tmp_name(path, sizeof(path), "group")), "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* ---- the decision ---- */

#define MANAGED	0x01u
#define ADMIN	0x02u
#define LOCKED	0x04u
#define GROUP	0x08u	/* the caller is in naskeys-admin */
#define GATEWAY	0x10u
#define STORED	0x20u	/* the store knows the uid */
#define OTHER	0x40u	/* and says another one */

static const struct {
	const char	*what;
	uid_t		 uid, owner;
	unsigned int	 flags;
	int64_t		 expires;
	enum nk_rank	 rank;
} decisions[] = {
	{ "root", 0, 0, 0, 0, NK_RANK_ROOT },
	{ "root in a folder of another", 0, 1000, 0, 0, NK_RANK_ROOT },
	{ "owner", 1000, 1000, 0, 0, NK_RANK_ROOT },
	{ "owner who is locked", 1000, 1000, STORED | MANAGED | LOCKED, 0,
	    NK_RANK_ROOT },
	{ "administrator", 1000, 0, STORED | MANAGED | ADMIN, INT64_MAX,
	    NK_RANK_ADMIN },
	{ "administrator for a second", 1000, 0, STORED | MANAGED | ADMIN,
	    NOW + 1, NK_RANK_ADMIN },
	{ "member of the group", 1000, 0, GROUP, 0, NK_RANK_ADMIN },
	{ "managed member of the group", 1000, 0, STORED | MANAGED | GROUP,
	    INT64_MAX, NK_RANK_ADMIN },
	{ "anybody", 1000, 0, 0, 0, NK_RANK_USER },
	{ "managed user", 1000, 0, STORED | MANAGED, INT64_MAX, NK_RANK_USER },
	{ "unmanaged user", 1000, 0, STORED, INT64_MAX, NK_RANK_USER },
	{ "flag of an unmanaged user", 1000, 0, STORED | ADMIN, INT64_MAX,
	    NK_RANK_USER },
	{ "expired administrator", 1000, 0, STORED | MANAGED | ADMIN, NOW,
	    NK_RANK_NOBODY },
	{ "long expired", 1000, 0, STORED | MANAGED, 0, NK_RANK_NOBODY },
	{ "locked administrator", 1000, 0, STORED | MANAGED | ADMIN | LOCKED,
	    INT64_MAX, NK_RANK_NOBODY },
	{ "locked member of the group", 1000, 0,
	    STORED | MANAGED | LOCKED | GROUP, INT64_MAX, NK_RANK_NOBODY },
	{ "expired member of the group", 1000, 0, STORED | MANAGED | GROUP,
	    NOW - 1, NK_RANK_NOBODY },
	{ "locked unmanaged user", 1000, 0, STORED | LOCKED | GROUP,
	    INT64_MAX, NK_RANK_NOBODY },
	{ "row of another uid", 1000, 0, STORED | MANAGED | ADMIN | OTHER,
	    INT64_MAX, NK_RANK_NOBODY },
	{ "gateway", 1000, 0, GATEWAY, 0, NK_RANK_NOBODY },
	{ "gateway as root", 0, 0, GATEWAY, 0, NK_RANK_NOBODY },
	{ "gateway in the group", 1000, 1000,
	    GATEWAY | GROUP | STORED | MANAGED | ADMIN, INT64_MAX,
	    NK_RANK_NOBODY },
	{ "uid of another namespace", NK_OVERFLOW_ID, 0, GROUP, 0,
	    NK_RANK_NOBODY },
	{ "which owns the folder", NK_OVERFLOW_ID, NK_OVERFLOW_ID, 0, 0,
	    NK_RANK_NOBODY },
	{ "no uid", (uid_t)-1, (uid_t)-1, GROUP, 0, NK_RANK_NOBODY },
};

START_TEST(decide)
{
	unsigned int flags = decisions[_i].flags;
	struct nk_caller caller = { .uid = decisions[_i].uid, .gid = 100,
	    .gateway = (flags & GATEWAY) != 0 };
	struct nk_user u = { .uid = decisions[_i].uid,
	    .managed = (flags & MANAGED) != 0, .admin = (flags & ADMIN) != 0,
	    .locked = (flags & LOCKED) != 0,
	    .expires_at = decisions[_i].expires };
	enum nk_rank rank;

	if ((flags & OTHER) != 0)
		u.uid++;
	rank = nk_rank_decide(&caller, decisions[_i].owner,
	    (flags & STORED) != 0 ? &u : NULL, (flags & GROUP) != 0, NOW);
	ck_assert_msg(rank == decisions[_i].rank, "%s: %d",
	    decisions[_i].what, (int)rank);
}
END_TEST

START_TEST(membership)
{
	gid_t groups[] = { 10, 20, 30 };
	struct nk_caller c = { .gid = 5, .groups = groups, .ngroups = 3 };

	ck_assert(nk_caller_is_in(&c, 5));
	ck_assert(nk_caller_is_in(&c, 10));
	ck_assert(nk_caller_is_in(&c, 30));
	ck_assert(!nk_caller_is_in(&c, 0));
	ck_assert(!nk_caller_is_in(&c, 15));
	c.ngroups = 2;
	ck_assert(!nk_caller_is_in(&c, 30));
	c.groups = NULL;
	c.ngroups = 0;
	ck_assert(!nk_caller_is_in(&c, 10));
}
END_TEST

/* ---- all of it ---- */

static int stands_for_publisher;

static const struct {
	const char	*what;
	uid_t		 uid;
	gid_t		 gid;
	uid_t		 owner;
	bool		 gateway, no_publisher, managed, admin, web;
	int		 row_result;
	int		 want;
	enum nk_rank	 rank;
	int64_t		 id;
	const char	*actor;
} whole[] = {
	{ .what = "root asks no store", .no_publisher = true,
	    .rank = NK_RANK_ROOT, .id = NK_USER_ROOT_ID, .actor = "root" },
	{ .what = "gateway asks no store", .uid = 5, .gateway = true,
	    .no_publisher = true, .rank = NK_RANK_NOBODY,
	    .actor = "gateway" },
	{ .what = "behind the gateway", .uid = 5, .gateway = true,
	    .web = true, .want = -EKEYEXPIRED, .rank = NK_RANK_ADMIN,
	    .actor = "web" },
	{ .what = "not behind it", .uid = 5, .web = true,
	    .row_result = -ENOENT, .rank = NK_RANK_USER, .actor = "uid 5" },
	{ .what = "gateway run by root", .uid = 0, .gateway = true,
	    .rank = NK_RANK_NOBODY, .actor = "gateway" },
	{ .what = "administrator", .uid = 1000, .managed = true,
	    .admin = true, .rank = NK_RANK_ADMIN, .id = 42, .actor = "alice" },
	{ .what = "user", .uid = 1000, .managed = true, .rank = NK_RANK_USER,
	    .id = 42, .actor = "alice" },
	{ .what = "stranger", .uid = 1000, .row_result = -ENOENT,
	    .rank = NK_RANK_USER, .actor = "uid 1000" },
	{ .what = "stranger in the group", .uid = 1000, .gid = 990,
	    .row_result = -ENOENT, .rank = NK_RANK_ADMIN,
	    .actor = "uid 1000" },
	{ .what = "owner", .uid = 1000, .owner = 1000, .row_result = -ENOENT,
	    .rank = NK_RANK_ROOT, .actor = "uid 1000" },
	{ .what = "owner whom the store knows", .uid = 1000, .owner = 1000,
	    .rank = NK_RANK_ROOT, .id = 42, .actor = "alice" },
	{ .what = "owner of a damaged store", .uid = 1000, .owner = 1000,
	    .row_result = -EBADMSG, .rank = NK_RANK_ROOT,
	    .actor = "uid 1000" },
	{ .what = "damaged store", .uid = 1000, .gid = 990,
	    .row_result = -EBADMSG, .want = -EBADMSG, .rank = NK_RANK_NOBODY,
	    .actor = "uid 1000" },
	{ .what = "busy store", .uid = 1000, .row_result = -EBUSY,
	    .want = -EBUSY, .rank = NK_RANK_NOBODY, .actor = "uid 1000" },
	{ .what = "no store", .uid = 1000, .no_publisher = true,
	    .want = -ENODEV, .rank = NK_RANK_NOBODY, .actor = "uid 1000" },
};

START_TEST(compute)
{
	struct nk_caller caller = { .uid = whole[_i].uid,
	    .gid = whole[_i].gid, .gateway = whole[_i].gateway };
	struct nk_state state = { .owner = whole[_i].owner };
	struct nk_web web = { .in = true };
	char name[] = "alice";
	struct nk_context c = { .caller = &caller, .state = &state,
	    .rank = NK_RANK_ROOT, .user_id = 99 };
	int r;

	row = (struct nk_user){ .id = 42, .name = name,
	    .managed = whole[_i].managed, .admin = whole[_i].admin,
	    .expires_at = INT64_MAX };
	row_result = whole[_i].row_result;
	asked = freed = 0;
	if (whole[_i].web)
		c.web = &web;
	if (!whole[_i].no_publisher)
		c.publisher = (struct nk_publisher *)(void *)
		    &stands_for_publisher;
	write_file("naskeys-admin:x:990:\n");
	r = nk_rights_compute(&c, path, NOW);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_msg(r == whole[_i].want, "%s: %d", whole[_i].what, r);
	ck_assert_msg(c.rank == whole[_i].rank, "%s: rank %d", whole[_i].what,
	    (int)c.rank);
	ck_assert_msg(c.user_id == whole[_i].id, "%s: id", whole[_i].what);
	ck_assert_str_eq(c.actor, whole[_i].actor);
	ck_assert_uint_eq(freed, asked > 0 && row_result == 0 ? 1 : 0);
}
END_TEST

/* A stranger with gid 990: an administrator by the first of them alone. */
static const struct {
	const char	*what, *text;
	mode_t		 mode;
	enum nk_rank	 rank;
} group_files[] = {
	{ "good", "naskeys-admin:x:990:\n", 0644, NK_RANK_ADMIN },
	{ "another gid", "naskeys-admin:x:991:\n", 0644, NK_RANK_USER },
	{ "no such group", "naskeys-admins:x:990:\n", 0644, NK_RANK_USER },
	{ "malformed", "naskeys-admin:x:990\n", 0644, NK_RANK_USER },
	{ "two lines", "naskeys-admin:x:990:\nnaskeys-admin:x:990:\n", 0644,
	    NK_RANK_USER },
	{ "others can write", "naskeys-admin:x:990:\n", 0646, NK_RANK_USER },
	{ "its group can write", "naskeys-admin:x:990:\n", 0664,
	    NK_RANK_USER },
};

START_TEST(group_file)
{
	struct nk_caller caller = { .uid = 1000, .gid = 990 };
	struct nk_state state = { .owner = 0 };
	struct nk_context c = { .caller = &caller, .state = &state,
	    .publisher = (struct nk_publisher *)(void *)
	    &stands_for_publisher };

	row_result = -ENOENT;
	write_file(group_files[_i].text);
	ck_assert_int_eq(chmod(path, group_files[_i].mode), 0);
	ck_assert_int_eq(nk_rights_compute(&c, path, NOW), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_msg(c.rank == group_files[_i].rank, "%s: rank %d",
	    group_files[_i].what, (int)c.rank);
	ck_assert_int_eq(nk_rights_compute(&c, path, NOW), 0);
	ck_assert_int_eq(c.rank, NK_RANK_USER);		/* no file at all */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_rights");
	TCase *tc = tcase_create("rights");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	LOOP(group_file, group_files);
	LOOP(decide, decisions);
	LOOP(compute, whole);
#undef LOOP
	tcase_add_test(tc, membership);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
