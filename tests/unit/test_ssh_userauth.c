/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/userauth.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define SID		"\0\0\0\3sid"
#define USER		"\0\0\0\5alice"
#define SERVICE		"\0\0\0\16ssh-connection"
#define PUBLICKEY	"\0\0\0\11publickey"
#define HOSTBOUND	"\0\0\0\43publickey-hostbound-v00@openssh.com"
#define ALGORITHM	"\0\0\0\2al"
#define BLOB		"\0\0\0\4blob"
#define HOST		"\0\0\0\4host"
#define HEAD		SID "\62" USER SERVICE
#define PLAIN		HEAD PUBLICKEY "\1" ALGORITHM BLOB
#define BOUND		HEAD HOSTBOUND "\1" ALGORITHM BLOB HOST
#define RAW(s)		(s), sizeof(s) - 1

static const struct {
	const char	*what;
	const char	*data;
	size_t		 len;
	int		 want;
} rows[] = {
	{ "publickey", RAW(PLAIN), 0 },
	{ "hostbound", RAW(BOUND), 0 },
	{ "empty strings", RAW("\0\0\0\0\62\0\0\0\0\0\0\0\0" PUBLICKEY "\1"
	    "\0\0\0\0\0\0\0\0"), 0 },
	{ "another message", RAW(SID "\63" USER SERVICE PUBLICKEY "\1"
	    ALGORITHM BLOB), -EBADMSG },
	{ "password", RAW(HEAD "\0\0\0\10password\1" ALGORITHM BLOB),
	    -EBADMSG },
	{ "hostbased", RAW(HEAD "\0\0\0\11hostbased\1" ALGORITHM BLOB),
	    -EBADMSG },
	{ "a longer method", RAW(HEAD "\0\0\0\12publickey2\1" ALGORITHM
	    BLOB), -EBADMSG },
	{ "without a signature", RAW(HEAD PUBLICKEY "\0" ALGORITHM BLOB),
	    -EBADMSG },
	{ "yes in another way", RAW(HEAD PUBLICKEY "\2" ALGORITHM BLOB),
	    -EBADMSG },
	{ "a server's key too many", RAW(PLAIN HOST), -EBADMSG },
	{ "hostbound, no server's key", RAW(HEAD HOSTBOUND "\1" ALGORITHM
	    BLOB), -EBADMSG },
	{ "a byte behind it", RAW(BOUND "\0"), -EBADMSG },
	{ "ssh-keygen -Y's", RAW("SSHSIG\0\0\0\4file\0\0\0\0\0\0\0\6sha512"
	    "\0\0\0\0"), -EBADMSG },
	{ "our own challenge to agents",
	    RAW("\0\0\0\25naskeys-agent-auth-v1\0\0\0\3nas" USER), -EBADMSG },
	{ "nothing", RAW(""), -EBADMSG },
};

START_TEST(reads)
{
	struct nk_userauth u;
	int r;

	r = nk_userauth_read((const uint8_t *)rows[_i].data, rows[_i].len,
	    &u);
	ck_assert_msg(r == rows[_i].want, "%s: got %d", rows[_i].what, r);
}
END_TEST

START_TEST(takes_apart)
{
	struct nk_userauth u;

	ck_assert_int_eq(nk_userauth_read((const uint8_t *)BOUND,
	    sizeof(BOUND) - 1, &u), 0);
	ck_assert(nk_wire_is_text(&u.session, "sid"));
	ck_assert(nk_wire_is_text(&u.user, "alice"));
	ck_assert(nk_wire_is_text(&u.service, "ssh-connection"));
	ck_assert(nk_wire_is_text(&u.algorithm, "al"));
	ck_assert(nk_wire_is_text(&u.blob, "blob"));
	ck_assert(nk_wire_is_text(&u.host, "host"));
	ck_assert_int_eq(nk_userauth_read((const uint8_t *)PLAIN,
	    sizeof(PLAIN) - 1, &u), 0);
	ck_assert(nk_wire_is_text(&u.blob, "blob"));
	ck_assert_ptr_null(u.host.p);
}
END_TEST

START_TEST(no_cut_is_one)
{
	struct nk_userauth u;
	size_t n;

	for (n = 0; n < sizeof(PLAIN) - 1; n++)
		ck_assert_int_eq(nk_userauth_read((const uint8_t *)PLAIN, n,
		    &u), -EBADMSG);
	for (n = 0; n < sizeof(BOUND) - 1; n++)
		ck_assert_int_eq(nk_userauth_read((const uint8_t *)BOUND, n,
		    &u), -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_userauth");
	TCase *t = tcase_create("userauth");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, reads, 0, COUNT(rows));
	tcase_add_test(t, takes_apart);
	tcase_add_test(t, no_cut_is_one);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
