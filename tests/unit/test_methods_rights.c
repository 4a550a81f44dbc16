/* SPDX-License-Identifier: ISC */

/* The whole table of rights: every method by every kind of caller. */

#include <sys/mount.h>

#include <sched.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/method.h"
#include "tests/unit/methods_fixture.h"

enum who {
	ROOT,
	STORE_ADMIN,		/* bob: the flag in the store */
	FILE_ADMIN,		/* in naskeys-admin, by /etc/group */
	OWNER,			/* alice, for her own account */
	OTHER,			/* carol, for alice's */
	STRANGER,		/* a uid that the store does not know */
	LOCKED,			/* a user who is locked */
	EXPIRED,
	GATEWAY,		/* before a login */
	NWHO,
};

#define ADMIN_GID	4711u

static const char *const whos[] = {
	"root", "administrator by store", "administrator by file", "owner",
	"other user", "stranger", "locked user", "expired user", "gateway",
};

/*
 * What comes: y, the call is let in (and may then fail for other reasons);
 * n, "Not authorized"; p, refused as somebody else's password; a, "Not
 * authenticated".  In the order of enum who.
 */
static const struct {
	const char	*method;
	const char	*params;
	const char	*right;
} table[] = {
	{ "core.ping", "[]",				"yyyyyyyyy" },
	{ "core.set_options", "[{}]",			"yyyyyyyyy" },
	{ "core.get_jobs", "[]",			"yyyyyyaaa" },
	{ "core.get_methods", "[]",			"yyyyyyaaa" },
	{ "user.query", "[]",				"yyyyyyaaa" },
	{ "user.get_instance", "[2]",			"yyyynnaaa" },
	{ "user.keys", "['alice']",			"yyyynnaaa" },
	{ "user.keys", "['nobody-here']",		"yyynnnaaa" },
	{ "user.add_key", "['alice',{'key':'x'}]",	"yyyynnaaa" },
	{ "user.remove_key", "['alice','SHA256:"
	    ED25519_SHA256 "']",			"yyyynnaaa" },
	{ "user.revoke_key", "['nobody-here']",		"yyynnnaaa" },
	{ "user.adopt_keys", "['alice']",		"yyynnnaaa" },
	{ "user.adopt_keys", "['nobody-here']",		"yyynnnaaa" },
	{ "user.explain", "['alice',{'from':'x'}]",	"yyyynnaaa" },
	{ "user.explain", "['nobody-here',{'from':'x'}]", "yyynnnaaa" },
	{ "user.logins", "['alice']",			"yyyynnaaa" },
	{ "user.unlock", "['alice']",			"yyynnnaaa" },
	{ "user.set_password", "[{'username':'alice','old_password':'x',"
	    "'new_password':'y'}]",			"yyyyppaaa" },
	{ "user.otp_enroll", "['alice']",		"yyyynnaaa" },
	{ "user.otp_enroll", "['nobody-here']",		"yyynnnaaa" },
	{ "user.otp_enroll", "['alice',{'secret':'GEZDGNBVGY3TQOJQGEZDGNBV"
	    "GY3TQOJQ','code':'000000'}]",		"yyyynnaaa" },
	{ "user.otp_remove", "['alice']",		"yyyynnaaa" },
	{ "user.otp_remove", "['root',{'code':'1'}]",	"yyynnnaaa" },
	{ "user.authorized_keys_file", "['alice',"
	    "{'mode':'NONE'}]",				"yyynnnaaa" },
	{ "user.create", "[{'username':'-'}]",		"yyynnnaaa" },
	{ "user.update", "[2,{'home':'x'}]",		"yyynnnaaa" },
	{ "user.update", "[2,{}]",			"yyynnnaaa" },
	{ "user.update", "[2,{'sshpubkey':'x'}]",	"yyyynnaaa" },
	{ "user.update", "[2,{'sshpubkey':'x',"
	    "'locked':false}]",			"yyynnnaaa" },
	{ "user.update", "[0,{'sshpubkey':'x'}]",	"yyynnnaaa" },
	{ "user.delete", "[77]",			"yyynnnaaa" },
	{ "user.get_next_uid", "[]",			"yyynnnaaa" },
	{ "user.shell_choices", "[]",			"yyynnnaaa" },
	{ "user.get_user_obj", "[{'uid':0}]",		"yyynnnaaa" },
	{ "user.has_local_administrator_set_up", "[]",	"yyyyyyyyy" },
	{ "user.setup_local_administrator",
	    "['root','x']",				"yyynnnaaa" },
	{ "user.import", "[]",				"yyynnnaaa" },
	{ "naskeys.import_system", "[{'dry_run':true,"
	    "'min_uid':60000}]",			"ynnnnnaaa" },
	{ "group.query", "[]",				"yyynnnaaa" },
	{ "group.get_instance", "[1]",			"yyynnnaaa" },
	{ "group.create", "[{'name':'-'}]",		"yyynnnaaa" },
	{ "group.update", "[77,{}]",			"yyynnnaaa" },
	{ "group.delete", "[77]",			"yyynnnaaa" },
	{ "group.get_next_gid", "[]",			"yyynnnaaa" },
	{ "group.get_group_obj", "[{'gid':0}]",		"yyynnnaaa" },
	{ "group.has_password_enabled_user", "[[]]",	"yyynnnaaa" },
	{ "keychaincredential.query", "[]",		"yyynnnaaa" },
	{ "keychaincredential.get_instance", "[77]",	"yyynnnaaa" },
	{ "keychaincredential.get_of_type",
	    "[77,'SSH_KEY_PAIR']",			"yyynnnaaa" },
	{ "keychaincredential.used_by", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.create", "[{'name':'x',"
	    "'type':'-','attributes':{}}]",		"yyynnnaaa" },
	{ "keychaincredential.update", "[77,{}]",	"yyynnnaaa" },
	{ "keychaincredential.delete", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.generate_ssh_key_pair",
	    "[{'type':'ed25519'}]",			"yyynnnaaa" },
	{ "keychaincredential.export", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.setup_ssh_connection",
	    "[{}]",					"yyynnnaaa" },
	{ "keychaincredential.remote_ssh_semiautomatic_setup",
	    "[{}]",					"yyynnnaaa" },
	{ "keychaincredential.unpair", "[77]",		"yyynnnaaa" },
	{ "naskeys.backup", "[]",			"ynnnnnaaa" },
	{ "naskeys.restore", "[]",			"ynnnnnaaa" },
	{ "naskeys.consumer.bind", "[77,{}]",		"yyynnnaaa" },
	{ "naskeys.consumer.unbind", "[77]",		"yyynnnaaa" },
	{ "naskeys.consumer.list", "[]",		"yyynnnaaa" },
	{ "api_key.query", "[]",			"yyynnnaaa" },
	{ "api_key.get_instance", "[77]",		"yyynnnaaa" },
	{ "api_key.my_keys", "[]",			"yyynnnaaa" },
	{ "api_key.create", "[{}]",			"yyynnnaaa" },
	{ "api_key.update", "[77,{}]",			"yyynnnaaa" },
	{ "api_key.delete", "[77]",			"yyynnnaaa" },
	{ "keychaincredential.lend", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.remote_ssh_host_key_scan",
	    "[{'host':'-'}]",				"yyynnnaaa" },
	{ "keychaincredential.test", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.copy_key",
	    "[77,{'password':'x'}]",			"yyynnnaaa" },
	{ "keychaincredential.rotate", "[77]",		"yyynnnaaa" },
	{ "keychaincredential.ssh_pair", "[{}]",	"yyynnnaaa" },
	{ "replication.pair", "[{}]",			"yyynnnaaa" },
	{ "ssh.config", "[]",				"yyynnnaaa" },
	{ "ssh.update", "[{'tcpport':0}]",		"yyynnnaaa" },
	{ "ssh.bindiface_choices", "[]",		"yyynnnaaa" },
	{ "ssh.apply", "[]",				"yyynnnaaa" },
	{ "ssh.confirm", "[]",				"yyynnnaaa" },
	{ "ssh.host_keys", "[]",			"yyynnnaaa" },
	{ "ssh.host_key_accept", "['/x']",		"yyynnnaaa" },
	{ "ssh.host_key_restore", "['/x']",		"yyynnnaaa" },
	{ "ssh.host_key_forget", "['/x']",		"yyynnnaaa" },
	{ "ssh.host_key_generate", "['x']",		"yyynnnaaa" },
	{ "service.query", "[]",			"yyynnnaaa" },
	{ "service.update", "['x',{'enable':true}]",	"yyynnnaaa" },
	{ "service.control", "['START','x']",		"yyynnnaaa" },
	{ "service.start", "['x']",			"yyynnnaaa" },
	{ "service.stop", "['x']",			"yyynnnaaa" },
	{ "service.restart", "['x']",			"yyynnnaaa" },
	{ "service.reload", "['x']",			"yyynnnaaa" },
	{ "naskeys.audit.query", "[]",			"yyynnnaaa" },
	{ "naskeys.check", "[]",			"yyynnnaaa" },
	{ "naskeys.sync", "[]",				"yyynnnaaa" },
	{ "naskeys.seal_rotate", "[]",			"yyynnnaaa" },
};

static gid_t admin_groups[] = { 7, ADMIN_GID };

static void
become(enum who who)
{
	static const uid_t uids[] = {
		0, 5002, 5999, 5001, 5005, 5998, 5006, 5007, 5998,
	};

	as(uids[who]);
	w.caller.gateway = who == GATEWAY;
	if (who == FILE_ADMIN) {
		w.caller.groups = admin_groups;
		w.caller.ngroups = 2;
	}
}

/* The line of naskeys-admin, over the machine's own file. */
static void
put_group_file(void)
{
	char path[128];
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	(void)snprintf(path, sizeof(path), "%s/group", w.dir);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	ck_assert_int_gt(dprintf(fd, "root:x:0:\nnaskeys-admin:x:%u:\n",
	    ADMIN_GID), 0);
	close(fd);
	ck_assert_int_eq(mount(path, "/etc/group", NULL, MS_BIND, NULL), 0);
}

static void
setup(void)
{
	make_world();
	done("user.create", "[{'username':'lou','uid':5006,'group':2,"
	    "'password_disabled':true,'locked':true}]");
	done("user.create", "[{'username':'eve','uid':5007,'group':2,"
	    "'password_disabled':true,'account_expires_at':'2001-01-01'}]");
	put_group_file();
}

static char
outcome(json_t *v)
{
	const char *reason = json_string_value(at(v, "error.data.reason"));

	if (reason == NULL)
		return 'y';
	if (strcmp(reason, "[EACCES] Not authorized") == 0)
		return 'n';
	if (strcmp(reason, "[ENOTAUTHENTICATED] Not authenticated") == 0)
		return 'a';
	if (strstr(reason, "may not reset password for this user") != NULL)
		return 'p';
	return 'y';
}

START_TEST(whole_table)
{
	char *before, *after, *whole;
	enum who who;
	json_t *v;
	char got;

	for (who = 0; who < NWHO; who++) {
		before = contents();
		become(who);
		v = call(table[_i].method, table[_i].params);
		got = outcome(v);
		whole = dump(v);
		ck_assert_msg(got == table[_i].right[who], "%s by %s: %s",
		    table[_i].method, whos[who], whole);
		free(whole);
		json_decref(v);
		/* who was refused has changed nothing */
		after = contents();
		ck_assert(got == 'y' || strcmp(before, after) == 0);
		free(after);
		free(before);
	}
}
END_TEST

static int
is_listed(void *arg, const struct nk_method *m)
{
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].method, m->name) == 0)
			return 0;
	}
	ck_abort_msg("%s is not in the table of rights", m->name);
	return 1;
}

