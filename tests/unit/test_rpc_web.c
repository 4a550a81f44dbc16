/* SPDX-License-Identifier: ISC */

/* Somebody behind the gateway: its first line, and both protocols. */

#include "lib/rpc/legacy.h"
#include "lib/rpc/message.h"
#include "lib/rpc/method.h"
#include "lib/rpc/web.h"
#include "tests/unit/methods_fixture.h"

static struct nk_web web;

static void
setup_web(void)
{
	make_world();
	nk_web_init(&web, -1);
	web.legacy = true;
	(void)snprintf(web.address, sizeof(web.address), "192.0.2.7");
	w.c.web = &web;
	w.caller.gateway = true;
}

static void
teardown_web(void)
{
	ck_assert_int_eq(nk_web_end(&w.c), 0);
	drop_world();
}

/* ---- the first line ---- */

#define HELLO	"{'naskeys':1,'protocol':'jsonrpc','path':'/api/current'," \
	"'address':'192.0.2.7','port':51234,'tls':true," \
	"'options':{'legacy_jobs':false,'private_methods':true}}"

START_TEST(greets)
{
	char *text = unquote(HELLO), origin[NK_WEB_ORIGIN_SIZE];

	ck_assert_int_eq(nk_web_hello(&web, &w.c, text, strlen(text)), 0);
	ck_assert_str_eq(web.address, "192.0.2.7");
	ck_assert_str_eq(web.path, "/api/current");
	ck_assert_uint_eq(web.port, 51234);
	ck_assert(web.tls && !web.legacy);
	ck_assert(w.c.new_jobs && w.c.private_methods);
	nk_web_origin(&web, origin);
	ck_assert_str_eq(origin, "192.0.2.7:51234");
	free(text);
}
END_TEST

/* What of HELLO is put in place of what; want "": refused. */
static const struct {
	const char	*old, *new, *address;
} hellos[] = {
	{ "192.0.2.7", "2001:DB8:0::1", "2001:db8::1" },
	{ "'jsonrpc'", "'legacy'", "192.0.2.7" },
	{ "true,'opt", "false,'opt", "192.0.2.7" },
	{ "51234", "1", "192.0.2.7" },
	{ "51234", "65535", "192.0.2.7" },
	{ "51234", "65536", "" },
	{ "51234", "0", "" },
	{ "51234", "-1", "" },
	{ "51234", "1.5", "" },
	{ "51234", "'1'", "" },
	{ "'naskeys':1", "'naskeys':2", "" },
	{ "'naskeys':1,", "", "" },
	{ "'jsonrpc'", "'json'", "" },
	{ "'jsonrpc'", "7", "" },
	{ "'/api/current'", "''", "" },
	{ "192.0.2.7", "192.0.2", "" },
	{ "192.0.2.7", "fe80::1%eth0", "" },
	{ "192.0.2.7", "host", "" },
	{ "192.0.2.7", "", "" },
	{ "'tls':true", "'tls':1", "" },
	{ "'tls':true", "'tls':true,'uid':0", "" },
	{ "'legacy_jobs':false", "'legacy_jobs':false,'root':true", "" },
	{ ",'private_methods':true", "", "" },
	{ HELLO, "[]", "" },
	{ HELLO, "{}", "" },
	{ HELLO, "null", "" },
	{ HELLO, "", "" },
	{ HELLO, HELLO HELLO, "" },
};

static char *
replace(const char *whole, const char *old, const char *new)
{
	const char *p = strstr(whole, old);
	char *text = NULL, *out;

	ck_assert_ptr_nonnull(p);
	ck_assert_int_ge(asprintf(&text, "%.*s%s%s", (int)(p - whole), whole,
	    new, p + strlen(old)), 0);
	out = unquote(text);
	free(text);
	return out;
}

START_TEST(first_line)
{
	char *text = replace(HELLO, hellos[_i].old, hellos[_i].new);
	int r = nk_web_hello(&web, &w.c, text, strlen(text));

	if (hellos[_i].address[0] == '\0')
		ck_assert_msg(r == -EBADMSG, "%s: %d", text, r);
	else {
		ck_assert_msg(r == 0, "%s: %d", text, r);
		ck_assert_str_eq(web.address, hellos[_i].address);
	}
	free(text);
}
END_TEST

