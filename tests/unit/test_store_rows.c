/* SPDX-License-Identifier: ISC */

/* Users, groups, memberships and ids in the store. */

#include <errno.h>

#include "lib/store/internal.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* ---- users ---- */

static void
fill(struct nk_user *u)
{
	set_text(&u->name, "alice");
	set_text(&u->full_name, "Alice \xc3\x84");
	set_text(&u->home, "/home/alice");
	set_text(&u->shell, "/bin/sh");
	set_text(&u->email, "a@example");
	set_text(&u->userns_idmap, "DIRECT");
	set_text(&u->hash, "$y$x");
	set_text(&u->password_history, "$y$a\n$y$b");
	set_text(&u->sudo_commands, "/bin/ls");
	set_text(&u->sudo_commands_nopasswd, "/bin/id\n/bin/true");
	u->managed = u->admin = u->locked = u->password_disabled = true;
	u->ssh_password_enabled = u->smb = u->webshare = true;
	u->must_change = true;
	u->uid = 4294967294u;
	u->group_id = 1;
	u->keyfile_mode = NK_KEYFILE_CENTRAL;
	u->expires_at = 11;
	u->created_at = 12;
	u->last_password_change = 13;
	u->last_login_at = 14;
	u->min_days = 1;
	u->max_days = 2;
	u->warn_days = 3;
	u->inactive_days = INT32_MAX;
}

static void
assert_same(const struct nk_user *a, const struct nk_user *b)
{
	ck_assert_int_eq(a->id, b->id);
	ck_assert_int_eq(a->managed, b->managed);
	ck_assert_int_eq(a->builtin, b->builtin);
	ck_assert_int_eq(a->admin, b->admin);
	ck_assert_int_eq(a->locked, b->locked);
	ck_assert_int_eq(a->password_disabled, b->password_disabled);
	ck_assert_int_eq(a->ssh_password_enabled, b->ssh_password_enabled);
	ck_assert_int_eq(a->smb, b->smb);
	ck_assert_int_eq(a->webshare, b->webshare);
	ck_assert_int_eq(a->in_managed_group, b->in_managed_group);
	ck_assert_int_eq(a->must_change, b->must_change);
	ck_assert_uint_eq(a->uid, b->uid);
	ck_assert_int_eq(a->group_id, b->group_id);
	ck_assert_str_eq(a->name, b->name);
	ck_assert_str_eq(a->full_name, b->full_name);
	ck_assert_str_eq(a->home, b->home);
	ck_assert_str_eq(a->shell, b->shell);
	ck_assert_pstr_eq(a->email, b->email);
	ck_assert_pstr_eq(a->userns_idmap, b->userns_idmap);
	ck_assert_str_eq(a->hash, b->hash);
	ck_assert_pstr_eq(a->password_history, b->password_history);
	ck_assert_str_eq(a->sudo_commands, b->sudo_commands);
	ck_assert_str_eq(a->sudo_commands_nopasswd,
	    b->sudo_commands_nopasswd);
	ck_assert_int_eq(a->keyfile_mode, b->keyfile_mode);
	ck_assert_int_eq(a->generation, b->generation);
	ck_assert(a->expires_at == b->expires_at);
	ck_assert_int_eq(a->created_at, b->created_at);
	ck_assert_int_eq(a->last_password_change, b->last_password_change);
	ck_assert_int_eq(a->last_login_at, b->last_login_at);
	ck_assert_int_eq(a->min_days, b->min_days);
	ck_assert_int_eq(a->max_days, b->max_days);
	ck_assert_int_eq(a->warn_days, b->warn_days);
	ck_assert_int_eq(a->inactive_days, b->inactive_days);
}

static int
compare_with(void *arg, const struct nk_user *u)
{
	assert_same(arg, u);
	return 0;
}

/* What a map has no use for is empty, and all else as in the whole row. */
static int
compare_mapped(void *arg, const struct nk_user *u)
{
	const struct nk_user *whole = arg;
	struct nk_user v = *u;

	if (u->id != whole->id)
		return 0;
	ck_assert_ptr_null(v.email);
	ck_assert_ptr_null(v.userns_idmap);
	ck_assert_ptr_null(v.password_history);
	ck_assert_ptr_null(v.sudo_commands);
	ck_assert_ptr_null(v.sudo_commands_nopasswd);
	ck_assert(!v.builtin && !v.smb && !v.webshare);
	ck_assert(v.created_at == 0 && v.last_login_at == 0);
	v.email = whole->email;
	v.userns_idmap = whole->userns_idmap;
	v.password_history = whole->password_history;
	v.sudo_commands = whole->sudo_commands;
	v.sudo_commands_nopasswd = whole->sudo_commands_nopasswd;
	v.builtin = whole->builtin;
	v.smb = whole->smb;
	v.webshare = whole->webshare;
	v.keyfile_mode = whole->keyfile_mode;
	v.created_at = whole->created_at;
	v.last_login_at = whole->last_login_at;
	assert_same(&v, whole);
	return 7;
}

