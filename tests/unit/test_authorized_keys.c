/* SPDX-License-Identifier: ISC */
/*
 * The built naskeys-authorized-keys, run as sshd runs it, against maps of
 * its own.  Its path is that of the environment variable NK_TEST_AKC or,
 * without it, of the macro.
 */
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/map/reader.h"
#include "lib/map/record.h"
#include "tests/fixture/maps.h"

#ifndef NK_TEST_AKC
#define NK_TEST_AKC	"./naskeys-authorized-keys"
#endif

#define N(a)		((int)(sizeof(a) / sizeof((a)[0])))
#define NOBODY		65534u
#define PLACE		NK_RUNSTATEDIR "/chain"
#define CONF		NK_SYSCONFDIR "/naskeys/naskeys.conf"
#define PAST		((int64_t)1)
#define FUTURE		((int64_t)4102444800)

static const char *program = NK_TEST_AKC;
static int log_fd = -1;

/* ---- the maps ---- */

#define MANAGED		NK_USER_MANAGED
#define IN		NK_USER_IN_MANAGED

static const struct nk_put_user users[] = {
#define USER(row, expires, uid, flags, name) \
	{ row, 10 + row, expires, uid, 2000, flags, name, "", "/", "/bin/sh", \
	    NULL, 0 }
	USER(1, NK_NEVER, 0, IN, "root"),
	USER(2, NK_NEVER, 3000, MANAGED, "alice"),
	USER(3, NK_NEVER, 3001, MANAGED | NK_USER_LOCKED, "locked"),
	USER(4, PAST, 3002, MANAGED, "expired"),
	USER(5, FUTURE, 3003, MANAGED, "temporary"),
	USER(6, NK_NEVER, 3004, NK_USER_UID_MISMATCH, "moved"),
	USER(7, NK_NEVER, 3005, MANAGED, "keyless"),
	USER(8, NK_NEVER, 3006, MANAGED, "outdated"),
	USER(9, NK_NEVER, 0, MANAGED, "zero"),
	USER(11, NK_NEVER, 3007, NK_USER_LOCKED, "outside-locked"),
	USER(12, PAST, 3008, 0, "outside-expired"),
	USER(13, NK_NEVER, 70000, IN, "DOMAIN\\carol"),
	USER(14, NK_NEVER, 3009, MANAGED, "all-expired"),
#undef USER
};

struct key {
	uint64_t	 row;
	int64_t		 expires_at;
	uint16_t	 flags;
	const char	*options, *type, *blob, *comment;
};

#define ED	"ssh-ed25519"
#define RSA	"ssh-rsa"
#define ED_CERT	"ssh-ed25519-cert-v01@openssh.com"

static const struct key keys[] = {
	{ 1, NK_NEVER, 0, "", ED, "AAAAroot", "" },
	{ 2, NK_NEVER, 0, "", ED, "AAAA1", "alice@pc" },
	{ 2, NK_NEVER, 0, "from=\"10.0.0.0/8\",command=\"a b\"", ED, "AAAA1",
	    "again, with  options" },
	{ 2, PAST, 0, "", RSA, "AAAA2", "gone" },
	{ 2, NK_NEVER, NK_KEY_CERT_AUTHORITY, "cert-authority", ED, "AAAAca",
	    "" },
	{ 2, PAST, NK_KEY_CERT_AUTHORITY, "cert-authority", ED, "AAAAca2",
	    "" },
	{ 2, FUTURE, 0, "", RSA, "AAAA3", "" },
	{ 3, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 4, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 5, NK_NEVER, 0, "", ED, "AAAA1", "t" },
	{ 6, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 8, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 9, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 11, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 12, NK_NEVER, 0, "", ED, "AAAA1", "" },
	{ 13, NK_NEVER, 0, "", ED, "AAAA1", "carol" },
	{ 14, PAST, 0, "", ED, "AAAA1", "" },
};

#define A1	"ssh-ed25519 AAAA1 alice@pc\n"
#define A2	"from=\"10.0.0.0/8\",command=\"a b\" ssh-ed25519 AAAA1 " \
		    "again, with  options\n"
#define ACA	"cert-authority ssh-ed25519 AAAAca\n"
#define A3	"ssh-rsa AAAA3\n"
#define ROOT	"ssh-ed25519 AAAAroot\n"

static struct nk_mapwriter *accounts, *keymap;

/* text must have room for the line. */
static void
make_line(const struct key *k, char *text, size_t size,
    struct nk_put_keyline *l)
{
	size_t options = strlen(k->options);
	int n;

	n = snprintf(text, size, "%s%s%s %s%s%s", k->options,
	    options > 0 ? " " : "", k->type, k->blob,
	    k->comment[0] != '\0' ? " " : "", k->comment);
	ck_assert(n > 0 && (size_t)n < size);
	*l = (struct nk_put_keyline){
		.text = text, .text_len = (uint32_t)n,
		.type_at = (uint32_t)(options + (options > 0)),
		.type_len = (uint32_t)strlen(k->type),
		.blob_len = (uint32_t)strlen(k->blob),
		.expires_at = k->expires_at, .flags = k->flags,
	};
	l->blob_at = l->type_at + l->type_len + 1;
}

