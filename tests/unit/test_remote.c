/* SPDX-License-Identifier: ISC */

/*
 * Speaking to another machine, from the parent's side: children that lie.
 * This program is their program, too; which lie it is, it is told by its
 * group id.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"
#include "lib/monotonic.h"
#include "lib/remote/dial.h"
#include "lib/remote/login.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"
#include "tests/unit/silent_server.h"
#include "tests/unit/ssh_keys.h"

#define NET_UID	64123
#define NET_GID	64124

static int lie;			/* in a child: which */

/* ---- is it a connection? ---- */

static int
connect_to(uint16_t p)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(p),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		_exit(1);
	return fd;
}

START_TEST(sockets)
{
	char text[INET6_ADDRSTRLEN] = "";
	int pair[2], fd = connect_to(port);

	ck_assert_int_eq(nk_remote_check_socket(fd, port, text), 0);
	ck_assert_str_eq(text, "127.0.0.1");
	ck_assert_int_eq(nk_remote_check_socket(fd, port ^ 1, text), -EIO);
	close(fd);
	ck_assert_int_eq(nk_remote_check_socket(listener, port, text), -EIO);
	ck_assert_int_eq(nk_remote_check_socket(-1, port, text), -EIO);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(nk_remote_check_socket(pair[0], port, text), -EIO);
	close(pair[0]);
	close(pair[1]);
	ck_assert_int_ge(fd = socket(AF_INET, SOCK_STREAM, 0), 0);
	ck_assert_int_eq(nk_remote_check_socket(fd, port, text), -EIO);
	close(fd);
	ck_assert_int_ge(fd = open("/dev/null", O_RDWR), 0);
	ck_assert_int_eq(nk_remote_check_socket(fd, port, text), -EIO);
	close(fd);
}
END_TEST

static bool
ends_with(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);

	return n >= m && strcmp(text + n - m, with) == 0;
}

/* ---- children: how they say it right ---- */

struct dial_request {
	uint32_t	port, n;
};

static struct dial_request
hear_dial(void)
{
	struct nk_wire w = hear_request();
	struct dial_request d;

	if (nk_wire_get_u32(&w, &d.port) < 0 ||
	    nk_wire_get_u32(&w, &d.n) < 0)
		_exit(1);
	return d;
}

static void
dial_well(void)
{
	struct dial_request d = hear_dial();

	say_step(NK_REMOTE_RESOLVE);
	say_step(NK_REMOTE_CONNECT);
	for (; d.n > 0; d.n--)
		say_socket(connect_to((uint16_t)d.port));
	say_done();
}

static void
say_key(uint32_t which, const char *base64)
{
	uint8_t *blob;
	size_t len;

	if (nk_base64_decode(base64, strlen(base64), &blob, &len) < 0)
		_exit(1);
	say_host_key(which, blob, len);
	free(blob);
}

static void
raw(uint32_t type, const void *bytes, size_t len, int fd)
{
	if (nk_sandbox_say(type, bytes, len, fd) < 0)
		_exit(1);
}

static void
hold(void)
{
	for (;;)
		(void)poll(NULL, 0, -1);
}

#define NUMBER(n)	(const uint8_t[]){ 0, 0, 0, n }

/* ---- children that lie: of names and connections ---- */

#define DIAL(name, what)						\
static void								\
name(void)								\
{									\
	struct dial_request d = hear_dial();				\
									\
	(void)d;							\
	say_step(NK_REMOTE_RESOLVE);					\
	what;								\
}

DIAL(dial_ends, (void)0)
DIAL(dial_holds, hold())
DIAL(dial_far_step, raw(NK_REMOTE_MSG_STEP, NUMBER(NK_REMOTE_STEPS), 4, -1))
DIAL(dial_same_step, say_step(NK_REMOTE_RESOLVE))
DIAL(dial_step_back, (say_step(NK_REMOTE_CONNECT),
    say_step(NK_REMOTE_RESOLVE)))
