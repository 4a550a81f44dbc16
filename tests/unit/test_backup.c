/* SPDX-License-Identifier: ISC */
/*
 * What lib/backup/backup.h and lib/backup/restore.h promise, on real stores.
 */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/backup/backup.h"
#include "lib/backup/restore.h"
#include "lib/backup/wrap.h"
#include "lib/fullio.h"
#include "lib/keychain/keychain.h"
#include "lib/publish/internal.h"
#include "lib/store/apikeys.h"
#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "lib/store/revoked.h"
#include "lib/store/ssh_service.h"
#include "tests/fault/edits.h"
#include "tests/fault/place.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define FP_A	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FP_B	"SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static char *dir;
static struct edits_place place;
static struct nk_publisher *p;
static char seal_key[MODEL_TEXT + 16], other_key[MODEL_TEXT + 16];
static uint8_t *bytes;		/* the last backup */
static size_t nbytes;

static struct nk_store *
store(void)
{
	return nk_publisher_store(p);
}

static void
setup(void)
{
	ck_assert_int_eq(place_make(&dir, 0), 0);
	edits_place_init(&place, dir);
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", dir);
	(void)snprintf(other_key, sizeof(other_key), "%s/other.key", dir);
	place.state.seal_key = seal_key;
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
	bytes = NULL;
}

static void
teardown(void)
{
	nk_publisher_free(p);
	free(bytes);
	place_remove(dir);
}

/* ---- what there is to back up ---- */

static void
set(char **to, const char *text)
{
	free(*to);
	ck_assert_ptr_nonnull(*to = strdup(text));
}

static int64_t
add_user(const char *name, uint32_t uid, const char *fingerprint)
{
	char type[] = "ssh-ed25519", by[] = "test", fp[64];
	uint8_t blob[4] = { 0, 0, 0, (uint8_t)uid };
	struct nk_key k = { .kind = NK_KEY_KEY, .type = type, .blob = blob,
	    .blob_len = sizeof(blob), .fingerprint = fp, .added_by = by,
	    .expires_at = INT64_MAX };
	struct nk_user *u = nk_user_new();

	ck_assert_ptr_nonnull(u);
	set(&u->name, name);
	u->uid = uid;
	u->managed = true;
	(void)snprintf(fp, sizeof(fp), "%s", fingerprint);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_insert(store(), u), 0);
	k.user_id = u->id;
	ck_assert_int_eq(nk_key_append(store(), &k), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	nk_user_free(u);
	return k.user_id;
}

static void
add_secret(int64_t user)
{
	const struct nk_otp o = { .user_id = user, .digits = 6,
	    .period = 30, .window = 1 };
	struct nk_keychain kc;

	nk_keychain_init(&kc, store(), seal_key);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_otp_put(store(), &o), 0);
	ck_assert_int_eq(nk_keychain_put(&kc, NK_SEALED_OTP_SEED, user,
	    "seed", 4), 0);
	ck_assert_int_eq(nk_keychain_put(&kc, NK_SEALED_OTP_RECOVERY, user,
	    "codes", 5), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	nk_keychain_clear(&kc);
}

static bool
secret_opens(int64_t user)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_keychain kc;
	bool opens;

	nk_keychain_init(&kc, store(), seal_key);
	opens = nk_keychain_get(&kc, NK_SEALED_OTP_SEED, user, &text) == 0 &&
	    text.len == 4 && memcmp(text.p, "seed", 4) == 0;
	nk_secret_clear(&text);
	nk_keychain_clear(&kc);
	return opens;
}

static bool
has_user(const char *name)
{
	struct nk_user *u;
	int r = nk_user_by_name(store(), name, &u);

	ck_assert(r == 0 || r == -ENOENT);
	nk_user_free(u);
	return r == 0;
}

static size_t
count_keys(const char *fingerprint)
{
	struct nk_keys ks;
	size_t n;

	ck_assert_int_eq(nk_keys_by_fingerprint(store(), fingerprint, &ks),
	    0);
	n = ks.n;
	nk_keys_clear(&ks);
	return n;
}

static void
revoke_key(const char *fingerprint)
{
	const struct nk_revoked row = { .fingerprint = fingerprint,
	    .revoked_by = "test", .revoked_at = 1 };

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_revoked_add(store(), &row), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
}

