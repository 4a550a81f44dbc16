/* SPDX-License-Identifier: ISC */

/* What the gateway answers alone, what it passes on, and when it ends. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/json_memory.h"
#include "tests/unit/gateway_session.h"

#define HELLO	"{\"naskeys\":1,\"protocol\":\"jsonrpc\",\"path\":" \
	"\"/api/current\",\"address\":\"192.0.2.7\",\"port\":51234," \
	"\"tls\":true,\"options\":{\"legacy_jobs\":true," \
	"\"private_methods\":false}}\n"
#define LEGACY	"{\"naskeys\":1,\"protocol\":\"legacy\",\"path\":" \
	"\"/websocket\",\"address\":\"192.0.2.7\",\"port\":51234," \
	"\"tls\":true,\"options\":{\"legacy_jobs\":true," \
	"\"private_methods\":false}}\n"
#define RPC	"{\"jsonrpc\":\"2.0\","
#define PONG	RPC "\"result\":\"pong\",\"id\":"
#define CALL	RPC "\"id\":1,\"method\":\"user.query\"}"
#define TOO_MANY "Maximum number of concurrent calls (20) has exceeded"

/* What the helper is told, taken from the session. */
static void
check_line(struct session_test *t, const char *want, const char *what)
{
	struct buffer *b = &t->s.to_helper;

	ck_assert_msg(b->len == strlen(want) && (b->len == 0 ||
	    memcmp(b->p, want, b->len) == 0), "%s: the helper is told %.*s",
	    what, (int)b->len, b->len == 0 ? "" : (const char *)b->p);
	if (b->len > 0)
		buffer_take(b, b->len);
}

static void
check_heard(struct session_test *t, const char *want, const char *what)
{
	char *text = session_test_heard(t);

	if (want == NULL)
		ck_assert_msg(text == NULL, "%s: heard %s", what, text);
	else
		ck_assert_msg(text != NULL && strcmp(text, want) == 0,
		    "%s: heard %s", what, text);
	free(text);
}

static void
check_end(struct session_test *t)
{
	ck_assert_msg(session_test_end(t), "memory is not given back");
}

/* ---- one message ---- */