DIAL(dial_short_step, raw(NK_REMOTE_MSG_STEP, NUMBER(1), 3, -1))
DIAL(dial_long_step, raw(NK_REMOTE_MSG_STEP, (const uint8_t[5]){ 0 }, 5, -1))
DIAL(dial_unknown, raw(99, NULL, 0, -1))
DIAL(dial_key, say_key(0, ED25519_BASE64))
DIAL(dial_done, say_done())
DIAL(dial_fine, raw(NK_REMOTE_MSG_FAULT, (const uint8_t[8]){ 0 }, 8, -1))
DIAL(dial_time, say_fault(NK_REMOTE_TIME, NULL))
DIAL(dial_far_fault, say_fault(NK_REMOTE_FAULTS, NULL))
DIAL(dial_short_fault, raw(NK_REMOTE_MSG_FAULT, NUMBER(4), 4, -1))
DIAL(dial_refused, say_fault(NK_REMOTE_REFUSED, NULL))
DIAL(dial_words, say_fault(NK_REMOTE_UNREACHABLE, "\033[31m\n\xc3(x)"))
DIAL(dial_no_fd, say_socket(-1))
DIAL(dial_fd_with_step, raw(NK_REMOTE_MSG_STEP, NUMBER(1), 4, 1))
DIAL(dial_file, say_socket(1))
DIAL(dial_itself, say_socket(0))
DIAL(dial_too_many, for (d.n++; d.n > 0; d.n--)
    say_socket(connect_to((uint16_t)d.port)))
DIAL(dial_elsewhere, say_socket(connect_to(9)))
DIAL(dial_flood, for (;;) say_socket(connect_to((uint16_t)d.port)))

/* Who closes the last copy of it is to wait until all of it is taken. */
static void
dial_lingers(void)
{
	static const char bytes[65536];
	const struct linger wait = { .l_onoff = 1, .l_linger = 60 };
	struct dial_request d = hear_dial();
	int fd = connect_to((uint16_t)d.port);

	say_step(NK_REMOTE_RESOLVE);
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait,
	    sizeof(wait)) == -1)
		_exit(1);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	say_socket(fd);
	hold();
}

static void
dial_long_words(void)
{
	uint8_t bytes[8 + NK_REMOTE_WORDS_MAX + 1];
	struct nk_wire_out o = { bytes, sizeof(bytes) };

	(void)hear_dial();
	if (nk_wire_put_u32(&o, NK_REMOTE_REFUSED) < 0 ||
	    nk_wire_put_u32(&o, NK_REMOTE_WORDS_MAX + 1) < 0)
		_exit(1);
	memset(o.p, 'x', o.left);
	raw(NK_REMOTE_MSG_FAULT, bytes, sizeof(bytes), -1);
}

/* ---- of host keys ---- */

#define SCAN(name, what)						\
static void								\
name(void)								\
{									\
	(void)hear_request();						\
	say_step(NK_REMOTE_GREET);					\
	what;								\
}

SCAN(scan_ends, (void)0)
SCAN(scan_holds, hold())
SCAN(scan_well, (say_key(2, P256_BASE64),
    say_no_host_key(3, NK_REMOTE_NO_KEY, NULL),
    say_step(NK_REMOTE_EXCHANGE),
    say_no_host_key(4, NK_REMOTE_NO_KEY, "it offers others"),
    say_key(1, RSA2048_BASE64), say_key(0, ED25519_BASE64), say_done()))
SCAN(scan_one, (say_key(0, ED25519_BASE64), say_done()))
SCAN(scan_one_and_time, (say_key(0, ED25519_BASE64), hold()))
SCAN(scan_one_and_end, say_key(0, ED25519_BASE64))
SCAN(scan_other_socket, say_key(5, ED25519_BASE64))
SCAN(scan_far_socket, say_key(UINT32_MAX, ED25519_BASE64))
SCAN(scan_twice, (say_key(0, RSA1024_BASE64), say_key(0, ED25519_BASE64)))
SCAN(scan_both, (say_no_host_key(0, NK_REMOTE_NO_KEY, NULL),
    say_key(0, ED25519_BASE64)))