static void
say(void *arg, const char *what)
{
	(void)arg;
	ck_abort_msg("%s", what);
}

/* ---- making and restoring ---- */

static int
temp_file(void)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static int
back_up(bool with_key, const char *passphrase)
{
	struct nk_backup_made made;
	struct stat st;
	int fd = temp_file(), r;

	r = nk_backup_make(store(), &place.state, with_key, passphrase, fd,
	    &made);
	free(bytes);
	bytes = NULL;
	if (r == 0) {
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_uint_eq((uint64_t)st.st_size, made.size);
		nbytes = (size_t)st.st_size;
		ck_assert_ptr_nonnull(bytes = malloc(nbytes));
		ck_assert_int_eq(pread(fd, bytes, nbytes, 0),
		    (ssize_t)nbytes);
	}
	close(fd);
	return r;
}

static struct nk_restore rs;

static int
audit(struct nk_store *s, void *arg)
{
	struct nk_audit a = { .at = 1, .actor = "test", .action = "restore",
	    .object_kind = "store", .object = "naskeys", .text = "Restore" };

	(void)arg;
	return nk_audit_add(s, &a);
}

static int
verify(const uint8_t *b, size_t n, const char *passphrase)
{
	int fd = temp_file(), r;

	ck_assert_int_eq(nk_write_full(fd, b, n), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	r = nk_restore_read(&rs, &place.state, fd, 5, passphrase);
	close(fd);
	return r;
}

static int
restore(const char *passphrase)
{
	int r = verify(bytes, nbytes, passphrase);

	if (r == 0)
		r = nk_restore_apply(&rs, p, audit, NULL);
	nk_restore_clear(&rs);
	return r;
}

/* Nothing of ours is left in the folder. */
static void
expect_tidy(void)
{
	char name[MODEL_TEXT + 32];

	(void)snprintf(name, sizeof(name), "%s.restore", place.state.store);
	ck_assert_int_eq(access(name, F_OK), -1);
	(void)snprintf(name, sizeof(name), "%s.backup", place.state.store);
	ck_assert_int_eq(access(name, F_OK), -1);
	(void)snprintf(name, sizeof(name), "%s.restore-wal",
	    place.state.store);
	ck_assert_int_eq(access(name, F_OK), -1);
	ck_assert_int_eq(nk_publisher_verify(p, say, NULL), 0);
}

/* ---- a disk that fails ---- */

static bool sync_fails;		/* once, of the store's log */

/* SQLite's, too. */
__attribute__((visibility("default"))) int
fdatasync(int fd)
{
	char path[64], target[MODEL_TEXT + 16], wal[MODEL_TEXT + 16];
	ssize_t n;

	if (!sync_fails)
		return fsync(fd);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)snprintf(wal, sizeof(wal), "%s-wal", place.state.store);
	n = readlink(path, target, sizeof(target) - 1);
	ck_assert_int_gt(n, 0);
	target[n] = '\0';
	if (strcmp(target, wal) != 0)
		return fsync(fd);
	sync_fails = false;
	errno = EIO;
	return -1;
}

/* restore.h, MUST 2: what was said to have failed does not come true later. */
START_TEST(sync_of_the_commit)
{
	int64_t al = add_user("al", 3001, FP_A);

	add_secret(al);
	ck_assert_int_eq(back_up(true, NULL), 0);
	add_user("bo", 3002, FP_B);
	sync_fails = true;
	ck_assert_int_lt(restore(NULL), 0);
	ck_assert(!sync_fails);
	ck_assert(has_user("bo"));
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_WRITE), 0);
	ck_assert(has_user("bo"));
	ck_assert(secret_opens(al));
	expect_tidy();
}
END_TEST

/* ---- round trips ---- */

static const struct {
	bool		 with_key;
	const char	*passphrase;
} ways[] = {
	{ false, NULL }, { true, NULL }, { true, "correct horse" },
};

