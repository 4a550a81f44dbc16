/* SPDX-License-Identifier: ISC */

/*
 * The tables, and how an older store becomes a newer one: step i makes
 * version i + 1 of version i, in one transaction.  A step that was released
 * is never changed again.
 *
 * Where PostgreSQL's definitions differ:
 *  - INTEGER is BIGINT there; flags stay numbers, so that statements agree.
 *  - STRICT and WITHOUT ROWID are left out: there it is always so.
 *  - TEXT gets COLLATE "C": names are compared by bytes.
 *  - The checks for NUL and newline are position(chr(10) in x) = 0; text
 *    cannot hold NUL there.
 * Row ids come from the table of counters, not from the database, for they
 * must never be used again.
 *
 * A CHECK asks for a range, or IN a list of two: of a longer list SQLite
 * makes a table in memory each time a row is written.
 */

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "lib/store/db.h"
#include "lib/store/internal.h"

#define APPLICATION	0x6e6b6579	/* "nkey", in the file's header */

static const char version_1[] =
/* single facts; "id": the store's own, random */
"CREATE TABLE properties ("
"  name   TEXT NOT NULL PRIMARY KEY,"
"  value  BLOB NOT NULL"
") STRICT, WITHOUT ROWID;"

"CREATE TABLE counters ("
"  name   TEXT NOT NULL PRIMARY KEY,"
"  value  INTEGER NOT NULL CHECK (value >= 0)"
") STRICT, WITHOUT ROWID;"

/*
 * The uids (kind 0) and gids (kind 1) in use, as spans without a gap, so
 * that the next free one is found at once whatever their number.
 */
"CREATE TABLE spans ("
"  kind      INTEGER NOT NULL CHECK (kind IN (0, 1)),"
"  first_id  INTEGER NOT NULL CHECK (first_id >= 0),"
"  last_id   INTEGER NOT NULL CHECK (last_id >= first_id),"
"  PRIMARY KEY (kind, first_id)"
") STRICT, WITHOUT ROWID;"

"CREATE TABLE groups ("
"  id                      INTEGER PRIMARY KEY CHECK (id > 0),"
"  gid                     INTEGER NOT NULL"
"                          CHECK (gid BETWEEN 1 AND 4294967294),"
"  builtin                 INTEGER NOT NULL CHECK (builtin IN (0, 1)),"
"  smb                     INTEGER NOT NULL CHECK (smb IN (0, 1)),"
"  name                    TEXT NOT NULL"
"                          CHECK (name <> '' AND instr(name, x'00') = 0),"
"  userns_idmap            TEXT,"
"  sudo_commands           TEXT NOT NULL,"
"  sudo_commands_nopasswd  TEXT NOT NULL,"
"  CHECK (id <> 1 OR builtin = 1)"
") STRICT;"
"CREATE UNIQUE INDEX groups_name ON groups (name);"
"CREATE UNIQUE INDEX groups_gid ON groups (gid);"

