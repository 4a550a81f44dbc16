/* SPDX-License-Identifier: ISC */

/* What subscribers behind the gateway are told of. */

#include <poll.h>

#include "lib/rpc/api_key.h"
#include "lib/rpc/web_events.h"
#include "tests/unit/web_fixture.h"

static json_t *told;

static void
hear(void *arg, const char *method, json_t *params)
{
	(void)arg;
	if (strcmp(method, NK_WEB_EVENT) == 0)
		ck_assert_int_eq(json_array_append_new(told, params), 0);
	else
		json_decref(params);
}

/* As bob, with an API key: that needs nobody in PAM's place. */
static void
log_in(struct nk_web *web)
{
	static char params[128];
	json_t *v;

	through(NULL);
	v = call("api_key.create", web == &one ?
	    "[{'name':'one','username':'bob'}]" :
	    "[{'name':'two','username':'bob'}]");
	(void)snprintf(params, sizeof(params), "['%s']",
	    json_string_value(at(v, "result.key")));
	json_decref(v);
	through(web);
	gives("auth.login_with_api_key", params, "result", "true");
}

static void
setup_events(void)
{
	setup_web();
	w.c.notify = hear;
	told = json_array();
	log_in(&one);
}

static void
teardown_events(void)
{
	json_decref(told);
	teardown_web();
}

static void
subscribe(const char *name)
{
	char params[64];
	json_t *v;

	(void)snprintf(params, sizeof(params), "['%s']", name);
	v = ask("core.subscribe", params);
	ck_assert(json_is_string(at(v, "result")));
	json_decref(v);
}

static bool
is_woken(const struct nk_web *web)
{
	struct pollfd p = { .fd = web->feed };

	return web->feed != -1 && poll(&p, 1, 0) == 1;
}

/* What one is told now: "msg collection id", or "". */
static const char *
events(void)
{
	static char text[512];
	const json_t *v;
	size_t i, n = 0;
	int r = 0;

	json_array_clear(told);
	through(&one);
	while (is_woken(&one) || r == 1) {
		r = nk_web_events_take(&w.c);
		if (r < 0)
			break;
	}
	text[0] = '\0';
	json_array_foreach(told, i, v)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s %s %" JSON_INTEGER_FORMAT, i == 0 ? "" : ", ",
		    json_string_value(json_object_get(v, "msg")),
		    json_string_value(json_object_get(v, "collection")),
		    json_integer_value(json_object_get(v, "id")));
	ck_assert_uint_lt(n, sizeof(text));
	return text;
}

static void
root_does(const char *method, const char *params)
{
	through(NULL);
	done(method, params);
}

/* ---- each change ---- */

static const struct {
	const char	*method, *params, *events;
} changes[] = {
	{ "group.create", "[{'name':'dogs','gid':6000}]",
	    "added group.query 5" },
	{ "group.update", "[2,{'name':'cats'}]", "changed group.query 2" },
	{ "user.create", "[{'username':'eve','uid':6001,"
	    "'group_create':true,'password':'x'}]",
	    "added group.query 5, added user.query 6" },
	{ "user.update", "[2,{'full_name':'A'}]", "changed user.query 2" },
	{ "user.update", "[2,{'locked':true}]", "changed user.query 2" },
	{ "user.add_key", "['carol',{'key':'" ED25519 "'}]",
	    "changed user.query 5" },
	{ "user.set_password", "[{'username':'alice','new_password':'n'}]",
	    "changed user.query 2" },
	{ "user.authorized_keys_file", "['alice',{'mode':'CENTRAL'}]",
	    "changed user.query 2" },
	{ "user.delete", "[5,{'delete_group':false}]",
	    "removed user.query 5" },
	{ "user.delete", "[2,{'delete_group':true}]",
	    "removed user.query 2, removed group.query 3" },
	{ "keychaincredential.create", "[{'name':'k','type':'SSH_KEY_PAIR',"
	    "'attributes':{'public_key':'" ED25519 "'}}]",
	    "added keychaincredential.query 1" },
	{ "api_key.create", "[{'name':'k','username':'root'}]",
	    "added api_key.query 2" },
	{ "api_key.update", "[1,{'name':'k'}]",
	    "changed api_key.query 1" },
	{ "user.unlock", "['alice']", "" },
	{ "ssh.update", "[{'tcpport':2222}]", "" },
};

