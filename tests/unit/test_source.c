/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/source.h"
#include "tests/unit/lent_agent.h"
#include "tests/unit/tmp.h"

#define FDS_MAX	3

static int pair[2];		/* [0] is the source's */
static struct source source;
static struct framing framing;

static void
open_socket(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(source_init(&source, pair[0], 5), 0);
	ck_assert_int_eq(source.kind, SOURCE_SOCKET);
	framing_init(&framing, 1000000);
}

static void
close_all(void)
{
	source_clear(&source);
	framing_clear(&framing);
	close(pair[0]);
	close(pair[1]);
}

static int
count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
send_with(const char *text, size_t len, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr m;
	struct cmsghdr *c;

	memset(&m, 0, sizeof(m));
	memset(&control, 0, sizeof(control));
	iov.iov_base = (char *)(uintptr_t)text;
	iov.iov_len = len;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (nfds > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(pair[1], &m, 0), (ssize_t)len);
}

/* Until the line is complete, or there is no more. */
static int
take_line(void)
{
	int r = 0;

	while (r == 0 && !framing.complete)
		r = source_take(&source, &framing);
	return r;
}

static void
check_text(const char *want)
{
	ck_assert(framing.complete);
	ck_assert_uint_eq(framing.len, strlen(want));
	ck_assert_mem_eq(framing.buf, want, framing.len);
	framing_next(&framing);
}

/* ---- bytes: what is behind the newline stays where it is ---- */

enum input { IN_SOCKET, IN_PIPE, IN_FILE, IN_LAST };

static int
open_input(enum input in, const char *text)
{
	char path[64];
	int fds[2];

	if (in == IN_FILE) {
		fds[0] = mkstemp(tmp_name(path, sizeof(path), "source"));
		ck_assert_int_ne(fds[0], -1);
		(void)unlink(path);
		ck_assert_int_eq(write(fds[0], text, strlen(text)),
		    (ssize_t)strlen(text));
		ck_assert_int_eq(lseek(fds[0], 0, SEEK_SET), 0);
		return fds[0];
	}
	if (in == IN_SOCKET)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	else
		ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[in == IN_SOCKET ? 0 : 1], text,
	    strlen(text)), (ssize_t)strlen(text));
	close(fds[in == IN_SOCKET ? 0 : 1]);
	return fds[in == IN_SOCKET ? 1 : 0];
}

START_TEST(exact)
{
	char rest[16];
	int fd;

	fd = open_input((enum input)_i, "first\nsecond\n\nrest");
	ck_assert_int_eq(source_init(&source, fd, 5), 0);
	framing_init(&framing, 100);
	ck_assert_int_eq(take_line(), 0);
	check_text("first");
	ck_assert_int_eq(take_line(), 0);
	check_text("second");
	ck_assert_int_eq(take_line(), 0);
	check_text("");
	ck_assert_int_eq(read(fd, rest, sizeof(rest)), 4);
	ck_assert_mem_eq(rest, "rest", 4);
	ck_assert_int_eq(take_line(), -ENODATA);
	ck_assert(!framing.begun);
	source_clear(&source);
	framing_clear(&framing);
	close(fd);
}
END_TEST

/* Many chunks in one line; pipes do not hold it all at once. */
START_TEST(long_line)
{
	static char text[300000];
	int fd;

	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 2] = '\n';
	fd = open_input(_i == 0 ? IN_FILE : IN_SOCKET,
	    _i == 0 ? text : text + 200000);
	ck_assert_int_eq(source_init(&source, fd, 5), 0);
	framing_init(&framing, sizeof(text));
	ck_assert_int_eq(take_line(), 0);
	ck_assert_uint_eq(framing.len,
	    sizeof(text) - 2 - (_i == 0 ? 0 : 200000));
	framing_clear(&framing);
	source_clear(&source);
	close(fd);
}
END_TEST

