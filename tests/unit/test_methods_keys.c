/* SPDX-License-Identifier: ISC */

/* What is said of keys: warnings, and options as fields. */

#include "lib/rpc/key_warn.h"
#include "tests/unit/methods_fixture.h"

#define CERT		"ssh-ed25519-cert-v01@openssh.com " CERT_ED25519_BASE64
#define RSA		"ssh-rsa " RSA2048_BASE64
#define E3		"ssh-rsa " RSA2048_E3_BASE64
#define ROCA		"ssh-rsa " ROCA2048_BASE64
#define ROCA_SHA256	"mExIFJPy0HuVjytlpcJNNNdL7fgXhPgWBggR55GzuCU"

#define SAY_CERT	"This is a certificate where a plain public key " \
	"belongs, and sshd lets nobody in by such a line: give the .pub " \
	"file without \\\"-cert\\\", or the authority\\u0027s key with the " \
	"option cert-authority."
#define SAY_E3		"The RSA exponent is 3, which makes many mistakes " \
	"of software fatal: make a new key with ssh-keygen."
#define SAY_ROCA	"This key comes from a chip whose keys can be " \
	"broken (ROCA, CVE-2017-15361): make a new key elsewhere."

#define SAY_NAMES	"The key\\u0027s from= names hosts alone, and sshd " \
	"looks at addresses unless its UseDNS is on: it lets nobody in."

/* ---- warnings ---- */

static const struct {
	const char	*line, *warnings;
} added[] = {
	{ RSA, "[]" },
	{ "restrict " RSA " x", "[]" },
	{ "cert-authority " RSA, "[]" },
	{ CERT, "['" SAY_CERT "','User alice has the same key.']" },
	{ E3, "['" SAY_E3 "']" },
	{ ROCA, "['" SAY_ROCA "']" },
	{ "cert-authority " ROCA, "['" SAY_ROCA "']" },
	{ P256, "['User carol has the same key.']" },
	{ ED25519 " bob", "['User alice has the same key.']" },
	{ "expiry-time=\\\"20200131Z\\\" " RSA, "['The expiry-time of the "
	    "key is past (2020-01-31 00:00 UTC), so that it lets nobody "
	    "in.']" },
	{ "expiry-time=\\\"29990131Z\\\" " RSA, "[]" },
	{ "from=\\\"192.0.2.7,!192.0.2.*\\\" " RSA, "['The key\\u0027s "
	    "from= excludes every address that it names, so that it lets "
	    "nobody in.']" },
	{ "from=\\\"laptop.example.org\\\" " RSA, "['" SAY_NAMES "']" },
	{ "from=\\\"laptop.example.org,10.*\\\" " RSA, "[]" },
};

START_TEST(add)
{
	char params[4096];

	(void)snprintf(params, sizeof(params), "['bob',{'key':'%s'}]",
	    added[_i].line);
	expect("user.add_key", params, "added", "true");
	/* and the same where the line stood there */
	expect("user.add_key", params, "warnings", added[_i].warnings);
	expect("user.add_key", params, "added", "false");
}
END_TEST

/* Weaknesses are its own affair; who else has a key is not. */
START_TEST(for_the_account_itself)
{
	as(5001);
	expect("user.add_key", "['alice',{'key':'" P256 "'}]", "warnings",
	    "[]");
	expect("user.add_key", "['alice',{'key':'" ROCA "'}]", "warnings",
	    "['" SAY_ROCA "']");
	expect("user.update", "[2,{'sshpubkey':'" P256 "\\n" CERT "'}]",
	    "warnings", "['SHA256:" ED25519_SHA256 ": " SAY_CERT "']");
}
END_TEST

START_TEST(create_and_update)
{
	expect("user.create", "[{'username':'dave','group_create':true,"
	    "'sshpubkey':'# mine\\n" ROCA "\\n\\n" ED25519 "'}]", "warnings",
	    "['SHA256:" ROCA_SHA256 ": " SAY_ROCA "','SHA256:" ED25519_SHA256
	    ": User alice has the same key.']");
	expect("user.create", "[{'username':'erin','group_create':true,"
	    "'password':'x'}]", "warnings", "[]");
	/* of what is given, not of what is there */
	expect("user.update", "[2,{'full_name':'A'}]", "warnings", "[]");
	expect("user.update", "[2,{'sshpubkey':'" P256 "'}]", "warnings",
	    "['SHA256:" P256_SHA256 ": User carol has the same key.']");
	/* also where nothing changes, and never of oneself */
	expect("user.update", "[2,{'sshpubkey':'" P256 "'}]", "warnings",
	    "['SHA256:" P256_SHA256 ": User carol has the same key.']");
	expect("user.update", "[2,{'sshpubkey':'" RSA "'}]", "warnings",
	    "[]");
	expect("user.update", "[2,{'sshpubkey':'" RSA "'}]", "warnings",
	    "[]");
	expect("user.update", "[2,{'sshpubkey':null}]", "warnings", "[]");
}
END_TEST

