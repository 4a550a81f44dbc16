/* SPDX-License-Identifier: ISC */

/* user.revoke_key, and that what it revoked stays away. */

#include <sys/stat.h>

#include "lib/account/sshdsettings.h"
#include "lib/fullio.h"
#include "lib/publish/revoked.h"
#include "tests/unit/methods_fixture.h"

#define CERT		"ssh-ed25519-cert-v01@openssh.com " CERT_ED25519_BASE64
#define FP		"SHA256:" ED25519_SHA256
#define FP2		"SHA256:" P256_SHA256
#define STRANGER	"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
#define SAY		"The key " FP " has been revoked. Use another key; " \
	"only an administrator can bring this one back, with \"force\" " \
	"(naskeysctl key add --force)."
#define OWN_FOLDER	"The state lies in a folder of its own, and sshd " \
	"was not asked whether it reads "

static char sshd[128];

static struct nk_store *
store(void)
{
	return nk_publisher_store(w.c.publisher);
}

/* Of store and files: this machine's own sshd is none of the test's. */
static void
check_says(const char *ok)
{
	bool system = w.state.system;

	w.state.system = false;
	expect("naskeys.check", "[]", "ok", ok);
	w.state.system = system;
}

/* The file says what the store says, and that has n keys. */
static void
list_has(off_t n)
{
	struct nk_revoked_file f;
	struct stat st;

	ck_assert_int_eq(nk_revoked_file_make(store(), &f), 0);
	ck_assert_int_eq(nk_revoked_file_compare(&w.state, &f), 0);
	nk_revoked_file_clear(&f);
	ck_assert_int_eq(stat(w.revoked, &st), 0);
	ck_assert_int_eq(st.st_size, n == 0 ? 44 : 44 + 5 + n * 36);
	check_says("true");
}

START_TEST(by_fingerprint)
{
	done("user.add_key", "['bob',{'key':'no-pty " ED25519 " b'}]");
	done("user.add_key", "['bob',{'key':'" ED25519 " again'}]");
	expect("user.revoke_key", "['" FP "']", "users", "['alice','bob']");
	expect("user.keys", "['alice']", "", "[]");
	expect("user.keys", "['bob']", "", "[]");
	expect("user.keys", "['carol']", "0.fingerprint", "'" FP2 "'");
	list_has(1);
	expect("naskeys.audit.query", "[[['action','=','user.revoke_key']]]",
	    "0.text", "'Revoke key " FP "'");
	expect("naskeys.audit.query", "[[['action','=','user.revoke_key']]]",
	    "0.before.users", "['alice','bob']");
	expect("naskeys.audit.query", "[[['action','=','user.revoke_key']]]",
	    "0.before.key.fingerprint", "'" FP "'");
}
END_TEST

START_TEST(all_of_a_user)
{
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	expect("user.revoke_key", "['alice']", "fingerprints",
	    "['" FP "','" FP2 "']");
	expect("user.keys", "['alice']", "", "[]");
	expect("user.keys", "['carol']", "", "[]");	/* had one of them */
	list_has(2);
}
END_TEST

START_TEST(answers)
{
	json_t *v;

	done("user.add_key", "['alice',{'key':'no-pty " ED25519 "'}]");
	v = call("user.revoke_key", "['" FP "']");
	ck_assert_int_eq(json_integer_value(at(v, "result.removed")), 2);
	ck_assert(json_is_false(at(v, "result.dead")));
	ck_assert_ptr_nonnull(strstr(json_string_value(at(v,
	    "result.reason")), OWN_FOLDER));
	ck_assert_uint_eq(json_array_size(at(v, "result.places")), 0);
	json_decref(v);
}
END_TEST