SCAN(scan_garbage, say_host_key(0, (const uint8_t *)"garbage", 7))
SCAN(scan_empty, say_host_key(0, NULL, 0))
SCAN(scan_certificate, (say_key(0, CERT_ED25519_BASE64), say_done()))
SCAN(scan_dsa, (say_key(0, DSA_BASE64), say_done()))
SCAN(scan_fine_fault, say_no_host_key(0, NK_REMOTE_FINE, NULL))
SCAN(scan_far_fault, say_no_host_key(0, NK_REMOTE_FAULTS, NULL))
SCAN(scan_short, raw(NK_REMOTE_MSG_NO_HOST_KEY, NUMBER(0), 4, -1))
SCAN(scan_socket, say_socket(3))
SCAN(scan_socket_with_key, raw(NK_REMOTE_MSG_HOST_KEY, NUMBER(0), 4, 3))
SCAN(scan_none, (say_no_host_key(0, NK_REMOTE_NO_KEY, "it offers ssh-dss"),
    say_no_host_key(1, NK_REMOTE_NO_KEY, "no"),
    say_no_host_key(2, NK_REMOTE_NO_KEY, "no"),
    say_no_host_key(3, NK_REMOTE_NO_KEY, "no"),
    say_no_host_key(4, NK_REMOTE_NO_KEY, "no"), say_done()))
SCAN(scan_closed, (say_no_host_key(0, NK_REMOTE_NO_KEY, "no"),
    say_no_host_key(3, NK_REMOTE_CLOSED, "far"), say_done()))
SCAN(scan_silent, say_done())
SCAN(scan_fault, say_fault(NK_REMOTE_PROTOCOL, "x"))

/* ---- of a login: the key of the agent is of no use without a host's ---- */

#define PINNED	ED25519_BASE64

/* What the parent says to a host key; it does not to a wrong one. */
static void
hear_go(void)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_GO)
		_exit(1);
}

/* Asks the agent for its keys; whether it answers. */
static bool
agent_answers(void)
{
	char c;

	return send(4, "\0\0\0\1\x0b", 5, MSG_NOSIGNAL) == 5 &&
	    recv(4, &c, 1, 0) == 1;
}

SCAN(test_well, (say_step(NK_REMOTE_EXCHANGE), say_key(0, PINNED),
    hear_go(), say_step(NK_REMOTE_LOGIN), agent_answers() ? say_done() :
    say_fault(NK_REMOTE_DENIED, "no agent")))
SCAN(test_changed, (say_key(0, P256_BASE64), hear_go(), say_done()))
SCAN(test_early_agent, agent_answers() ? (void)say_fault(NK_REMOTE_DENIED,
    "an agent") : say_fault(NK_REMOTE_DENIED, "no agent"))
SCAN(test_no_key, say_done())
SCAN(test_garbage, say_host_key(0, (const uint8_t *)"garbage", 7))
SCAN(test_other, say_key(1, PINNED))
SCAN(test_certificate, say_key(0, CERT_ED25519_BASE64))
SCAN(test_verify, (say_step(NK_REMOTE_VERIFY), say_key(0, PINNED)))
SCAN(test_twice, (say_key(0, PINNED), hear_go(), say_key(0, PINNED)))
SCAN(test_exit, (say_key(0, PINNED), hear_go(), say_step(NK_REMOTE_COMMAND),
    say_fault(NK_REMOTE_NO_COMMAND, "exit status 3")))
SCAN(test_holds, (say_key(0, PINNED), hear_go(), say_step(NK_REMOTE_LOGIN),
    hold()))

static const struct {
	const char		*what;
	void			(*test)(void);
	enum nk_remote_fault	 fault;
	const char		*says;		/* end of the reason */
} logins[] = {
	{ "test_well", test_well, NK_REMOTE_FINE, "" },
	{ "test_changed", test_changed, NK_REMOTE_CHANGED,
	    "answers in its place (it shows ecdsa-sha2-nistp256 "
	    "SHA256:jbztTfH3TzkTO/oltFz+9SYwUHXto6AAkPcNB3zO4/Q; pinned: "
	    "ssh-ed25519 "
	    "SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ)" },
	{ "test_early_agent", test_early_agent, NK_REMOTE_DENIED,
	    "(no agent)" },
#define BROKEN_LOGIN(f)	{ #f, f, NK_REMOTE_FAILED, "failed" }
	BROKEN_LOGIN(test_no_key), BROKEN_LOGIN(test_garbage),
	BROKEN_LOGIN(test_other), BROKEN_LOGIN(test_certificate),
	BROKEN_LOGIN(test_verify), BROKEN_LOGIN(test_twice),
	{ "test_exit", test_exit, NK_REMOTE_NO_COMMAND,
	    "the command failed (exit status 3)" },
	{ "test_holds", test_holds, NK_REMOTE_TIME,
	    "no end within 1 second: it was still logging in" },
};

