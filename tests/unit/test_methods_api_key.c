/* SPDX-License-Identifier: ISC */

/* API keys: made, used to log in through the gateway, and what ends them. */

#include "lib/rpc/api_key.h"
#include "lib/rpc/edit.h"
#include "lib/store/apikeys.h"
#include "lib/store/attempts.h"
#include "tests/unit/web_fixture.h"

static char key[NK_API_KEY_SIZE];	/* bob's, of id 1 */

/* Ask as root, at the machine itself; then through web. */
static void
root_does(struct nk_web *web, const char *method, const char *params)
{
	through(NULL);
	done(method, params);
	through(web);
}

static void
take_key(json_t *v)
{
	const char *text = json_string_value(at(v, "result.key"));

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_lt(strlen(text), sizeof(key));
	memcpy(key, text, strlen(text) + 1);
	json_decref(v);
}

static void
setup_key(void)
{
	setup_web();
	through(NULL);
	take_key(call("api_key.create", "[{'name':'backup','username':"
	    "'bob'}]"));
	through(&one);
}

/* Is this what comes of the key, as it is now? */
static void
logs_in(const char *username, const char *value)
{
	char params[256];

	(void)snprintf(params, sizeof(params), "[{'mechanism':"
	    "'API_KEY_PLAIN','username':'%s','api_key':'%s'}]", username,
	    key);
	gives("auth.login_ex", params, "result.response_type", value);
}

/* ---- made ---- */

START_TEST(made)
{
	through(NULL);
	ck_assert_uint_eq(strlen(key), 2 + NK_API_KEY_SECRET);
	ck_assert_int_eq(nk_api_key_parse(key), 1);
	expect("api_key.query", "[]", "0.keyhash", "'********'");
	expect("api_key.get_instance", "[1]", "name", "'backup'");
	expect("api_key.get_instance", "[1]", "username", "'bob'");
	expect("api_key.get_instance", "[1]", "user_identifier", "3");
	expect("api_key.get_instance", "[1]", "expires_at", "null");
	expect("api_key.get_instance", "[1]", "local", "true");
	expect("api_key.get_instance", "[1]", "revoked", "false");
	expect("api_key.get_instance", "[1]", "revoked_reason", "null");
	expect("user.query", "[[['username','=','bob']],{'get':true}]",
	    "api_keys", "[1]");
	expect("user.query", "[[['username','=','alice']],{'get':true}]",
	    "api_keys", "[]");
	expect("api_key.my_keys", "[]", "", "[]");
	expect("api_key.create", "[{'username':'root'}]", "name",
	    "'nobody'");
	expect("api_key.my_keys", "[]", "0.id", "2");
	expect("api_key.query", "[[['username','=','bob']],{'count':true}]",
	    "", "1");
	expect("naskeys.audit.query", "[[['action','=','api_key.create']],"
	    "{'count':true}]", "", "2");
	expect("api_key.delete", "[2]", "", "true");
	refused("api_key.delete", "[2]", NULL, "ApiKey 2 does not exist",
	    ENOENT);
	expect("api_key.create", "[{'username':'root'}]", "id", "3");
}
END_TEST

static const struct {
	const char	*method, *params, *attribute, *text;
} refusals[] = {
	{ "api_key.create", "[{'username':'ghost'}]", "api_key_create",
	    "User does not exist." },
	{ "api_key.create", "[{'username':'-x'}]", "api_key_create",
	    "User does not exist." },
	{ "api_key.create", "[{'username':'alice'}]", "api_key_create",
	    "User lacks privilege role membership." },
	{ "api_key.create", "[{'username':'bob','name':'backup'}]",
	    "api_key_create", "name must be unique" },
	{ "api_key.create", "[{'username':'bob','expires_at':"
	    "{'$date':1000}}]", "api_key_create",
	    "Expiration date is in the past" },
	{ "api_key.create", "[{'name':'x'}]", "api_key_create.username",
	    "Field required" },
	{ "api_key.update", "[1,{'expires_at':{'$date':1000}}]",
	    "api_key_update", "Expiration date is in the past" },
	{ "api_key.update", "[1,{'username':'root'}]",
	    "api_key_update.username", "Extra inputs are not permitted" },
};

