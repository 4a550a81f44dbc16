/* SPDX-License-Identifier: ISC */

/*
 * Schema versions: an older store becomes a newer one step by step, whole
 * or not at all; a newer one is left alone.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "lib/store/ssh_service.h"
#include "lib/store/sshd_keys.h"
#include "lib/store/sudo.h"
#include "lib/store/store.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct nk_db_options options = {
	.readonly = false, .durable = true, .busy_ms = 5000,
	.cache_kib = 1024,
};
static struct nk_db *db;

/* The released steps and two more. */
#define EXTRA	2
static struct nk_migration steps[64];
static size_t nsteps;

static int
fill_colour(struct nk_db *d)
{
	return nk_db_run(d, "UPDATE users SET colour = 5", 0, NULL, NULL);
}

static int
fill_fails(struct nk_db *d)
{
	return nk_db_exec(d, "UPDATE users SET colour = 6;"
	    "UPDATE nothing SET a = 1");
}

static int
fill_dies(struct nk_db *d)
{
	(void)d;
	(void)raise(SIGKILL);
	return 0;
}

static void
open_db(void)
{
	ck_assert_int_eq(nk_db_open(&db, path, &options), 0);
}

static void
close_db(void)
{
	nk_db_close(db);
	db = NULL;
}

/* A store of the version before "steps", with something in it. */
static void
setup_older(void)
{
	size_t i;

	setup();
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_key(2, 'A'), 1);
	commit();
	nk_store_close(s);
	s = NULL;
	ck_assert_uint_lt(nk_nmigrations + EXTRA, N(steps));
	for (i = 0; i < nk_nmigrations; i++)
		steps[i] = nk_migrations[i];
	steps[i].sql = "ALTER TABLE users ADD COLUMN colour INTEGER;"
	    "CREATE TABLE more (a INTEGER)";
	steps[i++].fill = fill_colour;
	steps[i].sql = "INSERT INTO more (a) VALUES (7)";
	steps[i++].fill = NULL;
	nsteps = i;
	open_db();
}

static void
teardown_older(void)
{
	close_db();
	teardown();
}

static int64_t
version(void)
{
	int64_t application, v;
	bool is_empty;

	ck_assert_int_eq(nk_db_get_version(db, &application, &v,
	    &is_empty), 0);
	return v;
}

static int64_t
get(const char *sql)
{
	int64_t v = -1;
	int r = nk_db_get(db, sql, 0, NULL, &v);

	return r < 0 ? r : v;
}

START_TEST(forward)
{
	int64_t old = (int64_t)nk_nmigrations;

	ck_assert_int_eq(version(), old);
	/* one step, then the other; then there is nothing to do */
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps - 1), 0);
	ck_assert_int_eq(version(), old + 1);
	ck_assert_int_eq(get("SELECT SUM(colour) FROM users"), 10);
	ck_assert_int_eq(get("SELECT COUNT(*) FROM more"), 0);
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(version(), old + 2);
	ck_assert_int_eq(get("SELECT a FROM more"), 7);
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(get("SELECT COUNT(*) FROM more"), 1);
	ck_assert_int_eq(get("SELECT uid FROM users WHERE name = 'alice'"),
	    3000);
	ck_assert_int_eq(get("SELECT COUNT(*) FROM keys"), 1);
}
END_TEST

START_TEST(both_at_once)
{
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(version(), (int64_t)nk_nmigrations + 2);
	ck_assert_int_eq(get("SELECT a FROM more"), 7);
}
END_TEST

START_TEST(from_nothing)
{
	close_db();
	teardown();
	make_dir();
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ne(fd, -1);
	close(fd);
	open_db();
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_READ, nsteps),
	    -ENOENT);
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_WRITE, nsteps),
	    -ENOENT);
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_CREATE, nsteps), 0);
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(get("SELECT a FROM more"), 7);
	ck_assert_int_eq(get("SELECT colour FROM users WHERE id = 1"), 5);
}
END_TEST