static void
put_keys(uint64_t row, uint64_t g0, uint64_t g1, const struct key *k,
    uint32_t count)
{
	static char text[16][512];
	struct nk_put_keyline lines[16];
	struct nk_put_keyset set = { .row = row, .generation = { g0, g1 },
	    .lines = lines };
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (k[i].row != row)
			continue;
		make_line(&k[i], text[set.count], sizeof(text[0]),
		    &lines[set.count]);
		set.count++;
	}
	if (set.count > 0)
		nk_fixture_ok(nk_mapwriter_put_keyset(keymap, &set), "keys");
}

static void
build_maps(void)
{
	struct nk_map_settings s = { .managed_gid = 990, .min_id = 1000 };
	uint64_t row;
	int i;

	accounts = nk_fixture_create(NK_MAP_ACCOUNTS, NK_MAP_KIND_ACCOUNTS,
	    64, 0644);
	nk_fixture_ok(nk_mapwriter_settings(accounts, &s), "settings");
	for (i = 0; i < N(users); i++)
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &users[i]),
		    "user");
	nk_fixture_install(accounts);
	keymap = nk_fixture_create(NK_MAP_KEYS, NK_MAP_KIND_KEYS, 64, 0600);
	for (row = 1; row <= 14; row++)
		put_keys(row, row == 8 ? 1 : 10 + row, 9, keys,
		    (uint32_t)N(keys));
	nk_fixture_install(keymap);
}

/* ---- the place ---- */

/* A /dev with a log of our own. */
static void
make_dev(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = "/dev/log" };

	ck_assert_int_eq(mount("tmpfs", "/dev", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)),
	    0);
	ck_assert_int_eq(chmod("/dev/null", 0666), 0);
	ck_assert_int_ge(log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC,
	    0), 0);
	ck_assert_int_eq(bind(log_fd, (const struct sockaddr *)&sun,
	    sizeof(sun)), 0);
	ck_assert_int_eq(chmod("/dev/log", 0666), 0);
}

static void
set_up(void)
{
	nk_fixture_enter();
	nk_fixture_overlay(NK_SYSCONFDIR);
	make_dev();
	ck_assert_int_eq(mkdir(PLACE, 0755), 0);
	(void)mkdir(NK_SYSCONFDIR "/naskeys", 0755);
	(void)unlink(CONF);
	build_maps();
}

static void
tear_down(void)
{
	nk_mapwriter_free(accounts);
	nk_mapwriter_free(keymap);
	close(log_fd);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* ---- running it ---- */

struct result {
	int		 status;	/* exit status, or -1 */
	char		*out;
	size_t		 len;
	char		 log[2048];
};

static char out_buffer[4 << 20];

static void
read_log(char *log, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at + 1 < size && (n = recv(log_fd, log + at, size - at - 1,
	    MSG_DONTWAIT)) > 0)
		at += (size_t)n;
	log[at] = '\0';
}

static pid_t
spawn(char *const argv[], uid_t uid, int *outp)
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();	/* no check in the child: its lock may be held */
	if (pid == 0) {
		if (dup2(fds[1], STDOUT_FILENO) == -1 ||
		    (uid != 0 && (setgid(uid) == -1 || setuid(uid) == -1)))
			_exit(126);
		(void)execv(program, argv);
		_exit(126);
	}
	close(fds[1]);
	*outp = fds[0];
	return pid;
}

static void
run_as(uid_t uid, char *const argv[], struct result *res)
{
	ssize_t n;
	pid_t pid;
	int fd, status;

	res->out = out_buffer;
	res->len = 0;
	pid = spawn(argv, uid, &fd);
	while ((n = read(fd, res->out + res->len,
	    sizeof(out_buffer) - 1 - res->len)) > 0)
		res->len += (size_t)n;
	ck_assert_int_eq(n, 0);
	close(fd);
	res->out[res->len] = '\0';
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	res->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_log(res->log, sizeof(res->log));
}

/* words: "USER TYPE BASE64 UID", separated by blanks. */
static void
run(const char *words, struct result *res)
{
	char copy[256], *argv[8] = { NULL }, *rest = copy;
	int argc = 1;

	ck_assert_uint_lt(strlen(words), sizeof(copy));
	memcpy(copy, words, strlen(words) + 1);
	argv[0] = copy + strlen(copy);		/* "" */
	while (argc < 7 && (argv[argc] = strsep(&rest, " ")) != NULL)
		argc++;
	run_as(0, argv, res);
}

/* ---- our own lines ---- */

