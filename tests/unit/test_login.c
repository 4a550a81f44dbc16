/* SPDX-License-Identifier: ISC */
/* The operations of pam.sock, by whoever may ask for them. */
#include <sys/wait.h>

#include <signal.h>

#include "lib/account/process.h"
#include "lib/login/login.h"
#include "lib/map/reader.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyblob.h"
#include "lib/store/failures.h"
#include "lib/store/sessions.h"
#include "tests/unit/methods_fixture.h"

#define ALICE	2

static struct nk_login login;
static struct nk_login_answer answer;

static void
setup(void)
{
	make_world();
	login = (struct nk_login){ .c = &w.c };
}

static void
teardown(void)
{
	nk_login_clear(&login);
	drop_world();
}

static enum nk_frame_code
ask(enum nk_frame_op op, const char *a, const char *b, const char *c,
    const char *d, const char *e)
{
	struct nk_frame f = { .op = op };

	nk_frame_set(&f, 0, a);
	nk_frame_set(&f, 1, b);
	nk_frame_set(&f, 2, c);
	nk_frame_set(&f, 3, d);
	nk_frame_set(&f, 4, e);
	nk_login_handle(&login, &f, &answer);
	return answer.code;
}

static enum nk_frame_code
verify(const char *user, const char *password)
{
	return ask(NK_FRAME_VERIFY, user, password, NULL, NULL, NULL);
}

static enum nk_frame_code
failure(const char *user)
{
	return ask(NK_FRAME_FAILURE, user, "sshd", "192.0.2.1", "ssh", NULL);
}

/* As the PAM module reads it. */
static int64_t
locked_until(uint64_t row)
{
	struct nk_map_secret s;
	struct nk_map_user u;
	struct nk_view v;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/" NK_MAP_ACCOUNTS, w.maps);
	ck_assert_int_eq(nk_view_open(&v, AT_FDCWD, path,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_PREAD), 0);
	ck_assert_int_eq(nk_map_user_by_row(&v, row, &u), 0);
	nk_view_close(&v);
	(void)snprintf(path, sizeof(path), "%s/" NK_MAP_SECRETS, w.maps);
	ck_assert_int_eq(nk_view_open(&v, AT_FDCWD, path,
	    NK_MAP_KIND_SECRETS, NK_VIEW_PREAD), 0);
	ck_assert_int_eq(nk_map_secret_find(&v, row, u.generation, &s), 0);
	nk_view_close(&v);
	return s.locked_until;
}

static const struct {
	const char	*what;
	uid_t		 asker;
	enum nk_frame_op op;
	const char	*user, *password;
	enum nk_frame_code want;
} rows[] = {
	{ "right", 0, NK_FRAME_VERIFY, "alice", "alice's", NK_FRAME_OK },
	{ "wrong", 0, NK_FRAME_VERIFY, "alice", "bob's",
	    NK_FRAME_AUTH_ERR },
	{ "empty", 0, NK_FRAME_VERIFY, "alice", "", NK_FRAME_AUTH_ERR },
	{ "no password at all", 0, NK_FRAME_VERIFY, "carol", "",
	    NK_FRAME_AUTH_ERR },
	{ "nobody", 0, NK_FRAME_VERIFY, "nobody-here", "x",
	    NK_FRAME_USER_UNKNOWN },
	{ "longer name", 0, NK_FRAME_VERIFY, "alicea", "alice's",
	    NK_FRAME_USER_UNKNOWN },
	{ "elsewhere", 0, NK_FRAME_VERIFY, "daemon", "x",
	    NK_FRAME_USER_UNKNOWN },
	{ "root", 0, NK_FRAME_VERIFY, "root", "x", NK_FRAME_USER_UNKNOWN },
	{ "its own", 5001, NK_FRAME_VERIFY, "alice", "alice's",
	    NK_FRAME_OK },
	{ "its own, wrong", 5001, NK_FRAME_VERIFY, "alice", "x",
	    NK_FRAME_AUTH_ERR },
	{ "another's, right", 5001, NK_FRAME_VERIFY, "bob", "bob's",
	    NK_FRAME_AUTH_ERR },
	{ "another's, by an administrator", 5002, NK_FRAME_VERIFY, "alice",
	    "alice's", NK_FRAME_AUTH_ERR },
	{ "nobody, by a user", 5001, NK_FRAME_VERIFY, "nobody-here", "x",
	    NK_FRAME_AUTH_ERR },
	{ "root, by a user", 5001, NK_FRAME_VERIFY, "root", "x",
	    NK_FRAME_AUTH_ERR },
	{ "by a stranger", 60000, NK_FRAME_VERIFY, "alice", "alice's",
	    NK_FRAME_AUTH_ERR },
	{ "by one from elsewhere", 1, NK_FRAME_VERIFY, "daemon", "x",
	    NK_FRAME_AUTH_ERR },
	{ "failure by a user", 5001, NK_FRAME_FAILURE, "alice", "sshd",
	    NK_FRAME_PERM_DENIED },
	{ "success by a user", 5001, NK_FRAME_SUCCESS, "alice", "sshd",
	    NK_FRAME_PERM_DENIED },
	{ "session by a user", 5001, NK_FRAME_SESSION_OPEN, "alice", "sshd",
	    NK_FRAME_PERM_DENIED },
	{ "its end by a user", 5001, NK_FRAME_SESSION_CLOSE, "alice",
	    "sshd", NK_FRAME_PERM_DENIED },
	{ "a home by a user", 5001, NK_FRAME_MKHOME, "alice", NULL,
	    NK_FRAME_PERM_DENIED },
	{ "success by an administrator", 5002, NK_FRAME_SUCCESS, "alice",
	    "sshd", NK_FRAME_PERM_DENIED },
	{ "another's change", 5001, NK_FRAME_CHAUTHTOK, "bob", "bob's",
	    NK_FRAME_AUTH_ERR },
};

