/* SPDX-License-Identifier: ISC */

/* The store's file, transactions, journal, audit log and verification. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include <sqlite3.h>

#include "lib/store/internal.h"
#include "lib/store/store.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* Change the file behind the store's back. */
static void
raw(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON;"
	    "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
	    "%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static mode_t
mode_of(const char *suffix)
{
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static off_t
size_of(const char *suffix)
{
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == -1 ? -1 : st.st_size;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* ---- opening ---- */

START_TEST(created_private)
{
	static const mode_t masks[] = { 0, 022, 0777 };
	mode_t old = umask(masks[_i]);

	make_dir();
	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_CREATE), 0);
	begin();
	ck_assert_int_gt(add_user("alice", 3000, true), 1);
	commit();
	umask(old);
	ck_assert_uint_eq(mode_of(""), 0600);
	ck_assert_uint_eq(mode_of("-wal"), 0600);
	ck_assert_uint_eq(mode_of("-shm"), 0600);
	teardown();
}
END_TEST

/* How each row spoils a good store that is closed. */
static void
spoil_link(void)
{
	char real[128];

	(void)snprintf(real, sizeof(real), "%s/real", dir);
	ck_assert_int_eq(rename(path, real), 0);
	ck_assert_int_eq(symlink("real", path), 0);
}

static void
spoil_group_read(void)
{
	ck_assert_int_eq(chmod(path, 0640), 0);
}

static void
spoil_other_exec(void)
{
	ck_assert_int_eq(chmod(path, 0601), 0);
}

static void
spoil_kind(void)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void
spoil_fifo(void)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void
spoil_owner(void)
{
	ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
}

static void
spoil_log_mode(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s-wal", path);
	ck_assert_int_eq(chmod(name, 0644), 0);
}

static void
spoil_log_link(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s-wal", path);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(symlink("/dev/null", name), 0);
}

static void
spoil_log_owner(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s-shm", path);
	ck_assert_int_eq(chown(name, 12345, (gid_t)-1), 0);
}

static void
spoil_folder_mode(void)
{
	ck_assert_int_eq(chmod(dir, 0770), 0);
}

static void
spoil_folder_sticky(void)
{
	ck_assert_int_eq(chmod(dir, 01777), 0);
}

static void
spoil_folder_owner(void)
{
	ck_assert_int_eq(chown(dir, 12345, (gid_t)-1), 0);
}

static void
remove_log(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s-wal", path);
	(void)unlink(name);
	(void)snprintf(name, sizeof(name), "%s-shm", path);
	(void)unlink(name);
}

static void
spoil_text(void)
{
	remove_log();
	write_file(path, "this is no database, but it is long enough to be "
	    "taken for the beginning of one, which has a header of 100 "
	    "bytes in all\n", 0600);
}

static void
spoil_foreign(void)
{
	ck_assert_int_eq(unlink(path), 0);
	remove_log();
	raw("CREATE TABLE t (a)");
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static const struct {
	const char	*what;
	void		(*spoil)(void);
	bool		 as_root;	/* needs chown(2) */
	int		 want;
} spoils[] = {
	{ "symbolic link",		spoil_link,		false, -ELOOP },
	{ "group may read",		spoil_group_read,	false, -EPERM },
	{ "others may execute",		spoil_other_exec,	false, -EPERM },
	{ "a folder",			spoil_kind,		false, -EPERM },
	{ "a pipe",			spoil_fifo,		false, -EPERM },
	{ "another owner",		spoil_owner,		true, -EPERM },
	{ "log that others read",	spoil_log_mode,		false, -EPERM },
	{ "log that is a link",		spoil_log_link,		false, -ELOOP },
	{ "index of another owner",	spoil_log_owner,	true, -EPERM },
	{ "folder for a group",		spoil_folder_mode,	false, -EPERM },
	{ "folder like /tmp",		spoil_folder_sticky,	false, -EPERM },
	{ "folder of another owner",	spoil_folder_owner,	true, -EPERM },
	{ "text",			spoil_text,	false, -EBADMSG },
	{ "somebody else's database",	spoil_foreign,	false, -EBADMSG },
};

START_TEST(spoiled)
{
	static const enum nk_store_mode modes[] = {
		NK_STORE_READ, NK_STORE_WRITE, NK_STORE_CREATE,
	};
	int i, r;

	if (spoils[_i].as_root && geteuid() != 0)
		return;
	begin();
	ck_assert_int_gt(add_user("alice", 3000, true), 1);
	commit();
	nk_store_close(s);
	s = NULL;
	spoils[_i].spoil();
	for (i = 0; i < N(modes); i++) {
		r = nk_store_open(&s, path, modes[i]);
		ck_assert_msg(r == spoils[_i].want, "%s, mode %d: got %d",
		    spoils[_i].what, i, r);
		ck_assert_ptr_null(s);
	}
}
END_TEST

START_TEST(absent)
{
	char name[128];

	make_dir();
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), -ENOENT);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), -ENOENT);
	ck_assert_int_eq(access(path, F_OK), -1);
	/* one whose making was killed at its first step */
	write_file(path, "", 0600);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), -ENOENT);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), -ENOENT);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_CREATE), 0);
	nk_store_close(s);
	s = NULL;
	(void)snprintf(name, sizeof(name), "%s/none/naskeys.db", dir);
	ck_assert_int_eq(nk_store_open(&s, name, NK_STORE_CREATE), -ENOENT);
	(void)snprintf(name, sizeof(name), "%s/", dir);
	ck_assert_int_eq(nk_store_open(&s, name, NK_STORE_CREATE), -EINVAL);
	(void)snprintf(name, sizeof(name), "%s/..", dir);
	ck_assert_int_eq(nk_store_open(&s, name, NK_STORE_CREATE), -EINVAL);
	ck_assert_int_eq(nk_store_open(&s, "", NK_STORE_CREATE), -EINVAL);
	teardown();
}
END_TEST

