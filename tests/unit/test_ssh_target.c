/* SPDX-License-Identifier: ISC */

/* Hosts and accounts that mean themselves wherever they are written. */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/target.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define LABEL60	"a23456789012345678901234567890123456789012345678901234567890"

static const struct {
	const char	*text;
	int		 want;
} hosts[] = {
	{ "nas", 0 },
	{ "nas-2.example.org", 0 },
	{ "nas.example.org.", 0 },
	{ "my_nas", 0 },
	{ "192.0.2.7", 0 },
	{ "2001:db8::1", 0 },
	{ "::1", 0 },
	{ "::ffff:192.0.2.7", 0 },
	{ "fe80::1%eth0.7", 0 },
	{ LABEL60 "." LABEL60 "." LABEL60 "." LABEL60 ".123456789", 0 },
	{ LABEL60 "." LABEL60 "." LABEL60 "." LABEL60 ".1234567890",
	  -EINVAL },
	{ "", -EINVAL },
	{ "-oProxyCommand=x", -EINVAL },
	{ "-nas", -EINVAL },
	{ ".nas", -EINVAL },
	{ "a..b", -EINVAL },
	{ "a b", -EINVAL },
	{ "a\nb", -EINVAL },
	{ "user@nas", -EINVAL },
	{ "nas/x", -EINVAL },
	{ "nas:22", -EINVAL },
	{ "nas,other", -EINVAL },
	{ "*", -EINVAL },
	{ "!nas", -EINVAL },
	{ "%h", -EINVAL },
	{ "nas%eth0", -EINVAL },
	{ "$(x)", -EINVAL },
	{ "n\303\244s", -EINVAL },
	{ "[2001:db8::1]", -EINVAL },
	{ "2001:db8::1::2", -EINVAL },
	{ "fe80::1%", -EINVAL },
	{ "fe80::1%e h", -EINVAL },
	{ "fe80::1%interface1234567", -EINVAL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
	  -EINVAL },
};

static const struct {
	const char	*text;
	int		 want;
} users[] = {
	{ "root", 0 },
	{ "_apt.2-x+y", 0 },
	{ "alice@example.org", 0 },
	{ "EXAMPLE\\alice", 0 },
	{ LABEL60 "1234", 0 },
	{ LABEL60 "12345", -EINVAL },
	{ "", -EINVAL },
	{ "-l", -EINVAL },
	{ "a b", -EINVAL },
	{ "a\nb", -EINVAL },
	{ "a'b", -EINVAL },
	{ "a\"b", -EINVAL },
	{ "a:b", -EINVAL },
	{ "a%u", -EINVAL },
	{ "$USER", -EINVAL },
	{ "a;b", -EINVAL },
	{ "\\alice", -EINVAL },
	{ "EXAMPLE\\", -EINVAL },
	{ "A\\b\\c", -EINVAL },
	{ "a@b\\c", -EINVAL },
	{ "m\303\274ller", -EINVAL },
};

START_TEST(check_host)
{
	const char *why = NULL;
	int r = nk_target_check_host(hosts[_i].text, &why);

	ck_assert_msg(r == hosts[_i].want, "%s: %d", hosts[_i].text, r);
	ck_assert_int_eq(why != NULL, r < 0);
	ck_assert_int_eq(nk_target_check_host(hosts[_i].text, NULL), r);
}
END_TEST

START_TEST(check_user)
{
	const char *why = NULL;
	int r = nk_target_check_user(users[_i].text, &why);

	ck_assert_msg(r == users[_i].want, "%s: %d", users[_i].text, r);
	ck_assert_int_eq(why != NULL, r < 0);
	ck_assert_int_eq(nk_target_check_user(users[_i].text, NULL), r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("target");
	TCase *tc = tcase_create("target");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, check_host, 0, COUNT(hosts));
	tcase_add_loop_test(tc, check_user, 0, COUNT(users));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
