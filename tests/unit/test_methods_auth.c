/* SPDX-License-Identifier: ISC */

/*
 * Logging in through the gateway, and what ends a login.  This program is in
 * naskeys-login's place, too, and knows some names.
 */

#include <sys/socket.h>

#include "lib/login/ask.h"
#include "lib/monotonic.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/job.h"
#include "lib/rpc/method.h"
#include "lib/rpc/rights.h"
#include "lib/rpc/web.h"
#include "lib/rpc/web_login.h"
#include "lib/store/attempts.h"
#include "tests/unit/web_fixture.h"

/* ---- in naskeys-login's place ---- */

static const struct {
	const char	*name, *password, *code, *says;
} people[] = {
	{ "bob", "bob's",	NULL, "R05002" },
	{ "alice", "alice's",	NULL, "R05001" },
	{ "root", "root's",	NULL, "R00" },
	{ "bob", "code",	"123456", "R05002" },
	{ "bob", "twin",	NULL, "R05009" },	/* another's uid */
	{ "ghost", "ghost's",	NULL, "R05777" },	/* not in the store */
	{ "bob", "old",		NULL, "R20" },
	{ "bob", "down",	NULL, "R30" },
	{ "bob", "odd",		NULL, "R9x" },
	{ "bob", "raced",	NULL, "R05002" },
	{ "bob", "raced, old",	NULL, "R20" },
	{ "bob", "raced, code",	"123456", "R05002" },
};

static void
say(const char *text)
{
	size_t len = text[0] == NK_ASK_RESULT ? strlen(text) + 1 : 1;

	if (send(0, text, len, 0) != (ssize_t)len)
		_exit(1);
}

static void
ask_code(const char *right, const char *says)
{
	char packet[NK_ASK_PACKET_MAX] = "";
	int i;

	for (i = 0; i < NK_ASK_CODES; i++) {
		say(i == 0 ? "M" : "W");
		if (recv(0, packet, sizeof(packet) - 1, 0) <= 0)
			_exit(1);
		say("T");
		if (strcmp(packet + 1, right) == 0) {
			say(says);
			_exit(0);
		}
	}
	say("R10");
	_exit(0);
}

/* Others guess wrong meanwhile; the folder is the one of session.db. */
static void
lose_race(void)
{
	static const struct nk_attempt_rule rule = { .free = 3, .most = 5,
	    .window = 900000 };
	struct nk_session *s;
	char path[128];
	int i;

	if (getcwd(path, 100) == NULL)
		_exit(1);
	strcat(path, "/session.db");
	if (nk_session_open(&s, path) < 0)
		_exit(1);
	for (i = 0; i < 5; i++)
		if (nk_attempt_wrong(s, "account:bob", &rule,
		    nk_attempt_now()) < 0)
			_exit(1);
	nk_session_close(s);
}

static void __attribute__((noreturn))
be_naskeys_login(void)
{
	char packet[NK_ASK_PACKET_MAX] = "";
	const char *name = packet + 1, *password;
	int i;

	if (recv(0, packet, sizeof(packet) - 1, 0) <= 0)
		_exit(1);
	password = name + strlen(name) + 1;
	say("T");
	if (strcmp(password, "die") == 0)
		_exit(3);
	if (strncmp(password, "raced", strlen("raced")) == 0)
		lose_race();
	for (i = 0; i < LENGTH(people); i++) {
		if (strcmp(people[i].name, name) != 0 ||
		    strcmp(people[i].password, password) != 0)
			continue;
		if (people[i].code != NULL)
			ask_code(people[i].code, people[i].says);
		say(people[i].says);
		_exit(0);
	}
	say("R10");
	_exit(0);
}

#define IN(web)		through(web); \
	gives("auth.login", "['bob','bob\\u0027s']", "result", "true")
#define PASSWORD(n, p)	"[{'mechanism':'PASSWORD_PLAIN','username':'" n \
	"','password':'" p "'}]"