START_TEST(user_round_trip)
{
	struct nk_user *u = nk_user_new(), *v;

	ck_assert_str_eq(u->name, "");
	ck_assert_str_eq(u->hash, "*");
	ck_assert(u->expires_at == INT64_MAX);
	ck_assert_int_eq(u->min_days, -1);
	fill(u);
	u->generation = 99;		/* the store's own */
	begin();
	ck_assert_int_eq(nk_user_insert(s, u), 0);
	commit();
	ck_assert_int_eq(u->id, 2);
	ck_assert_int_eq(u->generation, 1);
	ck_assert(u->in_managed_group);
	ck_assert_int_eq(nk_user_get(s, 2, &v), 0);
	assert_same(u, v);
	nk_user_free(v);
	ck_assert_int_eq(nk_user_each(s, 1, compare_with, u), 0);
	ck_assert_int_eq(nk_user_each_mapped(s, compare_mapped, u), 7);
	/* and each column by an update, NULL where it may be */
	set_text(&u->email, NULL);
	set_text(&u->userns_idmap, NULL);
	set_text(&u->password_history, NULL);
	set_text(&u->name, "bob");
	set_text(&u->full_name, "");
	set_text(&u->home, "/");
	set_text(&u->shell, "");
	set_text(&u->hash, "!");
	set_text(&u->sudo_commands, "");
	set_text(&u->sudo_commands_nopasswd, "");
	u->managed = u->admin = u->locked = u->password_disabled = false;
	u->ssh_password_enabled = u->smb = u->webshare = false;
	u->must_change = u->in_managed_group = false;
	u->builtin = true;
	u->uid = 0;
	u->group_id = 0;
	u->keyfile_mode = NK_KEYFILE_HOME;
	u->expires_at = INT64_MAX;
	u->created_at = u->last_password_change = u->last_login_at = 0;
	u->min_days = u->max_days = u->warn_days = u->inactive_days = -1;
	begin();
	ck_assert_int_eq(nk_user_update(s, u), 0);
	commit();
	u->generation = 2;
	ck_assert_int_eq(nk_user_get(s, 2, &v), 0);
	assert_same(u, v);
	nk_user_free(v);
	nk_user_free(u);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

static const struct {
	const char	*what;
	const char	*name;
	uint32_t	 uid;
	bool		 managed;
	int		 want;
} inserts[] = {
	{ "good",			"bob",		3001, true, 0 },
	{ "name of a managed user",	"alice",	3001, true, -EEXIST },
	{ "the same, unmanaged",	"alice",	3001, false, -EEXIST },
	{ "name of an unmanaged user",	"dom\\carl",	3001, true, -EEXIST },
	{ "root",			"root",		3001, true, -EEXIST },
	{ "bytes, not letters",		"Alice",	3001, true, 0 },
	{ "a longer name",		"alice2",	3001, true, 0 },
	{ "uid of a managed user",	"bob",		3000, true, -EEXIST },
	{ "the same, unmanaged",	"bob",		3000, false, 0 },
	{ "uid of an unmanaged user",	"bob",		4000, true, 0 },
	{ "the same, unmanaged",	"bob",		4000, false, 0 },
	{ "uid 0, managed",		"bob",		0, true, -EINVAL },
	{ "uid 0, unmanaged",		"toor",		0, false, 0 },
	{ "uid -1",			"bob",		-1u, true, -EINVAL },
	{ "no name",			"",		3001, true, -EINVAL },
	{ "path",			"a/b",		3001, true, -EINVAL },
	{ "colon",			"a:b",		3001, true, -EINVAL },
	{ "newline",			"a\nb",		3001, true, -EINVAL },
	{ "option",			"-a",		3001, true, -EINVAL },
	{ "backslash, at",		"D\\u@realm",	3001, false, 0 },
};

START_TEST(user_insert)
{
	int64_t r, n;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("dom\\carl", 4000, false), 3);
	commit();
	begin();
	r = add_user(inserts[_i].name, inserts[_i].uid, inserts[_i].managed);
	ck_assert_msg(inserts[_i].want == 0 ? r >= 4 : r == inserts[_i].want,
	    "%s: got %lld", inserts[_i].what, (long long)r);
	commit();
	ck_assert_int_eq(nk_user_count(s, &n), 0);
	ck_assert_int_eq(n, inserts[_i].want == 0 ? 4 : 3);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* What each row of "changes" does to a good user. */
static void
change_nothing(struct nk_user *u)
{
	u->generation = 55;	/* not the caller's to say */
}

#define CHANGE(what, how)						\
static void								\
change_##what(struct nk_user *u)					\
{									\
	how;								\
}
CHANGE(locked, u->locked = true)
CHANGE(admin, u->admin = true)
CHANGE(expiry, u->expires_at = 5)
CHANGE(hash, set_text(&u->hash, "$y$new"))
CHANGE(name, set_text(&u->name, "bob"))
CHANGE(uid, u->uid = 3500)
CHANGE(managed, u->managed = false)
CHANGE(full_name, set_text(&u->full_name, "B"))
CHANGE(home, set_text(&u->home, "/b"))
CHANGE(shell, set_text(&u->shell, "/b"))
CHANGE(group, u->group_id = 1)
CHANGE(disabled, u->password_disabled = true)
CHANGE(ssh, u->ssh_password_enabled = true)
CHANGE(must, u->must_change = true)
CHANGE(mode, u->keyfile_mode = NK_KEYFILE_HOME)
CHANGE(changed, u->last_password_change = 9)
CHANGE(max_days, u->max_days = 9)
CHANGE(email, set_text(&u->email, "e"))
CHANGE(history, set_text(&u->password_history, "h"))
CHANGE(sudo, set_text(&u->sudo_commands, "ALL"))
CHANGE(smb, u->smb = true)
CHANGE(login, u->last_login_at = 9)
CHANGE(flag, u->in_managed_group = false)
CHANGE(no_name, set_text(&u->name, ""))
CHANGE(null_name, set_text(&u->name, NULL))
CHANGE(bad_name, set_text(&u->name, "a:b"))
CHANGE(used_name, set_text(&u->name, "root"))
CHANGE(used_uid, u->uid = 3001)
CHANGE(zero_uid, u->uid = 0)
CHANGE(no_hash, set_text(&u->hash, ""))
CHANGE(null_hash, set_text(&u->hash, NULL))
CHANGE(null_home, set_text(&u->home, NULL))
CHANGE(null_shell, set_text(&u->shell, NULL))
CHANGE(null_full, set_text(&u->full_name, NULL))
CHANGE(null_sudo, set_text(&u->sudo_commands, NULL))
CHANGE(no_group, u->group_id = 99)
CHANGE(bad_group, u->group_id = -1)
CHANGE(bad_mode, u->keyfile_mode = (enum nk_keyfile_mode)3)
CHANGE(bad_expiry, u->expires_at = -1)
CHANGE(bad_days, u->warn_days = -2)
CHANGE(no_row, u->id = 99)
#undef CHANGE

static const struct {
	const char	*what;
	void		(*change)(struct nk_user *u);
	int		 want;
	bool		 raises;	/* the generation */
	bool		 noted;
} changes[] = {
	{ "nothing",		change_nothing,		0, false, false },
	{ "locked",		change_locked,		0, true, true },
	{ "admin",		change_admin,		0, true, true },
	{ "expiry",		change_expiry,		0, true, true },
	{ "hash",		change_hash,		0, true, true },
	{ "name",		change_name,		0, true, true },
	{ "uid",		change_uid,		0, true, true },
	{ "managed",		change_managed,		0, true, true },
	{ "full name",		change_full_name,	0, false, true },
	{ "home",		change_home,		0, false, true },
	{ "shell",		change_shell,		0, false, true },
	{ "primary group",	change_group,		0, false, true },
	{ "password disabled",	change_disabled,	0, false, true },
	{ "password by ssh",	change_ssh,		0, false, true },
	{ "must change",	change_must,		0, false, true },
	{ "file mode",		change_mode,		0, false, true },
	{ "password changed",	change_changed,		0, false, true },
	{ "ageing",		change_max_days,	0, false, true },
	{ "email",		change_email,		0, false, false },
	{ "history",		change_history,		0, false, false },
	{ "sudo",		change_sudo,		0, false, false },
	{ "smb",		change_smb,		0, false, false },
	{ "last login",		change_login,		0, false, false },
	{ "flag of a managed",	change_flag,		0, false, false },
	{ "empty name",		change_no_name,		-EINVAL, false, false },
	{ "no name",		change_null_name,	-EINVAL, false, false },
	{ "colon in name",	change_bad_name,	-EINVAL, false, false },
	{ "name in use",	change_used_name,	-EEXIST, false, false },
	{ "uid in use",		change_used_uid,	-EEXIST, false, false },
	{ "uid 0",		change_zero_uid,	-EINVAL, false, false },
	{ "empty hash",		change_no_hash,		-EINVAL, false, false },
	{ "no hash",		change_null_hash,	-EINVAL, false, false },
	{ "no home",		change_null_home,	-EINVAL, false, false },
	{ "no shell",		change_null_shell,	-EINVAL, false, false },
	{ "no full name",	change_null_full,	-EINVAL, false, false },
	{ "no sudo commands",	change_null_sudo,	-EINVAL, false, false },
	{ "no such group",	change_no_group,	-ENOENT, false, false },
	{ "group below 0",	change_bad_group,	-EINVAL, false, false },
	{ "unknown mode",	change_bad_mode,	-EINVAL, false, false },
	{ "expiry below 0",	change_bad_expiry,	-EINVAL, false, false },
	{ "days below -1",	change_bad_days,	-EINVAL, false, false },
	{ "no such row",	change_no_row,		-ENOENT, false, false },
};

START_TEST(user_update)
{
	struct nk_user *u, *before, *within, *after;
	int64_t seq;
	int r;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("carol", 3001, true), 3);
	commit();
	seq = last_seq();
	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	ck_assert_int_eq(nk_user_get(s, 2, &before), 0);
	changes[_i].change(u);
	begin();
	r = nk_user_update(s, u);
	ck_assert_msg(r == changes[_i].want, "%s: got %d", changes[_i].what,
	    r);
	ck_assert_int_eq(nk_user_get(s, 2, &within), 0);
	commit();
	ck_assert_msg(strcmp(changes_after(seq),
	    changes[_i].noted ? "U2" : "") == 0, "%s: noted \"%s\"",
	    changes[_i].what, changes_after(seq));
	ck_assert_int_eq(nk_user_get(s, 2, &after), 0);
	assert_same(within, after);
	ck_assert_int_eq(after->generation, before->generation +
	    changes[_i].raises);
	if (r < 0) {
		assert_same(before, after);
	} else {
		u->generation = after->generation;
		u->in_managed_group = true;
		assert_same(u, after);
	}
	nk_user_free(u);
	nk_user_free(before);
	nk_user_free(within);
	nk_user_free(after);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* What a row says when it is read, the first time or again. */
static void
assert_name(const char *name)
{
	struct nk_user *u;
	int r = nk_user_get(s, 2, &u);

	ck_assert_int_eq(r, name == NULL ? -ENOENT : 0);
	if (name != NULL)
		ck_assert_str_eq(u->full_name, name);
	nk_user_free(u);
}

static void
set_name(struct nk_store *store, const char *name)
{
	struct nk_user *u;

	ck_assert_int_eq(nk_user_get(store, 2, &u), 0);
	set_text(&u->full_name, name);
	ck_assert_int_eq(nk_user_update(store, u), 0);
	nk_user_free(u);
}

/* The same row again and again, with each way to change it in between. */
START_TEST(user_again)
{
	struct nk_user *u;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	set_name(s, "alice");
	commit();
	begin();
	set_name(s, "one");
	assert_name("one");
	ck_assert_int_eq(nk_store_savepoint(s), 0);
	assert_name("one");
	set_name(s, "two");
	assert_name("two");
	nk_store_rollback_to(s);
	assert_name("one");
	ck_assert_int_eq(nk_user_set_last_login(s, 2, 77), 0);
	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	ck_assert_int_eq(u->last_login_at, 77);
	set_text(&u->full_name, "of the caller alone");
	nk_user_free(u);
	assert_name("one");
	nk_store_rollback(s);
	assert_name("alice");
	begin();
	assert_name("alice");
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	assert_name(NULL);
	nk_store_rollback(s);
	begin();
	ck_assert_int_eq(nk_user_by_name(s, "root", &u), 0);
	nk_user_free(u);
	assert_name("alice");
	ck_assert_int_eq(nk_user_by_name(s, "alice", &u), 0);
	nk_user_free(u);
	assert_name("alice");
	commit();
}
END_TEST

/* A snapshot stays what it is; the next one is new. */
START_TEST(user_of_another_writer)
{
	struct nk_store *other;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	set_name(s, "alice");
	commit();
	ck_assert_int_eq(nk_store_open(&other, path, NK_STORE_WRITE), 0);
	ck_assert_int_eq(nk_store_read_begin(s), 0);
	assert_name("alice");
	ck_assert_int_eq(nk_store_begin(other), 0);
	set_name(other, "other");
	ck_assert_int_eq(nk_store_commit(other), 0);
	ck_assert_int_eq(nk_store_read_begin(s), 0);
	assert_name("alice");
	nk_store_read_end(s);
	assert_name("alice");
	nk_store_read_end(s);
	assert_name("other");
	begin();
	assert_name("other");
	commit();
	nk_store_close(other);
}
END_TEST

START_TEST(user_root)
{
	struct nk_user *u;
	int i;

	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(nk_user_get(s, NK_USER_ROOT_ID, &u), 0);
		if (i == 0)
			u->managed = true;
		else if (i == 1)
			u->uid = 5;
		else if (i == 2)
			u->builtin = false;
		else
			set_text(&u->shell, "/bin/sh");
		begin();
		ck_assert_int_eq(nk_user_update(s, u), i < 3 ? -EINVAL : 0);
		commit();
		nk_user_free(u);
	}
	begin();
	ck_assert_int_eq(nk_user_delete(s, NK_USER_ROOT_ID), -EPERM);
	commit();
	ck_assert_str_eq(changes_after(0), "U1");
}
END_TEST