START_TEST(refusal)
{
	through(NULL);
	refused_once(refusals[_i].method, refusals[_i].params,
	    refusals[_i].attribute, refusals[_i].text, EINVAL);
	expect("api_key.query", "[[],{'count':true}]", "", "1");
	through(&one);
	logs_in("bob", "'SUCCESS'");
}
END_TEST

START_TEST(for_administrators)
{
	through(NULL);
	as(5001);
	refused("api_key.query", "[]", "", "Not authorized", EACCES);
	refused("api_key.create", "[{'username':'alice'}]", "",
	    "Not authorized", EACCES);
	as(5002);
	expect("api_key.my_keys", "[]", "0.name", "'backup'");
	through(&one);
	gives("api_key.query", "[]", "error.data.error", "207");
}
END_TEST

/* Neither in the database nor in its log, whatever was done with it. */
START_TEST(only_a_digest)
{
	char path[128], *buf = malloc(1 << 22);
	const char *const ends[] = { "", "-wal" };
	size_t n;
	int i;
	FILE *f;

	ck_assert_ptr_nonnull(buf);
	logs_in("bob", "'SUCCESS'");
	for (i = 0; i < LENGTH(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", w.store, ends[i]);
		ck_assert_ptr_nonnull(f = fopen(path, "r"));
		n = fread(buf, 1, 1 << 22, f);
		ck_assert_uint_ge(n, 4096);
		ck_assert_ptr_null(memmem(buf, n, key + 2,
		    NK_API_KEY_SECRET));
		ck_assert_int_eq(fclose(f), 0);
	}
	free(buf);
}
END_TEST

START_TEST(as_many_as_can_be)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_api_key k, more;
	int i;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_api_key_get(s, 1, &k), 0);
	for (i = 1; i < NK_API_KEYS_MAX; i++) {
		more = k;
		(void)snprintf(more.name, sizeof(more.name), "key %d", i);
		ck_assert_int_eq(nk_api_key_insert(s, &more), 0);
		ck_assert_int_eq(more.id, i + 1);
	}
	(void)snprintf(more.name, sizeof(more.name), "one too many");
	ck_assert_int_eq(nk_api_key_insert(s, &more), -EDQUOT);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	through(NULL);
	refused("api_key.create", "[{'username':'bob'}]", "", "There are "
	    "1000 API keys, which is the most there can be: delete one "
	    "first.", EDQUOT);
}
END_TEST

/* ---- used ---- */

#define A16	"AAAAAAAAAAAAAAAA"
#define A64	A16 A16 A16 A16

static const struct {
	const char	*key;
	int64_t		 id;
} texts[] = {
	{ "1-" A64, 1 },
	{ "999999999999999999-" A64, 999999999999999999 },
	{ "1000000000000000000-" A64, 0 },
	{ "01-" A64, 0 },
	{ "0-" A64, 0 },
	{ "-" A64, 0 },
	{ "-1-" A64, 0 },
	{ A64, 0 },
	{ "1" A64, 0 },
	{ "1-" A64 "A", 0 },
	{ "1-A" A16 A16 A16, 0 },
	{ "1-" A16 A16 A16 "AAAAAAAA_AAAAAAA", 0 },
	{ " 1-" A64, 0 },
	{ "1-", 0 },
	{ "", 0 },
};

START_TEST(parses)
{
	ck_assert_int_eq(nk_api_key_parse(texts[_i].key), texts[_i].id);
}
END_TEST

START_TEST(used)
{
	char params[128];

	logs_in("bob", "'SUCCESS'");
	IS_IN;
	gives("auth.me", "[]", "result.account_attributes",
	    "['LOCAL','API_KEY']");
	gives("auth.sessions", "[]", "result.0.credentials", "'API_KEY'");
	gives("auth.sessions", "[]", "result.0.credentials_data",
	    "{'username':'bob','api_key':{'id':1,'name':'backup'}}");
	through(&two);
	(void)snprintf(params, sizeof(params), "['%s']", key);
	gives("auth.login_with_api_key", params, "result", "true");
	IS_IN;
	through(NULL);
	expect("naskeys.audit.query", "[[['action','=','auth.login_ex']]]",
	    "0.text", "'Log in bob from 192.0.2.7:5123 over TLS with API key "
	    "backup: SUCCESS'");
}
END_TEST