"CREATE TABLE users ("
"  id                      INTEGER PRIMARY KEY CHECK (id > 0),"
"  managed                 INTEGER NOT NULL CHECK (managed IN (0, 1)),"
"  admin                   INTEGER NOT NULL CHECK (admin IN (0, 1)),"
"  in_managed_group        INTEGER NOT NULL"
"                          CHECK (in_managed_group IN (0, 1)),"
"  uid                     INTEGER NOT NULL"
"                          CHECK (uid BETWEEN 0 AND 4294967294),"
"  group_id                INTEGER REFERENCES groups (id)"
"                          ON DELETE RESTRICT,"
"  name                    TEXT NOT NULL"
"                          CHECK (name <> '' AND instr(name, x'00') = 0),"
"  home                    TEXT NOT NULL,"
"  builtin                 INTEGER NOT NULL CHECK (builtin IN (0, 1)),"
"  locked                  INTEGER NOT NULL CHECK (locked IN (0, 1)),"
"  password_disabled       INTEGER NOT NULL"
"                          CHECK (password_disabled IN (0, 1)),"
"  ssh_password_enabled    INTEGER NOT NULL"
"                          CHECK (ssh_password_enabled IN (0, 1)),"
"  smb                     INTEGER NOT NULL CHECK (smb IN (0, 1)),"
"  webshare                INTEGER NOT NULL CHECK (webshare IN (0, 1)),"
"  must_change             INTEGER NOT NULL CHECK (must_change IN (0, 1)),"
"  full_name               TEXT NOT NULL,"
"  shell                   TEXT NOT NULL,"
"  email                   TEXT,"
"  userns_idmap            TEXT,"
"  hash                    TEXT NOT NULL CHECK (hash <> ''),"
"  password_history        TEXT,"
"  sudo_commands           TEXT NOT NULL,"
"  sudo_commands_nopasswd  TEXT NOT NULL,"
"  keyfile_mode            INTEGER NOT NULL"
"                          CHECK (keyfile_mode BETWEEN 0 AND 2),"
"  generation              INTEGER NOT NULL CHECK (generation > 0),"
"  expires_at              INTEGER NOT NULL CHECK (expires_at >= 0),"
"  created_at              INTEGER NOT NULL CHECK (created_at >= 0),"
"  last_password_change    INTEGER NOT NULL"
"                          CHECK (last_password_change >= 0),"
"  last_login_at           INTEGER NOT NULL CHECK (last_login_at >= 0),"
"  min_days                INTEGER NOT NULL CHECK (min_days >= -1),"
"  max_days                INTEGER NOT NULL CHECK (max_days >= -1),"
"  warn_days               INTEGER NOT NULL CHECK (warn_days >= -1),"
"  inactive_days           INTEGER NOT NULL CHECK (inactive_days >= -1),"
/* whom we serve is in naskeys-managed, and is never root */
"  CHECK (managed = 0 OR (in_managed_group = 1 AND uid > 0)),"
"  CHECK (id <> 1 OR (managed = 0 AND builtin = 1 AND uid = 0))"
") STRICT;"
"CREATE UNIQUE INDEX users_name ON users (name);"
/* together they hold each uid once */
"CREATE UNIQUE INDEX users_uid_managed ON users (uid) WHERE managed = 1;"
"CREATE INDEX users_uid_other ON users (uid) WHERE managed = 0;"
"CREATE INDEX users_group ON users (group_id);"
"CREATE INDEX users_home ON users (home);"
"CREATE INDEX users_admin ON users (id) WHERE admin = 1;"

"CREATE TABLE members ("
"  group_id  INTEGER NOT NULL REFERENCES groups (id) ON DELETE RESTRICT,"
"  user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE RESTRICT,"
"  PRIMARY KEY (group_id, user_id)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX members_user ON members (user_id, group_id);"

/* lines of authorized_keys: keys (kind 0), comments (1) and blanks (2) */
"CREATE TABLE keys ("
"  id              INTEGER PRIMARY KEY CHECK (id > 0),"
"  user_id         INTEGER NOT NULL REFERENCES users (id)"
"                  ON DELETE RESTRICT,"
"  position        INTEGER NOT NULL CHECK (position > 0),"
"  kind            INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),"
"  cert_authority  INTEGER NOT NULL CHECK (cert_authority IN (0, 1)),"
"  bits            INTEGER NOT NULL CHECK (bits >= 0),"
"  type            TEXT CHECK (instr(type, x'0a') = 0),"
"  blob            BLOB,"
"  fingerprint     TEXT,"
"  options         TEXT CHECK (instr(options, x'0a') = 0),"
"  comment         TEXT CHECK (instr(comment, x'0a') = 0),"
"  added_by        TEXT NOT NULL,"
"  added_at        INTEGER NOT NULL CHECK (added_at >= 0),"
"  expires_at      INTEGER NOT NULL CHECK (expires_at >= 0),"
"  last_used_at    INTEGER NOT NULL CHECK (last_used_at >= 0),"
"  last_used_from  TEXT,"
"  CHECK ((kind = 0) = (type IS NOT NULL)),"
"  CHECK ((kind = 0) = (blob IS NOT NULL)),"
"  CHECK ((kind = 0) = (fingerprint IS NOT NULL))"
") STRICT;"
"CREATE UNIQUE INDEX keys_user ON keys (user_id, position);"
"CREATE INDEX keys_fingerprint ON keys (fingerprint, user_id)"
"  WHERE fingerprint IS NOT NULL;"