static const struct {
	const char	*what;
	enum message_protocol protocol;
	const char	*text;
	const char	*heard;		/* by the client */
	const char	*line;		/* for the helper; NULL: none is wanted */
	unsigned int	 end;
} messages[] = {
	/* JSON-RPC */
	{ "ping", MESSAGE_JSONRPC,
	    RPC "\"id\":\"a\",\"method\":\"core.ping\",\"params\":[]}",
	    PONG "\"a\"}", NULL, 0 },
	{ "ping without params, id null", MESSAGE_JSONRPC,
	    RPC "\"id\":null,\"method\":\"core.ping\"}",
	    PONG "null}", NULL, 0 },
	{ "ping with params", MESSAGE_JSONRPC,
	    RPC "\"id\":1,\"method\":\"core.ping\",\"params\":[1]}", NULL,
	    HELLO RPC "\"id\":1,\"method\":\"core.ping\",\"params\":[1]}\n",
	    0 },
	{ "ping without id", MESSAGE_JSONRPC,
	    RPC "\"method\":\"core.ping\"}", NULL,
	    HELLO RPC "\"method\":\"core.ping\"}\n", 0 },
	{ "ping with a real id", MESSAGE_JSONRPC,
	    RPC "\"id\":1.5,\"method\":\"core.ping\"}", NULL,
	    HELLO RPC "\"id\":1.5,\"method\":\"core.ping\"}\n", 0 },
	{ "ping with a member more", MESSAGE_JSONRPC,
	    RPC "\"id\":1,\"method\":\"core.ping\",\"x\":1}", NULL,
	    HELLO RPC "\"id\":1,\"method\":\"core.ping\",\"x\":1}\n", 0 },
	{ "ping in another version", MESSAGE_JSONRPC,
	    "{\"jsonrpc\":\"1\",\"id\":1,\"method\":\"core.ping\"}", NULL,
	    HELLO "{\"jsonrpc\":\"1\",\"id\":1,\"method\":\"core.ping\"}\n",
	    0 },
	{ "options", MESSAGE_JSONRPC, RPC "\"id\":2,\"method\":"
	    "\"core.set_options\",\"params\":[{\"legacy_jobs\":false,"
	    "\"py_exceptions\":true,\"x\":[]}]}",
	    RPC "\"result\":{\"legacy_jobs\":false,\"private_methods\":false,"
	    "\"py_exceptions\":false},\"id\":2}", NULL, 0 },
	{ "options that are none", MESSAGE_JSONRPC, RPC "\"id\":2,\"method\":"
	    "\"core.set_options\",\"params\":[{\"legacy_jobs\":1}]}", NULL,
	    HELLO RPC "\"id\":2,\"method\":\"core.set_options\",\"params\":"
	    "[{\"legacy_jobs\":1}]}\n", 0 },
	{ "written again", MESSAGE_JSONRPC,
	    " { \"id\" : 1 ,\n\"m\" : \"\\u00e9\\/\\\"\" } ", NULL,
	    HELLO "{\"id\":1,\"m\":\"\303\251/\\\"\"}\n", 0 },
	{ "an array", MESSAGE_JSONRPC, "[1]", NULL, HELLO "[1]\n", 0 },
	{ "a string", MESSAGE_JSONRPC, "\"x\"", NULL, HELLO "\"x\"\n", 0 },
	{ "no JSON", MESSAGE_JSONRPC, "{\"id\":1",
	    RPC "\"error\":{\"code\":-32700,\"message\":\"'}' expected: "
	    "line 1 column 7\"},\"id\":null}", NULL, 0 },
	{ "two in one", MESSAGE_JSONRPC, "{} {}",
	    RPC "\"error\":{\"code\":-32700,\"message\":\"end of file "
	    "expected: line 1 column 4\"},\"id\":null}", NULL, 0 },
	{ "a name twice", MESSAGE_JSONRPC, "{\"id\":1,\"id\":2}",
	    RPC "\"error\":{\"code\":-32700,\"message\":\"duplicate object "
	    "key: line 1 column 12\"},\"id\":null}", NULL, 0 },
	{ "NUL in a string", MESSAGE_JSONRPC, "{\"id\":\"\\u0000\"}",
	    RPC "\"error\":{\"code\":-32700,\"message\":\"\\\\u0000 is not "
	    "allowed without JSON_ALLOW_NUL: line 1 column 14\"},"
	    "\"id\":null}", NULL, 0 },
	/* legacy */
	{ "connect", MESSAGE_LEGACY,
	    "{\"msg\":\"connect\",\"version\":\"1\",\"support\":[\"1\"]}",
	    "{\"msg\":\"connected\",\"session\":\"" SESSION_TEST_ID "\"}",
	    NULL, 0 },
	{ "connect in another version", MESSAGE_LEGACY,
	    "{\"msg\":\"connect\",\"version\":\"2\"}",
	    "{\"msg\":\"failed\",\"version\":\"1\"}", NULL, 0 },
	{ "a call before connect", MESSAGE_LEGACY,
	    "{\"msg\":\"method\",\"id\":1,\"method\":\"core.ping\"}",
	    "{\"msg\":\"failed\",\"version\":\"1\"}", NULL, 0 },
	{ "ping before connect", MESSAGE_LEGACY, "{\"msg\":\"ping\"}",
	    "{\"msg\":\"failed\",\"version\":\"1\"}", NULL, 0 },
	{ "legacy, an array", MESSAGE_LEGACY, "[]", NULL, NULL,
	    SESSION_BAD_DATA },
	{ "legacy, no JSON", MESSAGE_LEGACY, "{", NULL, NULL,
	    SESSION_BAD_DATA },
};

START_TEST(message)
{
	struct session_test t;

	session_test_begin(&t, messages[_i].protocol);
	session_test_text(&t, messages[_i].text);
	ck_assert_msg(t.s.end == messages[_i].end, "%s: ends with %u (%s)",
	    messages[_i].what, t.s.end, t.s.reason);
	ck_assert_msg(t.s.wants_helper == (messages[_i].line != NULL), "%s",
	    messages[_i].what);
	check_heard(&t, messages[_i].heard, messages[_i].what);
	check_heard(&t, NULL, messages[_i].what);
	check_line(&t, messages[_i].line == NULL ? "" : messages[_i].line,
	    messages[_i].what);
	check_end(&t);
}
END_TEST

/* ---- one after another ---- */

