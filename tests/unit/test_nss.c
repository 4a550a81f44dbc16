/* SPDX-License-Identifier: ISC */
/*
 * The built module, loaded as glibc loads it, against maps of its own.  Its
 * path is that of the environment variable NK_TEST_NSS_MODULE or, without
 * it, of the macro.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <shadow.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixture/maps.h"

#ifndef NK_TEST_NSS_MODULE
#define NK_TEST_NSS_MODULE	"./libnss_naskeys.so.2"
#endif

#define N(a)		((int)(sizeof(a) / sizeof((a)[0])))
#define MANAGED_GID	990u
#define MIN_ID		1000u
#define NOBODY		65534u

/* ---- the module ---- */

static nss_getpwnam_r *getpwnam_f;
static nss_getpwuid_r *getpwuid_f;
static nss_getpwent_r *getpwent_f;
static nss_setpwent *setpwent_f;
static nss_endpwent *endpwent_f;
static nss_getgrnam_r *getgrnam_f;
static nss_getgrgid_r *getgrgid_f;
static nss_getgrent_r *getgrent_f;
static nss_setgrent *setgrent_f;
static nss_endgrent *endgrent_f;
static nss_getspnam_r *getspnam_f;
static nss_getspent_r *getspent_f;
static nss_setspent *setspent_f;
static nss_endspent *endspent_f;
static nss_initgroups_dyn *initgroups_f;

static void *module;

static const struct {
	const char	*name;
	void		*at;		/* of the pointer to the function */
} entries[] = {
#define ROW(f, variable) { "_nss_naskeys_" #f, &variable }
	ROW(getpwnam_r, getpwnam_f),	ROW(getpwuid_r, getpwuid_f),
	ROW(getpwent_r, getpwent_f),	ROW(setpwent, setpwent_f),
	ROW(endpwent, endpwent_f),	ROW(getgrnam_r, getgrnam_f),
	ROW(getgrgid_r, getgrgid_f),	ROW(getgrent_r, getgrent_f),
	ROW(setgrent, setgrent_f),	ROW(endgrent, endgrent_f),
	ROW(getspnam_r, getspnam_f),	ROW(getspent_r, getspent_f),
	ROW(setspent, setspent_f),	ROW(endspent, endspent_f),
	ROW(initgroups_dyn, initgroups_f),
#undef ROW
};

static void
load_module(void)
{
	const char *path = getenv("NK_TEST_NSS_MODULE");
	void *f;
	int i;

	if (path == NULL)
		path = NK_TEST_NSS_MODULE;
	if ((module = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	for (i = 0; i < N(entries); i++) {
		if ((f = dlsym(module, entries[i].name)) == NULL) {
			(void)fprintf(stderr, "%s\n", dlerror());
			exit(EXIT_FAILURE);
		}
		memcpy(entries[i].at, &f, sizeof(f));
	}
}

/* ---- the maps ---- */

#define MANAGED		NK_USER_MANAGED
#define IN		NK_USER_IN_MANAGED

static const struct nk_put_group groups[] = {
	{ 1, 2000, "staff" },
	{ 2, 999, "low" },
	{ 3, 0, "zero" },
	{ 4, 2001, "empty" },
	{ 5, UINT32_MAX, "none" },
	{ 6, 2002, "other" },
	{ 7, 1000, "edge" },
};

static const struct nk_put_group_ref in_staff[] = { { 1, 2000 } };
static const struct nk_put_group_ref in_all[] = {
	{ 1, 2000 }, { 2, 999 }, { 3, 0 }, { 6, 2002 }, { 7, 1000 },
};
/* A gid that another group has, a row that is not there. */
static const struct nk_put_group_ref in_wrong[] = {
	{ 6, 2002 }, { 4, 2001 },
};

#define DAY	86400

static const struct nk_put_user users[] = {
	{ 1, 11, NK_NEVER, 0, 0, IN, "root", "root", "/root", "/bin/bash",
	    NULL, 0 },
	{ 2, 12, NK_NEVER, 3000, 2001, MANAGED | IN, "alice", "Alice A.",
	    "/mnt/tank/alice", "/bin/zsh", in_staff, 1 },
	{ 3, 13, 20000 * (int64_t)DAY, 3001, 2000, MANAGED | NK_USER_LOCKED,
	    "bob", "", "/var/empty", "/usr/sbin/nologin", in_wrong, 2 },
	{ 4, 14, NK_NEVER, 999, 2000, MANAGED | IN, "lowuid", "", "/",
	    "/bin/sh", in_staff, 1 },
	{ 5, 15, NK_NEVER, 0, 2000, MANAGED | IN, "zerouid", "", "/", "/bin/sh",
	    in_staff, 1 },
	{ 6, 16, NK_NEVER, 3006, 0, MANAGED | IN, "zerogid", "", "/", "/bin/sh",
	    in_staff, 1 },
	{ 7, 17, NK_NEVER, 70000, 70000, 0, "DOMAIN\\carol", "", "/", "/bin/sh",
	    in_staff, 1 },
	{ 8, 18, NK_NEVER, UINT32_MAX, 2000, MANAGED, "maxuid", "", "/",
	    "/bin/sh", NULL, 0 },
	{ 9, 19, 20000 * (int64_t)DAY + 1, 1000, 1000, MANAGED | IN, "dave",
	    "D", "/home/dave", "/bin/sh", in_all, 5 },
	{ 10, 20, 5, 3010, 2001, MANAGED | NK_USER_PASSWORD_DISABLED, "erin",
	    "", "/", "", NULL, 0 },
};

static const struct nk_put_secret secrets[] = {
	{ 2, { 12, 12 }, 0, 19000, 1, 90, 7, 14, 0, "$y$hash-of-alice" },
	{ 3, { 12, 13 }, 0, 19001, -1, -1, -1, -1, 0, "$6$bob" },
	{ 9, { 19, 20 }, 0, 19002, 0, 99999, 7, -1, NK_SECRET_MUST_CHANGE,
	    "$y$dave" },
	{ 10, { 20, 20 }, 0, 19003, -1, -1, -1, -1, 0, "$y$erin" },
};

static struct nk_mapwriter *accounts;

static void
put_settings(struct nk_mapwriter *w, uint32_t flags)
{
	struct nk_map_settings s = { .managed_gid = MANAGED_GID,
	    .min_id = MIN_ID, .flags = flags };

	nk_fixture_ok(nk_mapwriter_settings(w, &s), "settings");
}

/* accounts.map with the users above and more, numbered from 0. */
static struct nk_mapwriter *
build(uint32_t more)
{
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_ACCOUNTS,
	    NK_MAP_KIND_ACCOUNTS, 64 + more, 0644);
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 2001,
	    .flags = MANAGED, .gecos = "", .home = "/", .shell = "/bin/sh" };
	char name[32];
	uint32_t i;

	put_settings(w, 0);
	for (i = 0; i < (uint32_t)N(groups); i++)
		nk_fixture_ok(nk_mapwriter_put_group(w, &groups[i]), "group");
	for (i = 0; i < (uint32_t)N(users); i++)
		nk_fixture_ok(nk_mapwriter_put_user(w, &users[i]), "user");
	for (i = 0; i < more; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		u.row = u.generation = 1000 + i;
		u.uid = 10000 + i;
		u.name = name;
		nk_fixture_ok(nk_mapwriter_put_user(w, &u), "user");
	}
	nk_fixture_install(w);
	return w;
}

