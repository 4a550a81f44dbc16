/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/client.h"
#include "tests/unit/tmp.h"

/* ---- decoding ---- */

#define DATA(code, data)	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" \
    code ",\"message\":\"M\",\"data\":" data "},\"id\":7}"

static const struct {
	const char	*what;
	const char	*line;
	int		 want;
	int		 code, number;
	const char	*reason;
} rows[] = {
	{ "result", "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":7}", 0, 0, 0,
	    NULL },
	{ "call error", DATA("-32001", "{\"error\":17,\"errname\":\"EEXIST\","
	    "\"reason\":\"[EEXIST] is there\",\"trace\":null,\"extra\":null}"),
	    -EREMOTEIO, NK_RPC_CALL_ERROR, 17, "is there" },
	{ "reason without a name", DATA("-32001", "{\"error\":22,"
	    "\"reason\":\"MatchNotFound()\"}"), -EREMOTEIO, NK_RPC_CALL_ERROR,
	    22, "MatchNotFound()" },
	{ "reason with another name", DATA("-32001", "{\"error\":22,"
	    "\"reason\":\"[EEXIST] x\"}"), -EREMOTEIO, NK_RPC_CALL_ERROR, 22,
	    "[EEXIST] x" },
	{ "validation", DATA("-32602", "{\"error\":22,\"reason\":\"\","
	    "\"extra\":[[\"a\",\"b\",22],[null,\"c\",2]]}"), -EREMOTEIO,
	    NK_RPC_INVALID_PARAMS, 0, NULL },
	{ "not to be encoded", DATA("-32603", "{\"error\":22,"
	    "\"reason\":\"[EINVAL] x\"}"), -EREMOTEIO, NK_RPC_INTERNAL, 22,
	    "x" },
	{ "no method", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,"
	    "\"message\":\"Method does not exist\"},\"id\":7}", -EREMOTEIO,
	    NK_RPC_NO_METHOD, EPROTO, "Method does not exist" },
	{ "not parsed, null id", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":"
	    "-32700,\"message\":\"P\"},\"id\":null}", -EREMOTEIO,
	    NK_RPC_PARSE_ERROR, EPROTO, "P" },
	{ "notification", "{\"jsonrpc\":\"2.0\",\"method\":\"x\","
	    "\"params\":{}}", 1, 0, 0, NULL },
	/* no answers */
	{ "nothing", "", -EBADMSG, 0, 0, NULL },
	{ "text", "hello", -EBADMSG, 0, 0, NULL },
	{ "array", "[]", -EBADMSG, 0, 0, NULL },
	{ "empty", "{}", -EBADMSG, 0, 0, NULL },
	{ "no version", "{\"result\":1,\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "other version", "{\"jsonrpc\":\"1.0\",\"result\":1,\"id\":7}",
	    -EBADMSG, 0, 0, NULL },
	{ "other id", "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":8}",
	    -EBADMSG, 0, 0, NULL },
	{ "id as text", "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":\"7\"}",
	    -EBADMSG, 0, 0, NULL },
	{ "result without id", "{\"jsonrpc\":\"2.0\",\"result\":1}",
	    -EBADMSG, 0, 0, NULL },
	{ "result with null id", "{\"jsonrpc\":\"2.0\",\"result\":1,"
	    "\"id\":null}", -EBADMSG, 0, 0, NULL },
	{ "neither", "{\"jsonrpc\":\"2.0\",\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "both", "{\"jsonrpc\":\"2.0\",\"result\":1,\"error\":{\"code\":"
	    "-32601,\"message\":\"M\"},\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "result twice", "{\"jsonrpc\":\"2.0\",\"result\":1,\"result\":1,"
	    "\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "more behind", "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":7}x",
	    -EBADMSG, 0, 0, NULL },
	{ "error as text", "{\"jsonrpc\":\"2.0\",\"error\":\"x\",\"id\":7}",
	    -EBADMSG, 0, 0, NULL },
	{ "no code", "{\"jsonrpc\":\"2.0\",\"error\":{\"message\":\"M\"},"
	    "\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "no message", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601},"
	    "\"id\":7}", -EBADMSG, 0, 0, NULL },
	{ "huge code", DATA("-3260199999", "null"), -EBADMSG, 0, 0, NULL },
	{ "call error without data", DATA("-32001", "null"), -EBADMSG, 0, 0,
	    NULL },
	{ "call error without reason", DATA("-32001", "{\"error\":5}"),
	    -EBADMSG, 0, 0, NULL },
	{ "call error without number", DATA("-32001", "{\"reason\":\"x\"}"),
	    -EBADMSG, 0, 0, NULL },
	{ "huge number", DATA("-32001", "{\"error\":4294967313,"
	    "\"reason\":\"x\"}"), -EBADMSG, 0, 0, NULL },
	{ "validation without triples", DATA("-32602", "{\"extra\":null}"),
	    -EBADMSG, 0, 0, NULL },
	{ "validation with none", DATA("-32602", "{\"extra\":[]}"),
	    -EBADMSG, 0, 0, NULL },
	{ "short triple", DATA("-32602", "{\"extra\":[[\"a\",\"b\",22],"
	    "[\"a\",\"b\"]]}"), -EBADMSG, 0, 0, NULL },
	{ "odd triple", DATA("-32602", "{\"extra\":[[5,\"b\",22]]}"),
	    -EBADMSG, 0, 0, NULL },
	{ "text as number", DATA("-32602", "{\"extra\":[[\"a\",\"b\",\"c\"]]}"),
	    -EBADMSG, 0, 0, NULL },
};

START_TEST(decode)
{
	json_t *result;
	struct nk_error e;
	int r;

	nk_error_init(&e);
	r = nk_client_decode(rows[_i].line, strlen(rows[_i].line), 7, &result,
	    &e);
	ck_assert_msg(r == rows[_i].want, "%s: %d", rows[_i].what, r);
	ck_assert((result != NULL) == (r >= 0));
	ck_assert_msg(e.code == rows[_i].code, "%s: %d", rows[_i].what,
	    e.code);
	ck_assert_int_eq(e.number, rows[_i].number);
	if (rows[_i].reason != NULL)
		ck_assert_str_eq(e.reason, rows[_i].reason);
	else
		ck_assert_ptr_null(e.reason);
	ck_assert_uint_eq(json_array_size(e.triples),
	    e.code == NK_RPC_INVALID_PARAMS ? 2 : 0);
	nk_error_clear(&e);
	json_decref(result);
}
END_TEST

/* ---- talking ---- */

static char dir[64];
static char path[sizeof(dir) + 8];

static void
make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(dir, sizeof(dir), "client")));
	(void)snprintf(path, sizeof(path), "%s/sock", dir);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