START_TEST(who_may_what)
{
	if (geteuid() != 0)
		return;		/* everybody here is the state's owner */
	as(rows[_i].asker);
	ck_assert_msg(ask(rows[_i].op, rows[_i].user, rows[_i].password,
	    NULL, NULL, NULL) == rows[_i].want, "%s: %d", rows[_i].what,
	    answer.code);
	ck_assert_uint_eq(answer.len, 0);
}
END_TEST

START_TEST(who_may_not_log_in)
{
	done("user.update", "[2,{'locked':true}]");
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	done("user.update", "[2,{'locked':false,"
	    "'account_expires_at':'2001-01-01'}]");
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	done("user.update", "[2,{'account_expires_at':null}]");
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
	done("user.update", "[2,{'password_disabled':true}]");
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
}
END_TEST

START_TEST(locked_out)
{
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(failure("alice"), NK_FRAME_OK);
	ck_assert_int_eq(locked_until(ALICE), 0);
	ck_assert_int_eq(verify("alice", "wrong"), NK_FRAME_AUTH_ERR);
	ck_assert_ptr_nonnull(strstr(answer.note, "locked out for 600 s"));
	ck_assert_int_gt(locked_until(ALICE), nk_session_now());
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(verify("bob", "bob's"), NK_FRAME_OK);
	expect("user.logins", "['alice']", "failures", "5");
	expect("user.unlock", "['alice']", "", "true");
	expect("user.unlock", "['alice']", "", "false");
	ck_assert_int_eq(locked_until(ALICE), 0);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
}
END_TEST

/* What has begun is ended by its time or by an administrator alone. */
START_TEST(lockout_ends)
{
	int i;

	for (i = 0; i < 5; i++)
		ck_assert_int_eq(failure("alice"), NK_FRAME_OK);
	ck_assert_int_eq(ask(NK_FRAME_SUCCESS, "alice", "sshd", NULL, NULL,
	    NULL), NK_FRAME_OK);
	ck_assert_int_gt(locked_until(ALICE), 0);
	expect("user.logins", "['alice']", "failures", "5");
	/* the map knows it, session.db has lost it */
	ck_assert_int_eq(nk_failures_forget(w.c.session, ALICE,
	    nk_session_now(), NULL), 0);
	ck_assert_int_gt(locked_until(ALICE), 0);
	expect("user.unlock", "['alice']", "", "false");
	ck_assert_int_eq(locked_until(ALICE), 0);
}
END_TEST

/* Guessing at others' passwords costs the machine no more than so much. */
START_TEST(strangers)
{
	int64_t since = nk_session_now();
	int i;

	if (geteuid() != 0)
		return;
	as(60000);
	for (i = 0; i < 70; i++)
		ck_assert_int_eq(verify("alice", "alice's"),
		    NK_FRAME_AUTH_ERR);
	/* what a hash is computed for is used up; it grows by 1 a second */
	if (nk_session_now() - since < 10)
		ck_assert_int_eq(nk_session_rate(w.c.session,
		    "stranger:60000", 60, 60, nk_session_now()), -EAGAIN);
	as(0);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
}
END_TEST

