/* SPDX-License-Identifier: ISC */

/* user.adopt_keys: what stands in homes, and what becomes of it. */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sched.h>

#include "lib/fullio.h"
#include "lib/keyfile/homelock.h"
#include "lib/rpc/adopt_user.h"
#include "lib/ssh/keypolicy.h"
#include "tests/unit/methods_fixture.h"
#include "tests/unit/private_keys.h"

#define FP		"SHA256:" ED25519_SHA256
#define FP2		"SHA256:" P256_SHA256
#define FILE_OF(name)	"/mnt/" name "/.ssh/authorized_keys"
#define ADOPT		"user.adopt_keys"
#define ALICE		"['alice']"
#define CERT		"ssh-ed25519-cert-v01@openssh.com " \
			CERT_ED25519_BASE64
#define OPEN		"Others may write to the file, to .ssh or to the " \
			"home directory, so that sshd does not trust it: " \
			"take that right away, see whose keys they are, and " \
			"adopt them then."
#define SECRET_PART	"AAAEBCxlpEHps"	/* of ED_OPENSSH */

static const struct home {
	const char	*name;
	uid_t		 uid;
	gid_t		 gid;
} homes[] = { { "alice", 5001, 5001 }, { "bob", 5002, 5002 },
	{ "carol", 5005, 5000 } };

static void
put(const char *path, const char *text, size_t len, uid_t uid)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(nk_write_full(fd, text, len), 0);
	ck_assert_int_eq(fchown(fd, uid, uid), 0);
	close(fd);
}

static void
put_alice(const char *text)
{
	put(FILE_OF("alice"), text, strlen(text), 5001);
}

/* In a namespace of the test's own; alice has no key any more. */
static void
make_homes(void)
{
	char path[64], params[96];
	size_t i;

	umask(022);
	make_world();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(mount("none", "/root", "tmpfs", 0, "mode=0700"), 0);
	for (i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		(void)snprintf(path, sizeof(path), "/mnt/%s", homes[i].name);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		ck_assert_int_eq(chown(path, homes[i].uid, homes[i].gid), 0);
		(void)snprintf(params, sizeof(params), "[%s,{'home':'%s'}]",
		    i == 0 ? "2" : i == 1 ? "3" : "5", path);
		done("user.update", params);
		(void)snprintf(path, sizeof(path), "/mnt/%s/.ssh",
		    homes[i].name);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		ck_assert_int_eq(chown(path, homes[i].uid, homes[i].gid), 0);
	}
	done("user.remove_key", "['alice','" FP "']");
}

static void
shell(const char *command)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: %#x", command, status);
}

static void
has(size_t keys, const char *user, const char *ask)
{
	json_t *v = call(ask, user);

	ck_assert_uint_eq(json_array_size(at(v, "result")), keys);
	json_decref(v);
}

/* ---- lines ---- */

START_TEST(report)
{
	json_t *v;

	put_alice("# mine\n" ED25519 " one\r\n\nhello\nworld\n"
	    "no-pty\t" P256 "\n" ED25519 " again\n");
	v = call(ADOPT, ALICE);
	ck_assert_int_eq(json_integer_value(at(v, "result.adopted")), 2);
	ck_assert_int_eq(json_integer_value(at(v, "result.known")), 1);
	ck_assert_int_eq(json_integer_value(at(v, "result.refused")), 2);
	ck_assert_int_eq(json_integer_value(at(v, "result.comments")), 1);
	ck_assert_int_eq(json_integer_value(at(v, "result.looked_at")), 1);
	ck_assert_int_eq(json_integer_value(at(v, "result.failed")), 0);
	ck_assert(json_is_null(at(v, "result.reason")));
	ck_assert(json_is_null(at(v, "result.users.0.reason")));
	ck_assert_str_eq(json_string_value(at(v, "result.users.0.file")),
	    FILE_OF("alice"));
	ck_assert_uint_eq(json_array_size(at(v, "result.users.0.lines")), 4);
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.0.result")), "adopted");
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.0.comment")), "one");
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.0.fingerprint")), FP);
	ck_assert_int_eq(json_integer_value(at(v,
	    "result.users.0.lines.1.line")), 4);
	ck_assert_int_eq(json_integer_value(at(v,
	    "result.users.0.lines.1.last")), 5);
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.1.result")), "invalid");
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.3.result")), "known");
	json_decref(v);
	expect("user.keys", ALICE, "0.line", "'" ED25519 " one'");
	expect("user.keys", ALICE, "1.line", "'no-pty " P256 "'");
	has(2, ALICE, "user.keys");
	expect("user.keys", ALICE, "0.added_by", "'root'");
	expect("naskeys.check", "[]", "ok", "true");
}
END_TEST

