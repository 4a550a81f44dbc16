/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

/* What the hooks and methods below are told, and what they saw. */
static struct {
	enum nk_rank	rank;
	int		rights;		/* result of the hook */
	int		rate;
	unsigned int	calls, rates;
	enum nk_rank	seen;		/* by the method */
} world;

static int
echo(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)e;
	world.calls++;
	world.seen = c->rank;
	*resultp = json_incref(params);
	return 0;
}

static int
fail_plain(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)resultp;
	(void)e;
	world.calls++;
	return -(int)json_integer_value(json_array_get(params, 0));
}

static int
fail_call(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	(void)c;
	(void)params;
	/* A result that stands beside an error is not shown. */
	*resultp = json_string("never seen");
	r = nk_error_call(e, EEXIST, "bad byte \xff in \"%s\"", "x");
	e->extra = json_integer(7);
	return r;
}

static int
fail_bare(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	(void)c;
	(void)params;
	(void)resultp;
	r = nk_error_call(e, EINVAL, "MatchNotFound()");
	e->plain = true;
	return r;
}

static int
fail_valid(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)resultp;
	nk_error_add(e, "user.name", EEXIST, "taken");
	nk_error_add(e, NULL, ENOENT, "User %d does not exist", 5);
	nk_error_add(e, "", EINVAL, "odd");
	return -EINVAL;
}

static int
no_result(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)resultp;
	(void)e;
	return 0;
}

static int
not_json(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)e;
	*resultp = json_string_nocheck("\xff");
	return 0;
}

static int
newline(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)e;
	*resultp = json_string("a\nb\r\t");
	return 0;
}

static const struct nk_arg any_args[] = {
	{ .name = "a", .type = NK_ARG_ANY },
	{ .name = "b", .type = NK_ARG_ANY },
	{ .name = NULL },
};

static const struct nk_arg one_int[] = {
	{ .name = "n", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

static const struct nk_method methods[] = {
	{ "t.echo", NK_RIGHT_USER, NK_READS, any_args, echo },
	{ "t.ping", NK_RIGHT_ANYBODY, NK_READS, any_args, echo },
	{ "t.edit", NK_RIGHT_USER, NK_EDITS, any_args, echo },
	{ "t.admin", NK_RIGHT_ADMIN, NK_READS, any_args, echo },
	{ "t.root", NK_RIGHT_ROOT, NK_READS, any_args, echo },
	{ "t.int", NK_RIGHT_USER, NK_READS, one_int, echo },
	{ "t.plain", NK_RIGHT_USER, NK_READS, one_int, fail_plain },
	{ "t.call", NK_RIGHT_USER, NK_READS, NULL, fail_call },
	{ "t.bare", NK_RIGHT_USER, NK_READS, NULL, fail_bare },
	{ "t.valid", NK_RIGHT_USER, NK_READS, NULL, fail_valid },
	{ "t.nothing", NK_RIGHT_USER, NK_READS, NULL, no_result },
	{ "t.notjson", NK_RIGHT_USER, NK_READS, NULL, not_json },
	{ "t.newline", NK_RIGHT_USER, NK_READS, NULL, newline },
};

static const struct nk_method *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	}
	return NULL;
}

static int
rights(struct nk_context *c)
{
	c->rank = world.rank;
	return world.rights;
}

static int
rate(struct nk_context *c)
{
	(void)c;
	world.rates++;
	return world.rate;
}

static const struct nk_rpc_hooks hooks = {
	.find = find, .rights = rights, .rate = rate,
};

static void
reset(enum nk_rank rank)
{
	memset(&world, 0, sizeof(world));
	world.rank = rank;
}

/* The answer, to be freed with nk_rpc_free(), or NULL. */
static char *
ask(const char *line, size_t len, size_t *lenp)
{
	struct nk_context c = { .passed_fd = -1 };
	char *answer;

	ck_assert_int_eq(nk_rpc_handle_with(&hooks, &c, line, len, &answer,
	    lenp), 0);
	if (answer != NULL) {
		ck_assert_uint_eq(strlen(answer), *lenp);
		ck_assert_ptr_null(strchr(answer, '\n'));
	}
	return answer;
}

#define REFUSED(code, text, id)	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" \
    code ",\"message\":\"" text "\"},\"id\":" id "}"
