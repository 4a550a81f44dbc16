/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/frommatch.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char	*list;
	const char	*address;
	bool		 admitted;
} from[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.10", false },
	{ "192.0.2.10", "192.0.2.1", false },
	{ "*", "192.0.2.1", true },
	{ "*", "2001:db8::1", true },
	{ "*", "", false },
	{ "*", "localhost", false },
	{ "*", "192.0.2", false },
	{ "*", "192.0.2.1 ", false },
	{ "*", "fe80::1%eth0", false },
	{ "localhost", "localhost", false },
	{ "192.0.2.*", "192.0.2.77", true },
	{ "192.0.2.*", "192.0.20.77", false },
	{ "192.0.2.?", "192.0.2.7", true },
	{ "192.0.2.?", "192.0.2.77", false },
	{ "*.77", "192.0.2.77", true },
	{ "*2*7", "192.0.2.77", true },
	{ "*2*8", "192.0.2.77", false },
	{ "1*1*1*1*1*1*1*1", "111.111.111.112", false },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/31", "192.0.2.1", true },
	{ "192.0.2.0/31", "192.0.2.2", false },
	{ "192.0.2.2/32", "192.0.2.2", true },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1", "2001:DB8:0::0:1", true },
	{ "2001:db8:*", "2001:db8::1", true },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "::ffff:192.0.2.1", "192.0.2.1", true },
	{ "!192.0.2.1,*", "192.0.2.1", false },
	{ "*,!192.0.2.1", "192.0.2.1", false },
	{ "*,!192.0.2.1", "192.0.2.2", true },
	{ "*,!192.0.2.0/24", "192.0.2.2", false },
	{ "*,!192.0.2.*", "192.0.2.2", false },
	{ "*,!192.0.2.*", "192.0.3.2", true },
	{ "*,!2001:db8:*", "192.0.3.2", true },
	{ "*,!host", "192.0.2.1", false },
	{ "*,!*.example", "192.0.2.1", false },
	{ "*,!::ffff:0:0/96", "192.0.2.1", false },
	{ "*,!192.0.2.0/99", "203.0.113.1", false },
	{ "192.0.2.0/99", "192.0.2.1", false },
	{ "192.0.2.0/", "192.0.2.1", false },
	{ "host.example", "192.0.2.1", false },
	{ "host,192.0.2.1", "192.0.2.1", true },
	{ "", "192.0.2.1", false },
	{ ",", "192.0.2.1", false },
	{ "!", "192.0.2.1", false },
};

START_TEST(from_lists)
{
	ck_assert_msg(nk_from_admits(from[_i].list, strlen(from[_i].list),
	    from[_i].address) == from[_i].admitted, "\"%s\" for %s",
	    from[_i].list, from[_i].address);
}
END_TEST

static const struct {
	const char	*list;
	const char	*address;
	bool		 admitted;
} cidr[] = {
	{ "192.0.2.0/24", "192.0.2.1", true },
	{ "10.0.0.1,192.0.2.0/24", "192.0.2.1", true },
	{ "10.0.0.1,192.0.2.0/24", "10.0.0.1", true },
	{ "10.0.0.1,192.0.2.0/24", "10.0.0.2", false },
	{ "10.0.0.1", "", false },
	{ "0.0.0.0/0", "host", false },
	{ "*", "192.0.2.1", false },
	{ "2001:db8::/32", "2001:db8::1", true },
	{ "", "192.0.2.1", false },
};

START_TEST(cidr_lists)
{
	ck_assert_msg(nk_cidrlist_admits(cidr[_i].list,
	    strlen(cidr[_i].list), cidr[_i].address) == cidr[_i].admitted,
	    "\"%s\" for %s", cidr[_i].list, cidr[_i].address);
}
END_TEST

static const struct {
	const char		*entries[4];
	enum nk_from_reach	 reach;
} reaches[] = {
	{ { "*" }, NK_FROM_SOME },
	{ { "192.0.2.7" }, NK_FROM_SOME },
	{ { "192.0.2.0/24", "!192.0.2.7" }, NK_FROM_SOME },
	{ { "192.0.2.7", "!192.0.2.8" }, NK_FROM_SOME },
	{ { "2001:db8::*" }, NK_FROM_SOME },
	{ { "host.example", "192.0.2.7" }, NK_FROM_SOME },
	{ { "*.2.7", "!host.example" }, NK_FROM_SOME },
	{ { "host.example" }, NK_FROM_NAMES },
	{ { "*.example", "!bad.example" }, NK_FROM_NAMES },
	{ { "host.example", "192.0.2.7", "!192.0.2.7" }, NK_FROM_NAMES },
	{ { "192.0.2.7", "!192.0.2.7" }, NK_FROM_NOBODY },
	{ { "!192.0.2.0/24", "192.0.2.7", "192.0.2.8" }, NK_FROM_NOBODY },
	{ { "::ffff:192.0.2.7", "!192.0.2.*" }, NK_FROM_NOBODY },
	{ { "192.0.2.0/24", "!192.0.2.0/24" }, NK_FROM_NOBODY },
	{ { "Host.example", "!host.example" }, NK_FROM_NOBODY },
	{ { "*", "host.example", "!*" }, NK_FROM_NOBODY },
	{ { "!*" }, NK_FROM_NOBODY },
};

START_TEST(reach)
{
	char *entries[4];
	size_t n;

	for (n = 0; n < 4 && reaches[_i].entries[n] != NULL; n++)
		entries[n] = strdup(reaches[_i].entries[n]);
	ck_assert_int_eq(nk_from_reach(entries, n), reaches[_i].reach);
	while (n > 0)
		free(entries[--n]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("frommatch");
	TCase *t = tcase_create("lists");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, from_lists, 0, COUNT(from));
	tcase_add_loop_test(t, cidr_lists, 0, COUNT(cidr));
	tcase_add_loop_test(t, reach, 0, COUNT(reaches));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
