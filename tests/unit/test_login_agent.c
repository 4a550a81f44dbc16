/* SPDX-License-Identifier: ISC */
/*
 * The two frames of authentication by an agent, from one to the next, with a
 * clock that the test sets.
 */
#include "tests/unit/methods_fixture.h"

#include <sys/syscall.h>

#include <time.h>

#include "lib/agent/checker.h"
#include "lib/login/agent.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/store/revoked.h"
#include "tests/unit/agent_key.h"
#include "tests/unit/passwd_fixture.h"

static struct nk_login login;
static struct nk_login_answer answer;
static struct agent_key key;
static int64_t later;		/* seconds that the clock is ahead */

/* Stands before libc's. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (syscall(SYS_clock_gettime, id, ts) == -1)
		return -1;
	if (id == CLOCK_MONOTONIC)
		ts->tv_sec += later;
	return 0;
}

static void
setup(void)
{
	char params[512], *base64;

	make_world();
	put_passwd_file(w.dir);
	make_agent_key(&key);
	ck_assert_int_eq(nk_base64_encode(key.blob, key.len, &base64), 0);
	(void)snprintf(params, sizeof(params), "['bob',{'key':'"
	    AGENT_KEY_TYPE " %s'}]", base64);
	free(base64);
	done("user.add_key", params);
	login = (struct nk_login){ .c = &w.c };
	later = 0;
}

static void
teardown(void)
{
	nk_login_clear(&login);
	ck_assert_ptr_null(login.agent);
	EVP_PKEY_free(key.pkey);
	drop_passwd_file();
	drop_world();
}

static enum nk_frame_code
challenge(const char *user)
{
	struct nk_frame f = { .op = NK_FRAME_AGENT_CHALLENGE };

	nk_frame_set(&f, 0, user);
	nk_frame_set(&f, 1, "sudo");
	nk_frame_set(&f, 2, NULL);
	nk_login_handle(&login, &f, &answer);
	ck_assert(answer.code == NK_FRAME_CONTINUE ? login.agent != NULL :
	    login.agent == NULL);
	return answer.code;
}

static enum nk_frame_code
give(const uint8_t *p, size_t len)
{
	struct nk_frame f = { .op = NK_FRAME_AGENT_VERIFY };

	f.field[0] = (struct nk_frame_field){ p, len };
	nk_login_handle(&login, &f, &answer);
	ck_assert(answer.code == NK_FRAME_CONTINUE ? login.agent != NULL :
	    login.agent == NULL);
	return answer.code;
}

static enum nk_frame_code
give_list(void)
{
	uint8_t msg[256];

	ck_assert_uint_eq(answer.len, 1);
	ck_assert_uint_eq(answer.text[0], 11);
	return give(msg, list_agent_key(&key, msg, sizeof(msg)));
}

/* What the answer at hand asks to be signed. */
static size_t
sign(uint8_t *msg, size_t room)
{
	struct nk_wire q = { answer.text + 1, answer.len - 1 };
	const uint8_t *s;
	size_t len;

	ck_assert_uint_eq(answer.text[0], 13);
	ck_assert_int_eq(nk_wire_get_string(&q, &s, &len), 0);
	ck_assert_uint_eq(len, key.len);
	ck_assert_mem_eq(s, key.blob, len);
	ck_assert_int_eq(nk_wire_get_string(&q, &s, &len), 0);
	ck_assert_uint_eq(q.left, 4);
	ck_assert_mem_eq(q.p, "\0\0\0\0", 4);	/* flags are for RSA */
	return sign_agent_key(&key, s, len, msg, room);
}

START_TEST(succeeds)
{
	uint8_t msg[256];
	int i;

	for (i = 0; i < 2; i++) {	/* and again on the same connection */
		ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
		ck_assert_str_eq(answer.note, "");
		ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
		ck_assert_int_eq(give(msg, sign(msg, sizeof(msg))),
		    NK_FRAME_OK);
		ck_assert_ptr_nonnull(strstr(answer.note,
		    "user bob: accepted by ssh-agent for sudo: ssh-ed25519 "
		    "SHA256:"));
		ck_assert_uint_eq(answer.len, 0);
	}
}
END_TEST