START_TEST(legacy)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_LEGACY);
	session_test_text(&t, "{\"msg\":\"connect\",\"version\":\"1\"}");
	free(session_test_heard(&t));
	session_test_text(&t, "{\"msg\":\"ping\",\"id\":\"x\"}");
	check_heard(&t, "{\"msg\":\"pong\",\"id\":\"x\"}", "ping");
	session_test_text(&t, "{\"msg\":\"ping\",\"id\":[]}");
	check_heard(&t, "{\"msg\":\"pong\"}", "ping without an id");
	session_test_text(&t, "{\"msg\":\"what\"}");
	session_test_text(&t, "{\"msg\":1}");
	session_test_text(&t, "{}");
	check_heard(&t, NULL, "nothing");
	ck_assert(!t.s.wants_helper);
	session_test_text(&t, "{\"msg\":\"sub\",\"id\":\"1\"}");
	check_line(&t, LEGACY "{\"msg\":\"sub\",\"id\":\"1\"}\n", "sub");
	session_test_text(&t, "{\"msg\":\"unsub\",\"id\":\"1\"}");
	check_line(&t, "{\"msg\":\"unsub\",\"id\":\"1\"}\n", "unsub");
	session_test_text(&t, "{\"msg\":\"ping\"}");
	check_heard(&t, "{\"msg\":\"pong\"}", "with a helper, too");
	ck_assert_uint_eq(t.s.outstanding, 2);
	session_test_say(&t, "={\"msg\":\"ready\"}\n=\n");
	check_heard(&t, "{\"msg\":\"ready\"}", "ready");
	check_heard(&t, NULL, "of unsub nothing is heard");
	ck_assert_uint_eq(t.s.outstanding, 0);
	check_end(&t);
}
END_TEST

/* Once there is a helper, it answers all, and a next one is told. */
START_TEST(options)
{
	static const char set[] = RPC "\"id\":2,\"method\":"
	    "\"core.set_options\",\"params\":[{\"private_methods\":true}]}";
	struct session_test t;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	check_line(&t, HELLO CALL "\n", "call");
	session_test_text(&t, set);
	session_test_text(&t, RPC "\"id\":1,\"method\":\"core.ping\"}");
	check_heard(&t, NULL, "not answered by the gateway");
	ck_assert_uint_eq(t.s.outstanding, 3);
	buffer_take(&t.s.to_helper, t.s.to_helper.len);
	session_test_say(&t, "!{\"idle\":true}\n");
	ck_assert_msg(t.s.wants_helper, "idle, but there are messages");
	session_test_say(&t, "=1\n=2\n=3\n!{\"idle\":true}\n");
	ck_assert_msg(!t.s.wants_helper, "idle");
	session_helper_end(&t.s);
	ck_assert_msg(t.s.end == 0, "the end of an idle one is no event");
	session_test_text(&t, "{}");
	check_line(&t, "{\"naskeys\":1,\"protocol\":\"jsonrpc\",\"path\":"
	    "\"/api/current\",\"address\":\"192.0.2.7\",\"port\":51234,"
	    "\"tls\":true,\"options\":{\"legacy_jobs\":true,"
	    "\"private_methods\":true}}\n{}\n", "another hello");
	check_end(&t);
}
END_TEST

START_TEST(pings)
{
	struct session_test t;
	char *text;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, RPC "\"id\":1,\"method\":\"core.ping\"}");
	free(session_test_heard(&t));
	session_test_text(&t, RPC "\"id\":1,\"method\":\"core.ping\"}");
	text = session_test_heard(&t);
	ck_assert_str_eq(text, RPC "\"error\":{\"code\":-32001,\"message\":"
	    "\"Method call error\",\"data\":{\"error\":16,\"errname\":"
	    "\"EBUSY\",\"reason\":\"[EBUSY] Rate Limit Exceeded\",\"trace\":"
	    "null,\"extra\":null}},\"id\":1}");
	free(text);
	check_end(&t);
}
END_TEST

/* ---- limits ---- */

static void
send_long(struct session_test *t, size_t characters, const char *character)
{
	size_t len = strlen(character), i;
	char *text = malloc(2 + characters * len);

	ck_assert_ptr_nonnull(text);
	text[0] = '"';
	for (i = 0; i < characters - 2; i++)
		memcpy(text + 1 + i * len, character, len);
	text[1 + (characters - 2) * len] = '"';
	session_text(&t->s, text, 2 + (characters - 2) * len, true);
	free(text);
}