static const struct {
	const char	*words;
	const char	*out;
	const char	*log;		/* NULL: nothing is logged */
} answers[] = {
	{ "alice",				A1 A2 ACA A3,	NULL },
	{ "alice ssh-ed25519 AAAA1",		A1 A2,		NULL },
	{ "alice ssh-ed25519 AAAA1 3000",	A1 A2,		NULL },
	{ "alice ssh-rsa AAAA3 3000",		A3,		NULL },
	{ "alice " ED_CERT " AAAAx 3000",	ACA,		NULL },
	{ "alice ssh-rsa-cert-v01@openssh.com AAAAx", ACA,	NULL },
	{ "temporary",				ED " AAAA1 t\n", NULL },
	{ "root",				ROOT,		NULL },
	{ "root ssh-ed25519 AAAAroot 0",	ROOT,		NULL },
	{ "DOMAIN\\carol ssh-ed25519 AAAA1 70000", ED " AAAA1 carol\n", NULL },
	/* another key, or not quite this one */
	{ "alice ssh-rsa AAAA2 3000",		"",		NULL },
	{ "alice ssh-rsa AAAA1 3000",		"",		NULL },
	{ "alice ssh-ed25519 AAAA 3000",	"",		NULL },
	{ "alice ssh-ed25519 AAAA11 3000",	"",		NULL },
	{ "alice ssh-ed25519 aaaa1 3000",	"",		NULL },
	{ "alice ssh-ed25519 AAAA1= 3000",	"",		NULL },
	{ "alice ssh-ed2551 AAAA1 3000",	"",		NULL },
	{ "alice ssh-ed25519 AAAAca 3000",	"",		NULL },
	{ "root " ED_CERT " AAAAroot 0",	"",		NULL },
	{ "alice -cert-v01@openssh.co AAAA1",	"",		NULL },
	{ "alice  ",				"",		NULL },
	/* another account */
	{ "alice ssh-ed25519 AAAA1 3001",	"",	"user alice: refused" },
	{ "alice ssh-ed25519 AAAA1 0",		"",	"user alice: refused" },
	{ "root ssh-ed25519 AAAAroot 1",	"",	"user root: refused" },
	{ "alice ssh-ed25519 AAAA1 03000",	"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 +3000",	"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 3000x",	"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 0xbb8",	"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 ",		"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 4294970296",	"",	"not a number" },
	{ "alice ssh-ed25519 AAAA1 18446744073709554616", "", "not a number" },
	{ "moved",				"",	"changed elsewhere" },
	{ "zero",				"",	"the uid of root" },
	/* nobody who may log in */
	{ "locked",				"",		NULL },
	{ "expired",				"",		NULL },
	{ "outside-locked",			"",		NULL },
	{ "outside-expired",			"",		NULL },
	{ "keyless",				"",		NULL },
	{ "outdated",				"",		NULL },
	{ "all-expired",			"",		NULL },
	{ "mallory",				"",		NULL },
	{ "Alice",				"",		NULL },
	{ "alic",				"",		NULL },
	{ "alicea",				"",		NULL },
	{ "",					"",		NULL },
	{ "/alice",				"",		NULL },
	{ "alice:",				"",		NULL },
	{ "alice\nalice",			"",		NULL },
	{ "-alice ssh-ed25519 AAAA1 3000",	"",		NULL },
	{ "--help ssh-ed25519 AAAA1 3000",	"",		NULL },
	{ "al%s%n\033[1m ssh-ed25519 AAAA1 x",	"",	"al%s%n?[1m: refused" },
};

START_TEST(answer)
{
	struct result res;

	run(answers[_i].words, &res);
	ck_assert_msg(res.status == 0, "%s: exit status %d",
	    answers[_i].words, res.status);
	ck_assert_str_eq(res.out, answers[_i].out);
	if (answers[_i].log == NULL)
		ck_assert_str_eq(res.log, "");
	else
		ck_assert_msg(strstr(res.log, answers[_i].log) != NULL,
		    "%s: log \"%s\"", answers[_i].words, res.log);
}
END_TEST

static const struct {
	const char	*words;
	int		 status;
	const char	*out;
} usages[] = {
	{ "--help",			0, "usage: naskeys-authorized-keys" },
	{ "--version",			0, "naskeys-authorized-keys " },
	{ "--nonsense",			2, "" },
	{ "-h",				2, "" },
	{ "alice ssh-ed25519",		2, "" },
	{ "alice a b 3000 more",	2, "" },
};

START_TEST(usage)
{
	char none[] = "", *argv[] = { none, NULL };
	struct result res;
	size_t len = strlen(usages[_i].out);

	run(usages[_i].words, &res);
	ck_assert_int_eq(res.status, usages[_i].status);
	ck_assert_int_eq(strncmp(res.out, usages[_i].out, len), 0);
	ck_assert(len > 0 || res.len == 0);
	run_as(0, argv, &res);
	ck_assert_int_eq(res.status, 2);
}
END_TEST

/* ---- maps that cannot be read ---- */