START_TEST(round_trip)
{
	int64_t al = add_user("al", 3001, FP_A), seq, later;
	struct nk_user *u;
	int64_t generation;

	add_secret(al);
	ck_assert_int_eq(back_up(ways[_i].with_key, ways[_i].passphrase), 0);
	ck_assert_int_gt(add_user("bo", 3002, FP_B), al);
	ck_assert_int_eq(nk_user_get(store(), al, &u), 0);
	generation = u->generation;
	nk_user_free(u);
	ck_assert_int_eq(nk_store_seq(store(), &seq), 0);
	ck_assert_int_eq(restore(ways[_i].passphrase), 0);
	ck_assert(has_user("al"));
	ck_assert(!has_user("bo"));
	ck_assert_uint_eq(count_keys(FP_A), 1);
	ck_assert(secret_opens(al));
	/* nothing is given twice */
	ck_assert_int_eq(nk_store_seq(store(), &later), 0);
	ck_assert_int_gt(later, seq);
	ck_assert_int_eq(nk_user_get(store(), al, &u), 0);
	ck_assert_int_gt(u->generation, generation);
	nk_user_free(u);
	ck_assert_int_gt(add_user("cy", 3003, FP_B), al + 1);
	expect_tidy();
}
END_TEST

/* Another machine: its own store, and no key or another one. */
START_TEST(on_another_machine)
{
	int64_t al = add_user("al", 3001, FP_A), bo;
	uint8_t before[16], after[16];

	add_secret(al);
	ck_assert_int_eq(nk_store_id(store(), before), 0);
	ck_assert_int_eq(back_up(ways[_i].with_key, ways[_i].passphrase), 0);
	nk_publisher_free(p);
	ck_assert_int_eq(rename(seal_key, other_key), 0);
	(void)unlink(place.state.store);
	(void)snprintf(other_key, sizeof(other_key), "%s-wal",
	    place.state.store);
	(void)unlink(other_key);
	(void)snprintf(other_key, sizeof(other_key), "%s-shm",
	    place.state.store);
	(void)unlink(other_key);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
	bo = add_user("bo", 3002, FP_B);
	add_secret(bo);
	ck_assert_int_eq(verify(bytes, nbytes, ways[_i].passphrase), 0);
	ck_assert_int_eq(rs.key_from, ways[_i].with_key ?
	    NK_RESTORE_KEY_BACKUP : NK_RESTORE_KEY_MISSING);
	nk_restore_clear(&rs);
	ck_assert(has_user("bo") && secret_opens(bo));
	ck_assert_int_eq(restore(ways[_i].passphrase), 0);
	ck_assert(has_user("al") && !has_user("bo"));
	ck_assert_int_eq(nk_store_id(store(), after), 0);
	ck_assert_mem_eq(before, after, sizeof(after));
	ck_assert(secret_opens(al) == ways[_i].with_key);
	expect_tidy();
	add_user("cy", 3003, FP_B);
	expect_tidy();
}
END_TEST

/* restore.h, MUST 3 */
START_TEST(what_stays)
{
	const struct nk_ssh_pending pending = { .until = 5,
	    .boot_id = (char[]){ "boot" } };
	struct nk_keyfile_home h = { .uid = 3001, .gid = 3001,
	    .home = (char[]){ "/home/al" } }, *found;
	const struct nk_keyfile_line l = { FP_B, "ssh-ed25519 B" };
	struct nk_keyfile_lines ls;
	struct nk_ssh_pending got;
	int64_t revision, later;
	bool has;

	h.user_id = add_user("al", 3001, FP_A);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_ssh_pending_insert(store(), &pending), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(back_up(false, NULL), 0);
	revoke_key(FP_A);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_ssh_pending_extend(store(), 9), 0);
	ck_assert_int_eq(nk_keyfile_home_put(store(), &h), 0);
	ck_assert_int_eq(nk_keyfile_line_add(store(), h.id, &l), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(nk_revoked_revision(store(), &revision), 0);
	ck_assert_int_eq(restore(NULL), 0);
	/* a key that was revoked since has left its user */
	ck_assert_int_eq(nk_revoked_has(store(), FP_A, &has), 0);
	ck_assert(has);
	ck_assert_uint_eq(count_keys(FP_A), 0);
	ck_assert_int_eq(nk_revoked_revision(store(), &later), 0);
	ck_assert_int_gt(later, revision);
	/* what was written into a home since is known, and to be seen to */
	ck_assert_int_eq(nk_keyfile_home_get(store(), h.user_id, "/home/al",
	    &found), 0);
	ck_assert(found->pending);
	ck_assert_int_eq(nk_keyfile_lines_get(store(), found->id, &ls), 0);
	ck_assert_uint_eq(ls.n, 2);		/* and one is buried */
	nk_keyfile_lines_free(&ls);
	nk_keyfile_home_free(found);
	/* sshd's old files are to be put back all the same, */
	ck_assert_int_eq(nk_ssh_pending_get(store(), &got), 0);
	ck_assert_int_eq(got.until, 9);
	ck_assert_str_eq(got.boot_id, "boot");
	nk_ssh_pending_clear(&got);
	/* and once that is done the backup does not say it again */
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_ssh_pending_delete(store()), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(restore(NULL), 0);
	ck_assert_int_eq(nk_ssh_pending_get(store(), &got), -ENOENT);
	expect_tidy();
}
END_TEST

