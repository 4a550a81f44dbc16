/* SPDX-License-Identifier: ISC */
/* The module's side, against a listener that behaves in every way but well. */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/pamsock/client.h"
#include "tests/unit/tmp.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define HEAD(code, hi, lo) \
	"\1" code "\0\0\0\0" hi lo

static char folder[64], path[96];
static int listener = -1;
static pid_t child;

static void
setup(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	ck_assert_ptr_nonnull(mkdtemp(tmp_name(folder, sizeof(folder),
	    "pamsock")));
	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/s", folder),
	    (int)sizeof(path));
	memcpy(sun.sun_path, path, strlen(path) + 1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(listener, -1);
	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&sun,
	    sizeof(sun)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	child = 0;
}

static void
teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(listener);
	unlink(path);
	rmdir(folder);
}

/* Answer one request with these bytes, each by itself, then stay or go. */
static void
answer_with(const char *bytes, size_t len, bool stay)
{
	uint8_t request[NK_FRAME_MAX];
	size_t i;
	int fd;

	if ((child = fork()) != 0) {
		ck_assert_int_ne(child, -1);
		return;
	}
	if ((fd = accept(listener, NULL, NULL)) == -1 ||
	    recv(fd, request, sizeof(request), 0) <= 0)
		_exit(1);
	for (i = 0; i < len; i++) {
		if (send(fd, bytes + i, 1, MSG_NOSIGNAL) != 1)
			_exit(1);
	}
	while (stay)
		pause();
	_exit(0);
}

static struct nk_frame
verify(void)
{
	struct nk_frame f = { .op = NK_FRAME_VERIFY };

	nk_frame_set(&f, 0, "alice");
	nk_frame_set(&f, 1, "secret");
	return f;
}

static const struct {
	const char	*what;
	const char	*bytes;
	size_t		 len;
	bool		 stay;
	int		 want;
	enum nk_frame_code code;
	const char	*text;
} answers[] = {
	{ "no text", HEAD("\1", "\0", "\0"), 8, true, 0, NK_FRAME_OK, "" },
	{ "a text", HEAD("\7", "\0", "\3") "abc", 11, true, 0,
	    NK_FRAME_AUTHTOK_ERR, "abc" },
	{ "hung up after it", HEAD("\3", "\0", "\0"), 8, false, 0,
	    NK_FRAME_AUTH_ERR, "" },
	{ "more text than room", HEAD("\3", "\0", "\12") "0123456789", 18,
	    true, 0, NK_FRAME_AUTH_ERR, "0123456" },
	{ "more for the agent than room", HEAD("\2", "\0", "\12")
	    "0123456789", 18, true, -EMSGSIZE, 0, NULL },
	{ "nothing", "", 0, true, -ETIMEDOUT, 0, NULL },
	{ "hung up at once", "", 0, false, -EPIPE, 0, NULL },
	{ "half a head", "\1\1\0\0", 4, true, -ETIMEDOUT, 0, NULL },
	{ "half a head, hung up", "\1\1\0\0", 4, false, -EPIPE, 0, NULL },
	{ "half a text", HEAD("\1", "\0", "\4") "ab", 10, true, -ETIMEDOUT,
	    0, NULL },
	{ "another version", "\2\1\0\0\0\0\0\0", 8, true, -EBADMSG, 0,
	    NULL },
	{ "no such code", HEAD("\11", "\0", "\0"), 8, true, -EBADMSG, 0,
	    NULL },
	{ "code 0", HEAD("\0", "\0", "\0"), 8, true, -EBADMSG, 0, NULL },
	{ "too long a text", HEAD("\1", "\2", "\1"), 8, true, -EBADMSG, 0,
	    NULL },
	{ "JSON", "{\"error\":1}", 11, true, -EBADMSG, 0, NULL },
};

START_TEST(ask)
{
	struct nk_pamsock s;
	struct nk_frame f = verify();
	enum nk_frame_code code = 0;
	char text[8] = "";
	size_t len = 0;

	answer_with(answers[_i].bytes, answers[_i].len, answers[_i].stay);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), 0);
	ck_assert_msg(nk_pamsock_ask(&s, &f, &code, text, sizeof(text),
	    &len) == answers[_i].want, "%s", answers[_i].what);
	if (answers[_i].want == 0) {
		ck_assert_int_eq(code, answers[_i].code);
		ck_assert_str_eq(text, answers[_i].text);
		ck_assert_uint_eq(len, strlen(text));
	}
	nk_pamsock_close(&s);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

