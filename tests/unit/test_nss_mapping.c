/* SPDX-License-Identifier: ISC */
/* The pool of mappings from within: what a caller of NSS cannot reach. */
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nss/mapping.h"
#include "nss/result.h"
#include "tests/fixture/maps.h"

#define POOL	16		/* slots */
#define MORE	24		/* mappings asked for */

static struct nk_mapwriter *accounts;

static void
build(void)
{
	struct nk_map_settings s = { .managed_gid = 900, .min_id = 1000 };
	struct nk_put_user u = { .row = 1, .generation = 1,
	    .expires_at = NK_NEVER, .uid = 3000, .gid = 3000,
	    .flags = NK_USER_MANAGED, .name = "alice", .gecos = "",
	    .home = "/", .shell = "" };

	nk_mapwriter_free(accounts);
	accounts = nk_fixture_create(NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS,
	    16, 0644);
	nk_fixture_ok(nk_mapwriter_settings(accounts, &s), "settings");
	nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "alice");
	nk_fixture_install(accounts);
}

static void
set_up(void)
{
	nk_fixture_enter();
	build();
}

static void
tear_down(void)
{
	nk_mapwriter_free(accounts);
}

static void
expect_alice(const struct nk_view *v)
{
	struct nk_map_user u;

	ck_assert_int_eq(nk_map_user_by_name(v, "alice", 5, &u), 0);
	ck_assert_uint_eq(u.uid, 3000);
}

static int
look(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	unsigned int *callsp = arg;

	ck_assert_uint_eq(s->min_id, 1000);
	expect_alice(v);
	++*callsp;
	return 0;
}

/*
 * Every mapping is held while the map is replaced: the pool runs out, what
 * comes then is read by descriptor and owned by its caller, and nothing is
 * left of any of them in the end.
 */
START_TEST(more_than_the_pool)
{
	struct nk_mapping m[MORE];
	unsigned int fds = nk_fixture_count_fds(), calls = 0;
	int i;

	for (i = 0; i < MORE; i++) {
		if (i > 0)
			build();
		ck_assert_int_eq(nk_mapping_get(&m[i]), 0);
		ck_assert_int_eq(m[i].slot >= 0, i < POOL);
		ck_assert_int_eq(m[i].view->base != NULL, i < POOL);
	}
	for (i = 0; i < MORE; i++)
		expect_alice(m[i].view);	/* each in its own file */
	ck_assert_int_eq(nk_mapping_look(look, &calls), 0);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), POOL);
	for (i = 0; i < MORE; i++)
		nk_mapping_put(&m[i]);
	ck_assert_int_eq(nk_mapping_look(look, &calls), 0);
	ck_assert_uint_eq(calls, 2);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
	ck_assert_uint_eq(nk_fixture_count_fds(), fds);
}
END_TEST

/* Two holders of one mapping: dropped twice, closed once, by the last. */
START_TEST(dropped_while_held)
{
	struct nk_mapping a, b, c;

	ck_assert_int_eq(nk_mapping_get(&a), 0);
	ck_assert_int_eq(nk_mapping_get(&b), 0);
	ck_assert_ptr_eq(a.view, b.view);
	nk_mapping_drop(&a);
	nk_mapping_drop(&b);
	ck_assert_int_eq(nk_mapping_get(&c), 0);
	ck_assert_ptr_ne(a.view, c.view);
	nk_mapping_put(&a);
	expect_alice(b.view);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 2);
	nk_mapping_put(&b);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
	expect_alice(c.view);
	nk_mapping_put(&c);
}
END_TEST

static int
stale(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	unsigned int *callsp = arg;

	(void)v;
	(void)s;
	++*callsp;
	return -ESTALE;
}

/* A lookup that is never satisfied ends, and as unavailable. */
START_TEST(always_stale)
{
	unsigned int calls = 0;

	ck_assert_int_eq(nk_mapping_look(stale, &calls), -EIO);
	ck_assert_uint_gt(calls, 1);
	ck_assert_uint_lt(calls, 100);
	ck_assert_uint_eq(nk_fixture_count_mappings(NK_MAP_ACCOUNTS), 1);
}
END_TEST

/* The settings that a lookup gets are those of this moment. */
static int
want_minimum(const struct nk_view *v, const struct nk_map_settings *s,
    void *arg)
{
	(void)v;
	ck_assert_uint_eq(s->min_id, *(const uint32_t *)arg);
	return 0;
}

START_TEST(settings_are_seen)
{
	struct nk_map_settings s = { .managed_gid = 900, .min_id = 1000 };
	uint32_t i;

	for (i = 1000; i < 1010; i++) {
		s.min_id = i;
		nk_fixture_ok(nk_mapwriter_settings(accounts, &s), "settings");
		ck_assert_int_eq(nk_mapping_look(want_minimum, &i), 0);
	}
}
END_TEST

/* A child that inherits a full pool of references still gets its answers. */
START_TEST(child_of_a_full_pool)
{
	struct nk_mapping m[POOL];
	unsigned int calls = 0;
	int i, r, status;
	pid_t pid;

	for (i = 0; i < POOL; i++) {
		if (i > 0)
			build();
		ck_assert_int_eq(nk_mapping_get(&m[i]), 0);
	}
	build();
	pid = fork();
	if (pid == 0) {
		r = nk_mapping_look(look, &calls);
		_exit(r == 0 && calls == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
	for (i = 0; i < POOL; i++)
		nk_mapping_put(&m[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nss_mapping");
	TCase *tc = tcase_create("pool");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, more_than_the_pool);
	tcase_add_test(tc, dropped_while_held);
	tcase_add_test(tc, always_stale);
	tcase_add_test(tc, settings_are_seen);
	tcase_add_test(tc, child_of_a_full_pool);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