START_TEST(audited_once)
{
	static const char ask[] = "[[['action','=','user.adopt_keys']]]";

	put_alice(ED25519 " one\n" P256 "\n");
	done(ADOPT, ALICE);
	expect("naskeys.audit.query", ask, "0.text",
	    "'Adopt 2 keys of user alice'");
	expect("naskeys.audit.query", ask, "0.after.file",
	    "'" FILE_OF("alice") "'");
	expect("naskeys.audit.query", ask, "0.after.keys.1.fingerprint",
	    "'" FP2 "'");
	has(1, ask, "naskeys.audit.query");
	/* and again: nothing is new */
	expect(ADOPT, ALICE, "known", "2");
	has(1, ask, "naskeys.audit.query");
}
END_TEST

START_TEST(dry_run)
{
	struct stat st, now;
	char *before, *after;

	put_alice(ED25519 " one\nx\n" ED25519 "\n");
	ck_assert_int_eq(stat(FILE_OF("alice"), &st), 0);
	before = contents();
	expect(ADOPT, "['alice',{'dry_run':true}]", "adopted", "1");
	expect(ADOPT, "['alice',{'dry_run':true}]", "known", "1");
	after = contents();
	ck_assert_str_eq(before, after);
	done(ADOPT, ALICE);
	ck_assert_int_eq(stat(FILE_OF("alice"), &now), 0);
	ck_assert_uint_eq(now.st_ino, st.st_ino);
	ck_assert_int_eq(now.st_ctim.tv_nsec, st.st_ctim.tv_nsec);
	free(before);
	free(after);
}
END_TEST

/* An end that naskeys has set is not lifted, nor is a comment doubled. */
START_TEST(known)
{
	done("user.add_key", "['alice',{'key':'" ED25519 " here',"
	    "'expires_at':'2099-01-31'}]");
	put_alice(ED25519 " there\n");
	expect(ADOPT, ALICE, "known", "1");
	has(1, ALICE, "user.keys");
	expect("user.keys", ALICE, "0.comment", "'here'");
}
END_TEST

START_TEST(other_options)
{
	done("user.add_key", "['alice',{'key':'no-pty " ED25519 "'}]");
	put_alice("no-agent-forwarding " ED25519 "\n");
	expect(ADOPT, ALICE, "users.0.lines.0.reason", "'the key is there "
	    "with other options too, and each of its lines counts'");
	expect("user.keys", ALICE, "1.options", "'no-agent-forwarding'");
}
END_TEST

START_TEST(revoked)
{
	done("user.revoke_key", "['" FP "']");
	put_alice(ED25519 " back\n" P256 "\n");
	expect(ADOPT, ALICE, "users.0.lines.0.result", "'revoked'");
	expect(ADOPT, ALICE, "users.0.lines.1.result", "'known'");
	expect("user.keys", ALICE, "0.fingerprint", "'" FP2 "'");
	has(1, ALICE, "user.keys");
}
END_TEST

