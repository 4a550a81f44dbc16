/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "helper/helper/slots.h"

static pid_t next_pid = 100;

/* Take all that uid is given; how many? */
static size_t
grab(struct slots *s, uid_t uid)
{
	size_t n = 0;

	while (slots_admit(s, uid)) {
		ck_assert_int_eq(slots_take(s, uid, next_pid++), 0);
		ck_assert_uint_lt(n, 10000);
		n++;
	}
	return n;
}

START_TEST(one_uid)
{
	struct slots s;

	ck_assert_int_eq(slots_init(&s, 256, 16), 0);
	ck_assert_uint_eq(grab(&s, 1000), 16);
	ck_assert_uint_eq(grab(&s, 1000), 0);
	ck_assert_uint_eq(grab(&s, 1001), 16);
	slots_release(&s, next_pid - 1);
	ck_assert_uint_eq(grab(&s, 1000), 0);
	ck_assert_uint_eq(grab(&s, 1001), 1);
	slots_clear(&s);
}
END_TEST

/* How many uids have to take all that they can get until none is left? */
static const struct {
	uint32_t	max, per_uid;
	size_t		first;		/* what the first one gets */
	unsigned int	at_least;	/* uids that get something */
} crowds[] = {
	{ 256,	16,	16,	35 },
	{ 256,	256,	128,	6 },
	{ 64,	16,	16,	10 },
	{ 64,	1,	1,	64 },
	{ 4,	16,	2,	3 },
	{ 2,	2,	1,	2 },
	{ 1,	1,	1,	1 },
};

START_TEST(crowd)
{
	struct slots s;
	unsigned int n = 0;

	ck_assert_int_eq(slots_init(&s, crowds[_i].max, crowds[_i].per_uid),
	    0);
	ck_assert_uint_eq(grab(&s, n++), crowds[_i].first);
	while (grab(&s, n) > 0)
		n++;
	ck_assert_uint_eq(s.used, crowds[_i].max);
	ck_assert_msg(n >= crowds[_i].at_least, "only %u uids", n);
	slots_clear(&s);
}
END_TEST

START_TEST(refused)
{
	struct slots s;

	ck_assert_int_eq(slots_init(&s, 0, 16), 0);
	ck_assert(!slots_admit(&s, 1000));
	ck_assert_int_eq(slots_take(&s, 1000, 5), -ENOSPC);
	slots_clear(&s);
	ck_assert_int_eq(slots_init(&s, 4, 0), 0);
	ck_assert(!slots_admit(&s, 1000));
	slots_clear(&s);
	ck_assert_int_eq(slots_init(&s, 1, 1), 0);
	ck_assert_uint_eq(grab(&s, 1000), 1);
	ck_assert(!slots_admit(&s, 1001));
	ck_assert_int_eq(slots_take(&s, 1001, 5), -ENOSPC);
	slots_release(&s, 0);			/* none of these is one */
	slots_release(&s, -1);
	slots_release(&s, 5);
	ck_assert(!slots_admit(&s, 1001));
	slots_release(&s, next_pid - 1);
	slots_release(&s, next_pid - 1);
	ck_assert_uint_eq(s.used, 0);
	ck_assert(slots_admit(&s, 1001));
	slots_clear(&s);
}
END_TEST

/* Thousands of uids, each with one connection: how far do they come? */
static size_t
fill(struct slots *s, enum standing standing)
{
	static uid_t uid = 100000;
	size_t n = 0;

	for (; slots_admit(s, uid) && (!slots_is_crowded(s) ||
	    slots_has_room(s, standing)); uid++, n++)
		ck_assert_int_eq(slots_take(s, uid, next_pid++), 0);
	return n;
}

static const struct {
	uint32_t	max;
	size_t		strangers, accounts, admins;
} shares[] = {
	{ 256,	128,	96,	32 },
	{ 64,	32,	24,	8 },
	{ 9,	5,	3,	1 },
	{ 7,	4,	3,	0 },
	{ 2,	1,	1,	0 },
	{ 1,	1,	0,	0 },
};

START_TEST(standings)
{
	struct slots s;

	ck_assert_int_eq(slots_init(&s, shares[_i].max, 16), 0);
	ck_assert_uint_eq(fill(&s, STANDING_STRANGER), shares[_i].strangers);
	ck_assert_uint_eq(fill(&s, STANDING_ACCOUNT), shares[_i].accounts);
	ck_assert_uint_eq(fill(&s, STANDING_STRANGER), 0);
	ck_assert_uint_eq(fill(&s, STANDING_ADMIN), shares[_i].admins);
	ck_assert_uint_eq(fill(&s, STANDING_ADMIN), 0);
	slots_clear(&s);
	/* nobody is asked for while there is enough */
	ck_assert_int_eq(slots_init(&s, shares[_i].max, 16), 0);
	ck_assert_uint_eq(fill(&s, STANDING_ADMIN), shares[_i].max);
	slots_clear(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("slots");
	TCase *tc = tcase_create("slots");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, one_uid);
	tcase_add_loop_test(tc, crowd, 0,
	    (int)(sizeof(crowds) / sizeof(crowds[0])));
	tcase_add_test(tc, refused);
	tcase_add_loop_test(tc, standings, 0,
	    (int)(sizeof(shares) / sizeof(shares[0])));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