static void
spoil(const char *name, off_t length)
{
	char path[128];

	(void)snprintf(path, sizeof(path), NK_FIXTURE_MAPS "/%s", name);
	ck_assert_int_eq(length < 0 ? unlink(path) : truncate(path, length),
	    0);
}

/* Flip a byte of the first record in which text is found. */
static void
damage(const char *name, const char *text)
{
	static char file[1 << 20];
	char path[128], *p;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), NK_FIXTURE_MAPS "/%s", name);
	ck_assert_int_ge(fd = open(path, O_RDWR | O_CLOEXEC), 0);
	ck_assert_int_gt(len = read(fd, file, sizeof(file)), 0);
	ck_assert_ptr_nonnull(p = memmem(file, (size_t)len, text,
	    strlen(text)));
	ck_assert_int_eq(pwrite(fd, "#", 1, p - file), 1);
	close(fd);
}

static void
expect(const char *words, int status, const char *out)
{
	struct result res;

	run(words, &res);
	ck_assert_msg(res.status == status, "%s: exit status %d", words,
	    res.status);
	ck_assert_str_eq(res.out, out);
	ck_assert_msg((strlen(res.log) > 0) == (status != 0), "%s: log: %s",
	    words, res.log);
}

START_TEST(no_maps)
{
	spoil(NK_MAP_KEYS, -1);
	expect("mallory", 0, "");
	expect("locked", 0, "");
	expect("alice", 1, "");
	spoil(NK_MAP_ACCOUNTS, -1);
	expect("alice", 1, "");
	expect("mallory", 1, "");
}
END_TEST

START_TEST(bad_maps)
{
	damage(NK_MAP_KEYS, "AAAAroot");
	expect("root", 1, "");
	expect("alice ssh-rsa AAAA3 3000", 0, A3);
	damage(NK_MAP_KEYS, "AAAA3");
	expect("alice", 1, "");
	spoil(NK_MAP_KEYS, 100);
	expect("alice", 1, "");
	damage(NK_MAP_ACCOUNTS, "locked");
	expect("locked", 1, "");
	spoil(NK_MAP_ACCOUNTS, 4096);
	expect("mallory", 1, "");
	spoil(NK_MAP_ACCOUNTS, 0);
	expect("mallory", 1, "");
}
END_TEST

START_TEST(other_user)
{
	char name[] = "alice", none[] = "", *argv[] = { none, name, NULL };
	struct result res;

	run_as(NOBODY, argv, &res);
	ck_assert_int_eq(res.status, 1);
	ck_assert_str_eq(res.out, "");
	ck_assert_ptr_nonnull(strstr(res.log, "user alice: "));
	ck_assert_int_eq(chmod(NK_FIXTURE_MAPS "/" NK_MAP_KEYS, 0644), 0);
	run_as(NOBODY, argv, &res);
	ck_assert_int_eq(res.status, 0);
	ck_assert_str_eq(res.out, A1 A2 ACA A3);
}
END_TEST

/* Put ch in the place of the '_' behind text, in a sound record. */
static void
forge(const char *text, char ch)
{
	static const char path[] = NK_FIXTURE_MAPS "/" NK_MAP_KEYS;
	static char file[1 << 20];
	struct nk_record r;
	struct nk_view v;
	ssize_t len;
	size_t at;
	char *p;
	int fd;

	nk_fixture_ok(nk_view_open(&v, AT_FDCWD, path, NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD), path);
	ck_assert_int_ge(fd = open(path, O_RDWR | O_CLOEXEC), 0);
	ck_assert_int_gt(len = read(fd, file, sizeof(file)), 0);
	ck_assert_ptr_nonnull(p = memmem(file, (size_t)len, text,
	    strlen(text)));
	*strchr(p, '_') = ch;
	at = (size_t)(p - file) / NK_MAP_UNIT * NK_MAP_UNIT;
	memcpy(&r, file + at, sizeof(r));
	while (r.kind != NK_RECORD_KEYLINE || r.row != 7) {
		at -= NK_MAP_UNIT;
		memcpy(&r, file + at, sizeof(r));
	}
	r.sum = nk_record_sum(v.salt, (uint32_t)(at / NK_MAP_UNIT), file + at,
	    r.length);
	memcpy(file + at, &r, sizeof(r));
	ck_assert_int_eq(pwrite(fd, file, (size_t)len, 0), len);
	close(fd);
	nk_view_close(&v);
}

/* A line that would be two makes the map one that nobody can trust. */
START_TEST(newline_in_key)
{
	struct key k[] = {
		{ 7, NK_NEVER, 0, "", ED, "AAAAok", "" },
		{ 7, NK_NEVER, 0, "", ED, "AAAA9", "_ssh-rsa AAAAevil" },
	};

	put_keys(7, 17, 17, k, 2);
	forge("AAAA9", ' ');		/* the forging itself is good */
	expect("keyless", 0, ED " AAAAok\n" ED " AAAA9  ssh-rsa AAAAevil\n");
	k[1].blob = "AAAA8";
	put_keys(7, 17, 17, k, 2);
	forge("AAAA8", '\n');
	expect("keyless", 1, "");
}
END_TEST