static bool
flag_of(int64_t id)
{
	struct nk_user *u;
	bool flag;

	ck_assert_int_eq(nk_user_get(s, id, &u), 0);
	flag = u->in_managed_group;
	nk_user_free(u);
	return flag;
}

START_TEST(user_latch)
{
	struct key_text t;
	struct nk_keys ks;
	struct nk_key k;
	struct nk_user *u;
	size_t n;
	int64_t seq;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, false), 2);
	ck_assert_int_eq(add_key(2, 'c'), 1);
	ck_assert_int_eq(add_key(2, ' '), 2);
	commit();
	ck_assert(!flag_of(2));		/* a comment is no key */
	seq = last_seq();
	begin();
	ck_assert_int_eq(add_key(2, 'A'), 3);
	commit();
	ck_assert(flag_of(2));
	ck_assert_str_eq(changes_after(seq), "U2 K2");
	begin();			/* the last key's removal keeps it */
	ck_assert_int_eq(nk_keys_remove(s, 2, "SHA256:A", &n), 0);
	commit();
	ck_assert_uint_eq(n, 1);
	ck_assert(flag_of(2));
	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	u->in_managed_group = false;
	begin();
	ck_assert_int_eq(nk_user_update(s, u), 0);
	commit();
	nk_user_free(u);
	ck_assert(!flag_of(2));
	make_key(&k, &t, 2, 'B');
	ks.v = &k;
	ks.n = 1;
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_keys_replace(s, 2, &ks), 0);
	commit();
	ck_assert(flag_of(2));
	ck_assert_str_eq(changes_after(seq), "U2 K2");
	ks.n = 0;
	begin();
	ck_assert_int_eq(nk_keys_replace(s, 2, &ks), 0);
	commit();
	ck_assert(flag_of(2));
}
END_TEST

