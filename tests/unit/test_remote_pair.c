/* SPDX-License-Identifier: ISC */

/*
 * Pairing, from the parent's side: children that do it right, that lie, and
 * that are not to hear a secret.  This program is their program, too; which
 * one it is, it is told by its group id.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"
#include "lib/remote/pair.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/wire.h"
#include "tests/unit/silent_server.h"
#include "tests/unit/ssh_keys.h"

#define NET_UID	64123
#define NET_GID	64200

static int row;			/* in a child: which */

/* ---- the children ---- */

static void
dial(size_t n_sockets)
{
	struct nk_wire w = hear_request();
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	uint32_t p, n;
	int fd;

	if (n_sockets != 0 || nk_wire_get_u32(&w, &p) < 0 ||
	    nk_wire_get_u32(&w, &n) < 0)
		_exit(1);
	a.sin_port = htons((uint16_t)p);
	say_step(NK_REMOTE_RESOLVE);
	say_step(NK_REMOTE_CONNECT);
	for (; n > 0; n--) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd == -1 || connect(fd, (struct sockaddr *)&a,
		    sizeof(a)) == -1)
			_exit(1);
		say_socket(fd);
	}
	say_done();
}

/* What the secrets are, or the end. */
static void
hear_secrets(void)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_GO ||
	    memmem(bytes.p, bytes.len, "staple", 6) == NULL)
		_exit(1);
	nk_secret_clear(&bytes);
}

static void
begin(const char *why)
{
	uint8_t digest[NK_PAIR_DIGEST];

	memset(digest, 0x5a, sizeof(digest));
	say_step(NK_REMOTE_TLS);
	say_certificate(digest, why);
	hear_secrets();
	say_step(NK_REMOTE_LOOK);
}

static void
say_key(const char *base64)
{
	uint8_t *blob;
	size_t len;

	if (nk_base64_decode(base64, strlen(base64), &blob, &len) < 0)
		_exit(1);
	say_host_key(0, blob, len);
	free(blob);
}

/* Nothing is changed before that. */
static void
plan(uint32_t flags)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	say_plan(flags);
	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_GO || bytes.len != 0)
		_exit(1);
	nk_secret_clear(&bytes);
}

static void
plan_and_pair(void)
{
	plan(NK_PAIR_KEY | NK_PAIR_SHELL);
	say_step(NK_REMOTE_PAIR);
	say_key(ED25519_BASE64);
	say_paired(2201);
}

static void
hear_undo(void)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;

	if (nk_sandbox_listen(&type, &bytes) < 0 ||
	    type != NK_REMOTE_MSG_UNDO)
		_exit(1);
	say_step(NK_REMOTE_UNDO);
	say_done();
}

static void
well(void)
{
	begin(NULL);
	plan_and_pair();
	say_step(NK_REMOTE_UPDATE);
	say_end();
	hear_undo();
}

static void
untrusted(void)
{
	begin("self-signed");
	plan_and_pair();
	say_end();
	hear_undo();
}

static void
plain(void)
{
	say_certificate(NULL, NULL);
	hear_secrets();
	say_done();
}

#define LIE(name, what)							\
static void								\
name(void)								\
{									\
	begin(NULL);							\
	what;								\
	pause();							\
}

static void
eager(void)
{
	say_plan(NK_PAIR_KEY);
}

LIE(no_plan, say_key(ED25519_BASE64))
LIE(two_plans, plan(0); say_plan(0))
LIE(no_key, plan(NK_PAIR_KEY); say_step(NK_REMOTE_PAIR);
    say_paired(22))
LIE(no_port, plan(NK_PAIR_KEY); say_key(ED25519_BASE64); say_end())
LIE(two_ports, plan_and_pair(); say_paired(2202))
LIE(bad_key, plan(0); say_host_key(0, (const uint8_t *)"x", 1))
LIE(ends, _exit(0))
LIE(done, say_end())
LIE(refused, plan(NK_PAIR_KEY | NK_PAIR_SHELL);
    say_step(NK_REMOTE_PAIR);
    say_failure(NK_REMOTE_NOT_PAIRED, "because"); hear_undo())
LIE(not_updated, plan_and_pair(); say_step(NK_REMOTE_UPDATE);
    say_failure(NK_REMOTE_NOT_UPDATED, "because"); hear_undo())
LIE(still_talking, plan(NK_PAIR_KEY); say_step(NK_REMOTE_PAIR);
    say_paired(22); say_end())
LIE(before_it, plan(NK_PAIR_KEY); say_fault(NK_REMOTE_CLOSED, NULL))
LIE(unheard, plan(NK_PAIR_KEY | NK_PAIR_SHELL); _exit(0))

/* ---- what follows from them ---- */

enum trust { VERIFY, PIN, OTHER_PIN, ANY };