listen_at(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path, name, strlen(name));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

/* A descriptor that came with the first byte, or -1. */
static int
receive(int fd, char *buf, size_t size)
{
	union {
		char		bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes) };
	int passed = -1;
	size_t len = 1;

	if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) != 1)
		_exit(3);
	if (CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&msg)),
		    sizeof(passed));
	while (buf[len - 1] != '\n') {
		if (len == size || read(fd, buf + len, 1) != 1)
			_exit(4);
		len++;
	}
	buf[len - 1] = '\0';
	return passed;
}

/*
 * Accept once, read a request, answer with "answer" (in pieces of "piece"
 * bytes); if it holds "%s", that is the first line of the passed file.
 */
static pid_t
serve(int fd, const char *answer, size_t piece)
{
	char buf[256], text[64] = "none", line[512];
	size_t len, n;
	pid_t pid;
	int c, passed;

	if ((pid = fork()) != 0)
		return pid;
	if ((c = accept(fd, NULL, NULL)) == -1)
		_exit(2);
	passed = receive(c, buf, sizeof(buf));
	if (passed != -1 && read(passed, text, 5) != 5)
		_exit(5);
	if (answer == NULL)
		_exit(0);
	if (strstr(answer, "%s") != NULL) {
		len = (size_t)(strstr(answer, "%s") - answer);
		(void)snprintf(line, sizeof(line), "%.*s%.5s%s", (int)len,
		    answer, text, answer + len + 2);
		answer = line;
	}
	for (len = strlen(answer); len > 0; len -= n, answer += n) {
		n = len < piece ? len : piece;
		if (write(c, answer, n) != (ssize_t)n)
			_exit(6);
		usleep(500);
	}
	if (read(c, buf, 1) > 0)
		_exit(7);
	_exit(0);
}