/* One that stands in a file alone, or in nobody's yet. */
START_TEST(of_nobody)
{
	expect("user.revoke_key", "['" STRANGER "']", "users", "[]");
	list_has(1);
	expect("naskeys.audit.query", "[[['action','=','user.revoke_key']]]",
	    "0.before.key", "null");
	/* and again */
	expect("user.revoke_key", "['" STRANGER "']", "fingerprints",
	    "['" STRANGER "']");
	list_has(1);
	expect("naskeys.audit.query", "[[['action','=','user.revoke_key']],"
	    "{'count':true}]", "", "1");
}
END_TEST

static const struct {
	const char	*params;
	const char	*attribute;
	const char	*text;
	int		 number;
} wrong[] = {
	{ "['nobody-here']", "", "naskeys has no user \"nobody-here\".",
	    ENOENT },
	{ "['bob']", "", "User bob has no keys.", ENOENT },
	{ "['SHA256:xx']", "what", "A fingerprint is \"SHA256:\" and 43 "
	    "characters, as ssh-keygen -l prints it.", EINVAL },
	{ "['" FP "=']", "what", "A fingerprint is \"SHA256:\" and 43 "
	    "characters, as ssh-keygen -l prints it.", EINVAL },
	{ "[]", "what", "Field required", EINVAL },
	{ "[7]", "what", "Input should be a valid string", EINVAL },
};

START_TEST(refuses)
{
	char *before = contents(), *after;

	refused("user.revoke_key", wrong[_i].params, wrong[_i].attribute,
	    wrong[_i].text, wrong[_i].number);
	after = contents();
	ck_assert_str_eq(before, after);
	list_has(0);
	free(before);
	free(after);
}
END_TEST

/* ---- its return ---- */

static const struct {
	const char	*method, *params, *attribute;
} returns[] = {
	{ "user.add_key", "['alice',{'key':'" ED25519 "'}]",
	    "user_add_key.key" },
	{ "user.add_key", "['carol',{'key':'no-pty " ED25519 " x'}]",
	    "user_add_key.key" },
	{ "user.add_key", "['bob',{'key':'" P256 "\\n" ED25519 "'}]",
	    "user_add_key.key" },
	{ "user.add_key", "['bob',{'key':'" CERT "'}]",
	    "user_add_key.key" },
	{ "user.add_key", "['bob',{'key':'cert-authority " ED25519 "'}]",
	    "user_add_key.key" },
	{ "user.add_key", "['bob',{'key':'" ED25519 "','force':false}]",
	    "user_add_key.key" },
	{ "user.update", "[2,{'sshpubkey':'" ED25519 "'}]",
	    "user_update.sshpubkey" },
	{ "user.create", "[{'username':'dave','group_create':true,"
	    "'sshpubkey':'" ED25519 "'}]", "user_create.sshpubkey" },
};

START_TEST(does_not_come_back)
{
	char *before, *after;

	done("user.revoke_key", "['" FP "']");
	before = contents();
	refused(returns[_i].method, returns[_i].params,
	    returns[_i].attribute, SAY, EPERM);
	after = contents();
	ck_assert_str_eq(before, after);
	list_has(1);
	free(before);
	free(after);
}
END_TEST

START_TEST(not_by_import)
{
	char name[128], *text = unquote("{'username':'u1','group':2,"
	    "'sshpubkey':'" P256 "\\n" ED25519 "'}\n");
	json_t *v;
	int fd;

	done("user.revoke_key", "['" FP "']");
	(void)snprintf(name, sizeof(name), "%s/import.XXXXXX", w.dir);
	ck_assert_int_ne(fd = mkstemp(name), -1);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	w.c.passed_fd = fd;
	v = call("user.import", "[]");
	assert_refused(v, "import", "", "line 1: sshpubkey: " SAY, EPERM);
	json_decref(v);
	free(text);
	refused("user.keys", "['u1']", "", "naskeys has no user \"u1\".",
	    ENOENT);
}
END_TEST