START_TEST(change)
{
	const char *got;

	subscribe("user.query");
	subscribe("group.query");
	subscribe("keychaincredential.query:{}");
	subscribe("api_key.query");
	subscribe("core.get_jobs");
	ck_assert_str_eq(events(), "");
	root_does(changes[_i].method, changes[_i].params);
	got = events();
	ck_assert_msg(strcmp(got, changes[_i].events) == 0, "%s %s: %s",
	    changes[_i].method, changes[_i].params, got);
	ck_assert_str_eq(events(), "");		/* once */
}
END_TEST

/* A row, as who may see no secrets sees it; of one that is gone, none. */
START_TEST(what_is_shown)
{
	json_t *fields;

	subscribe("user.query");
	subscribe("keychaincredential.query");
	root_does("user.update", "[2,{'full_name':'Ann'}]");
	(void)events();
	fields = at(told, "0.fields");
	ck_assert_str_eq(json_string_value(json_object_get(fields,
	    "full_name")), "Ann");
	ck_assert_str_eq(json_string_value(json_object_get(fields,
	    "unixhash")), "********");
	root_does("keychaincredential.create", "[{'name':'k','type':"
	    "'SSH_KEY_PAIR','attributes':{'public_key':'" ED25519 "'}}]");
	(void)events();
	fields = at(told, "0.fields");
	ck_assert_str_eq(json_string_value(json_object_get(fields, "name")),
	    "k");
	ck_assert_str_eq(json_string_value(json_object_get(fields,
	    "attributes")), "********");
	root_does("keychaincredential.delete", "[1]");
	ck_assert_str_eq(events(), "removed keychaincredential.query 1");
	ck_assert_ptr_null(at(told, "0.fields"));
}
END_TEST

/* ---- who is told ---- */

START_TEST(of_what_was_asked_for)
{
	json_t *v;

	root_does("group.update", "[2,{'name':'one'}]");
	through(&one);
	v = ask("core.subscribe", "['group.query']");
	root_does("user.update", "[2,{'full_name':'A'}]");
	ck_assert(is_woken(&one));
	ck_assert_str_eq(events(), "");
	root_does("group.update", "[2,{'name':'two'}]");
	ck_assert_str_eq(events(), "changed group.query 2");
	through(&one);
	nk_web_unsubscribe(&one, json_string_value(at(v, "result")));
	json_decref(v);
	ck_assert_int_eq(nk_web_events_follow(&w.c), 0);
	ck_assert_int_eq(one.feed, -1);
	subscribe("x.query");
	ck_assert_int_eq(one.feed, -1);
}
END_TEST

/* What came before the question is nothing new to the answer. */
START_TEST(asked_for_later)
{
	subscribe("user.query");
	root_does("group.create", "[{'name':'dogs'}]");
	ck_assert_str_eq(events(), "");
	subscribe("group.query");
	root_does("group.update", "[5,{'name':'cats'}]");
	ck_assert_str_eq(events(), "changed group.query 5");
	root_does("group.create", "[{'name':'mice'}]");
	ck_assert_str_eq(events(), "added group.query 6");
}
END_TEST

/* Where nobody is told there is nobody behind it any more. */
static const struct {
	const char	*method, *params;
} losses[] = {
	{ "user.update", "[3,{'locked':true}]" },
	{ "user.update", "[3,{'groups':[]}]" },
	{ "user.delete", "[3]" },
	{ "api_key.delete", "[1]" },
};

START_TEST(whoever_may)
{
	subscribe("user.query");
	root_does(losses[_i].method, losses[_i].params);
	root_does("user.update", "[2,{'full_name':'A'}]");
	ck_assert_str_eq(events(), "");
	ck_assert_int_eq(one.feed, -1);
	IS_OUT;
}
END_TEST

START_TEST(until_the_end)
{
	subscribe("user.query");
	one.ends_at = nk_session_now();
	root_does("user.update", "[2,{'full_name':'A'}]");
	ck_assert_str_eq(events(), "");
	gives("user.query", "[]", "error.data.reason",
	    "'[EACCES] Session is expired'");
	log_in(&two);
	subscribe("user.query");
	ck_assert_int_ne(two.feed, -1);
	gives("auth.logout", "[]", "result", "true");
	ck_assert_int_eq(two.feed, -1);
	gives("core.subscribe", "['user.query']", "error.data.error",
	    "207");
	ck_assert_int_eq(two.feed, -1);
}
END_TEST

