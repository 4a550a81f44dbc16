/* SPDX-License-Identifier: ISC */

/* OTP on pam.sock: each code once, whoever asks and whatever is killed. */

#include <sys/wait.h>

#include <signal.h>

#include "lib/login/failures.h"
#include "lib/otp/factor.h"
#include "lib/store/failures.h"
#include "tests/unit/otp_codes.h"

static struct nk_login login;
static struct nk_login_answer answer;

static void
setup(void)
{
	make_otp_world();
	login = (struct nk_login){ .c = &w.c };
}

static enum nk_frame_code
ask(const char *name, const char *code)
{
	struct nk_frame f = { .op = NK_FRAME_OTP };

	nk_frame_set(&f, 0, name);
	nk_frame_set(&f, 1, code);
	memset(&answer, 0, sizeof(answer));
	nk_login_handle(&login, &f, &answer);
	ck_assert_uint_eq(answer.len, 0);
	/* no code and no secret in the log */
	ck_assert(strlen(code) < 5 || strstr(answer.note, code) == NULL);
	ck_assert_ptr_null(strstr(answer.note, OTP_SECRET));
	return answer.code;
}

#define OK(name, code)	ck_assert_int_eq(ask(name, code), NK_FRAME_OK)
#define NO(name, code)	ck_assert_int_eq(ask(name, code), NK_FRAME_AUTH_ERR)

static struct nk_otp
row(int64_t id)
{
	struct nk_otp o;

	ck_assert_int_eq(nk_otp_get(nk_publisher_store(w.c.publisher), id,
	    &o), 0);
	return o;
}

static uint32_t
failures(int64_t id)
{
	struct nk_failures f;

	ck_assert_int_eq(nk_failures_get(w.c.session, id, nk_session_now(),
	    &f), 0);
	return f.count;
}

START_TEST(without_one)
{
	OK("alice", "123456");
	OK("alice", "");
	ck_assert_int_eq(ask("daemon", "1"), NK_FRAME_USER_UNKNOWN);
	ck_assert_int_eq(ask("nobody-here", "1"), NK_FRAME_USER_UNKNOWN);
	as(5001);
	OK("alice", "123456");
	NO("bob", "123456");
	NO("nobody-here", "123456");
}
END_TEST

/* Nothing typed is no try: it is how a program asks whether to ask. */
START_TEST(only_asked)
{
	int i;

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	for (i = 0; i < 50; i++)
		NO("alice", "");
	ck_assert_uint_eq(failures(ALICE), 0);
	as(5001);
	for (i = 0; i < 50; i++)
		NO("alice", "");
	OK("alice", hotp_code(1));
}
END_TEST

START_TEST(by_time)
{
	must_enroll("alice", "TOTP", totp_code(-1), "", NULL);
	OK("alice", totp_code(0));
	NO("alice", totp_code(0));
	NO("alice", totp_code(-1));
	ck_assert_uint_eq(failures(ALICE), 2);
	OK("alice", totp_code(1));
	ck_assert_uint_eq(failures(ALICE), 0);
	NO("alice", totp_code(1));
	NO("alice", totp_code(9));
	ck_assert_int_eq(row(ALICE).next, (int64_t)time(NULL) / 30 + 2);
	ck_assert_int_gt(row(ALICE).last_used_at, 0);
}
END_TEST

/* A clock that has gone back: a later code was used, this one is not taken. */
START_TEST(clock_gone_back)
{
	must_enroll("alice", "TOTP", totp_code(-1), "", NULL);
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_otp_set_used(nk_publisher_store(w.c.publisher),
	    ALICE, (int64_t)time(NULL) / 30 + 100, 1), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	NO("alice", totp_code(-1));
	NO("alice", totp_code(0));
	NO("alice", totp_code(1));
}
END_TEST

START_TEST(by_counter)
{
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	NO("alice", hotp_code(0));
	OK("alice", hotp_code(1));
	/* pressed ten times in vain, and in step again */
	OK("alice", hotp_code(12));
	NO("alice", hotp_code(11));
	OK("alice", hotp_code(13));
	NO("alice", hotp_code(25));
	OK("alice", hotp_code(24));
	ck_assert_int_eq(row(ALICE).next, 25);
}
END_TEST