/* what is to be published; kind as in enum nk_change_kind */
"CREATE TABLE journal ("
"  seq     INTEGER PRIMARY KEY CHECK (seq > 0),"
"  kind    INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),"
"  row_id  INTEGER NOT NULL"
") STRICT;"

"CREATE TABLE audit ("
"  id           INTEGER PRIMARY KEY CHECK (id > 0),"
"  at           INTEGER NOT NULL,"
"  actor_uid    INTEGER NOT NULL,"
"  actor        TEXT NOT NULL,"
"  action       TEXT NOT NULL,"
"  object_kind  TEXT NOT NULL,"
"  object_id    INTEGER NOT NULL,"
"  object       TEXT NOT NULL,"
"  sentence     TEXT NOT NULL,"
"  before       TEXT,"
"  after        TEXT"
") STRICT;"
"CREATE INDEX audit_at ON audit (at);"

"INSERT INTO groups (id, gid, builtin, smb, name, sudo_commands,"
"  sudo_commands_nopasswd)"
"  VALUES (1, 544, 1, 0, 'builtin_administrators', '', '');"
"INSERT INTO users (id, managed, admin, in_managed_group, uid, name, home,"
"  builtin, locked, password_disabled, ssh_password_enabled, smb, webshare,"
"  must_change, full_name, shell, hash, sudo_commands,"
"  sudo_commands_nopasswd, keyfile_mode, generation, expires_at,"
"  created_at, last_password_change, last_login_at, min_days, max_days,"
"  warn_days, inactive_days)"
"  VALUES (1, 0, 1, 0, 0, 'root', '/root',"
"  1, 0, 0, 0, 0, 0,"
"  0, 'root', '/bin/bash', '*', '',"
"  '', 0, 1, 9223372036854775807,"
"  0, 0, 0, -1, -1,"
"  -1, -1);"
"INSERT INTO members (group_id, user_id) VALUES (1, 1);"
"INSERT INTO spans (kind, first_id, last_id)"
"  VALUES (0, 0, 0), (1, 544, 544);"
"INSERT INTO counters (name, value) VALUES ('user', 1), ('group', 1),"
"  ('key', 0), ('audit', 0), ('change', 0), ('trimmed', 0),"
"  ('audit_rows', 0);";

/* what the audit log takes, up to the last row that was counted */
static const char version_2[] =
"INSERT INTO counters (name, value) VALUES ('audit_bytes', 0),"
"  ('audit_counted', 0);";

/*
 * The NAS's own SSH keypairs.  The private half is sealed (lib/seal) with
 * the key whose id is the property "seal_key".
 */
static const char version_3[] =
"CREATE TABLE credentials ("
"  id           INTEGER PRIMARY KEY CHECK (id > 0),"
"  type         INTEGER NOT NULL CHECK (type = 0),"
"  bits         INTEGER NOT NULL CHECK (bits >= 0),"
"  created_at   INTEGER NOT NULL CHECK (created_at >= 0),"
"  name         TEXT NOT NULL CHECK (name <> ''),"
"  key_type     TEXT NOT NULL,"
"  fingerprint  TEXT NOT NULL,"
"  public_key   TEXT NOT NULL CHECK (public_key <> ''),"
"  created_by   TEXT NOT NULL,"
"  sealed       BLOB"
") STRICT;"
"CREATE UNIQUE INDEX credentials_name ON credentials (name);"
"INSERT INTO counters (name, value) VALUES ('credential', 0);";

/*
 * Second factors.  next_factor is the first counter (or number of a period)
 * whose code may still be taken; it never goes down.  seed and recovery are
 * sealed as private halves are.
 */
