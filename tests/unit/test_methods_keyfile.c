/* SPDX-License-Identifier: ISC */

/* In which authorized_keys file a user's keys are written besides. */

#include "tests/unit/methods_fixture.h"

#define FILE_METHOD	"user.authorized_keys_file"

/* What the central file of this name holds. */
static const char *
file(const char *name)
{
	static char text[4096];
	char path[128];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%.90s/%.20s", w.central, name);
	if ((fd = open(path, O_RDONLY | O_NOFOLLOW)) == -1)
		return strerror(errno);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void
expect_mode(const char *user, const char *mode)
{
	char params[64], want[64];

	(void)snprintf(params, sizeof(params), "[%.40s]", user);
	(void)snprintf(want, sizeof(want), "'%.20s'", mode);
	expect(FILE_METHOD, params, "mode", want);
}

START_TEST(told)
{
	char path[128];

	expect(FILE_METHOD, "['alice']", "", "{'mode':'NONE','file':null,"
	    "'pending':false,'reason':null,'foreign':[]}");
	expect(FILE_METHOD, "['alice',{'mode':'CENTRAL'}]", "mode",
	    "'CENTRAL'");
	(void)snprintf(path, sizeof(path), "'%s/5001'", w.central);
	expect(FILE_METHOD, "['alice']", "file", path);
	expect(FILE_METHOD, "['alice',{}]", "file", path);
	expect("user.get_instance", "[2]", "authorized_keys_file",
	    "'CENTRAL'");
	expect(FILE_METHOD, "['alice',{'mode':'NONE'}]", "file", "null");
	expect_mode("'alice'", "NONE");
}
END_TEST

START_TEST(follows)
{
	done(FILE_METHOD, "['alice',{'mode':'CENTRAL'}]");
	ck_assert_str_eq(file("5001"), ED25519 " alice@home\n");
	done("user.add_key", "['alice',{'key':'no-pty " P256 " b'}]");
	ck_assert_str_eq(file("5001"), ED25519 " alice@home\nno-pty " P256
	    " b\n");
	done("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']");
	ck_assert_str_eq(file("5001"), "no-pty " P256 " b\n");
	done("user.update", "[2,{'locked':true}]");
	ck_assert_str_eq(file("5001"), "");
	done("user.update", "[2,{'locked':false}]");
	ck_assert_str_eq(file("5001"), "no-pty " P256 " b\n");
	done("user.revoke_key", "['SHA256:" P256_SHA256 "']");
	ck_assert_str_eq(file("5001"), "");
	done("user.delete", "[2]");
	ck_assert_str_eq(file("5001"), strerror(ENOENT));
	expect("naskeys.check", "[]", "ok", "true");
}
END_TEST

START_TEST(audited)
{
	char *before, *after;

	done(FILE_METHOD, "['alice',{'mode':'CENTRAL'}]");
	expect("naskeys.audit.query", "[[['action','=','" FILE_METHOD "']],"
	    "{'get':true}]", "before", "{'authorized_keys_file':'NONE'}");
	expect("naskeys.audit.query", "[[['action','=','" FILE_METHOD "']],"
	    "{'get':true}]", "after", "{'authorized_keys_file':'CENTRAL'}");
	expect("naskeys.audit.query", "[[['action','=','" FILE_METHOD "']],"
	    "{'get':true}]", "text", "'Update user alice'");
	before = contents();
	done(FILE_METHOD, "['alice',{'mode':'CENTRAL'}]");
	done(FILE_METHOD, "['alice']");
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* ---- new users ---- */

START_TEST(of_new_users)
{
	expect_mode("null", "NONE");
	done(FILE_METHOD, "[null,{'mode':'CENTRAL'}]");
	expect_mode("null", "CENTRAL");
	expect("naskeys.audit.query", "[[['action','=','" FILE_METHOD "']],"
	    "{'get':true}]", "text",
	    "'Set authorized_keys_file of new users'");
	done("user.create", "[{'username':'dora','uid':5010,'group':2,"
	    "'sshpubkey':'" P256 "'}]");
	expect_mode("'dora'", "CENTRAL");
	ck_assert_str_eq(file("5010"), P256 "\n");
	expect_mode("'alice'", "NONE");
	done(FILE_METHOD, "[null,{'mode':'NONE'}]");
	done("user.create", "[{'username':'emil','uid':5011,'group':2,"
	    "'sshpubkey':'" P256 "'}]");
	expect_mode("'emil'", "NONE");
	ck_assert_str_eq(file("5011"), strerror(ENOENT));
}
END_TEST

START_TEST(of_naskeys_conf)
{
	(void)strcpy(w.conf.authorized_keys_file, "central");
	expect_mode("null", "CENTRAL");
	done("user.create", "[{'username':'dora','uid':5010,'group':2,"
	    "'sshpubkey':'" P256 "'}]");
	expect_mode("'dora'", "CENTRAL");
	/* what was set by command goes before it */
	done(FILE_METHOD, "[null,{'mode':'NONE'}]");
	expect_mode("null", "NONE");
	done("user.create", "[{'username':'emil','uid':5011,'group':2,"
	    "'sshpubkey':'" P256 "'}]");
	expect_mode("'emil'", "NONE");
}
END_TEST

START_TEST(of_imported_users)
{
	static const char line[] = "{\"username\":\"u1\",\"uid\":7001,"
	    "\"group\":2,\"keys\":[\"" P256 " k1\"]}\n";
	char name[128];

	done(FILE_METHOD, "[null,{'mode':'CENTRAL'}]");
	(void)snprintf(name, sizeof(name), "%.80s/import.XXXXXX", w.dir);
	ck_assert_int_ne(w.c.passed_fd = mkstemp(name), -1);
	ck_assert_int_eq(write(w.c.passed_fd, line, sizeof(line) - 1),
	    (int)sizeof(line) - 1);
	ck_assert_int_eq(lseek(w.c.passed_fd, 0, SEEK_SET), 0);
	done("user.import", "[]");
	ck_assert_str_eq(file("7001"), P256 " k1\n");
	expect("naskeys.check", "[]", "ok", "true");
}
END_TEST

/* Two accounts of the machine with one uid, of which one has the file. */
START_TEST(one_a_uid)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_user *u = nk_user_new();

	ck_assert_ptr_nonnull(u);
	free(u->name);
	ck_assert_ptr_nonnull(u->name = strdup("twin"));
	u->uid = 1;
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_user_insert(s, u), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	nk_user_free(u);
	done(FILE_METHOD, "['daemon',{'mode':'CENTRAL'}]");
	refused(FILE_METHOD, "['twin',{'mode':'CENTRAL'}]", "", "User daemon "
	    "has the same uid 1, and the central file of it: only one of "
	    "the two can have that.", EEXIST);
	done(FILE_METHOD, "['daemon',{'mode':'NONE'}]");
	done(FILE_METHOD, "['twin',{'mode':'CENTRAL'}]");
	ck_assert_str_eq(file("1"), "");
}
END_TEST

/* ---- what is refused ---- */

START_TEST(wrong)
{
	refused(FILE_METHOD, "['nobody-here']", "",
	    "naskeys has no user \"nobody-here\".", ENOENT);
	refused(FILE_METHOD, "['nobody-here',{'mode':'NONE'}]", "",
	    "naskeys has no user \"nobody-here\".", ENOENT);
	refused(FILE_METHOD, "[null,{'mode':'central'}]", "options.mode",
	    "Input should be \"NONE\", \"HOME\" or \"CENTRAL\"", EINVAL);
	refused(FILE_METHOD, "[]", "username", "Field required", EINVAL);
}
END_TEST

START_TEST(folder_is_not_ours)
{
	char text[256];
	json_t *v;

	done(FILE_METHOD, "['alice',{'mode':'CENTRAL'}]");
	ck_assert_int_eq(chmod(w.central, 0775), 0);
	(void)snprintf(text, sizeof(text), "%s: this is no folder of which "
	    "only its owner can change the files; nothing was changed.",
	    w.central);
	refused("user.add_key", "['alice',{'key':'" P256 "'}]", "", text,
	    EPERM);
	v = call("user.keys", "['alice']");
	ck_assert_uint_eq(json_array_size(json_object_get(v, "result")), 1);
	json_decref(v);
	expect("naskeys.check", "[]", "ok", "false");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_keyfile");
	TCase *tc = tcase_create("calls");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_add_test(tc, told);
	tcase_add_test(tc, follows);
	tcase_add_test(tc, audited);
	tcase_add_test(tc, of_new_users);
	tcase_add_test(tc, of_naskeys_conf);
	tcase_add_test(tc, of_imported_users);
	tcase_add_test(tc, one_a_uid);
	tcase_add_test(tc, wrong);
	tcase_add_test(tc, folder_is_not_ours);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