/* ---- each way in ---- */

static const struct {
	const char	*method, *params, *path, *value;
	bool		 in;
} ways[] = {
	{ "auth.login", "['bob','bob\\u0027s']", "result", "true", true },
	{ "auth.login", "['bob','bob\\u0027s',null]", "result", "true",
	    true },
	{ "auth.login", "['bob','bob\\u0027s','']", "result", "true", true },
	{ "auth.login", "['root','root\\u0027s']", "result", "true", true },
	{ "auth.login", "['alice','alice\\u0027s']", "result", "false",
	    false },
	{ "auth.login", "['bob','code','123456']", "result", "true", true },
	{ "auth.login", "['bob','code']", "result", "false", false },
	{ "auth.login", "['bob']", "error.data.extra",
	    "[['password','Field required',22]]", false },
	{ "auth.login", "['bob',7]", "error.code", "-32602", false },
	{ "auth.login", "['bob','down']", "result", "false", false },
	{ "auth.login", "['bob','die']", "error.data.reason",
	    "'[EFAULT] Nobody can log in now: PAM does not answer'", false },
	{ "auth.login", "['bob','odd']", "error.data.error", "14", false },
	/* PAM is asked about whomever: the work is the same */
	{ "auth.login", "['nobody-here','die']", "error.data.error", "14",
	    false },
	{ "auth.login", "['../bob','die']", "error.data.error", "14", false },
	{ "auth.login", "['','die']", "error.data.error", "14", false },
	{ "auth.login", "['ghost','ghost\\u0027s']", "result", "false",
	    false },
	{ "auth.login", "['bob','twin']", "result", "false", false },
	{ "auth.login_ex", PASSWORD("bob", "bob\\u0027s"),
	    "result.response_type", "'SUCCESS'", true },
	{ "auth.login_ex", PASSWORD("bob", "bob\\u0027s"),
	    "result.user_info.pw_name", "'bob'", true },
	{ "auth.login_ex", PASSWORD("bob", "bob\\u0027s"),
	    "result.reconnect_token", "null", true },
	{ "auth.login_ex", "[{'mechanism':'PASSWORD_PLAIN','username':'bob',"
	    "'password':'bob\\u0027s','login_options':{'user_info':false}}]",
	    "result.user_info", "null", true },
	{ "auth.login_ex", PASSWORD("alice", "alice\\u0027s"), "result",
	    "{'response_type':'DENIED'}", false },
	{ "auth.login_ex", PASSWORD("bob", "old"), "result",
	    "{'response_type':'EXPIRED'}", false },
	{ "auth.login_ex", PASSWORD("bob", "wrong"), "result",
	    "{'response_type':'AUTH_ERR'}", false },
	{ "auth.login_ex", PASSWORD("nobody-here", "wrong"), "result",
	    "{'response_type':'AUTH_ERR'}", false },
	{ "auth.login_ex", PASSWORD("../x", "wrong"), "result",
	    "{'response_type':'AUTH_ERR'}", false },
	{ "auth.login_ex", PASSWORD("bob", "code"), "result",
	    "{'response_type':'OTP_REQUIRED','username':'bob'}", false },
	{ "auth.login_ex", "[{'mechanism':'OTP_TOKEN','otp_token':'1'}]",
	    "error.data.reason", "'[EINVAL] OTP_TOKEN: no authentication in "
	    "progress'", false },
	{ "auth.login_ex_continue", PASSWORD("bob", "bob\\u0027s"),
	    "error.data.extra.0.0", "'login_data.mechanism'", false },
	{ "auth.login_ex", "[{'mechanism':'SCRAM'}]",
	    "error.data.extra.0.0", "'login_data.mechanism'", false },
	{ "auth.login_ex", "[{'mechanism':'TOKEN_PLAIN','token':'x',"
	    "'username':'bob'}]", "error.data.extra.0.0",
	    "'login_data.username'", false },
	{ "auth.login_ex", "[{'mechanism':'TOKEN_PLAIN','token':'x'}]",
	    "result.response_type", "'AUTH_ERR'", false },
	{ "auth.login_with_token", "['x']", "result", "false", false },
	{ "auth.login_with_api_key", "['x']", "result", "false", false },
	{ "auth.token", "['']", "result", "false", false },
	{ "auth.mechanism_choices", "[]", "result",
	    "['API_KEY_PLAIN','TOKEN_PLAIN','PASSWORD_PLAIN']", false },
};