START_TEST(user_delete)
{
	struct nk_user *u;
	struct nk_keys ks;
	struct nk_ids ids;
	int64_t seq;

	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	ck_assert_int_eq(add_group("staff", 3000), 2);
	ck_assert_int_eq(nk_member_add(s, 2, 2), 0);
	ck_assert_int_eq(nk_member_add(s, 2, 3), 0);
	ck_assert_int_eq(add_key(2, 'A'), 1);
	ck_assert_int_eq(add_key(3, 'A'), 2);
	commit();
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_user_delete(s, 2), 0);
	ck_assert_int_eq(nk_user_delete(s, 2), -ENOENT);
	ck_assert_int_eq(nk_user_delete(s, 0), -ENOENT);
	ck_assert_int_eq(nk_user_delete(s, 99), -ENOENT);
	commit();
	ck_assert_str_eq(changes_after(seq), "U2 K2");
	ck_assert_int_eq(nk_user_get(s, 2, &u), -ENOENT);
	ck_assert_int_eq(nk_members_of_group(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], 3);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_keys_by_fingerprint(s, "SHA256:A", &ks), 0);
	ck_assert_uint_eq(ks.n, 1);
	ck_assert_int_eq(ks.v[0].user_id, 3);
	nk_keys_clear(&ks);
	/* name and uid are free, the row id is not */
	begin();
	ck_assert_int_eq(nk_user_delete(s, 3), 0);
	commit();
	nk_store_close(s);
	ck_assert_int_eq(nk_store_open(&s, path, NK_STORE_WRITE), 0);
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 4);
	ck_assert_int_eq(add_key(4, 'A'), 3);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(user_find)
{
	struct nk_user *u;
	int64_t id;

	begin();
	ck_assert_int_eq(add_user("other", 3000, false), 2);
	ck_assert_int_eq(add_user("alice", 3000, true), 3);
	ck_assert_int_eq(add_user("bob", 4000, false), 4);
	ck_assert_int_eq(add_user("carol", 4000, false), 5);
	commit();
	ck_assert_int_eq(nk_user_by_uid(s, 3000, &u), 0);
	ck_assert_int_eq(u->id, 3);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_uid(s, 4000, &u), 0);
	ck_assert_int_eq(u->id, 4);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_uid(s, 0, &u), 0);
	ck_assert_int_eq(u->id, 1);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_uid(s, 5000, &u), -ENOENT);
	ck_assert_ptr_null(u);
	ck_assert_int_eq(nk_user_by_name(s, "carol", &u), 0);
	ck_assert_int_eq(u->id, 5);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_name(s, "CAROL", &u), -ENOENT);
	ck_assert_int_eq(nk_user_by_name(s, "caro%", &u), -ENOENT);
	ck_assert_int_eq(nk_user_by_name(s, "", &u), -ENOENT);
	ck_assert_int_eq(nk_user_id(s, "carol", &id), 0);
	ck_assert_int_eq(id, 5);
	ck_assert_int_eq(nk_user_id(s, "CAROL", &id), -ENOENT);
	ck_assert_int_eq(nk_user_id(s, "", &id), -ENOENT);
	ck_assert_int_eq(nk_user_by_home(s, "/root", 0, &u), 0);
	ck_assert_int_eq(u->id, 1);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_home(s, "/root/", 0, &u), -ENOENT);
	ck_assert_int_eq(nk_user_by_home(s, "", 0, &u), 0);
	ck_assert_int_eq(u->id, 2);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_by_home(s, "/root", 1, &u), -ENOENT);
	ck_assert_int_eq(nk_user_by_home(s, "", 2, &u), 0);
	ck_assert_int_gt(u->id, 2);
	nk_user_free(u);
	ck_assert_int_eq(nk_user_get(s, 0, &u), -ENOENT);
	ck_assert_int_eq(nk_user_get(s, -1, &u), -ENOENT);
}
END_TEST