/* Who is on this machine has no port, and is known in another way. */
START_TEST(local_line)
{
	char *text = replace(HELLO, "51234", _i == 0 ? "0" : "-1");

	web.local = true;
	ck_assert_int_eq(nk_web_hello(&web, &w.c, text, strlen(text)),
	    _i == 0 ? 0 : -EBADMSG);
	ck_assert_uint_eq(nk_web_message_max(&web), NK_WEB_MESSAGE_MAX);
	web.local = false;
	ck_assert_uint_eq(nk_web_message_max(&web),
	    NK_WEB_MESSAGE_ANONYMOUS);
	free(text);
}
END_TEST

START_TEST(long_path)
{
	char path[NK_WEB_PATH_SIZE + 3] = "'/", *text;
	size_t len;

	for (len = NK_WEB_PATH_SIZE - 1; len <= NK_WEB_PATH_SIZE; len++) {
		memset(path + 1, '/', len);
		memcpy(path + 1 + len, "'", 2);
		text = replace(HELLO, "'/api/current'", path);
		ck_assert_int_eq(nk_web_hello(&web, &w.c, text,
		    strlen(text)), len < NK_WEB_PATH_SIZE ? 0 : -EBADMSG);
		free(text);
	}
	text = replace(HELLO, "':1", "':1                      ");
	ck_assert_int_eq(nk_web_hello(&web, &w.c, text, NK_WEB_HELLO_MAX +
	    1), -EBADMSG);
	free(text);
}
END_TEST

/* ---- messages ---- */

static enum nk_rank rank;

static int
rights(struct nk_context *c)
{
	c->rank = rank;
	(void)snprintf(c->actor, sizeof(c->actor), "somebody");
	return 0;
}

static int
rate(struct nk_context *c)
{
	(void)c;
	return 0;
}

static const struct nk_rpc_hooks hooks = {
	.find = nk_method_find_web, .rights = rights, .rate = rate,
};

#define NOBODY	NK_RANK_NOBODY
#define ADMIN	NK_RANK_ADMIN
#define METHOD	"'msg':'method','id':'7'"
#define RESULT	"'msg':'result','id':'7'"