static void
add_api_key(const char *name, int64_t user, struct nk_api_key *k)
{
	*k = (struct nk_api_key){ .created_at = 1, .expires_at = INT64_MAX,
	    .account = { .user_id = user, .generation = 1, .uid = 3001 } };
	(void)snprintf(k->name, sizeof(k->name), "%s", name);
	(void)snprintf(k->account.name, sizeof(k->account.name), "al");
	memset(k->digest, 'a', sizeof(k->digest) - 1);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_api_key_insert(store(), k), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
}

/* What an API key was when it was taken away is not to come back. */
START_TEST(api_keys)
{
	struct nk_api_key kept, gone, reset, revoked, got;
	int64_t al = add_user("al", 3001, FP_A);
	struct nk_user *u;

	add_api_key("kept", al, &kept);
	add_api_key("gone", al, &gone);
	add_api_key("reset", al, &reset);
	add_api_key("revoked", al, &revoked);
	ck_assert_int_eq(back_up(false, NULL), 0);
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_api_key_delete(store(), gone.id), 0);
	ck_assert_int_eq(nk_api_key_update(store(), &reset, true), 0);
	revoked.revoked = true;
	ck_assert_int_eq(nk_api_key_update(store(), &revoked, false), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_int_eq(restore(NULL), 0);
	ck_assert_int_eq(nk_user_get(store(), al, &u), 0);
	ck_assert_int_eq(nk_api_key_get(store(), kept.id, &got), 0);
	ck_assert(!got.revoked);
	ck_assert_int_eq(got.account.generation, u->generation);
	nk_user_free(u);
	ck_assert_int_eq(nk_api_key_get(store(), gone.id, &got), 0);
	ck_assert(got.revoked);
	ck_assert_int_eq(nk_api_key_get(store(), reset.id, &got), 0);
	ck_assert(got.revoked);
	ck_assert_int_eq(nk_api_key_get(store(), revoked.id, &got), 0);
	ck_assert(got.revoked);
	expect_tidy();
}
END_TEST

/* The log of what happened since goes on. */
static int
count_audit(void *arg, const struct nk_audit *a)
{
	int *n = arg;

	ck_assert_int_eq(a->id, ++*n);
	return 0;
}

START_TEST(the_log_goes_on)
{
	int n = 0;

	ck_assert_int_eq(nk_publisher_record(p, audit, NULL), 0);
	ck_assert_int_eq(back_up(false, NULL), 0);
	ck_assert_int_eq(nk_publisher_record(p, audit, NULL), 0);
	ck_assert_int_eq(restore(NULL), 0);
	ck_assert_int_eq(nk_audit_each(store(), 0, 0, count_audit, &n), 0);
	ck_assert_int_eq(n, 3);
}
END_TEST

/* ---- what is refused ---- */

/* With the right sum, as an editor of the file would. */
static void
sum_head(uint8_t *b)
{
	ck_assert_int_eq(EVP_Digest(b, 224, b + 224, NULL, EVP_sha256(),
	    NULL), 1);
}

static void
expect_refused(const char *what, size_t at, int r, int wanted)
{
	ck_assert_msg(r == wanted, "%s at %zu: %d", what, at, r);
	ck_assert_msg((r == -EBADMSG || r == -ENOTSUP) ==
	    (rs.why[0] != '\0'), "%s at %zu: no reason", what, at);
	nk_restore_clear(&rs);
	ck_assert(has_user("al"));
}