/* Many keys, and keys as long as they come. */
START_TEST(large_sets)
{
	static char blob[60000], text[61000];
	struct nk_put_keyline lines[40];
	struct nk_put_keyset set = { .row = 7, .generation = { 17, 17 },
	    .lines = lines, .count = 40 };
	const struct key k = { 7, NK_NEVER, 0, "", RSA, blob, "" };
	struct result res;
	int i;

	memset(blob, 'A', sizeof(blob) - 1);
	for (i = 0; i < 40; i++)
		make_line(&k, text, sizeof(text), &lines[i]);
	nk_fixture_ok(nk_mapwriter_put_keyset(keymap, &set), "keys");
	run("keyless", &res);
	ck_assert_int_eq(res.status, 0);
	ck_assert_uint_eq(res.len, 40u * (lines[0].text_len + 1u));
	for (i = 0; i < 40; i++) {
		ck_assert_int_eq(strncmp(res.out, RSA " AAAA", 12), 0);
		ck_assert_int_eq(res.out[lines[0].text_len], '\n');
		res.out += lines[0].text_len + 1;
	}
}
END_TEST

/* sshd has found its key and closed the pipe. */
START_TEST(reader_gone)
{
	char name[] = "alice", none[] = "", *argv[] = { none, name, NULL };
	int fd, status;
	pid_t pid;

	pid = spawn(argv, 0, &fd);
	close(fd);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(mknod("/dev/full", S_IFCHR | 0666, makedev(1, 7)),
	    0);
	pid = fork();
	if (pid == 0) {
		fd = open("/dev/full", O_WRONLY);
		if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1)
			_exit(126);
		(void)execv(program, argv);
		_exit(126);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}
END_TEST

/* ---- beside the writer ---- */

static atomic_bool stop;

/*
 * How often somebody asks meanwhile.  With sanitizers a start costs forty
 * times as much and shows what it reads, not when: that takes few of them.
 */
static int
often(void)
{
#ifdef NK_SANITIZERS
	const char *full = getenv("LONG");

	if (full == NULL || strcmp(full, "yes") != 0)
		return 60;
#endif
	return 400;
}

/*
 * keyless has key A, then key B, then A again, and is a new generation each
 * time; the maps are compacted now and then.
 */
static void *
swap_keys(void *arg)
{
	struct nk_put_user u = users[6];
	struct key k = { 7, NK_NEVER, 0, "", ED, "AAAAa", "" };

	(void)arg;
	while (!atomic_load(&stop)) {
		k.blob = u.generation % 2 != 0 ? "AAAAa" : "AAAAb";
		put_keys(7, u.generation, u.generation + 1, &k, 1);
		u.generation++;
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "user");
		if (u.generation % 64 == 0) {
			nk_fixture_ok(nk_mapwriter_compact(accounts),
			    "compact");
			nk_fixture_ok(nk_mapwriter_compact(keymap),
			    "compact");
		}
		(void)usleep(50);
	}
	return NULL;
}

START_TEST(beside_the_writer)
{
	const struct key k = { 7, NK_NEVER, 0, "", ED, "AAAAa", "" };
	struct result res;
	pthread_t t;
	int i;

	put_keys(7, 17, 17, &k, 1);
	ck_assert_int_eq(pthread_create(&t, NULL, swap_keys, NULL), 0);
	for (i = 0; i < often(); i++) {
		run("keyless", &res);
		ck_assert_msg(res.status == 0, "exit status %d: %s",
		    res.status, res.log);
		ck_assert_msg(strcmp(res.out, ED " AAAAa\n") == 0 ||
		    strcmp(res.out, ED " AAAAb\n") == 0, "\"%s\"", res.out);
	}
	atomic_store(&stop, true);
	pthread_join(t, NULL);
}
END_TEST

/*
 * keyless is locked, has key B while it is, has key A again and is let in
 * again: nobody may ever see B.
 */
static void *
lock_and_change(void *arg)
{
	struct nk_put_user u = users[6];
	struct key k = { 7, NK_NEVER, 0, "", ED, "AAAAa", "" };

	(void)arg;
	while (!atomic_load(&stop)) {
		u.generation++;
		u.flags = MANAGED | NK_USER_LOCKED;
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "lock");
		k.blob = "AAAAb";
		put_keys(7, u.generation - 1, u.generation, &k, 1);
		k.blob = "AAAAa";
		put_keys(7, u.generation, u.generation + 1, &k, 1);
		u.flags = MANAGED;
		nk_fixture_ok(nk_mapwriter_put_user(accounts, &u), "unlock");
		(void)usleep(20);
		if (u.generation % 64 == 0)
			nk_fixture_ok(nk_mapwriter_compact(keymap),
			    "compact");
	}
	return NULL;
}

