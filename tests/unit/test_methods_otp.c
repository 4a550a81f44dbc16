/* SPDX-License-Identifier: ISC */

/* user.otp_enroll and user.otp_remove. */

#include "tests/unit/otp_codes.h"

#define ENROLL	"user.otp_enroll"
#define REMOVE	"user.otp_remove"
#define SECRET	"'secret':'" OTP_SECRET "'"
#define NO_CODE	"A code of the present second factor, or a recovery code, " \
		"is needed."
#define NOT_THE	"This is not the code of the present second factor, or it " \
		"was used before."
#define NOT_NOW	"This is not the code that the secret gives now: are the " \
		"clocks right?"

static bool
has_factor(int64_t id)
{
	struct nk_otp o;
	int r = nk_otp_get(nk_publisher_store(w.c.publisher), id, &o);

	ck_assert(r == 0 || r == -ENOENT);
	return r == 0;
}

static void
ignore(void *arg, const char *what)
{
	(void)arg;
	(void)what;
}

/* The first call makes a secret and stores nothing. */
START_TEST(proposal)
{
	json_t *a, *b;
	char *before = contents(), *after;
	const char *secret;

	as(5001);
	a = call(ENROLL, "['alice']");
	b = call(ENROLL, "['alice',{'kind':'HOTP','digits':8}]");
	secret = json_string_value(at(a, "result.secret"));
	ck_assert_uint_eq(strlen(secret), 32);
	ck_assert_str_ne(secret, json_string_value(at(b, "result.secret")));
	ck_assert_ptr_nonnull(strstr(json_string_value(at(a, "result.uri")),
	    secret));
	ck_assert_ptr_nonnull(strstr(json_string_value(at(b, "result.uri")),
	    "&algorithm=SHA1&digits=8&counter=0"));
	after = contents();
	ck_assert_str_eq(before, after);
	ck_assert(!has_factor(ALICE));
	ck_assert_int_eq(access(seal_key, F_OK), -1);
	/* that of a device that is there */
	json_decref(b);
	b = call(ENROLL, "['alice',{'secret':'gezd gnbv gy3t qojq gezd gnbv "
	    "gy3t qojq','algorithm':'SHA256','period':60}]");
	ck_assert_str_eq(json_string_value(at(b, "result.secret")),
	    OTP_SECRET);
	ck_assert_ptr_nonnull(strstr(json_string_value(at(b, "result.uri")),
	    "&algorithm=SHA256&digits=6&period=60"));
	json_decref(a);
	json_decref(b);
	free(before);
	free(after);
}
END_TEST

/* In force after the right code, and not before. */
START_TEST(confirmation)
{
	struct nk_otp o;
	char *all;
	json_t *v;

	as(5001);
	v = enroll("alice", "TOTP", totp_code(9), "");
	assert_refused(v, "wrong", "otp_enroll.code", NOT_NOW, EINVAL);
	json_decref(v);
	ck_assert(!has_factor(ALICE));
	ck_assert(!map_says_otp(ALICE));
	expect("user.query", "[]", "0.twofactor_auth_configured", "false");
	must_enroll("alice", "TOTP", totp_code(0), "", NULL);
	ck_assert(map_says_otp(ALICE));
	ck_assert(!map_says_otp(BOB));
	expect("user.query", "[]", "0.twofactor_auth_configured", "true");
	/* the code has served */
	ck_assert_int_eq(nk_otp_get(nk_publisher_store(w.c.publisher), ALICE,
	    &o), 0);
	ck_assert_int_ge(o.next, (int64_t)time(NULL) / 30);
	ck_assert_int_ge(o.last_used_at, o.created_at);
	/* nothing of it is in the log */
	as(0);
	expect("naskeys.audit.query", "[[['action','=','" ENROLL "']],"
	    "{'get':true,'select':['actor','object','text','after']}]", "",
	    "{'actor':'alice','object':'alice','text':"
	    "'Enroll second factor of alice','after':{'kind':'TOTP',"
	    "'algorithm':'SHA1','digits':6,'period':30,'window':1}}");
	all = contents();
	ck_assert_ptr_null(strstr(all, OTP_SECRET));
	ck_assert_ptr_null(strstr(all, OTP_BYTES));
	free(all);
}
END_TEST

