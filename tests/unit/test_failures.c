/* SPDX-License-Identifier: ISC */
/* Failed logins and lock-outs in session.db. */
#include <sys/wait.h>

#include <errno.h>
#include <stdint.h>

#include "lib/store/failures.h"
#include "tests/unit/session_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define ALICE	7

static const struct nk_lockout_rule rule = { 3, 100, 50 };

static const struct {
	const char	*what;
	struct {
		int64_t		now;
		uint32_t	count;
		int64_t		until;
	} step[8];
} tables[] = {
	{ "the third locks out", {
		{ 1000, 1, 0 }, { 1001, 2, 0 }, { 1002, 3, 1052 } } },
	{ "one while locked out changes nothing", {
		{ 1000, 1, 0 }, { 1000, 2, 0 }, { 1000, 3, 1050 },
		{ 1049, 3, 1050 }, { 1049, 3, 1050 } } },
	{ "after it all begins anew", {
		{ 1000, 1, 0 }, { 1000, 2, 0 }, { 1000, 3, 1050 },
		{ 1050, 1, 0 }, { 1051, 2, 0 }, { 1052, 3, 1102 } } },
	{ "the window is over", {
		{ 1000, 1, 0 }, { 1099, 2, 0 }, { 1100, 1, 0 },
		{ 1101, 2, 0 }, { 1102, 3, 1152 } } },
	{ "who waited for the file comes with an older time", {
		{ 1001, 1, 0 }, { 1000, 2, 0 }, { 999, 3, 1051 },
		{ 998, 3, 1051 } } },
	{ "a clock that went back counts no row of the future", {
		{ 1000, 1, 0 }, { 1001, 2, 0 }, { 500, 1, 0 },
		{ 501, 2, 0 }, { 502, 3, 552 } } },
};

START_TEST(counting)
{
	struct nk_failures f, again;
	int i;

	for (i = 0; i < N(tables[_i].step) && tables[_i].step[i].count != 0;
	    i++) {
		ck_assert_int_eq(nk_failures_add(ss, ALICE, &rule,
		    tables[_i].step[i].now, &f), 0);
		ck_assert_msg(f.count == tables[_i].step[i].count &&
		    f.locked_until == tables[_i].step[i].until,
		    "%s: step %d: %u, %lld", tables[_i].what, i, f.count,
		    (long long)f.locked_until);
		ck_assert_int_eq(nk_failures_get(ss, ALICE,
		    tables[_i].step[i].now, &again), 0);
		ck_assert_uint_eq(f.count, again.count);
		ck_assert_int_eq(f.last_at, again.last_at);
		ck_assert_int_eq(f.locked_until, again.locked_until);
	}
}
END_TEST

START_TEST(over)
{
	struct nk_failures f;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(nk_failures_add(ss, ALICE, &rule, 10, &f),
		    0);
	ck_assert_int_eq(nk_failures_get(ss, ALICE, 59, &f), 0);
	ck_assert_int_eq(f.locked_until, 60);
	ck_assert_int_eq(nk_failures_get(ss, ALICE, 60, &f), 0);
	ck_assert_int_eq(f.locked_until, 0);
	ck_assert_uint_eq(f.count, 0);
}
END_TEST

START_TEST(never)
{
	const struct nk_lockout_rule none = { 0, 100, 50 };
	struct nk_failures f;
	uint32_t i;

	for (i = 1; i < 50; i++) {
		ck_assert_int_eq(nk_failures_add(ss, ALICE, &none, 10, &f),
		    0);
		ck_assert_uint_eq(f.count, i);
		ck_assert_int_eq(f.locked_until, 0);
	}
}
END_TEST

START_TEST(ends_of_time)
{
	const struct nk_lockout_rule longest = { 1, UINT32_MAX, UINT32_MAX };
	struct nk_failures f;

	ck_assert_int_eq(nk_failures_add(ss, ALICE, &longest, INT64_MAX - 1,
	    &f), 0);
	ck_assert_int_eq(f.locked_until, INT64_MAX);
	ck_assert_int_eq(nk_failures_add(ss, ALICE + 1, &rule, 0, &f), 0);
	ck_assert_uint_eq(f.count, 1);
}
END_TEST

START_TEST(forget)
{
	struct nk_failures f, was;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(nk_failures_add(ss, ALICE, &rule, 10, &f),
		    0);
	ck_assert_int_eq(nk_failures_add(ss, ALICE + 1, &rule, 10, &f), 0);
	ck_assert_int_eq(nk_failures_forget(ss, ALICE, 11, &was), 0);
	ck_assert_uint_eq(was.count, 3);
	ck_assert_int_eq(was.locked_until, 60);
	ck_assert_int_eq(nk_failures_get(ss, ALICE, 11, &f), 0);
	ck_assert_uint_eq(f.count, 0);
	ck_assert_int_eq(nk_failures_get(ss, ALICE + 1, 11, &f), 0);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_int_eq(nk_failures_forget(ss, ALICE, 11, NULL), 0);
}
END_TEST

START_TEST(list)
{
	const struct nk_lockout_rule one = { 1, 100, 50 };
	struct nk_lockout *v = NULL;
	struct nk_failures f;
	size_t n, i;

	for (i = 40; i > 0; i--)
		ck_assert_int_eq(nk_failures_add(ss, (int64_t)i,
		    i % 2 == 0 ? &one : &rule, 10, &f), 0);
	ck_assert_int_eq(nk_lockouts_get(ss, 59, &v, &n), 0);
	ck_assert_uint_eq(n, 20);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(v[i].user_id, (int64_t)(i + 1) * 2);
		ck_assert_int_eq(v[i].until, 60);
	}
	free(v);
	ck_assert_int_eq(nk_lockouts_get(ss, 60, &v, &n), 0);
	ck_assert_uint_eq(n, 0);
	free(v);
}
END_TEST

/* Rule 2: however many report at once, each counts. */
START_TEST(at_once)
{
	const struct nk_lockout_rule many = { 1000, 100, 50 };
	struct nk_failures f;
	int i, j, status;

	nk_session_close(ss);
	ss = NULL;
	for (i = 0; i < 4; i++) {
		if (fork() == 0) {
			if (nk_session_open(&ss, path) < 0)
				_exit(1);
			for (j = 0; j < 20; j++) {
				if (nk_failures_add(ss, ALICE, &many, 10,
				    &f) < 0)
					_exit(1);
			}
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(nk_session_open(&ss, path), 0);
	ck_assert_int_eq(nk_failures_get(ss, ALICE, 10, &f), 0);
	ck_assert_uint_eq(f.count, 80);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failures");
	TCase *tc = tcase_create("failures");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup_session, teardown_session);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, counting, 0, N(tables));
	tcase_add_test(tc, over);
	tcase_add_test(tc, never);
	tcase_add_test(tc, ends_of_time);
	tcase_add_test(tc, forget);
	tcase_add_test(tc, list);
	tcase_add_test(tc, at_once);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