START_TEST(success_forgets)
{
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(failure("alice"), NK_FRAME_OK);
	ck_assert_int_eq(ask(NK_FRAME_SUCCESS, "alice", "sshd", NULL, NULL,
	    NULL), NK_FRAME_OK);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(failure("alice"), NK_FRAME_OK);
	ck_assert_int_eq(locked_until(ALICE), 0);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
	expect("user.logins", "['alice']", "failures", "0");
}
END_TEST

/* An edit of the user, and maps that are built anew, leave it as it is. */
START_TEST(lockout_stays)
{
	int64_t until;
	int i;

	for (i = 0; i < 5; i++)
		ck_assert_int_eq(failure("alice"), NK_FRAME_OK);
	until = locked_until(ALICE);
	ck_assert_int_gt(until, 0);
	done("user.update", "[2,{'full_name':'A. L. Ice'}]");
	ck_assert_int_eq(locked_until(ALICE), until);
	done("user.update", "[2,{'username':'alicia'}]");
	ck_assert_int_eq(locked_until(ALICE), until);
	ck_assert_int_eq(nk_publisher_sync(w.c.publisher, true, NULL, NULL),
	    0);
	ck_assert_int_eq(locked_until(ALICE), until);
	ck_assert_int_eq(locked_until(3), 0);
}
END_TEST

/* What a user's own process tries is bounded, and keeps nobody out. */
START_TEST(own_tries)
{
	int i, tried = 0;

	if (geteuid() != 0)
		return;
	as(5001);
	for (i = 0; i < 100; i++)
		tried += verify("alice", "wrong") == NK_FRAME_AUTH_ERR;
	ck_assert_int_eq(tried, 100);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	as(0);
	ck_assert_int_eq(locked_until(ALICE), 0);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
	expect("user.logins", "['alice']", "failures", "0");
}
END_TEST

static enum nk_frame_code
change(const char *user, const char *old, const char *new)
{
	return ask(NK_FRAME_CHAUTHTOK, user, old, new, NULL, NULL);
}