START_TEST(cut_and_flipped)
{
	size_t i, step;
	uint8_t extra;

	add_secret(add_user("al", 3001, FP_A));
	ck_assert_int_eq(back_up(true, NULL), 0);
	/* each byte of the head, and many of the rest */
	step = nbytes / 150;
	for (i = 0; i < nbytes; i += i < 300 ? 1 : step) {
		bytes[i] ^= 0x10;
		expect_refused("flipped", i, verify(bytes, nbytes, NULL),
		    i >= 16 && i < 20 ? -ENOTSUP : -EBADMSG);
		bytes[i] ^= 0x10;
	}
	for (i = 0; i < nbytes; i += i < 300 ? 7 : step)
		expect_refused("cut", i, verify(bytes, i, NULL), -EBADMSG);
	expect_refused("cut", nbytes - 1, verify(bytes, nbytes - 1, NULL),
	    -EBADMSG);
	bytes = realloc(bytes, nbytes + 1);
	ck_assert_ptr_nonnull(bytes);
	bytes[nbytes] = 0;
	expect_refused("longer", nbytes, verify(bytes, nbytes + 1, NULL),
	    -EBADMSG);
	extra = 0;
	expect_refused("one byte", 0, verify(&extra, 1, NULL), -EBADMSG);
	ck_assert_int_eq(restore(NULL), 0);
}
END_TEST

/* What somebody has changed who can make sums. */
static const struct {
	const char	*what;
	size_t		 at;
	uint8_t		 byte;
	int		 wanted;
} forged[] = {
	{ "a newer format",	19, 2, -ENOTSUP },
	{ "format 0",		19, 0, -EBADMSG },
	{ "a newer schema",	23, 200, -ENOTSUP },
	{ "no schema",		23, 0, -EBADMSG },
	{ "another store",	24, 0x5a, -EBADMSG },
	{ "a time before all",	40, 0x80, -EBADMSG },
	{ "a size beyond all",	48, 0x80, -EBADMSG },
	{ "another sum",	60, 0x5a, -EBADMSG },
	{ "an id of no digits",	90, 'x', -EBADMSG },
	{ "another key's id",	90, '0', -EBADMSG },
	{ "an unknown kind",	107, 3, -EBADMSG },
	{ "no key, and one",	107, 0, -EBADMSG },
	{ "wrapped, and not",	107, 2, -EBADMSG },
	{ "a cost, and none",	111, 16, -EBADMSG },
	{ "another key",	150, 0x5a, -EBADMSG },
	{ "a tag, and none",	180, 1, -EBADMSG },
	{ "more in the head",	200, 1, -EBADMSG },
};

START_TEST(forged_heads)
{
	add_secret(add_user("al", 3001, FP_A));
	ck_assert_int_eq(back_up(true, NULL), 0);
	if (bytes[forged[_i].at] == forged[_i].byte)
		return;			/* by chance it is that */
	bytes[forged[_i].at] = forged[_i].byte;
	sum_head(bytes);
	expect_refused(forged[_i].what, forged[_i].at,
	    verify(bytes, nbytes, NULL), forged[_i].wanted);
}
END_TEST

/* A body with a head that fits it. */
static void
pack(const uint8_t *body, size_t n, uint32_t schema)
{
	struct nk_backup_head h = { .schema = schema, .size = n,
	    .made_at = 1 };

	ck_assert_int_eq(nk_store_id(store(), h.store_id), 0);
	ck_assert_int_eq(EVP_Digest(body, n, h.digest, NULL, EVP_sha256(),
	    NULL), 1);
	free(bytes);
	nbytes = NK_BACKUP_HEAD + n;
	ck_assert_ptr_nonnull(bytes = malloc(nbytes));
	ck_assert_int_eq(nk_backup_head_format(&h, bytes), 0);
	memcpy(bytes + NK_BACKUP_HEAD, body, n);
}

/* A store that sql has changed: what its head says is right. */
static void
pack_changed(const char *sql, uint32_t schema)
{
	const struct nk_db_options o = { .busy_ms = 1000, .cache_kib = 1024 };
	struct nk_backup_copy c;
	struct nk_db *db;
	uint8_t *body;
	size_t n;

	ck_assert_int_eq(nk_backup_copy_make(&place.state, ".test", &c), 0);
	ck_assert_int_eq(nk_store_copy(store(), c.path), 0);
	ck_assert_int_eq(nk_db_open(&db, c.path, &o), 0);
	ck_assert_int_eq(nk_db_exec(db, "PRAGMA journal_mode = DELETE"), 0);
	ck_assert_int_eq(nk_db_exec(db, sql), 0);
	nk_db_close(db);
	ck_assert_ptr_nonnull(body = malloc(1u << 22));
	ck_assert_int_eq(nk_pread_full(c.lock, body, 1u << 22, 0, &n), 0);
	pack(body, n, schema);
	free(body);
	nk_backup_copy_remove(&c);
}

