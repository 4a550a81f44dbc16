/* SPDX-License-Identifier: ISC */
/*
 * The built module, loaded by libpam, against maps of its own and a helper
 * that behaves in every way.  Needs root, for a mount namespace.
 */
#include <sys/stat.h>

#include <check.h>
#include <crypt.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fixture/maps.h"
#include "tests/fixture/pamserver.h"
#include "tests/fixture/pamtalk.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RUN		NK_RUNSTATEDIR "/naskeys/"
#define CONFDIR		NK_RUNSTATEDIR "/pam.d"
#define SERVER_LOG	NK_RUNSTATEDIR "/frames"
#define RHOST		"192.0.2.1"	/* whose name nobody looks up */
#define MANAGED		NK_USER_MANAGED
#define SSH		NK_USER_SSH_PASSWORD
#define DISABLED	NK_USER_PASSWORD_DISABLED
#define DAY		86400
#define NONE		-1, -1, -1, -1, -1

/* Also before the tests run, where nothing can be asserted. */
static void
must(bool good, const char *what)
{
	if (!good)
		err(EXIT_FAILURE, "%s", what);
}

/* ---- the world ---- */

enum { RIGHT = 1, STAR, EMPTY };	/* hashes */

/* lock and the days are added to the clock's. */
static const struct {
	const char	*name;
	uint32_t	 uid, passwd_uid;	/* 0: not in passwd */
	uint32_t	 flags;
	int64_t		 expires;	/* seconds from now, 0: never */
	int		 hash;		/* 0: no secret */
	int64_t		 lock;		/* seconds from now, 0: none */
	int32_t		 changed;	/* days ago, -1: not set */
	int32_t		 min, max, warn, inactive;
	uint32_t	 secret;
} world[] = {
	{ "alice", 3001, 3001, MANAGED | SSH, 0, RIGHT, 0, NONE, 0 },
	{ "locked", 3002, 3002, MANAGED | SSH | NK_USER_LOCKED, 0, RIGHT, 0,
	    NONE, 0 },
	{ "expired", 3003, 3003, MANAGED | SSH, -5, RIGHT, 0, NONE, 0 },
	{ "later", 3103, 3103, MANAGED | SSH, 500, RIGHT, 0, NONE, 0 },
	{ "disabled", 3004, 3004, MANAGED | SSH | DISABLED, 0, STAR, 0, NONE,
	    0 },
	{ "twofold", 3005, 3005, MANAGED | SSH, 0, RIGHT, 0, NONE,
	    NK_SECRET_OTP },
	{ "keyed", 3006, 3006, MANAGED | DISABLED, 0, STAR, 0, NONE,
	    NK_SECRET_OTP },
	{ "out", 3007, 3007, MANAGED | SSH, 0, RIGHT, 500, NONE, 0 },
	{ "again", 3008, 3008, MANAGED | SSH, 0, RIGHT, -1, NONE, 0 },
	{ "nossh", 3009, 3009, MANAGED, 0, RIGHT, 0, NONE, 0 },
	{ "must", 3010, 3010, MANAGED | SSH, 0, RIGHT, 0, 5, -1, -1, -1, -1,
	    NK_SECRET_MUST_CHANGE },
	{ "aged", 3011, 3011, MANAGED | SSH, 0, RIGHT, 0, 91, 0, 90, 7, 30,
	    0 },
	{ "dead", 3012, 3012, MANAGED | SSH, 0, RIGHT, 0, 121, 0, 90, 7, 30,
	    0 },
	{ "warned", 3013, 3013, MANAGED | SSH, 0, RIGHT, 0, 85, 0, 90, 7, 30,
	    0 },
	{ "fresh", 3113, 3113, MANAGED | SSH, 0, RIGHT, 0, 83, 0, 90, 7, 30,
	    0 },
	{ "ahead", 3014, 3014, MANAGED | SSH, 0, RIGHT, 0, -400, 0, 90, 7,
	    30, 0 },
	{ "moved", 3015, 4015, MANAGED | SSH, 0, RIGHT, 0, NONE, 0 },
	{ "ghost", 3016, 0, MANAGED | SSH, 0, RIGHT, 0, NONE, 0 },
	{ "remote", 3017, 3017, 0, 0, RIGHT, 0, NONE, 0 },
	{ "bare", 3018, 3018, MANAGED | SSH, 0, 0, 0, NONE, 0 },
	{ "empty", 3019, 3019, MANAGED | SSH, 0, EMPTY, 0, NONE, 0 },
};

static const char *
hash_of(int kind)
{
	static struct crypt_data data;

	if (kind != RIGHT)
		return kind == STAR ? "*" : "";
	if (data.output[0] == '\0')
		must(crypt_r("secret", "$6$rounds=1000$saltsalt",
		    &data) != NULL, "crypt");
	return data.output;
}

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	must(clock_gettime(clock, &ts) == 0, "the clock");
	return ts.tv_sec;
}

/* The days of the world are still the same when it is asked about. */
static void
avoid_midnight(void)
{
	int64_t left = DAY - now(CLOCK_REALTIME) % DAY;

	if (left < 120)
		(void)sleep((unsigned int)left + 1);
}