START_TEST(private_key)
{
	char *all;
	json_t *v;

	put_alice(ED25519 "\n" ED_OPENSSH P256 "\n");
	v = call(ADOPT, ALICE);
	ck_assert(json_is_true(at(v, "result.users.0.private_key")));
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.lines.1.result")), "private_key");
	ck_assert_int_eq(json_integer_value(at(v,
	    "result.users.0.lines.1.last")), 8);
	ck_assert_int_eq(json_integer_value(at(v, "result.adopted")), 2);
	all = dump(v);
	ck_assert_ptr_nonnull(strstr(ED_OPENSSH, SECRET_PART));
	ck_assert_ptr_null(strstr(all, SECRET_PART));
	free(all);
	json_decref(v);
	all = contents();
	ck_assert_ptr_null(strstr(all, SECRET_PART));
	free(all);
}
END_TEST

START_TEST(warned_of)
{
	put_alice(CERT "\n");
	expect(ADOPT, ALICE, "adopted", "1");
	put(FILE_OF("bob"), P256 "\n", sizeof(P256), 5002);
	expect(ADOPT, "['bob']", "warnings.0", "'bob: " FP2
	    ": User carol has the same key.'");
}
END_TEST

/* The limit of a user's keys, at its edge. */
START_TEST(limit)
{
	char *text = NULL, line[64];
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	for (i = 0; i < NK_KEYLINES_MAX + 2; i++)
		fprintf(f, "environment=\"N=%zu\" %s\n", i, ED25519);
	fclose(f);
	put(FILE_OF("alice"), text, len, 5001);
	free(text);
	(void)snprintf(line, sizeof(line), "users.0.lines.%d.result",
	    NK_KEYLINES_MAX - 1);
	expect(ADOPT, "['alice',{'dry_run':true}]", line, "'adopted'");
	(void)snprintf(line, sizeof(line), "users.0.lines.%d.reason",
	    NK_KEYLINES_MAX);
	expect(ADOPT, "['alice',{'dry_run':true}]", line,
	    "'the user has as many keys as anybody may have'");
	expect(ADOPT, ALICE, "adopted", "400");
	expect(ADOPT, ALICE, "refused", "2");
	expect("naskeys.check", "[]", "ok", "true");
}
END_TEST

/* Of very many lines some are told, and all are counted. */
START_TEST(many_lines)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	for (i = 0; i < 1200; i++)
		fprintf(f, "%s\n", i % 2 == 0 ? "x" : "\x01");
	fprintf(f, "%s\n", ED25519);
	fclose(f);
	put(FILE_OF("alice"), text, len, 5001);
	free(text);
	expect(ADOPT, ALICE, "users.0.more", "201");
	expect(ADOPT, ALICE, "refused", "1200");
	expect("user.keys", ALICE, "0.fingerprint", "'" FP "'");
}
END_TEST

/* ---- where naskeys keeps the file ---- */

static void
keep_home(const char *key)
{
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_user_by_name(nk_publisher_store(w.c.publisher),
	    "alice", &u), 0);
	u->keyfile_mode = NK_KEYFILE_HOME;
	ck_assert_int_eq(nk_user_update(nk_publisher_store(w.c.publisher),
	    u), 0);
	nk_user_free(u);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	done("user.add_key", key);
}

/* A key that was removed while the home was away does not come back. */
START_TEST(taken_back)
{
	keep_home("['alice',{'key':'" ED25519 " x'}]");
	expect(ADOPT, ALICE, "known", "1");
	ck_assert_int_eq(rename("/mnt/alice", "/mnt/away"), 0);
	done("user.remove_key", "['alice','" FP "']");
	ck_assert_int_eq(rename("/mnt/away", "/mnt/alice"), 0);
	expect(ADOPT, ALICE, "users.0.lines.0.result", "'removed'");
	has(0, ALICE, "user.keys");
	put_alice("no-pty " ED25519 " changed by hand\n");
	expect(ADOPT, ALICE, "users.0.lines.0.result", "'removed'");
	has(0, ALICE, "user.keys");
}
END_TEST