START_TEST(bodies)
{
	static const char text[] = "This is no database, whatever it says.";
	uint32_t known = nk_store_version_known();
	char sql[64];

	add_user("al", 3001, FP_A);
	pack((const uint8_t *)text, sizeof(text), known);
	expect_refused("text", 0, verify(bytes, nbytes, NULL), -EBADMSG);
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %u",
	    known + 1);
	pack_changed(sql, known);
	expect_refused("newer", 0, verify(bytes, nbytes, NULL), -ENOTSUP);
	pack_changed("PRAGMA application_id = 1", known);
	expect_refused("another's", 0, verify(bytes, nbytes, NULL),
	    -EBADMSG);
	pack_changed("DELETE FROM spans", known);
	expect_refused("an invariant", 0, verify(bytes, nbytes, NULL),
	    -EBADMSG);
	/* of two keys that are revoked one would stay so */
	pack_changed("DROP TABLE revoked; CREATE TABLE revoked (fingerprint"
	    " TEXT NOT NULL PRIMARY KEY, type TEXT, blob BLOB, comment TEXT,"
	    " revoked_by TEXT NOT NULL, revoked_at INTEGER NOT NULL, one"
	    " INTEGER NOT NULL DEFAULT 1 UNIQUE ON CONFLICT IGNORE) STRICT",
	    known);
	expect_refused("another table", 0, verify(bytes, nbytes, NULL),
	    -EBADMSG);
	pack_changed("DELETE FROM properties", known);
	expect_refused("no id", 0, verify(bytes, nbytes, NULL), -EBADMSG);
	/* one that is sound goes */
	pack_changed("", known);
	ck_assert_int_eq(restore(NULL), 0);
	expect_tidy();
}
END_TEST