static void
put_account(struct nk_mapwriter *accounts, struct nk_mapwriter *secrets,
    int i)
{
	uint64_t generation = 100 + (uint64_t)i;
	int64_t day = now(CLOCK_REALTIME) / DAY - world[i].changed;
	struct nk_put_user u = {
		.row = 1 + (uint64_t)i, .generation = generation,
		.expires_at = world[i].expires == 0 ? NK_NEVER :
		    now(CLOCK_REALTIME) + world[i].expires,
		.uid = world[i].uid, .gid = 2000, .flags = world[i].flags,
		.name = world[i].name, .gecos = "", .home = "/",
		.shell = "/bin/sh",
	};
	struct nk_put_secret s = {
		.row = u.row, .generation = { generation, generation },
		.locked_until = world[i].lock == 0 ? 0 :
		    now(CLOCK_BOOTTIME) + world[i].lock,
		.last_change = world[i].changed == -1 ? -1 : (int32_t)day,
		.min_days = world[i].min, .max_days = world[i].max,
		.warn_days = world[i].warn,
		.inactive_days = world[i].inactive,
		.flags = world[i].secret, .hash = hash_of(world[i].hash),
	};

	nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), u.name);
	if (world[i].hash != 0)
		nk_fixture_ok(nk_mapwriter_put_secret(secrets, &s), u.name);
}

static void
make_maps(void)
{
	static const struct nk_map_settings settings = { .min_id = 1000 };
	static const struct nk_put_group group = { 1, 2000, "staff" };
	struct nk_mapwriter *accounts, *secrets;
	int i;

	accounts = nk_fixture_create(NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS,
	    64, 0644);
	secrets = nk_fixture_create(NK_MAP_SECRETS, NK_MAP_KIND_SECRETS, 64,
	    0600);
	nk_fixture_ok(nk_mapwriter_settings(accounts, &settings), "settings");
	nk_fixture_ok(nk_mapwriter_put_group(accounts, &group), "a group");
	for (i = 0; i < COUNT(world); i++)
		put_account(accounts, secrets, i);
	nk_fixture_install(accounts);
	nk_fixture_install(secrets);
	nk_mapwriter_free(accounts);
	nk_mapwriter_free(secrets);
}

static void
make_passwd(void)
{
	FILE *f = fopen("/etc/passwd", "ae");
	int i;

	must(f != NULL, "/etc/passwd");
	for (i = 0; i < COUNT(world); i++) {
		if (world[i].passwd_uid != 0)
			(void)fprintf(f, "%s:x:%u:2000::/:/bin/sh\n",
			    world[i].name, world[i].passwd_uid);
	}
	(void)fprintf(f, "local:x:3500:2000::/:/bin/sh\n");
	must(fclose(f) == 0, "/etc/passwd");
	f = fopen("/etc/nsswitch.conf", "we");
	must(f != NULL, "/etc/nsswitch.conf");
	(void)fprintf(f, "passwd: files\ngroup: files\nshadow: files\n");
	must(fclose(f) == 0, "/etc/nsswitch.conf");
}

/* Once: the tests' processes inherit it. */
static void
enter(void)
{
	nk_fixture_enter();
	nk_fixture_overlay("/etc");
	make_passwd();
	make_maps();
	must(mkdir(CONFDIR, 0755) == 0, CONFDIR);
	must(mkdir(RUN "root", 0700) == 0, RUN);
}

static void
write_service(const char *service, const char *options)
{
	static const char *const types[] = { "auth", "account", "session",
	    "password" };
	char path[128];
	size_t i;
	FILE *f;

	(void)snprintf(path, sizeof(path), CONFDIR "/%s", service);
	ck_assert_ptr_nonnull(f = fopen(path, "we"));
	for (i = 0; i < 4; i++)
		(void)fprintf(f, "%s required %s %s\n", types[i],
		    NK_TEST_PAM_MODULE, options);
	ck_assert_int_eq(fclose(f), 0);
}

/* ---- calls ---- */

enum phase { AUTH = 1, CRED, ACCT, OPEN, CLOSE, CHANGE, FORCED };

struct row {
	const char	*what;
	const char	*service, *options, *user;
	const char	*answer[4];
	enum nk_talk_how how;
	const char	*rule[3];
	const char	*env;
	struct {
		enum phase	phase;
		int		want;
	} call[4];
	const char	*frames;	/* what the helper hears, whole */
	unsigned int	 prompts;	/* at most */
};

static int
do_call(pam_handle_t *pamh, enum phase phase)
{
	switch (phase) {
	case AUTH:
		return pam_authenticate(pamh, 0);
	case CRED:
		return pam_setcred(pamh, PAM_ESTABLISH_CRED);
	case ACCT:
		return pam_acct_mgmt(pamh, 0);
	case OPEN:
		return pam_open_session(pamh, 0);
	case CLOSE:
		return pam_close_session(pamh, 0);
	case CHANGE:
		return pam_chauthtok(pamh, 0);
	case FORCED:
		return pam_chauthtok(pamh, PAM_CHANGE_EXPIRED_AUTHTOK);
	}
	return -1;
}

