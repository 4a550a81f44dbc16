/* SPDX-License-Identifier: ISC */

/*
 * ~/.ssh/authorized_keys of users with the mode HOME, through the methods
 * that change their keys: what lib/publish/homes.h, lib/keyfile/merge.h and
 * lib/keyfile/apply.h promise.
 */

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <sched.h>
#include <time.h>

#include "lib/fullio.h"
#include "lib/keyfile/apply.h"
#include "lib/keyfile/homelock.h"
#include "lib/monotonic.h"
#include "lib/rpc/key_home.h"
#include "lib/ssh/keypolicy.h"
#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "tests/unit/methods_fixture.h"

#define ALICE	"/mnt/homes/alice"
#define OTHER	"/mnt/homes/other"
#define LINE	ED25519 " alice@home\n"
#define HAND	"# by hand\nssh-rsa " RSA2048_BASE64 " mine\n\n"

static void
make_home(const char *path, uid_t uid)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(chown(path, uid, uid), 0);
}

/* Homes of the test's own, above which nobody but root may write. */
static void
setup(void)
{
	umask(022);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(mkdir("/mnt/homes", 0755), 0);
	make_home(ALICE, 5001);
	make_home(OTHER, 5001);
	make_world();
}

static struct nk_keyfile_work
work(void)
{
	return (struct nk_keyfile_work){ .publisher = w.c.publisher,
	    .state = &w.state, .conf = &w.conf };
}

static void
sync_homes(void)
{
	const struct nk_keyfile_work wk = work();

	ck_assert_int_eq(nk_keyfile_sync(&wk, false), 0);
}

static struct nk_store *
store(void)
{
	return nk_publisher_store(w.c.publisher);
}