/* Each earlier schema is brought up to date on the way. */
START_TEST(earlier_schemas)
{
	const struct nk_db_options o = { .busy_ms = 1000, .cache_kib = 1024 };
	struct nk_backup_copy c;
	struct nk_store *s;
	struct nk_db *db;
	uint8_t *body, id[16];
	size_t n;

	ck_assert_int_eq(nk_backup_copy_make(&place.state, ".test", &c), 0);
	ck_assert_int_eq(nk_db_open(&db, c.path, &o), 0);
	ck_assert_int_eq(nk_schema_migrate(db, nk_migrations,
	    (size_t)_i), 0);
	ck_assert_int_eq(nk_db_exec(db, "UPDATE users SET full_name = 'of"
	    " old' WHERE id = 1"), 0);
	nk_db_close(db);
	ck_assert_ptr_nonnull(body = malloc(1u << 22));
	ck_assert_int_eq(nk_pread_full(c.lock, body, 1u << 22, 0, &n), 0);
	/* its id, for the head */
	ck_assert_int_eq(nk_store_open(&s, c.path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_id(s, id), 0);
	nk_store_close(s);
	pack(body, n, (uint32_t)_i);
	memcpy(bytes + 24, id, sizeof(id));
	sum_head(bytes);
	free(body);
	nk_backup_copy_remove(&c);
	ck_assert_int_eq(restore(NULL), 0);
	expect_tidy();
	add_user("al", 3001, FP_A);
	expect_tidy();
}
END_TEST

START_TEST(passphrases)
{
	static const char *const wrong[] = { "", "correct hors",
	    "correct horse ", "Correct horse", NULL };
	char much[NK_BACKUP_PASSPHRASE_MAX + 2];
	size_t i;

	add_secret(add_user("al", 3001, FP_A));
	memset(much, 'x', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	ck_assert_int_eq(back_up(true, much), -EINVAL);
	ck_assert_int_eq(back_up(true, ""), -EINVAL);
	much[sizeof(much) - 2] = '\0';
	ck_assert_int_eq(back_up(true, much), 0);
	ck_assert_int_eq(back_up(true, "correct horse"), 0);
	for (i = 0; i == 0 || wrong[i - 1] != NULL; i++)
		expect_refused("passphrase", i, verify(bytes, nbytes,
		    wrong[i]), wrong[i] == NULL || wrong[i][0] == '\0' ?
		    -EINVAL : -EACCES);
	/* what the tag covers, and what is encrypted */
	for (i = 112; i < 188; i += 15) {
		bytes[i] ^= 1;
		sum_head(bytes);
		expect_refused("wrapped", i, verify(bytes, nbytes,
		    "correct horse"), -EACCES);
		bytes[i] ^= 1;
	}
	bytes[111]++;
	sum_head(bytes);
	expect_refused("cost", 111, verify(bytes, nbytes, "correct horse"),
	    -EACCES);
	bytes[111] = 40;
	sum_head(bytes);
	expect_refused("dear", 111, verify(bytes, nbytes, "correct horse"),
	    -EBADMSG);
	/* one that needs none, in the place of one that does */
	ck_assert_int_eq(back_up(true, NULL), 0);
	expect_refused("plain", 0, verify(bytes, nbytes, "correct horse"),
	    -EBADMSG);
	ck_assert_int_eq(back_up(false, NULL), 0);
	expect_refused("without", 0, verify(bytes, nbytes, "correct horse"),
	    -EBADMSG);
}
END_TEST

/* A secret that does not open with the right key, and a key that is gone. */
START_TEST(secrets)
{
	int64_t al = add_user("al", 3001, FP_A);
	uint8_t *sealed;
	size_t len;

	ck_assert_int_eq(back_up(true, NULL), 0);	/* nothing is sealed */
	ck_assert_int_eq(bytes[107], NK_BACKUP_KEY_NONE);
	add_secret(al);
	ck_assert_int_eq(rename(seal_key, other_key), 0);
	ck_assert_int_eq(back_up(true, NULL), -ENOKEY);
	ck_assert_int_eq(back_up(false, NULL), 0);
	ck_assert_int_eq(rename(other_key, seal_key), 0);
	ck_assert_int_eq(nk_otp_sealed_get(store(), al, NK_OTP_SEED,
	    &sealed, &len), 0);
	sealed[len - 1] ^= 1;
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_otp_sealed_set(store(), al, NK_OTP_SEED, sealed,
	    len), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	free(sealed);
	ck_assert_int_eq(back_up(true, NULL), 0);
	expect_refused("a damaged secret", 0, verify(bytes, nbytes, NULL),
	    -EBADMSG);
}
END_TEST

START_TEST(where_it_goes)
{
	struct nk_backup_made made;
	struct nk_restore first;
	int fd = temp_file(), pipes[2];

	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(nk_backup_make(store(), &place.state, false, NULL,
	    fd, &made), -EINVAL);
	close(fd);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(nk_backup_make(store(), &place.state, false, NULL,
	    pipes[1], &made), -EINVAL);
	close(pipes[0]);
	close(pipes[1]);
	fd = open(dir, O_TMPFILE | O_WRONLY, 0600);
	ck_assert_int_eq(nk_backup_make(store(), &place.state, false, NULL,
	    fd, &made), -EINVAL);
	close(fd);
	/* two at once */
	ck_assert_int_eq(back_up(false, NULL), 0);
	ck_assert_int_eq(verify(bytes, nbytes, NULL), 0);
	first = rs;
	ck_assert_int_eq(verify(bytes, nbytes, NULL), -EAGAIN);
	nk_restore_clear(&rs);
	nk_restore_clear(&first);
	expect_tidy();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("backup");
	TCase *tc = tcase_create("backup");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, round_trip, 0, N(ways));
	tcase_add_loop_test(tc, on_another_machine, 0, N(ways));
	tcase_add_test(tc, sync_of_the_commit);
	tcase_add_test(tc, what_stays);
	tcase_add_test(tc, api_keys);
	tcase_add_test(tc, the_log_goes_on);
	tcase_add_test(tc, cut_and_flipped);
	tcase_add_loop_test(tc, forged_heads, 0, N(forged));
	tcase_add_test(tc, bodies);
	tcase_add_loop_test(tc, earlier_schemas, 1,
	    (int)nk_nmigrations + 1);
	tcase_add_test(tc, passphrases);
	tcase_add_test(tc, secrets);
	tcase_add_test(tc, where_it_goes);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