START_TEST(locked_between_the_maps)
{
	const struct key k = { 7, NK_NEVER, 0, "", ED, "AAAAa", "" };
	struct result res;
	pthread_t t;
	int i;

	put_keys(7, 17, 17, &k, 1);
	ck_assert_int_eq(pthread_create(&t, NULL, lock_and_change, NULL), 0);
	for (i = 0; i < often(); i++) {
		run("keyless", &res);
		/* an account that never holds still may get no answer */
		ck_assert_msg(res.status == 0 || (res.status == 1 &&
		    strstr(res.log, "no answer") != NULL &&
		    res.out[0] == '\0'), "exit status %d: %s",
		    res.status, res.log);
		ck_assert_msg(strcmp(res.out, "") == 0 ||
		    strcmp(res.out, ED " AAAAa\n") == 0, "\"%s\"", res.out);
	}
	atomic_store(&stop, true);
	pthread_join(t, NULL);
}
END_TEST

/* ---- the chained command ---- */

#define SCRIPT	PLACE "/akc"
#define SHOW	"#!/bin/sh\n" \
		"echo \"[$0]\"; for a; do echo \"[$a]\"; done\n"
#define SAY	"#!/bin/sh\necho chained\n"

static void
configure_for(unsigned int seconds, const char *command, const char *script)
{
	char conf[512];

	(void)snprintf(conf, sizeof(conf), "chained_command = %s\n"
	    "chained_timeout = %u\nchained_max = 1024\n", command, seconds);
	write_file(CONF, conf, 0644);
	if (script != NULL)
		write_file(SCRIPT, script, 0755);
}

/* With all the time that a busy machine needs. */
static void
configure(const char *command, const char *script)
{
	configure_for(60, command, script);
}

static const struct {
	const char	*words;
	const char	*out;
} chained[] = {
	{ "mallory ssh-ed25519 AAAA1 4000",		"chained\n" },
	{ "mallory",					"chained\n" },
	{ "root ssh-ed25519 AAAAroot 0",		ROOT "chained\n" },
	{ "root ssh-ed25519 AAAAother 0",		"chained\n" },
	{ "DOMAIN\\carol ssh-ed25519 AAAAx 70000",	"chained\n" },
	/* managed, or refused by us */
	{ "alice",					A1 A2 ACA A3 },
	{ "alice ssh-ed25519 AAAAx 3000",		"" },
	{ "alice ssh-ed25519 AAAA1 3001",		"" },
	{ "locked",					"" },
	{ "expired",					"" },
	{ "keyless ssh-ed25519 AAAA1 3005",		"" },
	{ "moved ssh-ed25519 AAAA1 3004",		"" },
	{ "outside-locked ssh-ed25519 AAAA1 3007",	"" },
	{ "outside-expired ssh-ed25519 AAAA1 3008",	"" },
	{ "root ssh-ed25519 AAAAroot 1",		"" },
	{ "DOMAIN\\carol ssh-ed25519 AAAA1 70001",	"" },
	{ "-mallory ssh-ed25519 AAAA1 4000",		"" },
	{ "mal/lory ssh-ed25519 AAAA1 4000",		"" },
	{ "mallory ssh-ed25519 AAAA1 4000x",		"" },
};

START_TEST(chain_asked)
{
	struct result res;

	configure(SCRIPT " %u", SAY);
	run(chained[_i].words, &res);
	ck_assert_int_eq(res.status, 0);
	ck_assert_str_eq(res.out, chained[_i].out);
}
END_TEST

static const struct {
	const char	*command;
	const char	*out;
} arguments[] = {
	{ SCRIPT,		"[" SCRIPT "]\n[mal $(x)]\n" },
	{ SCRIPT "  %u \t%t %k  %U ",
	    "[" SCRIPT "]\n[mal $(x)]\n[ssh-rsa]\n[AAAA/+=]\n[4000]\n" },
	{ SCRIPT " -u=%u,%%u x%U%U",
	    "[" SCRIPT "]\n[-u=mal $(x),%u]\n[x40004000]\n" },
	{ SCRIPT " *",		"[" SCRIPT "]\n[*]\n" },
	{ PLACE "/link %U",	"[" SCRIPT "]\n[4000]\n" },
};

START_TEST(chain_arguments)
{
	char name[] = "mal $(x)", type[] = "ssh-rsa", blob[] = "AAAA/+=";
	char uid[] = "4000", none[] = "";
	char *argv[] = { none, name, type, blob, uid, NULL };
	struct result res;

	configure(arguments[_i].command, SHOW);
	ck_assert_int_eq(symlink(SCRIPT, PLACE "/link"), 0);
	run_as(0, argv, &res);
	ck_assert_int_eq(res.status, 0);
	ck_assert_str_eq(res.out, arguments[_i].out);
	ck_assert_str_eq(res.log, "");
}
END_TEST