#define PARSE(text)	REFUSED("-32700", "Message is not valid JSON: " text, \
    "null")
#define CALL_ERROR(number, name, reason, extra) \
    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":" \
    "\"Method call error\",\"data\":{\"error\":" number ",\"errname\":\"" \
    name "\",\"reason\":\"" reason "\",\"trace\":null,\"extra\":" extra \
    "}},\"id\":1}"
#define RESULT(text, id) "{\"jsonrpc\":\"2.0\",\"result\":" text ",\"id\":" \
    id "}"
#define CALL(method, rest)	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" \
    method "\"" rest "}"

static const struct {
	const char	*what;
	const char	*in;
	const char	*out;	/* NULL: no answer */
} rows[] = {
	/* accepted */
	{ "no params", CALL("t.echo", ""), RESULT("[]", "1") },
	{ "params", CALL("t.echo", ",\"params\":[1,{\"a\":null}]"),
	    RESULT("[1,{\"a\":null}]", "1") },
	{ "null id", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"t.echo\"}",
	    RESULT("[]", "null") },
	{ "text id", "{\"jsonrpc\":\"2.0\",\"id\":\"\xc3\xa9\",\"method\":"
	    "\"t.echo\"}", RESULT("[]", "\"\xc3\xa9\"") },
	{ "other members", CALL("t.echo", ",\"odd\":true"),
	    RESULT("[]", "1") },
	{ "white space", " \t\r\n" CALL("t.echo", "") " ",
	    RESULT("[]", "1") },
	{ "result with a newline", CALL("t.newline", ""),
	    RESULT("\"a\\nb\\r\\t\"", "1") },
	/* never answered */
	{ "notification",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"t.echo\"}", NULL },
	{ "notification of nothing",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"t.none\"}", NULL },
	{ "notification that fails",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"t.call\"}", NULL },
	{ "notification with bad params",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"t.echo\",\"params\":{}}", NULL },
	{ "notification of another version", "{\"method\":\"t.echo\"}", NULL },
	{ "empty object", "{}", NULL },
	/* not JSON */
	{ "nothing", "", PARSE("the message is cut off at byte 0") },
	{ "text", "hello", PARSE("a syntax error at byte 5") },
	{ "two messages", CALL("t.echo", "") "{}",
	    PARSE("more follows after the message at byte 43") },
	{ "cut", "{\"jsonrpc\":\"2.0\"",
	    PARSE("the message is cut off at byte 16") },
	{ "cut text", "{\"jsonrpc", PARSE("the message is cut off at byte 9") },
	{ "secret is not quoted", "{\"password\":hunter2",
	    PARSE("a syntax error at byte 18") },
	{ "trailing comma", "[1,]", PARSE("a syntax error at byte 4") },
	{ "not UTF-8", "{\"a\":\"\xff\"}",
	    PARSE("invalid UTF-8 at byte 6") },
	{ "overlong", "{\"a\":\"\xc0\x80\"}",
	    PARSE("invalid UTF-8 at byte 6") },
	{ "surrogate", "{\"a\":\"\xed\xa0\x80\"}",
	    PARSE("invalid UTF-8 at byte 6") },
	{ "escaped half", "{\"a\":\"\\ud800\"}",
	    PARSE("a syntax error at byte 13") },
	{ "escaped NUL", "{\"a\":\"\\u0000\"}",
	    PARSE("U+0000 is not allowed at byte 13") },
	{ "escaped NUL in a key", "{\"\\u0000\":1}",
	    PARSE("U+0000 is not allowed at byte 9") },
	{ "twice", "{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}",
	    PARSE("a member stands twice in an object at byte 26") },
	{ "twice below", CALL("t.echo",
	    ",\"params\":[{\"a\":1,\"a\":2}]"),
	    PARSE("a member stands twice in an object at byte 62") },
	{ "huge integer", "[99999999999999999999]",
	    PARSE("a number is too large at byte 21") },
	{ "huge real", "[1e999]", PARSE("a number is too large at byte 6") },
	{ "NaN", "[NaN]", PARSE("a syntax error at byte 4") },
	/* no request */
	{ "batch", "[" CALL("t.echo", "") "]", REFUSED("-32700",
	    "Batch messages are not supported at this time", "null") },
	{ "empty batch", "[]", REFUSED("-32700",
	    "Batch messages are not supported at this time", "null") },
	{ "number", "5", REFUSED("-32700", "Invalid Message Format", "null") },
	{ "string", "\"x\"",
	    REFUSED("-32700", "Invalid Message Format", "null") },
	{ "null", "null",
	    REFUSED("-32700", "Invalid Message Format", "null") },
	{ "no version", "{\"id\":1,\"method\":\"t.echo\"}",
	    REFUSED("-32600", "Missing 'jsonrpc' member", "1") },
	{ "wrong version", "{\"jsonrpc\":\"1.0\",\"id\":1}",
	    REFUSED("-32600", "'jsonrpc' member must be of type string and "
	    "must be exactly '2.0'", "1") },
	{ "version as a number", "{\"jsonrpc\":2.0,\"id\":1}",
	    REFUSED("-32600", "'jsonrpc' member must be of type string and "
	    "must be exactly '2.0'", "1") },
	{ "real id", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"t.echo\"}",
	    REFUSED("-32600",
	    "'id' member must be of type null, string or number", "null") },
	{ "bool id", "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"t.echo\"}",
	    REFUSED("-32600",
	    "'id' member must be of type null, string or number", "null") },
	{ "array id", "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"t.echo\"}",
	    REFUSED("-32600",
	    "'id' member must be of type null, string or number", "null") },
	{ "array id and no version", "{\"id\":[1],\"method\":\"t.echo\"}",
	    REFUSED("-32600", "Missing 'jsonrpc' member", "null") },
	{ "no method", "{\"jsonrpc\":\"2.0\",\"id\":\"a\"}",
	    REFUSED("-32600", "Missing 'method' member", "\"a\"") },
	{ "method as a number", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":1}",
	    REFUSED("-32600", "'method' member must be of type string", "1") },
	{ "empty method", CALL("", ""),
	    REFUSED("-32600", "'method' member must be of type string", "1") },
	{ "params as an object", CALL("t.echo", ",\"params\":{\"a\":1}"),
	    REFUSED("-32600", "'params' member must be of type array", "1") },
	{ "params null", CALL("t.echo", ",\"params\":null"),
	    REFUSED("-32600", "'params' member must be of type array", "1") },
	{ "unknown method", CALL("t.none", ""),
	    REFUSED("-32601", "Method does not exist", "1") },
	{ "method by a prefix", CALL("t.ech", ""),
	    REFUSED("-32601", "Method does not exist", "1") },
	/* refused by the method */
	{ "call error", CALL("t.call", ""), CALL_ERROR("17", "EEXIST",
	    "[EEXIST] bad byte ? in \\\"x\\\"", "7") },
	{ "bare reason", CALL("t.bare", ""),
	    CALL_ERROR("22", "EINVAL", "MatchNotFound()", "null") },
	{ "errno alone", CALL("t.plain", ",\"params\":[28]"),
	    CALL_ERROR("28", "ENOSPC", "[ENOSPC] No space is left on the disk "
	    "or in /run; nothing was changed", "null") },
	{ "errno without a sentence", CALL("t.plain", ",\"params\":[2]"),
	    CALL_ERROR("2", "ENOENT", "[ENOENT] No such file or directory",
	    "null") },
	{ "positive result", CALL("t.plain", ",\"params\":[-1]"),
	    CALL_ERROR("14", "EFAULT", "[EFAULT] t.plain gave no result",
	    "null") },
	{ "no result", CALL("t.nothing", ""),
	    CALL_ERROR("14", "EFAULT", "[EFAULT] t.nothing gave no result",
	    "null") },
	{ "validation errors", CALL("t.valid", ""),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":"
	    "\"Invalid params\",\"data\":{\"error\":22,\"errname\":\"EINVAL\","
	    "\"reason\":\"[EEXIST] user.name: taken\\n[ENOENT] ALL: User 5 "
	    "does not exist\\n[EINVAL] ALL: odd\\n\",\"trace\":null,\"extra\":"
	    "[[\"user.name\",\"taken\",17],[null,\"User 5 does not exist\",2],"
	    "[\"\",\"odd\",22]]}},\"id\":1}" },
	{ "argument of a wrong type", CALL("t.int", ",\"params\":[\"1\"]"),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":"
	    "\"Invalid params\",\"data\":{\"error\":22,\"errname\":\"EINVAL\","
	    "\"reason\":\"[EINVAL] n: Input should be a valid integer\\n\","
	    "\"trace\":null,\"extra\":[[\"n\",\"Input should be a valid "
	    "integer\",22]]}},\"id\":1}" },
	{ "result that is no JSON", CALL("t.notjson", ""),
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":"
	    "\"Failed to JSON serialize server message\",\"data\":{\"error\":"
	    "22,\"errname\":\"EINVAL\",\"reason\":\"[EINVAL] The result cannot "
	    "be written as JSON\",\"trace\":null,\"extra\":null}},\"id\":1}" },
};

