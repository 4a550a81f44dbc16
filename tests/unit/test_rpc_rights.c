/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/rights.h"

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

/* ---- the group file ---- */

static const struct {
	const char	*what;
	const char	*text;
	int		 want;
	gid_t		 gid;
} files[] = {
	{ "alone", "naskeys-admin:x:990:\n", 0, 990 },
	{ "no newline", "naskeys-admin:x:990:", 0, 990 },
	{ "members", "root:x:0:\nnaskeys-admin:x:1:a,b\nz:x:5:\n", 0, 1 },
	{ "empty password", "naskeys-admin::4294967294:\n", 0, 4294967294u },
	{ "odd lines around", "+::::\n\n#x\nnaskeys-admin:x:7:\n:::\nnaskeys",
	    0, 7 },
	{ "empty", "", -ENOENT, 0 },
	{ "others", "root:x:0:\nadm:x:4:\n", -ENOENT, 0 },
	{ "longer name", "naskeys-admins:x:990:\n", -ENOENT, 0 },
	{ "shorter name", "naskeys-admi:x:990:\n", -ENOENT, 0 },
	{ "name not at the start", " naskeys-admin:x:990:\n", -ENOENT, 0 },
	{ "name among members", "a:x:1:naskeys-admin:x:990:\n", -ENOENT, 0 },
	{ "commented out", "#naskeys-admin:x:990:\n", -ENOENT, 0 },
	{ "NIS", "+naskeys-admin:x:990:\n", -ENOENT, 0 },
	{ "other case", "Naskeys-Admin:x:990:\n", -ENOENT, 0 },
	{ "name without colon", "naskeys-admin\n", -ENOENT, 0 },
	{ "gid 0", "naskeys-admin:x:0:\n", -EPERM, 0 },
	{ "overflow gid", "naskeys-admin:x:65534:\n", -EPERM, 0 },
	{ "gid -1", "naskeys-admin:x:4294967295:\n", -EPERM, 0 },
	{ "twice", "naskeys-admin:x:990:\nnaskeys-admin:x:991:\n", -EBADMSG,
	    0 },
	{ "twice the same", "naskeys-admin:x:990:\nnaskeys-admin:x:990:\n",
	    -EBADMSG, 0 },
	{ "no gid", "naskeys-admin:x::\n", -EBADMSG, 0 },
	{ "too few fields", "naskeys-admin:x\n", -EBADMSG, 0 },
	{ "no field behind", "naskeys-admin:x:990\n", -EBADMSG, 0 },
	{ "negative", "naskeys-admin:x:-1:\n", -EBADMSG, 0 },
	{ "sign", "naskeys-admin:x:+5:\n", -EBADMSG, 0 },
	{ "blank", "naskeys-admin:x: 5:\n", -EBADMSG, 0 },
	{ "hexadecimal", "naskeys-admin:x:0x10:\n", -EBADMSG, 0 },
	{ "leading zero", "naskeys-admin:x:010:\n", -EBADMSG, 0 },
	{ "00", "naskeys-admin:x:00:\n", -EBADMSG, 0 },
	{ "wraps to 1", "naskeys-admin:x:4294967297:\n", -EBADMSG, 0 },
	{ "wraps to 0", "naskeys-admin:x:18446744073709551616:\n", -EBADMSG,
	    0 },
	{ "name as gid", "naskeys-admin:x:adm:\n", -EBADMSG, 0 },
};

static char path[] = "/tmp/naskeys-test-group.XXXXXX";

static void
write_file(const void *text, size_t len)
{
	FILE *f;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	f = fdopen(mkstemp(path), "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(group_file)
{
	gid_t gid = 0;
	int r;

	write_file(files[_i].text, strlen(files[_i].text));
	r = nk_group_file_gid(path, NK_ADMIN_GROUP, &gid);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_msg(r == files[_i].want, "%s: %d", files[_i].what, r);
	ck_assert_uint_eq(gid, files[_i].gid);
}
END_TEST

START_TEST(group_file_bytes)
{
	static const char nul[] = "x:\0\nnaskeys-admin:x:5:\n";
	char *big;
	gid_t gid = 0;
	size_t len = 300000, n;

	write_file(nul, sizeof(nul) - 1);
	ck_assert_int_eq(nk_group_file_gid(path, NK_ADMIN_GROUP, &gid),
	    -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);

	/* A line across every edge of the buffer it is read with. */
	ck_assert_ptr_nonnull(big = malloc(len));
	for (n = 4070; n < 4100; n++) {
		memset(big, 'a', len);
		memcpy(big + n, "\nnaskeys-admin:x:77:", 20);
		write_file(big, len);
		ck_assert_int_eq(nk_group_file_gid(path, NK_ADMIN_GROUP,
		    &gid), 0);
		ck_assert_uint_eq(gid, 77);
		ck_assert_int_eq(unlink(path), 0);
	}
	/* A password so long that the gid is out of sight. */
	memset(big, 'a', len);
	memcpy(big, "naskeys-admin:", 14);
	memcpy(big + 1000, ":5:\n", 4);
	write_file(big, len);
	ck_assert_int_eq(nk_group_file_gid(path, NK_ADMIN_GROUP, &gid),
	    -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
	free(big);
}
END_TEST

START_TEST(group_file_kind)
{
	gid_t gid = 0;

	ck_assert_int_eq(nk_group_file_gid("/nonexistent/group",
	    NK_ADMIN_GROUP, &gid), -ENOENT);
	ck_assert_int_eq(nk_group_file_gid("/dev/null", NK_ADMIN_GROUP, &gid),
	    -EBADMSG);
	ck_assert_int_eq(nk_group_file_gid("/", NK_ADMIN_GROUP, &gid),
	    -EBADMSG);
	write_file("", 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(nk_group_file_gid(path, NK_ADMIN_GROUP, &gid),
	    -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

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
	bool		 gateway, no_publisher, managed, admin;
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
	char name[] = "alice";
	struct nk_context c = { .caller = &caller, .state = &state,
	    .rank = NK_RANK_ROOT, .user_id = 99 };
	int r;

	row = (struct nk_user){ .id = 42, .name = name,
	    .managed = whole[_i].managed, .admin = whole[_i].admin,
	    .expires_at = INT64_MAX };
	row_result = whole[_i].row_result;
	asked = freed = 0;
	if (!whole[_i].no_publisher)
		c.publisher = (struct nk_publisher *)(void *)
		    &stands_for_publisher;
	write_file("naskeys-admin:x:990:\n", 21);
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

int
main(void)
{
	Suite *s = suite_create("rpc_rights");
	TCase *tc = tcase_create("rights");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	LOOP(group_file, files);
	LOOP(decide, decisions);
	LOOP(compute, whole);
#undef LOOP
	tcase_add_test(tc, group_file_bytes);
	tcase_add_test(tc, group_file_kind);
	tcase_add_test(tc, membership);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