static const char version_4[] =
"CREATE TABLE otp ("
"  user_id       INTEGER PRIMARY KEY REFERENCES users (id)"
"                ON DELETE RESTRICT,"
"  kind          INTEGER NOT NULL CHECK (kind IN (0, 1)),"
"  hash          INTEGER NOT NULL CHECK (hash BETWEEN 0 AND 2),"
"  digits        INTEGER NOT NULL CHECK (digits IN (6, 8)),"
"  period        INTEGER NOT NULL CHECK ((period = 0) = (kind = 1)),"
"  code_window   INTEGER NOT NULL CHECK (code_window >= 0),"
"  next_factor   INTEGER NOT NULL CHECK (next_factor >= 0),"
"  created_at    INTEGER NOT NULL CHECK (created_at >= 0),"
"  last_used_at  INTEGER NOT NULL CHECK (last_used_at >= 0),"
"  seed          BLOB,"
"  recovery      BLOB"
") STRICT;";

/*
 * Keys that must not come back.  Of one that no user had there is only the
 * fingerprint.  The counter is the list's revision.
 */
static const char version_5[] =
"CREATE TABLE revoked ("
"  fingerprint  TEXT NOT NULL PRIMARY KEY CHECK (fingerprint <> ''),"
"  type         TEXT,"
"  blob         BLOB CHECK ((blob IS NULL) = (type IS NULL)),"
"  comment      TEXT,"
"  revoked_by   TEXT NOT NULL,"
"  revoked_at   INTEGER NOT NULL CHECK (revoked_at >= 0)"
") STRICT;"
"INSERT INTO counters (name, value) VALUES ('revoked', 0);";

/*
 * The authorized_keys files of users: in homes, with what was written there
 * and must be known again, and in the central folder.  The journal learns of
 * central files by their uid (kind 4).
 */
static const char version_6[] =
"CREATE TABLE keyfile_homes ("
"  id        INTEGER PRIMARY KEY CHECK (id > 0),"
"  user_id   INTEGER NOT NULL CHECK (user_id > 0),"
"  uid       INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967294),"
"  gid       INTEGER NOT NULL CHECK (gid BETWEEN 0 AND 4294967294),"
"  pending   INTEGER NOT NULL CHECK (pending IN (0, 1)),"
"  tried_at  INTEGER NOT NULL CHECK (tried_at >= 0),"
"  home      TEXT NOT NULL CHECK (instr(home, x'0a') = 0),"
"  reason    TEXT"
") STRICT;"
"CREATE UNIQUE INDEX keyfile_homes_user ON keyfile_homes (user_id, home);"
"CREATE INDEX keyfile_homes_home ON keyfile_homes (home);"
"CREATE INDEX keyfile_homes_pending ON keyfile_homes (user_id)"
"  WHERE pending = 1;"
"CREATE TABLE keyfile_lines ("
"  home_id      INTEGER NOT NULL REFERENCES keyfile_homes (id)"
"               ON DELETE RESTRICT,"
"  line         TEXT NOT NULL"
"               CHECK (line <> '' AND instr(line, x'0a') = 0),"
"  fingerprint  TEXT NOT NULL CHECK (fingerprint <> ''),"
"  PRIMARY KEY (home_id, line)"
") STRICT, WITHOUT ROWID;"
"CREATE TABLE keyfile_central ("
"  user_id  INTEGER PRIMARY KEY REFERENCES users (id)"
"           ON DELETE RESTRICT,"
"  uid      INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967294)"
") STRICT;"
"CREATE UNIQUE INDEX keyfile_central_uid ON keyfile_central (uid);"
"INSERT INTO counters (name, value) VALUES ('keyfile_home', 0);"
"CREATE TABLE journal_6 ("
"  seq     INTEGER PRIMARY KEY CHECK (seq > 0),"
"  kind    INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),"
"  row_id  INTEGER NOT NULL"
") STRICT;"
"INSERT INTO journal_6 (seq, kind, row_id)"
"  SELECT seq, kind, row_id FROM journal;"
"DROP TABLE journal;"
"ALTER TABLE journal_6 RENAME TO journal;"
/* nothing wrote such files before */
"UPDATE users SET keyfile_mode = 0 WHERE keyfile_mode <> 0;";

/*
 * Connections are credentials, too: the row has what both have, and so one
 * id and one name serve for both.  Who uses a credential is a consumer; one
 * that has lost it and stays is disabled.
 */