START_TEST(complete_table)
{
	ck_assert_int_eq(nk_method_each(NULL, is_listed, NULL), 0);
}
END_TEST

/* A user sees its own row and nothing else, and no hash of anybody. */
START_TEST(own_row)
{
	become(OWNER);
	expect("user.query", "[[],{'select':['username','unixhash',"
	    "'password_history','smbhash']}]", "",
	    "[{'username':'alice','unixhash':'********',"
	    "'password_history':'********','smbhash':'********'}]");
	expect("user.query", "[[['username','=','bob']]]", "", "[]");
	expect("user.query", "[[['id','=',1]],{'count':true}]", "", "0");
	expect("user.get_instance", "[2]", "unixhash", "'********'");
	become(STRANGER);
	expect("user.query", "[]", "", "[]");
	become(STORE_ADMIN);
	expect("user.query", "[[],{'count':true}]", "", "7");
}
END_TEST

/* All its keys at once, and no hash in the answer. */
START_TEST(own_keys)
{
	become(OWNER);
	expect("user.update", "[2,{'sshpubkey':'" P256 "'}]", "unixhash",
	    "'********'");
	expect("user.query", "[[],{'select':['sshpubkey']}]", "",
	    "[{'sshpubkey':'" P256 "'}]");
	refused("user.update", "[2,{'sshpubkey':null,'admin':true}]", "",
	    "Not authorized", EACCES);
	done("user.update", "[2,{'sshpubkey':null}]");
	expect("user.keys", "['alice']", "", "[]");
}
END_TEST