/* A store of that version, and nothing of the test's in it. */
static void
start_from(size_t v)
{
	int fd;

	close_db();
	teardown();
	make_dir();
	ck_assert_int_ne(fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC,
	    0600), -1);
	close(fd);
	open_db();
	ck_assert_int_eq(nk_schema_migrate(db, nk_migrations, v), 0);
	ck_assert_int_eq(version(), (int64_t)v);
}

/* Version 5 had another journal; what it holds is still to be published. */
START_TEST(from_version_5)
{
	start_from(5);
	ck_assert_int_eq(nk_db_exec(db, "INSERT INTO journal (seq, kind,"
	    " row_id) VALUES (1, 0, 1), (2, 1, 1), (3, 3, 0);"
	    "UPDATE counters SET value = 3 WHERE name = 'change';"
	    "UPDATE users SET keyfile_mode = 2"), 0);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_str_eq(changes_after(0), "U1 K1 A0");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	commit();
	ck_assert_str_eq(changes_after(3), "U2");
}
END_TEST

/* Version 6 kept keypairs alone, in another table. */
START_TEST(from_version_6)
{
	struct nk_credential c;
	uint8_t *sealed;
	size_t len;

	start_from(6);
	ck_assert_int_eq(nk_db_exec(db, "INSERT INTO credentials (id, type,"
	    " bits, created_at, name, key_type, fingerprint, public_key,"
	    " created_by, sealed) VALUES (4, 0, 256, 1700000000, 'backup',"
	    " 'ssh-ed25519', 'SHA256:x', 'ssh-ed25519 AAAA', 'root',"
	    " x'00ff'), (5, 0, 3072, 0, 'other', 'ssh-rsa', 'SHA256:y',"
	    " 'ssh-rsa AAAA', 'bob', NULL);"
	    "INSERT INTO properties (name, value) VALUES ('seal_key', x'41');"
	    "UPDATE counters SET value = 7 WHERE name = 'credential'"), 0);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_credential_by_name(s, "backup", &c), 0);
	ck_assert_int_eq(c.id, 4);
	ck_assert_int_eq(c.type, NK_CREDENTIAL_KEYPAIR);
	ck_assert_int_eq(c.created_at, 1700000000);
	ck_assert_str_eq(c.public_key, "ssh-ed25519 AAAA");
	ck_assert(c.has_private);
	c.type = NK_CREDENTIAL_CONNECTION;
	c.public_key[0] = '\0';
	begin();
	ck_assert_int_eq(nk_credential_insert(s, &c), -EEXIST);
	c.name[0] = 'B';
	ck_assert_int_eq(nk_credential_insert(s, &c), 0);
	ck_assert_int_eq(c.id, 9);	/* the refused one had 8 */
	nk_store_rollback(s);
	nk_credential_clear(&c);
	ck_assert_int_eq(nk_credential_sealed_get(s, 4, &sealed, &len), 0);
	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(sealed, "\0\377", 2);
	free(sealed);
	ck_assert_int_eq(nk_credential_get(s, 5, &c), 0);
	ck_assert_str_eq(c.created_by, "bob");
	ck_assert(!c.has_private);
	nk_credential_clear(&c);
}
END_TEST