static const char version_7[] =
"CREATE TABLE credentials_7 ("
"  id           INTEGER PRIMARY KEY CHECK (id > 0),"
"  type         INTEGER NOT NULL CHECK (type IN (0, 1)),"
"  bits         INTEGER NOT NULL CHECK (bits >= 0),"
"  created_at   INTEGER NOT NULL CHECK (created_at >= 0),"
"  name         TEXT NOT NULL CHECK (name <> ''),"
"  key_type     TEXT NOT NULL,"
"  fingerprint  TEXT NOT NULL,"
"  public_key   TEXT NOT NULL CHECK ((public_key = '') = (type = 1)),"
"  created_by   TEXT NOT NULL,"
"  sealed       BLOB CHECK (sealed IS NULL OR type = 0)"
") STRICT;"
"INSERT INTO credentials_7 (id, type, bits, created_at, name, key_type,"
"  fingerprint, public_key, created_by, sealed)"
"  SELECT id, type, bits, created_at, name, key_type, fingerprint,"
"  public_key, created_by, sealed FROM credentials;"
"DROP TABLE credentials;"
"ALTER TABLE credentials_7 RENAME TO credentials;"
"CREATE UNIQUE INDEX credentials_name ON credentials (name);"
"CREATE TABLE connections ("
"  id               INTEGER PRIMARY KEY REFERENCES credentials (id)"
"                   ON DELETE RESTRICT,"
"  keypair_id       INTEGER NOT NULL REFERENCES credentials (id)"
"                   ON DELETE RESTRICT,"
"  port             INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),"
"  connect_timeout  INTEGER NOT NULL CHECK (connect_timeout > 0),"
"  host             TEXT NOT NULL CHECK (host <> ''),"
"  username         TEXT NOT NULL CHECK (username <> ''),"
"  host_keys        TEXT NOT NULL CHECK (host_keys <> '')"
") STRICT;"
"CREATE INDEX connections_keypair ON connections (keypair_id);"
"CREATE TABLE rotations ("
"  connection_id  INTEGER PRIMARY KEY REFERENCES connections (id)"
"                 ON DELETE RESTRICT,"
"  keypair_id     INTEGER NOT NULL REFERENCES credentials (id)"
"                 ON DELETE RESTRICT,"
"  step           INTEGER NOT NULL CHECK (step >= 0)"
") STRICT;"
"CREATE INDEX rotations_keypair ON rotations (keypair_id);"
"CREATE TABLE consumers ("
"  id             INTEGER PRIMARY KEY CHECK (id > 0),"
"  credential_id  INTEGER REFERENCES credentials (id)"
"                 ON DELETE RESTRICT,"
"  on_delete      INTEGER NOT NULL CHECK (on_delete IN (0, 1)),"
"  created_at     INTEGER NOT NULL CHECK (created_at >= 0),"
"  kind           TEXT NOT NULL CHECK (kind <> ''),"
"  title          TEXT NOT NULL CHECK (title <> ''),"
"  command        TEXT CHECK (command <> ''),"
"  created_by     TEXT NOT NULL,"
"  CHECK (credential_id IS NOT NULL OR on_delete = 1)"
") STRICT;"
"CREATE UNIQUE INDEX consumers_credential"
"  ON consumers (credential_id, kind, title);"
"INSERT INTO counters (name, value) VALUES ('consumer', 0);";