static void
build_secrets(void)
{
	struct nk_mapwriter *w = nk_fixture_create(NK_MAP_SECRETS,
	    NK_MAP_KIND_SECRETS, 64, 0600);
	int i;

	for (i = 0; i < N(secrets); i++)
		nk_fixture_ok(nk_mapwriter_put_secret(w, &secrets[i]),
		    "secret");
	nk_fixture_install(w);
	nk_mapwriter_free(w);
}

static void
set_up(void)
{
	nk_fixture_enter();
	accounts = build(0);
}

static void
tear_down(void)
{
	nk_mapwriter_free(accounts);
	accounts = NULL;
}

static const struct nk_put_user *
user_of(const char *name)
{
	int i;

	for (i = 0; i < N(users); i++) {
		if (strcmp(users[i].name, name) == 0)
			return &users[i];
	}
	return NULL;
}

/* ---- passwd ---- */

static const struct {
	const char	*name;
	uint32_t	 uid;
	bool		 served;
} passwd_rows[] = {
	{ "alice",		3000,		true },
	{ "bob",		3001,		true },
	{ "dave",		1000,		true },
	{ "erin",		3010,		true },
	{ "root",		0,		false },
	{ "lowuid",		999,		false },
	{ "zerouid",		0,		false },
	{ "zerogid",		3006,		false },
	{ "DOMAIN\\carol",	70000,		false },
	{ "maxuid",		UINT32_MAX,	false },
	{ "",			4000,		false },
	{ "Alice",		4001,		false },
	{ "alic",		4002,		false },
	{ "alice ",		4003,		false },
	{ "alicea",		4004,		false },
	{ "3000",		4005,		false },
	{ "*",			4006,		false },
};

static void
check_passwd(const struct passwd *pw, const struct nk_put_user *u)
{
	ck_assert_str_eq(pw->pw_name, u->name);
	ck_assert_str_eq(pw->pw_passwd, "x");
	ck_assert_str_eq(pw->pw_gecos, u->gecos);
	ck_assert_str_eq(pw->pw_dir, u->home);
	ck_assert_str_eq(pw->pw_shell, u->shell);
	ck_assert_uint_eq(pw->pw_uid, u->uid);
	ck_assert_uint_eq(pw->pw_gid, u->gid);
}

START_TEST(passwd)
{
	const char *name = passwd_rows[_i].name;
	bool served = passwd_rows[_i].served;
	enum nss_status want = served ? NSS_STATUS_SUCCESS :
	    NSS_STATUS_NOTFOUND;
	struct passwd pw;
	char buf[1024];
	int error = -1;

	errno = 4711;
	ck_assert_int_eq(getpwnam_f(name, &pw, buf, sizeof(buf), &error),
	    want);
	ck_assert_int_eq(error, served ? -1 : ENOENT);
	ck_assert_int_eq(errno, 4711);
	if (served)
		check_passwd(&pw, user_of(name));
	error = -1;
	ck_assert_int_eq(getpwuid_f(passwd_rows[_i].uid, &pw, buf,
	    sizeof(buf), &error), want);
	ck_assert_int_eq(error, served ? -1 : ENOENT);
	if (served)
		check_passwd(&pw, user_of(name));
}
END_TEST

/* As in getpwnam(pw->pw_name): the name lies where the answer goes. */
START_TEST(name_in_the_buffer)
{
	struct passwd pw;
	char buf[256];
	size_t at;
	int error;

	for (at = 0; at + sizeof("alice") <= sizeof(buf); at++) {
		memset(buf, 0x5a, sizeof(buf));
		memcpy(buf + at, "alice", sizeof("alice"));
		ck_assert_int_eq(getpwnam_f(buf + at, &pw, buf, sizeof(buf),
		    &error), NSS_STATUS_SUCCESS);
		check_passwd(&pw, user_of("alice"));
	}
	memcpy(buf, "alice", sizeof("alice"));	/* and half of it before */
	ck_assert_int_eq(getpwnam_f(buf, &pw, buf + 3, sizeof(buf) - 3,
	    &error), NSS_STATUS_SUCCESS);
	check_passwd(&pw, user_of("alice"));
}
END_TEST

/* ---- group ---- */