/* Version 7 had no settings of the SSH service. */
START_TEST(from_version_7)
{
	struct nk_ssh_service v;
	struct nk_ssh_pending p = { .until = 7 };

	start_from(7);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_ssh_service_get(s, &v), 0);
	ck_assert_uint_eq(v.tcpport, 22);
	ck_assert(v.revoked_keys && !v.passwordauth && !v.tcpfwd);
	ck_assert_str_eq(v.options, "");
	v.tcpport = 65536;
	begin();
	ck_assert_int_eq(nk_ssh_service_set(s, &v), -EINVAL);
	v.tcpport = 2222;
	ck_assert_int_eq(nk_ssh_service_set(s, &v), 0);
	commit();
	nk_ssh_service_clear(&v);
	ck_assert_int_eq(nk_ssh_service_get(s, &v), 0);
	ck_assert_uint_eq(v.tcpport, 2222);
	nk_ssh_service_clear(&v);

	ck_assert_int_eq(nk_ssh_pending_get(s, &p), -ENOENT);
	p = (struct nk_ssh_pending){ .until = 7, .boot_id = strdup("boot"),
	    .main = strdup("Port 22\n") };
	ck_assert_int_eq(nk_ssh_pending_insert(s, &p), -EINVAL);
	begin();
	ck_assert_int_eq(nk_ssh_pending_extend(s, 9), -ENOENT);
	ck_assert_int_eq(nk_ssh_pending_insert(s, &p), 0);
	ck_assert_int_eq(nk_ssh_pending_insert(s, &p), -EEXIST);
	ck_assert_int_eq(nk_ssh_pending_extend(s, 9), 0);
	commit();
	nk_ssh_pending_clear(&p);
	ck_assert_int_eq(nk_ssh_pending_get(s, &p), 0);
	ck_assert_int_eq(p.until, 9);
	ck_assert_str_eq(p.boot_id, "boot");
	ck_assert_str_eq(p.main, "Port 22\n");
	ck_assert_ptr_null(p.drop_in);
	nk_ssh_pending_clear(&p);
	begin();
	ck_assert_int_eq(nk_ssh_pending_delete(s), 0);
	ck_assert_int_eq(nk_ssh_pending_delete(s), -ENOENT);
	commit();
}
END_TEST

static int
count_keys(void *arg, const struct nk_sshd_key *k)
{
	int *n = arg;

	ck_assert_int_gt(k->id, 0);
	return ++*n == 2 ? 7 : 0;
}

/* Version 9 had commands for sudo, and nothing that followed them. */
START_TEST(from_version_9)
{
	struct nk_user *u;
	int64_t revision;

	start_from(9);
	ck_assert_int_eq(nk_db_exec(db, _i == 0 ? "" : "UPDATE users SET"
	    " sudo_commands = '/bin/sh' WHERE id = 1"), 0);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_sudo_revision(s, &revision), 0);
	ck_assert_int_eq(revision, _i);
	begin();
	ck_assert_int_eq(nk_user_get(s, 1, &u), 0);
	free(u->sudo_commands);
	ck_assert_ptr_nonnull(u->sudo_commands = strdup("ALL"));
	ck_assert_int_eq(nk_user_update(s, u), 0);
	nk_user_free(u);
	commit();
	ck_assert_int_eq(nk_sudo_revision(s, &revision), 0);
	ck_assert_int_eq(revision, _i + 1);
}
END_TEST

static void
no_faults(void *arg, const char *what)
{
	ck_abort_msg("%s: %s", (const char *)arg, what);
}

/* Version 11 looked at every user for those with a file in their home. */
START_TEST(from_version_11)
{
	struct nk_ids ids;
	char title[] = "migrated";
	int64_t n;

	start_from(11);
	ck_assert_int_eq(nk_db_exec(db, "UPDATE users SET keyfile_mode = 1"
	    " WHERE id = 1"), 0);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, no_faults, title), 0);
	ck_assert_int_eq(nk_keyfile_home_users(s, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], 1);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_db_get(s->db, "SELECT COUNT(*) FROM users"
	    " INDEXED BY users_home_file WHERE keyfile_mode = 1", 0, NULL,
	    &n), 0);
	ck_assert_int_eq(n, 1);
}
END_TEST