#define LOGINS	((int)(sizeof(logins) / sizeof(logins[0])))
#define LOGIN	1000		/* above the lies */

static void
log_in(size_t n)
{
	(void)n;
	logins[lie - LOGIN].test();
}

START_TEST(logins_are_led)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1,
		(gid_t)(NET_GID + LOGIN + _i), 20, "/proc/self/exe",
	};
	const struct nk_remote_target t = { "nas.example", port, 1 };
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_privatekey key;
	struct nk_remote_login l = { "backup", NULL, &key, NULL };
	struct nk_remote_report report;
	struct nk_hostkeys pins;
	int before, after, r;

	ck_assert_int_eq(nk_privatekey_read(ED_OPENSSH, strlen(ED_OPENSSH),
	    &policy, &key, NULL), 0);
	ck_assert_int_eq(nk_hostkeys_read("ssh-ed25519 " PINNED, &pins,
	    NULL), 0);
	l.pins = &pins;
	before = dup(listener);
	close(before);
	r = nk_remote_test(&sb, &t, &l, "true", true, &report);
	ck_assert_msg(report.fault == logins[_i].fault &&
	    ends_with(report.reason, logins[_i].says), "%s: %d, %s",
	    logins[_i].what, report.fault, report.reason);
	ck_assert_int_eq(r, report.fault == NK_REMOTE_FINE ? 0 : -EIO);
	after = dup(listener);
	close(after);
	ck_assert_int_eq(before, after);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	nk_hostkeys_clear(&pins);
	nk_privatekey_clear(&key);
}
END_TEST

/* ---- of a change to the file of keys ---- */

#define WRITE(name, what)						\
static void								\
name(void)								\
{									\
	(void)hear_request();						\
	say_step(NK_REMOTE_GREET);					\
	say_key(0, PINNED);						\
	hear_go();							\
	say_step(NK_REMOTE_WRITE);					\
	what;								\
}

WRITE(write_some, (say_written(true), say_done()))
WRITE(write_none, (say_written(false), say_done()))
WRITE(write_silent, say_done())
WRITE(write_ends, say_written(true))
WRITE(write_twice, (say_written(true), say_written(true), say_done()))
WRITE(write_two, raw(NK_REMOTE_MSG_WRITTEN, NUMBER(2), 4, -1))
WRITE(write_short, raw(NK_REMOTE_MSG_WRITTEN, NUMBER(1), 3, -1))
WRITE(write_long, raw(NK_REMOTE_MSG_WRITTEN, (const uint8_t[5]){ 0 }, 5, -1))
WRITE(write_key, say_key(0, PINNED))
WRITE(write_fault, say_fault(NK_REMOTE_NOT_REMOVED, "it is full"))
WRITE(write_fault_after, (say_written(true),
    say_fault(NK_REMOTE_CLOSED, NULL)))

static const struct {
	const char		*what;
	void			(*write)(void);
	enum nk_remote_fault	 fault;
	bool			 changed;
} writes[] = {
	{ "write_some", write_some, NK_REMOTE_FINE, true },
	{ "write_none", write_none, NK_REMOTE_FINE, false },
#define BROKEN_WRITE(f)	{ #f, f, NK_REMOTE_FAILED, false }
	BROKEN_WRITE(write_silent), BROKEN_WRITE(write_two),
	BROKEN_WRITE(write_short), BROKEN_WRITE(write_long),
	BROKEN_WRITE(write_key),
	{ "write_ends", write_ends, NK_REMOTE_FAILED, true },
	{ "write_twice", write_twice, NK_REMOTE_FAILED, true },
	{ "write_fault", write_fault, NK_REMOTE_NOT_REMOVED, false },
	{ "write_fault_after", write_fault_after, NK_REMOTE_CLOSED, true },
};

#define WRITES	((int)(sizeof(writes) / sizeof(writes[0])))
#define WRITE_LIE	2000	/* above the logins */