START_TEST(each_way)
{
	char *all;

	gives(ways[_i].method, ways[_i].params, ways[_i].path,
	    ways[_i].value);
	if (ways[_i].in)
		IS_IN;
	else
		IS_OUT;
	through(NULL);
	all = contents();
	ck_assert_ptr_null(strstr(all, "bob's"));	/* nor any secret */
	ck_assert_ptr_null(strstr(all, "nobody-here"));
	ck_assert_ptr_null(strstr(all, "123456"));
	free(all);
}
END_TEST

/* A code that comes later, wrong ones before it, and another beginning. */
START_TEST(codes)
{
	static const char code[] = "[{'mechanism':'OTP_TOKEN',"
	    "'otp_token':'123456'}]";

	gives("auth.login_ex", PASSWORD("bob", "code"),
	    "result.response_type", "'OTP_REQUIRED'");
	gives("auth.login_ex_continue", "[{'mechanism':'OTP_TOKEN',"
	    "'otp_token':'000000'}]", "result.response_type",
	    "'OTP_REQUIRED'");
	gives("auth.login_ex_continue", code, "result.response_type",
	    "'SUCCESS'");
	gives("auth.sessions", "[]", "result.0.credentials",
	    "'LOGIN_TWOFACTOR'");
	gives("auth.login_ex_continue", code, "error.data.error", "22");
	gives("auth.logout", "[]", "result", "true");
	IS_OUT;
	gives("auth.login_ex", PASSWORD("bob", "code"),
	    "result.response_type", "'OTP_REQUIRED'");
	gives("auth.login_ex", PASSWORD("alice", "alice\\u0027s"),
	    "result.response_type", "'DENIED'");
	gives("auth.login_ex_continue", code, "error.data.error", "22");
	IS_OUT;
}
END_TEST

START_TEST(wrong_codes)
{
	static const char code[] = "[{'mechanism':'OTP_TOKEN',"
	    "'otp_token':'000000'}]";
	int i;

	gives("auth.login_ex", PASSWORD("bob", "code"),
	    "result.response_type", "'OTP_REQUIRED'");
	for (i = 1; i < NK_ASK_CODES; i++)
		gives("auth.login_ex_continue", code,
		    "result.response_type", "'OTP_REQUIRED'");
	gives("auth.login_ex_continue", code, "result.response_type",
	    "'AUTH_ERR'");
	gives("auth.login_ex_continue", code, "error.data.error", "22");
	IS_OUT;
}
END_TEST

/* Only this machine's own accounts are PAM's. */
START_TEST(state_of_ones_own)
{
	w.state.system = false;
	gives("auth.login", "['bob','bob\\u0027s']", "error.data.error",
	    "95");
	IS_OUT;
}
END_TEST

/* ---- what ends a login ---- */

static const struct {
	const char	*method, *params;
	bool		 stays;
} ends[] = {
	{ "user.update", "[3,{'locked':true}]", false },
	{ "user.update", "[3,{'account_expires_at':'2001-01-01'}]", false },
	{ "user.update", "[3,{'admin':false}]", false },
	{ "user.update", "[3,{'username':'rob'}]", false },
	{ "user.update", "[3,{'password':'new'}]", false },
	{ "user.set_password", "[{'username':'bob','new_password':'n'}]",
	    false },
	{ "user.delete", "[3]", false },
	{ "user.update", "[3,{'full_name':'Bob'}]", true },
	{ "user.update", "[2,{'locked':true}]", true },
};

