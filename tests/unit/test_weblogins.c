/* SPDX-License-Identifier: ISC */

/* Sessions and tokens of the web endpoint in session.db. */

#include <errno.h>
#include <string.h>

#include "lib/store/weblogins.h"
#include "tests/unit/session_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char seen[512];

static void
put(char *to, size_t size, const char *text)
{
	ck_assert_uint_lt(strlen(text), size);
	memcpy(to, text, strlen(text) + 1);
}

/* A session, begun with a token that was made in another ("": with none). */
static void
start(const char *id, const char *parent, const char *token)
{
	struct nk_web_session w = { .account = { .user_id = 7,
	    .generation = 3, .uid = 5001, .name = "alice", .proof = "p" },
	    .kind = NK_WEB_TOKEN, .first = NK_WEB_TWO_FACTORS, .tls = true,
	    .origin = "192.0.2.1:5", .created_at = 99, .pid = 12,
	    .start = 34 };

	put(w.id, sizeof(w.id), id);
	put(w.parent, sizeof(w.parent), parent);
	put(w.token, sizeof(w.token), token);
	ck_assert_int_eq(nk_web_session_add(ss, &w), 0);
}

static void
make(const char *digest, const char *session, int64_t ttl, bool once,
    int64_t now)
{
	struct nk_web_token t = { .account = { .user_id = 7,
	    .generation = 3, .uid = 5001, .name = "alice", .proof = "p" },
	    .first = NK_WEB_TWO_FACTORS, .ttl = ttl, .once = once,
	    .address = "192.0.2.1", .login = true };

	put(t.digest, sizeof(t.digest), digest);
	put(t.session, sizeof(t.session), session);
	ck_assert_int_eq(nk_web_token_add(ss, &t, now), 0);
}

static int
use(const char *digest, int64_t now)
{
	struct nk_web_token t;

	return nk_web_token_use(ss, digest, "192.0.2.1", now, &t);
}

static int
see(void *arg, const struct nk_web_session *w)
{
	size_t len = strlen(seen);

	(void)arg;
	(void)snprintf(seen + len, sizeof(seen) - len, "%s ", w->id);
	return 0;
}

static const char *
sessions(void)
{
	seen[0] = '\0';
	ck_assert_int_eq(nk_web_session_each(ss, see, NULL), 0);
	return seen;
}

static int
compare(void *arg, const struct nk_web_session *w)
{
	(void)arg;
	ck_assert_str_eq(w->id, "b");
	ck_assert_str_eq(w->parent, "a");
	ck_assert_str_eq(w->token, "t");
	ck_assert_str_eq(w->account.name, "alice");
	ck_assert_str_eq(w->account.proof, "p");
	ck_assert_int_eq(w->account.user_id, 7);
	ck_assert_int_eq(w->account.generation, 3);
	ck_assert_uint_eq(w->account.uid, 5001);
	ck_assert_str_eq(w->origin, "192.0.2.1:5");
	ck_assert(w->tls && w->kind == NK_WEB_TOKEN &&
	    w->first == NK_WEB_TWO_FACTORS);
	ck_assert(w->created_at == 99 && w->pid == 12 && w->start == 34);
	return 17;
}

START_TEST(rows)
{
	struct nk_web_token t;

	start("b", "a", "t");
	ck_assert_int_eq(nk_web_session_each(ss, compare, NULL), 17);
	ck_assert_int_eq(nk_web_session_check(ss, "b"), 0);
	ck_assert_int_eq(nk_web_session_check(ss, "B"), -ENOENT);
	ck_assert_int_eq(nk_web_session_end(ss, "B", true), -ENOENT);
	ck_assert_int_eq(nk_web_session_end(ss, "B", false), -ENOENT);
	ck_assert_int_eq(nk_web_session_end(ss, "b", false), 0);
	ck_assert_int_eq(nk_web_session_check(ss, "b"), -ENOENT);
	make("d", "b", 600, false, 1000);
	ck_assert_int_eq(nk_web_token_use(ss, "d", "192.0.2.1", 1000, &t),
	    0);
	ck_assert_str_eq(t.session, "b");
	ck_assert_str_eq(t.account.name, "alice");
	ck_assert(t.first == NK_WEB_TWO_FACTORS && t.ttl == 600 && t.login &&
	    !t.once);
}
END_TEST

/*
 * a made t1, with which b was begun, which made t2, with which c was begun;
 * d has nothing to do with it.
 */