static void
write_keys(size_t n)
{
	(void)n;
	writes[lie - WRITE_LIE].write();
}

/* A line put in, and one taken out. */
START_TEST(writes_are_led)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1,
		(gid_t)(NET_GID + WRITE_LIE + _i), 20, "/proc/self/exe",
	};
	const struct nk_remote_target t = { "nas.example", port, 20 };
	struct nk_secret password = NK_SECRET_NONE;
	struct nk_remote_login l = { "backup", NULL, NULL, &password };
	struct nk_remote_report report;
	struct nk_hostkeys pins;
	bool changed;
	int i, r;

	ck_assert_int_eq(nk_secret_append(&password, "x", 1), 0);
	ck_assert_int_eq(nk_hostkeys_read("ssh-ed25519 " PINNED, &pins,
	    NULL), 0);
	l.pins = &pins;
	for (i = 0; i < 2; i++) {
		changed = i == 0;
		r = i == 0 ? nk_remote_copy_key(&sb, &t, &l,
		    "ssh-ed25519 " PINNED " c", "ssh-ed25519", PINNED,
		    &changed, &report) : nk_remote_remove_key(&sb, &t, &l,
		    "ssh-ed25519", PINNED, &changed, &report);
		ck_assert_msg(report.fault == writes[_i].fault,
		    "%s: %d, %s", writes[_i].what, report.fault,
		    report.reason);
		ck_assert_int_eq(r, report.fault == NK_REMOTE_FINE ? 0 :
		    -EIO);
		ck_assert(changed == writes[_i].changed);
	}
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	nk_hostkeys_clear(&pins);
	nk_secret_clear(&password);
}
END_TEST

/* ---- of the options of a key there ---- */

WRITE(options_some, (say_options("restrict,from=\"10.0.0.0/8\"", 26),
    say_done()))
WRITE(options_none, (say_options("", 0), say_done()))
WRITE(options_bad, (say_options("restrict,nonsense", 17), say_done()))
WRITE(options_cut, (say_options("command=\"x", 10), say_done()))
WRITE(options_more, (say_options("pty x", 5), say_done()))
WRITE(options_line, (say_options("pty\nno-pty", 10), say_done()))
WRITE(options_ca, (say_options("cert-authority", 14), say_done()))
WRITE(options_silent, say_done())
WRITE(options_ends, say_options("pty", 3))
WRITE(options_twice, (say_options("pty", 3), say_options("pty", 3),
    say_done()))
WRITE(options_nul, (say_options("pty\0", 4), say_done()))
WRITE(options_short, raw(NK_REMOTE_MSG_OPTIONS, NUMBER(3), 4, -1))
WRITE(options_long, raw(NK_REMOTE_MSG_OPTIONS,
    (const uint8_t[5]){ 0, 0, 0, 0, 1 }, 5, -1))
WRITE(options_other, (say_written(true), say_done()))
WRITE(options_fault, say_fault(NK_REMOTE_NO_LINE, "no line"))
WRITE(options_fault_after, (say_options("pty", 3),
    say_fault(NK_REMOTE_CLOSED, NULL)))

/* One byte more than they may have. */
static void
options_huge(void)
{
	static uint8_t bytes[4 + NK_REMOTE_OPTIONS_MAX + 1];
	struct nk_wire_out o = { bytes, sizeof(bytes) };
	static char text[NK_REMOTE_OPTIONS_MAX + 1];

	(void)hear_request();
	say_step(NK_REMOTE_GREET);
	say_key(0, PINNED);
	hear_go();
	say_step(NK_REMOTE_WRITE);
	memset(text, 'x', sizeof(text));
	if (nk_wire_put_string(&o, text, sizeof(text)) == 0)
		raw(NK_REMOTE_MSG_OPTIONS, bytes, sizeof(bytes), -1);
	say_done();
}

