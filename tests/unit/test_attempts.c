/* SPDX-License-Identifier: ISC */

/* How fast somebody may guess. */

#include <sys/wait.h>

#include <errno.h>

#include "lib/store/attempts.h"
#include "lib/store/session_db.h"
#include "tests/unit/session_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct nk_attempt_rule rule = {
	.free = 3, .most = 5, .window = 900000,
};

/* w: it is begun, waits that long and fails; r: it is refused. */
static const struct {
	const char	*what;
	struct {
		int64_t	now;
		int64_t	wait;		/* -1: refused; -2: the first so */
	} step[12];
} tables[] = {
	{ "three are free, then the delay doubles", {
		{ 1000000, 0 }, { 1000000, 0 }, { 1000000, 0 },
		{ 1000000, 1000 }, { 1001000, 2000 }, { 1003000, 4000 },
		{ 1007000, 8000 }, { 1015000, -2 }, { 1015000, -1 },
		{ 1022999, -1 }, { 1023000, 8000 } } },
	{ "who comes late waits for less", {
		{ 1000000, 0 }, { 1000000, 0 }, { 1000000, 0 },
		{ 1000900, 100 }, { 1010000, 0 } } },
	{ "the window is over", {
		{ 1000000, 0 }, { 1000000, 0 }, { 1000000, 0 },
		{ 1000000, 1000 }, { 1900999, 0 }, { 2800999, 0 },
		{ 2801000, 0 }, { 2801000, 0 }, { 2801000, 1000 } } },
	{ "a row of another boot", {
		{ 90000000, 0 }, { 90000000, 0 }, { 90000000, 0 },
		{ 1000, 0 }, { 1000, 0 }, { 1000, 0 }, { 1000, 1000 } } },
};

START_TEST(guessing)
{
	struct nk_attempt a;
	int i, r;

	for (i = 0; i < N(tables[_i].step) && tables[_i].step[i].now != 0;
	    i++) {
		int64_t now = tables[_i].step[i].now;
		int64_t want = tables[_i].step[i].wait;

		r = nk_attempt_begin(ss, "x", &rule, now, &a);
		ck_assert_msg(r == (want < 0 ? -EAGAIN : 0) && (r < 0 ?
		    a.first == (want == -2) : a.wait == want),
		    "%s: step %d: %d, %lld", tables[_i].what, i, r,
		    (long long)a.wait);
		if (r == 0)
			ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule,
			    now + a.wait), 0);
	}
	ck_assert_int_eq(nk_attempt_begin(ss, "y", &rule, 1000000, &a), 0);
	ck_assert_int_eq(a.wait, 0);
}
END_TEST

/* However many come at once: without a failure nobody waits. */
START_TEST(right_ones)
{
	struct nk_attempt a;
	int i;

	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a),
		    0);
		ck_assert_int_eq(a.wait, 0);
		ck_assert_int_eq(nk_attempt_right(ss, "x", &rule, 5000, &a),
		    0);
	}
}
END_TEST

/* Each takes its turn before the one before has failed. */
START_TEST(turns)
{
	struct nk_attempt a;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule, 5000), 0);
	for (i = 1; i <= 8; i++) {
		ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a),
		    0);
		ck_assert_int_eq(a.wait, i * 1000);
	}
	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a),
	    -EAGAIN);
	ck_assert_int_eq(nk_attempt_forget(ss, "x"), 0);
	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a), 0);
	ck_assert_int_eq(a.wait, 0);
}
END_TEST

/* Rule 3, and that forgetting is no way around it. */
START_TEST(in_parallel)
{
	struct nk_attempt a;
	int i;

	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a), 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule, 5000), 0);
	ck_assert_int_eq(nk_attempt_right(ss, "x", &rule, 5000, &a), 0);
	ck_assert_int_eq(nk_attempt_forget(ss, "x"), 0);
	ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule, 5000), 0);
	ck_assert_int_eq(nk_attempt_right(ss, "x", &rule, 5000, &a),
	    -EAGAIN);
	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &a), 0);
	ck_assert_int_eq(nk_attempt_right(ss, "x", &rule, 5000, &a), 0);
}
END_TEST