static const struct {
	const char	*what;
	const char	*helper;	/* says before */
	size_t		 characters;
	const char	*character;
	unsigned int	 end;
} sizes[] = {
	{ "nobody, longest",	"", 8192, "a", 0 },
	{ "nobody, too long",	"", 8193, "a", SESSION_BAD_DATA },
	{ "of four bytes each",	"", 8192, "\360\237\230\200", 0 },
	{ "and one too many",	"", 8193, "\360\237\230\200",
	    SESSION_BAD_DATA },
	{ "logged in, longest",	"!{\"message_max\":65536}\n", 65536, "a", 0 },
	{ "logged in, too long", "!{\"message_max\":65536}\n", 65537, "a",
	    SESSION_TOO_BIG },
	{ "and out again", "!{\"message_max\":65536}\n"
	    "!{\"message_max\":8192}\n", 8193, "a", SESSION_BAD_DATA },
};

START_TEST(size)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	session_test_say(&t, sizes[_i].helper);
	send_long(&t, sizes[_i].characters, sizes[_i].character);
	ck_assert_msg(t.s.end == sizes[_i].end, "%s: %u %s", sizes[_i].what,
	    t.s.end, t.s.reason);
	if (t.s.end == SESSION_BAD_DATA)
		ck_assert_str_eq(t.s.reason, "Anonymous connection max "
		    "message length is 8 kB");
	if (t.s.end == SESSION_TOO_BIG)
		ck_assert_str_eq(t.s.reason, "Max message length is 64 kB");
	check_end(&t);
}
END_TEST

/* In parts it is the same, and nothing is kept that is too long. */
START_TEST(parts)
{
	static char part[1000];
	struct session_test t;
	unsigned int i;

	memset(part, ' ', sizeof(part));
	session_test_begin(&t, MESSAGE_JSONRPC);
	for (i = 0; i < 8; i++)
		session_text(&t.s, part, sizeof(part), false);
	session_text(&t.s, "[]", 2, true);
	check_line(&t, HELLO "[]\n", "in parts");
	for (i = 0; i < 33; i++)
		session_text(&t.s, part, sizeof(part), false);
	ck_assert_uint_eq(t.s.end, SESSION_BAD_DATA);
	ck_assert_uint_eq(t.s.incoming.len, 0);
	check_end(&t);
}
END_TEST

/* One that has begun before the limit falls. */
START_TEST(falling_limit)
{
	static char part[60000];
	struct session_test t;

	memset(part, ' ', sizeof(part));
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	session_test_say(&t, "!{\"message_max\":65536}\n");
	session_text(&t.s, part, sizeof(part), false);
	session_test_say(&t, "!{\"message_max\":8192}\n");
	ck_assert_uint_eq(t.s.end, 0);
	session_text(&t.s, "[]", 2, true);
	ck_assert_uint_eq(t.s.end, SESSION_BAD_DATA);
	check_end(&t);
}
END_TEST

START_TEST(depth)
{
	static char text[8192];
	struct session_test t;

	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_text(&t.s, text, 128, true);
	ck_assert_msg(t.s.wants_helper, "as deep as it may be");
	check_end(&t);
	session_test_begin(&t, MESSAGE_LEGACY);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	session_text(&t.s, text, 130, true);
	ck_assert_str_eq(t.s.reason, "too deeply nested");
	check_end(&t);
	session_test_begin(&t, MESSAGE_JSONRPC);
	memset(text, ']', sizeof(text));
	text[0] = '"';
	memset(text + 1, '[', 4000);
	text[4001] = '"';
	session_text(&t.s, text, 4002, true);
	ck_assert_msg(t.s.wants_helper, "brackets in a string are none");
	check_end(&t);
}
END_TEST