static const struct {
	const char		*what;
	void			(*say)(void);
	enum nk_remote_fault	 fault;
	const char		*options;
} options[] = {
	{ "some", options_some, NK_REMOTE_FINE,
	  "restrict,from=\"10.0.0.0/8\"" },
	{ "none", options_none, NK_REMOTE_FINE, NULL },
	{ "bad", options_bad, NK_REMOTE_NO_LINE, NULL },
	{ "cut", options_cut, NK_REMOTE_NO_LINE, NULL },
	{ "more", options_more, NK_REMOTE_NO_LINE, NULL },
	{ "line", options_line, NK_REMOTE_NO_LINE, NULL },
	{ "ca", options_ca, NK_REMOTE_NO_LINE, NULL },
	{ "silent", options_silent, NK_REMOTE_FAILED, NULL },
	{ "ends", options_ends, NK_REMOTE_FAILED, NULL },
	{ "twice", options_twice, NK_REMOTE_FAILED, NULL },
	{ "nul", options_nul, NK_REMOTE_FAILED, NULL },
	{ "short", options_short, NK_REMOTE_FAILED, NULL },
	{ "long", options_long, NK_REMOTE_FAILED, NULL },
	{ "huge", options_huge, NK_REMOTE_FAILED, NULL },
	{ "other", options_other, NK_REMOTE_FAILED, NULL },
	{ "fault", options_fault, NK_REMOTE_NO_LINE, NULL },
	{ "fault after", options_fault_after, NK_REMOTE_CLOSED, NULL },
};

#define OPTIONS	((int)(sizeof(options) / sizeof(options[0])))
#define OPTIONS_LIE	3000	/* above the writes */

static void
say_key_options(size_t n)
{
	(void)n;
	options[lie - OPTIONS_LIE].say();
}

START_TEST(options_are_led)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1,
		(gid_t)(NET_GID + OPTIONS_LIE + _i), 20, "/proc/self/exe",
	};
	const struct nk_remote_target t = { "nas.example", port, 20 };
	struct nk_secret password = NK_SECRET_NONE;
	struct nk_remote_login l = { "backup", NULL, NULL, &password };
	struct nk_remote_report report;
	struct nk_hostkeys pins;
	char *got;
	int r;

	ck_assert_int_eq(nk_secret_append(&password, "x", 1), 0);
	ck_assert_int_eq(nk_hostkeys_read("ssh-ed25519 " PINNED, &pins,
	    NULL), 0);
	l.pins = &pins;
	r = nk_remote_key_options(&sb, &t, &l, "ssh-ed25519", PINNED, &got,
	    &report);
	ck_assert_msg(report.fault == options[_i].fault, "%s: %d, %s",
	    options[_i].what, report.fault, report.reason);
	ck_assert_int_eq(r, report.fault == NK_REMOTE_FINE ? 0 : -EIO);
	ck_assert_pstr_eq(got, options[_i].options);
	free(got);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	nk_hostkeys_clear(&pins);
	nk_secret_clear(&password);
}
END_TEST

/* What is too long is refused before anybody is asked. */
START_TEST(long_lines)
{
	const struct nk_sandbox sb = { .program = "/nonexistent" };
	const struct nk_remote_target t = { "nas.example", port, 20 };
	const struct nk_remote_login l = { "backup", NULL, NULL, NULL };
	static char text[NK_REMOTE_LINE_MAX + 2];
	struct nk_remote_report report;
	bool changed = true;
	char *got = text;

	memset(text, 'x', NK_REMOTE_LINE_MAX + 1);
	ck_assert_int_eq(nk_remote_remove_key(&sb, &t, &l, "ssh-rsa", text,
	    &changed, &report), -E2BIG);
	ck_assert(!changed);
	changed = true;
	ck_assert_int_eq(nk_remote_copy_key(&sb, &t, &l, text, "ssh-rsa",
	    "x", &changed, &report), -E2BIG);
	ck_assert(!changed);
	ck_assert_int_eq(nk_remote_key_options(&sb, &t, &l, "ssh-rsa", text,
	    &got, &report), -E2BIG);
	ck_assert_ptr_null(got);
}
END_TEST

/* The pinned types first, in either case all of them. */
START_TEST(orders_algorithms)
{
	struct nk_hostkeys pins;
	char list[256];

	ck_assert_int_eq(nk_hostkeys_read("ecdsa-sha2-nistp256 " P256_BASE64
	    "\nssh-rsa " RSA2048_BASE64, &pins, NULL), 0);
	nk_remote_host_key_list(&pins, list, sizeof(list));
	ck_assert_str_eq(list, "rsa-sha2-512,rsa-sha2-256,"
	    "ecdsa-sha2-nistp256,ssh-ed25519,ecdsa-sha2-nistp384,"
	    "ecdsa-sha2-nistp521");
	nk_hostkeys_clear(&pins);
	nk_remote_host_key_list(&pins, list, sizeof(list));
	ck_assert_str_eq(list, "ssh-ed25519,rsa-sha2-512,rsa-sha2-256,"
	    "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521");
}
END_TEST