static const struct {
	const char	*what;
	const char	*script;
	const char	*out;		/* after root's own line */
	const char	*log;
} runs[] = {
	{ "nothing",		"#!/bin/sh\n",			"", NULL },
	{ "half a line",	"#!/bin/sh\nprintf 'a\\nb'\n",	"a\n", NULL },
	{ "no newline",		"#!/bin/sh\nprintf ab\n",	"", NULL },
	{ "status 1",		SAY "exit 1\n",			"", "failed" },
	{ "signal",		SAY "kill -9 $$\n",		"", "failed" },
	{ "too slow",		SAY "sleep 999\n",	"", "too long" },
	{ "silent and slow",	"#!/bin/sh\nexec >&-\nsleep 999\n", "",
	    "too long" },
	{ "left behind",	SAY "sleep 999 &\n",	"", "too long" },
	{ "just enough",	"#!/bin/sh\nprintf '%01023d\\n' 0\n", NULL,
	    NULL },
	{ "too much",		"#!/bin/sh\nprintf '%01024d\\n' 0\n", "",
	    "too much" },
	{ "endless",		"#!/bin/sh\nwhile :; do echo x; done\n", "",
	    "too much" },
	{ "not a program",	"hello\n",			"", "failed" },
	{ "environment",
	    "#!/bin/sh\nexec /usr/bin/env -u PWD -u SHLVL -u _ -u OLDPWD\n",
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n", NULL },
	{ "input",		"#!/bin/sh\ncat; readlink /proc/$$/fd/0\n",
	    "/dev/null\n", NULL },
	{ "errors",		"#!/bin/sh\necho x >&2\nexit 0\n", "", NULL },
	{ "descriptors",	"#!/bin/sh\n[ -e /proc/$$/fd/77 ] && echo 77\n"
	    "exit 0\n", "", NULL },
	/* 32 and 33 are the C library's own: their state is inherited */
	{ "signals",		"#!/bin/sh\nexec sed -nE '/Sig(Blk|Ign)/"
	    "{s/[0-9a-f]{9}([0-9a-f]{7})$/\\1/;p}' "
	    "/proc/self/status\n",
	    "SigBlk:\t0000000\nSigIgn:\t0000000\n", NULL },
};

START_TEST(chain_runs)
{
	struct result res;
	const char *tail;
	bool ends;
	int fd;

	ends = runs[_i].log == NULL || strcmp(runs[_i].log, "too long") != 0;
	configure_for(ends ? 60 : 1, SCRIPT " %u", runs[_i].script);
	ck_assert_int_ge(fd = dup2(log_fd, 77), 0);	/* to be inherited */
	ck_assert(signal(SIGQUIT, SIG_IGN) != SIG_ERR);	/* this too */
	run("root", &res);
	close(fd);
	ck_assert_int_eq(res.status, 0);
	ck_assert_int_eq(strncmp(res.out, ROOT, strlen(ROOT)), 0);
	tail = res.out + strlen(ROOT);
	if (runs[_i].out != NULL)
		ck_assert_str_eq(tail, runs[_i].out);
	else
		ck_assert_uint_eq(strlen(tail), 1024);
	if (runs[_i].log == NULL)
		ck_assert_str_eq(res.log, "");
	else
		ck_assert_msg(strstr(res.log, runs[_i].log) != NULL,
		    "%s: log \"%s\"", runs[_i].what, res.log);
}
END_TEST

/* A process that nobody has reaped yet has ended all the same. */
static bool
is_running(long pid)
{
	char path[64], line[256];
	bool running = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fgets(line, sizeof(line), f) != NULL)
		running = strstr(line, ") Z ") == NULL;
	fclose(f);
	return running;
}

/* Whoever the command leaves behind in its group ends with it. */
START_TEST(chain_group_ends)
{
	struct result res;
	char pid[32];
	FILE *f;
	int i;

	configure(SCRIPT, SAY "sleep 999 >/dev/null &\n"
	    "echo $! >" PLACE "/pid\n");
	run("root", &res);
	ck_assert_str_eq(res.out, ROOT "chained\n");
	ck_assert_ptr_nonnull(f = fopen(PLACE "/pid", "re"));
	ck_assert_ptr_nonnull(fgets(pid, sizeof(pid), f));
	fclose(f);
	for (i = 0; i < 6000 && is_running(strtol(pid, NULL, 10)); i++)
		(void)usleep(10000);
	ck_assert_int_lt(i, 6000);
}
END_TEST

/*
 * One that becomes another user, as sudo does, cannot be ended, and costs no
 * more than the limit.
 */