static const struct {
	const char	*name;
	uint32_t	 gid;
	const char	*members;	/* sorted; NULL: not served */
} group_rows[] = {
	{ "staff",	2000,		"alice,dave," },
	{ "empty",	2001,		"bob," },
	{ "other",	2002,		"bob,dave," },
	{ "edge",	1000,		"dave," },
	{ "low",	999,		NULL },
	{ "zero",	0,		NULL },
	{ "none",	UINT32_MAX,	NULL },
	{ "staf",	2003,		NULL },
	{ "staffs",	2004,		NULL },
	{ "",		MANAGED_GID,	NULL },
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
check_group(const struct group *gr, int i)
{
	char members[256] = "";
	size_t n, at = 0;

	ck_assert_str_eq(gr->gr_name, group_rows[i].name);
	ck_assert_str_eq(gr->gr_passwd, "x");
	ck_assert_uint_eq(gr->gr_gid, group_rows[i].gid);
	for (n = 0; gr->gr_mem[n] != NULL; n++)
		;
	qsort(gr->gr_mem, n, sizeof(*gr->gr_mem), compare_names);
	for (n = 0; gr->gr_mem[n] != NULL; n++)
		at += (size_t)snprintf(members + at, sizeof(members) - at,
		    "%s,", gr->gr_mem[n]);
	ck_assert_str_eq(members, group_rows[i].members);
}

START_TEST(group)
{
	const char *name = group_rows[_i].name;
	bool served = group_rows[_i].members != NULL;
	enum nss_status want = served ? NSS_STATUS_SUCCESS :
	    NSS_STATUS_NOTFOUND;
	struct group gr;
	char buf[1024];
	int error = -1;

	errno = 4711;
	ck_assert_int_eq(getgrnam_f(name, &gr, buf, sizeof(buf), &error),
	    want);
	ck_assert_int_eq(error, served ? -1 : ENOENT);
	ck_assert_int_eq(errno, 4711);
	if (served)
		check_group(&gr, _i);
	error = -1;
	ck_assert_int_eq(getgrgid_f(group_rows[_i].gid, &gr, buf,
	    sizeof(buf), &error), want);
	ck_assert_int_eq(error, served ? -1 : ENOENT);
	if (served)
		check_group(&gr, _i);
}
END_TEST

static void
tidy(void)
{
	if (nk_mapwriter_wants_compaction(accounts))
		nk_fixture_ok(nk_mapwriter_compact(accounts), "compaction");
}

/* Chunks of members fill, empty and make room while we look. */
START_TEST(many_members)
{
	static char buf[65536];
	const struct nk_put_group_ref ref = { 4, 2001 };
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 2000,
	    .flags = MANAGED, .gecos = "", .home = "/", .shell = "" };
	struct group gr;
	char name[32];
	uint32_t i, n;
	int error;

	u.name = name;
	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "m%u", i);
		u.row = u.generation = 5000 + i;
		u.uid = 20000 + i;
		u.groups = i % 3 == 0 ? NULL : &ref;
		u.ngroups = i % 3 != 0;
		tidy();
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), name);
	}
	for (i = 0; i < 3000; i += 5)
		nk_fixture_ok(nk_mapwriter_drop_user(accounts, 5000 + i),
		    "drop");
	ck_assert_int_eq(getgrnam_f("empty", &gr, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	for (n = 0; gr.gr_mem[n] != NULL; n++) {
		if (strcmp(gr.gr_mem[n], "bob") == 0)
			continue;
		i = (uint32_t)strtoul(gr.gr_mem[n] + 1, NULL, 10);
		ck_assert(i % 3 != 0 && i % 5 != 0);
	}
	ck_assert_uint_eq(n, 1600 + 1);
}
END_TEST

/* ---- shadow ---- */

static const struct {
	const char	*name;
	const char	*plain;		/* without hashes; NULL: not served */
	const char	*hash;
	long		 expire, change, max;
} shadow_rows[] = {
	{ "alice",	"*",	"$y$hash-of-alice",	-1, 19000, 90 },
	{ "bob",	"!*",	"!$6$bob",		20000, 19001, -1 },
	{ "dave",	"*",	"$y$dave",		20001, 0, 99999 },
	{ "erin",	"*",	"*",			1, -1, -1 },
	{ "root",	NULL,	NULL,			0, 0, 0 },
	{ "lowuid",	NULL,	NULL,			0, 0, 0 },
	{ "zerogid",	NULL,	NULL,			0, 0, 0 },
	{ "DOMAIN\\carol", NULL, NULL,			0, 0, 0 },
	{ "nobody",	NULL,	NULL,			0, 0, 0 },
};

static void
check_shadow(int i, bool hashes)
{
	const char *want = hashes ? shadow_rows[i].hash : shadow_rows[i].plain;
	struct spwd sp;
	char buf[1024];
	int error = -1;

	if (want == NULL) {
		ck_assert_int_eq(getspnam_f(shadow_rows[i].name, &sp, buf,
		    sizeof(buf), &error), NSS_STATUS_NOTFOUND);
		ck_assert_int_eq(error, ENOENT);
		return;
	}
	ck_assert_int_eq(getspnam_f(shadow_rows[i].name, &sp, buf,
	    sizeof(buf), &error), NSS_STATUS_SUCCESS);
	ck_assert_str_eq(sp.sp_namp, shadow_rows[i].name);
	ck_assert_str_eq(sp.sp_pwdp, want);
	ck_assert_int_eq(sp.sp_expire, shadow_rows[i].expire);
	ck_assert_int_eq(sp.sp_lstchg, hashes ? shadow_rows[i].change : -1);
	ck_assert_int_eq(sp.sp_max, hashes ? shadow_rows[i].max : -1);
	if (!hashes) {
		ck_assert_int_eq(sp.sp_min, -1);
		ck_assert_int_eq(sp.sp_warn, -1);
		ck_assert_int_eq(sp.sp_inact, -1);
	}
	ck_assert(sp.sp_flag == ~0ul);
}

/* secrets.map is not even looked at. */
START_TEST(shadow_plain)
{
	check_shadow(_i, false);
	build_secrets();
	check_shadow(_i, false);
}
END_TEST

START_TEST(shadow_hashes)
{
	build_secrets();
	put_settings(accounts, NK_MAP_SHADOW_HASHES);
	check_shadow(_i, true);
}
END_TEST

static enum nss_status
shadow_status(int *errorp)
{
	struct spwd sp;
	char buf[1024];

	*errorp = 0;
	return getspnam_f("alice", &sp, buf, sizeof(buf), errorp);
}

/* Run f in a child; it returns whether all was well. */
static void
in_child(bool (*f)(void))
{
	int status;
	pid_t pid;

	pid = fork();	/* no check in the child: its lock may be held */
	if (pid == 0)
		_exit(f() ? EXIT_SUCCESS : EXIT_FAILURE);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static bool
unprivileged_gets_no_hash(void)
{
	int error;

	return setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
	    shadow_status(&error) == NSS_STATUS_UNAVAIL && error == EACCES;
}

START_TEST(shadow_refused)
{
	struct nk_put_user u = *user_of("alice");
	struct spwd sp;
	char buf[1024];
	int error;

	put_settings(accounts, NK_MAP_SHADOW_HASHES);
	ck_assert_int_eq(shadow_status(&error), NSS_STATUS_UNAVAIL);
	ck_assert_int_eq(error, ENOENT);	/* no secrets.map yet */
	build_secrets();
	in_child(unprivileged_gets_no_hash);
	ck_assert_int_eq(shadow_status(&error), NSS_STATUS_SUCCESS);
	/* A hash of another generation is not hers. */
	u.generation = 99;
	nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "alice");
	ck_assert_int_eq(getspnam_f("alice", &sp, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	ck_assert_str_eq(sp.sp_pwdp, "*");
	ck_assert_int_eq(truncate(NK_FIXTURE_MAPS "/" NK_MAP_SECRETS, 100), 0);
	ck_assert_int_eq(shadow_status(&error), NSS_STATUS_UNAVAIL);
	ck_assert_int_eq(error, EIO);
}
END_TEST

/* ---- initgroups ---- */

static const struct {
	const char	*user;
	uint32_t	 primary;
	long		 size, limit;
	enum nss_status	 want;
	uint32_t	 gids[4];	/* after the primary; 0 ends */
} group_lists[] = {
	{ "alice", 2001, 8, 0, NSS_STATUS_SUCCESS, { MANAGED_GID, 2000, 0 } },
	{ "alice", 2001, 8, -1, NSS_STATUS_SUCCESS, { MANAGED_GID, 2000, 0 } },
	{ "alice", 2001, 1, 0, NSS_STATUS_SUCCESS, { MANAGED_GID, 2000, 0 } },
	{ "alice", 2001, 2, 2, NSS_STATUS_SUCCESS, { MANAGED_GID, 0 } },
	{ "alice", 2001, 1, 1, NSS_STATUS_SUCCESS, { 0 } },
	{ "alice", 2001, 1, 3, NSS_STATUS_SUCCESS, { MANAGED_GID, 2000, 0 } },
	{ "alice", 2000, 8, 0, NSS_STATUS_SUCCESS, { MANAGED_GID, 0 } },
	{ "alice", MANAGED_GID, 8, 0, NSS_STATUS_SUCCESS, { 2000, 0 } },
	{ "bob", 2000, 8, 0, NSS_STATUS_SUCCESS, { 2002, 2001, 0 } },
	{ "dave", 3, 1, 0, NSS_STATUS_SUCCESS,
	    { MANAGED_GID, 2000, 2002, 1000 } },
	{ "root", 0, 1, 0, NSS_STATUS_SUCCESS, { MANAGED_GID, 0 } },
	{ "erin", 2001, 8, 0, NSS_STATUS_SUCCESS, { 0 } },
	{ "DOMAIN\\carol", 70000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "lowuid", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "zerouid", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "zerogid", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "maxuid", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "mallory", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
	{ "", 2000, 8, 0, NSS_STATUS_NOTFOUND, { 0 } },
};

START_TEST(groups_of_user)
{
	long start = 1, size = group_lists[_i].size;
	gid_t *list = calloc((size_t)size, sizeof(*list));
	long limit = group_lists[_i].limit, n;
	int error = -1;

	ck_assert_ptr_nonnull(list);
	list[0] = group_lists[_i].primary;
	errno = 4711;
	ck_assert_int_eq(initgroups_f(group_lists[_i].user, list[0], &start,
	    &size, &list, limit, &error), group_lists[_i].want);
	ck_assert_int_eq(errno, 4711);
	ck_assert_uint_eq(list[0], group_lists[_i].primary);
	for (n = 0; n < 4 && group_lists[_i].gids[n] != 0; n++)
		ck_assert_uint_eq(list[n + 1], group_lists[_i].gids[n]);
	ck_assert_int_eq(start, n + 1);
	ck_assert_int_le(start, size);
	if (limit > 0)
		ck_assert_int_le(size, limit);
	if (group_lists[_i].want == NSS_STATUS_NOTFOUND)
		ck_assert_int_eq(error, ENOENT);
	free(list);
}
END_TEST

/* No gid 0, not even as the managed group; and a group must have the row. */
START_TEST(groups_and_settings)
{
	struct nk_map_settings s = { .managed_gid = 0, .min_id = MIN_ID };
	struct nk_put_group g = { 1, 2009, "staff" };
	gid_t *list = calloc(8, sizeof(*list));
	long start = 1, size = 8;
	int error;

	ck_assert_ptr_nonnull(list);
	nk_fixture_ok(nk_mapwriter_settings(accounts, &s), "settings");
	nk_fixture_ok(nk_mapwriter_put_group(accounts, &g), "group");
	ck_assert_int_eq(initgroups_f("alice", 2001, &start, &size, &list, 0,
	    &error), NSS_STATUS_SUCCESS);
	ck_assert_int_eq(start, 1);	/* her record still says 2000 ... */
	g = (struct nk_put_group){ 99, 2000, "thief" };
	nk_fixture_ok(nk_mapwriter_put_group(accounts, &g), "group");
	ck_assert_int_eq(initgroups_f("alice", 2001, &start, &size, &list, 0,
	    &error), NSS_STATUS_SUCCESS);
	ck_assert_int_eq(start, 1);	/* ... which is another's now */
	ck_assert_int_eq(initgroups_f("root", 0, &start, &size, &list, 0,
	    &error), NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(start, 1);
	s.min_id = 3001;
	nk_fixture_ok(nk_mapwriter_settings(accounts, &s), "settings");
	ck_assert_int_eq(initgroups_f("alice", 2001, &start, &size, &list, 0,
	    &error), NSS_STATUS_NOTFOUND);
	free(list);
}
END_TEST

/* ---- buffers ---- */

static enum nss_status
call_pwnam(char *buf, size_t len, int *errorp)
{
	struct passwd pw;

	return getpwnam_f("alice", &pw, buf, len, errorp);
}

static enum nss_status
call_pwuid(char *buf, size_t len, int *errorp)
{
	struct passwd pw;

	return getpwuid_f(3000, &pw, buf, len, errorp);
}

static enum nss_status
call_pwent(char *buf, size_t len, int *errorp)
{
	struct passwd pw;
	enum nss_status s;

	(void)setpwent_f(0);
	s = getpwent_f(&pw, buf, len, errorp);
	(void)endpwent_f();
	return s;
}

static enum nss_status
call_grnam(char *buf, size_t len, int *errorp)
{
	struct group gr;

	return getgrnam_f("staff", &gr, buf, len, errorp);
}

static enum nss_status
call_grgid(char *buf, size_t len, int *errorp)
{
	struct group gr;

	return getgrgid_f(2000, &gr, buf, len, errorp);
}

static enum nss_status
call_grent(char *buf, size_t len, int *errorp)
{
	struct group gr;
	enum nss_status s;

	(void)setgrent_f(0);
	s = getgrent_f(&gr, buf, len, errorp);
	(void)endgrent_f();
	return s;
}

static enum nss_status
call_spnam(char *buf, size_t len, int *errorp)
{
	struct spwd sp;

	return getspnam_f("alice", &sp, buf, len, errorp);
}

static enum nss_status
call_spent(char *buf, size_t len, int *errorp)
{
	struct spwd sp;
	enum nss_status s;

	(void)setspent_f(0);
	s = getspent_f(&sp, buf, len, errorp);
	(void)endspent_f();
	return s;
}

#define ALICE	(sizeof("alice") + sizeof("x") + sizeof("Alice A.") + \
		    sizeof("/mnt/tank/alice") + sizeof("/bin/zsh"))
#define STAFF	(sizeof("staff") + sizeof("x") + sizeof("alice") + \
		    sizeof("dave"))

static const struct {
	const char	*what;
	enum nss_status	 (*call)(char *buf, size_t len, int *errorp);
	size_t		 texts;
	size_t		 pointers;
} sizes[] = {
	{ "getpwnam_r",	call_pwnam,	ALICE,			0 },
	{ "getpwuid_r",	call_pwuid,	ALICE,			0 },
	{ "getpwent_r",	call_pwent,	ALICE,			0 },
	{ "getgrnam_r",	call_grnam,	STAFF,			3 },
	{ "getgrgid_r",	call_grgid,	STAFF,			3 },
	{ "getgrent_r",	call_grent,	STAFF,			3 },
	{ "getspnam_r",	call_spnam,	sizeof("alice*") + 1,	0 },
	{ "getspent_r",	call_spent,	sizeof("alice*") + 1,	0 },
};

/* Every size from 0 up, at every alignment; not a byte beyond is touched. */
START_TEST(buffer_sizes)
{
	_Alignas(16) char area[256];
	size_t shift, len, need, i;
	enum nss_status s;
	int error;

	for (shift = 0; shift < 8; shift++) {
		for (len = 0; len < 128; len++) {
			memset(area, 0x5a, sizeof(area));
			error = 0;
			s = sizes[_i].call(area + shift, len, &error);
			for (i = shift + len; i < sizeof(area); i++)
				ck_assert_int_eq(area[i], 0x5a);
			need = sizes[_i].texts;
			if (sizes[_i].pointers > 0)
				need += sizes[_i].pointers * sizeof(char *) +
				    (shift + len) % sizeof(char *);
			ck_assert_msg(s == (len < need ? NSS_STATUS_TRYAGAIN :
			    NSS_STATUS_SUCCESS), "%s: %zu bytes at %zu: %d",
			    sizes[_i].what, len, shift, s);
			ck_assert_int_eq(error, len < need ? ERANGE : 0);
		}
	}
}
END_TEST

/* A small buffer is no excuse for what is not there. */
START_TEST(buffer_of_nothing)
{
	struct passwd pw;
	struct group gr;
	struct spwd sp;
	char buf[1];
	int error = 0;

	ck_assert_int_eq(getpwnam_f("mallory", &pw, buf, 0, &error),
	    NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(getpwuid_f(0, &pw, buf, 0, &error),
	    NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(getgrnam_f("zero", &gr, buf, 1, &error),
	    NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(getgrgid_f(0, &gr, buf, 0, &error),
	    NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(getspnam_f("root", &sp, buf, 0, &error),
	    NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(error, ENOENT);
}
END_TEST

/* ---- unavailable ---- */

static void
all_unavailable(int want)
{
	gid_t *list = calloc(8, sizeof(*list));
	long start = 1, size = 8;
	struct passwd pw;
	struct group gr;
	struct spwd sp;
	char buf[1024];
	int error;

#define CHECK(call) do {						\
	error = 0;							\
	ck_assert_int_eq(call, NSS_STATUS_UNAVAIL);			\
	ck_assert_int_eq(error, want);					\
} while (0)
	CHECK(getpwnam_f("alice", &pw, buf, sizeof(buf), &error));
	CHECK(getpwuid_f(3000, &pw, buf, sizeof(buf), &error));
	CHECK(getpwent_f(&pw, buf, sizeof(buf), &error));
	CHECK(getgrnam_f("staff", &gr, buf, sizeof(buf), &error));
	CHECK(getgrgid_f(2000, &gr, buf, sizeof(buf), &error));
	CHECK(getgrent_f(&gr, buf, sizeof(buf), &error));
	CHECK(getspnam_f("alice", &sp, buf, sizeof(buf), &error));
	CHECK(getspent_f(&sp, buf, sizeof(buf), &error));
	CHECK(initgroups_f("alice", 2001, &start, &size, &list, 0, &error));
#undef CHECK
	ck_assert_int_eq(start, 1);
	(void)endpwent_f();
	(void)endgrent_f();
	(void)endspent_f();
	free(list);
}

static const char map_path[] = NK_FIXTURE_MAPS "/" NK_MAP_ACCOUNTS;

START_TEST(unavailable)
{
	unsigned int fds = nk_fixture_count_fds();

	ck_assert_int_eq(unlink(map_path), 0);
	all_unavailable(ENOENT);
	ck_assert_int_eq(close(open(map_path, O_CREAT | O_WRONLY | O_CLOEXEC,
	    0644)), 0);
	all_unavailable(EIO);			/* empty */
	ck_assert_int_eq(truncate(map_path, 8192), 0);
	all_unavailable(EIO);			/* zeros */
	ck_assert_int_eq(unlink(map_path), 0);
	ck_assert_int_eq(symlink("/dev/zero", map_path), 0);
	all_unavailable(EIO);
	ck_assert_int_eq(unlink(map_path), 0);
	ck_assert_int_eq(mkfifo(map_path, 0644), 0);
	all_unavailable(EIO);			/* and nobody waits */
	ck_assert_uint_eq(nk_fixture_count_fds(), fds);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 0);
}
END_TEST

/* Break the record of a user whose name is found in the file. */
static void
damage(const char *name)
{
	static char file[1 << 20];
	int fd = open(map_path, O_RDWR | O_CLOEXEC);
	ssize_t len = read(fd, file, sizeof(file));
	char *p;

	ck_assert_int_gt(len, 0);
	p = memmem(file, (size_t)len, name, strlen(name) + 1);
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(pwrite(fd, "#", 1, p - file), 1);
	close(fd);
}

/* A damaged entry is neither unknown nor the end of the list. */
START_TEST(damaged)
{
	struct passwd pw;
	char buf[1024];
	int error = 0, n;
	enum nss_status s;

	damage("dave");
	ck_assert_int_eq(getpwnam_f("dave", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_UNAVAIL);
	ck_assert_int_eq(error, EIO);
	ck_assert_int_eq(getpwuid_f(1000, &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_UNAVAIL);
	ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	for (n = 0; (s = getpwent_f(&pw, buf, sizeof(buf), &error)) ==
	    NSS_STATUS_SUCCESS; n++)
		ck_assert_str_ne(pw.pw_name, "dave");
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(s, NSS_STATUS_UNAVAIL);
	ck_assert_int_eq(error, EIO);
	(void)endpwent_f();
}
END_TEST

/* Where mmap fails, the map is read; no descriptor stays. */
static bool
reads_without_mmap(void)
{
	struct rlimit none = { 0, 0 };
	struct passwd pw;
	struct group gr;
	char buf[1024];
	int error;

	return setrlimit(RLIMIT_AS, &none) == 0 &&
	    getpwnam_f("alice", &pw, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS &&
	    getgrnam_f("staff", &gr, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS && close(3) == -1 && close(4) == -1;
}

static bool
reads_without_mmap_or_descriptors(void)
{
	int fd;

	for (fd = 3; fd < 256; fd++)
		(void)close(fd);
	return reads_without_mmap();
}

START_TEST(no_mmap)
{
	in_child(reads_without_mmap_or_descriptors);
}
END_TEST

/* ---- enumeration ---- */

START_TEST(enumeration)
{
	static const char *const wanted[] = { "alice", "bob", "dave", "erin" };
	char buf[512];
	struct passwd pw;
	struct group gr;
	struct spwd sp;
	int error, i, n;

	for (i = 0; i < 2; i++) {	/* the second after set*ent */
		for (n = 0; n < N(wanted); n++) {
			ck_assert_int_eq(getpwent_f(&pw, buf, 5, &error),
			    NSS_STATUS_TRYAGAIN);
			ck_assert_int_eq(getpwent_f(&pw, buf, sizeof(buf),
			    &error), NSS_STATUS_SUCCESS);
			ck_assert_str_eq(pw.pw_name, wanted[n]);
			check_passwd(&pw, user_of(wanted[n]));
			ck_assert_int_eq(getspent_f(&sp, buf, sizeof(buf),
			    &error), NSS_STATUS_SUCCESS);
			ck_assert_str_eq(sp.sp_namp, wanted[n]);
		}
		ck_assert_int_eq(getpwent_f(&pw, buf, sizeof(buf), &error),
		    NSS_STATUS_NOTFOUND);
		ck_assert_int_eq(getspent_f(&sp, buf, sizeof(buf), &error),
		    NSS_STATUS_NOTFOUND);
		(void)setpwent_f(1);
		(void)setspent_f(0);
	}
	for (n = 0; getgrent_f(&gr, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS; n++) {
		for (i = 0; strcmp(group_rows[i].name, gr.gr_name) != 0; i++)
			ck_assert_int_lt(i, N(group_rows) - 1);
		check_group(&gr, i);
	}
	ck_assert_int_eq(n, 4);
	(void)endpwent_f();
	(void)endgrent_f();
	(void)endspent_f();
	(void)endspent_f();		/* twice is fine */
}
END_TEST

#define CROWD	2000u

static atomic_bool stop;

/* Edits that leave every one of the crowd there, and make the file grow. */
static void *
edit_crowd(void *arg)
{
	struct nk_mapwriter *w = arg;
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 2001,
	    .flags = MANAGED, .home = "/", .shell = "/bin/sh" };
	char name[32], gecos[512];
	uint32_t i, round;

	memset(gecos, 'g', sizeof(gecos));
	for (round = 0; !atomic_load(&stop); round++) {
		i = (round * 7) % CROWD;
		(void)snprintf(name, sizeof(name), "user%u", i);
		gecos[sizeof(gecos) - 1] = '\0';
		u.row = u.generation = 1000 + i;
		u.uid = 10000 + i;
		u.name = name;
		u.gecos = gecos + (round * 31) % sizeof(gecos);
		nk_fixture_ok(nk_mapwriter_put_user(w, &u), name);
	}
	return NULL;
}

/* Whoever is there throughout comes exactly once. */
START_TEST(enumeration_while_edited)
{
	static uint8_t seen[CROWD];
	struct passwd pw;
	char buf[1024];
	pthread_t t;
	int error, n;
	uint32_t i;

	nk_mapwriter_free(accounts);
	accounts = build(CROWD);
	ck_assert_int_eq(pthread_create(&t, NULL, edit_crowd, accounts), 0);
	for (n = 0; n < 20; n++) {
		memset(seen, 0, sizeof(seen));
		while (getpwent_f(&pw, buf, sizeof(buf), &error) ==
		    NSS_STATUS_SUCCESS) {
			if (pw.pw_uid >= 10000)
				seen[pw.pw_uid - 10000]++;
		}
		ck_assert_int_eq(error, ENOENT);
		(void)endpwent_f();
		for (i = 0; i < CROWD; i++)
			ck_assert_msg(seen[i] == 1, "user%u came %u times", i,
			    seen[i]);
	}
	atomic_store(&stop, true);
	pthread_join(t, NULL);
}
END_TEST

/* ---- threads, fork, replacement ---- */

static atomic_uint answers, mistakes;

/* Every answer there is must be the right one. */
static void *
look_up(void *arg)
{
	gid_t *list = calloc(8, sizeof(*list));
	struct passwd pw;
	struct group gr;
	long start, size = 8;
	char buf[2048];
	int error;

	(void)arg;
	while (list != NULL && !atomic_load(&stop)) {
		start = 1;
		if (getpwnam_f("alice", &pw, buf, sizeof(buf), &error) !=
		    NSS_STATUS_SUCCESS || pw.pw_uid != 3000 ||
		    strcmp(pw.pw_dir, "/mnt/tank/alice") != 0 ||
		    getpwuid_f(1000, &pw, buf, sizeof(buf), &error) !=
		    NSS_STATUS_SUCCESS || strcmp(pw.pw_name, "dave") != 0 ||
		    getpwnam_f("mallory", &pw, buf, sizeof(buf), &error) !=
		    NSS_STATUS_NOTFOUND ||
		    getgrnam_f("staff", &gr, buf, sizeof(buf), &error) !=
		    NSS_STATUS_SUCCESS || gr.gr_mem[1] == NULL ||
		    initgroups_f("alice", 2001, &start, &size, &list, 0,
		    &error) != NSS_STATUS_SUCCESS || start != 3)
			atomic_fetch_add(&mistakes, 1);
		atomic_fetch_add(&answers, 1);
	}
	free(list);
	return NULL;
}

#define THREADS	8

static void
start_threads(pthread_t t[THREADS])
{
	int i;

	atomic_store(&stop, false);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, look_up, NULL),
		    0);
	while (atomic_load(&answers) < 100)
		(void)usleep(100);
}

static void
stop_threads(pthread_t t[THREADS])
{
	int i;

	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
	ck_assert_uint_eq(atomic_load(&mistakes), 0);
}

START_TEST(threads_and_replaced_maps)
{
	unsigned int fds, n;
	pthread_t t[THREADS];

	start_threads(t);
	for (n = 0; n < 200; n++) {
		nk_mapwriter_free(accounts);
		accounts = build(0);
	}
	stop_threads(t);
	fds = nk_fixture_count_fds();
	for (n = 0; n < 20; n++) {
		struct passwd pw;
		char buf[256];
		int error;

		nk_mapwriter_free(accounts);
		accounts = build(0);
		ck_assert_int_eq(getpwnam_f("bob", &pw, buf, sizeof(buf),
		    &error), NSS_STATUS_SUCCESS);
	}
	ck_assert_uint_eq(nk_fixture_count_fds(), fds);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
}
END_TEST

/* An enumeration keeps the one it began in, and only until its end. */
START_TEST(enumeration_and_replaced_maps)
{
	struct passwd pw;
	char buf[256];
	int error, n;

	for (n = 0; getpwent_f(&pw, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS; n++) {
		nk_mapwriter_free(accounts);
		accounts = build(0);
		ck_assert_int_eq(getpwnam_f("bob", &pw, buf, sizeof(buf),
		    &error), NSS_STATUS_SUCCESS);
		ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS),
		    2);
	}
	ck_assert_int_eq(n, 4);
	(void)endpwent_f();
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
}
END_TEST

static bool
child_looks_up(void)
{
	struct passwd pw;
	char buf[256];
	int error;

	(void)alarm(120);	/* a lock that stays taken ends here */
	return getpwnam_f("alice", &pw, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS && pw.pw_uid == 3000 &&
	    getpwent_f(&pw, buf, sizeof(buf), &error) ==
	    NSS_STATUS_SUCCESS;
}

START_TEST(fork_among_threads)
{
	pthread_t t[THREADS];
	int n;

	start_threads(t);
	for (n = 0; n < 100; n++) {
		if (n % 10 == 0) {
			nk_mapwriter_free(accounts);
			accounts = build(0);
		}
		in_child(child_looks_up);
	}
	stop_threads(t);
}
END_TEST

/*
 * Without a mark of supersession only the path tells, once a second.  A
 * mark that a killed writer left is no reason to fail either.
 */
START_TEST(deleted_and_built_anew)
{
	const struct nk_put_user *alice = user_of("alice");
	struct nk_put_user u = *alice;
	struct passwd pw;
	char buf[256];
	int error;

	ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	ck_assert_int_eq(unlink(map_path), 0);
	nk_mapwriter_free(accounts);
	accounts = build(0);
	u.uid = 3999;
	nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "alice");
	(void)usleep(1100 * 1000);
	ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	ck_assert_uint_eq(pw.pw_uid, 3999);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
	ck_assert_int_eq(unlink(map_path), 0);
	(void)usleep(1100 * 1000);
	ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_UNAVAIL);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 0);
}
END_TEST

START_TEST(superseded_but_in_place)
{
	const uint64_t mark = NK_MAP_SUPERSEDED;
	struct passwd pw;
	char buf[256];
	int error, fd, n;

	ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_SUCCESS);
	fd = open(map_path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, &mark, sizeof(mark),
	    NK_MAP_SUPERSEDED_AT), sizeof(mark));
	close(fd);
	for (n = 0; n < 3; n++)
		ck_assert_int_eq(getpwnam_f("alice", &pw, buf, sizeof(buf),
		    &error), NSS_STATUS_SUCCESS);
}
END_TEST

/* An edit is seen by the next call, also where the file had to grow. */
START_TEST(edits_are_seen)
{
	struct nk_put_user u = { .expires_at = NK_NEVER, .gid = 2001,
	    .flags = MANAGED, .gecos = "", .home = "/", .shell = "/bin/sh" };
	struct passwd pw;
	char name[32], buf[256];
	int error;
	uint32_t i;

	u.name = name;
	for (i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "new%u", i);
		u.row = u.generation = 5000 + i;
		u.uid = 20000 + i;
		tidy();
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), name);
		ck_assert_int_eq(getpwnam_f(name, &pw, buf, sizeof(buf),
		    &error), NSS_STATUS_SUCCESS);
		ck_assert_uint_eq(pw.pw_uid, 20000 + i);
	}
	nk_fixture_ok(nk_mapwriter_drop_user(accounts, 5000), "drop");
	ck_assert_int_eq(getpwnam_f("new0", &pw, buf, sizeof(buf), &error),
	    NSS_STATUS_NOTFOUND);
}
END_TEST