START_TEST(link_above)
{
	char name[160];

	/* links above the file are followed */
	(void)snprintf(name, sizeof(name), "%s/link", dir);
	ck_assert_int_eq(symlink(".", name), 0);
	nk_store_close(s);
	(void)snprintf(name, sizeof(name), "%s/link/naskeys.db", dir);
	ck_assert_int_eq(nk_store_open(&s, name, NK_STORE_WRITE), 0);
}
END_TEST

START_TEST(created_at_once)
{
	int i, status;
	pid_t pid;

	make_dir();
	for (i = 0; i < 8; i++) {
		if ((pid = fork()) == 0) {
			if (nk_store_open(&s, path, NK_STORE_CREATE) < 0 ||
			    nk_store_begin(s) < 0 ||
			    add_user((char[]){ (char)('a' + i), '\0' },
			    (uint32_t)(3000 + i), true) < 0 ||
			    nk_store_commit(s) < 0)
				_exit(1);
			nk_store_close(s);
			_exit(0);
		}
		ck_assert_int_gt(pid, 0);
	}
	for (i = 0; i < 8; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), 0);
	int64_t n;
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 9);
	teardown();
}
END_TEST

/* Who makes the store while another looks whether it is there. */
static struct {
	int	go, done;	/* pipes to and from it */
	bool	asked;
} maker;

static int
make_between(unsigned int event, void *arg, void *statement, void *text)
{
	char c;

	(void)event;
	(void)arg;
	(void)statement;
	if (maker.asked || strstr(text, "user_version") == NULL)
		return 0;
	maker.asked = true;
	ck_assert_int_eq(write(maker.go, "", 1), 1);
	ck_assert_int_eq(read(maker.done, &c, 1), 1);
	return 0;
}

static int
watch_statements(sqlite3 *db, const char **errorp, const void *api)
{
	(void)errorp;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, make_between, NULL);
}

START_TEST(created_meanwhile)
{
	int go[2], done[2], status;
	pid_t pid;
	char c;

	make_dir();
	write_file(path, "", 0600);
	raw("PRAGMA journal_mode = WAL");
	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(done), 0);
	if ((pid = fork()) == 0) {
		if (read(go[0], &c, 1) != 1 ||
		    nk_store_open(&s, path, NK_STORE_CREATE) < 0)
			_exit(1);
		nk_store_close(s);
		_exit(write(done[1], "", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	close(done[1]);		/* so that its failure ends our reading */
	maker.go = go[1];
	maker.done = done[0];
	ck_assert_int_eq(sqlite3_auto_extension(
	    (void (*)(void))watch_statements), SQLITE_OK);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_CREATE), 0);
	sqlite3_reset_auto_extension();
	ck_assert(maker.asked);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(go[0]);
	close(go[1]);
	close(done[0]);
	teardown();
}
END_TEST

START_TEST(first_rows)
{
	struct nk_user *u;
	struct nk_group *g;
	struct nk_ids ids;

	ck_assert_int_eq(nk_user_get(s, NK_USER_ROOT_ID, &u), 0);
	ck_assert_str_eq(u->name, "root");
	ck_assert_str_eq(u->home, "/root");
	ck_assert_str_eq(u->shell, "/bin/bash");
	ck_assert_str_eq(u->hash, "*");
	ck_assert(!u->managed && u->builtin && u->admin && !u->locked);
	ck_assert(!u->in_managed_group);
	ck_assert_uint_eq(u->uid, 0);
	ck_assert_int_eq(u->group_id, 0);
	ck_assert_int_eq(u->generation, 1);
	ck_assert(u->expires_at == INT64_MAX);
	nk_user_free(u);
	ck_assert_int_eq(nk_group_get(s, NK_GROUP_ADMINS_ID, &g), 0);
	ck_assert_str_eq(g->name, "builtin_administrators");
	ck_assert_uint_eq(g->gid, 544);
	ck_assert(g->builtin);
	nk_group_free(g);
	ck_assert_int_eq(nk_groups_of_user(s, 1, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], 1);
	nk_ids_clear(&ids);
	ck_assert_int_eq(last_seq(), 0);
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_group("staff", 3000), 2);
	commit();
}
END_TEST

START_TEST(identity)
{
	uint8_t a[16], b[16], c[16];

	ck_assert_int_eq(nk_store_id(s, a), 0);
	nk_store_close(s);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), 0);
	ck_assert_int_eq(nk_store_id(s, b), 0);
	ck_assert_mem_eq(a, b, 16);
	teardown();
	setup();
	ck_assert_int_eq(nk_store_id(s, c), 0);
	ck_assert_mem_ne(a, c, 16);
}
END_TEST

/* ---- transactions ---- */

START_TEST(outside)
{
	struct nk_user *u = nk_user_new();
	struct nk_group *g = nk_group_new();
	struct nk_keys none = { NULL, 0 };
	struct nk_audit a = { .actor = "", .action = "", .object_kind = "",
	    .object = "", .text = "" };
	const struct nk_audit_limits limits = { .rows = 0 };
	int64_t n;
	size_t count;

	set_text(&u->name, "alice");
	set_text(&g->name, "staff");
	u->uid = g->gid = 3000;
	ck_assert_int_eq(nk_user_insert(s, u), -EINVAL);
	ck_assert_int_eq(nk_user_update(s, u), -EINVAL);
	ck_assert_int_eq(nk_user_delete(s, 2), -EINVAL);
	ck_assert_int_eq(nk_user_set_last_login(s, 1, 1), -EINVAL);
	ck_assert_int_eq(nk_group_insert(s, g), -EINVAL);
	ck_assert_int_eq(nk_group_update(s, g), -EINVAL);
	ck_assert_int_eq(nk_group_delete(s, 2), -EINVAL);
	ck_assert_int_eq(nk_member_add(s, 1, 1), -EINVAL);
	ck_assert_int_eq(nk_member_remove(s, 1, 1), -EINVAL);
	ck_assert_int_eq(add_key(1, 'A'), -EINVAL);
	ck_assert_int_eq(nk_keys_replace(s, 1, &none), -EINVAL);
	ck_assert_int_eq(nk_keys_remove(s, 1, "x", &count), -EINVAL);
	ck_assert_int_eq(nk_key_set_last_used(s, 1, 1, NULL), -EINVAL);
	ck_assert_int_eq(nk_store_changes_trim(s, 0), -EINVAL);
	ck_assert_int_eq(nk_store_changes_bulk(s), -EINVAL);
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	ck_assert_int_eq(nk_audit_trim(s, &limits, 1, &n), -EINVAL);
	ck_assert_int_eq(nk_store_savepoint(s), -EINVAL);
	ck_assert_int_eq(nk_store_release(s), -EINVAL);
	ck_assert_int_eq(nk_store_commit(s), -EINVAL);
	nk_store_rollback(s);
	nk_store_rollback_to(s);
	nk_store_read_end(s);
	/* in the wrong order */
	ck_assert_int_eq(nk_store_read_begin(s), 0);
	ck_assert_int_eq(nk_store_begin(s), -EINVAL);
	nk_store_read_end(s);
	begin();
	ck_assert_int_eq(nk_store_begin(s), -EINVAL);
	ck_assert_int_eq(nk_store_release(s), -EINVAL);
	ck_assert_int_eq(nk_store_checkpoint(s, 0), -EINVAL);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_store_commit(s), -EINVAL);
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 1);
	nk_user_free(u);
	nk_group_free(g);
}
END_TEST

