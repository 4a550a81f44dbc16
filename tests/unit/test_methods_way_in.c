/* SPDX-License-Identifier: ISC */

/* The last way in.  With root locked, bob is the only administrator. */

#include "tests/unit/methods_fixture.h"

#define FP		"SHA256:" ED25519_SHA256
#define SAY		"After this change no administrator could log in " \
	"any more: none would have a key in the database, or a password.  " \
	"Give one of them a key first, or use force."

static void
make_bobs_world(void)
{
	make_world();
	done("user.update", "[1,{'locked':true}]");
	done("user.remove_key", "['alice','" FP "']");
	done("user.add_key", "['bob',{'key':'" ED25519 " bob'}]");
}

/* From here on the key is all that bob has. */
static void
take_password(void)
{
	done("user.update", "[3,{'password_disabled':true}]");
}

static const struct {
	const char	*method, *params, *forced;
} last[] = {
	{ "user.remove_key", "['bob','" FP "']",
	    "['bob','" FP "',{'force':true}]" },
	{ "user.revoke_key", "['" FP "']", "['" FP "',{'force':true}]" },
	{ "user.revoke_key", "['bob']", "['bob',{'force':true}]" },
	{ "user.update", "[3,{'sshpubkey':''}]",
	    "[3,{'sshpubkey':'','force':true}]" },
	{ "user.update", "[3,{'sshpubkey':null}]",
	    "[3,{'sshpubkey':null,'force':true}]" },
	{ "user.update", "[3,{'shell':'/usr/sbin/nologin'}]",
	    "[3,{'shell':'/usr/sbin/nologin','force':true}]" },
	{ "user.update", "[3,{'account_expires_at':{'$date':86400000}}]",
	    "[3,{'account_expires_at':{'$date':86400000},'force':true}]" },
};

START_TEST(last_key)
{
	char *before, *after;

	take_password();
	before = contents();
	refused(last[_i].method, last[_i].params, "", SAY, EPERM);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	expect("user.keys", "['bob']", "0.fingerprint", "'" FP "'");
	done(last[_i].method, last[_i].forced);
	/* there is none: nothing more can be lost */
	done("user.update", "[3,{'full_name':'Bob'}]");
	done("user.remove_key", "['carol','SHA256:" P256_SHA256 "']");
}
END_TEST

START_TEST(a_password_is_one)
{
	done(last[_i].method, _i < 5 ? last[_i].params : last[_i].forced);
}
END_TEST

START_TEST(last_password)
{
	done("user.remove_key", "['bob','" FP "']");
	refused("user.update", "[3,{'password_disabled':true}]", "", SAY,
	    EPERM);
	done("user.update", "[3,{'password_disabled':true,'force':true}]");
}
END_TEST

START_TEST(another_has_one)
{
	take_password();
	done("user.update", "[2,{'admin':true}]");
	done(last[_i].method, last[_i].params);
}
END_TEST

START_TEST(root_has_one)
{
	take_password();
	done("user.update", "[1,{'locked':false}]");
	done(last[_i].method, last[_i].params);
}
END_TEST

/* A key that has expired lets nobody in. */
START_TEST(expired)
{
	take_password();
	done("user.update", "[2,{'admin':true,'password_disabled':true,"
	    "'sshpubkey':'expiry-time=\\\"20200101\\\" " P256 "'}]");
	refused("user.remove_key", "['bob','" FP "']", "", SAY, EPERM);
	done("user.add_key", "['alice',{'key':'" P256 " past','expires_at':"
	    "{'$date':86400000}}]");
	refused("user.remove_key", "['bob','" FP "']", "", SAY, EPERM);
	done("user.add_key", "['alice',{'key':'" P256 " other'}]");
	done("user.remove_key", "['bob','" FP "']");
}
END_TEST

/*
 * carol is an administrator too, but her key has gone: that she is left does
 * not help.
 */
static void
make_carol_useless(void)
{
	take_password();
	done("user.update", "[5,{'admin':true,'sshpubkey':''}]");
}

START_TEST(group_without_its_last)
{
	char *before, *after;

	make_carol_useless();
	before = contents();
	refused("group.update", "[1,{'users':[1,5]}]", "", SAY, EPERM);
	refused("group.delete", "[4,{'delete_users':true}]", "", SAY, EPERM);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	done("group.update", "[1,{'users':[1,5,3]}]");
	done("group.update", "[1,{'users':[1,5],'force':true}]");
}
END_TEST

START_TEST(group_deleted_by_force)
{
	make_carol_useless();
	done("group.delete", "[4,{'delete_users':true,'force':true}]");
}
END_TEST

/* Force is not for who may only change its own keys. */
START_TEST(of_others)
{
	take_password();
	as(5005);
	refused("user.update", "[5,{'sshpubkey':'','force':true}]", "",
	    "Not authorized", EACCES);
	done("user.update", "[5,{'sshpubkey':''}]");
	as(5002);
	refused("user.remove_key", "['bob','" FP "']", "", SAY, EPERM);
	done("user.remove_key", "['bob','" FP "',{'force':true}]");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("last way in");
	TCase *tc = tcase_create("way in");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_bobs_world, drop_world);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, last_key, 0, LENGTH(last));
	tcase_add_loop_test(tc, a_password_is_one, 0, LENGTH(last));
	tcase_add_test(tc, last_password);
	tcase_add_loop_test(tc, another_has_one, 0, LENGTH(last));
	tcase_add_loop_test(tc, root_has_one, 0, LENGTH(last));
	tcase_add_test(tc, expired);
	tcase_add_test(tc, group_without_its_last);
	tcase_add_test(tc, group_deleted_by_force);
	tcase_add_test(tc, of_others);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
