/* SPDX-License-Identifier: ISC */

/* What another NAS says on a websocket: its head, its frames, its JSON. */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/api.h"
#include "helper/net/ws.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* ---- the upgrade ---- */

/* The example of RFC 6455. */
#define KEY	"dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT	"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

START_TEST(accepts)
{
	char accept[WS_KEY_SIZE];

	ws_accept(KEY, accept);
	ck_assert_str_eq(accept, ACCEPT);
}
END_TEST

#define OK	"HTTP/1.1 101 Switching Protocols\r\n"
#define UP	"Upgrade: websocket\r\n"
#define CO	"Connection: Upgrade\r\n"
#define AC	"Sec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct {
	const char	*head;
	int		 want, status;
} answers[] = {
	{ OK UP CO AC "\r\n", 0, 101 },
	{ OK "upgrade:WebSocket \r\nCONNECTION: keep-alive, UPGRADE\r\n" AC
	  "\r\n", 0, 101 },
	{ "HTTP/1.0 101 \r\n" UP CO AC "\r\n", 0, 101 },
	{ OK CO AC "\r\n", -EPROTO, 101 },
	{ OK UP AC "\r\n", -EPROTO, 101 },
	{ OK UP CO "\r\n", -EPROTO, 101 },
	{ OK UP UP CO AC "\r\n", -EPROTO, 101 },
	{ OK UP CO AC AC "\r\n", -EPROTO, 101 },
	{ OK UP "Connection: close\r\n" AC "\r\n", -EPROTO, 101 },
	{ OK UP "Connection: upgraded\r\n" AC "\r\n", -EPROTO, 101 },
	{ OK UP CO "Sec-WebSocket-Accept: x" ACCEPT "\r\n\r\n", -EPROTO,
	  101 },
	{ OK UP CO AC "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	  -EPROTO, 101 },
	{ OK UP CO AC "Sec-WebSocket-Protocol: x\r\n\r\n", -EPROTO, 101 },
	{ "HTTP/1.1 200 OK\r\n" UP CO AC "\r\n", -EPROTO, 200 },
	{ "HTTP/1.1 404\r\n\r\n", -EPROTO, 404 },
	{ "HTTP/2 101\r\n\r\n", -EBADMSG, 0 },
	{ "HTTP/1.1 1010\r\n\r\n", -EBADMSG, 0 },
	{ "HTTP/1.1 10\r\n\r\n", -EBADMSG, 0 },
	{ "HTTP/1.1", -EBADMSG, 0 },
	{ "220 mail.example\r\n\r\n", -EBADMSG, 0 },
	{ "", -EBADMSG, 0 },
};

START_TEST(answer)
{
	int status;

	ck_assert_msg(ws_read_answer(answers[_i].head, ACCEPT, &status) ==
	    answers[_i].want, "%s", answers[_i].head);
	ck_assert_int_eq(status, answers[_i].status);
}
END_TEST

/* ---- frames ---- */

static const struct {
	const char	*what, *bytes;
	size_t		 n;
	int		 want;
	uint64_t	 len;
} frames[] = {
	{ "a text", "\x81\x05hello", 7, 2, 5 },
	{ "an empty one", "\x81\x00", 2, 2, 0 },
	{ "125 bytes", "\x81\x7d", 2, 2, 125 },
	{ "126 bytes", "\x81\x7e\x00\x7e", 4, 4, 126 },
	{ "65535 bytes", "\x81\x7e\xff\xff", 4, 4, 65535 },
	{ "65536 bytes", "\x81\x7f\0\0\0\0\0\1\0\0", 10, 10, 65536 },
	{ "the largest", "\x81\x7f\0\0\0\0\0\x10\0\0", 10, 10,
	  WS_MESSAGE_MAX },
	{ "one more", "\x81\x7f\0\0\0\0\0\x10\0\1", 10, -EPROTO, 0 },
	{ "all of them", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10,
	  -EPROTO, 0 },
	{ "a long way to say 125", "\x81\x7e\x00\x7d", 4, -EPROTO, 0 },
	{ "a long way to say 65535", "\x81\x7f\0\0\0\0\0\0\xff\xff", 10,
	  -EPROTO, 0 },
	{ "a part", "\x01\x01x", 3, 2, 1 },
	{ "the rest", "\x80\x01x", 3, 2, 1 },
	{ "a ping", "\x89\x7d", 2, 2, 125 },
	{ "a ping in parts", "\x09\x01x", 3, -EPROTO, 0 },
	{ "a long ping", "\x89\x7e\x00\x7e", 4, -EPROTO, 0 },
	{ "binary", "\x82\x01x", 3, -EPROTO, 0 },
	{ "an unknown one", "\x83\x01x", 3, -EPROTO, 0 },
	{ "a bit of an extension", "\xc1\x01x", 3, -EPROTO, 0 },
	{ "masked", "\x81\x81xxxxx", 7, -EPROTO, 0 },
	{ "nothing", "", 0, 0, 0 },
	{ "half a head", "\x81", 1, 0, 0 },
	{ "half a length", "\x81\x7e\x00", 3, 0, 0 },
	{ "half a long one", "\x81\x7f\0\0\0\0\0\1\0", 9, 0, 0 },
};

START_TEST(frame)
{
	struct ws_frame f = { .len = 0 };
	int r;

	r = ws_read_frame((const uint8_t *)frames[_i].bytes, frames[_i].n,
	    &f);
	ck_assert_msg(r == frames[_i].want, "%s: %d", frames[_i].what, r);
	if (r > 0)
		ck_assert_uint_eq(f.len, frames[_i].len);
}
END_TEST

/* ---- answers ---- */

#define ID	"\"id\":\"naskeys-7\""
#define RPC	"{\"jsonrpc\":\"2.0\"," ID ","
#define OLD	"{\"msg\":\"result\"," ID ","

static const struct {
	bool			 legacy;
	const char		*text;
	enum api_outcome	 want;
	int			 number;
	const char		*words;
} texts[] = {
	{ false, RPC "\"result\":1}", API_RESULT, 0, "" },
	{ false, RPC "\"result\":null}", API_RESULT, 0, "" },
	{ false, RPC "\"error\":{\"code\":-32601,\"message\":\"M\"}}",
	  API_NO_METHOD, 201, "M" },
	{ false, RPC "\"error\":{\"code\":-32001,\"message\":\"M\",\"data\":"
	  "{\"error\":201,\"reason\":\"R\"}}}", API_NO_METHOD, 201, "R" },
	{ false, RPC "\"error\":{\"code\":-32602,\"message\":\"M\",\"data\":"
	  "{\"error\":22,\"reason\":\"[EINVAL] a: b\\n[EINVAL] c\\n\"}}}",
	  API_REFUSED, 22, "[EINVAL] a: b [EINVAL] c" },
	{ false, RPC "\"error\":{\"code\":-32000,\"message\":\"M\"}}",
	  API_REFUSED, EFAULT, "M" },
	{ false, RPC "\"error\":{\"data\":{\"error\":-1}}}", API_REFUSED,
	  EFAULT, "" },
	{ false, RPC "\"error\":{\"data\":{\"error\":99999}}}", API_REFUSED,
	  EFAULT, "" },
	{ false, RPC "\"error\":null}", API_NONSENSE, 0, "" },
	{ false, "{\"jsonrpc\":\"2.0\"," ID "}", API_NONSENSE, 0, "" },
	{ false, "{\"jsonrpc\":\"2.0\",\"method\":\"collection_update\","
	  "\"params\":{}}", API_OTHER, 0, "" },
	{ false, "{\"id\":\"naskeys-6\",\"result\":1}", API_OTHER, 0, "" },
	{ false, "{\"id\":7,\"result\":1}", API_OTHER, 0, "" },
	{ false, "{\"id\":null,\"error\":{\"code\":-32700}}", API_NONSENSE,
	  0, "" },
	{ true, OLD "\"result\":false}", API_RESULT, 0, "" },
	{ true, OLD "\"error\":{\"error\":201,\"reason\":\"R\"}}",
	  API_NO_METHOD, 201, "R" },
	{ true, OLD "\"error\":{\"error\":13,\"reason\":\"R\"},"
	  "\"result\":1}", API_REFUSED, 13, "R" },
	{ true, OLD "\"error\":{}}", API_REFUSED, EFAULT, "" },
	{ true, OLD "\"x\":1}", API_NONSENSE, 0, "" },
	{ true, "{\"msg\":\"result\",\"id\":\"naskeys-8\",\"result\":1}",
	  API_OTHER, 0, "" },
	{ true, "{\"msg\":\"changed\",\"collection\":\"x\"}", API_OTHER, 0,
	  "" },
	{ true, "{\"msg\":\"failed\",\"version\":\"1\"}", API_NONSENSE, 0,
	  "" },
	{ true, "{}", API_OTHER, 0, "" },
	{ false, "[]", API_NONSENSE, 0, "" },
	{ false, "1", API_NONSENSE, 0, "" },
	{ false, "", API_NONSENSE, 0, "" },
	{ false, "{\"id\":", API_NONSENSE, 0, "" },
	{ false, RPC "\"result\":1,\"result\":2}", API_NONSENSE, 0, "" },
	{ false, RPC "\"result\":\"\xff\"}", API_NONSENSE, 0, "" },
};

START_TEST(text)
{
	struct api a = { .legacy = texts[_i].legacy, .calls = 7 };
	json_t *result = NULL;
	enum api_outcome r;

	r = api_read(&a, texts[_i].text, strlen(texts[_i].text), &result);
	ck_assert_msg(r == texts[_i].want, "%s: %d", texts[_i].text, r);
	ck_assert_int_eq(result != NULL, r == API_RESULT);
	ck_assert_int_eq(a.number, texts[_i].number);
	ck_assert_str_eq(a.words, texts[_i].words);
	json_decref(result);
}
END_TEST

START_TEST(long_words)
{
	char words[2 * NK_REMOTE_WORDS_MAX];
	struct api a = { .calls = 0 };

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	api_say(&a, words);
	ck_assert_uint_eq(strlen(a.words), NK_REMOTE_WORDS_MAX);
}
END_TEST

/* ---- accounts ---- */

static const struct {
	const char	*rows;
	bool		 ok, no_shell, has_rules, may_replicate;
	const char	*keys;		/* NULL: unknown */
} rows[] = {
	{ "[{\"id\":3,\"sshpubkey\":\"a\",\"shell\":\"/usr/sbin/nologin\","
	  "\"sudo_commands_nopasswd\":[],\"local\":true}]", true, true, true,
	  false, "a" },
	{ "[{\"id\":3,\"sshpubkey\":null,\"shell\":\"/usr/bin/bash\","
	  "\"sudo_commands_nopasswd\":[\"/usr/sbin/zfs\"]}]", true, false,
	  true, true, "" },
	{ "[{\"id\":3,\"sudo_commands_nopasswd\":[1,\"ALL\"]}]", true, false,
	  true, true, NULL },
	/* CORE: no such rules, and no such shell */
	{ "[{\"id\":3,\"shell\":\"/usr/sbin/nologin\"}]", true, false, false,
	  false, NULL },
	{ "[{\"id\":9,\"local\":false,\"sshpubkey\":\"x\"},{\"id\":3,"
	  "\"sshpubkey\":\"y\"}]", true, false, false, false, "y" },
	{ "[{\"id\":9,\"local\":false}]", false, false, false, false, NULL },
	{ "[]", false, false, false, false, NULL },
	{ "{}", false, false, false, false, NULL },
	{ "[1]", false, false, false, false, NULL },
	{ "[{\"id\":\"3\"}]", false, false, false, false, NULL },
	{ "[{}]", false, false, false, false, NULL },
	{ "[{\"id\":3,\"sshpubkey\":1}]", false, false, false, false, NULL },
};

START_TEST(account)
{
	json_t *o = json_loads(rows[_i].rows, 0, NULL);
	struct api_account u;

	ck_assert_ptr_nonnull(o);
	ck_assert_msg(api_read_account(o, &u) == rows[_i].ok, "%s",
	    rows[_i].rows);
	ck_assert_int_eq(u.no_shell, rows[_i].no_shell);
	ck_assert_int_eq(u.has_rules, rows[_i].has_rules);
	ck_assert_int_eq(u.may_replicate, rows[_i].may_replicate);
	ck_assert_int_eq(u.keys == NULL, rows[_i].keys == NULL);
	if (u.keys != NULL)
		ck_assert_str_eq(u.keys, rows[_i].keys);
	if (rows[_i].ok)
		ck_assert_int_eq(u.id, 3);
	api_account_clear(&u);
	json_decref(o);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("net_api");
	TCase *tc = tcase_create("api");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, accepts);
	tcase_add_loop_test(tc, answer, 0, COUNT(answers));
	tcase_add_loop_test(tc, frame, 0, COUNT(frames));
	tcase_add_loop_test(tc, text, 0, COUNT(texts));
	tcase_add_test(tc, long_words);
	tcase_add_loop_test(tc, account, 0, COUNT(rows));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