START_TEST(past_end)
{
	expect("user.add_key", "['bob',{'key':'" RSA "','expires_at':"
	    "'2020-01-31'}]", "warnings", "['The end of the key is past "
	    "(2020-01-31 00:00 UTC), so that it lets nobody in.']");
}
END_TEST

static const struct {
	const char	*fields, *warnings;
} accounts[] = {
	{ "'locked':true", "['The account is locked: no key lets it in "
	    "before it is unlocked.']" },
	{ "'account_expires_at':'2020-01-31'", "['The end of the account is "
	    "past (2020-01-31 00:00 UTC), so that it lets nobody in.']" },
	{ "'account_expires_at':'2999-01-31'", "[]" },
	{ "'shell':'/usr/sbin/nologin'", "['The account\\u0027s shell "
	    "/usr/sbin/nologin ends each session at once: its keys are good "
	    "for forwarding, and for sftp where sshd serves that itself "
	    "(internal-sftp).']" },
	{ "'shell':'/bin/sh'", "[]" },
};

/* All keys of an account are in vain: it is said once. */
START_TEST(futile_account)
{
	char params[512];

	(void)snprintf(params, sizeof(params), "[2,{%s}]",
	    accounts[_i].fields);
	expect("user.update", params, "warnings", "[]");
	expect("user.add_key", "['alice',{'key':'" RSA " a\\n" RSA " b'}]",
	    "0.warnings", accounts[_i].warnings);
	expect("user.add_key", "['alice',{'key':'" RSA " a\\n" RSA " b'}]",
	    "1.warnings", "[]");
	expect("user.update", "[2,{'sshpubkey':'" RSA "'}]", "warnings",
	    accounts[_i].warnings);
	expect("user.update", "[2,{'sshpubkey':'# none'}]", "warnings",
	    "[]");
}
END_TEST

/* A key for everybody fills no answer. */
START_TEST(many_holders)
{
	char params[2048];
	json_t *v;
	unsigned int i;

	for (i = 0; i <= NK_KEY_HOLDERS_MAX + 1; i++) {
		(void)snprintf(params, sizeof(params), "[{'username':'u%u',"
		    "'group':2,'sshpubkey':'" RSA "'}]", i);
		v = call("user.create", params);
		ck_assert_uint_eq(json_array_size(at(v, "result.warnings")),
		    i > NK_KEY_HOLDERS_MAX ? NK_KEY_HOLDERS_MAX + 1 : i);
		json_decref(v);
	}
	v = call("user.add_key", "['bob',{'key':'" RSA "'}]");
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.0")),
	    "User u0 has the same key.");
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.8")),
	    "More users have the same key.");
	ck_assert_uint_eq(json_array_size(at(v, "result.warnings")), 9);
	json_decref(v);
}
END_TEST

static json_t *
import(const char *lines)
{
	char name[96], *text = unquote(lines);
	json_t *v;
	int fd;

	(void)snprintf(name, sizeof(name), "%s/import.XXXXXX", w.dir);
	fd = mkstemp(name);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(unlink(name), 0);
	w.c.passed_fd = fd;
	v = call("user.import", "[]");
	free(text);
	return v;
}

START_TEST(imported)
{
	json_t *v, *want;
	char *text = unquote("['i1: SHA256:" ED25519_SHA256 ": User alice "
	    "has the same key.','i2: SHA256:" ROCA_SHA256 ": " SAY_ROCA
	    "','i3: SHA256:" ROCA_SHA256 ": " SAY_ROCA "','i3: SHA256:"
	    ROCA_SHA256 ": User i2 has the same key.']");

	v = import("{'username':'i1','group':2,'keys':['" ED25519 "']}\n"
	    "{'username':'i2','group':2,'keys':['" RSA "','" ROCA "']}\n"
	    "{'username':'i3','group':2,'keys':['" ROCA "']}\n");
	want = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(want);
	ck_assert(json_equal(at(v, "result.warnings"), want));
	json_decref(want);
	json_decref(v);
	free(text);
}
END_TEST