/* Version 8 had no host keys. */
START_TEST(from_version_8)
{
	char paths[3][8] = { "/a", "/b", "x" }, line[] = "ssh-ed25519 AAAA";
	char fp[] = "SHA256:x";
	struct nk_sshd_key k = { .saved_at = 5, .path = paths[0],
	    .text = line, .fingerprint = fp }, got;
	const uint8_t blob[2] = { 0, 255 };
	uint8_t *sealed;
	size_t len;
	int n = 0;

	start_from(8);
	ck_assert_int_eq(nk_db_exec(db, "UPDATE ssh_service SET"
	    " tcpport = 2222"), 0);
	close_db();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_sshd_key_get(s, "/a", &got), -ENOENT);
	ck_assert_int_eq(nk_sshd_key_put(s, &k), -EINVAL);
	begin();
	ck_assert_int_eq(nk_sshd_key_put(s, &k), 0);
	ck_assert_int_eq(k.id, 1);
	ck_assert_int_eq(nk_sshd_key_sealed_get(s, 1, &sealed, &len),
	    -ENOENT);
	ck_assert_int_eq(nk_sshd_key_put(s, &k), 0);
	ck_assert_int_eq(k.id, 2);	/* no id is given twice */
	ck_assert_int_eq(nk_sshd_key_sealed_set(s, 1, blob, 2), -ENOENT);
	ck_assert_int_eq(nk_sshd_key_sealed_set(s, 2, blob, 2), 0);
	k.path = paths[1];
	k.certificate = true;
	ck_assert_int_eq(nk_sshd_key_put(s, &k), 0);
	k.path = paths[2];
	ck_assert_int_eq(nk_sshd_key_put(s, &k), -EINVAL);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_sshd_key_get(s, "/a", &got), 0);
	ck_assert_int_eq(got.id, 2);
	ck_assert_int_eq(got.saved_at, 5);
	ck_assert_str_eq(got.text, line);
	ck_assert(!got.certificate);
	nk_sshd_key_clear(&got);
	ck_assert_int_eq(nk_sshd_key_each(s, 0, count_keys, &n), 7);
	n = 0;
	ck_assert_int_eq(nk_sshd_key_each(s, 2, count_keys, &n), 0);
	ck_assert_int_eq(n, 1);
	begin();
	ck_assert_int_eq(nk_sshd_key_delete(s, 1), -ENOENT);
	ck_assert_int_eq(nk_sshd_key_delete(s, 2), 0);
	commit();
	ck_assert_int_eq(nk_sshd_key_get(s, "/a", &got), -ENOENT);
}
END_TEST

static const struct {
	const char	*what;
	const char	*sql;
	int		(*fill)(struct nk_db *db);
} failures[] = {
	{ "wrong statement", "CREATE TABLE x (a); SELECT FROM", NULL },
	{ "second statement", "CREATE TABLE x (a); CREATE TABLE x (a)",
	  NULL },
	{ "constraint", "CREATE TABLE x (a); INSERT INTO users (id) VALUES"
	  " (1)", NULL },
	{ "filling", "CREATE TABLE x (a); ALTER TABLE users"
	  " ADD COLUMN colour INTEGER", fill_fails },
};

START_TEST(failing)
{
	int64_t old = (int64_t)nk_nmigrations;

	steps[nk_nmigrations].sql = failures[_i].sql;
	steps[nk_nmigrations].fill = failures[_i].fill;
	ck_assert_msg(nk_schema_migrate(db, steps, nsteps) < 0, "%s",
	    failures[_i].what);
	ck_assert(!nk_db_in_transaction(db));
	ck_assert_int_eq(version(), old);
	ck_assert_int_lt(get("SELECT COUNT(*) FROM x"), 0);
	ck_assert_int_lt(get("SELECT SUM(colour) FROM users"), 0);
	close_db();
	/* and the program before it still reads it */
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(killed)
{
	int status;
	pid_t pid;

	close_db();
	steps[nk_nmigrations].fill = fill_dies;
	if ((pid = fork()) == 0) {
		if (nk_db_open(&db, path, &options) < 0 ||
		    nk_schema_migrate(db, steps, nsteps) < 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	open_db();
	ck_assert_int_eq(version(), (int64_t)nk_nmigrations);
	steps[nk_nmigrations].fill = fill_colour;
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(get("SELECT SUM(colour) FROM users"), 10);
}
END_TEST

START_TEST(by_several)
{
	int i, status;

	close_db();
	for (i = 0; i < 4; i++) {
		if (fork() == 0) {
			if (nk_db_open(&db, path, &options) < 0 ||
			    nk_schema_migrate(db, steps, nsteps) < 0)
				_exit(1);
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	open_db();
	ck_assert_int_eq(version(), (int64_t)nsteps);
	ck_assert_int_eq(get("SELECT COUNT(*) FROM more"), 1);
}
END_TEST

START_TEST(older)
{
	/* reading migrates nothing; writing and making may */
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_READ, nsteps),
	    -ESTALE);
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_WRITE, nsteps), 0);
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_CREATE, nsteps), 0);
	ck_assert_int_eq(nk_schema_check(db, NK_STORE_READ,
	    nk_nmigrations), 0);
}
END_TEST