START_TEST(message)
{
	size_t len;
	char *answer;

	reset(NK_RANK_USER);
	answer = ask(rows[_i].in, strlen(rows[_i].in), &len);
	if (rows[_i].out == NULL)
		ck_assert_msg(answer == NULL, "%s: %s", rows[_i].what, answer);
	else
		ck_assert_msg(answer != NULL &&
		    strcmp(answer, rows[_i].out) == 0, "%s: %s",
		    rows[_i].what, answer == NULL ? "(none)" : answer);
	nk_rpc_free(answer, len);
}
END_TEST

START_TEST(notification_is_executed)
{
	static const char in[] = "{\"jsonrpc\":\"2.0\",\"method\":\"t.echo\"}";
	size_t len;

	reset(NK_RANK_USER);
	ck_assert_ptr_null(ask(in, strlen(in), &len));
	ck_assert_uint_eq(world.calls, 1);
}
END_TEST

START_TEST(embedded_nul)
{
	static const char in[] = CALL("t.echo", "") "\0 ";
	static const char in2[] = "{\"a\0\":1}";
	size_t len;
	char *answer;

	reset(NK_RANK_USER);
	answer = ask(in, sizeof(in) - 1, &len);
	ck_assert_ptr_nonnull(strstr(answer, "-32700"));
	nk_rpc_free(answer, len);
	answer = ask(in2, sizeof(in2) - 1, &len);
	ck_assert_ptr_nonnull(strstr(answer, "-32700"));
	nk_rpc_free(answer, len);
	ck_assert_uint_eq(world.calls, 0);
}
END_TEST