/* The flag comes out of the store again, and goes with the factor. */
START_TEST(map_flag)
{
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	must_enroll("carol", "HOTP", hotp_code(0), "", NULL);
	ck_assert_int_eq(nk_publisher_sync(w.c.publisher, true, NULL, NULL),
	    0);
	ck_assert(map_says_otp(ALICE));
	ck_assert(!map_says_otp(BOB));
	ck_assert(map_says_otp(CAROL));
	ck_assert_int_eq(nk_publisher_verify(w.c.publisher, ignore, NULL),
	    0);
	done("user.update", "[2,{'full_name':'Alice L.','locked':true}]");
	ck_assert(map_says_otp(ALICE));
	done(REMOVE, "['alice']");
	ck_assert(!map_says_otp(ALICE));
	done("user.delete", "[5]");
	ck_assert(!has_factor(CAROL));
	ck_assert_int_eq(nk_publisher_verify(w.c.publisher, ignore, NULL),
	    0);
}
END_TEST

static const struct {
	const char	*params, *attribute, *text;
} wrongs[] = {
	{ "['alice',{'kind':'totp'}]", "otp_enroll.kind",
	    "Input should be 'TOTP' or 'HOTP'" },
	{ "['alice',{'algorithm':'MD5'}]", "otp_enroll.algorithm",
	    "Input should be 'SHA1', 'SHA256' or 'SHA512'" },
	{ "['alice',{'kind':'HOTP','algorithm':'SHA256'}]",
	    "otp_enroll.algorithm", "HOTP is SHA1 alone" },
	{ "['alice',{'digits':7}]", "otp_enroll.digits",
	    "Input should be 6 or 8" },
	{ "['alice',{'kind':'HOTP','period':30}]", "otp_enroll.period",
	    "HOTP has no period" },
	{ "['alice',{'window':5}]", "otp_enroll.window", "Out of range: 0 "
	    "to 4 periods (TOTP), 1 to 50 counters (HOTP)" },
	{ "['alice',{'kind':'HOTP','window':0}]", "otp_enroll.window",
	    "Out of range: 0 to 4 periods (TOTP), 1 to 50 counters (HOTP)" },
	{ "['alice',{'code':'123456'}]", "otp_enroll.secret",
	    "Field required" },
	{ "['alice',{'secret':'A1'}]", "otp_enroll.secret", "Not base 32" },
	{ "['alice',{'secret':''}]", "otp_enroll.secret",
	    "It must have 16 to 64 bytes (26 to 103 characters)" },
	{ "['alice',{'secret':'MZXW6YTBOI'}]", "otp_enroll.secret",
	    "It must have 16 to 64 bytes (26 to 103 characters)" },
	{ "['alice',{" SECRET ",'code':''}]", "otp_enroll.code", NOT_NOW },
	{ "['alice',{" SECRET ",'code':'abcde-fghjk'}]", "otp_enroll.code",
	    NOT_NOW },
	{ "['alice',{'nonsense':1}]", "otp_enroll.nonsense",
	    "Extra inputs are not permitted" },
};

START_TEST(wrong_fields)
{
	refused_once(ENROLL, wrongs[_i].params, wrongs[_i].attribute,
	    wrongs[_i].text, EINVAL);
	ck_assert(!has_factor(ALICE));
}
END_TEST

START_TEST(whose)
{
	refused(ENROLL, "['nobody-here']", "", "naskeys has no user "
	    "\"nobody-here\".", ENOENT);
	refused(ENROLL, "['daemon']", "", "daemon: the account lives in "
	    "another name service, and logs in without naskeys.", EINVAL);
	refused(REMOVE, "['root']", "", "root: the account lives in another "
	    "name service, and logs in without naskeys.", EINVAL);
	refused(REMOVE, "['alice']", "", "alice has no second factor.",
	    ENOENT);
	as(5005);
	refused(ENROLL, "['alice',{" SECRET ",'code':'755224','kind':'HOTP'"
	    "}]", "", "Not authorized", EACCES);
	refused(REMOVE, "['alice']", "", "Not authorized", EACCES);
	refused(REMOVE, "['nobody-here']", "", "Not authorized", EACCES);
}
END_TEST

/* Who is no administrator needs a code to be rid of it. */
START_TEST(owner_removes)
{
	char recovery[12], params[64];

	as(5001);
	must_enroll("alice", "HOTP", hotp_code(0), "", recovery);
	refused(REMOVE, "['alice']", "otp_remove.code", NO_CODE, EINVAL);
	refused(REMOVE, "['alice',{'code':'755224'}]", "otp_remove.code",
	    NOT_THE, EINVAL);
	ck_assert(has_factor(ALICE));
	done(REMOVE, "['alice',{'code':'287 082'}]");
	ck_assert(!has_factor(ALICE));
	must_enroll("alice", "HOTP", hotp_code(0), "", recovery);
	(void)snprintf(params, sizeof(params), "['alice',{'code':'%s'}]",
	    recovery);
	done(REMOVE, params);
	ck_assert(!has_factor(ALICE));
	as(0);
	expect("naskeys.audit.query", "[[['text','~','Use']],{'select':"
	    "['text','action']}]", "", "[{'text':'Use recovery code of "
	    "alice, 9 left','action':'" REMOVE "'}]");
}
END_TEST