/* ---- all of them ---- */

#define WELL_TEXT	"ssh-ed25519 " ED25519_BASE64 "\nssh-rsa "	\
	RSA2048_BASE64 "\necdsa-sha2-nistp256 " P256_BASE64
#define ONE_TEXT	"ssh-ed25519 " ED25519_BASE64

static const struct {
	const char		*what;
	void			(*dial)(void);
	void			(*scan)(void);
	enum nk_remote_fault	 fault;
	const char		*says;	/* keys, or the end of the reason */
} lies[] = {
#define WELL(f, text)	{ #f, dial_well, f, NK_REMOTE_FINE, text }
	WELL(scan_well, WELL_TEXT),
	WELL(scan_one, ONE_TEXT),
	WELL(scan_one_and_time, ONE_TEXT),
	WELL(scan_one_and_end, ONE_TEXT),
#define BROKEN(f)	{ #f, f, NULL, NK_REMOTE_FAILED, "failed" }
	BROKEN(dial_ends), BROKEN(dial_far_step), BROKEN(dial_same_step),
	BROKEN(dial_step_back), BROKEN(dial_short_step),
	BROKEN(dial_long_step), BROKEN(dial_unknown), BROKEN(dial_key),
	BROKEN(dial_done), BROKEN(dial_fine), BROKEN(dial_time),
	BROKEN(dial_far_fault), BROKEN(dial_short_fault),
	BROKEN(dial_long_words), BROKEN(dial_no_fd),
	BROKEN(dial_fd_with_step), BROKEN(dial_file), BROKEN(dial_itself),
	BROKEN(dial_too_many), BROKEN(dial_elsewhere), BROKEN(dial_flood),
	{ "dial_refused", dial_refused, NULL, NK_REMOTE_REFUSED,
	    "listen on this port?" },
	{ "dial_words", dial_words, NULL, NK_REMOTE_UNREACHABLE,
	    "cannot be reached (?[31m??" "(x))" },
	{ "dial_holds", dial_holds, NULL, NK_REMOTE_TIME,
	    "no end within 1 second: it was still looking up the name" },
	{ "dial_lingers", dial_lingers, NULL, NK_REMOTE_TIME,
	    "no end within 1 second: it was still looking up the name" },
#undef BROKEN
#define BROKEN(f)	{ #f, dial_well, f, NK_REMOTE_FAILED, "failed" }
	BROKEN(scan_ends), BROKEN(scan_other_socket),
	BROKEN(scan_far_socket), BROKEN(scan_twice), BROKEN(scan_both),
	BROKEN(scan_garbage), BROKEN(scan_empty), BROKEN(scan_fine_fault),
	BROKEN(scan_far_fault), BROKEN(scan_short), BROKEN(scan_socket),
	BROKEN(scan_socket_with_key),
	{ "scan_certificate", dial_well, scan_certificate,
	    NK_REMOTE_NO_KEY, "of a type that is taken" },
	{ "scan_dsa", dial_well, scan_dsa,
	    NK_REMOTE_NO_KEY, "of a type that is taken" },
	{ "scan_silent", dial_well, scan_silent,
	    NK_REMOTE_NO_KEY, "of a type that is taken" },
	{ "scan_none", dial_well, scan_none,
	    NK_REMOTE_NO_KEY, "that is taken (it offers ssh-dss)" },
	{ "scan_closed", dial_well, scan_closed, NK_REMOTE_CLOSED,
	    "while we were waiting for its greeting (far)" },
	{ "scan_fault", dial_well, scan_fault, NK_REMOTE_PROTOCOL,
	    "does not keep to the SSH protocol (x)" },
	{ "scan_holds", dial_well, scan_holds, NK_REMOTE_TIME,
	    "no end within 1 second: it was still waiting for its "
	    "greeting" },
};