/* want NULL: not answered; "bad": it is no message. */
static const struct {
	enum nk_rank	 rank;
	const char	*line;
	const char	*want;
} legacy[] = {
	{ ADMIN, "{" METHOD ",'method':'core.ping'}",
	    "{" RESULT ",'result':'pong'}" },
	{ ADMIN, "{'msg':'method','id':7,'method':'core.ping','params':[]}",
	    "{'msg':'result','id':7,'result':'pong'}" },
	{ ADMIN, "{'msg':'method','method':'core.ping'}",
	    "{'msg':'result','id':null,'result':'pong'}" },
	{ ADMIN, "{'msg':'method','id':[1],'method':'core.ping'}",
	    "{'msg':'result','id':null,'result':'pong'}" },
	{ NOBODY, "{" METHOD ",'method':'user.query'}",
	    "{" RESULT ",'error':{'error':207,'errname':'ENOTAUTHENTICATED',"
	    "'type':null,'reason':'[ENOTAUTHENTICATED] Not authenticated',"
	    "'trace':null,'extra':null}}" },
	{ NK_RANK_USER, "{" METHOD ",'method':'group.query'}",
	    "{" RESULT ",'error':{'error':13,'errname':'EACCES','type':null,"
	    "'reason':'[EACCES] Not authorized','trace':null,"
	    "'extra':null}}" },
	{ ADMIN, "{" METHOD ",'method':'user.fly'}",
	    "{" RESULT ",'error':{'error':201,'errname':'ENOMETHOD',"
	    "'type':null,'reason':'[ENOMETHOD] Method \\u0027fly\\u0027 not "
	    "found in \\u0027user\\u0027','trace':null,'extra':null}}" },
	{ ADMIN, "{" METHOD ",'method':'pool.dataset.query'}",
	    "{" RESULT ",'error':{'error':201,'errname':'ENOMETHOD',"
	    "'type':null,'reason':'[ENOMETHOD] Service "
	    "\\u0027pool.dataset\\u0027 not found','trace':null,"
	    "'extra':null}}" },
	{ ADMIN, "{" METHOD ",'method':'ping'}",
	    "{" RESULT ",'error':{'error':74,'errname':'EBADMSG',"
	    "'type':null,'reason':'[EBADMSG] Invalid method name',"
	    "'trace':null,'extra':null}}" },
	{ ADMIN, "{" METHOD "}",
	    "{" RESULT ",'error':{'error':22,'errname':'EINVAL','type':null,"
	    "'reason':'[EINVAL] Message is malformed: \\u0027method\\u0027 "
	    "is absent.','trace':null,'extra':null}}" },
	{ ADMIN, "{" METHOD ",'method':'core.ping','params':{}}",
	    "{" RESULT ",'error':{'error':22,'errname':'EINVAL','type':null,"
	    "'reason':'[EINVAL] `params` must be a list.','trace':null,"
	    "'extra':null}}" },
	{ ADMIN, "{" METHOD ",'method':'core.ping','params':[1]}",
	    "{" RESULT ",'error':{'error':11,'errname':'EAGAIN',"
	    "'type':'VALIDATION','reason':'[EINVAL] ALL: Too many arguments "
	    "(expected 0, found 1)\\n','trace':{'class':'ValidationErrors',"
	    "'formatted':'','repr':'ValidationErrors()'},'extra':[['','Too "
	    "many arguments (expected 0, found 1)',22]]}}" },
	{ ADMIN, "{" METHOD ",'method':'user.get_instance','params':[99]}",
	    "{" RESULT ",'error':{'error':2,'errname':'ENOENT',"
	    "'type':'VALIDATION','reason':'[ENOENT] ALL: User 99 does not "
	    "exist\\n','trace':{'class':'ValidationErrors','formatted':'',"
	    "'repr':'ValidationErrors()'},'extra':[[null,'User 99 does not "
	    "exist',2]]}}" },
	{ ADMIN, "{'msg':'sub','id':'a','name':'user.query'}",
	    "{'msg':'ready','subs':['a']}" },
	{ NOBODY, "{'msg':'sub','id':'a','name':'user.query'}",
	    "{'msg':'nosub','collection':'user.query','error':{'error':207,"
	    "'errname':'ENOTAUTHENTICATED','type':null,'reason':"
	    "'[ENOTAUTHENTICATED] Not authenticated','trace':null,"
	    "'extra':null}}" },
	{ ADMIN, "{'msg':'sub','id':'a'}",
	    "{'msg':'nosub','error':{'error':22,'errname':'EINVAL',"
	    "'type':null,'reason':'[EINVAL] A subscription needs an id and a "
	    "name','trace':null,'extra':null}}" },
	{ ADMIN, "{'msg':'unsub','id':'a'}", NULL },
	{ ADMIN, "{'msg':'unsub'}", NULL },
	{ ADMIN, "{'msg':'bogus','id':'a'}", NULL },
	{ ADMIN, "{'msg':7}", NULL },
	{ ADMIN, "{}", NULL },
	{ ADMIN, "[]", "bad" },
	{ ADMIN, "7", "bad" },
	{ ADMIN, "{'msg':'method'", "bad" },
	{ ADMIN, "", "bad" },
};

START_TEST(old_protocol)
{
	char *line = unquote(legacy[_i].line), *answer, *text;
	json_t *want, *got;
	size_t len;
	int r;

	rank = legacy[_i].rank;
	r = nk_legacy_handle_with(&hooks, &w.c, line, strlen(line), &answer,
	    &len);
	if (legacy[_i].want != NULL && strcmp(legacy[_i].want, "bad") == 0)
		ck_assert_int_eq(r, -EBADMSG);
	else
		ck_assert_int_eq(r, 0);
	if (r < 0 || legacy[_i].want == NULL)
		ck_assert_ptr_null(answer);
	else {
		text = unquote(legacy[_i].want);
		want = json_loads(text, 0, NULL);
		got = json_loadb(answer, len, 0, NULL);
		ck_assert_ptr_nonnull(want);
		ck_assert_msg(json_equal(got, want), "%s is not %s", answer,
		    text);
		json_decref(want);
		json_decref(got);
		free(text);
	}
	nk_rpc_free(answer, len);
	free(line);
}
END_TEST

/* ---- both, with the rights that the connection really has ---- */

static void
ask(const char *text, const char *want)
{
	char *line = unquote(text), *answer = NULL, *wanted = unquote(want);
	size_t len = 0;

	ck_assert_int_eq(nk_web_handle(&w.c, line, strlen(line), &answer,
	    &len), 0);
	ck_assert_ptr_nonnull(answer);
	ck_assert_msg(strstr(answer, wanted) != NULL, "%s: %s", line,
	    answer);
	nk_rpc_free(answer, len);
	free(line);
	free(wanted);
}