START_TEST(rolled_back)
{
	struct nk_user *u;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	nk_store_rollback(s);
	ck_assert_int_eq(nk_user_by_name(s, "alice", &u), -ENOENT);
	ck_assert_ptr_null(u);
	ck_assert_str_eq(changes_after(0), "");
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	nk_store_close(s);		/* as good as a rollback */
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_user_by_name(s, "alice", &u), -ENOENT);
}
END_TEST

START_TEST(read_only)
{
	nk_store_close(s);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_READ), 0);
	ck_assert_int_eq(nk_store_begin(s), -EROFS);
	ck_assert_int_eq(add_user("alice", 3000, true), -EINVAL);
}
END_TEST

START_TEST(snapshot)
{
	struct nk_store *other;
	int64_t n;

	ck_assert_int_eq(nk_store_open(&other, path, NK_STORE_READ), 0);
	ck_assert_int_eq(nk_store_read_begin(other), 0);
	ck_assert_int_eq(nk_store_read_begin(other), 0);
	begin();
	ck_assert_int_gt(add_user("alice", 3000, true), 1);
	commit();
	ck_assert_int_eq(nk_user_count(other, &n), 0);
	ck_assert_int_eq(n, 1);
	nk_store_read_end(other);
	ck_assert_int_eq(nk_user_count(other, &n), 0);
	ck_assert_int_eq(n, 1);
	nk_store_read_end(other);
	ck_assert_int_eq(nk_user_count(other, &n), 0);
	ck_assert_int_eq(n, 2);
	nk_store_close(other);
}
END_TEST

START_TEST(savepoints)
{
	struct nk_user *u;
	int64_t n;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(add_user("carol", 3002, true), 4);
	nk_store_rollback_to(s);
	ck_assert_int_eq(nk_user_by_name(s, "carol", &u), -ENOENT);
	ck_assert_int_eq(nk_store_release(s), 0);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	ck_assert_int_eq(add_key(3, 'A'), 1);
	nk_store_rollback_to(s);
	/* what was noted within is noted again when it happens again */
	ck_assert_str_eq(changes_after(0), "U2 U3");
	ck_assert_int_eq(add_key(3, 'A'), 1);
	ck_assert_int_eq(add_user("dave", 3003, true), 4);
	commit();
	ck_assert_str_eq(changes_after(0), "U2 U3 K3 U4");
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(savepoint_counts)
{
	struct nk_audit a = { .at = 1, .actor = "root", .action = "x",
	    .object_kind = "user", .object = "alice", .text = "t" };
	struct nk_changes cs;

	begin();
	ck_assert_int_eq(nk_audit_add(s, &a), 0);
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_audit_add(s, &a), 0);
	ck_assert_int_eq(nk_store_changes_trim(s, 1), 0);
	nk_store_rollback_to(s);
	ck_assert_int_eq(nk_store_changes(s, 0, &cs), 0);
	ck_assert_uint_eq(cs.n, 1);
	nk_changes_clear(&cs);
	ck_assert_int_eq(nk_audit_add(s, &a), 0);
	ck_assert_int_eq(a.id, 2);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* An operation that fails half way must not be committed. */
START_TEST(half_done)
{
	struct nk_user *u;
	int64_t id;

	begin();
	id = add_user("alice", 3000, true);
	commit();
	raw("DELETE FROM spans WHERE kind = 0 AND first_id = 3000");
	begin();
	ck_assert_int_eq(nk_user_delete(s, id), -EBADMSG);
	ck_assert_int_eq(add_user("bob", 3001, true), -EBADMSG);
	ck_assert_int_eq(nk_store_commit(s), -EBADMSG);
	ck_assert_int_eq(nk_store_commit(s), -EINVAL);
	ck_assert_int_eq(nk_user_by_name(s, "alice", &u), 0);
	nk_user_free(u);
	/* what a savepoint takes back is not half done any more */
	begin();
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_user_delete(s, id), -EBADMSG);
	nk_store_rollback_to(s);
	ck_assert_int_gt(add_user("bob", 3001, true), 2);
	commit();
}
END_TEST

/* A refusal changes nothing and the transaction goes on. */
START_TEST(refused_goes_on)
{
	int64_t n;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("alice", 3001, true), -EEXIST);
	ck_assert_int_eq(add_user("", 3001, true), -EINVAL);
	ck_assert_int_eq(nk_user_delete(s, 99), -ENOENT);
	ck_assert_int_eq(nk_member_add(s, 99, 2), -ENOENT);
	commit();
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* The database may end a transaction by itself (full disk, no memory). */
START_TEST(ended_by_database)
{
	int64_t n;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(nk_db_exec(s->db, "ROLLBACK"), 0);
	ck_assert_int_eq(add_user("bob", 3001, true), -EIO);
	ck_assert_int_eq(nk_store_commit(s), -EIO);
	begin();
	ck_assert_int_eq(add_user("carol", 3002, true), 2);
	commit();
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 2);
}
END_TEST