static const struct {
	const char		*what;
	void			(*child)(void);
	enum trust		 trust;
	enum nk_remote_fault	 fault;
	uint32_t		 flags;	/* what may be changed there */
} rows[] = {
	{ "well", well, VERIFY, NK_REMOTE_FINE, NK_PAIR_KEY | NK_PAIR_SHELL },
	{ "pinned", well, PIN, NK_REMOTE_FINE, NK_PAIR_KEY | NK_PAIR_SHELL },
	{ "not verified", untrusted, ANY, NK_REMOTE_FINE,
	  NK_PAIR_KEY | NK_PAIR_SHELL },
	{ "untrusted and pinned", untrusted, PIN, NK_REMOTE_FINE,
	  NK_PAIR_KEY | NK_PAIR_SHELL },
	{ "untrusted", untrusted, VERIFY, NK_REMOTE_UNTRUSTED, 0 },
	{ "another pin", well, OTHER_PIN, NK_REMOTE_UNTRUSTED, 0 },
	{ "no certificate", plain, ANY, NK_REMOTE_FAILED, 0 },
	{ "a plan before it", eager, ANY, NK_REMOTE_FAILED, 0 },
	{ "no plan", no_plan, VERIFY, NK_REMOTE_FAILED, 0 },
	{ "two plans", two_plans, VERIFY, NK_REMOTE_FAILED, 0 },
	{ "no key", no_key, VERIFY, NK_REMOTE_BROKEN, NK_PAIR_KEY },
	{ "no port", no_port, VERIFY, NK_REMOTE_FAILED, NK_PAIR_KEY },
	{ "two ports", two_ports, VERIFY, NK_REMOTE_FAILED,
	  NK_PAIR_KEY | NK_PAIR_SHELL },
	{ "no host key", bad_key, VERIFY, NK_REMOTE_BROKEN, 0 },
	{ "it ends", ends, VERIFY, NK_REMOTE_FAILED, 0 },
	{ "done at once", done, VERIFY, NK_REMOTE_FAILED, 0 },
	{ "refused", refused, VERIFY, NK_REMOTE_NOT_PAIRED, NK_PAIR_KEY },
	{ "not updated", not_updated, VERIFY, NK_REMOTE_NOT_UPDATED,
	  NK_PAIR_KEY },
	{ "what it says later is no undoing", still_talking, VERIFY,
	  NK_REMOTE_BROKEN, NK_PAIR_KEY },
	{ "ends before it", before_it, VERIFY, NK_REMOTE_CLOSED, NK_PAIR_KEY },
	{ "who was told may have done it", unheard, VERIFY, NK_REMOTE_FAILED,
	  NK_PAIR_KEY | NK_PAIR_SHELL },
};

static void
pair(size_t n_sockets)
{
	(void)hear_request();
	if (n_sockets != 2)
		_exit(1);
	rows[row].child();
	_exit(0);
}

START_TEST(pairs)
{
	const struct nk_sandbox sb = {
		geteuid() == 0 ? NET_UID : (uid_t)-1,
		(gid_t)(NET_GID + _i), 20, "/proc/self/exe",
	};
	struct nk_url url = { .tls = true, .host = "nas.example",
	    .port = port };
	struct nk_secret password = NK_SECRET_NONE, none = NK_SECRET_NONE;
	struct nk_remote_pairing asked = {
		.url = &url, .seconds = 20, .verify = rows[_i].trust != ANY,
		.admin = "root", .password = &password, .otp = &none,
		.token = &none, .user = "nas",
		.line = "ssh-ed25519 " ED25519_BASE64, .fingerprint = "x",
	};
	static struct nk_remote_paired p;
	uint8_t pin[NK_PAIR_DIGEST];
	int r;

	memset(pin, rows[_i].trust == PIN ? 0x5a : 0x5b, sizeof(pin));
	if (rows[_i].trust == PIN || rows[_i].trust == OTHER_PIN)
		asked.pin = pin;
	ck_assert_int_eq(nk_secret_append(&password, "staple", 6), 0);
	r = nk_remote_pair(&sb, &asked, false, &p);
	ck_assert_msg(p.report.fault == rows[_i].fault, "%s: fault %d (%s)",
	    rows[_i].what, p.report.fault, p.report.reason);
	ck_assert_int_eq(r, p.report.fault == NK_REMOTE_FINE ? 0 : -EIO);
	ck_assert_msg(p.flags == rows[_i].flags, "%s: %x", rows[_i].what,
	    p.flags);
	if (r == 0) {
		ck_assert_uint_eq(p.port, 2201);
		ck_assert_uint_eq(p.keys.n, 1);
		ck_assert_int_eq(nk_remote_unpair(&sb, &p), 0);
		ck_assert_uint_eq(p.flags, 0);
	} else if (rows[_i].fault == NK_REMOTE_NOT_PAIRED ||
	    rows[_i].fault == NK_REMOTE_NOT_UPDATED) {
		ck_assert_int_eq(nk_remote_unpair(&sb, &p), 0);
	} else if ((rows[_i].flags & NK_PAIR_KEY) != 0) {
		ck_assert_int_eq(nk_remote_unpair(&sb, &p), -EIO);
		ck_assert_uint_eq(p.flags, rows[_i].flags);
	}
	nk_remote_pair_end(&p);
	nk_secret_clear(&password);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}
END_TEST

static const struct nk_sandbox_task tasks[] = {
	{ NK_REMOTE_DIAL, NK_SANDBOX_DIAL, dial, NULL },
	{ NK_REMOTE_PAIR_TASK, NK_SANDBOX_TALK, pair, NULL },
	{ .name = NULL },
};

int
main(int argc, char **argv)
{
	const struct nk_sandbox_task *const tables[] = { tasks, NULL };
	Suite *s = suite_create("remote_pair");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	if (argc > 4 && strcmp(argv[1], "--sandbox-task") == 0)
		row = (int)strtol(argv[4], NULL, 10) - NET_GID;
	nk_sandbox_serve_tasks(argc, argv, tables);
	tcase_add_checked_fixture(tc, start_silent_server,
	    end_silent_server);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, pairs, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
