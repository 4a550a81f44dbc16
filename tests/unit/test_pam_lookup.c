/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pam/lookup.h"
#include "tests/unit/maptest.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define MANAGED		NK_USER_MANAGED
#define HASH		"$6$saltsalt$abcdefghijklmnopqrstuvwxyz"

static struct mt_dir dir;
static char accounts[128], secrets[128];
static const struct nk_maps maps = { accounts, secrets };

static const struct nk_put_group group = { 1, 2000, "staff" };

static const struct nk_put_user users[] = {
	{ 1, 11, NK_NEVER, 3001, 2000, MANAGED, "alice", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 2, 12, NK_NEVER, 3002, 2000, 0, "remote", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 3, 13, NK_NEVER, 0, 2000, MANAGED, "zero", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 4, 14, NK_NEVER, 3004, 0, MANAGED, "zerogid", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 5, 15, NK_NEVER, 999, 2000, MANAGED, "low", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 6, 16, NK_NEVER, 3006, 999, MANAGED, "lowgid", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 7, 17, NK_NEVER, 3007, 2000, MANAGED, "bare", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 8, 18, NK_NEVER, 3008, 2000, MANAGED, "old", "", "/", "/bin/sh",
	    NULL, 0 },
	{ 9, 19, NK_NEVER, UINT32_MAX, 2000, MANAGED, "max", "", "/",
	    "/bin/sh", NULL, 0 },
	{ 10, 20, NK_NEVER, 0, 0, 0, "root", "", "/", "/bin/sh", NULL, 0 },
	{ 11, 21, NK_NEVER, 1000, 1000, MANAGED, "edge", "", "/", "/bin/sh",
	    NULL, 0 },
};

/* bare has none, and old's is of another generation. */
static const struct nk_put_secret put_secrets[] = {
	{ 1, { 11, 11 }, 77, 19000, 1, 90, 7, 14, NK_SECRET_OTP, HASH },
	{ 8, { 16, 17 }, 0, 19000, -1, -1, -1, -1, 0, HASH },
	{ 11, { 20, 21 }, 0, -1, -1, -1, -1, -1, 0, "*" },
};

static struct nk_mapwriter *
begin(const char *name, enum nk_map_kind kind)
{
	struct nk_map_hint hint = { 16, 16, 0 };
	struct nk_mapwriter *w = NULL;

	ck_assert_int_eq(nk_mapwriter_create(&w, dir.fd, name, kind,
	    &mt_identity, &hint, 0600, getuid(), getgid()), 0);
	return w;
}

static void
install(struct nk_mapwriter *w)
{
	ck_assert_int_eq(nk_mapwriter_install(w), 0);
	nk_mapwriter_free(w);
}

static void
setup(void)
{
	static const struct nk_map_settings settings = { .min_id = 1000 };
	struct nk_mapwriter *w;
	int i;

	mt_dir_make(&dir);
	(void)snprintf(accounts, sizeof(accounts), "%s/%s", dir.path,
	    NK_MAP_ACCOUNTS);
	(void)snprintf(secrets, sizeof(secrets), "%s/%s", dir.path,
	    NK_MAP_SECRETS);
	w = begin(NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS);
	ck_assert_int_eq(nk_mapwriter_settings(w, &settings), 0);
	ck_assert_int_eq(nk_mapwriter_put_group(w, &group), 0);
	for (i = 0; i < COUNT(users); i++)
		ck_assert_int_eq(nk_mapwriter_put_user(w, &users[i]), 0);
	install(w);
	w = begin(NK_MAP_SECRETS, NK_MAP_KIND_SECRETS);
	for (i = 0; i < COUNT(put_secrets); i++)
		ck_assert_int_eq(nk_mapwriter_put_secret(w,
		    &put_secrets[i]), 0);
	install(w);
}

static void
teardown(void)
{
	mt_dir_remove(&dir);
}

static const struct {
	const char	*user;
	uint32_t	 min_uid;
	int		 want;		/* of nk_lookup_begin() */
	const char	*hash;
} names[] = {
	{ "alice", 0, 0, HASH },
	{ "alice", 3001, 0, HASH },
	{ "alice", 3002, -ENOENT, NULL },
	{ "edge", 0, 0, "*" },
	{ "bare", 0, 0, "*" },
	{ "old", 0, 0, "*" },
	{ "remote", 0, -ENOENT, NULL },
	{ "root", 0, -ENOENT, NULL },
	{ "zero", 0, -ENOENT, NULL },
	{ "zerogid", 0, -ENOENT, NULL },
	{ "low", 0, -ENOENT, NULL },
	{ "low", 1, -ENOENT, NULL },
	{ "lowgid", 0, -ENOENT, NULL },
	{ "max", 0, -ENOENT, NULL },
	{ "nobody", 0, -ENOENT, NULL },
	{ "Alice", 0, -ENOENT, NULL },
	{ "alic", 0, -ENOENT, NULL },
	{ "alice ", 0, -ENOENT, NULL },
	{ "", 0, -ENOENT, NULL },
};

START_TEST(by_name)
{
	struct nk_lookup l;

	ck_assert_msg(nk_lookup_begin(&l, &maps, names[_i].user,
	    names[_i].min_uid) == names[_i].want, "%s", names[_i].user);
	if (names[_i].want == 0) {
		ck_assert_int_eq(nk_lookup_secret(&l), 0);
		ck_assert_str_eq(l.secret.hash, names[_i].hash);
	}
	nk_lookup_end(&l);
	ck_assert_str_eq(l.secret.hash, "");
	ck_assert_int_eq(l.view[0].fd, -1);
	ck_assert_int_eq(l.view[1].fd, -1);
}
END_TEST