START_TEST(killing)
{
	start("a", "", "");
	make("t1", "a", 600, false, 1000);
	start("b", "a", "t1");
	make("t2", "b", 600, false, 1000);
	start("c", "b", "t2");
	make("t3", "c", 600, false, 1000);
	start("d", "", "");
	make("t4", "d", 600, false, 1000);
	if (_i == 0) {
		ck_assert_int_eq(nk_web_session_end(ss, "a", true), 0);
		ck_assert_str_eq(sessions(), "d ");
		ck_assert_int_eq(use("t1", 1000), -ENOENT);
		ck_assert_int_eq(use("t2", 1000), -ENOENT);
		ck_assert_int_eq(use("t3", 1000), -ENOENT);
	} else if (_i == 1) {
		ck_assert_int_eq(nk_web_session_end(ss, "b", true), 0);
		ck_assert_str_eq(sessions(), "a d ");
		ck_assert_int_eq(use("t1", 1000), -ENOENT);
		ck_assert_int_eq(use("t2", 1000), -ENOENT);
		ck_assert_int_eq(use("t3", 1000), -ENOENT);
	} else {
		/* not killed: its own token goes, those it made stay */
		ck_assert_int_eq(nk_web_session_end(ss, "b", false), 0);
		ck_assert_str_eq(sessions(), "a c d ");
		ck_assert_int_eq(use("t1", 1000), -ENOENT);
		ck_assert_int_eq(use("t2", 1000), 0);
		ck_assert_int_eq(use("t3", 1000), 0);
	}
	ck_assert_int_eq(use("t4", 1000), 0);
}
END_TEST

START_TEST(all_of_them)
{
	start("a", "", "");
	start("b", "a", "1");
	make("1", "a", 100, false, 50);
	make("2", "gone", 100, false, 50);
	ck_assert_int_eq(nk_web_logins_end(ss), 0);
	ck_assert_str_eq(sessions(), "");
	ck_assert_int_eq(use("1", 51), -ENOENT);
	ck_assert_int_eq(use("2", 51), -ENOENT);
	ck_assert_int_eq(nk_web_logins_end(ss), 0);
	start("c", "", "");
	ck_assert_str_eq(sessions(), "c ");
}
END_TEST

START_TEST(token_time)
{
	make("t", "a", 100, false, 1000);
	ck_assert_int_eq(use("t", 1099), 0);	/* and it slides */
	ck_assert_int_eq(use("t", 1198), 0);
	ck_assert_int_eq(use("t", 1298), -ENOENT);
	make("u", "a", 100, false, 5000);
	ck_assert_int_eq(use("u", 4900), -ENOENT);	/* another boot */
	make("v", "a", INT64_MAX, false, 5000);
	ck_assert_int_eq(use("v", 1000000), 0);
}
END_TEST

START_TEST(token_uses)
{
	struct nk_web_token t = { .ttl = 100, .digest = "x" };

	make("once", "a", 100, true, 1000);
	ck_assert_int_eq(nk_web_token_use(ss, "once", "192.0.2.2", 1000,
	    &t), -EACCES);
	ck_assert_int_eq(use("once", 1000), 0);
	ck_assert_int_eq(use("once", 1000), -ENOENT);
	ck_assert_int_eq(use("unknown", 1000), -ENOENT);
	t = (struct nk_web_token){ .ttl = 100, .digest = "download" };
	ck_assert_int_eq(nk_web_token_add(ss, &t, 1000), 0);
	ck_assert_int_eq(use("download", 1000), -ENOENT);
	t = (struct nk_web_token){ .ttl = 100, .digest = "any",
	    .login = true };
	ck_assert_int_eq(nk_web_token_add(ss, &t, 1000), 0);
	ck_assert_int_eq(use("any", 1000), 0);
}
END_TEST

START_TEST(too_many_tokens)
{
	char digest[16];
	int i;

	for (i = 0; i <= NK_WEB_TOKENS_MAX; i++) {
		(void)snprintf(digest, sizeof(digest), "t%d", i);
		make(digest, "a", 100, false, 1000);
	}
	ck_assert_int_eq(use("t0", 1000), -ENOENT);
	ck_assert_int_eq(use("t1", 1000), 0);
	ck_assert_int_eq(use(digest, 1000), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("weblogins");
	TCase *tc = tcase_create("weblogins");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_session, teardown_session);
	tcase_add_test(tc, rows);
	tcase_add_loop_test(tc, killing, 0, 3);
	tcase_add_test(tc, all_of_them);
	tcase_add_test(tc, token_time);
	tcase_add_test(tc, token_uses);
	tcase_add_test(tc, too_many_tokens);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