/* ---- what goes wrong ---- */

/* Its process was killed before it told: the next one's tells of both. */
START_TEST(killed)
{
	subscribe("group.query");
	w.state.feed = NULL;
	root_does("group.create", "[{'name':'dogs'}]");
	w.state.feed = w.feed;
	ck_assert(!is_woken(&one));
	root_does("group.update", "[2,{'name':'cats'}]");
	ck_assert_str_eq(events(),
	    "added group.query 5, changed group.query 2");
}
END_TEST

/* What came and went meanwhile was never there. */
START_TEST(coalesced)
{
	subscribe("group.query");
	root_does("group.create", "[{'name':'dogs'}]");
	root_does("group.delete", "[5]");
	root_does("group.update", "[2,{'name':'cats'}]");
	root_does("group.update", "[2,{'name':'mice'}]");
	ck_assert_str_eq(events(), "changed group.query 2");
	root_does("group.create", "[{'name':'dogs'}]");
	ck_assert_str_eq(events(), "added group.query 6");
}
END_TEST

START_TEST(a_bite_at_a_time)
{
	char params[64];
	int i;

	subscribe("group.query");
	for (i = 0; i < 150; i++) {
		(void)snprintf(params, sizeof(params), "[2,{'name':'g%d'}]",
		    i);
		root_does("group.update", params);
	}
	root_does("group.create", "[{'name':'dogs'}]");
	through(&one);
	ck_assert_int_eq(nk_web_events_take(&w.c), 1);
	ck_assert_uint_eq(json_array_size(told), 1);
	ck_assert(!is_woken(&one));
	ck_assert_int_eq(nk_web_events_take(&w.c), 0);
	ck_assert_uint_eq(json_array_size(told), 3);
}
END_TEST

/* Another store stands in its place, with fewer rows. */
START_TEST(an_older_store)
{
	subscribe("group.query");
	one.last_ids.audit += 1000;
	one.last_ids.rows[NK_ROWS_GROUP] += 1000;
	root_does("group.update", "[2,{'name':'cats'}]");
	ck_assert_str_eq(events(), "");
	root_does("group.create", "[{'name':'dogs'}]");
	ck_assert_str_eq(events(), "added group.query 5");
}
END_TEST

START_TEST(no_feed)
{
	ck_assert_int_eq(mkdir(w.feed, 0700), 0);
	gives("core.subscribe", "['user.query']", "error.data.error", "1");
	ck_assert_int_eq(one.feed, -1);
	root_does("group.create", "[{'name':'dogs'}]");
}
END_TEST

/* In either protocol what cannot be followed is not subscribed to. */
START_TEST(not_followed)
{
	static char sub[] = "{\"msg\":\"sub\",\"id\":\"a\","
	    "\"name\":\"user.query\"}";
	const char *feed = w.state.feed;
	char *answer;
	size_t len;

	w.state.feed = "/none/feed";
	gives("core.subscribe", "['user.query']", "error.data.error", "2");
	ck_assert_uint_eq(one.n_subscriptions, 0);
	one.legacy = true;
	ck_assert_int_eq(nk_web_handle(&w.c, sub, strlen(sub), &answer,
	    &len), 0);
	ck_assert_msg(strstr(answer, "\"nosub\"") != NULL, "%s", answer);
	nk_rpc_free(answer, len);
	one.legacy = false;
	ck_assert_uint_eq(one.n_subscriptions, 0);
	w.state.feed = feed;
	subscribe("user.query");
	ck_assert_uint_eq(one.n_subscriptions, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_events");
	TCase *tc = tcase_create("events");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_events, teardown_events);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, change, 0, LENGTH(changes));
	tcase_add_test(tc, what_is_shown);
	tcase_add_test(tc, of_what_was_asked_for);
	tcase_add_test(tc, asked_for_later);
	tcase_add_loop_test(tc, whoever_may, 0, LENGTH(losses));
	tcase_add_test(tc, until_the_end);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, coalesced);
	tcase_add_test(tc, a_bite_at_a_time);
	tcase_add_test(tc, an_older_store);
	tcase_add_test(tc, no_feed);
	tcase_add_test(tc, not_followed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