/* All of a file, for comparison; *lenp is 0 when it is not there. */
static char *
contents(const char *suffix, size_t *lenp)
{
	char name[128], *text;
	struct stat st;
	int fd;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	*lenp = 0;
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	ck_assert_int_eq(fstat(fd, &st), 0);
	*lenp = (size_t)st.st_size;
	text = malloc(*lenp + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(read(fd, text, *lenp), (int)*lenp);
	close(fd);
	return text;
}

START_TEST(newer)
{
	static const enum nk_store_mode modes[] = {
		NK_STORE_READ, NK_STORE_WRITE, NK_STORE_CREATE,
	};
	char *before[2], *after[2];
	size_t len[2], now[2];
	int i;

	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps), 0);
	ck_assert_int_eq(nk_schema_migrate(db, steps, nsteps - 1),
	    -ENOTSUP);
	close_db();
	before[0] = contents("", &len[0]);
	before[1] = contents("-wal", &len[1]);
	ck_assert_uint_gt(len[0] + len[1], 0);
	for (i = 0; i < N(modes); i++) {
		ck_assert_int_eq(nk_store_open(&s, path, modes[i]),
		    -ENOTSUP);
		ck_assert_ptr_null(s);
	}
	after[0] = contents("", &now[0]);
	after[1] = contents("-wal", &now[1]);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(len[i], now[i]);
		ck_assert_int_eq(memcmp(before[i], after[i], len[i]), 0);
		free(before[i]);
		free(after[i]);
	}
}
END_TEST

static const struct {
	const char	*what;
	int64_t		 application, version;
} strangers[] = {
	{ "no version",			0x6e6b6579, 0 },
	{ "version below 0",		0x6e6b6579, -1 },
	{ "another application",	0x6e6b657a, 1 },
	{ "no application",		0, 1 },
};

START_TEST(stranger)
{
	ck_assert_int_eq(nk_db_set_version(db, strangers[_i].application,
	    strangers[_i].version), 0);
	close_db();
	ck_assert_msg(nk_store_open(&s, path, NK_STORE_READ) == -EBADMSG,
	    "%s", strangers[_i].what);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), -EBADMSG);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_CREATE),
	    -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_migrate");
	TCase *tc = tcase_create("migrate");

	tcase_add_checked_fixture(tc, setup_older, teardown_older);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, forward);
	tcase_add_test(tc, both_at_once);
	tcase_add_test(tc, from_nothing);
	tcase_add_test(tc, from_version_5);
	tcase_add_test(tc, from_version_6);
	tcase_add_test(tc, from_version_7);
	tcase_add_test(tc, from_version_8);
	tcase_add_loop_test(tc, from_version_9, 0, 2);
	tcase_add_test(tc, from_version_11);
	tcase_add_loop_test(tc, failing, 0, N(failures));
	tcase_add_test(tc, killed);
	tcase_add_test(tc, by_several);
	tcase_add_test(tc, older);
	tcase_add_test(tc, newer);
	tcase_add_loop_test(tc, stranger, 0, N(strangers));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