struct walk {
	char	seen[64];
	int64_t	stop;
};

static int
walk_user(void *arg, const struct nk_user *u)
{
	struct walk *w = arg;
	size_t used = strlen(w->seen);
	struct nk_user *again;

	/* reading within the walk, the same row and the same statement */
	ck_assert_int_eq(nk_user_get(s, u->id, &again), 0);
	assert_same(again, u);
	nk_user_free(again);
	(void)snprintf(w->seen + used, sizeof(w->seen) - used, "%lld ",
	    (long long)u->id);
	return u->id == w->stop ? -EINTR : 0;
}

static int
walk_twice(void *arg, const struct nk_user *u)
{
	struct walk inner = { "", 0 };

	(void)arg;
	ck_assert_int_eq(nk_user_each(s, u->id, walk_user, &inner), 0);
	return 0;
}

START_TEST(user_walk)
{
	struct walk w = { "", 0 };

	begin();
	ck_assert_int_eq(add_user("z", 3000, true), 2);
	ck_assert_int_eq(add_user("y", 3001, true), 3);
	ck_assert_int_eq(add_user("x", 2000, true), 4);
	commit();
	ck_assert_int_eq(nk_user_each(s, 0, walk_user, &w), 0);
	ck_assert_str_eq(w.seen, "1 2 3 4 ");
	w = (struct walk){ "", 3 };
	ck_assert_int_eq(nk_user_each(s, 1, walk_user, &w), -EINTR);
	ck_assert_str_eq(w.seen, "2 3 ");
	w = (struct walk){ "", 0 };
	ck_assert_int_eq(nk_user_each(s, 4, walk_user, &w), 0);
	ck_assert_str_eq(w.seen, "");
	ck_assert_int_eq(nk_user_each(s, 0, walk_twice, NULL), 0);
}
END_TEST