/* There the end of a key is an option. */
START_TEST(own_lines)
{
	keep_home("['alice',{'key':'" ED25519 " x',"
	    "'expires_at':'2099-01-31'}]");
	expect(ADOPT, ALICE, "users.0.lines.0.result", "'known'");
	has(1, ALICE, "user.keys");
	shell("echo '" P256 " mine' >>" FILE_OF("alice"));
	expect(ADOPT, ALICE, "users.0.lines.1.result", "'adopted'");
	/* and what somebody made of our line */
	shell("sed -i 's/^expiry/no-pty,expiry/' " FILE_OF("alice"));
	expect(ADOPT, ALICE, "users.0.lines.0.result", "'adopted'");
	has(3, ALICE, "user.keys");
}
END_TEST

/* ---- files ---- */

START_TEST(nothing_there)
{
	expect(ADOPT, ALICE, "users.0.found", "false");
	expect(ADOPT, ALICE, "without_file", "1");
	expect(ADOPT, ALICE, "failed", "0");
	done("user.create", "[{'username':'dora','uid':5006,'group':2,"
	    "'password_disabled':true}]");
	expect(ADOPT, "['dora']", "users.0.file", "null");
	expect(ADOPT, "['dora']", "failed", "0");
}
END_TEST

static const struct {
	const char	*command, *reason;
} hostile[] = {
	{ "rm -r /mnt/alice", "The home directory is not there." },
	{ "chown 0 /mnt/alice", "The home directory does not belong to the "
	    "user; it may not be mounted." },
	{ "rm -r /mnt/alice/.ssh; ln -s /mnt/bob/.ssh /mnt/alice/.ssh",
	    "In the home directory, .ssh is a symbolic link; make it a "
	    "folder." },
	{ "ln -s /mnt/bob/.ssh/authorized_keys " FILE_OF("alice"),
	    ".ssh/authorized_keys is a symbolic link; make it a file." },
	{ "echo x >/mnt/x; ln /mnt/x " FILE_OF("alice"),
	    ".ssh/authorized_keys does not belong to the user; give it to "
	    "the user or remove it." },
	{ "mkfifo " FILE_OF("alice") "; chown 5001 " FILE_OF("alice"),
	    ".ssh/authorized_keys is no regular file; remove it." },
	{ "truncate -s 4194305 " FILE_OF("alice") "; chown 5001 "
	    FILE_OF("alice"), ".ssh/authorized_keys would be or is larger "
	    "than 4 MiB." },
	{ "cp /mnt/bob/.ssh/authorized_keys /mnt/alice/.ssh; chown 5001 "
	    FILE_OF("alice") "; chmod 602 " FILE_OF("alice"), OPEN },
	{ "cp /mnt/bob/.ssh/authorized_keys /mnt/alice/.ssh; chown 5001 "
	    FILE_OF("alice") "; chmod 777 /mnt/alice/.ssh", OPEN },
	{ "cp /mnt/bob/.ssh/authorized_keys /mnt/alice/.ssh; chown 5001 "
	    FILE_OF("alice") "; chgrp 100 /mnt/alice; chmod 775 /mnt/alice",
	    OPEN },
};

/* Nothing is taken, it is said why, and others are not held up. */
START_TEST(out_of_reach)
{
	char want[256];

	put(FILE_OF("bob"), ED25519 "\n", sizeof(ED25519), 5002);
	shell(hostile[_i].command);
	(void)snprintf(want, sizeof(want), "'%s'", hostile[_i].reason);
	expect(ADOPT, ALICE, "users.0.reason", want);
	expect(ADOPT, ALICE, "users.0.lines", "[]");
	expect(ADOPT, ALICE, "failed", "1");
	expect("user.keys", ALICE, "", "[]");
	expect(ADOPT, "[null]", "adopted", "1");
	expect("user.keys", ALICE, "", "[]");
	expect("user.keys", "['bob']", "0.fingerprint", "'" FP "'");
}
END_TEST