/* Whose key it is besides is not for everybody to know. */
START_TEST(no_warnings_for_users)
{
	become(OWNER);
	expect("user.add_key", "['alice',{'key':'" P256 "'}]", "warnings",
	    "[]");
	become(ROOT);
	expect("user.add_key", "['bob',{'key':'" P256 "'}]", "warnings",
	    "['User alice has the same key.','User carol has the same "
	    "key.']");
}
END_TEST

/* A right that is taken away ends with the very next request. */
START_TEST(taken_away)
{
	become(STORE_ADMIN);
	done("group.query", "[]");
	become(ROOT);
	done("user.update", "[3,{'admin':false}]");
	become(STORE_ADMIN);
	refused("group.query", "[]", "", "Not authorized", EACCES);
	done("user.keys", "['bob']");
	become(ROOT);
	done("user.update", "[3,{'locked':true}]");
	become(STORE_ADMIN);
	refused("user.keys", "['bob']", "", "Not authenticated",
	    NK_ENOTAUTHENTICATED);
	become(ROOT);
	done("user.update", "[3,{'locked':false}]");
	done("user.delete", "[3]");
	become(STORE_ADMIN);
	refused("user.keys", "['bob']", "", "Not authorized", EACCES);
}
END_TEST

static int
count_run(struct nk_context *c, void *arg, struct nk_error *e)
{
	int *runs = arg;

	(void)c;
	(void)e;
	(*runs)++;
	return 1;		/* nothing is to be changed */
}