START_TEST(user_login_and_admins)
{
	struct nk_user *u;
	int64_t n, seq;
	int i;

	begin();
	for (i = 0; i < 4; i++) {
		u = nk_user_new();
		set_text(&u->name, (char[]){ (char)('a' + i), '\0' });
		u->uid = 3000 + (uint32_t)i;
		u->admin = true;
		u->managed = i != 2;
		u->locked = i == 3;
		ck_assert_int_eq(nk_user_insert(s, u), 0);
		nk_user_free(u);
	}
	commit();
	/* root, an unmanaged and a locked one do not count */
	ck_assert_int_eq(nk_user_count_admins(s, 0, &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(nk_user_count_admins(s, 2, &n), 0);
	ck_assert_int_eq(n, 1);
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_user_set_last_login(s, 2, 77), 0);
	ck_assert_int_eq(nk_user_set_last_login(s, 99, 77), -ENOENT);
	ck_assert_int_eq(nk_user_set_last_login(s, 2, -1), -EINVAL);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	ck_assert_int_eq(u->last_login_at, 77);
	ck_assert_int_eq(u->generation, 1);
	nk_user_free(u);
}
END_TEST

/* ---- groups ---- */

static const struct {
	const char	*name;
	uint32_t	 gid;
	int		 want;
} groups[] = {
	{ "video",			3001, 0 },
	{ "Staff",			3001, 0 },
	{ "staff",			3001, -EEXIST },
	{ "builtin_administrators",	3001, -EEXIST },
	{ "video",			3000, -EEXIST },
	{ "video",			544, -EEXIST },
	{ "video",			0, -EINVAL },
	{ "video",			UINT32_MAX, -EINVAL },
	{ "",				3001, -EINVAL },
	{ "a:b",			3001, -EINVAL },
	{ "a\n",			3001, -EINVAL },
	{ "-g",				3001, -EINVAL },
	{ "a/b",			3001, -EINVAL },
};

START_TEST(group_insert)
{
	struct nk_group *g;
	int64_t r;

	begin();
	ck_assert_int_eq(add_group("staff", 3000), 2);
	commit();
	begin();
	r = add_group(groups[_i].name, groups[_i].gid);
	ck_assert_msg(groups[_i].want == 0 ? r == 3 : r == groups[_i].want,
	    "%s %u: %lld", groups[_i].name, groups[_i].gid, (long long)r);
	commit();
	ck_assert_str_eq(changes_after(0), r > 0 ? "G2 G3" : "G2");
	if (r > 0) {
		ck_assert_int_eq(nk_group_by_gid(s, groups[_i].gid, &g), 0);
		ck_assert_str_eq(g->name, groups[_i].name);
		nk_group_free(g);
	}
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

static int
count_group(void *arg, const struct nk_group *g)
{
	int *n = arg;

	ck_assert_int_gt(g->id, 1);
	(*n)++;
	return *n == 2 ? 5 : 0;
}

START_TEST(group_update)
{
	struct nk_group *g, *h;
	int64_t seq;
	int n = 0;

	begin();
	ck_assert_int_eq(add_group("staff", 3000), 2);
	ck_assert_int_eq(add_group("video", 3001), 3);
	ck_assert_int_eq(add_group("audio", 3002), 4);
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(nk_member_add(s, 2, 2), 0);
	commit();
	seq = last_seq();
	ck_assert_int_eq(nk_group_by_name(s, "staff", &g), 0);
	begin();
	ck_assert_int_eq(nk_group_update(s, g), 0);
	set_text(&g->userns_idmap, "x");
	set_text(&g->sudo_commands, "ALL");
	set_text(&g->sudo_commands_nopasswd, "/bin/ls");
	g->smb = true;
	ck_assert_int_eq(nk_group_update(s, g), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	ck_assert_int_eq(nk_group_get(s, 2, &h), 0);
	ck_assert_str_eq(h->userns_idmap, "x");
	ck_assert_str_eq(h->sudo_commands, "ALL");
	ck_assert_str_eq(h->sudo_commands_nopasswd, "/bin/ls");
	ck_assert(h->smb && !h->builtin);
	nk_group_free(h);
	begin();
	set_text(&g->name, "crew");
	ck_assert_int_eq(nk_group_update(s, g), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "G2");
	/* the gid stands in its members' records */
	seq = last_seq();
	begin();
	g->gid = 3100;
	ck_assert_int_eq(nk_group_update(s, g), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "U2 G2");
	seq = last_seq();
	begin();
	g->gid = 3001;
	ck_assert_int_eq(nk_group_update(s, g), -EEXIST);
	g->gid = 0;
	ck_assert_int_eq(nk_group_update(s, g), -EINVAL);
	g->gid = 3100;
	set_text(&g->name, "video");
	ck_assert_int_eq(nk_group_update(s, g), -EEXIST);
	set_text(&g->name, "");
	ck_assert_int_eq(nk_group_update(s, g), -EINVAL);
	set_text(&g->name, "x");
	set_text(&g->sudo_commands, NULL);
	ck_assert_int_eq(nk_group_update(s, g), -EINVAL);
	set_text(&g->sudo_commands, "");
	g->id = 99;
	ck_assert_int_eq(nk_group_update(s, g), -ENOENT);
	g->id = NK_GROUP_ADMINS_ID;
	ck_assert_int_eq(nk_group_update(s, g), -EINVAL);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	nk_group_free(g);
	ck_assert_int_eq(nk_group_each(s, 1, count_group, &n), 5);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(group_primary)
{
	struct nk_group *g;
	struct nk_user *u;
	struct nk_ids ids;
	int64_t seq;

	begin();
	ck_assert_int_eq(add_group("staff", 3000), 2);
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	ck_assert_int_eq(nk_member_add(s, 2, 3), 0);
	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	u->group_id = 2;
	ck_assert_int_eq(nk_user_update(s, u), 0);
	commit();
	seq = last_seq();
	ck_assert_int_eq(nk_primary_members_of_group(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], 2);
	nk_ids_clear(&ids);
	begin();
	ck_assert_int_eq(nk_group_delete(s, 2), -EBUSY);
	ck_assert_int_eq(nk_group_delete(s, 99), -ENOENT);
	ck_assert_int_eq(nk_group_delete(s, NK_GROUP_ADMINS_ID), -EPERM);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	ck_assert_int_eq(nk_group_get(s, 2, &g), 0);
	begin();		/* members of both kinds are told */
	g->gid = 3500;
	ck_assert_int_eq(nk_group_update(s, g), 0);
	commit();
	nk_group_free(g);
	ck_assert_str_eq(changes_after(seq), "U2 U3 G2");
	seq = last_seq();
	begin();
	u->group_id = 0;
	ck_assert_int_eq(nk_user_update(s, u), 0);
	ck_assert_int_eq(nk_group_delete(s, 2), 0);
	commit();
	nk_user_free(u);
	ck_assert_str_eq(changes_after(seq), "U2 U3 G2");
	ck_assert_int_eq(nk_groups_of_user(s, 3, &ids), 0);
	ck_assert_uint_eq(ids.n, 0);
	begin();
	ck_assert_int_eq(add_group("staff", 3000), 3);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* ---- memberships ---- */

static int
list_member(void *arg, int64_t user, int64_t group)
{
	char *text = arg;
	size_t used = strlen(text);

	(void)snprintf(text + used, 64 - used, "%lld:%lld ",
	    (long long)user, (long long)group);
	return user == 3 ? 9 : 0;
}

static int
list_gid(void *arg, int64_t group, uint32_t gid, bool builtin)
{
	char *text = arg;
	size_t len = strlen(text);

	(void)snprintf(text + len, 64 - len, "%lld:%u:%d ", (long long)group,
	    gid, builtin);
	return 0;
}

/* None is made up for a group whose row is gone. */
static void
check_gids(void)
{
	char text[64] = "";
	uint32_t gid;

	ck_assert_int_eq(nk_group_gid(s, 3, &gid), 0);
	ck_assert_uint_eq(gid, 3001);
	ck_assert_int_eq(nk_group_gid(s, 1, &gid), 0);
	ck_assert_uint_eq(gid, 544);
	ck_assert_int_eq(nk_group_gid(s, 99, &gid), -ENOENT);
	ck_assert_int_eq(nk_member_each_gid(s, 2, list_gid, text), 0);
	ck_assert_str_eq(text, "2:3000:0 3:3001:0 ");
	ck_assert_int_eq(nk_member_each_gid(s, 1, list_gid, text), 0);
	ck_assert_str_eq(text, "2:3000:0 3:3001:0 1:544:1 ");
	ck_assert_int_eq(nk_member_each_gid(s, 99, list_gid, text), 0);
	ck_assert_int_eq(nk_db_exec(s->db, "PRAGMA foreign_keys = OFF;"
	    "BEGIN; DELETE FROM groups WHERE id = 3"), 0);
	ck_assert_int_eq(nk_member_each_gid(s, 2, list_gid, text), -EBADMSG);
	ck_assert_int_eq(nk_db_exec(s->db, "ROLLBACK;"
	    "PRAGMA foreign_keys = ON"), 0);
}

START_TEST(members)
{
	char text[64] = "";
	struct nk_ids ids;
	int64_t seq;

	begin();
	ck_assert_int_eq(add_group("staff", 3000), 2);
	ck_assert_int_eq(add_group("video", 3001), 3);
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
	ck_assert_int_eq(add_user("bob", 3001, true), 3);
	ck_assert_int_eq(add_user("carol", 3002, true), 4);
	commit();
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_member_add(s, 3, 2), 0);
	ck_assert_int_eq(nk_member_add(s, 2, 2), 0);
	ck_assert_int_eq(nk_member_add(s, 2, 2), 0);
	ck_assert_int_eq(nk_member_add(s, 2, 4), 0);
	ck_assert_int_eq(nk_member_add(s, 2, 3), 0);
	ck_assert_int_eq(nk_member_add(s, 99, 3), -ENOENT);
	ck_assert_int_eq(nk_member_add(s, 2, 99), -ENOENT);
	ck_assert_int_eq(nk_member_remove(s, 99, 3), 0);
	ck_assert_int_eq(nk_member_remove(s, 3, 3), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "U2 U4 U3");
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_member_add(s, 2, 2), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	ck_assert_int_eq(nk_groups_of_user(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 2);
	ck_assert(ids.v[0] == 2 && ids.v[1] == 3);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_members_of_group(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 3);
	ck_assert(ids.v[0] == 2 && ids.v[1] == 3 && ids.v[2] == 4);
	nk_ids_clear(&ids);
	check_gids();
	ck_assert_int_eq(nk_member_each(s, list_member, text), 9);
	ck_assert_str_eq(text, "1:1 2:2 2:3 3:2 ");
	begin();
	ck_assert_int_eq(nk_member_remove(s, 2, 3), 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "U3");
}
END_TEST

/* ---- ids ---- */

static int
odd_is_taken(void *arg, uint32_t id)
{
	(void)arg;
	return id % 2 == 1;
}

static int
asking_fails(void *arg, uint32_t id)
{
	(void)arg;
	(void)id;
	return -ETIMEDOUT;
}

static const struct {
	const char	*what;
	uint32_t	 first, last;
	int		(*taken)(void *arg, uint32_t id);
	int		 want;
	uint32_t	 uid;
} nexts[] = {
	/* in use: 0, 3000-3002, 3004, 3006-3007 (one twice), max */
	{ "a gap",		3000, 9999, NULL, 0, 3003 },
	{ "in a span",		3001, 9999, NULL, 0, 3003 },
	{ "the gap itself",	3003, 9999, NULL, 0, 3003 },
	{ "behind it",		3004, 9999, NULL, 0, 3005 },
	{ "the end",		3006, 9999, NULL, 0, 3008 },
	{ "below all",		1000, 9999, NULL, 0, 1000 },
	{ "root's",		0, 9999, NULL, 0, 1 },
	{ "one refused",	3000, 9999, odd_is_taken, 0, 3008 },
	{ "all refused",	3003, 3003, odd_is_taken, -ENOSPC, 0 },
	{ "all in use",		3000, 3002, NULL, -ENOSPC, 0 },
	{ "the last of them",	3000, 3003, NULL, 0, 3003 },
	{ "empty range",	3003, 3002, NULL, -ENOSPC, 0 },
	{ "up to the limit",	4294967294u, UINT32_MAX, odd_is_taken,
	  -ENOSPC, 0 },
	{ "cannot ask",		3000, 9999, asking_fails, -ETIMEDOUT, 0 },
};

START_TEST(id_next)
{
	static const uint32_t uids[] = {
		3006, 3001, 3000, 3004, 3002, 3007, 4294967294u,
	};
	char name[16];
	uint32_t uid = 0, gid;
	int i, r;

	begin();
	for (i = 0; i < N(uids); i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		ck_assert_int_gt(add_user(name, uids[i], true), 1);
	}
	ck_assert_int_gt(add_user("twin", 3007, false), 1);
	r = nk_uid_next(s, nexts[_i].first, nexts[_i].last, nexts[_i].taken,
	    NULL, &uid);
	ck_assert_msg(r == nexts[_i].want && uid == nexts[_i].uid,
	    "%s: %d, %u", nexts[_i].what, r, uid);
	commit();
	/* gids are apart */
	ck_assert_int_eq(nk_gid_next(s, 3000, 9999, NULL, NULL, &gid), 0);
	ck_assert_uint_eq(gid, 3000);
	ck_assert_int_eq(nk_gid_next(s, 544, 9999, NULL, NULL, &gid), 0);
	ck_assert_uint_eq(gid, 545);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* Against a plain array: come, go and move, shared uids too. */
START_TEST(id_model)
{
	enum { RANGE = 40, USERS = 60 };
	int64_t ids[USERS] = { 0 };
	uint32_t uid_of[USERS] = { 0 }, uid, next, want;
	int used[RANGE + 1] = { 0 };
	unsigned int seed = (unsigned int)_i + 1;
	struct nk_user *u;
	char name[16];
	int step, i;

	begin();
	for (step = 0; step < 1500; step++) {
		i = rand_r(&seed) % USERS;
		uid = (uint32_t)(rand_r(&seed) % RANGE);
		(void)snprintf(name, sizeof(name), "u%d", step);
		if (ids[i] == 0) {
			ids[i] = add_user(name, 100 + uid, false);
			ck_assert_int_gt(ids[i], 0);
			used[uid]++;
			uid_of[i] = uid;
		} else if (step % 3 == 0) {
			ck_assert_int_eq(nk_user_get(s, ids[i], &u), 0);
			u->uid = 100 + uid;
			ck_assert_int_eq(nk_user_update(s, u), 0);
			nk_user_free(u);
			used[uid]++;
			used[uid_of[i]]--;
			uid_of[i] = uid;
		} else {
			ck_assert_int_eq(nk_user_delete(s, ids[i]), 0);
			used[uid_of[i]]--;
			ids[i] = 0;
		}
		want = (uint32_t)(rand_r(&seed) % RANGE);
		ck_assert_int_eq(nk_uid_next(s, 100 + want, 100 + RANGE,
		    NULL, NULL, &next), 0);
		while (used[want] > 0)
			want++;
		ck_assert_uint_eq(next, 100 + want);
	}
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_rows");
	TCase *tc = tcase_create("rows");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, user_round_trip);
	tcase_add_loop_test(tc, user_insert, 0, N(inserts));
	tcase_add_loop_test(tc, user_update, 0, N(changes));
	tcase_add_test(tc, user_again);
	tcase_add_test(tc, user_of_another_writer);
	tcase_add_test(tc, user_root);
	tcase_add_test(tc, user_latch);
	tcase_add_test(tc, user_delete);
	tcase_add_test(tc, user_find);
	tcase_add_test(tc, user_walk);
	tcase_add_test(tc, user_login_and_admins);
	tcase_add_loop_test(tc, group_insert, 0, N(groups));
	tcase_add_test(tc, group_update);
	tcase_add_test(tc, group_primary);
	tcase_add_test(tc, members);
	tcase_add_loop_test(tc, id_next, 0, N(nexts));
	tcase_add_loop_test(tc, id_model, 0, 3);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