/* sshd would come there with all of the user's groups. */
START_TEST(behind_a_group)
{
	shell("mkdir -m 750 /mnt/crew; chgrp 5000 /mnt/crew;"
	    "mv /mnt/alice /mnt/crew");
	put("/mnt/crew/alice/.ssh/authorized_keys", ED25519 "\n",
	    sizeof(ED25519), 5001);
	done("user.update", "[2,{'home':'/mnt/crew/alice'}]");
	expect(ADOPT, ALICE, "failed", "1");
	done("user.update", "[2,{'groups':[2]}]");
	expect(ADOPT, ALICE, "adopted", "1");
	expect(ADOPT, ALICE, "users.0.other_file", "false");
}
END_TEST

START_TEST(second_file)
{
	expect(ADOPT, ALICE, "users.0.other_file", "false");
	put(FILE_OF("alice") "2", ED25519 "\n", sizeof(ED25519), 5001);
	expect(ADOPT, ALICE, "users.0.other_file", "true");
	expect("user.keys", ALICE, "", "[]");
}
END_TEST

/* ---- users ---- */

START_TEST(all_users)
{
	json_t *v;

	put_alice(ED25519 "\n");
	put(FILE_OF("bob"), "x\n", 2, 5002);
	ck_assert_int_eq(mkdir("/root/.ssh", 0700), 0);
	put("/root/.ssh/authorized_keys", ED25519 " root\n",
	    sizeof(ED25519) + 5, 0);
	v = call(ADOPT, "[null]");
	ck_assert_int_eq(json_integer_value(at(v, "result.adopted")), 2);
	ck_assert_int_eq(json_integer_value(at(v, "result.refused")), 1);
	/* daemon's home is not its own */
	ck_assert_int_eq(json_integer_value(at(v, "result.failed")), 1);
	ck_assert_int_eq(json_integer_value(at(v, "result.looked_at")), 5);
	/* carol has no file, and is not told of */
	ck_assert_int_eq(json_integer_value(at(v, "result.without_file")), 1);
	ck_assert_uint_eq(json_array_size(at(v, "result.users")), 4);
	ck_assert_str_eq(json_string_value(at(v,
	    "result.users.0.username")), "root");
	json_decref(v);
	ck_assert_uint_eq(json_array_size(w.notes), 5);
	ck_assert_int_eq(json_integer_value(at(w.notes, "4.done")), 5);
	ck_assert_int_eq(json_integer_value(at(w.notes, "4.total")), 5);
	expect("user.keys", "['root']", "0.comment", "'root'");
}
END_TEST

static off_t
size_of_log(void)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s-wal", w.store);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* The store's log does not grow with the users. */
START_TEST(log_is_kept_short)
{
	w.conf.wal_limit = 1;
	put_alice(ED25519 "\n");
	expect(ADOPT, ALICE, "adopted", "1");
	ck_assert_int_gt(size_of_log(), 0);
	put(FILE_OF("carol"), ED25519 "\n", sizeof(ED25519), 5005);
	expect(ADOPT, "[null]", "adopted", "1");
	ck_assert_int_eq(size_of_log(), 0);
}
END_TEST

/* More than are asked of the store at once. */
START_TEST(many_users)
{
	char params[128];
	int i;

	put(FILE_OF("carol"), ED25519 "\n", sizeof(ED25519), 5005);
	for (i = 0; i < 600; i++) {
		(void)snprintf(params, sizeof(params), "[{'username':'u%d',"
		    "'uid':%d,'group':2,'home':'/mnt/u%d',"
		    "'password_disabled':true}]", i, 6000 + i, i);
		done("user.create", params);
	}
	expect(ADOPT, "[null,{'dry_run':true}]", "looked_at", "605");
	/* homes that are not there, and daemon's */
	expect(ADOPT, "[null]", "failed", "601");
	expect("user.keys", "['u599']", "", "[]");
	expect("user.keys", "['carol']", "1.fingerprint", "'" FP "'");
}
END_TEST