static int64_t
audit_rows(const char *text)
{
	char params[160];
	json_t *v;
	int64_t n;

	(void)snprintf(params, sizeof(params), "[[['text','=','%s'],"
	    "['action','=','pam.otp']],{'count':true}]", text);
	v = call("naskeys.audit.query", params);
	n = json_integer_value(at(v, "result"));
	json_decref(v);
	return n;
}

START_TEST(by_recovery_code)
{
	char code[12], typed[32];
	json_t *v, *codes;

	must_enroll("alice", "HOTP", hotp_code(0), "", code);
	OK("alice", code);
	ck_assert_ptr_nonnull(strstr(answer.note, "9 left"));
	ck_assert_int_eq(audit_rows("Use recovery code of alice, 9 left"),
	    1);
	NO("alice", code);
	ck_assert_int_eq(row(ALICE).next, 1);
	v = enroll("carol", "HOTP", hotp_code(0), "");
	codes = at(v, "result.recovery_codes");
	(void)snprintf(typed, sizeof(typed), " %s ",
	    json_string_value(json_array_get(codes, 9)));
	OK("carol", typed);
	NO("alice", json_string_value(json_array_get(codes, 0)));
	OK("carol", json_string_value(json_array_get(codes, 0)));
	ck_assert_ptr_nonnull(strstr(answer.note, "8 left"));
	NO("carol", typed);
	json_decref(v);
}
END_TEST

static const char *const no_codes[] = {
	" ", "12345", "1234567", "00000000", "abcdefghij", "abcde-fghjk",
	"755224755224", "-1", "\xff\xfe", "755224\n", "75522\xd9\xa4",
};

START_TEST(no_code)
{
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	NO("alice", no_codes[_i]);
	ck_assert_uint_eq(failures(ALICE), 1);
}
END_TEST

/* Once too often, and the right code is refused and stays good. */
START_TEST(locked_out)
{
	char code[12];
	uint32_t i;

	must_enroll("alice", "HOTP", hotp_code(0), "", code);
	for (i = 0; i < w.conf.lockout_failures; i++)
		NO("alice", "000001");
	NO("alice", hotp_code(1));
	ck_assert_ptr_nonnull(strstr(answer.note, "too many failures"));
	NO("alice", code);
	ck_assert_int_eq(row(ALICE).next, 1);
	ck_assert_int_eq(nk_failures_forget(w.c.session, ALICE,
	    nk_session_now(), NULL), 0);
	OK("alice", code);
	OK("alice", hotp_code(1));
}
END_TEST

START_TEST(shut)
{
	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	done("user.update", "[2,{'locked':true}]");
	NO("alice", hotp_code(1));
	done("user.update", "[2,{'locked':false,"
	    "'account_expires_at':'2001-01-01'}]");
	NO("alice", hotp_code(1));
	ck_assert_uint_eq(failures(ALICE), 0);
	done("user.update", "[2,{'account_expires_at':null,"
	    "'password_disabled':true}]");
	OK("alice", hotp_code(1));
}
END_TEST

static enum nk_frame_code
verify(const char *name, const char *password)
{
	struct nk_frame f = { .op = NK_FRAME_VERIFY };

	nk_frame_set(&f, 0, name);
	nk_frame_set(&f, 1, password);
	nk_login_handle(&login, &f, &answer);
	return answer.code;
}

/* Who knows the password has no more tries at the code than others. */
START_TEST(password_known)
{
	uint32_t i;

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	for (i = 0; i < w.conf.lockout_failures; i++) {
		ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_OK);
		NO("alice", "000001");
	}
	ck_assert_int_eq(verify("alice", "alice's"), NK_FRAME_AUTH_ERR);
	NO("alice", hotp_code(1));
}
END_TEST

/* The own processes: some tries of their own, and no lock-out by them. */
START_TEST(by_itself)
{
	uint32_t i;

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	must_enroll("bob", "HOTP", hotp_code(0), "", NULL);
	as(5001);
	OK("alice", hotp_code(1));
	NO("alice", hotp_code(1));
	NO("bob", hotp_code(1));
	for (i = 1; i < w.conf.lockout_failures; i++)
		NO("alice", "000001");
	NO("alice", hotp_code(2));
	ck_assert_uint_eq(failures(ALICE), 0);
	as(0);
	OK("alice", hotp_code(2));
	ck_assert_int_eq(row(BOB).next, 1);
}
END_TEST