static void
do_calls(const struct row *w, struct nk_talk *t)
{
	struct pam_conv conv = { nk_talk, t };
	pam_handle_t *pamh = NULL;
	int i, got = PAM_SUCCESS;

	ck_assert_int_eq(pam_start_confdir(w->service, w->user, &conv,
	    CONFDIR, &pamh), PAM_SUCCESS);
	nk_talk_no_delay(pamh);
	ck_assert_int_eq(pam_set_item(pamh, PAM_TTY, "tty9"), PAM_SUCCESS);
	ck_assert_int_eq(pam_set_item(pamh, PAM_RHOST, RHOST),
	    PAM_SUCCESS);
	if (w->env != NULL)
		ck_assert_int_eq(pam_putenv(pamh, w->env), PAM_SUCCESS);
	for (i = 0; i < COUNT(w->call) && w->call[i].phase != 0; i++) {
		got = do_call(pamh, w->call[i].phase);
		ck_assert_msg(got == w->call[i].want, "%s: call %d is %s, "
		    "not %s; said:\n%s", w->what, i, nk_talk_code(got),
		    nk_talk_code(w->call[i].want), t->said);
	}
	ck_assert_int_eq(pam_end(pamh, got), PAM_SUCCESS);
	ck_assert_msg(t->prompts <= w->prompts, "%s: asked %u times:\n%s",
	    w->what, t->prompts, t->said);
}

/* Each comes on a connection of its own: their order is nobody's. */
static bool
are_same_lines(const char *got, const char *wanted)
{
	char line[512];
	size_t len;

	if (strlen(got) != strlen(wanted))
		return false;
	for (; *wanted != '\0'; wanted += len) {
		len = strcspn(wanted, "\n") + 1;
		ck_assert_uint_lt(len, sizeof(line));
		memcpy(line, wanted, len);
		line[len] = '\0';
		if (strstr(got, line) == NULL)
			return false;
	}
	return true;
}