START_TEST(forced)
{
	done("user.revoke_key", "['" FP "']");
	as(5001);
	refused("user.add_key", "['alice',{'key':'" ED25519
	    "','force':true}]", "user_add_key.key", SAY, EPERM);
	as(0);
	list_has(1);
	expect("user.add_key", "['alice',{'key':'" ED25519
	    "','force':true}]", "added", "true");
	list_has(0);
	expect("naskeys.audit.query", "[[['object_kind','=','key'],"
	    "['action','=','user.add_key']]]", "0.text",
	    "'Key " FP " is not revoked any more'");
	/* for good */
	done("user.add_key", "['bob',{'key':'" ED25519 "'}]");
	/* where nothing is revoked it says nothing */
	done("user.add_key", "['bob',{'key':'" P256 "','force':true}]");
}
END_TEST

/* ---- what sshd does about it ---- */

static void
sshd_says(const char *text)
{
	char script[512];
	int fd, n;

	(void)snprintf(sshd, sizeof(sshd), "%s/sshd", w.dir);
	n = snprintf(script, sizeof(script), "#!/bin/sh\n"
	    "echo authorizedkeysfile none\n%s\n", text);
	ck_assert_int_ne(fd = open(sshd, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0755), -1);
	ck_assert_int_eq(nk_write_full(fd, script, (size_t)n), 0);
	close(fd);
	(void)snprintf(w.conf.sshd, sizeof(w.conf.sshd), "%s", sshd);
	w.state.system = true;
}

START_TEST(dead_where_sshd_reads_the_list)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "echo revokedkeys %s", w.revoked);
	sshd_says(text);
	expect("user.revoke_key", "['" FP "']", "dead", "true");
	expect("user.revoke_key", "['" STRANGER "']", "reason", "null");
}
END_TEST

static const char *const sayings[] = {
	"echo revokedkeys none", "echo revokedkeys /etc/ssh/revoked",
	"echo revokedkeys $R.old", "echo xrevokedkeys $R",
	"echo 'revokedkeys $R x'", "echo revokedkeys $R; exit 1", "",
	"[ $3 = user=root," NK_SETTINGS_HERE " ] &&"
	    " echo revokedkeys $R || exit 0",
};

START_TEST(not_dead_elsewhere)
{
	char text[256];
	json_t *v;

	(void)snprintf(text, sizeof(text), "R=%s; %s", w.revoked,
	    sayings[_i]);
	sshd_says(text);
	v = call("user.revoke_key", "['" FP "']");
	ck_assert(json_is_false(at(v, "result.dead")));
	ck_assert_ptr_nonnull(strstr(json_string_value(at(v,
	    "result.reason")), "for user alice: whoever puts the key into"));
	json_decref(v);
}
END_TEST

/* A disk without room: the key is out of the store all the same. */
START_TEST(list_lags)
{
	char new[128], text[256];
	json_t *v;

	(void)snprintf(text, sizeof(text), "echo revokedkeys %s", w.revoked);
	sshd_says(text);
	(void)snprintf(new, sizeof(new), "%s.new", w.revoked);
	ck_assert_int_eq(mkdir(new, 0700), 0);
	v = call("user.revoke_key", "['" FP "']");
	ck_assert(json_is_false(at(v, "result.dead")));
	ck_assert_ptr_nonnull(strstr(json_string_value(at(v,
	    "result.reason")), "could not be written"));
	json_decref(v);
	expect("user.keys", "['alice']", "", "[]");
	check_says("false");
	ck_assert_int_eq(rmdir(new), 0);
	expect("user.revoke_key", "['" FP "']", "dead", "true");
	list_has(1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods of revocation");
	TCase *tc = tcase_create("revocation");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, by_fingerprint);
	tcase_add_test(tc, all_of_a_user);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, of_nobody);
	tcase_add_loop_test(tc, refuses, 0, LENGTH(wrong));
	tcase_add_loop_test(tc, does_not_come_back, 0, LENGTH(returns));
	tcase_add_test(tc, not_by_import);
	tcase_add_test(tc, forced);
	tcase_add_test(tc, dead_where_sshd_reads_the_list);
	tcase_add_loop_test(tc, not_dead_elsewhere, 0, LENGTH(sayings));
	tcase_add_test(tc, list_lags);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