START_TEST(full)
{
	int64_t n;
	uint32_t i;
	int64_t r = 0;

	ck_assert_int_eq(nk_db_exec(s->db, "PRAGMA max_page_count = 40"), 0);
	begin();
	for (i = 0; i < 10000 && r >= 0; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "user%u", i);
		r = add_user(name, 3000 + i, true);
	}
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(nk_store_error(s), "full"));
	nk_store_rollback(s);
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* ---- two processes ---- */

static pid_t
hold_lock(int ready, int go)
{
	char c = 'r';
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	nk_store_close(s);
	if (nk_store_open(&s, path, NK_STORE_WRITE) < 0 ||
	    nk_store_begin(s) < 0 || add_user("child", 4000, true) < 0 ||
	    write(ready, &c, 1) != 1 || read(go, &c, 1) < 0 ||
	    nk_store_commit(s) < 0)
		_exit(1);
	nk_store_close(s);
	_exit(0);
}

START_TEST(busy)
{
	struct nk_store *quick;
	int ready[2], go[2], status;
	struct timespec t0, t1;
	int64_t n;
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(ready) | pipe(go), 0);
	nk_store_close(s);
	s = NULL;
	pid = hold_lock(ready[1], go[0]);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(nk_store_open_wait(&quick, path, NK_STORE_WRITE,
	    200), 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	ck_assert_int_eq(nk_store_begin(quick), -EBUSY);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ck_assert_int_lt(t1.tv_sec - t0.tv_sec, 9);
	/* readers are not held up, and see nothing of it */
	ck_assert_int_eq(nk_user_count(quick, &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(nk_store_checkpoint(quick, 0), 0);
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(nk_store_begin(quick), 0);
	nk_store_rollback(quick);
	ck_assert_int_eq(nk_user_count(quick, &n), 0);
	ck_assert_int_eq(n, 2);
	nk_store_close(quick);
}
END_TEST

/* Edits until killed; each acknowledged one is told through fd. */
static void
edit_for_ever(int fd, uint32_t from)
{
	struct nk_audit a = { .at = 1, .actor = "root", .action = "x",
	    .object_kind = "user", .object = "alice", .text = "t" };
	char name[32];
	int64_t id;
	uint32_t i;

	if (nk_store_open(&s, path, NK_STORE_CREATE) < 0)
		_exit(1);
	for (i = from;; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		if (nk_store_begin(s) < 0 ||
		    (id = add_user(name, 3000 + i, true)) < 0 ||
		    add_key(id, 'A') < 0 || add_key(id, 'B') < 0 ||
		    nk_member_add(s, 1, id) < 0 ||
		    nk_audit_add(s, &a) < 0 || nk_store_commit(s) < 0 ||
		    write(fd, &i, sizeof(i)) != sizeof(i) ||
		    (i % 16 == 0 && nk_store_checkpoint(s, 0) < 0))
			_exit(1);
	}
}

/* How many users there are, each of them whole. */
static uint32_t
count_whole(void)
{
	struct nk_ids ids;
	struct nk_keys ks;
	uint32_t n;
	size_t i;

	ck_assert_int_eq(nk_members_of_group(s, 1, &ids), 0);
	for (i = 0; i < ids.n; i++) {
		if (ids.v[i] == NK_USER_ROOT_ID)
			continue;
		ck_assert_int_eq(nk_keys_of_user(s, ids.v[i], &ks), 0);
		ck_assert_uint_eq(ks.n, 2);
		nk_keys_clear(&ks);
	}
	n = (uint32_t)ids.n - 1;
	nk_ids_clear(&ids);
	return n;
}

START_TEST(killed)
{
	uint32_t acked, last = 0, total;
	int round, fds[2], status;
	int64_t n;
	pid_t pid;

	nk_store_close(s);
	s = NULL;
	for (round = 0; round < 12; round++) {
		ck_assert_int_eq(pipe(fds), 0);
		if ((pid = fork()) == 0)
			edit_for_ever(fds[1], last + 1);
		ck_assert_int_gt(pid, 0);
		close(fds[1]);
		acked = last;
		if (round % 2 == 1)	/* not before its first one */
			ck_assert_int_eq(read(fds[0], &acked,
			    sizeof(acked)), sizeof(acked));
		usleep((useconds_t)(3000 + round * 1700));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		while (read(fds[0], &acked, sizeof(acked)) > 0)
			;
		close(fds[0]);
		ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
		ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
		total = count_whole();
		ck_assert_int_eq(nk_user_count(s, &n), 0);
		ck_assert_int_eq(n, (int64_t)total + 1);
		/* all that was acknowledged, and at most one more */
		ck_assert_msg(total == acked || total == acked + 1,
		    "round %d: %u acknowledged, %u there", round, acked,
		    total);
		last = total;
		nk_store_close(s);
		s = NULL;
	}
	ck_assert_uint_gt(last, 0);
}
END_TEST

/* ---- the log ---- */

static void
some_edits(int n)
{
	char name[32];
	int64_t i, seq = last_seq();

	for (i = seq; i < seq + n; i++) {
		(void)snprintf(name, sizeof(name), "u%lld", (long long)i);
		begin();
		ck_assert_int_gt(add_user(name, (uint32_t)(5000 + i), true),
		    1);
		commit();
	}
}

START_TEST(checkpoints)
{
	struct nk_store *reader;
	off_t log;

	some_edits(20);
	log = size_of("-wal");
	ck_assert_int_gt(log, 20 * 4096);
	ck_assert_int_eq(nk_store_checkpoint(s, 1 << 30), 0);
	ck_assert_int_eq(size_of("-wal"), log);
	/* a reader keeps its snapshot; the rest waits */
	ck_assert_int_eq(nk_store_open(&reader, path, NK_STORE_READ), 0);
	ck_assert_int_eq(nk_store_read_begin(reader), 0);
	some_edits(1);
	ck_assert_int_eq(nk_store_checkpoint(s, 0), 0);
	ck_assert_int_ge(size_of("-wal"), log);
	nk_store_read_end(reader);
	nk_store_close(reader);
	/* all is moved, and the log used again rather than cut */
	log = size_of("-wal");
	ck_assert_int_eq(nk_store_checkpoint(s, (uint64_t)log / 3), 0);
	ck_assert_int_eq(size_of("-wal"), log);
	some_edits(2);
	ck_assert_int_eq(size_of("-wal"), log);
	/* far above the limit it is cut */
	ck_assert_int_eq(nk_store_checkpoint(s, 0), 0);
	ck_assert_int_eq(size_of("-wal"), 0);
	some_edits(1);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(log_outlives)
{
	off_t log, file;
	int64_t n;

	some_edits(5);
	log = size_of("-wal");
	file = size_of("");
	nk_store_close(s);
	ck_assert_int_gt(log, 0);
	ck_assert_int_eq(size_of("-wal"), log);
	ck_assert_int_eq(size_of(""), file);
	/* and no commit checkpoints, whatever the log's size */
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	some_edits(300);
	ck_assert_int_gt(size_of("-wal"), 1200 * 4096);
	ck_assert_int_eq(size_of(""), file);
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, 306);
}
END_TEST

/* ---- the journal ---- */

START_TEST(journal_trim)
{
	struct nk_changes cs;

	ck_assert_int_eq(nk_store_changes(s, 0, &cs), 0);
	ck_assert_uint_eq(cs.n, 0);
	ck_assert_int_eq(nk_store_changes(s, 1, &cs), -ERANGE);
	some_edits(5);
	ck_assert_int_eq(last_seq(), 5);
	ck_assert_str_eq(changes_after(0), "U2 U3 U4 U5 U6");
	ck_assert_str_eq(changes_after(3), "U5 U6");
	ck_assert_str_eq(changes_after(5), "");
	ck_assert_int_eq(nk_store_changes(s, 6, &cs), -ERANGE);
	ck_assert_ptr_null(cs.v);
	begin();
	ck_assert_int_eq(nk_store_changes_trim(s, 6), -EINVAL);
	ck_assert_int_eq(nk_store_changes_trim(s, 3), 0);
	ck_assert_int_eq(nk_store_changes_trim(s, 2), 0);
	commit();
	ck_assert_int_eq(nk_store_changes(s, 2, &cs), -ERANGE);
	ck_assert_str_eq(changes_after(3), "U5 U6");
	begin();
	ck_assert_int_eq(nk_store_changes_trim(s, 5), 0);
	commit();
	/* the end stays known when nothing is left */
	ck_assert_int_eq(last_seq(), 5);
	some_edits(1);
	ck_assert_int_eq(last_seq(), 6);
	ck_assert_str_eq(changes_after(5), "U7");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(journal_seen_inside)
{
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(last_seq(), 1);
	ck_assert_str_eq(changes_after(0), "U2");
	nk_store_rollback(s);
	ck_assert_int_eq(last_seq(), 0);
	/* the transaction's end forgets what it noted */
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	commit();
	begin();
	ck_assert_int_eq(nk_member_add(s, 1, 2), 0);
	commit();
	ck_assert_str_eq(changes_after(0), "U2 U2");
}
END_TEST

/* They are read together, but for what the transaction has set. */
START_TEST(counters)
{
	int64_t v;

	begin();
	ck_assert_int_eq(nk_counter_set(s, NK_COUNTER_SUDO, 77), 0);
	ck_assert_int_eq(nk_counter_get(s, NK_COUNTER_AUDIT, &v), 0);
	ck_assert_int_eq(nk_counter_get(s, NK_COUNTER_SUDO, &v), 0);
	ck_assert_int_eq(v, 77);
	commit();
	begin();
	ck_assert_int_eq(nk_counter_get(s, NK_COUNTER_SUDO, &v), 0);
	ck_assert_int_eq(v, 77);
	commit();
}
END_TEST

/* Inside its transaction and outside, from its first change and another. */
START_TEST(journal_of_its_own)
{
	struct nk_changes cs;

	some_edits(2);
	begin();
	ck_assert_str_eq(changes_after(2), "");
	ck_assert_int_eq(add_key(3, 'A'), 1);
	ck_assert_int_eq(nk_member_add(s, 1, 2), 0);
	ck_assert_int_eq(add_key(3, 'B'), 2);
	ck_assert_int_eq(nk_user_delete(s, 3), 0);
	ck_assert_str_eq(changes_after(2), "K3 U2 U3");
	ck_assert_str_eq(changes_after(1), "U3 K3 U2 U3");
	ck_assert_str_eq(changes_after(3), "U2 U3");
	ck_assert_int_eq(nk_store_changes(s, 6, &cs), -ERANGE);
	ck_assert_int_eq(nk_store_changes_trim(s, 2), 0);
	ck_assert_str_eq(changes_after(2), "K3 U2 U3");
	ck_assert_int_eq(nk_store_changes(s, 1, &cs), -ERANGE);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_store_changes_trim(s, 3), 0);
	ck_assert_int_eq(nk_store_changes(s, 2, &cs), -ERANGE);
	nk_store_rollback_to(s);
	ck_assert_str_eq(changes_after(2), "K3 U2 U3");
	ck_assert_int_eq(nk_store_changes_trim(s, 3), 0);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(nk_member_remove(s, 1, 2), 0);
	nk_store_rollback_to(s);
	ck_assert_int_eq(nk_store_changes(s, 2, &cs), -ERANGE);
	commit();
	ck_assert_str_eq(changes_after(3), "U2 U3");
}
END_TEST

START_TEST(journal_bulk)
{
	begin();
	ck_assert_int_eq(nk_store_changes_bulk(s), 0);
	ck_assert_int_eq(nk_store_changes_bulk(s), 0);
	ck_assert_str_eq(changes_after(0), "");
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_key(2, 'A'), 1);
	ck_assert_int_eq(add_group("staff", 3000), 2);
	ck_assert_str_eq(changes_after(0), "A0");
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	nk_store_rollback_to(s);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	commit();
	ck_assert_str_eq(changes_after(0), "A0");
	/* until commit, no longer */
	begin();
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	commit();
	ck_assert_str_eq(changes_after(1), "U2 K2");
	/* the one note may be taken back too */
	begin();
	ck_assert_int_eq(nk_store_changes_bulk(s), 0);
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	ck_assert_int_eq(add_user("carol", 3002, true), 4);
	nk_store_rollback_to(s);
	ck_assert_int_eq(add_user("carol", 3002, true), 4);
	commit();
	ck_assert_str_eq(changes_after(3), "A0");
}
END_TEST

START_TEST(journal_many)
{
	struct nk_changes cs;
	char name[32];
	uint32_t i;

	begin();
	for (i = 0; i < NK_NOTES_MAX + 10; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		ck_assert_int_gt(add_user(name, 3000 + i, true), 1);
	}
	commit();
	ck_assert_int_eq(nk_store_changes(s, 0, &cs), 0);
	ck_assert_uint_eq(cs.n, NK_NOTES_MAX + 1);
	ck_assert_int_eq(cs.v[NK_NOTES_MAX - 1].kind, NK_CHANGE_USER);
	ck_assert_int_eq(cs.v[NK_NOTES_MAX].kind, NK_CHANGE_ALL);
	nk_changes_clear(&cs);
}
END_TEST

/* ---- the audit log ---- */

static void
add_audit(int64_t at)
{
	struct nk_audit a = {
		.at = at, .actor_uid = 4294967295u, .actor = "uid 7",
		.action = "user.create", .object_kind = "user",
		.object_id = 5, .object = "alice",
		.text = "Create user alice", .after = "{}",
	};

	ck_assert_int_eq(nk_audit_add(s, &a), 0);
}

static char seen[256];

static int
see(void *arg, const struct nk_audit *a)
{
	int *stop = arg;
	size_t used = strlen(seen);

	ck_assert_str_eq(a->actor, "uid 7");
	ck_assert_uint_eq(a->actor_uid, 4294967295u);
	ck_assert_str_eq(a->action, "user.create");
	ck_assert_str_eq(a->object_kind, "user");
	ck_assert_int_eq(a->object_id, 5);
	ck_assert_str_eq(a->object, "alice");
	ck_assert_str_eq(a->text, "Create user alice");
	ck_assert_ptr_null(a->before);
	ck_assert_str_eq(a->after, "{}");
	(void)snprintf(seen + used, sizeof(seen) - used, "%lld ",
	    (long long)a->id);
	return stop != NULL && a->id == *stop ? 77 : 0;
}

static const char *
audit_ids(int64_t after, int64_t since)
{
	seen[0] = '\0';
	ck_assert_int_eq(nk_audit_each(s, after, since, see, NULL), 0);
	return seen;
}

START_TEST(audit_walk)
{
	static const int64_t at[] = { 100, 110, 105, 120, 90, 130 };
	int i, stop = 3;

	ck_assert_str_eq(audit_ids(0, 0), "");
	begin();
	for (i = 0; i < N(at); i++)
		add_audit(at[i]);
	commit();
	ck_assert_str_eq(audit_ids(0, 0), "1 2 3 4 5 6 ");
	ck_assert_str_eq(audit_ids(4, 0), "5 6 ");
	ck_assert_str_eq(audit_ids(0, 106), "2 4 6 ");
	ck_assert_str_eq(audit_ids(3, 106), "4 6 ");
	ck_assert_str_eq(audit_ids(0, 131), "");
	ck_assert_str_eq(audit_ids(6, 1), "");
	seen[0] = '\0';
	ck_assert_int_eq(nk_audit_each(s, 0, 0, see, &stop), 77);
	ck_assert_str_eq(seen, "1 2 3 ");
}
END_TEST

#define BIG	INT64_MAX
#define ROW	(128 + 5 + 17 + 2)	/* of add_audit() */

static const struct {
	const char	*what;
	int64_t		 before, rows, bytes, limit;
	int		 want;
	int64_t		 removed;
	const char	*left;
} trims[] = {
	{ "nothing to do",	50, 6, BIG, 99,	0, 0, "1 2 3 4 5 6 " },
	{ "by time",		106, 99, BIG, 99,	0, 3, "2 4 6 " },
	{ "by rows",		0, 2, BIG, 99,	0, 4, "5 6 " },
	{ "both",		100, 4, BIG, 99,	0, 2, "2 3 4 6 " },
	{ "limit, by time",	106, 99, BIG, 2,	0, 2, "2 3 4 6 " },
	{ "limit, by rows",	0, 2, BIG, 1,	0, 1, "2 3 4 5 6 " },
	{ "limit, both",	100, 1, BIG, 2,	0, 2, "2 3 4 6 " },
	{ "all",		0, 0, BIG, 99,	0, 6, "" },
	{ "limit of none",	999, 0, BIG, 0,	0, 0, "1 2 3 4 5 6 " },
	{ "rows below none",	0, -1, BIG, 9,	-EINVAL, 0, "1 2 3 4 5 6 " },
	{ "limit below none",	0, 0, BIG, -1,	-EINVAL, 0, "1 2 3 4 5 6 " },
	{ "by bytes",		0, 99, 3 * ROW, 99, 0, 3, "4 5 6 " },
	{ "by less than a row",	0, 99, 6 * ROW - 1, 99, 0, 1, "2 3 4 5 6 " },
	{ "bytes that suffice",	0, 99, 6 * ROW, 99, 0, 0, "1 2 3 4 5 6 " },
	{ "limit, by bytes",	0, 99, 0, 4,	0, 4, "5 6 " },
	{ "no bytes",		0, 99, 0, 99,	0, 6, "" },
	{ "time and bytes",	106, 99, 2 * ROW, 99, 0, 4, "4 6 " },
	{ "rows above bytes",	0, 2, 5 * ROW, 99, 0, 4, "5 6 " },
	{ "bytes below none",	0, 9, -1, 9,	-EINVAL, 0, "1 2 3 4 5 6 " },
};

START_TEST(audit_trim)
{
	static const int64_t at[] = { 100, 110, 105, 120, 90, 130 };
	const struct nk_audit_limits limits = { .before = trims[_i].before,
	    .rows = trims[_i].rows, .bytes = trims[_i].bytes };
	int64_t n = 0;
	int i, r;

	begin();
	for (i = 0; i < N(at); i++)
		add_audit(at[i]);
	r = nk_audit_trim(s, &limits, trims[_i].limit, &n);
	ck_assert_msg(r == trims[_i].want && n == trims[_i].removed,
	    "%s: %d, %lld", trims[_i].what, r, (long long)n);
	commit();
	ck_assert_str_eq(audit_ids(0, 0), trims[_i].left);
	/* ids are not used again */
	begin();
	add_audit(140);
	commit();
	ck_assert_str_eq(audit_ids(6, 0), "7 ");
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* Few new rows are not counted, so that nothing is written for them. */
START_TEST(audit_fresh)
{
	const struct nk_audit_limits limits = { .rows = 99, .bytes = 0,
	    .fresh = 6 };
	int64_t n = 0;
	int i;

	for (i = 0; i < 7; i++) {
		begin();
		add_audit(100 + i);
		commit();
		begin();
		ck_assert_int_eq(nk_audit_trim(s, &limits, 99, &n), 0);
		commit();
		ck_assert_int_eq(n, i < 6 ? 0 : 7);
	}
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(audit_refused)
{
	const struct nk_audit good = { .actor = "a", .action = "b",
	    .object_kind = "c", .object = "d", .text = "e" };
	struct nk_audit a;

	begin();
	a = good;
	a.actor = NULL;
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	a = good;
	a.action = NULL;
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	a = good;
	a.object_kind = NULL;
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	a = good;
	a.object = NULL;
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	a = good;
	a.text = NULL;
	ck_assert_int_eq(nk_audit_add(s, &a), -EINVAL);
	a = good;
	ck_assert_int_eq(nk_audit_add(s, &a), 0);
	ck_assert_int_eq(a.id, 1);
	commit();
}
END_TEST

/* ---- verification ---- */

static char report[4096];

static void
note_report(void *arg, const char *what)
{
	size_t used = strlen(report);

	(void)arg;
	(void)snprintf(report + used, sizeof(report) - used, "%s\n", what);
}

static const struct {
	const char	*sql;
	const char	*want;		/* in the report */
} damages[] = {
	{ "DELETE FROM members WHERE user_id = 1;"
	  "DELETE FROM users WHERE id = 1", "must be root" },
	{ "UPDATE users SET uid = 5 WHERE id = 1", "must be root" },
	{ "UPDATE users SET managed = 1, in_managed_group = 1 WHERE id = 1",
	  "must be root" },
	{ "UPDATE groups SET builtin = 0", "must be builtin" },
	{ "UPDATE users SET in_managed_group = 0 WHERE id = 2",
	  "user row 2 is managed but not" },
	{ "UPDATE users SET name = '' WHERE id = 2", "user row 2 has a name" },
	{ "UPDATE users SET name = 'a/b' WHERE id = 2", "has a name" },
	{ "UPDATE users SET name = '-b' WHERE id = 2", "has a name" },
	{ "UPDATE users SET hash = '' WHERE id = 2", "has a name, hash" },
	{ "UPDATE users SET generation = 0 WHERE id = 2", "generation" },
	{ "UPDATE users SET locked = 7 WHERE id = 2",
	  "user row after row 1 cannot be read" },
	{ "UPDATE users SET full_name = 'a' || char(0) || 'b' WHERE id = 2",
	  "user row after row 1 cannot be read" },
	{ "UPDATE users SET uid = 4294967295 WHERE id = 2", "cannot be read" },
	{ "UPDATE groups SET gid = 0 WHERE id = 1",
	  "group row after row 0 cannot be read" },
	{ "DROP INDEX users_name; UPDATE users SET name = 'root'",
	  "has the name of another" },
	{ "DROP INDEX users_uid_managed; UPDATE users SET uid = 3000"
	  " WHERE managed = 1", "the uid of another" },
	{ "UPDATE users SET group_id = 77 WHERE id = 2", "primary group" },
	{ "INSERT INTO members VALUES (1, 99)", "user row 99 is not there" },
	{ "INSERT INTO members VALUES (99, 1)", "group row 99 is not there" },
	{ "UPDATE keys SET user_id = 99", "user row 99 is not there but has" },
	{ "DROP INDEX keys_user; UPDATE keys SET position = 1",
	  "at one position" },
	{ "UPDATE keys SET fingerprint = NULL", "lacks a type" },
	{ "UPDATE keys SET kind = 9", "key row after row 0 cannot be read" },
	{ "UPDATE counters SET value = 0 WHERE name = 'change'",
	  "in the journal is out" },
	{ "UPDATE counters SET value = 2 WHERE name = 'trimmed'",
	  "change 1 in the journal is out" },
	{ "UPDATE counters SET value = 1 WHERE name = 'user'",
	  "user row 2 has an id that was not given" },
	{ "UPDATE counters SET value = 0 WHERE name = 'group'",
	  "group row 1 has an id" },
	{ "UPDATE counters SET value = 1 WHERE name = 'key'",
	  "key row 2 has an id" },
	{ "UPDATE counters SET value = 0 WHERE name = 'audit'",
	  "audit row 1 has an id" },
	{ "UPDATE counters SET value = 3 WHERE name = 'audit_rows'",
	  "counter of audit rows, off by 2" },
	{ "UPDATE counters SET value = 7 WHERE name = 'audit_bytes'",
	  "counter of audit bytes, off by 7" },
	{ "UPDATE audit SET actor_uid = -1", "audit row after row 0" },
	{ "DELETE FROM spans WHERE first_id = 3000", "uid 3000 is in use" },
	{ "DELETE FROM spans WHERE kind = 1", "gid 544 is in use" },
	{ "UPDATE spans SET last_id = 3005 WHERE first_id = 3000",
	  "uids in spans above those in use: 4" },
	{ "UPDATE spans SET last_id = 545 WHERE kind = 1",
	  "gids in spans above those in use: 1" },
	{ "INSERT INTO credentials VALUES (1, 1, 0, 0, 'n', '', '', '', 'r',"
	  " NULL)", "connection row 1 is missing" },
	{ "INSERT INTO connections VALUES (4, 4, 22, 1, 'h', 'u', 'k')",
	  "connection row 4 is that of no credential" },
	{ "INSERT INTO connections VALUES (4, 5, 22, 1, 'h', 'u', 'k')",
	  "connection row 4 has a keypair that is not there" },
	{ "INSERT INTO credentials VALUES (1, 1, 0, 0, 'n', '', '', '', 'r',"
	  " NULL); INSERT INTO connections VALUES (1, 1, 0, 1, 'h', 'u', 'k')",
	  "credential row after row 0 cannot be read" },
	{ "INSERT INTO rotations VALUES (4, 5, 1)",
	  "connection row 4 is on its way to a keypair that" },
	{ "INSERT INTO consumers VALUES (6, 5, 0, 0, 'K', 't', NULL, 'r')",
	  "consumer row 6 has a credential that" },
	{ "INSERT INTO consumers VALUES (6, 5, 0, 0, 'K', 't', NULL, 'r')",
	  "consumer row 6 has an id that was not given" },
	{ "INSERT INTO consumers VALUES (6, 5, 7, 0, 'K', 't', NULL, 'r')",
	  "consumer row after row 0 cannot be read" },
	{ "CREATE TRIGGER t AFTER INSERT ON revoked BEGIN DELETE FROM revoked;"
	  " END", "not defined as naskeys" },
	{ "CREATE VIEW v AS SELECT 1", "not defined as naskeys" },
	{ "CREATE TABLE more (a)", "not defined as naskeys" },
	{ "DROP INDEX audit_at", "not defined as naskeys" },
	{ "ALTER TABLE revoked ADD COLUMN a INTEGER DEFAULT 1;"
	  "CREATE UNIQUE INDEX one_alone ON revoked (a)",
	  "not defined as naskeys" },
	{ "DELETE FROM properties", "the store's id" },
	{ "UPDATE properties SET value = x'0102'", "the store's id" },
};

START_TEST(verify)
{
	int r;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	ck_assert_int_eq(add_key(2, 'A'), 1);
	ck_assert_int_eq(add_key(2, 'B'), 2);
	add_audit(1);
	commit();
	report[0] = '\0';
	ck_assert_int_eq(nk_store_verify(s, note_report, NULL), 0);
	ck_assert_str_eq(report, "");
	raw(damages[_i].sql);
	r = nk_store_verify(s, note_report, NULL);
	ck_assert_msg(r == -EBADMSG && strstr(report, damages[_i].want) !=
	    NULL, "%s: %d, %s", damages[_i].sql, r, report);
}
END_TEST

/* Whatever the file holds, we come back with an answer. */
START_TEST(bit_flips)
{
	struct nk_user *u;
	unsigned int seed = (unsigned int)_i * 7919 + 1;
	int fd, i, r;
	char c;

	some_edits(40);
	begin();
	ck_assert_int_gt(add_key(2, 'A'), 0);
	commit();
	ck_assert_int_eq(nk_store_checkpoint(s, 0), 0);
	nk_store_close(s);
	s = NULL;
	ck_assert_int_ne(fd = open(path, O_RDWR | O_CLOEXEC), -1);
	for (i = 0; i < 12; i++) {
		off_t at = rand_r(&seed) % (int)size_of("");

		ck_assert_int_eq(pread(fd, &c, 1, at), 1);
		c = (char)(c ^ (1 << (rand_r(&seed) & 7)));
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	}
	if (_i % 4 == 0)
		ck_assert_int_eq(ftruncate(fd, size_of("") / 2), 0);
	close(fd);
	if (nk_store_open(&s, path, NK_STORE_WRITE) < 0)
		return;
	report[0] = '\0';
	r = nk_store_verify(s, note_report, NULL);
	ck_assert_int_eq(r == 0, report[0] == '\0');
	if (nk_user_by_name(s, "u7", &u) == 0)
		nk_user_free(u);
	if (nk_store_begin(s) == 0) {
		if (add_user("new", 9000, true) > 0 && r == 0)
			commit();
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = tcase_create("alone");

	tcase_add_loop_test(tc, created_private, 0, 3);
	tcase_add_test(tc, absent);
	tcase_add_test(tc, created_at_once);
	tcase_add_test(tc, created_meanwhile);
	suite_add_tcase(suite, tc);
	tc = tcase_create("store");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, spoiled, 0, N(spoils));
	tcase_add_test(tc, link_above);
	tcase_add_test(tc, first_rows);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, outside);
	tcase_add_test(tc, rolled_back);
	tcase_add_test(tc, read_only);
	tcase_add_test(tc, snapshot);
	tcase_add_test(tc, savepoints);
	tcase_add_test(tc, savepoint_counts);
	tcase_add_test(tc, half_done);
	tcase_add_test(tc, refused_goes_on);
	tcase_add_test(tc, ended_by_database);
	tcase_add_test(tc, full);
	tcase_add_test(tc, busy);
	tcase_add_test(tc, killed);
	tcase_add_test(tc, checkpoints);
	tcase_add_test(tc, log_outlives);
	tcase_add_test(tc, journal_trim);
	tcase_add_test(tc, journal_seen_inside);
	tcase_add_test(tc, counters);
	tcase_add_test(tc, journal_of_its_own);
	tcase_add_test(tc, journal_bulk);
	tcase_add_test(tc, journal_many);
	tcase_add_test(tc, audit_walk);
	tcase_add_loop_test(tc, audit_trim, 0, N(trims));
	tcase_add_test(tc, audit_fresh);
	tcase_add_test(tc, audit_refused);
	tcase_add_loop_test(tc, verify, 0, N(damages));
	tcase_add_loop_test(tc, bit_flips, 0, 40);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