START_TEST(all_fields)
{
	struct nk_lookup l;

	ck_assert_int_eq(nk_lookup_begin(&l, &maps, "alice", 0), 0);
	ck_assert_int_eq(nk_lookup_secret(&l), 0);
	ck_assert_uint_eq(l.account.row, 1);
	ck_assert_uint_eq(l.account.generation, 11);
	ck_assert_uint_eq(l.account.uid, 3001);
	ck_assert_uint_eq(l.account.flags, MANAGED);
	ck_assert_int_eq(l.account.expires_at, NK_NEVER);
	ck_assert_int_eq(l.secret.locked_until, 77);
	ck_assert_int_eq(l.secret.last_change, 19000);
	ck_assert_int_eq(l.secret.min_days, 1);
	ck_assert_int_eq(l.secret.max_days, 90);
	ck_assert_int_eq(l.secret.warn_days, 7);
	ck_assert_int_eq(l.secret.inactive_days, 14);
	ck_assert_uint_eq(l.secret.flags, NK_SECRET_OTP);
	nk_lookup_end(&l);
}
END_TEST

/* A person has taken time to type: what was changed meanwhile is seen. */
START_TEST(changed_meanwhile)
{
	struct nk_put_user u = users[0];
	struct nk_put_secret s = put_secrets[0];
	struct nk_mapwriter *w = NULL;
	struct nk_lookup l;

	ck_assert_int_eq(nk_lookup_begin(&l, &maps, "alice", 0), 0);
	u.generation = s.generation[0] = s.generation[1] = 99;
	s.hash = "*";
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity), 0);
	ck_assert_int_eq(nk_mapwriter_put_user(w, &u), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_SECRETS,
	    NK_MAP_KIND_SECRETS, &mt_identity), 0);
	ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(nk_lookup_secret(&l), 0);
	ck_assert_uint_eq(l.account.generation, 99);
	ck_assert_str_eq(l.secret.hash, "*");
	nk_lookup_end(&l);
}
END_TEST

START_TEST(deleted_meanwhile)
{
	struct nk_mapwriter *w = NULL;
	struct nk_lookup l;

	ck_assert_int_eq(nk_lookup_begin(&l, &maps, "alice", 0), 0);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, &mt_identity), 0);
	ck_assert_int_eq(nk_mapwriter_drop_user(w, 1), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(nk_mapwriter_open(&w, dir.fd, NK_MAP_SECRETS,
	    NK_MAP_KIND_SECRETS, &mt_identity), 0);
	ck_assert_int_eq(nk_mapwriter_drop_secret(w, 1), 0);
	nk_mapwriter_free(w);
	ck_assert_int_eq(nk_lookup_secret(&l), -ENOENT);
	ck_assert_str_eq(l.secret.hash, "");
	nk_lookup_end(&l);
}
END_TEST

enum { GONE, EMPTY, CUT, RANDOM, OTHER, FOLDER, DAMAGES };

static void
damage(const char *name, const char *other, int how)
{
	uint8_t bytes[8192];
	size_t i;
	int fd;

	if (how == CUT) {
		ck_assert_int_ne(fd = openat(dir.fd, name, O_RDWR), -1);
		ck_assert_int_eq(ftruncate(fd, 4096), 0);
		close(fd);
		return;
	}
	ck_assert_int_eq(unlinkat(dir.fd, name, 0), 0);
	if (how == OTHER)
		ck_assert_int_eq(linkat(dir.fd, other, dir.fd, name, 0), 0);
	if (how == FOLDER)
		ck_assert_int_eq(mkdirat(dir.fd, name, 0700), 0);
	if (how != EMPTY && how != RANDOM)
		return;
	ck_assert_int_ne(fd = openat(dir.fd, name, O_WRONLY | O_CREAT, 0600),
	    -1);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 7);
	if (how == RANDOM)
		ck_assert_int_eq(write(fd, bytes, sizeof(bytes)),
		    (ssize_t)sizeof(bytes));
	close(fd);
}

static void
remove_folder(const char *name, int how)
{
	if (how == FOLDER)
		ck_assert_int_eq(unlinkat(dir.fd, name, AT_REMOVEDIR), 0);
}

/* Never "unknown", and the two maps are told apart. */
START_TEST(damaged_accounts)
{
	struct nk_lookup l;

	damage(NK_MAP_ACCOUNTS, NK_MAP_SECRETS, _i);
	ck_assert_int_eq(nk_lookup_begin(&l, &maps, "alice", 0), -ENODATA);
	nk_lookup_end(&l);
	remove_folder(NK_MAP_ACCOUNTS, _i);
}
END_TEST

START_TEST(damaged_secrets)
{
	struct nk_lookup l;
	int r;

	damage(NK_MAP_SECRETS, NK_MAP_ACCOUNTS, _i);
	ck_assert_int_eq(nk_lookup_begin(&l, &maps, "alice", 0), 0);
	r = nk_lookup_secret(&l);
	ck_assert_msg(r < 0 && r != -ENOENT && r != -ENODATA &&
	    r != -EACCES && r != -EPERM, "%d: %d", _i, r);
	nk_lookup_end(&l);
	remove_folder(NK_MAP_SECRETS, _i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pam lookup");
	TCase *tc = tcase_create("maps");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, by_name, 0, COUNT(names));
	tcase_add_test(tc, all_fields);
	tcase_add_test(tc, changed_meanwhile);
	tcase_add_test(tc, deleted_meanwhile);
	tcase_add_loop_test(tc, damaged_accounts, 0, DAMAGES);
	tcase_add_loop_test(tc, damaged_secrets, 0, DAMAGES);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