START_TEST(too_long)
{
	int fd;

	fd = open_input((enum input)_i, "12345678\n123456789\n");
	ck_assert_int_eq(source_init(&source, fd, 5), 0);
	framing_init(&framing, 8);
	ck_assert_int_eq(take_line(), 0);
	check_text("12345678");
	ck_assert_int_eq(take_line(), -EMSGSIZE);
	source_clear(&source);
	framing_clear(&framing);
	close(fd);
}
END_TEST

START_TEST(waits_for_nobody)
{
	int fds[2];

	open_socket();
	ck_assert_int_eq(source_take(&source, &framing), -EAGAIN);
	send_with("abc", 3, NULL, 0);
	ck_assert_int_eq(take_line(), -EAGAIN);
	ck_assert(framing.begun && framing.len == 3);
	ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
	ck_assert_int_eq(take_line(), -ENODATA);
	close_all();

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(source_init(&source, fds[0], 5), 0);
	framing_init(&framing, 8);
	ck_assert_int_eq(source_take(&source, &framing), -EAGAIN);
	ck_assert_int_eq(write(fds[1], "a", 1), 1);
	ck_assert_int_eq(source_take(&source, &framing), 0);
	ck_assert_int_eq(source_take(&source, &framing), -EAGAIN);
	close(fds[0]);
	close(fds[1]);
	framing_clear(&framing);
	source_clear(&source);
}
END_TEST

/* ---- descriptors ---- */

enum kind { K_FILE, K_WRITE_ONLY, K_PATH, K_PIPE, K_PIPE_END, K_SOCKET,
	K_LISTENER, K_PACKETS, K_FOLDER, K_DEVICE, K_NONE };

static int
open_kind(enum kind k)
{
	int fds[2];

	switch (k) {
	case K_FILE:
		return open("/etc/passwd", O_RDONLY);
	case K_WRITE_ONLY:
		return open("/tmp", O_TMPFILE | O_WRONLY, 0600);
	case K_PATH:
		return open("/etc/passwd", O_PATH);
	case K_PIPE:
	case K_PIPE_END:
		ck_assert_int_eq(pipe(fds), 0);
		close(fds[k == K_PIPE ? 1 : 0]);
		return fds[k == K_PIPE ? 0 : 1];
	case K_SOCKET:
		return socket(AF_UNIX, SOCK_STREAM, 0);
	case K_LISTENER:
		return listen_anywhere(SOCK_STREAM);
	case K_PACKETS:
		return listen_anywhere(SOCK_SEQPACKET);
	case K_FOLDER:
		return open("/tmp", O_RDONLY | O_DIRECTORY);
	case K_DEVICE:
		return open("/dev/zero", O_RDONLY);
	default:
		return -1;
	}
}

static const struct {
	const char	*what;
	const char	*before;	/* sent before, without descriptors */
	const char	*with;		/* sent with them */
	enum kind	 fds[FDS_MAX + 1];
	bool		 kept;
} rows[] = {
	{ "file",		"",	"x\n",	{ K_FILE, K_NONE },	true },
	{ "pipe",		"",	"x\n",	{ K_PIPE, K_NONE },	true },
	{ "with one byte",	"",	"x",	{ K_FILE, K_NONE },	true },
	{ "with the newline",	"",	"\n",	{ K_FILE, K_NONE },	true },
	{ "second line",	"a\n",	"x\n",	{ K_FILE, K_NONE },	true },
	{ "two files",		"",	"x\n",	{ K_FILE, K_FILE, K_NONE },
	    false },
	{ "three files",	"",	"x\n",
	    { K_FILE, K_FILE, K_FILE, K_NONE },				false },
	{ "second byte",	"a",	"x\n",	{ K_FILE, K_NONE },	false },
	{ "last byte",		"abc",	"\n",	{ K_FILE, K_NONE },	false },
	{ "begins in a line",	"a",	"b\nx\n", { K_FILE, K_NONE },	false },
	{ "written only",	"",	"x\n",	{ K_WRITE_ONLY, K_NONE },
	    false },
	{ "a path",		"",	"x\n",	{ K_PATH, K_NONE },	false },
	{ "pipe's other end",	"",	"x\n",	{ K_PIPE_END, K_NONE },	false },
	{ "socket",		"",	"x\n",	{ K_SOCKET, K_NONE },	false },
	{ "socket that listens", "",	"x\n",	{ K_LISTENER, K_NONE },	true },
	{ "one for packets",	"",	"x\n",	{ K_PACKETS, K_NONE },	false },
	{ "folder",		"",	"x\n",	{ K_FOLDER, K_NONE },	false },
	{ "device",		"",	"x\n",	{ K_DEVICE, K_NONE },	false },
};