START_TEST(ending)
{
	char *token, *params = NULL;
	json_t *v;

	through(NULL);		/* who else could administer */
	done("user.create", "[{'username':'dora','uid':5006,"
	    "'group_create':true,'admin':true,'password':'d'}]");
	IN(&one);
	v = ask("auth.generate_token", "[600,{},false]");
	token = dump(at(v, "result"));
	ck_assert_int_gt(asprintf(&params, "[%s]", token), 0);
	json_decref(v);
	IS_IN;
	through(NULL);
	done(ends[_i].method, ends[_i].params);
	through(&one);
	if (ends[_i].stays) {
		IS_IN;
		ck_assert(one.in);
	} else {
		IS_OUT;
		ck_assert(!one.in);
		gives("auth.login_with_token", params, "result", "false");
	}
	free(params);
	free(token);
}
END_TEST

/* Rights may go while a request is under way: the edit sees it. */
START_TEST(lifetime)
{
	IN(&one);
	ck_assert_int_ge(one.ends_at, nk_session_now() + 86000);
	one.ends_at = nk_session_now();
	gives("group.query", "[]", "error.data.reason",
	    "'[EACCES] Session is expired'");
	IS_OUT;
	IN(&one);
	one.ends_at = nk_session_now();
	gives("core.ping", "[]", "result", "'pong'");
	IS_OUT;
}
END_TEST

/*
 * The helper computes the rights before it looks at a request: they admit
 * that one, once, and what it was told then is what is answered.
 */
START_TEST(rights_of_one_request)
{
	IN(&one);
	one.ends_at = nk_session_now();
	w.c.rights_result = nk_rights_compute(&w.c, "/etc/group", nk_now());
	w.c.rights_known = true;
	ck_assert_int_eq(w.c.rights_result, -EKEYEXPIRED);
	gives("group.query", "[]", "error.data.reason",
	    "'[EACCES] Session is expired'");
	ck_assert(!w.c.rights_known);
	IS_OUT;
	IN(&one);
	w.c.rights_result = nk_rights_compute(&w.c, "/etc/group", nk_now());
	w.c.rights_known = true;
	ck_assert_int_eq(nk_web_logout(&w.c, false), 0);
	IS_IN;
	IS_OUT;
}
END_TEST

/* ---- tokens ---- */

static char token[80];		/* the last one, as params */

static void
make_token(const char *params)
{
	json_t *v = ask("auth.generate_token", params);
	const char *text = json_string_value(at(v, "result"));
	char *whole = dump(v);

	ck_assert_msg(text != NULL, "%s: %s", params, whole);
	ck_assert_uint_eq(strlen(text), 64);
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), 64);
	(void)snprintf(token, sizeof(token), "['%s']", text);
	free(whole);
	json_decref(v);
}

static const struct {
	const char	*params;
	const char	*same, *elsewhere, *again;	/* result of each use */
} tokens[] = {
	{ "[]",				"true",  "false", "true" },
	{ "[null]",			"true",  "false", "true" },
	{ "[600,{},false]",		"true",  "true",  "true" },
	{ "[600,{},true,true]",		"true",  "false", "false" },
	{ "[600,{'job':1},false]",	"false", "false", "false" },
};

START_TEST(token_use)
{
	char mine[80];

	IN(&one);
	make_token(tokens[_i].params);
	memcpy(mine, token, sizeof(mine));
	ck_assert_int_eq(nk_web_end(&w.c), 0);	/* its maker may go */
	connection(&one, "192.0.2.7");
	through(&two);
	gives("auth.login_with_token", mine, "result",
	    tokens[_i].elsewhere);
	if (two.in) {
		gives("auth.sessions", "[]", "result.0.credentials",
		    "'TOKEN'");
		gives("auth.sessions", "[]", "result.0.credentials_data."
		    "parent.credentials", "'LOGIN_PASSWORD'");
		two.session.token[0] = '\0';
	}
	through(&one);
	gives("auth.token", mine, "result", tokens[_i].same);
	connection(&two, "192.0.2.7");
	through(&two);
	gives("auth.login_with_token", mine, "result", tokens[_i].again);
}
END_TEST