#define CALL(m, p)	"{'jsonrpc':'2.0','id':1,'method':'" m "','params':" p "}"
#define OLD(m, p)	"{" METHOD ",'method':'" m "','params':" p "}"

START_TEST(nobody_yet)
{
	int i;

	for (i = 0; i < 25; i++) {	/* it needs a login: no limit */
		ask(OLD("core.subscribe", "['core.get_jobs']"),
		    "'error':207,");
		ask(OLD("core.set_options", "[{}]"), "'legacy_jobs':true");
	}
	web.legacy = false;
	ask(CALL("core.subscribe", "['core.get_jobs']"), "'code':-32001,"
	    "'message':'Method call error','data':{'error':207,"
	    "'errname':'ENOTAUTHENTICATED','reason':'[ENOTAUTHENTICATED] Not "
	    "authenticated','trace':null,'extra':null}");
	ask(CALL("core.unsubscribe", "['x']"), "'error':207,");
	ask(CALL("core.fly", "[]"), "'error':{'code':-32601,'message':"
	    "'Method does not exist'}");
}
END_TEST

START_TEST(strangers_rate)
{
	unsigned int i;

	web.legacy = false;
	w.conf.gateway_calls = 3;
	for (i = 0; i < 3; i++)
		ask(CALL("core.ping", "[]"), "'result':'pong'");
	ask(CALL("core.ping", "[]"), "'error':16,'errname':'EBUSY',"
	    "'reason':'[EBUSY] Rate Limit Exceeded'");
	ask(CALL("user.has_local_administrator_set_up", "[]"), "'result':");
	(void)snprintf(web.address, sizeof(web.address), "192.0.2.8");
	ask(CALL("core.ping", "[]"), "'result':'pong'");
	for (i = 0; i < 4; i++) {	/* of version 6 a network is one */
		(void)snprintf(web.address, sizeof(web.address),
		    "2001:db8::%u", i);
		ask(CALL("core.ping", "[]"), i < 3 ? "'result':'pong'" :
		    "'error':16,'errname':'EBUSY'");
	}
	(void)snprintf(web.address, sizeof(web.address), "2001:db8:0:1::");
	ask(CALL("core.ping", "[]"), "'result':'pong'");
}
END_TEST

START_TEST(subscriptions)
{
	char id[NK_UUID_SIZE], long_id[NK_WEB_EVENT_MAX + 2];
	unsigned int i;

	for (i = 0; i < NK_WEB_SUBSCRIPTIONS; i++) {
		ck_assert_int_eq(nk_uuid(id), 0);
		ck_assert_int_eq(nk_web_subscribe(&web, id, "user.query"),
		    0);
		ck_assert_int_eq(nk_web_subscribe(&web, id, "group.query"),
		    0);
	}
	ck_assert_uint_eq(web.n_subscriptions, NK_WEB_SUBSCRIPTIONS);
	ck_assert_int_eq(nk_web_subscribe(&web, "more", "x"), -ENOBUFS);
	nk_web_unsubscribe(&web, "unknown");
	nk_web_unsubscribe(&web, id);
	ck_assert_int_eq(nk_web_subscribe(&web, "more", "x"), 0);
	nk_web_unsubscribe(&web, "more");
	memset(long_id, 'x', sizeof(long_id));
	long_id[NK_WEB_EVENT_MAX + 1] = '\0';
	ck_assert_int_eq(nk_web_subscribe(&web, long_id, "x"), -EINVAL);
	ck_assert_int_eq(nk_web_subscribe(&web, "x", long_id), -EINVAL);
	ck_assert_int_eq(nk_web_subscribe(&web, "", "x"), -EINVAL);
	ck_assert_int_eq(nk_web_subscribe(&web, long_id + 1, "x"), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_web");
	TCase *tc = tcase_create("web");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup_web, teardown_web);
	tcase_add_test(tc, greets);
	tcase_add_loop_test(tc, first_line, 0, LENGTH(hellos));
	tcase_add_loop_test(tc, local_line, 0, 2);
	tcase_add_test(tc, long_path);
	tcase_add_loop_test(tc, old_protocol, 0, LENGTH(legacy));
	tcase_add_test(tc, nobody_yet);
	tcase_add_test(tc, strangers_rate);
	tcase_add_test(tc, subscriptions);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