#define LIES	((int)(sizeof(lies) / sizeof(lies[0])))

static void
dial(size_t n)
{
	(void)n;
	if (lie >= LOGIN)
		dial_well();
	else
		lies[lie].dial();
}

static void
scan(size_t n)
{
	(void)n;
	lies[lie].scan();
}

/* Descriptors and children are as before, and there is a report. */
START_TEST(lies_are_seen)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1,
		(gid_t)(NET_GID + _i), 20, "/proc/self/exe",
	};
	const struct nk_remote_target t = { "nas.example", port, 1 };
	struct nk_remote_report report;
	struct nk_hostkeys hk;
	char *text = NULL;
	int64_t begin = nk_monotonic_ms();
	int before, r;

	before = dup(listener);
	close(before);
	r = nk_remote_scan(&sb, &t, &hk, &report);
	ck_assert_int_le(nk_monotonic_ms() - begin, 15000);
	ck_assert_msg(report.fault == lies[_i].fault, "%s: fault %d (%s)",
	    lies[_i].what, report.fault, report.reason);
	ck_assert_int_eq(r, report.fault == NK_REMOTE_FINE ? 0 : -EIO);
	ck_assert_int_eq(nk_hostkeys_write(&hk, &text), 0);
	ck_assert_msg(r == 0 ? strcmp(text, lies[_i].says) == 0 :
	    text[0] == '\0' && ends_with(report.reason, lies[_i].says),
	    "%s: %s%s", lies[_i].what, text, report.reason);
	ck_assert(r == 0 || strncmp(report.reason, "nas.example port ",
	    17) == 0);
	ck_assert_uint_le(report.n, NK_REMOTE_STEPS);
	free(text);
	nk_hostkeys_clear(&hk);
	r = dup(listener);
	close(r);
	ck_assert_msg(r == before, "%s: %d is open", lies[_i].what, before);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}
END_TEST

/* Without the program there is a sentence, too. */
START_TEST(no_program)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1, NET_GID, 20,
		"/nonexistent/naskeys-net",
	};
	const struct nk_remote_target t = { "::1", port, 1 };
	struct nk_remote_report report;
	struct nk_hostkeys hk;

	ck_assert_int_eq(nk_remote_scan(&sb, &t, &hk, &report), -EIO);
	ck_assert_int_eq(report.fault, NK_REMOTE_FAILED);
	ck_assert_ptr_eq(strstr(report.reason, "[::1] port "),
	    report.reason);
	ck_assert_uint_eq(hk.n, 0);
}
END_TEST

static const struct nk_sandbox_task tasks[] = {
	{ NK_REMOTE_DIAL, NK_SANDBOX_DIAL, dial, NULL },
	{ NK_REMOTE_SCAN, NK_SANDBOX_TALK, scan, NULL },
	{ NK_REMOTE_TEST, NK_SANDBOX_TALK, log_in, NULL },
	{ NK_REMOTE_COPY_KEY, NK_SANDBOX_TALK, write_keys, NULL },
	{ NK_REMOTE_REMOVE_KEY, NK_SANDBOX_TALK, write_keys, NULL },
	{ NK_REMOTE_KEY_OPTIONS, NK_SANDBOX_TALK, say_key_options, NULL },
	{ .name = NULL },
};

int
main(int argc, char **argv)
{
	const struct nk_sandbox_task *const tables[] = { tasks, NULL };
	Suite *s = suite_create("remote");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	if (argc > 4 && strcmp(argv[1], "--sandbox-task") == 0)
		lie = (int)strtol(argv[4], NULL, 10) - NET_GID;
	nk_sandbox_serve_tasks(argc, argv, tables);
	tcase_add_checked_fixture(tc, start_silent_server,
	    end_silent_server);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, sockets);
	tcase_add_loop_test(tc, lies_are_seen, 0, LIES);
	tcase_add_test(tc, no_program);
	tcase_add_loop_test(tc, logins_are_led, 0, LOGINS);
	tcase_add_loop_test(tc, writes_are_led, 0, WRITES);
	tcase_add_loop_test(tc, options_are_led, 0, OPTIONS);
	tcase_add_test(tc, long_lines);
	tcase_add_test(tc, orders_algorithms);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