START_TEST(token_refusals)
{
	IN(&one);
	gives("auth.generate_token", "[0]", "error.code", "-32602");
	gives("auth.generate_token", "[86401]", "error.data.extra.0.0",
	    "'ttl'");
	gives("auth.generate_token", "['x']", "error.code", "-32602");
	gives("auth.generate_token", "[60,[]]", "error.code", "-32602");
	gives("auth.logout", "[]", "result", "true");
	gives("auth.generate_token", "[]", "error.data.error", "207");
	gives("auth.me", "[]", "error.data.error", "207");
}
END_TEST

START_TEST(reconnect)
{
	json_t *v;
	char *text, *params = NULL;

	v = ask("auth.login_ex", "[{'mechanism':'PASSWORD_PLAIN','username':"
	    "'bob','password':'bob\\u0027s','login_options':"
	    "{'reconnect_token':true}}]");
	text = dump(at(v, "result.reconnect_token"));
	ck_assert_uint_eq(strlen(text), 66);
	ck_assert_int_gt(asprintf(&params, "[%s]", text), 0);
	connection(&two, "192.0.2.7");
	through(&two);
	gives("auth.login_with_token", params, "result", "true");
	IS_IN;
	gives("auth.login_with_token", params, "result", "false");
	free(params);
	free(text);
	json_decref(v);
}
END_TEST

/* ---- sessions ---- */

START_TEST(terminating)
{
	char params[80];

	IN(&one);
	make_token("[600,{},false]");
	(void)snprintf(params, sizeof(params), "['%s']", one.session.id);
	through(&two);
	gives("auth.login_with_token", token, "result", "true");
	gives("auth.sessions", "[[],{'count':true}]", "result", "2");
	gives("auth.sessions", "[[['current','=',true]],{'get':true}]",
	    "result.origin", "'192.0.2.8:5123'");
	if (_i == 0) {
		/* with it goes what was made of it: this one too */
		gives("auth.terminate_session", params, "result", "true");
		IS_OUT;
		through(&one);
		IS_OUT;
		gives("auth.login_with_token", token, "result", "false");
	} else if (_i == 1) {
		gives("auth.terminate_session", "['x']", "result", "false");
		through(&one);
		gives("auth.terminate_other_sessions", "[]", "result",
		    "true");
		IS_IN;
		through(&two);
		IS_OUT;
	} else {
		through(&one);
		gives("auth.terminate_session", params, "result", "true");
		IS_OUT;
		through(&two);
		IS_OUT;
	}
}
END_TEST

/* A token whose maker has ended is nobody's other session, and goes. */
START_TEST(terminating_tokens)
{
	char others[80], begun[80];

	IN(&two);
	make_token("[600,{},false]");
	memcpy(others, token, sizeof(others));
	make_token("[600,{},false]");
	memcpy(begun, token, sizeof(begun));
	ck_assert_int_eq(nk_web_end(&w.c), 0);
	through(&one);
	gives("auth.login_with_token", begun, "result", "true");
	make_token("[600,{},false]");
	gives("auth.terminate_other_sessions", "[]", "result", "true");
	IS_IN;
	connection(&two, "192.0.2.8");
	through(&two);
	gives("auth.login_with_token", others, "result", "false");
	gives("auth.login_with_token", begun, "result", "true");
	gives("auth.login_with_token", token, "result", "true");
}
END_TEST