/* Change the row of alice; NULL: keep the home. */
static void
set_user(enum nk_keyfile_mode mode, const char *home, uint32_t uid)
{
	const struct nk_keyfile_work wk = work();
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_user_by_name(store(), "alice", &u), 0);
	u->keyfile_mode = mode;
	u->uid = uid;
	if (home != NULL) {
		free(u->home);
		ck_assert_ptr_nonnull(u->home = strdup(home));
	}
	ck_assert_int_eq(nk_user_update(store(), u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	nk_keyfile_after_edit(&wk);
}

static void
home_mode(void)
{
	set_user(NK_KEYFILE_HOME, ALICE, 5001);
}

/* NULL: there is none. */
static void
is_text(const char *home, const char *want)
{
	char path[256], text[8192] = "";
	struct stat st;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", home);
	fd = open(path, O_RDONLY);
	ck_assert_msg((fd == -1) == (want == NULL), "%s: %s", path,
	    want == NULL ? "is there" : "is not there");
	if (fd == -1)
		return;
	ck_assert_int_ge(n = read(fd, text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, want);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert(st.st_uid == 5001 && st.st_gid == 5001 &&
	    (st.st_mode & 07777) == 0600 && st.st_nlink == 1);
	close(fd);
}

static void
put_text(const char *home, const char *text)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", home);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	ck_assert_int_eq(fchown(fd, 5001, 5001), 0);
	close(fd);
}

static struct nk_keyfile_home *
home_row(const char *home)
{
	struct nk_keyfile_home *h;
	int r = nk_keyfile_home_get(store(), 2, home, &h);

	ck_assert(r == 0 || r == -ENOENT);
	return h;
}

/* Somebody else found it changed, and could not write it. */
static void
make_pending(const char *home)
{
	struct nk_keyfile_home *h = home_row(home);

	ck_assert_ptr_nonnull(h);
	ck_assert_ptr_null(h->reason);
	h->pending = true;
	ck_assert_ptr_nonnull(h->reason = strdup("Elsewhere."));
	ck_assert_int_eq(nk_store_begin(store()), 0);
	ck_assert_int_eq(nk_keyfile_home_put(store(), h), 0);
	ck_assert_int_eq(nk_store_commit(store()), 0);
	nk_keyfile_home_free(h);
}

/* reason NULL: it is as it should be. */
static void
is_pending(const char *home, const char *reason)
{
	struct nk_keyfile_home *h = home_row(home);

	ck_assert_ptr_nonnull(h);
	ck_assert_int_eq(h->pending, reason != NULL);
	if (reason == NULL)
		ck_assert_ptr_null(h->reason);
	else if (reason[0] != '\0')
		ck_assert_msg(h->reason != NULL &&
		    strstr(h->reason, reason) != NULL, "%s", h->reason);
	nk_keyfile_home_free(h);
}

static void
is_gone(const char *home)
{
	struct nk_keyfile_home *h = home_row(home);

	ck_assert_ptr_null(h);
}

static void
home_away(bool away)
{
	ck_assert_int_eq(rename(away ? ALICE : "/mnt/homes/away",
	    away ? "/mnt/homes/away" : ALICE), 0);
}

static void
remove_key(const char *fingerprint)
{
	char params[128];

	(void)snprintf(params, sizeof(params), "['alice','SHA256:%s']",
	    fingerprint);
	expect("user.remove_key", params, "removed", "1");
}

START_TEST(follows_the_store)
{
	is_text(ALICE, NULL);
	home_mode();
	is_text(ALICE, LINE);
	is_pending(ALICE, NULL);
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	is_text(ALICE, LINE P256 "\n");
	done("user.update", "[2,{'sshpubkey':'" P256 "\\n# none\\n\\n"
	    ED25519 " alice@home'}]");
	is_text(ALICE, P256 "\n" LINE);
	remove_key(P256_SHA256);
	is_text(ALICE, LINE);
	remove_key(ED25519_SHA256);
	is_text(ALICE, NULL);
	is_pending(ALICE, NULL);
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	is_text(ALICE, P256 "\n");
	done("user.delete", "[2]");
	is_text(ALICE, NULL);
	is_gone(ALICE);
}
END_TEST

START_TEST(keeps_foreign_lines)
{
	home_mode();
	put_text(ALICE, HAND LINE "last");
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	is_text(ALICE, LINE P256 "\n" HAND "last");
	/* a copy with other words is a hand's, until the key has gone */
	put_text(ALICE, LINE "no-pty " P256 "\n" HAND "restrict " ED25519);
	remove_key(P256_SHA256);
	is_text(ALICE, LINE HAND "restrict " ED25519);
	/* and no other mode makes it ours */
	set_user(NK_KEYFILE_NONE, NULL, 5001);
	is_text(ALICE, HAND "restrict " ED25519);
	is_gone(ALICE);
	remove_key(ED25519_SHA256);
	is_text(ALICE, HAND "restrict " ED25519);
}
END_TEST

START_TEST(shut_accounts)
{
	home_mode();
	put_text(ALICE, LINE HAND);
	done("user.update", "[2,{'locked':true}]");
	is_text(ALICE, HAND);
	done("user.update", "[2,{'locked':false}]");
	is_text(ALICE, LINE HAND);
	done("user.update", "[2,{'full_name':'Alice Else'}]");
	is_text(ALICE, LINE HAND);
}
END_TEST

/* What nothing has changed is not written. */
START_TEST(leaves_alone)
{
	struct stat before, after;

	home_mode();
	ck_assert_int_eq(stat(ALICE "/.ssh", &before), 0);
	done("user.update", "[2,{'full_name':'Alice Else'}]");
	sync_homes();
	ck_assert_int_eq(stat(ALICE "/.ssh", &after), 0);
	ck_assert(before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
	    before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
	/* who has no file and gets no key gets no file */
	remove_key(ED25519_SHA256);
	ck_assert_int_eq(rmdir(ALICE "/.ssh"), 0);
	done("user.update", "[2,{'sshpubkey':'# none'}]");
	ck_assert_int_eq(access(ALICE "/.ssh", F_OK), -1);
}
END_TEST

START_TEST(a_home_that_is_away)
{
	home_away(true);
	home_mode();
	is_pending(ALICE, "not there");
	expect("user.add_key", "['alice',{'key':'" P256 "'}]", "warnings.1",
	    "'" ALICE "/.ssh/authorized_keys is not yet as it should be: "
	    "The home directory is not there.'");
	expect("user.update", "[2,{'shell':'/bin/sh'}]", "warnings.0", "'"
	    ALICE "/.ssh/authorized_keys is not yet as it should be: "
	    "The home directory is not there.'");
	/* likewise where the edit has had no reason to look at files */
	expect("user.update", "[2,{'email':'a@b.c'}]", "warnings.0", "'"
	    ALICE "/.ssh/authorized_keys is not yet as it should be: "
	    "The home directory is not there.'");
	expect("user.update", "[2,{}]", "warnings.0", "'"
	    ALICE "/.ssh/authorized_keys is not yet as it should be: "
	    "The home directory is not there.'");
	sync_homes();
	is_pending(ALICE, "not there");
	home_away(false);
	is_text(ALICE, NULL);
	sync_homes();
	is_text(ALICE, LINE P256 "\n");
	is_pending(ALICE, NULL);
	expect("user.update", "[2,{'shell':'/bin/bash'}]", "warnings", "[]");
	/* what the last edit has seen, another helper may have changed */
	make_pending(ALICE);
	expect("user.update", "[2,{'email':'c@b.a'}]", "warnings.0", "'"
	    ALICE "/.ssh/authorized_keys is not yet as it should be: "
	    "Elsewhere.'");
	sync_homes();

	home_away(true);
	expect("user.remove_key", "['alice','SHA256:" P256_SHA256 "']",
	    "reason", "'" ALICE "/.ssh/authorized_keys may still have the "
	    "key: The home directory is not there. It is written at the "
	    "user\\u0027s next login, or by \\\"naskeysctl sync\\\".'");
	home_away(false);
	is_text(ALICE, LINE P256 "\n");
	done("user.update", "[2,{'full_name':'Alice Else'}]");
	is_text(ALICE, LINE);
	is_pending(ALICE, NULL);
}
END_TEST

START_TEST(a_login)
{
	const struct nk_keyfile_work wk = work();

	home_away(true);
	home_mode();
	home_away(false);
	ck_assert_int_eq(nk_keyfile_session(&wk, 3), 0);
	is_pending(ALICE, "not there");
	ck_assert_int_eq(nk_keyfile_session(&wk, 2), 0);
	is_text(ALICE, LINE);
	/* what a hand has done is looked for only when it is asked for */
	put_text(ALICE, HAND);
	ck_assert_int_eq(nk_keyfile_session(&wk, 2), 0);
	done("naskeys.sync", "[]");
	is_text(ALICE, HAND);
	done("naskeys.sync", "[{'force':true}]");
	is_text(ALICE, LINE HAND);
}
END_TEST

START_TEST(a_home_that_is_read_only)
{
	home_mode();
	ck_assert_int_eq(mount(ALICE, ALICE, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, ALICE, NULL, MS_BIND | MS_REMOUNT |
	    MS_RDONLY, NULL), 0);
	expect("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']",
	    "dead", "false");
	is_pending(ALICE, "read-only");
	is_text(ALICE, LINE);
	ck_assert_int_eq(umount(ALICE), 0);
	sync_homes();
	is_text(ALICE, NULL);
	is_pending(ALICE, NULL);
}
END_TEST

START_TEST(another_home)
{
	home_mode();
	put_text(ALICE, LINE HAND);
	/* as where the home's contents are copied */
	ck_assert_int_eq(mkdir(OTHER "/.ssh", 0700), 0);
	ck_assert_int_eq(chown(OTHER "/.ssh", 5001, 5001), 0);
	put_text(OTHER, "# x\n" LINE);
	set_user(NK_KEYFILE_HOME, OTHER, 5001);
	is_text(ALICE, HAND);
	is_text(OTHER, LINE "# x\n");
	is_gone(ALICE);
	is_pending(OTHER, NULL);
	/* and back, while the other one is away */
	ck_assert_int_eq(rename(OTHER, "/mnt/homes/gone"), 0);
	home_mode();
	is_text(ALICE, LINE HAND);
	is_pending(OTHER, "not there");
	ck_assert_int_eq(rename("/mnt/homes/gone", OTHER), 0);
	sync_homes();
	is_text(OTHER, "# x\n");
	is_gone(OTHER);
	set_user(NK_KEYFILE_HOME, "/var/empty", 5001);
	is_text(ALICE, HAND);
	is_gone("/var/empty");
}
END_TEST

/* Root's link above the home gives it two names. */
START_TEST(another_name_of_the_home)
{
	home_mode();
	put_text(ALICE, LINE HAND);
	ck_assert_int_eq(symlink("homes", "/mnt/link"), 0);
	set_user(NK_KEYFILE_HOME, "/mnt/link/alice", 5001);
	is_text(ALICE, LINE HAND);
	is_gone(ALICE);
	is_pending("/mnt/link/alice", NULL);
	set_user(NK_KEYFILE_HOME, ALICE, 5001);
	is_text(ALICE, LINE HAND);
}
END_TEST

/* As sshd takes a key, which skips all white space but blank and tab. */
START_TEST(a_key_in_disguise)
{
	char text[512];
	size_t i;

	home_mode();
	for (i = 0; i < 4; i++) {
		(void)snprintf(text, sizeof(text), "%.40s%c%s x\n", ED25519,
		    "\v\f\r-"[i], ED25519 + 40);
		put_text(ALICE, text);
		done("user.update", "[2,{'sshpubkey':'" ED25519
		    " alice@home'}]");
		put_text(ALICE, text);
		remove_key(ED25519_SHA256);
		is_text(ALICE, NULL);
	}
}
END_TEST

START_TEST(another_uid)
{
	home_mode();
	set_user(NK_KEYFILE_HOME, NULL, 5008);
	is_pending(ALICE, "belong");
	set_user(NK_KEYFILE_HOME, NULL, 5001);
	is_pending(ALICE, NULL);
	is_text(ALICE, LINE);
}
END_TEST

/*
 * What a helper that was killed has written, and has not noted, is ours all
 * the same.
 */
START_TEST(a_killed_helper)
{
	home_away(true);
	home_mode();
	done("user.add_key", "['alice',{'key':'" P256 " killed'}]");
	home_away(false);
	ck_assert_int_eq(mkdir(ALICE "/.ssh", 0700), 0);
	ck_assert_int_eq(chown(ALICE "/.ssh", 5001, 5001), 0);
	put_text(ALICE, LINE P256 " killed\n" HAND);
	done("user.update", "[2,{'sshpubkey':'" ED25519 " new'}]");
	is_text(ALICE, ED25519 " new\n" HAND);
}
END_TEST

/* A new user in a home whose old owner's lines could not be taken back. */
START_TEST(another_user)
{
	home_mode();
	put_text(ALICE, LINE HAND);
	home_away(true);
	done("user.delete", "[2]");
	is_pending(ALICE, "not there");
	done("user.create", "[{'username':'heir','uid':5001,"
	    "'group_create':true,'home':'" ALICE "','sshpubkey':'" P256
	    "'}]");
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	{
		struct nk_user *u;

		ck_assert_int_eq(nk_user_by_name(store(), "heir", &u), 0);
		u->keyfile_mode = NK_KEYFILE_HOME;
		ck_assert_int_eq(nk_user_update(store(), u), 0);
		nk_user_free(u);
	}
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	is_gone(ALICE);
	home_away(false);
	sync_homes();
	is_text(ALICE, P256 "\n" HAND);
}
END_TEST

/* A key that only the file has goes too, if naskeys writes the file. */
START_TEST(a_key_of_the_file_alone)
{
	home_mode();
	put_text(ALICE, "restrict " P256 " x\n" HAND P256);
	expect("user.remove_key", "['alice','SHA256:" P256_SHA256 "']",
	    "removed", "2");
	is_text(ALICE, LINE HAND);
	is_pending(ALICE, NULL);
	refused("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "User alice has no key with the fingerprint SHA256:"
	    P256_SHA256 ".", ENOENT);
	home_away(true);
	refused("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "User alice has no key with the fingerprint SHA256:"
	    P256_SHA256 " in naskeys, and " ALICE "/.ssh/authorized_keys "
	    "could not be read: The home directory is not there.", ENOENT);
	home_away(false);
	set_user(NK_KEYFILE_NONE, NULL, 5001);
	put_text(ALICE, P256);
	refused("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "User alice has no key with the fingerprint SHA256:"
	    P256_SHA256 ".", ENOENT);
	is_text(ALICE, P256);
}
END_TEST

START_TEST(a_revoked_key)
{
	home_mode();
	put_text(ALICE, LINE HAND P256 "\n");
	done("user.revoke_key", "['SHA256:" P256_SHA256 "']");
	is_text(ALICE, LINE HAND);
	expect("user.keys", "['carol']", "", "[]");
	/* a hand puts it back */
	put_text(ALICE, LINE P256 "\n" HAND);
	done("user.revoke_key", "['SHA256:" P256_SHA256 "']");
	is_text(ALICE, LINE HAND);
	/* and now it cannot be reached */
	home_away(true);
	expect("user.revoke_key", "['alice']", "places.0", "'" ALICE
	    "/.ssh/authorized_keys may still have the key: The home "
	    "directory is not there. It is written at the user\\u0027s next "
	    "login, or by \\\"naskeysctl sync\\\".'");
	is_pending(ALICE, "not there");
	home_away(false);
	is_text(ALICE, LINE HAND);
	sync_homes();
	is_text(ALICE, HAND);
}
END_TEST

/* MUST 4 of lib/keyfile/apply.h. */
START_TEST(from_the_central_file)
{
	uint32_t uid;

	set_user(NK_KEYFILE_CENTRAL, ALICE, 5001);
	is_text(ALICE, NULL);
	home_away(true);
	home_mode();
	ck_assert_int_eq(nk_keyfile_central_get(store(), 2, &uid), 0);
	sync_homes();
	ck_assert_int_eq(nk_keyfile_central_get(store(), 2, &uid), 0);
	home_away(false);
	sync_homes();
	is_text(ALICE, LINE);
	ck_assert_int_eq(nk_keyfile_central_get(store(), 2, &uid), -ENOENT);
	set_user(NK_KEYFILE_CENTRAL, NULL, 5001);
	ck_assert_int_eq(nk_keyfile_central_get(store(), 2, &uid), 0);
	is_text(ALICE, NULL);
}
END_TEST

/* ---- user.authorized_keys_file ---- */

#define MODE(m)	"['alice',{'mode':'" m "'}]"

START_TEST(the_method)
{
	done("user.update", "[2,{'home':'" ALICE "'}]");
	expect("user.authorized_keys_file", MODE("HOME"), "",
	    "{'mode':'HOME','file':'" ALICE "/.ssh/authorized_keys',"
	    "'pending':false,'reason':null,'foreign':[]}");
	is_text(ALICE, LINE);
	put_text(ALICE, HAND LINE "\377x\n");
	expect("user.authorized_keys_file", "['alice']", "foreign",
	    "[{'line':1,'text':'# by hand'},{'line':2,'text':'ssh-rsa "
	    RSA2048_BASE64 " mine'},{'line':3,'text':''},"
	    "{'line':5,'text':'?x'}]");
	expect("user.get_instance", "[2]", "authorized_keys_file",
	    "'HOME'");
	put_text(ALICE, LINE "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz"
	    "c2gtZW\n");
	expect("user.authorized_keys_file", "['alice']", "foreign", "[]");
	expect("user.authorized_keys_file", "['alice']", "reason",
	    "'A private key stands in the file: its lines are not shown.  "
	    "Take it out, and use it no more.'");
	put_text(ALICE, HAND);
	home_away(true);
	expect("user.authorized_keys_file", MODE("NONE"), "",
	    "{'mode':'NONE','file':null,'pending':true,"
	    "'reason':'The home directory is not there.','foreign':[]}");
	home_away(false);
	expect("user.authorized_keys_file", MODE("HOME"), "pending",
	    "false");
	is_text(ALICE, LINE HAND);
	expect("user.authorized_keys_file", MODE("CENTRAL"), "mode",
	    "'CENTRAL'");
	is_text(ALICE, HAND);
}
END_TEST

START_TEST(the_mode_of_new_users)
{
	done("user.authorized_keys_file", "[null,{'mode':'HOME'}]");
	done("user.create", "[{'username':'dora','uid':5006,'group':2,"
	    "'home':'" OTHER "','sshpubkey':'" P256 "'}]");
	expect("user.authorized_keys_file", "['dora']", "reason",
	    "'The home directory does not belong to the user; it may not be "
	    "mounted.'");
	ck_assert_int_eq(chown(OTHER, 5006, 5000), 0);
	sync_homes();
	expect("user.authorized_keys_file", "['dora']", "pending", "false");
	ck_assert_int_eq(access(OTHER "/.ssh/authorized_keys", F_OK), 0);
	done("user.create", "[{'username':'emil','group':2,"
	    "'sshpubkey':'" P256 "'}]");
	expect("user.authorized_keys_file", "['emil']", "",
	    "{'mode':'HOME','file':null,'pending':false,'reason':"
	    "'The user has no home directory of its own.','foreign':[]}");
	done("user.create", "[{'username':'bin','managed':false}]");
	expect("user.authorized_keys_file", "['bin']", "mode", "'NONE'");
}
END_TEST

/* One whose account lives elsewhere: daemon has the home /usr/sbin. */
START_TEST(an_account_elsewhere)
{
	refused("user.authorized_keys_file", "['nobody',{'mode':'HOME'}]",
	    "", "naskeys has no user \"nobody\".", ENOENT);
	expect("user.authorized_keys_file", "['daemon',{'mode':'HOME'}]",
	    "file", "'/usr/sbin/.ssh/authorized_keys'");
	expect("user.query", "[[['username','=','daemon']],{'get':true}]",
	    "home", "'/usr/sbin'");
	expect("user.authorized_keys_file", "['daemon',{'mode':'NONE'}]",
	    "mode", "'NONE'");
}
END_TEST

/* What stands in the store of alice's file, while it waits. */
static size_t
count_lines(const char *home)
{
	struct nk_keyfile_home *h = home_row(home);
	struct nk_keyfile_lines ls;
	size_t n;

	ck_assert_ptr_nonnull(h);
	ck_assert_int_eq(nk_keyfile_lines_get(store(), h->id, &ls), 0);
	n = ls.n;
	nk_keyfile_lines_free(&ls);
	nk_keyfile_home_free(h);
	return n;
}

/* MUST 3 of lib/publish/homes.h: old lines of one key are one fingerprint. */
START_TEST(a_key_that_comes_back)
{
	home_mode();
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	home_away(true);
	done("user.update", "[2,{'sshpubkey':'" ED25519 " alice@home\\n"
	    P256 " second'}]");
	done("user.update", "[2,{'sshpubkey':'" ED25519 " alice@home\\n"
	    P256 " third'}]");
	ck_assert_uint_eq(count_lines(ALICE), 4);
	done("user.remove_key", "['alice','SHA256:" P256_SHA256 "']");
	ck_assert_uint_eq(count_lines(ALICE), 2);
	done("user.add_key", "['alice',{'key':'restrict " P256 "'}]");
	ck_assert_uint_eq(count_lines(ALICE), 3);
	home_away(false);
	put_text(ALICE, P256 " third\n" HAND LINE P256 "\n");
	sync_homes();
	is_text(ALICE, LINE "restrict " P256 "\n" HAND);
	is_pending(ALICE, NULL);
	ck_assert_uint_eq(count_lines(ALICE), 2);
}
END_TEST

/* As many old lines of a key that stays as MUST 3 lets wait. */
static void
fill_row(void)
{
	struct nk_keyfile_line l = { "SHA256:" ED25519_SHA256, NULL };
	struct nk_keyfile_home *h = home_row(ALICE);
	char line[32];
	int i;

	ck_assert_ptr_nonnull(h);
	l.line = line;
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	for (i = 0; i < 4 * NK_KEYLINES_MAX; i++) {
		(void)snprintf(line, sizeof(line), "old %d", i);
		ck_assert_int_eq(nk_keyfile_line_add(store(), h->id, &l), 0);
	}
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	nk_keyfile_home_free(h);
}

#define FULL	"The authorized_keys file in the home directory has not been " \
	"written for some time, and too many changes wait for it: nothing " \
	"was changed.  Keys can still be removed; an administrator can see " \
	"to the home directory."

START_TEST(too_much_waits)
{
	home_mode();
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	home_away(true);
	done("user.update", "[2,{'full_name':'Alice'}]");
	as(5001);
	done("user.update", "[2,{'sshpubkey':'" ED25519 " new\\n" P256
	    "'}]");
	fill_row();
	refused("user.add_key", "['alice',{'key':'restrict " P256 "'}]", "",
	    FULL, EDQUOT);
	refused("user.update", "[2,{'sshpubkey':'" ED25519 " newer\\n" P256
	    "'}]", "", FULL, EDQUOT);
	expect("user.keys", "['alice']", "0.comment", "'new'");
	/* what takes away, or adds nothing there, is no matter */
	done("user.update", "[2,{'sshpubkey':'# x\\n" P256 "\\n" ED25519
	    " new'}]");
	done("user.remove_key", "['alice','SHA256:" P256_SHA256 "']");
	as(0);
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	done("user.update", "[2,{'locked':true}]");
	done("user.update", "[2,{'locked':false}]");
	home_away(false);
	sync_homes();
	is_text(ALICE, ED25519 " new\n" P256 "\n");
	as(5001);
	done("user.add_key", "['alice',{'key':'restrict " P256 "'}]");
}
END_TEST

/* A key that came with the home's copy, and was removed elsewhere. */
START_TEST(back_in_a_home)
{
	home_away(true);
	home_mode();
	set_user(NK_KEYFILE_HOME, OTHER, 5001);
	done("user.add_key", "['alice',{'key':'" P256 "'}]");
	is_text(OTHER, LINE P256 "\n");
	ck_assert_int_eq(mount(OTHER, OTHER, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, OTHER, NULL, MS_BIND | MS_REMOUNT |
	    MS_RDONLY, NULL), 0);
	done("user.remove_key", "['alice','SHA256:" P256_SHA256 "']");
	home_away(false);
	ck_assert_int_eq(mkdir(ALICE "/.ssh", 0700), 0);
	ck_assert_int_eq(chown(ALICE "/.ssh", 5001, 5001), 0);
	put_text(ALICE, HAND LINE P256 "\n");
	set_user(NK_KEYFILE_HOME, ALICE, 5001);
	is_text(ALICE, LINE HAND);
	is_pending(ALICE, NULL);
	ck_assert_int_eq(umount(OTHER), 0);
	sync_homes();
	is_text(OTHER, NULL);
	is_gone(OTHER);
}
END_TEST

/* Two users' keys cannot stand in one file. */
START_TEST(a_home_of_another)
{
	set_user(NK_KEYFILE_NONE, "/usr/sbin", 5001);
	refused("user.authorized_keys_file", "['daemon',{'mode':'HOME'}]",
	    "", "User daemon has the home directory /usr/sbin too (user "
	    "alice), and only one user's keys can stand in its file: set "
	    "another, or choose CENTRAL.", EEXIST);
	expect("user.authorized_keys_file", "['daemon']", "mode", "'NONE'");
	home_mode();
	expect("user.authorized_keys_file", "['daemon',{'mode':'HOME'}]",
	    "mode", "'HOME'");
}
END_TEST

static void
give_bob(const char *home)
{
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_user_get(store(), 3, &u), 0);
	free(u->home);
	ck_assert_ptr_nonnull(u->home = strdup(home));
	ck_assert_int_eq(nk_user_update(store(), u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
}

/* Nothing is removed from a home that somebody else has as well. */
START_TEST(leaves_a_home_of_another)
{
	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	ck_assert_int_eq(mkdir(ALICE "/.ssh", 0700), 0);
	ck_assert_int_eq(chown(ALICE "/.ssh", 5001, 5001), 0);
	put_text(ALICE, HAND);
	give_bob(ALICE);
	done("user.delete", "[2]");
	is_text(ALICE, HAND);
}
END_TEST

START_TEST(leaves_no_ssh)
{
	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	ck_assert_int_eq(mkdir(ALICE "/.ssh", 0700), 0);
	ck_assert_int_eq(chown(ALICE "/.ssh", 5001, 5001), 0);
	put_text(ALICE, HAND);
	done("user.delete", "[2]");
	is_text(ALICE, NULL);
}
END_TEST

/* Also where the other one's row is the later one. */
START_TEST(a_home_of_a_later_one)
{
	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	give_bob(ALICE);
	refused("user.authorized_keys_file", "['alice',{'mode':'HOME'}]",
	    "", "User alice has the home directory " ALICE " too (user "
	    "bob), and only one user's keys can stand in its file: set "
	    "another, or choose CENTRAL.", EEXIST);
	is_text(ALICE, NULL);
}
END_TEST

/* What was found before the edit is looked at again in it. */
START_TEST(another_edit_in_between)
{
	struct nk_question theirs = { .name = NULL };
	struct nk_error e;
	struct nk_user *u;

	nk_error_init(&e);
	ck_assert_int_eq(nk_user_get(store(), 4, &u), 0);
	ck_assert_int_eq(nk_key_home_find(&w.c, u, &theirs, &e), 0);
	set_user(NK_KEYFILE_NONE, theirs.entry.home, 5001);
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_lt(nk_key_home_take(&w.c, u, &theirs, &e), 0);
	nk_edit_abort(w.c.publisher);
	nk_error_clear(&e);
	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	u->uid++;			/* an administrator has said so */
	nk_error_init(&e);
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_lt(nk_key_home_take(&w.c, u, &theirs, &e), 0);
	nk_edit_abort(w.c.publisher);
	nk_error_clear(&e);
	nk_user_free(u);
}
END_TEST

/* It has a file there, though nobody has asked for its gid. */
START_TEST(an_account_elsewhere_without_a_row)
{
	struct nk_keyfile_home *h;
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_user_get(store(), 4, &u), 0);
	u->keyfile_mode = NK_KEYFILE_HOME;
	free(u->home);
	ck_assert_ptr_nonnull(u->home = strdup(OTHER));
	ck_assert_int_eq(nk_user_update(store(), u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	ck_assert_int_eq(nk_keyfile_home_get(store(), 4, OTHER, &h), 0);
	ck_assert(h->pending && h->uid == 1 && h->gid == 65534);
	nk_keyfile_home_free(h);
}
END_TEST

START_TEST(a_key_that_ends)
{
	char params[256];
	time_t end = time(NULL) + 1;

	home_mode();
	(void)snprintf(params, sizeof(params), "['alice',{'key':'" P256
	    "','expires_at':{'$date':%lld000}}]", (long long)end);
	done("user.add_key", params);
	while (time(NULL) <= end)
		(void)usleep(50000);
	sync_homes();
	is_text(ALICE, LINE);
}
END_TEST

/* Another helper: it edits, and sees to the file when it is told to. */
static void
work_elsewhere(int in, int out)
{
	struct nk_keyfile_work wk = work();
	struct nk_user *u;
	char go;

	if (nk_publisher_open(&wk.publisher, &w.state, &w.conf,
	    NK_STORE_WRITE) < 0 || nk_edit_begin(wk.publisher) < 0 ||
	    nk_user_get(nk_publisher_store(wk.publisher), 2, &u) < 0)
		_exit(1);
	u->keyfile_mode = NK_KEYFILE_HOME;
	if (nk_user_update(nk_publisher_store(wk.publisher), u) < 0 ||
	    nk_edit_commit(wk.publisher) < 0 || write(out, "", 1) != 1 ||
	    read(in, &go, 1) != 1)
		_exit(1);
	nk_user_free(u);
	nk_keyfile_after_edit(&wk);
	nk_publisher_free(wk.publisher);
	_exit(0);
}

/*
 * MUST 2: an edit while the file is being written, by a helper that read the
 * store before it.
 */
START_TEST(an_edit_meanwhile)
{
	int to[2], from[2], status;
	size_t n = 0;
	pid_t pid;
	char go;

	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	ck_assert(pipe(to) == 0 && pipe(from) == 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		work_elsewhere(to[0], from[1]);
	ck_assert_int_eq(read(from[0], &go, 1), 1);
	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(write(to[1], "", 1), 1);
	while (access(ALICE "/.ssh/authorized_keys", F_OK) == -1)
		(void)usleep(1000);
	/* it waits for the lock now, to say that the file is right */
	ck_assert_int_eq(nk_keys_remove(store(), 2, "SHA256:" ED25519_SHA256,
	    &n), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	is_text(ALICE, NULL);
	is_pending(ALICE, NULL);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
}
END_TEST

/* MUST 1: whoever has the home keeps us out, and its lock's file goes. */
START_TEST(one_at_a_time)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.home-5001", w.lock);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	home_mode();
	is_pending(ALICE, "");
	is_text(ALICE, NULL);
	close(fd);
	sync_homes();
	is_text(ALICE, LINE);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* MUST 5 of lib/keyfile/apply.h: what the store has of bob is damaged. */
START_TEST(a_fault_of_one)
{
	const struct nk_keyfile_work wk = work();
	struct nk_keyfile_home *h;
	uint32_t uid;

	make_home("/mnt/homes/bob", 5002);
	done("user.update", "[3,{'home':'/mnt/homes/bob','sshpubkey':'" P256
	    "'}]");
	done("user.authorized_keys_file", "['bob',{'mode':'HOME'}]");
	set_user(NK_KEYFILE_CENTRAL, ALICE, 5001);
	home_away(true);
	home_mode();
	home_away(false);
	ck_assert_int_eq(nk_db_exec(store()->db, "UPDATE keys SET comment ="
	    " 'a' || char(0) || 'b' WHERE user_id = 3"), 0);
	ck_assert_int_eq(nk_keyfile_sync(&wk, true), -EBADMSG);
	is_text(ALICE, LINE);
	is_pending(ALICE, NULL);
	ck_assert_int_eq(nk_keyfile_central_get(store(), 2, &uid), -ENOENT);
	ck_assert_int_eq(nk_keyfile_home_get(store(), 3, "/mnt/homes/bob",
	    &h), 0);
	ck_assert(h->pending && h->reason != NULL);
	ck_assert_str_eq(h->reason, "What it should say could not be found "
	    "out: Bad message.");
	nk_keyfile_home_free(h);
	ck_assert_int_eq(nk_db_exec(store()->db, "UPDATE keys SET comment ="
	    " NULL WHERE user_id = 3"), 0);
	ck_assert_int_eq(nk_keyfile_sync(&wk, true), 0);
	ck_assert_int_eq(nk_keyfile_home_get(store(), 3, "/mnt/homes/bob",
	    &h), 0);
	ck_assert(!h->pending && h->reason == NULL);
	nk_keyfile_home_free(h);
}
END_TEST

/* A login that would only wait for who is at work is over. */
START_TEST(a_login_meanwhile)
{
	const struct nk_keyfile_work wk = work();
	struct nk_homelock lock;
	int64_t start;

	home_away(true);
	home_mode();
	home_away(false);
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	start = nk_monotonic_ms();
	ck_assert_int_eq(nk_keyfile_session(&wk, 2), 0);
	ck_assert_int_lt(nk_monotonic_ms() - start, 500);
	is_pending(ALICE, "not there");
	nk_homelock_drop(&lock);
	ck_assert_int_eq(nk_keyfile_session(&wk, 2), 0);
	is_text(ALICE, LINE);
}
END_TEST

/* The groups that NSS tells: some homes are behind one of them. */
START_TEST(behind_a_group)
{
	done("group.create", "[{'name':'boat','gid':4500,'users':[2]}]");
	ck_assert_int_eq(mkdir("/mnt/crew", 0750), 0);
	make_home("/mnt/crew/alice", 5001);
	ck_assert_int_eq(chown("/mnt/crew", 0, 4999), 0);
	set_user(NK_KEYFILE_HOME, "/mnt/crew/alice", 5001);
	is_text("/mnt/crew/alice", LINE);
	ck_assert_int_eq(chown("/mnt/crew", 0, 4500), 0);
	put_text("/mnt/crew/alice", HAND);
	done("naskeys.sync", "[{'force':true}]");
	is_text("/mnt/crew/alice", LINE HAND);
	put_text("/mnt/crew/alice", HAND);
	w.conf.min_id = 4600;		/* it tells that one no more */
	done("naskeys.sync", "[{'force':true}]");
	is_text("/mnt/crew/alice", HAND);
}
END_TEST

#define AWAY	"The home directory's disk or server did not answer in time."

/* Work on a home as a whole is work in it. */
START_TEST(whole_homes)
{
	struct nk_homelock lock;
	struct stat before, after;

	home_mode();
	w.conf.lookup_timeout = 1;
	ck_assert_int_eq(lstat(ALICE, &before), 0);
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	refused("user.update", "[2,{'home_mode':'711'}]",
	    "user_update.home_mode", ALICE ": " AWAY, EINVAL);
	refused("user.update", "[2,{'home':'" OTHER "'}]",
	    "user_update.home", ALICE " could not be copied to " OTHER ": "
	    AWAY " What was copied stays, and need not be copied again.",
	    EINVAL);
	ck_assert_int_eq(lstat(ALICE, &after), 0);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	is_text(OTHER, NULL);
	nk_homelock_drop(&lock);
}
END_TEST

#define THIRD	"/mnt/homes/third"

static void
put_in_home(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchown(fd, 5001, 5001), 0);
	close(fd);
}

/*
 * Another helper, which has begun an edit of alice before her home is copied,
 * and ends it when that is done: what was copied can then be read no more.
 */
static void
edit_beside_a_copy(int out, bool moves, const char *lock)
{
	struct nk_publisher *p;
	struct nk_user *u;
	char **field, *text;

	if (nk_publisher_open(&p, &w.state, &w.conf, NK_STORE_WRITE) < 0 ||
	    nk_edit_begin(p) < 0 ||
	    nk_user_get(nk_publisher_store(p), 2, &u) < 0 ||
	    write(out, "", 1) != 1)
		_exit(1);
	while (access(OTHER "/text", F_OK) == -1 || access(lock, F_OK) == 0)
		(void)usleep(1000);
	field = moves ? &u->home : &u->full_name;
	text = strdup(moves ? THIRD : "Else");
	free(*field);
	*field = text;
	if (text == NULL || chmod(ALICE "/text", 0) == -1 ||
	    nk_user_update(nk_publisher_store(p), u) < 0 ||
	    nk_edit_commit(p) < 0)
		_exit(1);
	nk_user_free(u);
	nk_publisher_free(p);
	_exit(0);
}

/* The edit begins again: what was copied is not, unless it is another home. */
START_TEST(copied_once)
{
	const bool moves = _i == 1;
	struct nk_homelock lock;
	int ready[2], status;
	pid_t pid;
	char c;

	set_user(NK_KEYFILE_NONE, ALICE, 5001);
	make_home(THIRD, 5001);
	put_in_home(ALICE "/text");
	put_in_home(THIRD "/third");
	/* its name */
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	nk_homelock_drop(&lock);
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		edit_beside_a_copy(ready[1], moves, lock.path);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	done("user.update", "[2,{'home':'" OTHER "'}]");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	expect("user.query", "[[['id','=',2]]]", "0.home", "'" OTHER "'");
	ck_assert_int_eq(access(OTHER "/text", F_OK), 0);
	ck_assert_int_eq(access(OTHER "/third", F_OK), moves ? 0 : -1);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(leaves_a_home_that_hangs)
{
	struct nk_homelock lock;

	home_mode();
	w.conf.lookup_timeout = 1;
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	done("user.delete", "[2]");
	is_text(ALICE, LINE);		/* with all of .ssh */
	expect("naskeys.audit.query", "[[['action','=','user.delete']],"
	    "{'order_by':['-id'],'limit':1}]", "0.text",
	    "'Delete user alice: " ALICE "/.ssh was not removed: The home "
	    "directory\\u0027s disk or server did not answer in time.'");
	nk_homelock_drop(&lock);
}
END_TEST

/* A child that was left behind is the lock's last holder. */
START_TEST(left_behind)
{
	struct nk_homelock lock;
	struct stat before, after;
	pid_t pid;

	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	ck_assert_int_eq(fstat(lock.fd, &before), 0);
	if ((pid = fork()) == 0)
		for (;;)
			(void)pause();
	nk_homelock_drop(&lock);
	ck_assert_int_eq(stat(lock.path, &after), 0);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 10),
	    -EAGAIN);
	nk_homelock_drop(&lock);
	ck_assert_int_eq(stat(lock.path, &after), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	nk_homelock_drop(&lock);
	ck_assert_int_eq(access(lock.path, F_OK), -1);
}
END_TEST

/* Nobody looks there either, nor says that a key is dead. */
START_TEST(a_home_that_hangs)
{
	struct nk_homelock lock;

	home_mode();
	w.conf.lookup_timeout = 1;
	put_text(ALICE, LINE P256);
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	refused("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "User alice has no key with the fingerprint SHA256:"
	    P256_SHA256 " in naskeys, and " ALICE "/.ssh/authorized_keys "
	    "could not be read: " AWAY, ENOENT);
	expect("user.authorized_keys_file", "['alice']", "reason",
	    "'The home directory\\u0027s disk or server did not answer in "
	    "time.'");
	nk_homelock_drop(&lock);
	expect("user.authorized_keys_file", "['alice']", "reason", "null");
}
END_TEST

/* The lock goes to whoever opens the files for what is said of a key. */
START_TEST(a_look_that_hangs)
{
	struct nk_homelock lock;

	home_mode();
	w.conf.lookup_timeout = 1;
	set_user(NK_KEYFILE_NONE, NULL, 5001);
	put_text(ALICE, "");
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	expect("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']",
	    "dead", "false");
	nk_homelock_drop(&lock);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_homefile");
	TCase *tc = tcase_create("homefile");
	SRunner *sr = srunner_create(s);
	int failed;

	if (getuid() != 0)
		return 77;
	nk_json_wipe_memory();
	tcase_add_checked_fixture(tc, setup, drop_world);
	tcase_add_test(tc, follows_the_store);
	tcase_add_test(tc, keeps_foreign_lines);
	tcase_add_test(tc, shut_accounts);
	tcase_add_test(tc, leaves_alone);
	tcase_add_test(tc, a_home_that_is_away);
	tcase_add_test(tc, a_login);
	tcase_add_test(tc, a_home_that_is_read_only);
	tcase_add_test(tc, another_home);
	tcase_add_test(tc, another_name_of_the_home);
	tcase_add_test(tc, a_key_in_disguise);
	tcase_add_test(tc, another_uid);
	tcase_add_test(tc, a_killed_helper);
	tcase_add_test(tc, another_user);
	tcase_add_test(tc, a_key_of_the_file_alone);
	tcase_add_test(tc, a_revoked_key);
	tcase_add_test(tc, from_the_central_file);
	tcase_add_test(tc, the_method);
	tcase_add_test(tc, the_mode_of_new_users);
	tcase_add_test(tc, an_account_elsewhere);
	tcase_add_test(tc, a_key_that_comes_back);
	tcase_add_test(tc, too_much_waits);
	tcase_add_test(tc, back_in_a_home);
	tcase_add_test(tc, a_home_of_another);
	tcase_add_test(tc, a_home_of_a_later_one);
	tcase_add_test(tc, leaves_a_home_of_another);
	tcase_add_test(tc, leaves_no_ssh);
	tcase_add_test(tc, another_edit_in_between);
	tcase_add_test(tc, an_account_elsewhere_without_a_row);
	tcase_add_test(tc, a_key_that_ends);
	tcase_add_test(tc, an_edit_meanwhile);
	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, a_fault_of_one);
	tcase_add_test(tc, a_login_meanwhile);
	tcase_add_test(tc, behind_a_group);
	tcase_add_test(tc, whole_homes);
	tcase_add_loop_test(tc, copied_once, 0, 2);
	tcase_add_test(tc, leaves_a_home_that_hangs);
	tcase_add_test(tc, left_behind);
	tcase_add_test(tc, a_home_that_hangs);
	tcase_add_test(tc, a_look_that_hangs);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