/* Nobody has accepted: it takes no longer than it may. */
START_TEST(nobody_accepts)
{
	struct nk_pamsock s;
	struct nk_frame f = verify();
	struct timespec from, to;
	enum nk_frame_code code;
	char text[8];
	size_t len;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &from), 0);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 200), 0);
	ck_assert_int_eq(nk_pamsock_ask(&s, &f, &code, text, sizeof(text),
	    &len), -ETIMEDOUT);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &to), 0);
	ck_assert_int_ge((to.tv_sec - from.tv_sec) * 1000 +
	    (to.tv_nsec - from.tv_nsec) / 1000000, 199);
	nk_pamsock_close(&s);
}
END_TEST

START_TEST(somebody_else_listens)
{
	struct nk_pamsock s;

	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid() + 1, 300),
	    -EPERM);
	nk_pamsock_close(&s);
}
END_TEST

START_TEST(nobody_listens)
{
	struct nk_pamsock s;
	char name[200];

	close(listener);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300),
	    -ECONNREFUSED);
	nk_pamsock_close(&s);
	unlink(path);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), -ENOENT);
	nk_pamsock_close(&s);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(nk_pamsock_open(&s, name, geteuid(), 300),
	    -ENAMETOOLONG);
	nk_pamsock_close(&s);
}
END_TEST

/* What is only told is there, whole, after we have gone. */
START_TEST(tell)
{
	struct nk_frame f = { .op = NK_FRAME_SUCCESS }, g;
	uint8_t got[NK_FRAME_MAX];
	struct nk_pamsock s;
	ssize_t n;
	int fd;

	nk_frame_set(&f, 0, "alice");
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), 0);
	ck_assert_int_eq(nk_pamsock_tell(&s, &f), 0);
	nk_pamsock_close(&s);
	ck_assert_int_ne(fd = accept(listener, NULL, NULL), -1);
	n = recv(fd, got, sizeof(got), 0);
	ck_assert_int_gt((int)n, 0);
	ck_assert_int_eq(nk_frame_parse(got, (size_t)n, &g), 0);
	ck_assert_int_eq(g.op, NK_FRAME_SUCCESS);
	ck_assert_mem_eq(g.field[0].p, "alice", 5);
	close(fd);
}
END_TEST

START_TEST(tell_is_not_ask)
{
	struct nk_pamsock s = NK_PAMSOCK_NONE;
	struct nk_frame f = verify();
	enum nk_frame_code code;
	char text[8];
	size_t len;

	ck_assert_int_eq(nk_pamsock_tell(&s, &f), -EINVAL);
	f.op = NK_FRAME_SUCCESS;
	ck_assert_int_eq(nk_pamsock_ask(&s, &f, &code, text, sizeof(text),
	    &len), -EINVAL);
}
END_TEST

/* Whoever reads nothing does not keep us. */
START_TEST(told_nobody)
{
	struct nk_frame f = { .op = NK_FRAME_SESSION_OPEN };
	static char info[NK_FRAME_INFO_MAX + 1];
	struct nk_pamsock s;
	int i, r = 0;

	memset(info, 'x', sizeof(info) - 1);
	nk_frame_set(&f, 0, "alice");
	nk_frame_set(&f, 4, info);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), 0);
	for (i = 0; i < 1000 && r == 0; i++)
		r = nk_pamsock_tell(&s, &f);
	ck_assert_int_eq(r, -EAGAIN);
	nk_pamsock_close(&s);
}
END_TEST

/* A gone reader is an error, not a signal. */
START_TEST(no_signal)
{
	struct nk_frame f = verify();
	enum nk_frame_code code;
	struct nk_pamsock s;
	char text[8];
	size_t len;
	int fd, r;

	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), 0);
	ck_assert_int_ne(fd = accept(listener, NULL, NULL), -1);
	close(fd);
	r = nk_pamsock_ask(&s, &f, &code, text, sizeof(text), &len);
	ck_assert_int_eq(r, -EPIPE);
	nk_pamsock_close(&s);
}
END_TEST

START_TEST(standard_descriptors_stay_free)
{
	struct nk_pamsock s;
	int saved = dup(0);

	ck_assert_int_gt(saved, 2);
	close(0);
	ck_assert_int_eq(nk_pamsock_open(&s, path, geteuid(), 300), 0);
	ck_assert_int_gt(s.fd, 2);
	ck_assert_int_eq(dup2(saved, 0), 0);
	nk_pamsock_close(&s);
	close(saved);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pamsock_client");
	TCase *tc = tcase_create("client");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, ask, 0, COUNT(answers));
	tcase_add_test(tc, nobody_accepts);
	tcase_add_test(tc, somebody_else_listens);
	tcase_add_test(tc, nobody_listens);
	tcase_add_test(tc, tell);
	tcase_add_test(tc, tell_is_not_ask);
	tcase_add_test(tc, told_nobody);
	tcase_add_test(tc, no_signal);
	tcase_add_test(tc, standard_descriptors_stay_free);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