/* Let in with the one rank, and under the lock with what is left of it. */
static void
assert_waiting(enum who who, enum nk_rank rank, int64_t user_id, int runs)
{
	struct nk_error e;
	int ran = 0, r;

	become(who);
	w.c.rank = rank;
	w.c.user_id = user_id;
	nk_error_init(&e);
	r = nk_edit_run(&w.c, count_run, &ran, &e);
	ck_assert_int_eq(ran, runs);
	ck_assert_int_eq(r, runs > 0 ? 0 : -EACCES);
	ck_assert_int_eq(e.number, runs > 0 ? 0 : EACCES);
	nk_error_clear(&e);
}

/* A request that waited for the lock, or for a file to import. */
START_TEST(taken_away_meanwhile)
{
	become(STORE_ADMIN);
	done("group.query", "[]");
	assert_waiting(STORE_ADMIN, NK_RANK_ADMIN, 3, 1);
	assert_waiting(OWNER, NK_RANK_USER, 2, 1);
	assert_waiting(OWNER, NK_RANK_USER, 5, 0);
	assert_waiting(OTHER, NK_RANK_ADMIN, 5, 0);
	become(ROOT);
	done("user.update", "[3,{'admin':false}]");
	assert_waiting(STORE_ADMIN, NK_RANK_ADMIN, 3, 0);
	assert_waiting(STORE_ADMIN, NK_RANK_USER, 3, 1);
	become(ROOT);
	done("user.update", "[3,{'locked':true}]");
	assert_waiting(STORE_ADMIN, NK_RANK_USER, 3, 0);
	become(ROOT);
	done("user.delete", "[3]");
	assert_waiting(STORE_ADMIN, NK_RANK_ADMIN, 3, 0);
	assert_waiting(STORE_ADMIN, NK_RANK_USER, 3, 0);
	/* the lock was given back each time */
	assert_waiting(ROOT, NK_RANK_ROOT, 1, 1);
}
END_TEST

/* Edits of a user that is no administrator have a rate. */
START_TEST(rate)
{
	json_t *v;
	int i;

	w.conf.edits_per_minute = 5;
	become(OWNER);
	for (i = 0; i < 5; i++) {
		v = call("user.add_key", "['alice',{'key':'x'}]");
		ck_assert_int_eq(json_integer_value(at(v, "error.code")),
		    -32602);
		json_decref(v);
	}
	v = call("user.add_key", "['alice',{'key':'x'}]");
	ck_assert_int_eq(json_integer_value(at(v, "error.data.error")),
	    EBUSY);
	json_decref(v);
	done("user.keys", "['alice']");
	become(STORE_ADMIN);
	for (i = 0; i < 10; i++)
		done("user.add_key", "['alice',{'key':'" ED25519 "'}]");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_rights");
	TCase *tc = tcase_create("rights");
	SRunner *sr = srunner_create(s);
	int failed;

	if (geteuid() != 0)
		return 77;	/* a mount namespace needs root */
	nk_json_wipe_memory();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, drop_world);
	tcase_add_loop_test(tc, whole_table, 0, LENGTH(table));
	tcase_add_test(tc, complete_table);
	tcase_add_test(tc, own_row);
	tcase_add_test(tc, own_keys);
	tcase_add_test(tc, no_warnings_for_users);
	tcase_add_test(tc, taken_away);
	tcase_add_test(tc, taken_away_meanwhile);
	tcase_add_test(tc, rate);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