/* The SSH service's settings are one row.  Lists are a value a line. */
static const char version_8[] =
"CREATE TABLE ssh_service ("
"  id                     INTEGER PRIMARY KEY CHECK (id = 1),"
"  tcpport                INTEGER NOT NULL"
"                         CHECK (tcpport BETWEEN 1 AND 65535),"
"  passwordauth           INTEGER NOT NULL CHECK (passwordauth IN (0, 1)),"
"  kerberosauth           INTEGER NOT NULL CHECK (kerberosauth IN (0, 1)),"
"  tcpfwd                 INTEGER NOT NULL CHECK (tcpfwd IN (0, 1)),"
"  compression            INTEGER NOT NULL CHECK (compression IN (0, 1)),"
"  revoked_keys           INTEGER NOT NULL CHECK (revoked_keys IN (0, 1)),"
"  key_files              INTEGER NOT NULL"
"                         CHECK (key_files BETWEEN 0 AND 3),"
"  sftp_log_level         TEXT NOT NULL,"
"  sftp_log_facility      TEXT NOT NULL,"
"  bindiface              TEXT NOT NULL,"
"  password_login_groups  TEXT NOT NULL,"
"  weak_ciphers           TEXT NOT NULL,"
"  host_key_types         TEXT NOT NULL,"
"  host_certificates      TEXT NOT NULL,"
"  options                TEXT NOT NULL"
") STRICT;"
"INSERT INTO ssh_service (id, tcpport, passwordauth, kerberosauth, tcpfwd,"
"  compression, revoked_keys, key_files, sftp_log_level,"
"  sftp_log_facility, bindiface, password_login_groups, weak_ciphers,"
"  host_key_types, host_certificates, options)"
"  VALUES (1, 22, 0, 0, 0, 0, 1, 0, '', '', '', '', '', '', '', '');"
/*
 * What is put back where new settings of sshd were not confirmed.  until is
 * of CLOCK_BOOTTIME, of that boot.
 */
"CREATE TABLE ssh_pending ("
"  id       INTEGER PRIMARY KEY CHECK (id = 1),"
"  until    INTEGER NOT NULL CHECK (until >= 0),"
"  boot_id  TEXT NOT NULL,"
"  drop_in  TEXT,"
"  main     TEXT"
") STRICT;";

/* The machine's host keys. */
static const char version_9[] =
"CREATE TABLE sshd_keys ("
"  id           INTEGER PRIMARY KEY CHECK (id > 0),"
"  saved_at     INTEGER NOT NULL CHECK (saved_at >= 0),"
"  certificate  INTEGER NOT NULL CHECK (certificate IN (0, 1)),"
"  path         TEXT NOT NULL CHECK (path <> ''),"
"  text         TEXT NOT NULL CHECK (text <> ''),"
"  fingerprint  TEXT NOT NULL,"
"  sealed       BLOB"
") STRICT;"
"CREATE UNIQUE INDEX sshd_keys_path ON sshd_keys (path);"
"INSERT INTO counters (name, value) VALUES ('sshd_key', 0);";

/*
 * Keys with which programs log in through the gateway, each as an account as
 * it was when the key was made.
 */
static const char version_10[] =
"CREATE TABLE api_keys ("
"  id          INTEGER PRIMARY KEY CHECK (id > 0),"
"  number      INTEGER NOT NULL UNIQUE CHECK (number > 0),"
"  created_at  INTEGER NOT NULL CHECK (created_at >= 0),"
"  expires_at  INTEGER NOT NULL CHECK (expires_at >= 0),"
"  revoked     INTEGER NOT NULL CHECK (revoked IN (0, 1)),"
"  user_id     INTEGER NOT NULL CHECK (user_id >= 0),"
"  generation  INTEGER NOT NULL CHECK (generation >= 0),"
"  uid         INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),"
"  username    TEXT NOT NULL CHECK (username <> ''),"
"  proof       TEXT NOT NULL,"
"  digest      TEXT NOT NULL CHECK (digest <> ''),"
"  name        TEXT NOT NULL UNIQUE CHECK (name <> '')"
") STRICT;"
"CREATE INDEX api_keys_user ON api_keys (user_id);"
"INSERT INTO counters (name, value) VALUES ('api_key', 0),"
"  ('api_key_number', 0);";

/*
 * Who has commands for sudo; the counter is the revision of what they come
 * to.
 */
static const char version_11[] =
"CREATE INDEX users_sudo ON users (id)"
"  WHERE sudo_commands <> '' OR sudo_commands_nopasswd <> '';"
"CREATE INDEX groups_sudo ON groups (id)"
"  WHERE sudo_commands <> '' OR sudo_commands_nopasswd <> '';"
"INSERT INTO counters (name, value)"
"  SELECT 'sudo', COUNT(*) FROM (SELECT id FROM users"
"  WHERE sudo_commands <> '' OR sudo_commands_nopasswd <> ''"
"  UNION SELECT id FROM groups"
"  WHERE sudo_commands <> '' OR sudo_commands_nopasswd <> '');";