static void
put_passwd(const char *text)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/passwd", w.dir);
	put(path, text, strlen(text), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	(void)umount2("/etc/passwd", MNT_DETACH);
	ck_assert_int_eq(mount(path, "/etc/passwd", NULL, MS_BIND, NULL), 0);
}

/* Whose home another name service tells. */
START_TEST(lives_elsewhere)
{
	/* the one that there is lives outside of the namespace */
	nk_resolver_free(w.c.resolver);
	w.c.resolver = NULL;
	shell("mkdir -p -m 755 /mnt/daemon/.ssh");
	put(FILE_OF("daemon"), ED25519 "\n", sizeof(ED25519), 1);
	shell("chown -R 1:1 /mnt/daemon");
	put_passwd("root:x:0:0::/root:/bin/sh\n");
	expect(ADOPT, "['daemon']", "users.0.reason", "'The account lives "
	    "elsewhere, and no name service of this machine knows it.'");
	put_passwd("daemon:x:77:77::/mnt/daemon:/bin/sh\n");
	expect(ADOPT, "['daemon']", "users.0.reason", "'The account has "
	    "another uid elsewhere than it had when it was added, and may be "
	    "somebody else\\u0027s.'");
	expect("user.keys", "['daemon']", "", "[]");
	put_passwd("daemon:x:1:1::/mnt/daemon:/bin/sh\n");
	expect(ADOPT, "['daemon']", "adopted", "1");
	expect(ADOPT, "['daemon']", "users.0.file",
	    "'" FILE_OF("daemon") "'");
}
END_TEST

/* A child that was left behind in the home has its lock still. */
START_TEST(hangs)
{
	struct nk_homelock lock;

	put_alice(P256 "\n");
	ck_assert_int_eq(nk_homelock_take(&lock, &w.state, 5001, 0), 0);
	expect(ADOPT, "['alice']", "users.0.reason", "'The home "
	    "directory\\u0027s disk or server did not answer in time.'");
	nk_homelock_drop(&lock);
	expect(ADOPT, "['alice']", "adopted", "1");
}
END_TEST

/* One call of the method, of which alice is a user. */
static void
begin(struct nk_adoption *ad, struct nk_user **alicep, struct nk_error *e)
{
	*ad = (struct nk_adoption){ .c = &w.c, .users = json_array() };
	nk_error_init(e);
	ck_assert_int_eq(nk_key_warner_init(&ad->warner, &w.c), 0);
	ck_assert_int_eq(nk_user_by_name(nk_publisher_store(w.c.publisher),
	    "alice", alicep), 0);
}

static void
end(struct nk_adoption *ad, struct nk_user *alice, struct nk_error *e)
{
	nk_user_free(alice);
	nk_key_warner_clear(&ad->warner);
	nk_error_clear(e);
	json_decref(ad->users);
}

/* What is above the limits is done and counted, and not told. */
START_TEST(limits_of_the_report)
{
	struct nk_adoption ad;
	struct nk_user *alice;
	struct nk_error e;
	size_t i;

	put_alice(ED25519 " a\n" P256 "\n" ED25519 " b\n");
	begin(&ad, &alice, &e);
	ad.told = NK_ADOPT_ALL_LINES_MAX - 1;
	for (i = 1; i < NK_ADOPT_USERS_MAX; i++)
		ck_assert_int_eq(json_array_append_new(ad.users,
		    json_null()), 0);
	ck_assert_int_eq(nk_adopt_user(&ad, alice, true, &e), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(
	    ad.users, NK_ADOPT_USERS_MAX - 1), "lines")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(
	    ad.users, NK_ADOPT_USERS_MAX - 1), "more")), 2);
	ck_assert_int_eq(nk_adopt_user(&ad, alice, true, &e), 0);
	ck_assert_uint_eq(json_array_size(ad.users), NK_ADOPT_USERS_MAX);
	ck_assert_uint_eq(ad.more, 1);
	ck_assert_uint_eq(ad.looked_at, 2);
	ck_assert_uint_eq(ad.counts.adopted, 2);
	ck_assert_uint_eq(ad.counts.known, 4);
	end(&ad, alice, &e);
}
END_TEST