START_TEST(me)
{
	IN(&one);
	gives("auth.me", "[]", "result", "{'pw_name':'bob','pw_uid':5002,"
	    "'pw_gid':5002,'pw_gecos':'','pw_dir':'/var/empty','pw_shell':"
	    "'/bin/bash','grouplist':[5002,544],'sid':null,'source':'LOCAL',"
	    "'local':true,'attributes':{},'two_factor_config':"
	    "{'provisioning_uri':null,'secret_configured':false,"
	    "'interval':30,'otp_digits':6},'privilege':{'roles':{'$set':["
	    "'FULL_ADMIN']},'allowlist':[{'method':'*','resource':'*'}],"
	    "'web_shell':false,'webui_access':true},'account_attributes':["
	    "'LOCAL']}");
	gives("auth.login", "['root','root\\u0027s']", "result", "true");
	gives("auth.me", "[]", "result.account_attributes",
	    "['SYS_ADMIN','LOCAL']");
	gives("auth.me", "[]", "result.pw_uid", "0");
	gives("auth.sessions", "[[],{'count':true}]", "result", "1");
}
END_TEST

/* The account is who acts, and its uid, not the gateway's. */
START_TEST(actor)
{
	IN(&one);
	gives("group.create", "[{'name':'made','gid':5100}]", "error", NULL);
	through(NULL);
	expect("naskeys.audit.query", "[[['action','=','group.create'],"
	    "['object','=','made']],{'select':['actor','actor_uid'],"
	    "'get':true}]", "", "{'actor':'bob','actor_uid':5002}");
	expect("naskeys.audit.query", "[[['action','=','auth.login']],"
	    "{'select':['text','object'],'get':true}]", "",
	    "{'object':'bob','text':'Log in bob from 192.0.2.7:5123 over "
	    "TLS: SUCCESS'}");
	expect("user.query", "[[['id','=',3],['last_login_at','!=',null]],"
	    "{'count':true}]", "", "1");
}
END_TEST

/* ---- limits ---- */

START_TEST(limits)
{
	static const struct nk_attempt_rule rule = { .free = 3, .most = 5,
	    .window = 900000 };
	int i;

	for (i = 0; i < 12; i++)
		ck_assert_int_eq(nk_attempt_wrong(w.c.session, "account:bob",
		    &rule, nk_attempt_now()), 0);
	gives("auth.login", "['bob','bob\\u0027s']", "error.data.reason",
	    "'[EBUSY] Rate Limit Exceeded'");
	gives("auth.login", "['bob','bob\\u0027s']", "error.data.error",
	    "16");
	gives("auth.login", "['root','root\\u0027s']", "result", "true");
	through(NULL);		/* of the refused, the first is told */
	expect("naskeys.audit.query", "[[['text','$','too many failures']],"
	    "{'count':true}]", "", "1");
}
END_TEST

/* The address alone, for whatever name; a network is one of version 6. */
START_TEST(address_limits)
{
	static const struct nk_attempt_rule rule = { .free = 10,
	    .most = 10, .window = 900000 };
	int i;

	for (i = 0; i < 20; i++)
		ck_assert_int_eq(nk_attempt_wrong(w.c.session,
		    "address:2001:db8::", &rule, nk_attempt_now()), 0);
	gives("auth.login", "['bob','bob\\u0027s']", "result", "true");
	connection(&two, "2001:db8::5:7");
	through(&two);
	gives("auth.login", "['bob','bob\\u0027s']", "error.data.error",
	    "16");
	gives("auth.login_with_token", "['x']", "error.data.error", "16");
	connection(&two, "2001:db8:0:1::7");
	gives("auth.login", "['bob','bob\\u0027s']", "result", "true");
}
END_TEST

/* However soon it is known. */
START_TEST(wrong_time)
{
	int64_t then = nk_monotonic_ms();
	struct nk_web web;

	one.wrong_ms = 300;
	gives("auth.login", "['nobody-here','x']", "result", "false");
	ck_assert_int_ge(nk_monotonic_ms(), then + 300);
	nk_web_init(&web, -1);
	ck_assert_int_eq(web.wrong_ms, 1000);
}
END_TEST

/*
 * A right one among many wrong ones that were begun with it, also where more
 * is wanted than the password.
 */