/* ---- limits ---- */

/* A call whose params nest so deep in all. */
static char *
nested(size_t depth)
{
	static const char head[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"t.echo\",\"params\":";
	size_t n = strlen(head);
	char *s;

	ck_assert_ptr_nonnull(s = malloc(n + 2 * depth + 2));
	memcpy(s, head, n);
	memset(s + n, '[', depth - 1);
	memset(s + n + depth - 1, ']', depth - 1);
	memcpy(s + n + 2 * (depth - 1), "}", 2);
	return s;
}

static const struct {
	size_t		 depth;
	const char	*want;
} depths[] = {
	{ 2,				"\"result\"" },
	{ NK_JSON_DEPTH_MAX,		"\"result\"" },
	{ NK_JSON_DEPTH_MAX + 1,	"Message is nested too deeply" },
	{ 2049,				"Message is nested too deeply" },
	{ 10000,			"Message is nested too deeply" },
	{ 4000000,			"Message is nested too deeply" },
};

START_TEST(depth)
{
	size_t len;
	char *in = nested(depths[_i].depth), *answer;

	reset(NK_RANK_USER);
	answer = ask(in, strlen(in), &len);
	ck_assert_msg(strstr(answer, depths[_i].want) != NULL, "%zu: %.100s",
	    depths[_i].depth, answer);
	nk_rpc_free(answer, len);
	free(in);
}
END_TEST

#define EIGHT	"[[[[[[[["
#define MANY	EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT

static const struct {
	const char	*what;
	const char	*text;
	int		 want;
} scans[] = {
	{ "nothing",			"", 0 },
	{ "brackets in a string",	"\"[[[{{{\"", 0 },
	{ "escaped quote, then a string", "[\"\\\"" MANY "\"]", 0 },
	{ "escaped backslash, no string", "[\"\\\\\"" MANY, -E2BIG },
	{ "just above",			"[" MANY, -E2BIG },
	{ "escape at the end",		"\"\\", 0 },
	{ "closed too often",		"]]]]}}}}", 0 },
	{ "mixed",			"[{]}[{]}", 0 },
};

START_TEST(scan)
{
	const char *why = NULL;

	ck_assert_int_eq(nk_json_scan(scans[_i].text, strlen(scans[_i].text),
	    &why), scans[_i].want);
}
END_TEST

START_TEST(number_of_values)
{
	size_t i, len = 2 * NK_JSON_VALUES_MAX + 1;
	const char *why = NULL;
	char *s;

	ck_assert_ptr_nonnull(s = malloc(len));
	s[0] = '[';
	for (i = 1; i < len; i += 2) {
		s[i] = '1';
		s[i + 1] = ',';
	}
	/* one for the array, one for the first, one for each comma */
	ck_assert_int_eq(nk_json_scan(s, 2 * (NK_JSON_VALUES_MAX - 2) + 1,
	    &why), 0);
	ck_assert_int_eq(nk_json_scan(s, 2 * (NK_JSON_VALUES_MAX - 1) + 1,
	    &why), -E2BIG);
	ck_assert_str_eq(why, "Message has too many values");
	free(s);
}
END_TEST

/* ---- rights and rate ---- */

#define DENIED	"\"error\":13,\"errname\":\"EACCES\",\"reason\":" \
    "\"[EACCES] Not authorized\""
#define NOBODY	"\"error\":207,\"errname\":\"ENOTAUTHENTICATED\",\"reason\":" \
    "\"[ENOTAUTHENTICATED] Not authenticated\""
#define DONE	"\"result\":[]"

static const struct {
	const char	*method;
	const char	*want[NK_RANK_ROOT + 1];
} matrix[] = {
	{ "t.ping",	{ DONE, DONE, DONE, DONE } },
	{ "t.echo",	{ NOBODY, DONE, DONE, DONE } },
	{ "t.admin",	{ NOBODY, DENIED, DONE, DONE } },
	{ "t.root",	{ NOBODY, DENIED, DENIED, DONE } },
};

START_TEST(right)
{
	char in[128], *answer;
	size_t len;
	int rank;

	(void)snprintf(in, sizeof(in), CALL("%s", ""), matrix[_i].method);
	for (rank = NK_RANK_NOBODY; rank <= NK_RANK_ROOT; rank++) {
		reset((enum nk_rank)rank);
		answer = ask(in, strlen(in), &len);
		ck_assert_msg(strstr(answer, matrix[_i].want[rank]) != NULL,
		    "%s as %d: %s", matrix[_i].method, rank, answer);
		ck_assert_uint_eq(world.calls, strcmp(matrix[_i].want[rank],
		    DONE) == 0 ? 1 : 0);
		nk_rpc_free(answer, len);
	}
}
END_TEST

static const struct {
	const char	*what;
	const char	*in;
	enum nk_rank	 rank;
	int		 rights, rate;
	const char	*want;
	unsigned int	 calls, rates;
} asks[] = {
	{ "user's edit", CALL("t.edit", ""), NK_RANK_USER, 0, 0, DONE, 1, 1 },
	{ "no edit left", CALL("t.edit", ""), NK_RANK_USER, 0, -EAGAIN,
	    "\"error\":16,\"errname\":\"EBUSY\",\"reason\":"
	    "\"[EBUSY] Rate Limit Exceeded\"", 0, 1 },
	{ "rate unknown", CALL("t.edit", ""), NK_RANK_USER, 0, -EIO,
	    "\"error\":5", 0, 1 },
	{ "malformed edit counts", CALL("t.edit", ",\"params\":[1,2,3]"),
	    NK_RANK_USER, 0, 0, "-32602", 0, 1 },
	{ "administrator's edit", CALL("t.edit", ""), NK_RANK_ADMIN, 0,
	    -EAGAIN, DONE, 1, 0 },
	{ "root's edit", CALL("t.edit", ""), NK_RANK_ROOT, 0, -EAGAIN, DONE,
	    1, 0 },
	{ "nobody's edit", CALL("t.edit", ""), NK_RANK_NOBODY, 0, 0, NOBODY,
	    0, 0 },
	{ "user's reading", CALL("t.echo", ""), NK_RANK_USER, 0, -EAGAIN,
	    DONE, 1, 0 },
	{ "rights unknown", CALL("t.echo", ""), NK_RANK_ROOT, -EBADMSG, 0,
	    "\"[EBADMSG] The store is damaged; run naskeysctl check\"",
	    0, 0 },
	{ "rights unknown, root's method", CALL("t.root", ""), NK_RANK_ROOT,
	    -EBUSY, 0, "\"error\":16", 0, 0 },
	{ "rights unknown, anybody's method", CALL("t.ping", ""),
	    NK_RANK_ROOT, -EBADMSG, 0, DONE, 1, 0 },
};

START_TEST(admission)
{
	size_t len;
	char *answer;

	reset(asks[_i].rank);
	world.rights = asks[_i].rights;
	world.rate = asks[_i].rate;
	answer = ask(asks[_i].in, strlen(asks[_i].in), &len);
	ck_assert_msg(strstr(answer, asks[_i].want) != NULL, "%s: %s",
	    asks[_i].what, answer);
	ck_assert_uint_eq(world.calls, asks[_i].calls);
	if (world.calls > 0)
		ck_assert_int_eq((int)world.seen, asks[_i].rights < 0 ?
		    NK_RANK_NOBODY : (int)asks[_i].rank);
	ck_assert_uint_eq(world.rates, asks[_i].rates);
	nk_rpc_free(answer, len);
}
END_TEST

/* ---- errors ---- */

START_TEST(errno_names)
{
	int i;

	/* Only where a number has two names does the C library differ. */
	for (i = 1; i < 140; i++) {
		const char *libc = strerrorname_np(i);

		if (i == EDEADLK)
			libc = "EDEADLOCK";
		else if (i == ENOTSUP)
			libc = "ENOTSUP";
		else if (libc == NULL)
			libc = "EUNKNOWN";
		ck_assert_str_eq(nk_errno_name(i), libc);
	}
	ck_assert_str_eq(nk_errno_name(201), "ENOMETHOD");
	ck_assert_str_eq(nk_errno_name(207), "ENOTAUTHENTICATED");
	ck_assert_str_eq(nk_errno_name(210), "EHAUNAVAILABLE");
	ck_assert_str_eq(nk_errno_name(211), "EUNKNOWN");
	ck_assert_str_eq(nk_errno_name(200), "EUNKNOWN");
	ck_assert_str_eq(nk_errno_name(0), "EUNKNOWN");
	ck_assert_str_eq(nk_errno_name(-1), "EUNKNOWN");
	ck_assert_str_eq(nk_errno_name(1000000), "EUNKNOWN");
}
END_TEST

START_TEST(error_rules)
{
	struct nk_error e;
	int i;

	nk_error_init(&e);
	ck_assert(!nk_error_is_set(&e));
	for (i = 0; i < NK_ERRORS_MAX + 5; i++)
		nk_error_add(&e, "a", EINVAL, "%d", i);
	ck_assert_uint_eq(json_array_size(e.triples), NK_ERRORS_MAX);
	ck_assert_int_eq(e.code, NK_RPC_INVALID_PARAMS);

	/* A call error replaces them, and is not replaced by another. */
	ck_assert_int_eq(nk_error_call(&e, EPERM, "no"), -EPERM);
	ck_assert_ptr_null(e.triples);
	nk_error_add(&e, "a", EINVAL, "more");
	ck_assert_int_eq(e.code, NK_RPC_CALL_ERROR);
	ck_assert_ptr_null(e.triples);
	ck_assert_int_eq(nk_error_call(&e, 0, "%s twice", e.reason), -EFAULT);
	ck_assert_str_eq(e.reason, "no twice");
	nk_error_clear(&e);
	ck_assert(!nk_error_is_set(&e));
	nk_error_clear(&e);
}
END_TEST

static Suite *
message_suite(void)
{
	Suite *s = suite_create("rpc_message");
	TCase *tc = tcase_create("message");

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	LOOP(message, rows);
	LOOP(depth, depths);
	LOOP(scan, scans);
	LOOP(right, matrix);
	LOOP(admission, asks);
#undef LOOP
	tcase_add_test(tc, notification_is_executed);
	tcase_add_test(tc, embedded_nul);
	tcase_add_test(tc, number_of_values);
	tcase_add_test(tc, errno_names);
	tcase_add_test(tc, error_rules);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *sr;
	int failed;

	nk_json_wipe_memory();
	sr = srunner_create(message_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