static const struct {
	const char	*method, *params;
} meanwhile[] = {
	{ "user.update", "[2,{'username':'alicia'}]" },
	{ "user.update", "[2,{'home':'/mnt/other'}]" },
	{ "user.delete", "[2]" },
};

/* A file is adopted for the user for whom it was read, or for nobody. */
START_TEST(changed_meanwhile)
{
	struct nk_adoption ad;
	struct nk_user *then;
	struct nk_error e;
	char *before, *after;

	put_alice(ED25519 "\n");
	begin(&ad, &then, &e);
	done(meanwhile[_i].method, meanwhile[_i].params);
	/* and a home of that path is there, or still there */
	shell("mkdir -p /mnt/alice; chown 5001:5001 /mnt/alice");
	before = contents();
	ck_assert_int_eq(nk_adopt_user(&ad, then, true, &e), 0);
	after = contents();
	ck_assert_str_eq(before, after);
	ck_assert_uint_eq(ad.counts.adopted, 0);
	end(&ad, then, &e);
	free(before);
	free(after);
}
END_TEST

START_TEST(rights)
{
	put_alice(ED25519 "\n");
	as(5001);
	refused(ADOPT, ALICE, "", "Not authorized", EACCES);
	refused(ADOPT, "[null]", "", "Not authorized", EACCES);
	as(5002);			/* bob is an administrator */
	expect(ADOPT, ALICE, "adopted", "1");
	expect("user.keys", ALICE, "0.added_by", "'bob'");
}
END_TEST

START_TEST(arguments)
{
	refused(ADOPT, "['nobody here']", "",
	    "naskeys has no user \"nobody here\".", ENOENT);
	refused(ADOPT, "[]", "username", "Field required", EINVAL);
	refused(ADOPT, "[1]", "username", "Input should be a valid string",
	    EINVAL);
	refused(ADOPT, "['alice',{'dry':true}]", "options.dry",
	    "Extra inputs are not permitted", EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_adopt");
	TCase *tc = tcase_create("adopt");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, make_homes, drop_world);
	tcase_add_test(tc, report);
	tcase_add_test(tc, audited_once);
	tcase_add_test(tc, dry_run);
	tcase_add_test(tc, known);
	tcase_add_test(tc, other_options);
	tcase_add_test(tc, revoked);
	tcase_add_test(tc, private_key);
	tcase_add_test(tc, warned_of);
	tcase_add_test(tc, limit);
	tcase_add_test(tc, many_lines);
	tcase_add_test(tc, taken_back);
	tcase_add_test(tc, own_lines);
	tcase_add_test(tc, nothing_there);
	tcase_add_loop_test(tc, out_of_reach, 0, LENGTH(hostile));
	tcase_add_test(tc, behind_a_group);
	tcase_add_test(tc, second_file);
	tcase_add_test(tc, all_users);
	tcase_add_test(tc, log_is_kept_short);
	tcase_add_test(tc, many_users);
	tcase_add_test(tc, lives_elsewhere);
	tcase_add_test(tc, hangs);
	tcase_add_test(tc, limits_of_the_report);
	tcase_add_loop_test(tc, changed_meanwhile, 0, LENGTH(meanwhile));
	tcase_add_test(tc, rights);
	tcase_add_test(tc, arguments);
	suite_add_tcase(s, tc);
	if (geteuid() == 0)
		srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