static const char *const raced[] = {
	PASSWORD("bob", "raced"),
	PASSWORD("bob", "raced, old"),
	PASSWORD("bob", "raced, code"),
};

START_TEST(in_parallel)
{
	ck_assert_int_eq(chdir(w.dir), 0);
	gives("auth.login_ex", raced[_i], "result",
	    "{'response_type':'AUTH_ERR'}");
	gives("auth.login_ex_continue", "[{'mechanism':'OTP_TOKEN',"
	    "'otp_token':'123456'}]", "error.data.error", "22");
	IS_OUT;
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* Who does not wait for the answer has guessed as well. */
START_TEST(hangs_up)
{
	static const struct nk_attempt_rule rule = { .free = 3, .most = 5,
	    .window = 900000 };
	struct nk_attempt a;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	one.client = pair[0];
	gives("auth.login", "['bob','wrong']", "error.data.error", "32");
	ck_assert_int_eq(nk_attempt_begin(w.c.session, "account:bob", &rule,
	    nk_attempt_now(), &a), 0);
	ck_assert_int_eq(a.total, 1);
	ck_assert_int_eq(nk_attempt_begin(w.c.session, "address:192.0.2.7",
	    &rule, nk_attempt_now(), &a), 0);
	ck_assert_int_eq(a.total, 1);
	one.client = -1;
	close(pair[0]);
}
END_TEST

/* ---- who may ---- */

static const struct {
	const char	*method, *params;
	bool		 anybody;
} table[] = {
	{ "core.subscribe", "['x']", false },
	{ "core.unsubscribe", "['x']", false },
	{ "auth.login", "['x','y']", true },
	{ "auth.login_ex", "[{'mechanism':'x'}]", true },
	{ "auth.login_ex_continue", "[{'mechanism':'x'}]", true },
	{ "auth.login_with_token", "['x']", true },
	{ "auth.login_with_api_key", "['x']", true },
	{ "auth.token", "['x']", true },
	{ "auth.mechanism_choices", "[]", true },
	{ "core.job_wait", "[77]", false },
	{ "core.job_abort", "[1]", false },
	{ "auth.generate_token", "[]", false },
	{ "auth.me", "[]", false },
	{ "auth.sessions", "[]", false },
	{ "auth.terminate_session", "['x']", false },
	{ "auth.terminate_other_sessions", "[]", false },
	{ "auth.logout", "[]", false },
};

START_TEST(rights)
{
	json_t *v;
	int i;

	for (i = 0; i < LENGTH(table); i++) {
		through(&one);
		v = ask(table[i].method, table[i].params);
		ck_assert_msg((json_integer_value(at(v, "error.data.error"))
		    == 207) == !table[i].anybody, "%s", table[i].method);
		json_decref(v);
		through(NULL);
		gives(table[i].method, table[i].params, "error.code",
		    "-32601");
	}
	IN(&one);
	for (i = 0; i < LENGTH(table); i++)
		if (!table[i].anybody)
			gives(table[i].method, table[i].params, "error",
			    NULL);
}
END_TEST

/* ---- on this machine ---- */

/* From now on this uid asks, as its peer credentials say. */
static void
locally(uid_t uid)
{
	through(&two);
	two.local = true;
	as(uid);
}

static const struct {
	uid_t		 uid;
	const char	*method, *params, *path, *value;
} here[] = {
	{ 0, "auth.me", "[]", "result.pw_name", "'root'" },
	{ 0, "auth.me", "[]", "result.privilege.roles",
	    "{'$set':['FULL_ADMIN']}" },
	{ 0, "core.subscribe", "['user.query']", "error", NULL },
	{ 0, "core.job_wait", "[77]", "error", NULL },
	{ 0, "auth.sessions", "[[],{'count':true}]", "result", "0" },
	{ 0, "auth.terminate_session", "['']", "result", "false" },
	{ 0, "auth.login", "['bob','bob\\u0027s']", "error.code", "-32601" },
	{ 0, "auth.login_ex", "[{}]", "error.code", "-32601" },
	{ 0, "auth.generate_token", "[]", "error.code", "-32601" },
	{ 0, "auth.logout", "[]", "error.code", "-32601" },
	{ 5001, "auth.me", "[]", "result.pw_uid", "5001" },
	{ 5001, "auth.me", "[]", "result.privilege.roles", "{'$set':[]}" },
	{ 5001, "auth.me", "[]", "result.privilege.webui_access", "false" },
	{ 5001, "user.keys", "['alice']", "error", NULL },
	{ 5001, "user.keys", "['carol']", "error.data.error", "13" },
	{ 5001, "user.create", "[{}]", "error.data.error", "13" },
	{ 5001, "core.get_jobs", "[]", "result", "[]" },
	{ 5001, "core.job_wait", "[77]", "error.data.error", "13" },
	{ 5001, "core.job_abort", "[1]", "error.data.error", "13" },
	{ 5001, "core.subscribe", "['core.get_jobs']", "error", NULL },
	{ 5001, "core.subscribe", "['core.get_jobs:x']", "error", NULL },
	{ 5001, "core.subscribe", "['user.query']", "error.data.error",
	    "13" },
	{ 5001, "auth.sessions", "[]", "error.data.error", "13" },
	{ 5999, "auth.me", "[]", "result.pw_name", "'uid 5999'" },
	{ 65534, "auth.me", "[]", "error.data.error", "207" },
	{ 65534, "core.subscribe", "['core.get_jobs']", "error.data.error",
	    "207" },
	{ 65534, "core.ping", "[]", "result", "'pong'" },
};

START_TEST(on_this_machine)
{
	locally(0);
	gives("service.control", "['STOP','none']", "result", "1");
	ck_assert_int_eq(nk_job_run(&w.c), 0);
	locally(here[_i].uid);
	gives(here[_i].method, here[_i].params, here[_i].path,
	    here[_i].value);
	two.local = false;
}
END_TEST

static int
is_listed(void *arg, const struct nk_method *m)
{
	int i;

	(void)arg;
	for (i = 0; i < LENGTH(table); i++)
		if (strcmp(table[i].method, m->name) == 0)
			return 0;
	ck_assert_msg(nk_method_find(m->name) == m, "%s is not in the table",
	    m->name);
	return 0;
}

START_TEST(complete_table)
{
	ck_assert_int_eq(nk_method_each(&one, is_listed, NULL), 0);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *s = suite_create("methods_auth");
	TCase *tc = tcase_create("auth");
	SRunner *sr;
	int failed;

	if (argc == 1 && strcmp(argv[0], "naskeys-login") == 0)
		be_naskeys_login();
	tcase_add_checked_fixture(tc, setup_web, teardown_web);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_way, 0, LENGTH(ways));
	tcase_add_test(tc, codes);
	tcase_add_test(tc, wrong_codes);
	tcase_add_test(tc, state_of_ones_own);
	tcase_add_loop_test(tc, ending, 0, LENGTH(ends));
	tcase_add_test(tc, lifetime);
	tcase_add_test(tc, rights_of_one_request);
	tcase_add_loop_test(tc, token_use, 0, LENGTH(tokens));
	tcase_add_test(tc, token_refusals);
	tcase_add_test(tc, reconnect);
	tcase_add_loop_test(tc, terminating, 0, 3);
	tcase_add_test(tc, terminating_tokens);
	tcase_add_test(tc, me);
	tcase_add_test(tc, actor);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, address_limits);
	tcase_add_test(tc, wrong_time);
	tcase_add_loop_test(tc, in_parallel, 0, LENGTH(raced));
	tcase_add_test(tc, hangs_up);
	tcase_add_test(tc, rights);
	tcase_add_loop_test(tc, on_this_machine, 0, LENGTH(here));
	tcase_add_test(tc, complete_table);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