static void *
look_up_while_cancelled(void *arg)
{
	enum nss_status *sp = arg;
	struct passwd pw;
	char buf[256];
	int error, state;

	(void)pthread_cancel(pthread_self());
	*sp = getpwnam_f("alice", &pw, buf, sizeof(buf), &error);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (state != PTHREAD_CANCEL_ENABLE)
		*sp = NSS_STATUS_UNAVAIL;
	return NULL;
}

START_TEST(cancellation)
{
	enum nss_status s = NSS_STATUS_UNAVAIL;
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, look_up_while_cancelled,
	    &s), 0);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	ck_assert_int_eq(s, NSS_STATUS_SUCCESS);
}
END_TEST

START_TEST(exports_nothing_else)
{
	ck_assert_ptr_null(dlsym(module, "nk_view_open"));
	ck_assert_ptr_null(dlsym(module, "nk_mapping_get"));
	ck_assert_ptr_null(dlsym(module, "nk_pack_text"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nss");
	TCase *tc = tcase_create("answers"), *tp = tcase_create("processes");
	SRunner *sr = srunner_create(s);
	int failed;

	load_module();
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, passwd, 0, N(passwd_rows));
	tcase_add_test(tc, name_in_the_buffer);
	tcase_add_loop_test(tc, group, 0, N(group_rows));
	tcase_add_test(tc, many_members);
	tcase_add_loop_test(tc, shadow_plain, 0, N(shadow_rows));
	tcase_add_loop_test(tc, shadow_hashes, 0, N(shadow_rows));
	tcase_add_test(tc, shadow_refused);
	tcase_add_loop_test(tc, groups_of_user, 0, N(group_lists));
	tcase_add_test(tc, groups_and_settings);
	tcase_add_loop_test(tc, buffer_sizes, 0, N(sizes));
	tcase_add_test(tc, buffer_of_nothing);
	tcase_add_test(tc, unavailable);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, no_mmap);
	tcase_add_test(tc, enumeration);
	tcase_add_test(tc, exports_nothing_else);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tp, set_up, tear_down);
	tcase_set_timeout(tp, 120);
	tcase_add_test(tp, enumeration_while_edited);
	tcase_add_test(tp, enumeration_and_replaced_maps);
	tcase_add_test(tp, threads_and_replaced_maps);
	tcase_add_test(tp, fork_among_threads);
	tcase_add_test(tp, deleted_and_built_anew);
	tcase_add_test(tp, superseded_but_in_place);
	tcase_add_test(tp, edits_are_seen);
	tcase_add_test(tp, cancellation);
	suite_add_tcase(s, tp);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	dlclose(module);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