/* Whose keys go into a file in the home: each --sync asks for them. */
static const char version_12[] =
"CREATE INDEX users_home_file ON users (id) WHERE keyfile_mode = 1;";

static int
fill_version_1(struct nk_db *db)
{
	struct nk_stmt *st;
	uint8_t id[16];
	int64_t now = time(NULL);
	int r;

	if (getentropy(id, sizeof(id)) == -1)
		return -errno;
	if ((r = nk_db_run(db, "UPDATE users SET created_at = $1",
	    1, &now, NULL)) < 0 ||
	    (r = nk_db_stmt(db, "INSERT INTO properties (name, value)"
	    " VALUES ('id', $1)", &st)) < 0)
		return r;
	nk_stmt_bind_blob(st, 1, id, sizeof(id));
	return nk_stmt_run(st, NULL);
}

const struct nk_migration nk_migrations[] = {
	{ version_1,	fill_version_1 },
	{ version_2,	NULL },
	{ version_3,	NULL },
	{ version_4,	NULL },
	{ version_5,	NULL },
	{ version_6,	NULL },
	{ version_7,	NULL },
	{ version_8,	NULL },
	{ version_9,	NULL },
	{ version_10,	NULL },
	{ version_11,	NULL },
	{ version_12,	NULL },
};
const size_t nk_nmigrations = sizeof(nk_migrations) /
    sizeof(nk_migrations[0]);

int
nk_schema_check(struct nk_db *db, enum nk_store_mode mode, size_t n)
{
	int64_t application, version;
	bool empty;
	int r;

	if ((r = nk_db_get_version(db, &application, &version, &empty)) < 0)
		return r;
	if (empty)
		return mode == NK_STORE_CREATE ? 0 : -ENOENT;
	if (application != APPLICATION || version < 1)
		return -EBADMSG;
	if (version > (int64_t)n)
		return -ENOTSUP;
	if (version < (int64_t)n && mode == NK_STORE_READ)
		return -ESTALE;
	return 0;
}

/* One step, if it is still missing under the lock; *donep: none is. */
static int
step(struct nk_db *db, const struct nk_migration *steps, size_t n,
    bool *donep)
{
	const struct nk_migration *m;
	int64_t application, version;
	bool empty;
	int r;

	*donep = false;
	if ((r = nk_db_begin(db, true)) < 0)
		return r;
	if ((r = nk_db_get_version(db, &application, &version, &empty)) < 0)
		goto out;
	if ((!empty && application != APPLICATION) || version < 0) {
		r = -EBADMSG;
		goto out;
	}
	if (version >= (int64_t)n) {
		*donep = true;
		r = version > (int64_t)n ? -ENOTSUP : 0;
		goto out;
	}
	m = &steps[version];
	if ((r = nk_db_exec(db, m->sql)) < 0 ||
	    (m->fill != NULL && (r = m->fill(db)) < 0) ||
	    (r = nk_db_set_version(db, APPLICATION, version + 1)) < 0 ||
	    (r = nk_db_commit(db)) < 0)
		goto out;
 out:
	nk_db_rollback(db);		/* unless it was committed */
	return r;
}

int
nk_schema_migrate(struct nk_db *db, const struct nk_migration *steps,
    size_t n)
{
	int64_t application, version;
	bool empty, done = false;
	int r;

	/* the usual case needs no lock */
	if ((r = nk_db_get_version(db, &application, &version, &empty)) < 0)
		return r;
	if (version == (int64_t)n)
		return 0;
	while (r == 0 && !done)
		r = step(db, steps, n, &done);
	return r;
}

int
nk_schema_verify(struct nk_db *db)
{
	const struct nk_db_options o = { .cache_kib = 256 };
	struct nk_db *model = NULL;
	int r;

	if ((r = nk_db_open(&model, NK_DB_IN_MEMORY, &o)) == 0 &&
	    (r = nk_schema_migrate(model, nk_migrations,
	    nk_nmigrations)) == 0)
		r = nk_db_is_alike(db, model);
	nk_db_close(model);
	return r;
}
