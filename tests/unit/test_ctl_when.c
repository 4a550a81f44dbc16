/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/ctl/when.h"

#define NOW	1800000000	/* 2027-01-15T08:00:00Z */
#define DAY	86400

#define UTC	"UTC0"
#define BERLIN	"CET-1CEST,M3.5.0,M10.5.0/3"
#define WEST	"XXX8"			/* 8 hours behind UTC */
/* clocks go from 00:00 to 01:00 on the first Sunday of November */
#define LEAPING	"BRT3BRST,M11.1.0/0,M2.3.0/0"

static const struct {
	const char	*zone;
	const char	*text;
	int64_t		 when;
} good[] = {
	{ UTC, "never", WHEN_NEVER },
	{ UTC, "+0s", NOW },
	{ UTC, "+30d", NOW + 30 * DAY },
	{ UTC, "-1d", NOW - DAY },
	{ UTC, "+90s", NOW + 90 },
	{ UTC, "+5m", NOW + 300 },
	{ UTC, "-12h", NOW - 12 * 3600 },
	{ UTC, "+2w", NOW + 14 * DAY },
	{ UTC, "+36600d", NOW + 36600LL * DAY },
	{ UTC, "1970-01-01", 0 },
	{ UTC, "2027-01-15", NOW - 8 * 3600 },
	{ UTC, "2027-01-15T08:00", NOW },
	{ UTC, "2027-01-15 08:00", NOW },
	{ UTC, "2027-01-15T08:00:07", NOW + 7 },
	{ UTC, "2028-02-29", 1835395200 },
	{ UTC, "9999-12-31T23:59:59", 253402300799 },
	{ BERLIN, "2027-01-15T09:00", NOW },
	{ BERLIN, "2027-01-15T08:00Z", NOW },
	{ BERLIN, "2027-01-15Z", NOW - 8 * 3600 },
	{ BERLIN, "2027-07-01T12:00", 1814436000 },	/* summer */
	{ BERLIN, "2027-03-28T01:59:59", 1806195599 },
	{ BERLIN, "2027-03-28T03:00", 1806195600 },
	{ BERLIN, "2027-03-28T02:30Z", 1806201000 },	/* no leap in UTC */
	{ WEST, "2027-01-15", NOW },
	{ LEAPING, "2027-11-07T01:00", 1825556400 },
	{ LEAPING, "2027-11-07", 1825556400 },	/* that day begins at 1 */
};

static const struct {
	const char	*zone;
	const char	*text;
} bad[] = {
	{ UTC, "" }, { UTC, "yesterday" }, { UTC, "Never" }, { UTC, "never " },
	{ UTC, " never" }, { UTC, "0" }, { UTC, "1800000000" },
	/* spans */
	{ UTC, "+" }, { UTC, "-" }, { UTC, "+d" }, { UTC, "+1" },
	{ UTC, "+1x" }, { UTC, "+1D" }, { UTC, "+1dd" }, { UTC, "+1d " },
	{ UTC, "+ 1d" }, { UTC, "++1d" }, { UTC, "+-1d" }, { UTC, "+1.5d" },
	{ UTC, "+36601d" }, { UTC, "+999999999w" }, { UTC, "+1000000000s" },
	{ UTC, "-99999999999999999999d" }, { UTC, "30d" },
	/* days */
	{ UTC, "2027" }, { UTC, "2027-01" }, { UTC, "2027-1-15" },
	{ UTC, "2027-01-5" }, { UTC, "27-01-15" }, { UTC, "02027-01-15" },
	{ UTC, "2027-01-155" }, { UTC, "2027/01/15" }, { UTC, "2027-00-15" },
	{ UTC, "2027-13-15" }, { UTC, "2027-01-00" }, { UTC, "2027-01-32" },
	{ UTC, "2027-02-29" }, { UTC, "2027-04-31" }, { UTC, "1969-12-31" },
	{ UTC, "0000-00-00" }, { UTC, "10000-01-01" }, { UTC, "15.01.2027" },
	{ UTC, "2027-01-15 " }, { UTC, "2027-01-15z" }, { UTC, "2027-01-15ZZ" },
	{ UTC, "-2027-01-15" }, { UTC, "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa7" },
	/* times */
	{ UTC, "2027-01-15T" }, { UTC, "2027-01-15T8:00" },
	{ UTC, "2027-01-15T08" }, { UTC, "2027-01-15T08:0" },
	{ UTC, "2027-01-15T24:00" }, { UTC, "2027-01-15T08:60" },
	{ UTC, "2027-01-15T08:00:60" }, { UTC, "2027-01-15T08:00:" },
	{ UTC, "2027-01-15T08:00:0" }, { UTC, "2027-01-15T08:00 Z" },
	{ UTC, "2027-01-15T08:00+01:00" }, { UTC, "2027-01-15T08:00:00.5" },
	{ UTC, "2027-01-15  08:00" }, { UTC, "2027-01-15t08:00" },
	{ UTC, "2027-01-15T-8:00" },
	/* what the clocks leap over */
	{ BERLIN, "2027-03-28T02:00" }, { BERLIN, "2027-03-28T02:30" },
	{ BERLIN, "2027-03-28T02:59:59" }, { LEAPING, "2027-11-07T00:30" },
};

static void
set_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

START_TEST(accept)
{
	int64_t when = 42;

	set_zone(good[_i].zone);
	ck_assert_msg(when_parse(good[_i].text, NOW, &when) == 0,
	    "\"%s\" is refused", good[_i].text);
	ck_assert_msg(when == good[_i].when, "\"%s\": got %lld",
	    good[_i].text, (long long)when);
}
END_TEST

START_TEST(refuse)
{
	int64_t when = 42;

	set_zone(bad[_i].zone);
	ck_assert_msg(when_parse(bad[_i].text, NOW, &when) == -EINVAL,
	    "\"%s\" is accepted: %lld", bad[_i].text, (long long)when);
	ck_assert_int_eq(when, 42);
}
END_TEST

START_TEST(format)
{
	char buf[WHEN_LEN];
	int64_t when;

	set_zone(BERLIN);
	ck_assert_str_eq(when_format(WHEN_NEVER, buf, sizeof(buf)), "never");
	ck_assert_str_eq(when_format(NOW, buf, sizeof(buf)),
	    "2027-01-15 09:00:00");
	ck_assert_str_eq(when_format(0, buf, sizeof(buf)),
	    "1970-01-01 01:00:00");
	/* what is shown can be given again */
	ck_assert_int_eq(when_parse(when_format(1814436000, buf,
	    sizeof(buf)), NOW, &when), 0);
	ck_assert_int_eq(when, 1814436000);
	/* beyond what a calendar has: the number itself */
	ck_assert_str_eq(when_format(INT64_MAX - 1, buf, sizeof(buf)),
	    "9223372036854775806");
	ck_assert_str_eq(when_format(INT64_MIN, buf, sizeof(buf)),
	    "-9223372036854775808");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_when");
	TCase *tc = tcase_create("parse");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, accept, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tc, refuse, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, format);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