/* Of each sort so many, and then one that says so. */
START_TEST(imported_many)
{
	const size_t users = NK_KEY_WARNINGS_MAX + 10;
	char *lines = calloc(users, 1024), *p = lines;
	size_t i;
	json_t *v;

	ck_assert_ptr_nonnull(lines);
	for (i = 0; i < users; i++)
		p += sprintf(p, "{'username':'m%zu','group':2,'keys':['"
		    ROCA "']}\n", i);
	v = import(lines);
	ck_assert_int_eq(json_integer_value(at(v, "result.users")), users);
	ck_assert_uint_eq(json_array_size(at(v, "result.warnings")),
	    2 * (NK_KEY_WARNINGS_MAX + 1));
	ck_assert_str_eq(json_string_value(json_array_get(at(v,
	    "result.warnings"), 2 * NK_KEY_WARNINGS_MAX + 1)),
	    "More keys are weak, or certificates, than are named here.");
	json_decref(v);
	free(lines);
}
END_TEST

START_TEST(keypairs)
{
	expect("keychaincredential.create", "[{'name':'r','type':"
	    "'SSH_KEY_PAIR','attributes':{'public_key':'" ROCA "'}}]",
	    "warnings", "['" SAY_ROCA "']");
	expect("keychaincredential.create", "[{'name':'c','type':"
	    "'SSH_KEY_PAIR','attributes':{'public_key':'" CERT "'}}]",
	    "warnings", "['" SAY_CERT "']");
	/* that a user has it too is how it should be */
	expect("keychaincredential.create", "[{'name':'e','type':"
	    "'SSH_KEY_PAIR','attributes':{'public_key':'" ED25519 "'}}]",
	    "warnings", "[]");
	expect("keychaincredential.update", "[1,{'name':'other'}]",
	    "warnings", "[]");
	expect("keychaincredential.update", "[3,{'attributes':{"
	    "'public_key':'" E3 "'}}]", "warnings", "['" SAY_E3 "']");
}
END_TEST

/* ---- options as fields ---- */

#define OPTIONS	"restrict,pty,from=\\\"10.0.0.0/8,!10.1.1.1\\\"," \
	"command=\\\"echo \\\\\\\"hi\\\\\\\"\\\"," \
	"environment=\\\"A=1\\\",permitopen=\\\"h:1\\\"," \
	"permitopen=\\\"h:2\\\",tunnel=\\\"0\\\"," \
	"expiry-time=\\\"20400101Z\\\""

START_TEST(fields)
{
	static const char quiet[] = "{'from':null,'expiry_time':null,"
	    "'command':null,'environment':null,'permitopen':null,"
	    "'permitlisten':null,'principals':null,'tunnel':null,"
	    "'cert_authority':false,'restrict':false,"
	    "'agent_forwarding':true,'port_forwarding':true,'pty':false,"
	    "'user_rc':true,'x11_forwarding':true,'touch_required':true,"
	    "'verify_required':false}";
	static const char full[] = "{'from':['10.0.0.0/8','!10.1.1.1'],"
	    "'expiry_time':{'$date':2208988800000},'command':'echo "
	    "\\\"hi\\\"','environment':['A=1'],'permitopen':['h:1','h:2'],"
	    "'permitlisten':null,'principals':null,'tunnel':'0',"
	    "'cert_authority':false,'restrict':true,"
	    "'agent_forwarding':false,'port_forwarding':false,'pty':true,"
	    "'user_rc':false,'x11_forwarding':false,'touch_required':true,"
	    "'verify_required':false}";

	expect("user.keys", "['alice']", "0.parsed_options", "null");
	expect("user.add_key", "['bob',{'key':'no-pty " RSA "'}]",
	    "parsed_options", quiet);
	expect("user.add_key", "['bob',{'key':'" OPTIONS " " RSA "'}]",
	    "parsed_options", full);
	expect("user.keys", "['bob']", "1.parsed_options", full);
	/* what was written stays as it was */
	expect("user.keys", "['bob']", "1.options", "'" OPTIONS "'");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods of keys");
	TCase *tc = tcase_create("keys");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, add, 0, LENGTH(added));
	tcase_add_test(tc, for_the_account_itself);
	tcase_add_test(tc, create_and_update);
	tcase_add_test(tc, past_end);
	tcase_add_loop_test(tc, futile_account, 0, LENGTH(accounts));
	tcase_add_test(tc, many_holders);
	tcase_add_test(tc, imported);
	tcase_add_test(tc, imported_many);
	tcase_add_test(tc, keypairs);
	tcase_add_test(tc, fields);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