START_TEST(descriptors)
{
	int fds[FDS_MAX], before;
	size_t i, n = 0;

	open_socket();
	before = count_fds();
	if (rows[_i].before[0] != '\0')
		send_with(rows[_i].before, strlen(rows[_i].before), NULL, 0);
	for (i = 0; rows[_i].fds[i] != K_NONE; i++, n++)
		ck_assert_int_ne(fds[i] = open_kind(rows[_i].fds[i]), -1);
	send_with(rows[_i].with, strlen(rows[_i].with), fds, n);
	for (i = 0; i < n; i++)
		close(fds[i]);
	/* All lines, as a connection would take them. */
	while (take_line() == 0) {
		if (source.passed_fd != -1)
			break;
		framing_next(&framing);
	}
	ck_assert_msg((source.passed_fd != -1) == rows[_i].kept, "%s",
	    rows[_i].what);
	ck_assert_int_eq(count_fds(), before + (rows[_i].kept ? 1 : 0));
	if (rows[_i].kept)
		ck_assert_int_eq(fcntl(source.passed_fd, F_GETFD),
		    FD_CLOEXEC);
	source_drop_passed(&source);
	ck_assert_int_eq(count_fds(), before);
	close_all();
}
END_TEST

/* One that comes later in the line takes nothing from the one before. */
START_TEST(one_after_the_other)
{
	struct stat want, have;
	int fd, other, before;

	open_socket();
	before = count_fds();
	fd = open_kind(K_FILE);
	other = open_kind(K_PIPE);
	send_with("ab", 2, &fd, 1);
	send_with("c\n", 2, &other, 1);
	ck_assert_int_eq(take_line(), 0);
	check_text("abc");
	ck_assert_int_eq(fstat(fd, &want), 0);
	ck_assert_int_eq(fstat(source.passed_fd, &have), 0);
	ck_assert(want.st_ino == have.st_ino);
	close(fd);
	close(other);
	ck_assert_int_eq(count_fds(), before + 1);
	source_drop_passed(&source);
	close_all();
}
END_TEST

/* Two requests at once, each with its own: neither gets the other's. */
START_TEST(pipelined)
{
	int fd;

	open_socket();
	fd = open_kind(K_FILE);
	send_with("a\n", 2, NULL, 0);
	send_with("b\n", 2, &fd, 1);
	send_with("c\n", 2, NULL, 0);
	close(fd);
	ck_assert_int_eq(take_line(), 0);
	ck_assert_int_eq(source.passed_fd, -1);
	check_text("a");
	ck_assert_int_eq(take_line(), 0);
	ck_assert_int_ne(source.passed_fd, -1);
	check_text("b");
	source_drop_passed(&source);
	ck_assert_int_eq(take_line(), 0);
	ck_assert_int_eq(source.passed_fd, -1);
	check_text("c");
	close_all();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("source");
	TCase *tc = tcase_create("source");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, exact, 0, IN_LAST);
	tcase_add_loop_test(tc, long_line, 0, 2);
	tcase_add_loop_test(tc, too_long, 0, IN_LAST);
	tcase_add_test(tc, waits_for_nobody);
	tcase_add_loop_test(tc, descriptors, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, one_after_the_other);
	tcase_add_test(tc, pipelined);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