#define OK	"{\"jsonrpc\":\"2.0\",\"result\":\"%s\",\"id\":1}\n"
#define STRANGER	12345
#define NOTE	"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n"

static const struct {
	const char	*what;
	const char	*answer;	/* NULL: hang up */
	size_t		 piece, max;
	bool		 pass;
	int		 want;
	const char	*result;
} talks[] = {
	{ "answer", OK, 1000, 1000, false, 0, "none" },
	{ "answer in pieces", OK, 1, 1000, false, 0, "none" },
	{ "descriptor", OK, 1000, 1000, true, 0, "hello" },
	{ "notifications first", NOTE NOTE OK, 1000, 100, false, 0, "none" },
	{ "notifications in pieces", NOTE NOTE OK, 3, 100, false, 0, "none" },
	{ "just fits", "{\"jsonrpc\":\"2.0\",\"result\":\"abc\",\"id\":1}\n",
	    1000, 39, false, 0, "abc" },
	{ "too long by one",
	    "{\"jsonrpc\":\"2.0\",\"result\":\"abcd\",\"id\":1}\n",
	    1000, 39, false, -EFBIG, NULL },
	{ "too long without end", OK, 5, 10, false, -EFBIG, NULL },
	{ "hangs up", NULL, 1, 1000, false, -ECONNRESET, NULL },
	{ "answers to another", "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":2}\n",
	    1000, 1000, false, -EBADMSG, NULL },
	{ "garbage", "\xff\n", 1000, 1000, false, -EBADMSG, NULL },
	{ "empty line", "\n", 1000, 1000, false, -EBADMSG, NULL },
	{ "no end", "{\"jsonrpc\"", 1000, 1000, false, -ETIMEDOUT, NULL },
	{ "refuses", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,"
	    "\"message\":\"Method does not exist\"},\"id\":1}\n", 1000, 1000,
	    false, -EREMOTEIO, NULL },
};

START_TEST(talk)
{
	struct nk_client_options o = { .owner = getuid(), .timeout = 200,
	    .answer_max = talks[_i].max };
	struct nk_client *c;
	struct nk_error e;
	json_t *result, *params = json_pack("[s]", "x");
	int fd, file = -1, r, status;
	pid_t pid;

	make_dir();
	fd = listen_at(path);
	pid = serve(fd, talks[_i].answer, talks[_i].piece);
	if (talks[_i].pass) {
		file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		ck_assert_int_eq(write(file, "hello", 5), 5);
		ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	}
	ck_assert_int_eq(nk_client_connect(&c, path, &o), 0);
	nk_error_init(&e);
	r = nk_client_call(c, "test.call", params, file, &result, &e);
	nk_client_free(c);
	ck_assert_msg(r == talks[_i].want, "%s: %d", talks[_i].what, r);
	ck_assert((result != NULL) == (r >= 0));
	ck_assert(nk_error_is_set(&e) == (r == -EREMOTEIO));
	if (r == 0)
		ck_assert_str_eq(json_string_value(result), talks[_i].result);
	nk_error_clear(&e);
	json_decref(result);
	json_decref(params);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (talks[_i].want == 0)
		ck_assert_int_eq(status, 0);
	if (file != -1)
		close(file);
	close(fd);
	remove_dir();
}
END_TEST