START_TEST(chain_not_ours_to_end)
{
	static const char *const install[] = { "install", "-m", "4755",
	    "/usr/bin/perl", SCRIPT, NULL };
	static const char *const words[] = { "", "mallory", NULL };
	const char *product = program;
	struct timespec before, after;
	struct result res;

	/* the folder around it is nosuid */
	ck_assert_int_eq(mount("tmpfs", PLACE, "tmpfs", 0, "mode=0755"), 0);
	configure_for(1, SCRIPT " -e $<=$>;sleep(30)", NULL);
	program = "/usr/bin/install";
	run_as(0, (char *const *)(const void *)install, &res);
	program = product;
	ck_assert_int_eq(res.status, 0);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	run_as(NOBODY, (char *const *)(const void *)words, &res);
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	ck_assert_int_lt(after.tv_sec - before.tv_sec, 25);
	ck_assert_int_eq(res.status, 0);
	ck_assert_str_eq(res.out, "");
	ck_assert_ptr_nonnull(strstr(res.log, "too long"));
}
END_TEST

static void
expect_refused(const char *log)
{
	struct result res;

	run("root", &res);
	ck_assert_int_eq(res.status, 0);
	ck_assert_str_eq(res.out, ROOT);
	ck_assert_msg(strstr(res.log, log) != NULL, "log \"%s\"", res.log);
}

START_TEST(chain_not_trusted)
{
	configure(SCRIPT, SAY);
	ck_assert_int_eq(chmod(SCRIPT, 0775), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chmod(SCRIPT, 0757), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chmod(SCRIPT, 0755), 0);
	ck_assert_int_eq(chown(SCRIPT, NOBODY, 0), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chown(SCRIPT, 0, 0), 0);
	ck_assert_int_eq(chmod(PLACE, 0777), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chmod(PLACE, 0755), 0);
	ck_assert_int_eq(chown(PLACE, NOBODY, 0), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chown(PLACE, 0, 0), 0);
	ck_assert_int_eq(chmod(NK_RUNSTATEDIR, 01777), 0);
	expect_refused("not root's alone");
	ck_assert_int_eq(chmod(NK_RUNSTATEDIR, 0755), 0);
	configure(PLACE, NULL);			/* a folder */
	expect_refused("not root's alone");
	configure("/dev/null", NULL);
	expect_refused("not root's alone");
	configure(PLACE "/missing", NULL);
	expect_refused("could not be run");
	ck_assert_int_eq(chmod(SCRIPT, 0644), 0);
	configure(SCRIPT, NULL);
	expect_refused("failed");
}
END_TEST

START_TEST(chain_bad_conf)
{
	configure("akc %u", SAY);
	expect_refused("line 1: ");
	write_file(CONF, "min_id = 1000\nnonsense\n", 0644);
	expect_refused("line 2: ");
	write_file(CONF, "chained_command = " SCRIPT "\n", 0666);
	expect_refused("naskeys.conf");
	write_file(CONF, "# nothing\n", 0644);
	expect("mallory", 0, "");
	expect("root", 0, ROOT);
}
END_TEST

/* ---- for information ---- */

static unsigned int
count_calls(char *const argv[])
{
	unsigned int stops = 0;
	int status, fd;
	pid_t pid;

	pid = fork();	/* no check in the child: its lock may be held */
	if (pid == 0) {
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			_exit(126);
		(void)execv(program, argv);
		_exit(126);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	while (WIFSTOPPED(status)) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == -1)
			break;
		stops++;
		ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	return stops / 2;
}

START_TEST(costs)
{
	char name[] = "alice", type[] = RSA, blob[] = "AAAA3", uid[] = "3000";
	char none[] = "", *argv[] = { none, name, type, blob, uid, NULL };
	struct rusage before, after;
	struct result res;

	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &before), 0);
	run_as(0, argv, &res);
	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &after), 0);
	ck_assert_str_eq(res.out, A3);
	printf("one run: %u system calls, %ld page faults (fork included)\n",
	    count_calls(argv), after.ru_minflt - before.ru_minflt);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("authorized_keys");
	TCase *tc = tcase_create("answers"), *tch = tcase_create("chain");
	SRunner *sr = srunner_create(s);
	int failed;

	if (getenv("NK_TEST_AKC") != NULL)
		program = getenv("NK_TEST_AKC");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, answer, 0, N(answers));
	tcase_add_loop_test(tc, usage, 0, N(usages));
	tcase_add_test(tc, no_maps);
	tcase_add_test(tc, bad_maps);
	tcase_add_test(tc, other_user);
	tcase_add_test(tc, newline_in_key);
	tcase_add_test(tc, large_sets);
	tcase_add_test(tc, reader_gone);
	tcase_add_test(tc, beside_the_writer);
	tcase_add_test(tc, locked_between_the_maps);
	tcase_add_test(tc, costs);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tch, set_up, tear_down);
	tcase_set_timeout(tch, 60);
	tcase_add_loop_test(tch, chain_asked, 0, N(chained));
	tcase_add_loop_test(tch, chain_arguments, 0, N(arguments));
	tcase_add_loop_test(tch, chain_runs, 0, N(runs));
	tcase_add_test(tch, chain_group_ends);
	tcase_add_test(tch, chain_not_ours_to_end);
	tcase_add_test(tch, chain_not_trusted);
	tcase_add_test(tch, chain_bad_conf);
	suite_add_tcase(s, tch);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