START_TEST(outstanding)
{
	struct session_test t;
	unsigned int i;

	session_test_begin(&t, MESSAGE_JSONRPC);
	for (i = 0; i < SESSION_OUTSTANDING_MAX; i++)
		session_test_text(&t, "{\"id\":1}");
	buffer_take(&t.s.to_helper, t.s.to_helper.len);
	check_heard(&t, NULL, "20");
	session_test_text(&t, "{\"id\":\"x\"}");
	check_heard(&t, RPC "\"error\":{\"code\":-32000,\"message\":\""
	    TOO_MANY "\"},\"id\":\"x\"}", "21");
	session_test_text(&t, "{\"a\":1}");
	check_heard(&t, NULL, "a notification");
	session_test_text(&t, "[]");
	check_heard(&t, RPC "\"error\":{\"code\":-32000,\"message\":\""
	    TOO_MANY "\"},\"id\":null}", "an array");
	check_line(&t, "", "none of them");
	session_test_say(&t, "=\n");
	session_test_text(&t, "{\"id\":2}");
	check_line(&t, "{\"id\":2}\n", "one has been answered");
	check_end(&t);

	session_test_begin(&t, MESSAGE_LEGACY);
	t.s.connected = true;
	for (i = 0; i < SESSION_OUTSTANDING_MAX; i++)
		session_test_text(&t, "{\"msg\":\"method\"}");
	session_test_text(&t, "{\"msg\":\"method\",\"id\":\"x\"}");
	check_heard(&t, "{\"msg\":\"result\",\"id\":\"x\",\"error\":{"
	    "\"error\":109,\"errname\":\"ETOOMANYREFS\",\"type\":null,"
	    "\"reason\":\"" TOO_MANY "\",\"trace\":null,\"extra\":null}}",
	    "legacy");
	check_end(&t);
}
END_TEST

/* ---- the helper ---- */

START_TEST(interleaved)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_LEGACY);
	t.s.connected = true;
	session_test_text(&t, "{\"msg\":\"method\"}");
	session_test_say(&t, "=one ");
	session_test_text(&t, "{\"msg\":\"ping\"}");
	session_test_say(&t, "message");
	session_test_say(&t, "\n+event\n");
	check_heard(&t, "one message", "in parts");
	check_heard(&t, "{\"msg\":\"pong\"}", "not inside of it");
	check_heard(&t, "event", "event");
	check_heard(&t, NULL, "the end");
	check_end(&t);
}
END_TEST

static const struct {
	const char	*what;
	const char	*bytes;
	unsigned int	 end;
	const char	*reason;
} says[] = {
	{ "close", "=1\n!{\"close\":1008,\"reason\":\"Session is expired\"}\n",
	    1008, "Session is expired" },
	{ "close with more", "!{\"close\":4000,\"reason\":\"\",\"x\":1}\n",
	    4000, "" },
	{ "close without a reason", "!{\"close\":1008}\n", SESSION_FAULT,
	    NULL },
	{ "close with a bad code", "!{\"close\":99,\"reason\":\"\"}\n",
	    SESSION_FAULT, NULL },
	{ "close with a word", "!{\"close\":\"1008\",\"reason\":\"\"}\n",
	    SESSION_FAULT, NULL },
	{ "unknown", "!{\"x\":1}\n", 0, NULL },
	{ "limit too low", "!{\"message_max\":8191}\n", SESSION_FAULT, NULL },
	{ "limit too high", "!{\"message_max\":2097153}\n", SESSION_FAULT,
	    NULL },
	{ "no object", "![]\n", SESSION_FAULT, NULL },
	{ "no JSON", "!\n", SESSION_FAULT, NULL },
	{ "an unknown mark", "?1\n", SESSION_FAULT, NULL },
	{ "an empty line", "\n", SESSION_FAULT, NULL },
	{ "an answer that nobody waits for", "=1\n=2\n", SESSION_FAULT,
	    NULL },
	{ "an event", "+1\n", 0, NULL },
};

START_TEST(say)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	session_test_say(&t, says[_i].bytes);
	ck_assert_msg(t.s.end == says[_i].end, "%s: %u", says[_i].what,
	    t.s.end);
	ck_assert_msg((t.s.end == 0) == t.s.wants_helper, "%s",
	    says[_i].what);
	if (says[_i].reason != NULL)
		ck_assert_str_eq(t.s.reason, says[_i].reason);
	session_test_text(&t, CALL);	/* nobody listens any more */
	check_end(&t);
}
END_TEST

START_TEST(control_too_long)
{
	static char text[SESSION_CONTROL_MAX];
	struct session_test t;

	memset(text, ' ', sizeof(text));
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	session_test_say(&t, "!");
	session_helper_bytes(&t.s, text, sizeof(text));
	ck_assert_uint_eq(t.s.end, 0);
	session_helper_bytes(&t.s, text, 1);
	ck_assert_uint_eq(t.s.end, SESSION_FAULT);
	check_end(&t);
}
END_TEST