/* Rule 5: rows that somebody has made up, since "from" on and one a ms. */
static const struct {
	const char	*what;
	int64_t		 made, from;
	int64_t		 left;		/* after one failure at 90000000 */
	bool		 kept;		/* the row of before them */
} crowds[] = {
	{ "few",		100,	89990000,	102,	true },
	{ "as many as may be",	19998,	89990000,	20000,	true },
	{ "one more",		19999,	89990000,	20000,	false },
	{ "many more",		50000,	89990000,	20000,	false },
	{ "of another boot",	50000,	190000000,	2,	true },
};

static int
crowd(struct nk_db *db, void *arg)
{
	const int *i = arg;

	return nk_db_run(db, "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < $1 - 1) INSERT INTO attempts"
	    " SELECT 'made ' || i, 1, 1, $2 + i, 0, 0 FROM n", 2,
	    (int64_t[]){ crowds[*i].made, crowds[*i].from }, NULL);
}

static int
count_rows(struct nk_db *db, void *arg)
{
	int64_t *n = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT COUNT(*), SUM(subject = 'before')"
	    " FROM attempts", &st)) < 0)
		return r;
	if ((r = nk_stmt_step(st)) == 1) {
		n[0] = nk_stmt_int(st, 0, 0, INT64_MAX);
		n[1] = nk_stmt_int(st, 1, 0, INT64_MAX);
		r = nk_stmt_check(st);
	}
	nk_stmt_end(st);
	return r;
}

START_TEST(made_up)
{
	int64_t n[2] = { -1, -1 };
	int i = _i;

	ck_assert_int_eq(nk_attempt_wrong(ss, "before", &rule, 89900000), 0);
	ck_assert_int_eq(nk_session_run(ss, crowd, &i), 0);
	ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule, 90000000), 0);
	ck_assert_int_eq(nk_session_read(ss, count_rows, n), 0);
	ck_assert_msg(n[0] == crowds[_i].left &&
	    n[1] == (crowds[_i].kept ? 1 : 0), "%s: %lld rows",
	    crowds[_i].what, (long long)n[0]);
}
END_TEST

/* A row that says nothing any more goes with the failures of others. */
START_TEST(old_rows)
{
	int64_t n[2] = { -1, -1 };
	int i;

	ck_assert_int_eq(nk_attempt_wrong(ss, "before", &rule, 1000), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(nk_attempt_wrong(ss, "x", &rule, 1000 +
		    rule.window + i), 0);
		ck_assert_int_eq(nk_session_read(ss, count_rows, n), 0);
		ck_assert_int_eq(n[1], i == 0 ? 1 : 0);
	}
}
END_TEST

#define PROCESSES	8
#define EACH		25

START_TEST(many_processes)
{
	struct nk_attempt before, a;
	struct nk_session *own;
	int i, j, status;
	pid_t pid;

	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 5000, &before), 0);
	for (i = 0; i < PROCESSES; i++) {
		ck_assert_int_ne(pid = fork(), -1);
		if (pid > 0)
			continue;
		if (nk_session_open(&own, path) < 0)
			_exit(1);
		for (j = 0; j < EACH; j++)
			if (nk_attempt_wrong(own, "x", &rule, 5000) < 0)
				_exit(2);
		nk_session_close(own);
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(nk_attempt_begin(ss, "x", &rule, 900000, &a), 0);
	ck_assert_int_eq(a.total - before.total, PROCESSES * EACH);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attempts");
	TCase *tc = tcase_create("attempts");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_session, teardown_session);
	tcase_add_loop_test(tc, guessing, 0, N(tables));
	tcase_add_test(tc, right_ones);
	tcase_add_test(tc, turns);
	tcase_add_test(tc, in_parallel);
	tcase_add_loop_test(tc, made_up, 0, N(crowds));
	tcase_add_test(tc, old_rows);
	tcase_add_test(tc, many_processes);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