START_TEST(key_lost)
{
	char away[120];

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	(void)snprintf(away, sizeof(away), "%s.away", seal_key);
	ck_assert_int_eq(rename(seal_key, away), 0);
	ck_assert_int_eq(ask("alice", hotp_code(1)), NK_FRAME_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(answer.note, "nothing is lost"));
	ck_assert_int_eq(access(seal_key, F_OK), -1);
	ck_assert_uint_eq(failures(ALICE), 0);
	ck_assert_int_eq(rename(away, seal_key), 0);
	OK("alice", hotp_code(1));
}
END_TEST

/* A screen locker may be opened as often as it is closed. */
START_TEST(often)
{
	int i;

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	as(5001);
	for (i = 1; i < 20; i++)
		OK("alice", hotp_code(i));
}
END_TEST

/* ---- other processes ---- */

#define PROCESSES	12

/* Handles of its own, as each helper has. */
static void
open_own(void)
{
	if (nk_publisher_open(&w.c.publisher, &w.state, &w.conf,
	    NK_STORE_WRITE) < 0 ||
	    nk_session_open(&w.c.session, w.session) < 0)
		_exit(99);
}

static int
exit_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* One code, given to many at once: one of them takes it. */
START_TEST(at_once)
{
	char recovery[12], code[9];
	int ok = 0, i, gate[2];
	pid_t pid[PROCESSES];
	char byte;

	w.conf.lockout_failures = 0;
	must_enroll("alice", "HOTP", hotp_code(0), "", recovery);
	(void)snprintf(code, sizeof(code), "%s", hotp_code(1));
	ck_assert_int_eq(pipe(gate), 0);
	for (i = 0; i < PROCESSES; i++) {
		ck_assert_int_ge(pid[i] = fork(), 0);
		if (pid[i] != 0)
			continue;
		close(gate[1]);
		open_own();
		(void)!read(gate[0], &byte, 1);
		_exit((int)ask("alice", _i == 0 ? code : recovery));
	}
	close(gate[0]);
	close(gate[1]);
	for (i = 0; i < PROCESSES; i++) {
		int code_of = exit_of(pid[i]);

		ck_assert(code_of == NK_FRAME_OK ||
		    code_of == NK_FRAME_AUTH_ERR);
		ok += code_of == NK_FRAME_OK;
	}
	ck_assert_int_eq(ok, 1);
}
END_TEST

/* Killed after it has taken the code and before anybody heard of it. */
START_TEST(killed_after)
{
	pid_t pid;

	must_enroll("alice", "HOTP", hotp_code(0), "", NULL);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		open_own();
		if (ask("alice", hotp_code(1)) == NK_FRAME_OK)
			(void)raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(exit_of(pid), -SIGKILL);
	NO("alice", hotp_code(1));
	OK("alice", hotp_code(2));
}
END_TEST

/* Killed before the commit: nobody was let in by it, and it is still good. */
START_TEST(killed_before)
{
	struct nk_factor_use use;
	struct nk_keychain kc;
	char recovery[12];
	pid_t pid;

	must_enroll("alice", "HOTP", hotp_code(0), "", recovery);
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		open_own();
		nk_keychain_init(&kc, nk_publisher_store(w.c.publisher),
		    seal_key);
		if (nk_edit_begin(w.c.publisher) == 0 &&
		    nk_factor_take(&kc, ALICE, hotp_code(1), 1, &use) == 0 &&
		    nk_factor_take(&kc, ALICE, recovery, 1, &use) == 0)
			(void)raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(exit_of(pid), -SIGKILL);
	OK("alice", recovery);
	OK("alice", hotp_code(1));
	NO("alice", hotp_code(1));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("login_otp");
	TCase *tc = tcase_create("otp");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	if (geteuid() != 0)
		return 77;	/* callers of other uids */
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, drop_world);
	tcase_add_test(tc, without_one);
	tcase_add_test(tc, only_asked);
	tcase_add_test(tc, by_time);
	tcase_add_test(tc, clock_gone_back);
	tcase_add_test(tc, by_counter);
	tcase_add_test(tc, by_recovery_code);
	tcase_add_loop_test(tc, no_code, 0, LENGTH(no_codes));
	tcase_add_test(tc, locked_out);
	tcase_add_test(tc, password_known);
	tcase_add_test(tc, shut);
	tcase_add_test(tc, by_itself);
	tcase_add_test(tc, often);
	tcase_add_test(tc, key_lost);
	tcase_add_loop_test(tc, at_once, 0, 2);
	tcase_add_test(tc, killed_after);
	tcase_add_test(tc, killed_before);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