START_TEST(change_password)
{
	w.conf.password_history = 2;
	ck_assert_int_eq(change("alice", "wrong", "two"), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(change("alice", "alice's", ""), NK_FRAME_OK);
	ck_assert_int_eq(change("alice", "alice's", "two"), NK_FRAME_OK);
	ck_assert_int_eq(verify("alice", "two"), NK_FRAME_OK);
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	/* the last two, for who knows the old one */
	ck_assert_int_eq(change("alice", "two", "two"),
	    NK_FRAME_AUTHTOK_ERR);
	ck_assert_int_eq(change("alice", "two", "alice's"),
	    NK_FRAME_AUTHTOK_ERR);
	ck_assert_ptr_nonnull(memmem(answer.text, answer.len,
	    "used before", 11));
	ck_assert_int_eq(change("alice", "two", "three"), NK_FRAME_OK);
	ck_assert_int_eq(change("alice", "three", "alice's"), NK_FRAME_OK);
	/* root is held to none of it */
	ck_assert_int_eq(change("alice", "", "alice's"), NK_FRAME_OK);
	ck_assert_int_eq(change("carol", "", "new"), NK_FRAME_AUTHTOK_ERR);
	ck_assert_int_eq(change("daemon", "", "new"),
	    NK_FRAME_USER_UNKNOWN);
}
END_TEST

START_TEST(change_own_password)
{
	if (geteuid() != 0)
		return;
	as(5001);
	ck_assert_int_eq(change("alice", "", "two"), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(change("alice", "wrong", "two"), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(change("alice", "alice's", "two"), NK_FRAME_OK);
	w.conf.password_min_days = 1;
	ck_assert_int_eq(change("alice", "two", ""), NK_FRAME_AUTHTOK_ERR);
	ck_assert_int_eq(change("alice", "two", "three"),
	    NK_FRAME_AUTHTOK_ERR);
	ck_assert_int_eq(verify("alice", "two"), NK_FRAME_OK);
	as(0);
	expect("naskeys.audit.query", "[[['action','=','user.set_password']],"
	    "{'get':true}]", "actor", "'alice'");
}
END_TEST

START_TEST(method_and_cost)
{
	(void)snprintf(w.conf.password_method,
	    sizeof(w.conf.password_method), "sha512");
	w.conf.password_cost = 5000;
	ck_assert_int_eq(change("alice", "", "two"), NK_FRAME_OK);
	expect("user.query", "[[['username','=','alice'],"
	    "['unixhash','^','$6$']],{'count':true}]", "", "1");
	(void)snprintf(w.conf.password_method,
	    sizeof(w.conf.password_method), "bcrypt");
	w.conf.password_cost = 99;	/* which it does not have */
	ck_assert_int_eq(change("alice", "", "three"),
	    NK_FRAME_AUTHTOK_ERR);
	ck_assert_int_eq(verify("alice", "two"), NK_FRAME_OK);
}
END_TEST

/* Last login, the key that was used, and the open session. */
START_TEST(sessions)
{
	w.caller.pid = getpid();
	ck_assert_int_eq(ask(NK_FRAME_SESSION_OPEN, "alice", "sshd",
	    "192.0.2.7", "ssh", "password\npublickey " ED25519 "\n"),
	    NK_FRAME_OK);
	expect("user.keys", "['alice']", "0.last_used_from", "'192.0.2.7'");
	expect("user.query", "[[['username','=','alice'],"
	    "['last_login_at','=',null]],{'count':true}]", "", "0");
	expect("user.logins", "['alice']", "sessions.0.service", "'sshd'");
	expect("user.logins", "['alice']", "sessions.0.from", "'192.0.2.7'");
	ck_assert_int_eq(ask(NK_FRAME_SESSION_CLOSE, "alice", "sshd", "ssh",
	    NULL, NULL), NK_FRAME_OK);
	expect("user.logins", "['alice']", "sessions", "[]");
}
END_TEST

/* A process that was killed has said nothing; its session is over. */
START_TEST(session_of_the_dead)
{
	int status;

	ck_assert_int_ne(w.caller.pid = fork(), -1);
	if (w.caller.pid == 0) {
		pause();
		_exit(0);
	}
	ck_assert_int_eq(ask(NK_FRAME_SESSION_OPEN, "alice", "sshd", "::1",
	    "", ""), NK_FRAME_OK);
	expect("user.logins", "['alice']", "sessions.0.from", "'::1'");
	ck_assert_int_eq(kill(w.caller.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(w.caller.pid, &status, 0), w.caller.pid);
	expect("user.logins", "['alice']", "sessions", "[]");
}
END_TEST

/* ---- sessions of a revoked key ---- */

#define CERT	"ssh-ed25519-cert-v01@openssh.com " CERT_ED25519_BASE64

/* A process that waits, by default for SIGTERM, with a session. */
static pid_t
open_session(const char *user, const char *info, bool stubborn)
{
	char ready;
	int p[2];
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		(void)signal(SIGTERM, stubborn ? SIG_IGN : SIG_DFL);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(p[0], &ready, 1), 1);
	close(p[0]);
	close(p[1]);
	w.caller.pid = pid;
	ck_assert_int_eq(ask(NK_FRAME_SESSION_OPEN, user, "sshd",
	    "192.0.2.7", "ssh", info), NK_FRAME_OK);
	w.caller.pid = 1;
	return pid;
}

/* The signal that ended it, 0: it goes on (and is ended now). */
static int
ended_by(pid_t pid)
{
	int status;
	pid_t r = waitpid(pid, &status, WNOHANG);

	if (r == 0) {
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		return 0;
	}
	ck_assert_int_eq(r, pid);
	ck_assert(WIFSIGNALED(status));
	return WTERMSIG(status);
}

START_TEST(sessions_of_a_revoked_key)
{
	pid_t key, cert, both, other, password;
	char path[40];
	json_t *v;

	key = open_session("alice", "publickey " ED25519 "\n", false);
	cert = open_session("bob", "publickey " CERT "\n", false);
	both = open_session("alice", "publickey " P256 "\npublickey "
	    ED25519 "\n", true);
	other = open_session("carol", "publickey " P256 "\n", false);
	password = open_session("alice", "password\n", false);
	v = call("user.revoke_key", "['SHA256:" ED25519_SHA256 "',"
	    "{'terminate':true}]");
	ck_assert_uint_eq(json_array_size(at(v, "result.sessions")), 3);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "result.sessions.%d.ended",
		    i);
		ck_assert(json_is_true(at(v, path)));
	}
	ck_assert_str_eq(json_string_value(at(v,
	    "result.sessions.1.username")), "bob");
	json_decref(v);
	ck_assert_int_eq(ended_by(key), SIGTERM);
	ck_assert_int_eq(ended_by(cert), SIGTERM);
	ck_assert_int_eq(ended_by(both), SIGKILL);
	ck_assert_int_eq(ended_by(other), 0);
	ck_assert_int_eq(ended_by(password), 0);
}
END_TEST

/* Without being told to, none is ended. */
START_TEST(sessions_go_on)
{
	pid_t pid = open_session("alice", "publickey " ED25519 "\n", false);

	expect("user.revoke_key", "['alice']", "sessions", "[]");
	ck_assert_int_eq(ended_by(pid), 0);
}
END_TEST

/* The authority of a certificate is a key of its session, too. */
START_TEST(sessions_of_an_authority)
{
	pid_t pid = open_session("bob", "publickey " CERT "\n", false);
	pid_t other = open_session("bob", "publickey " ED25519 "\n", false);
	char params[128];
	struct nk_keyblob kb;
	uint8_t *blob;
	size_t len;
	char *fp;

	ck_assert_int_eq(nk_base64_decode(CERT_ED25519_BASE64,
	    strlen(CERT_ED25519_BASE64), &blob, &len), 0);
	ck_assert_int_eq(nk_keyblob_parse(blob, len,
	    &(struct nk_keypolicy)NK_KEYPOLICY_DEFAULT, &kb, NULL), 0);
	ck_assert_int_eq(nk_fingerprint_sha256(kb.cert.ca_blob,
	    kb.cert.ca_blob_len, &fp), 0);
	(void)snprintf(params, sizeof(params), "['%s',{'terminate':true}]",
	    fp);
	done("user.revoke_key", params);
	ck_assert_int_eq(ended_by(pid), SIGTERM);
	ck_assert_int_eq(ended_by(other), 0);
	free(fp);
	free(blob);
}
END_TEST

/* A process that has the number of a session that is over. */
START_TEST(session_of_another_start)
{
	const struct nk_session_keys keys = { .n = 1,
	    .v = { "SHA256:" ED25519_SHA256 } };
	pid_t pid = open_session("alice", "publickey " ED25519 "\n", false);
	struct nk_user_session s = { .user_id = ALICE, .pid = pid,
	    .service = "sshd", .tty = "", .rhost = "" };

	ck_assert_int_eq(nk_process_start(pid, &s.start), 0);
	s.start++;
	ck_assert_int_eq(nk_sessions_add(w.c.session, &s, &keys), 0);
	expect("user.revoke_key", "['alice',{'terminate':true}]", "sessions",
	    "[]");
	ck_assert_int_eq(ended_by(pid), 0);
}
END_TEST

static const char *const infos[] = {
	"", "\n", "publickey", "publickey ", "publickey ssh-ed25519",
	"publickey ssh-ed25519 ", "publickey ssh-ed25519 !!!!",
	"publickey ssh-ed25519 AAAA", "publickey  ", "password\n\n\n",
	"publickey " P256, "hostbased " ED25519,
};

/* What sshd does not say, or says of other keys, marks none of ours. */
START_TEST(other_infos)
{
	w.caller.pid = getpid();
	ck_assert_int_eq(ask(NK_FRAME_SESSION_OPEN, "alice", "sshd", "::1",
	    "", infos[_i]), NK_FRAME_OK);
	expect("user.keys", "['alice']", "0.last_used_at", "null");
}
END_TEST

START_TEST(mkhome)
{
	char text[256], path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/alice", w.dir);
	w.conf.skeleton[0] = '\0';
	ck_assert_int_eq(ask(NK_FRAME_MKHOME, "alice", NULL, NULL, NULL,
	    NULL), NK_FRAME_OK);	/* has none, and needs none */
	ck_assert_int_eq(chmod(w.dir, 0755), 0);
	(void)snprintf(text, sizeof(text), "[2,{'home':'%s'}]", path);
	done("user.update", text);
	if (geteuid() != 0)
		return;			/* whose /tmp is root's */
	/* below /tmp everybody may write: refused, and nothing is there */
	ck_assert_int_eq(ask(NK_FRAME_MKHOME, "alice", NULL, NULL, NULL,
	    NULL), NK_FRAME_PERM_DENIED);
	ck_assert_ptr_nonnull(strstr(answer.note, "was not made"));
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login");
	TCase *tc = tcase_create("login");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, who_may_what, 0, LENGTH(rows));
	tcase_add_test(tc, who_may_not_log_in);
	tcase_add_test(tc, locked_out);
	tcase_add_test(tc, lockout_ends);
	tcase_add_test(tc, strangers);
	tcase_add_test(tc, success_forgets);
	tcase_add_test(tc, lockout_stays);
	tcase_add_test(tc, own_tries);
	tcase_add_test(tc, change_password);
	tcase_add_test(tc, change_own_password);
	tcase_add_test(tc, method_and_cost);
	tcase_add_test(tc, sessions);
	tcase_add_test(tc, session_of_the_dead);
	tcase_add_loop_test(tc, other_infos, 0, LENGTH(infos));
	tcase_add_test(tc, sessions_of_a_revoked_key);
	tcase_add_test(tc, sessions_go_on);
	tcase_add_test(tc, sessions_of_an_authority);
	tcase_add_test(tc, session_of_another_start);
	tcase_add_test(tc, mkhome);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