START_TEST(owner_replaces)
{
	json_t *v;

	as(5001);
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	v = enroll("alice", "TOTP", totp_code(0), "");
	assert_refused(v, "none", "otp_enroll.current_code", NO_CODE,
	    EINVAL);
	json_decref(v);
	v = enroll("alice", "TOTP", totp_code(0),
	    ",'current_code':'123456'");
	assert_refused(v, "wrong", "otp_enroll.current_code", NOT_THE,
	    EINVAL);
	json_decref(v);
	must_enroll("alice", "TOTP", totp_code(0),
	    ",'current_code':'287082'", NULL);
	/* the old one's codes are worth nothing now */
	refused(REMOVE, "['alice',{'code':'359152'}]", "otp_remove.code",
	    NOT_THE, EINVAL);
}
END_TEST

START_TEST(administrator_needs_none)
{
	as(5002);
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	must_enroll("alice", "TOTP", totp_code(0), "", NULL);
	done(REMOVE, "['alice']");
	ck_assert(!has_factor(ALICE));
	must_enroll("bob", "TOTP", totp_code(0), "", NULL);
	done(REMOVE, "['bob',{'code':'000000'}]");
}
END_TEST

/* As many tries as at a login, then not even the right one. */
START_TEST(tries)
{
	uint32_t i;

	as(5001);
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	for (i = 0; i < w.conf.lockout_failures; i++)
		refused(REMOVE, "['alice',{'code':'000001'}]",
		    "otp_remove.code", NOT_THE, EINVAL);
	refused(REMOVE, "['alice',{'code':'287082'}]", "",
	    "Too many codes were tried: wait some minutes.", EBUSY);
	ck_assert(has_factor(ALICE));
}
END_TEST

static void
put_key(const char *text)
{
	int fd;

	(void)unlink(seal_key);
	if (text == NULL)
		return;
	ck_assert_int_ge(fd = open(seal_key, O_WRONLY | O_CREAT, 0600), 0);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	close(fd);
}

/* Without its key nothing is lost; an administrator can still remove it. */
START_TEST(key_lost)
{
	char text[400];

	as(5001);
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	(void)snprintf(text, sizeof(text), "The second factor of alice is "
	    "not sealed with the key in %s; put the right key file back, "
	    "nothing is lost", seal_key);
	put_key(NULL);
	refused(REMOVE, "['alice',{'code':'287082'}]", "", text, EFAULT);
	put_key("00112233445566778899aabbccddeeff"
	    "00112233445566778899aabbccddeeff\n");
	refused(REMOVE, "['alice',{'code':'287082'}]", "", text, EFAULT);
	as(0);
	done(REMOVE, "['alice']");
	ck_assert(!has_factor(ALICE));
}
END_TEST

/* No key is made in the place of one that is missing. */
START_TEST(key_back)
{
	char key[80] = "", *whole;
	json_t *v;
	int fd;

	as(5001);
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	ck_assert_int_ge(fd = open(seal_key, O_RDONLY), 0);
	ck_assert_int_eq(read(fd, key, sizeof(key)), 65);
	close(fd);
	put_key(NULL);
	as(0);
	v = enroll("carol", "HOTP", hotp_code(0), "");
	ck_assert_int_eq(json_integer_value(at(v, "error.data.error")),
	    EFAULT);
	json_decref(v);
	ck_assert(!has_factor(CAROL));
	ck_assert_int_eq(access(seal_key, F_OK), -1);
	v = call("naskeys.check", "[]");
	whole = dump(v);
	ck_assert_ptr_nonnull(strstr(whole, "second factors are sealed"));
	free(whole);
	json_decref(v);
	put_key(key);
	expect("naskeys.seal_rotate", "[]", "resealed", "2");
	as(5001);
	done(REMOVE, "['alice',{'code':'287082'}]");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_otp");
	TCase *tc = tcase_create("otp");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	if (geteuid() != 0)
		return 77;	/* callers of other uids */
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, make_otp_world, drop_world);
	tcase_add_test(tc, proposal);
	tcase_add_test(tc, confirmation);
	tcase_add_test(tc, map_flag);
	tcase_add_loop_test(tc, wrong_fields, 0, LENGTH(wrongs));
	tcase_add_test(tc, whose);
	tcase_add_test(tc, owner_removes);
	tcase_add_test(tc, owner_replaces);
	tcase_add_test(tc, administrator_needs_none);
	tcase_add_test(tc, tries);
	tcase_add_test(tc, key_lost);
	tcase_add_test(tc, key_back);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