/* The frames that need no answer may still be on their way. */
static void
check_frames(const struct row *w)
{
	const struct timespec ts = { .tv_nsec = 5000000 };
	char text[4096];
	int fd, tries;
	ssize_t n;

	for (tries = 0; tries < 12000; tries++) {
		n = 0;
		if ((fd = open(SERVER_LOG, O_RDONLY | O_CLOEXEC)) != -1) {
			n = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
		ck_assert_int_ge(n, 0);
		text[n] = '\0';
		if (are_same_lines(text, w->frames))
			return;
		nanosleep(&ts, NULL);
	}
	ck_abort_msg("%s: the helper has heard\n%snot\n%s", w->what, text,
	    w->frames);
}

static void
run(const struct row *w, uid_t uid)
{
	struct nk_talk t = { .how = w->how };
	unsigned int fds;
	pid_t server = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		t.answer[i] = w->answer[i];
	write_service(w->service, w->options);
	(void)unlink(SERVER_LOG);
	if (w->frames != NULL)
		server = nk_pamserver_start(uid == 0 ? RUN "root/pam.sock" :
		    RUN "pam.sock", SERVER_LOG, w->rule);
	if (uid != 0)
		ck_assert_int_eq(setresuid(uid, uid, 0), 0);
	fds = nk_fixture_count_fds();
	do_calls(w, &t);
	ck_assert_msg(nk_fixture_count_fds() == fds, "%s: descriptors",
	    w->what);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	if (server != 0)
		check_frames(w);
	nk_pamserver_stop(server);
}

#define FIRST(code)	.call = { { AUTH, code } }
#define F(user)		"0 FAILURE [" user "] [login] [192.0.2.1] [tty9]\n"
#define S(user)		"0 SUCCESS [" user "] [login] [192.0.2.1] [tty9]\n"
#define KEY(method)	"SSH_AUTH_INFO_0=" method " ssh-ed25519 AAAA\n"

static const struct row rows[] = {
	{ "the right password", "login", "", "alice", { "secret" },
	    .call = { { AUTH, PAM_SUCCESS }, { CRED, PAM_SUCCESS },
	    { ACCT, PAM_SUCCESS }, { OPEN, PAM_SUCCESS } },
	    .frames = S("alice")
	    "0 SESSION_OPEN [alice] [login] [192.0.2.1] [tty9] []\n",
	    .prompts = 1 },
	{ "a wrong one", "login", "", "alice", { "Secret" },
	    .rule = { "FAILURE=OK" }, .call = { { AUTH, PAM_AUTH_ERR },
	    { CRED, PAM_PERM_DENIED }, { ACCT, PAM_SUCCESS } },
	    .frames = F("alice"), .prompts = 1 },
	{ "an empty one", "login", "", "alice", { "" },
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("alice"), .prompts = 1 },
	{ "three wrong ones", "login", "", "alice", { "a", "b", "c" },
	    .rule = { "FAILURE=OK" }, .call = { { AUTH, PAM_AUTH_ERR },
	    { AUTH, PAM_AUTH_ERR }, { AUTH, PAM_MAXTRIES } },
	    .frames = F("alice") F("alice") F("alice"), .prompts = 3 },
	{ "a session", "login", "", "alice", .call = { { OPEN, PAM_SUCCESS },
	    { CLOSE, PAM_SUCCESS } }, .env = KEY("publickey"),
	    .frames = "0 SESSION_OPEN [alice] [login] [192.0.2.1] [tty9] "
	    "[publickey ssh-ed25519 AAAA\n]\n"
	    "0 SESSION_CLOSE [alice] [login] [tty9]\n" },
	{ "a session without a helper", "login", "", "alice",
	    .call = { { OPEN, PAM_SUCCESS }, { CLOSE, PAM_SUCCESS } } },
	{ "a success without a helper", "login", "", "alice", { "secret" },
	    FIRST(PAM_SUCCESS), .prompts = 1 },
	{ "a failure without a helper", "login", "", "alice", { "x" },
	    FIRST(PAM_AUTH_ERR), .prompts = 1 },
	/* whose name is not ours */
	{ "root", "login", "", "root", { "secret" }, .call = {
	    { AUTH, PAM_USER_UNKNOWN }, { CRED, PAM_USER_UNKNOWN },
	    { ACCT, PAM_USER_UNKNOWN }, { OPEN, PAM_USER_UNKNOWN } } },
	{ "a local user", "login", "", "local", { "secret" }, .call = {
	    { AUTH, PAM_USER_UNKNOWN }, { ACCT, PAM_USER_UNKNOWN },
	    { CLOSE, PAM_USER_UNKNOWN } } },
	{ "an unmanaged user", "login", "", "remote", { "secret" }, .call = {
	    { AUTH, PAM_USER_UNKNOWN }, { ACCT, PAM_USER_UNKNOWN } } },
	{ "below min_uid", "login", "min_uid=3002", "alice", { "secret" },
	    .call = { { AUTH, PAM_USER_UNKNOWN }, { ACCT, PAM_USER_UNKNOWN },
	    { OPEN, PAM_USER_UNKNOWN } } },
	{ "a name that nobody knows is asked", "login", "", "nobodyelse",
	    { "secret" }, .call = { { AUTH, PAM_USER_UNKNOWN },
	    { CRED, PAM_USER_UNKNOWN }, { ACCT, PAM_USER_UNKNOWN } },
	    .frames = "", .prompts = 1 },
	{ "another uid in the name service, right", "login", "", "moved",
	    { "secret" }, .call = { { AUTH, PAM_USER_UNKNOWN },
	    { ACCT, PAM_USER_UNKNOWN }, { OPEN, PAM_USER_UNKNOWN } },
	    .frames = "", .prompts = 1 },
	{ "another uid in the name service, wrong", "login", "", "moved",
	    { "x" }, .call = { { AUTH, PAM_USER_UNKNOWN },
	    { CRED, PAM_USER_UNKNOWN } }, .frames = "", .prompts = 1 },
	{ "not in the name service", "login", "", "ghost", { "secret" },
	    .call = { { AUTH, PAM_SYSTEM_ERR }, { ACCT, PAM_SYSTEM_ERR } },
	    .frames = "", .prompts = 1 },
	/* refused as if it were wrong, and not counted */
	{ "locked", "login", "", "locked", { "secret" }, .call = {
	    { AUTH, PAM_AUTH_ERR }, { ACCT, PAM_PERM_DENIED } },
	    .frames = "", .prompts = 1 },
	{ "password_disabled", "login", "", "disabled", { "secret" },
	    .call = { { AUTH, PAM_AUTH_ERR }, { ACCT, PAM_SUCCESS } },
	    .frames = "", .prompts = 1 },
	{ "the hash as the password", "login", "", "disabled", { "*" },
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "locked out", "login", "", "out", { "secret" }, .call = {
	    { AUTH, PAM_AUTH_ERR }, { ACCT, PAM_SUCCESS } }, .frames = "",
	    .prompts = 1 },
	{ "locked out, wrong", "login", "", "out", { "x" },
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "no longer locked out", "login", "", "again", { "secret" },
	    FIRST(PAM_SUCCESS), .frames = S("again"), .prompts = 1 },
	{ "no password over SSH", "sshd", "", "nossh", { "secret" },
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "but elsewhere", "login", "", "nossh", { "secret" },
	    FIRST(PAM_SUCCESS), .frames = S("nossh"), .prompts = 1 },
	{ "over SSH where it may", "sshd", "", "alice", { "secret" },
	    FIRST(PAM_SUCCESS), .prompts = 1 },
	{ "no secret in the map", "login", "", "bare", { "secret" },
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("bare"), .prompts = 1 },
	/* empty hashes */
	{ "an empty hash", "login", "", "empty", { "" },
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("empty"), .prompts = 1 },
	{ "an empty hash, nullok", "login", "nullok", "empty",
	    FIRST(PAM_SUCCESS), .frames = S("empty"), .prompts = 0 },
	{ "nullok is nothing to a hash", "login", "nullok", "alice", { "" },
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("alice"), .prompts = 1 },
	{ "nor to no password", "login", "nullok", "disabled", { "" },
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	/* age and end */
	{ "expired", "login", "", "expired", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_ACCT_EXPIRED } },
	    .prompts = 1 },
	{ "expires later", "login", "", "later", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_SUCCESS } }, .prompts = 1 },
	{ "must be changed", "login", "", "must", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_NEW_AUTHTOK_REQD } },
	    .prompts = 1 },
	{ "must be changed, but by key", "login", "", "must",
	    .call = { { ACCT, PAM_SUCCESS } } },
	{ "aged", "login", "", "aged", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_NEW_AUTHTOK_REQD } },
	    .prompts = 1 },
	{ "aged, but by key", "login", "", "aged",
	    .call = { { ACCT, PAM_SUCCESS } } },
	{ "aged, and the password was wrong", "login", "", "aged", { "x" },
	    .call = { { AUTH, PAM_AUTH_ERR }, { ACCT, PAM_SUCCESS } },
	    .prompts = 1 },
	{ "aged too long", "login", "", "dead", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_AUTHTOK_EXPIRED } },
	    .prompts = 1 },
	{ "nearly aged", "login", "", "warned", { "secret" }, .call = {
	    { AUTH, PAM_SUCCESS }, { ACCT, PAM_SUCCESS } }, .prompts = 1 },
	{ "time has run backwards", "login", "", "ahead", { "secret" },
	    .call = { { AUTH, PAM_SUCCESS }, { ACCT, PAM_SUCCESS } },
	    .prompts = 1 },
	/* the second factor */
	{ "a second factor", "login", "otp", "twofold", { "secret",
	    "123456" }, .rule = { "OTP/123456=OK", "OTP=AUTH_ERR" },
	    FIRST(PAM_SUCCESS), .frames = "0 OTP [twofold] [123456]\n"
	    S("twofold"), .prompts = 2 },
	{ "a wrong one", "login", "otp", "twofold", { "secret", "123457" },
	    .rule = { "OTP/123456=OK", "OTP=AUTH_ERR" }, FIRST(PAM_AUTH_ERR),
	    .frames = "0 OTP [twofold] [123457]\n", .prompts = 2 },
	{ "an empty one", "login", "otp", "twofold", { "secret", "" },
	    .rule = { "OTP=OK" }, FIRST(PAM_AUTH_ERR), .frames = "",
	    .prompts = 2 },
	{ "after a wrong password it is not asked", "login", "otp",
	    "twofold", { "x", "123456" }, .rule = { "FAILURE=OK", "OTP=OK" },
	    FIRST(PAM_AUTH_ERR), .frames = F("twofold"), .prompts = 1 },
	{ "where it is not asked nobody comes in", "login", "", "twofold",
	    { "secret", "123456" }, .rule = { "OTP=OK" },
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "the helper does not know", "login", "otp", "twofold", { "secret",
	    "123456" }, .rule = { "OTP=UNAVAILABLE" },
	    FIRST(PAM_SYSTEM_ERR), .frames = "0 OTP [twofold] [123456]\n",
	    .prompts = 2 },
	{ "the helper is not there", "login", "otp", "twofold", { "secret",
	    "123456" }, FIRST(PAM_SYSTEM_ERR), .prompts = 2 },
	{ "the helper knows no such user", "login", "otp", "twofold",
	    { "secret", "123456" }, .rule = { "OTP=USER_UNKNOWN" },
	    FIRST(PAM_AUTH_ERR), .frames = "0 OTP [twofold] [123456]\n",
	    .prompts = 2 },
	{ "an answer that is for agents", "login", "otp", "twofold",
	    { "secret", "123456" }, .rule = { "OTP=CONTINUE:x" },
	    FIRST(PAM_SYSTEM_ERR), .frames = "0 OTP [twofold] [123456]\n",
	    .prompts = 2 },
	{ "who has none is not asked", "login", "otp", "alice", { "secret" },
	    FIRST(PAM_SUCCESS), .frames = S("alice"), .prompts = 1 },
	/* ... behind a key */
	{ "a key and a second factor", "sshd", "otp", "keyed", { "123456" },
	    .rule = { "OTP/123456=OK" }, .env = KEY("publickey"),
	    .call = { { AUTH, PAM_SUCCESS }, { ACCT, PAM_SUCCESS } },
	    .frames = "0 OTP [keyed] [123456]\n"
	    "0 SUCCESS [keyed] [sshd] [192.0.2.1] [tty9]\n", .prompts = 1 },
	{ "a key and a wrong one", "sshd", "otp", "keyed", { "1" },
	    .rule = { "OTP/123456=OK", "OTP=AUTH_ERR" },
	    .env = KEY("publickey"), FIRST(PAM_AUTH_ERR), 
	    .frames = "0 OTP [keyed] [1]\n", .prompts = 1 },
	{ "no key", "sshd", "otp", "keyed", { "123456" },
	    .rule = { "OTP=OK" }, FIRST(PAM_AUTH_ERR), .frames = "",
	    .prompts = 1 },
	{ "no key, but a host's", "sshd", "otp", "keyed", { "123456" },
	    .rule = { "OTP=OK" }, .env = KEY("hostbased"),
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "another service may say what it likes", "login", "otp", "keyed",
	    { "123456" }, .rule = { "OTP=OK" }, .env = KEY("publickey"),
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "a key, and nobody asks for more", "sshd", "", "keyed",
	    { "123456" }, .rule = { "OTP=OK" }, .env = KEY("publickey"),
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	{ "a key is no second factor", "sshd", "otp", "disabled",
	    { "123456" }, .rule = { "OTP=OK" }, .env = KEY("publickey"),
	    FIRST(PAM_AUTH_ERR), .frames = "", .prompts = 1 },
	/* conversations */
	{ "it hangs up", "login", "", "alice", .how = NK_TALK_HANG_UP,
	    FIRST(PAM_AUTHTOK_ERR), .prompts = 1 },
	{ "it gives no answer", "login", "", "alice",
	    .how = NK_TALK_NO_ANSWERS, FIRST(PAM_AUTHTOK_ERR), .prompts = 1 },
	{ "it gives an answer without text", "login", "", "alice",
	    .how = NK_TALK_NO_TEXT, FIRST(PAM_AUTHTOK_ERR), .prompts = 1 },
	{ "it gives too much", "login", "", "alice", .how = NK_TALK_LONG,
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("alice"), .prompts = 1 },
	{ "it gives no text", "login", "", "alice", .how = NK_TALK_BINARY,
	    .rule = { "FAILURE=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = F("alice"), .prompts = 1 },
	{ "it is not ready", "login", "", "alice", .how = NK_TALK_AGAIN,
	    FIRST(PAM_AUTHTOK_ERR), .prompts = 1 },
	{ "it hangs up before the second factor", "login", "otp", "twofold",
	    { "secret" }, FIRST(PAM_CONV_ERR), .prompts = 2 },
	/* options */
	{ "an unknown option", "login", "otpp", "alice", { "secret" },
	    .call = { { AUTH, PAM_SERVICE_ERR }, { ACCT, PAM_SERVICE_ERR },
	    { OPEN, PAM_SERVICE_ERR }, { CHANGE, PAM_SERVICE_ERR } } },
	{ "an option twice", "login", "otp otp", "alice", { "secret" },
	    .call = { { CRED, PAM_SERVICE_ERR },
	    { CLOSE, PAM_SERVICE_ERR } } },
	{ "nobody has asked", "login", "use_first_pass", "alice",
	    { "secret" }, FIRST(PAM_AUTH_ERR), .prompts = 0 },
	/* homes */
	{ "a home", "login", "mkhome", "alice", .rule = { "MKHOME=OK" },
	    .call = { { OPEN, PAM_SUCCESS } }, .frames = "0 MKHOME [alice]\n"
	    "0 SESSION_OPEN [alice] [login] [192.0.2.1] [tty9] []\n" },
	{ "no home, and a session", "login", "mkhome", "alice",
	    .rule = { "MKHOME=PERM_DENIED:its parent is a link" },
	    .call = { { OPEN, PAM_SUCCESS } }, .frames = "0 MKHOME [alice]\n"
	    "0 SESSION_OPEN [alice] [login] [192.0.2.1] [tty9] []\n" },
};

START_TEST(as_root)
{
	run(&rows[_i], 0);
}
END_TEST

/* What root changes needs no old password. */
static const struct row changes[] = {
	{ "by root", "login", "", "alice", { "New1", "New1" },
	    .rule = { "CHAUTHTOK=OK" }, .call = { { CHANGE, PAM_SUCCESS } },
	    .frames = "0 CHAUTHTOK [alice] [] [New1]\n", .prompts = 2 },
	{ "too weak", "login", "", "alice", { "New1", "New1" },
	    .rule = { "CHAUTHTOK=AUTHTOK_ERR:It is too short." },
	    .call = { { CHANGE, PAM_AUTHTOK_ERR } },
	    .frames = "0 CHAUTHTOK [alice] [] [New1]\n", .prompts = 2 },
	{ "typed differently", "login", "", "alice", { "New1", "New2" },
	    .rule = { "CHAUTHTOK=OK" }, .call = { { CHANGE, PAM_TRY_AGAIN } },
	    .frames = "", .prompts = 2 },
	{ "nothing typed", "login", "", "alice", { "", "" },
	    .rule = { "CHAUTHTOK=OK" }, .call = { { CHANGE, PAM_AUTHTOK_ERR } },
	    .frames = "", .prompts = 2 },
	{ "too long", "login", "", "alice", .how = NK_TALK_LONG,
	    .rule = { "CHAUTHTOK=OK" }, .call = { { CHANGE,
	    PAM_AUTHTOK_ERR } }, .frames = "", .prompts = 2 },
	{ "nobody there", "login", "", "alice", { "New1", "New1" },
	    .call = { { CHANGE, PAM_SYSTEM_ERR } }, .prompts = 2 },
	{ "a new one that nobody asked for", "login", "use_authtok", "alice",
	    { "New1", "New1" }, .call = { { CHANGE, PAM_AUTHTOK_ERR } } },
	{ "expired: the old one is asked for", "login", "", "alice",
	    { "secret", "New1", "New1" }, .rule = { "CHAUTHTOK=OK" },
	    .call = { { FORCED, PAM_SUCCESS } },
	    .frames = "0 CHAUTHTOK [alice] [secret] []\n"
	    "0 CHAUTHTOK [alice] [secret] [New1]\n", .prompts = 3 },
	{ "expired: the old one is wrong", "login", "", "alice", { "x" },
	    .rule = { "CHAUTHTOK=OK", "FAILURE=OK" },
	    .call = { { FORCED, PAM_AUTH_ERR } }, .frames = F("alice"),
	    .prompts = 1 },
	{ "expired: locked out", "login", "", "out", { "secret" },
	    .rule = { "CHAUTHTOK=OK" }, .call = { { FORCED, PAM_AUTH_ERR } },
	    .frames = "", .prompts = 1 },
	{ "not yet", "login", "", "alice", { "secret" },
	    .rule = { "CHAUTHTOK=AUTHTOK_ERR:Tomorrow." },
	    .call = { { FORCED, PAM_AUTHTOK_ERR } },
	    .frames = "0 CHAUTHTOK [alice] [secret] []\n", .prompts = 1 },
	{ "of others: the new one is for the next module", "login", "",
	    "local", { "New1", "New1" },
	    .call = { { CHANGE, PAM_USER_UNKNOWN } }, .prompts = 2 },
	{ "of others, where somebody else asks", "login", "use_authtok",
	    "local", { "New1", "New1" },
	    .call = { { CHANGE, PAM_USER_UNKNOWN } } },
};

START_TEST(change)
{
	run(&changes[_i], 0);
}
END_TEST

/* A user who asks for itself; only the helper may read the hashes. */
#define V(user, password)	"3001 VERIFY [" user "] [" password "]\n"
static const struct row own[] = {
	{ "right", "lock", "", "alice", { "secret" }, .rule = { "VERIFY=OK",
	    "OTP=OK" }, .call = { { AUTH, PAM_SUCCESS },
	    { CRED, PAM_SUCCESS }, { ACCT, PAM_SUCCESS },
	    { OPEN, PAM_SUCCESS } },
	    .frames = V("alice", "secret") "3001 OTP [alice] []\n",
	    .prompts = 1 },
	{ "wrong", "lock", "", "alice", { "x" }, .rule = {
	    "VERIFY=AUTH_ERR", "OTP=OK" }, FIRST(PAM_AUTH_ERR),
	    .frames = V("alice", "x"), .prompts = 1 },
	{ "another user", "lock", "", "locked", { "secret" },
	    .rule = { "VERIFY=AUTH_ERR" }, FIRST(PAM_AUTH_ERR),
	    .frames = V("locked", "secret"), .prompts = 1 },
	{ "nobody there", "lock", "", "alice", { "secret" },
	    FIRST(PAM_SYSTEM_ERR), .prompts = 1 },
	{ "it cannot say", "lock", "", "alice", { "secret" },
	    .rule = { "VERIFY=UNAVAILABLE" }, FIRST(PAM_SYSTEM_ERR),
	    .frames = V("alice", "secret"), .prompts = 1 },
	{ "a second factor that is not asked for", "lock", "", "alice",
	    { "secret" }, .rule = { "VERIFY=OK", "OTP=AUTH_ERR" },
	    FIRST(PAM_AUTH_ERR), .frames = V("alice", "secret")
	    "3001 OTP [alice] []\n", .prompts = 1 },
	{ "a second factor", "lock", "otp", "alice", { "secret", "123" },
	    .rule = { "VERIFY=OK", "OTP/123=OK", "OTP=AUTH_ERR" },
	    FIRST(PAM_SUCCESS), .frames = V("alice", "secret")
	    "3001 OTP [alice] []\n3001 OTP [alice] [123]\n", .prompts = 2 },
	{ "whether there is one is not known", "lock", "otp", "alice",
	    { "secret", "123" }, .rule = { "VERIFY=OK", "OTP=UNAVAILABLE" },
	    FIRST(PAM_SYSTEM_ERR), .frames = V("alice", "secret")
	    "3001 OTP [alice] []\n", .prompts = 1 },
	{ "too long for a frame", "lock", "", "alice", .how = NK_TALK_LONG,
	    .rule = { "VERIFY=OK" }, FIRST(PAM_AUTH_ERR), .frames = "",
	    .prompts = 1 },
	{ "sshd's word is root's alone", "sshd", "otp", "keyed", { "123" },
	    .env = KEY("publickey"), .rule = { "VERIFY=AUTH_ERR", "OTP=OK" },
	    FIRST(PAM_AUTH_ERR), .frames = V("keyed", "123"),
	    .prompts = 1 },
	{ "an agent is root's alone", "lock", "agent", "alice", { "secret" },
	    .rule = { "VERIFY=OK", "AGENT_CHALLENGE=OK", "OTP=OK" },
	    FIRST(PAM_SUCCESS), .frames = V("alice", "secret")
	    "3001 OTP [alice] []\n", .prompts = 1 },
	{ "a change", "lock", "", "alice", { "secret", "New1", "New1" },
	    .rule = { "VERIFY=OK", "CHAUTHTOK=OK" },
	    .call = { { CHANGE, PAM_SUCCESS } },
	    .frames = V("alice", "secret")
	    "3001 CHAUTHTOK [alice] [secret] []\n"
	    "3001 CHAUTHTOK [alice] [secret] [New1]\n", .prompts = 3 },
	{ "a change with a wrong one", "lock", "", "alice", { "x" },
	    .rule = { "VERIFY=AUTH_ERR", "CHAUTHTOK=OK" },
	    .call = { { CHANGE, PAM_AUTH_ERR } }, .frames = V("alice", "x"),
	    .prompts = 1 },
};

START_TEST(as_user)
{
	run(&own[_i], 3001);
}
END_TEST

/* ---- a helper that hangs, dies, or is another ---- */

static const struct {
	const char	*what;
	const char	*action;
	long		 least, most;	/* ms */
} ills[] = {
	{ "hangs", "hang", 2800, 20000 },
	{ "dies", "drop", 0, 2700 },
	{ "hangs in the middle", "half", 2800, 20000 },
	{ "dies in the middle", "cut", 0, 2700 },
	{ "answers garbage", "garbage", 0, 2700 },
};

START_TEST(ill_helper)
{
	struct row w = { ills[_i].what, "login", "otp", "twofold",
	    { "secret", "123456" }, .rule = { NULL },
	    FIRST(PAM_SYSTEM_ERR), .frames = "0 OTP [twofold] [123456]\n",
	    .prompts = 2 };
	char rule[32];
	int64_t took = 0;
	struct timespec a, b;

	(void)snprintf(rule, sizeof(rule), "OTP=%s", ills[_i].action);
	w.rule[0] = rule;
	clock_gettime(CLOCK_MONOTONIC, &a);
	run(&w, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	took = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) /
	    1000000;
	ck_assert_int_ge(took, ills[_i].least);
#ifndef NK_SANITIZERS
	ck_assert_int_le(took, ills[_i].most);
#endif
}
END_TEST

/* A wrong password stays one, and no longer than that. */
START_TEST(failure_is_not_taken)
{
	const struct row w = { "a failure that is not taken", "login", "",
	    "alice", { "x" }, .rule = { "FAILURE=hang" },
	    FIRST(PAM_AUTH_ERR), .frames = F("alice"), .prompts = 1 };

	run(&w, 0);
}
END_TEST

/* The other end is not root's. */
START_TEST(wrong_owner)
{
	const struct row w = { "another's helper", "lock", "", "alice",
	    { "secret" }, FIRST(PAM_SYSTEM_ERR), .prompts = 1 };
	static const char *const rules[] = { "VERIFY=OK", "OTP=OK", NULL };
	pid_t server;

	ck_assert_int_eq(chmod(RUN, 0777), 0);
	ck_assert_int_eq(setresuid(3001, 3001, 0), 0);
	server = nk_pamserver_start(RUN "pam.sock", "/dev/null", rules);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	run(&w, 3001);
	nk_pamserver_stop(server);
}
END_TEST

/* ---- maps ---- */

static const struct row no_accounts = { "accounts.map is missing", "login",
    "", "alice", { "secret" }, .call = { { AUTH, PAM_AUTHINFO_UNAVAIL },
    { CRED, PAM_AUTHINFO_UNAVAIL }, { ACCT, PAM_AUTHINFO_UNAVAIL },
    { OPEN, PAM_AUTHINFO_UNAVAIL } } };
static const struct row no_secrets = { "secrets.map is missing", "login",
    "", "alice", { "secret" }, .call = { { AUTH, PAM_SYSTEM_ERR },
    { ACCT, PAM_SUCCESS } }, .prompts = 1 };
static const struct row no_secrets_moved = { "of somebody else", "login",
    "", "moved", { "secret" }, .call = { { AUTH, PAM_USER_UNKNOWN } },
    .prompts = 1 };

START_TEST(missing_maps)
{
	ck_assert_int_eq(unlink(NK_FIXTURE_MAPS "/" NK_MAP_SECRETS), 0);
	run(&no_secrets, 0);
	run(&no_secrets_moved, 0);
	ck_assert_int_eq(unlink(NK_FIXTURE_MAPS "/" NK_MAP_ACCOUNTS), 0);
	run(&no_accounts, 0);
	make_maps();
}
END_TEST

/* The account is changed while its password is typed: nobody comes in. */
struct meddler {
	struct nk_talk	talk;
	const char	*name;
	int64_t		locked_until;
	bool		locked;
};

static struct meddler meddler;
static char *(*real_crypt)(const char *, const char *, void *, int) =
    crypt_rn;

static void
meddle(void)
{
	static const struct nk_map_identity identity = {
		.boot_id = "boot", .store_id = "store",
	};
	struct nk_mapwriter *w = NULL;
	struct nk_put_secret s = { .row = 1, .generation = { 100, 100 },
		.locked_until = meddler.locked_until, .last_change = -1,
		.min_days = -1, .max_days = -1, .warn_days = -1,
		.inactive_days = -1, .hash = hash_of(RIGHT) };
	int dirfd = open(NK_FIXTURE_MAPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ne(dirfd, -1);
	if (meddler.locked_until != 0) {
		ck_assert_int_eq(nk_mapwriter_open(&w, dirfd, NK_MAP_SECRETS,
		    NK_MAP_KIND_SECRETS, &identity), 0);
		ck_assert_int_eq(nk_mapwriter_put_secret(w, &s), 0);
		nk_mapwriter_free(w);
	}
	if (meddler.locked) {
		ck_assert_int_eq(nk_mapwriter_open(&w, dirfd,
		    NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS, &identity), 0);
		ck_assert_int_eq(nk_mapwriter_restrict_user(w, 1,
		    NK_USER_LOCKED), 0);
		nk_mapwriter_free(w);
	}
	close(dirfd);
}

/* libcrypt's, with something that happens while it works. */
__attribute__((visibility("default"))) char *
crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	char *out = real_crypt(phrase, setting, data, (int)sizeof(*data));

	if (meddler.name != NULL && strcmp(phrase, "secret") == 0)
		meddle();
	return out;
}

START_TEST(changed_during_hash)
{
	const struct row w = { "changed while the hash is computed", "login",
	    "", "alice", { "secret" }, FIRST(PAM_AUTH_ERR), .frames = "",
	    .prompts = 1 };

	(void)hash_of(RIGHT);
	meddler.locked = _i == 0;
	meddler.locked_until = _i == 0 ? 0 : now(CLOCK_BOOTTIME) + 500;
	meddler.name = "alice";
	run(&w, 0);
	meddler.name = NULL;
	make_maps();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pam module");
	TCase *tc = tcase_create("calls"), *slow = tcase_create("ills");
	SRunner *sr = srunner_create(s);
	int failed;

	avoid_midnight();
	enter();
	tcase_add_loop_test(tc, as_root, 0, COUNT(rows));
	tcase_add_loop_test(tc, change, 0, COUNT(changes));
	tcase_add_loop_test(tc, as_user, 0, COUNT(own));
	tcase_add_test(tc, wrong_owner);
	tcase_add_test(tc, missing_maps);
	tcase_add_loop_test(tc, changed_during_hash, 0, 2);
	suite_add_tcase(s, tc);
	tcase_add_loop_test(slow, ill_helper, 0, COUNT(ills));
	tcase_add_test(slow, failure_is_not_taken);
	suite_add_tcase(s, slow);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