/* Nobody learns which of it was wrong. */
START_TEST(wrong)
{
	char right[sizeof(key)];

	memcpy(right, key, sizeof(right));
	logs_in("root", "'AUTH_ERR'");
	logs_in("ghost", "'AUTH_ERR'");
	key[10] = key[10] == 'A' ? 'B' : 'A';
	logs_in("bob", "'AUTH_ERR'");
	memcpy(key, right, sizeof(right));
	key[0] = '2';
	logs_in("bob", "'AUTH_ERR'");
	(void)snprintf(key, sizeof(key), "nonsense");
	logs_in("bob", "'AUTH_ERR'");
	IS_OUT;
	memcpy(key, right, sizeof(right));
	logs_in("bob", "'SUCCESS'");
}
END_TEST

static const struct {
	const char	*address;
	bool		 revoked;
} plain[] = {
	{ "192.0.2.7", true },
	{ "2001:db8::1", true },
	{ "127.0.0.1", false },
	{ "::1", false },
};

START_TEST(without_tls)
{
	connection(&two, plain[_i].address);
	two.tls = false;
	through(&two);
	logs_in("root", "'AUTH_ERR'");
	logs_in("bob", "'EXPIRED'");
	IS_OUT;
	through(NULL);
	expect("api_key.query", "[]", "0.revoked",
	    plain[_i].revoked ? "true" : "false");
	expect("api_key.query", "[]", "0.revoked_reason",
	    plain[_i].revoked ? "'It was sent without TLS'" : "null");
	through(&one);
	logs_in("bob", plain[_i].revoked ? "'EXPIRED'" : "'SUCCESS'");
	through(NULL);
	take_key(call("api_key.update", "[1,{'reset':true}]"));
	through(&one);
	logs_in("bob", "'SUCCESS'");
}
END_TEST

/* ---- what ends it ---- */

/* And after it: what the key gives, or NULL: all of it goes on. */
static const struct {
	const char	*method, *params, *after;
} ends[] = {
	{ "user.update", "[3,{'locked':true}]", "'AUTH_ERR'" },
	{ "user.update", "[3,{'groups':[]}]", "'AUTH_ERR'" },
	{ "user.update", "[3,{'password':'other'}]", "'AUTH_ERR'" },
	{ "user.update", "[3,{'account_expires_at':'2001-01-01'}]",
	    "'AUTH_ERR'" },
	{ "user.update", "[3,{'username':'robert'}]", "'AUTH_ERR'" },
	{ "user.delete", "[3]", "'AUTH_ERR'" },
	{ "api_key.delete", "[1]", "'AUTH_ERR'" },
	{ "api_key.update", "[1,{'reset':true}]", "'AUTH_ERR'" },
	{ "api_key.update", "[1,{'name':'other'}]", NULL },
	{ "api_key.update", "[1,{'expires_at':{'$date':4102444800000}}]",
	    NULL },
	{ "user.update", "[3,{'full_name':'Bob'}]", NULL },
	{ "user.add_key", "['bob',{'key':'" ED25519 "'}]", NULL },
};

/* With its session goes one that was begun with a token of it. */
START_TEST(ending)
{
	char params[128];
	json_t *v;

	logs_in("bob", "'SUCCESS'");
	v = ask("auth.generate_token", "[600,{},false]");
	(void)snprintf(params, sizeof(params), "['%s']",
	    json_string_value(at(v, "result")));
	json_decref(v);
	through(&two);
	gives("auth.login_with_token", params, "result", "true");
	gives("auth.me", "[]", "result.account_attributes",
	    "['LOCAL','API_KEY']");
	root_does(&two, ends[_i].method, ends[_i].params);
	if (ends[_i].after == NULL) {
		IS_IN;
		through(&one);
		IS_IN;
		logs_in("bob", "'SUCCESS'");
		return;
	}
	IS_OUT;
	gives("auth.login_with_token", params, "result", "false");
	through(&one);
	IS_OUT;
	logs_in("bob", ends[_i].after);
}
END_TEST