START_TEST(once)
{
	uint8_t msg[256];
	size_t len;

	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	len = sign(msg, sizeof(msg));
	ck_assert_int_eq(give(msg, len), NK_FRAME_OK);
	ck_assert_int_eq(give(msg, len), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give(msg, len), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give(msg, len), NK_FRAME_AUTH_ERR);
}
END_TEST

/* A new challenge forgets the old one. */
START_TEST(anew)
{
	uint8_t msg[256];
	size_t len;

	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	len = sign(msg, sizeof(msg));
	ck_assert_int_eq(challenge("carol"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give(msg, len), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(challenge("carol"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_AUTH_ERR);
	ck_assert_ptr_nonnull(strstr(answer.note, "no key that may"));
}
END_TEST

START_TEST(in_time)
{
	uint8_t msg[256];

	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	later = NK_LOGIN_AGENT_SECONDS - 5;
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	later = NK_LOGIN_AGENT_SECONDS + 1;
	ck_assert_int_eq(give(msg, sign(msg, sizeof(msg))),
	    NK_FRAME_AUTH_ERR);
	ck_assert_ptr_nonnull(strstr(answer.note, "too long"));
	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	later += NK_LOGIN_AGENT_SECONDS + 1;
	ck_assert_int_eq(give((const uint8_t *)"\5", 1), NK_FRAME_AUTH_ERR);
}
END_TEST

static const struct {
	const char	*method, *params, *undo;
} meanwhile[] = {
	{ "user.update", "[3,{'locked':true}]", "[3,{'locked':false}]" },
	{ "user.update", "[3,{'account_expires_at':{'$date':1000}}]", NULL },
	{ "user.update", "[3,{'sshpubkey':''}]", NULL },
	{ "user.update", "[3,{'username':'rob'}]", NULL },
	{ "user.revoke_key", "['bob']", NULL },
	{ "user.delete", "[3]", NULL },
};

/* What is taken away between two answers does not count for the second. */
START_TEST(as_it_is_now)
{
	uint8_t msg[256];

	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	done(meanwhile[_i].method, meanwhile[_i].params);
	ck_assert_int_eq(give(msg, sign(msg, sizeof(msg))),
	    NK_FRAME_AUTH_ERR);
	ck_assert_str_ne(answer.note, "");
	if (meanwhile[_i].undo == NULL)
		return;
	done(meanwhile[_i].method, meanwhile[_i].undo);
	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
}
END_TEST

/* On the list, whatever lines there are: as a certificate's key would be. */
static void
put_on_list(void)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_revoked row = { .revoked_by = "root" };
	char *fp;

	ck_assert_int_eq(nk_fingerprint_sha256(key.blob, key.len, &fp), 0);
	row.fingerprint = fp;
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_revoked_add(s, &row), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	free(fp);
}

START_TEST(revoked)
{
	uint8_t msg[256];

	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_CONTINUE);
	put_on_list();
	ck_assert_int_eq(give(msg, sign(msg, sizeof(msg))),
	    NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(challenge("bob"), NK_FRAME_CONTINUE);
	ck_assert_int_eq(give_list(), NK_FRAME_AUTH_ERR);
	ck_assert_ptr_nonnull(strstr(answer.note, "no key that may"));
}
END_TEST

START_TEST(who_may)
{
	ck_assert_int_eq(give((const uint8_t *)"\5", 1), NK_FRAME_AUTH_ERR);
	ck_assert_int_eq(challenge("nobody"), NK_FRAME_USER_UNKNOWN);
	ck_assert_int_eq(challenge("root"), NK_FRAME_USER_UNKNOWN);
	ck_assert_int_eq(challenge("daemon"), NK_FRAME_USER_UNKNOWN);
	as(5002);
	ck_assert_int_eq(challenge("bob"), NK_FRAME_PERM_DENIED);
	ck_assert_int_eq(give((const uint8_t *)"\5", 1),
	    NK_FRAME_PERM_DENIED);
	as(0);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_agent_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *s = suite_create("login by agent");
	TCase *t = tcase_create("frames");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, succeeds);
	tcase_add_test(t, once);
	tcase_add_test(t, anew);
	tcase_add_test(t, in_time);
	tcase_add_loop_test(t, as_it_is_now, 0, LENGTH(meanwhile));
	tcase_add_test(t, revoked);
	tcase_add_test(t, who_may);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