START_TEST(helper_ends)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_helper_end(&t.s);
	ck_assert_uint_eq(t.s.end, 0);
	session_test_text(&t, CALL);
	session_helper_end(&t.s);
	ck_assert_msg(t.s.end == SESSION_TRY_LATER, "before its first word");
	check_end(&t);
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	session_test_say(&t, "=");
	session_helper_end(&t.s);
	ck_assert_uint_eq(t.s.end, SESSION_FAULT);
	check_end(&t);
}
END_TEST

/* Of this machine: the helper is there, and everything is for it. */
START_TEST(local)
{
	struct session_test t;

	session_test_begin(&t, _i == 0 ? MESSAGE_JSONRPC : MESSAGE_LEGACY);
	session_local(&t.s);
	check_line(&t, _i == 0 ? HELLO : LEGACY, "at once");
	if (_i == 0) {
		session_test_text(&t, RPC "\"id\":1,\"method\":"
		    "\"core.ping\"}");
		check_line(&t, RPC "\"id\":1,\"method\":\"core.ping\"}\n",
		    "a ping");
		send_long(&t, SESSION_MESSAGE_LOCAL, "a");
		ck_assert_uint_eq(t.s.end, 0);
		send_long(&t, SESSION_MESSAGE_LOCAL + 1, "a");
		ck_assert_uint_eq(t.s.end, SESSION_TOO_BIG);
	}
	check_end(&t);
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_local(&t.s);
	session_helper_end(&t.s);
	ck_assert_uint_eq(t.s.end, SESSION_TRY_LATER);
	ck_assert(!t.s.wants_helper);
	check_end(&t);
}
END_TEST

/* Who does not read is not read from, on either side. */
START_TEST(slow)
{
	static char text[SESSION_TO_CLIENT_HIGH];
	struct session_test t;

	memset(text, 'x', sizeof(text));
	session_test_begin(&t, MESSAGE_JSONRPC);
	session_test_text(&t, CALL);
	ck_assert(session_reads_client(&t.s) && session_reads_helper(&t.s));
	session_test_say(&t, "=");
	session_helper_bytes(&t.s, text, sizeof(text));
	ck_assert(!session_reads_client(&t.s) && !session_reads_helper(&t.s));
	queue_drop(&t.s.to_client);
	ck_assert(session_reads_client(&t.s) && session_reads_helper(&t.s));
	check_end(&t);

	session_test_begin(&t, MESSAGE_JSONRPC);
	while (t.s.to_helper.len < SESSION_TO_HELPER_HIGH) {
		ck_assert(session_reads_client(&t.s));
		send_long(&t, 8000, "x");
	}
	ck_assert(!session_reads_client(&t.s));
	check_end(&t);
}
END_TEST

START_TEST(budget)
{
	static char text[4096];
	struct session_test t;

	memset(text, ' ', sizeof(text));
	session_test_begin(&t, MESSAGE_JSONRPC);
	t.budget.max = 2048;
	session_text(&t.s, text, 1024, false);
	ck_assert_uint_eq(t.s.end, 0);
	session_text(&t.s, text, 2048, false);
	ck_assert_uint_eq(t.s.end, SESSION_TRY_LATER);
	check_end(&t);
}
END_TEST

START_TEST(binary)
{
	struct session_test t;

	session_test_begin(&t, MESSAGE_JSONRPC);
	session_binary(&t.s);
	ck_assert_uint_eq(t.s.end, SESSION_NO_TEXT);
	ck_assert_str_eq(t.s.reason, "Invalid websocket message type");
	check_end(&t);
}
END_TEST

#define ROWS(table)	(int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("gateway_session");
	TCase *tc = tcase_create("session");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	tcase_add_loop_test(tc, message, 0, ROWS(messages));
	tcase_add_test(tc, legacy);
	tcase_add_test(tc, options);
	tcase_add_test(tc, pings);
	tcase_add_loop_test(tc, size, 0, ROWS(sizes));
	tcase_add_test(tc, parts);
	tcase_add_test(tc, falling_limit);
	tcase_add_test(tc, depth);
	tcase_add_test(tc, outstanding);
	tcase_add_test(tc, interleaved);
	tcase_add_loop_test(tc, say, 0, ROWS(says));
	tcase_add_test(tc, control_too_long);
	tcase_add_test(tc, helper_ends);
	tcase_add_loop_test(tc, local, 0, 2);
	tcase_add_test(tc, slow);
	tcase_add_test(tc, budget);
	tcase_add_test(tc, binary);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