/* A request that no socket buffer holds, and an answer after all of it. */
START_TEST(large_request)
{
	struct nk_client_options o = { .owner = getuid(), .timeout = 5000,
	    .answer_max = 1000 };
	size_t size = 3000000;
	char *text = malloc(size + 1), buf[4096];
	struct nk_client *client;
	struct nk_error e;
	json_t *params, *result;
	pid_t pid;
	int fd, c;
	ssize_t n;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', size);
	text[size] = '\0';
	ck_assert_ptr_nonnull(params = json_pack("[s]", text));
	make_dir();
	fd = listen_at(path);
	if ((pid = fork()) == 0) {
		if ((c = accept(fd, NULL, NULL)) == -1)
			_exit(1);
		do {
			n = read(c, buf, sizeof(buf));
		} while (n > 0 && buf[n - 1] != '\n');
		if (dprintf(c, "{\"jsonrpc\":\"2.0\",\"result\":1,\"id\":1}\n")
		    < 0)
			_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(nk_client_connect(&client, path, &o), 0);
	nk_error_init(&e);
	ck_assert_int_eq(nk_client_call(client, "x", params, -1, &result, &e),
	    0);
	nk_client_free(client);
	json_decref(result);
	json_decref(params);
	free(text);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(fd);
	remove_dir();
}
END_TEST

/* Whoever refuses a request unread has its answer heard all the same. */
START_TEST(early_answer)
{
	struct nk_client_options o = { .owner = getuid(), .timeout = 5000,
	    .answer_max = 1000 };
	size_t size = 3000000;
	char *text = malloc(size + 1);
	struct nk_client *client;
	struct nk_error e;
	json_t *params, *result;
	pid_t pid;
	int fd, c;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', size);
	text[size] = '\0';
	ck_assert_ptr_nonnull(params = json_pack("[s]", text));
	make_dir();
	fd = listen_at(path);
	if ((pid = fork()) == 0) {
		if ((c = accept(fd, NULL, NULL)) == -1 || read(c, text, 1) != 1)
			_exit(1);
		if (dprintf(c, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,"
		    "\"message\":\"Too long\"},\"id\":null}\n") < 0)
			_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(nk_client_connect(&client, path, &o), 0);
	nk_error_init(&e);
	ck_assert_int_eq(nk_client_call(client, "x", params, -1, &result, &e),
	    -EREMOTEIO);
	ck_assert_str_eq(e.reason, "Too long");
	nk_error_clear(&e);
	nk_client_free(client);
	json_decref(params);
	free(text);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(fd);
	remove_dir();
}
END_TEST

/* ---- who listens ---- */

START_TEST(connect_refused)
{
	struct nk_client_options o = { .owner = getuid(), .answer_max = 10 };
	char name[200];
	struct nk_client *c;
	int fd;

	make_dir();
	ck_assert_int_eq(nk_client_connect(&c, path, &o), -ENOENT);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(nk_client_connect(&c, "", &o), -ENAMETOOLONG);
	memset(name, 'a', sizeof(name));
	name[108] = '\0';
	ck_assert_int_eq(nk_client_connect(&c, name, &o), -ENAMETOOLONG);
	name[107] = '\0';
	ck_assert_int_eq(nk_client_connect(&c, name, &o), -ENOENT);
	fd = listen_at(path);
	close(fd);
	ck_assert_int_eq(nk_client_connect(&c, path, &o), -ECONNREFUSED);
	remove_dir();
}
END_TEST

/* Only root can listen as somebody else. */
START_TEST(stranger_listens)
{
	struct nk_client_options o = { .owner = 0, .answer_max = 10 };
	struct nk_client *c;
	int fd;

	if (getuid() != 0)
		return;
	make_dir();
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(seteuid(STRANGER), 0);
	fd = listen_at(path);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(nk_client_connect(&c, path, &o), -EPERM);
	ck_assert_ptr_null(c);
	o.owner = STRANGER;
	ck_assert_int_eq(nk_client_connect(&c, path, &o), 0);
	nk_client_free(c);
	close(fd);
	remove_dir();
}
END_TEST

/* ---- a helper of our own ---- */

/*
 * The shell stands for the helper: what it finds on its descriptors and in
 * its environment is the answer.
 */
static const struct {
	const char	*what;
	const char	*script;
	const char	*want;
} scripts[] = {
	{ "answers", "read l; echo '{\"jsonrpc\":\"2.0\",\"result\":\"x\","
	    "\"id\":1}'", "x" },
	{ "no environment", "read l; e=$(/usr/bin/env | grep -v -e ^PWD= "
	    "-e ^SHLVL= -e ^OLDPWD= -e ^_=); "
	    "echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"result\\\":"
	    "\\\"$e\\\",\\\"id\\\":1}\"", "" },
	{ "nothing open beside", "read l; e=; for n in 3 4 5 6 7 8 9 40; do "
	    "[ -e /proc/$$/fd/$n ] && e=$e$n; done; "
	    "echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"result\\\":"
	    "\\\"$e\\\",\\\"id\\\":1}\"", "" },
	{ "arguments", "read l; echo \"{\\\"jsonrpc\\\":\\\"2.0\\\","
	    "\\\"result\\\":\\\"$0 $1\\\",\\\"id\\\":1}\"", "zero one" },
};

START_TEST(spawned)
{
	struct nk_client_options o = { .timeout = 5000, .answer_max = 1000 };
	const char *const argv[] = { "sh", "-c", scripts[_i].script, "zero",
	    "one", NULL };
	struct nk_client *c;
	struct nk_error e;
	json_t *result;
	int fd;

	ck_assert_int_eq(fd = dup2(2, 40), 40);	/* inherited, unless closed */
	ck_assert_int_eq(nk_client_spawn(&c, "/bin/sh", argv, &o), 0);
	nk_error_init(&e);
	ck_assert_int_eq(nk_client_call(c, "x", NULL, -1, &result, &e), 0);
	ck_assert_msg(strcmp(json_string_value(result), scripts[_i].want) ==
	    0, "%s: %s", scripts[_i].what, json_string_value(result));
	json_decref(result);
	nk_client_free(c);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	close(fd);
}
END_TEST

START_TEST(spawn_fails)
{
	struct nk_client_options o = { .timeout = 5000, .answer_max = 1000 };
	const char *const argv[] = { "sh", "-c", "exit 1", NULL };
	struct nk_client *c;
	struct nk_error e;
	json_t *result;

	ck_assert_int_eq(nk_client_spawn(&c, "/nonexistent/helper", argv, &o),
	    -ENOENT);
	ck_assert_ptr_null(c);
	ck_assert_int_eq(nk_client_spawn(&c, "/", argv, &o), -EACCES);
	ck_assert_int_eq(nk_client_spawn(&c, "/bin/sh", argv, &o), 0);
	nk_error_init(&e);
	ck_assert_int_eq(nk_client_call(c, "x", NULL, -1, &result, &e),
	    -ECONNRESET);
	ck_assert(!nk_error_is_set(&e));
	nk_client_free(c);
	nk_client_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_client");
	TCase *tc = tcase_create("client");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	nk_json_wipe_memory();
	tcase_set_timeout(tc, 20);
	LOOP(decode, rows);
	LOOP(talk, talks);
	LOOP(spawned, scripts);
#undef LOOP
	tcase_add_test(tc, large_request);
	tcase_add_test(tc, early_answer);
	tcase_add_test(tc, connect_refused);
	tcase_add_test(tc, stranger_listens);
	tcase_add_test(tc, spawn_fails);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