/* What was changed back is another account as it was then. */
START_TEST(ended_for_good)
{
	root_does(&one, "user.update", "[3,{'locked':true}]");
	root_does(&one, "user.update", "[3,{'locked':false}]");
	logs_in("bob", "'AUTH_ERR'");
	through(NULL);
	expect("api_key.get_instance", "[1]", "revoked", "true");
	expect("api_key.get_instance", "[1]", "revoked_reason",
	    "'The account or its password has changed'");
	take_key(call("api_key.update", "[1,{'reset':true}]"));
	expect("api_key.get_instance", "[1]", "revoked", "false");
	through(&one);
	logs_in("bob", "'SUCCESS'");
}
END_TEST

/* Also in the middle of a session. */
START_TEST(expiring)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_api_key k;

	logs_in("bob", "'SUCCESS'");
	IS_IN;
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_api_key_get(s, 1, &k), 0);
	k.expires_at = nk_now();
	ck_assert_int_eq(nk_api_key_update(s, &k, false), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	IS_OUT;
	logs_in("bob", "'EXPIRED'");
	root_does(&one, "api_key.update", "[1,{'expires_at':null}]");
	logs_in("bob", "'SUCCESS'");
}
END_TEST

/* ---- limits ---- */

/*
 * They hold for the address, whichever key it names: a stranger holds up
 * neither a key nor its account's passwords.
 */
START_TEST(limits)
{
	static const struct nk_attempt_rule rule = { .free = 3, .most = 5,
	    .window = 900000 };
	static const char *const subjects[] = { "account:key:1",
	    "account:bob" };
	struct nk_attempt a;
	char wrong_key[128], right[128];
	int i;

	(void)snprintf(wrong_key, sizeof(wrong_key), "['1-%s']", A64);
	gives("auth.login_with_api_key", wrong_key, "result", "false");
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(nk_attempt_begin(w.c.session, subjects[i],
		    &rule, nk_attempt_now(), &a), 0);
		ck_assert_int_eq(a.total, 0);
	}
	for (i = 0; i < 19; i++)
		ck_assert_int_eq(nk_attempt_wrong(w.c.session,
		    "address:192.0.2.7", &rule, nk_attempt_now()), 0);
	gives("auth.login_with_api_key", wrong_key, "error.data.reason",
	    "'[EBUSY] Rate Limit Exceeded'");
	connection(&two, "192.0.2.8");
	through(&two);
	(void)snprintf(right, sizeof(right), "['%s']", key);
	gives("auth.login_with_api_key", right, "result", "true");
	through(NULL);
}
END_TEST

static void
say_fault(void *arg, const char *what)
{
	(void)arg;
	ck_abort_msg("%s", what);
}

START_TEST(verified)
{
	ck_assert_int_eq(nk_store_verify(nk_publisher_store(w.c.publisher),
	    say_fault, NULL), 0);
	root_does(&one, "user.delete", "[3]");
	ck_assert_int_eq(nk_store_verify(nk_publisher_store(w.c.publisher),
	    say_fault, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_api_key");
	TCase *tc = tcase_create("api_key");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_key, teardown_web);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, made);
	tcase_add_loop_test(tc, refusal, 0, LENGTH(refusals));
	tcase_add_test(tc, for_administrators);
	tcase_add_test(tc, only_a_digest);
	tcase_add_test(tc, as_many_as_can_be);
	tcase_add_loop_test(tc, parses, 0, LENGTH(texts));
	tcase_add_test(tc, used);
	tcase_add_test(tc, wrong);
	tcase_add_loop_test(tc, without_tls, 0, LENGTH(plain));
	tcase_add_loop_test(tc, ending, 0, LENGTH(ends));
	tcase_add_test(tc, ended_for_good);
	tcase_add_test(tc, expiring);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, verified);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
