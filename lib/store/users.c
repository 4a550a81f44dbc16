/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

/*
 * What stands in an index, and what a constraint binds to it, comes first:
 * it is written only when it changes, so that an edit touches as few pages
 * as it can.
 */
#define INDEXED	"managed, admin, in_managed_group, uid, group_id, name, home," \
		" sudo_commands, sudo_commands_nopasswd, keyfile_mode"
#define PLAIN	"builtin, locked, password_disabled, ssh_password_enabled," \
		" smb, webshare, must_change, full_name, shell, email," \
		" userns_idmap, hash, password_history, generation," \
		" expires_at, created_at, last_password_change," \
		" last_login_at, min_days, max_days, warn_days, inactive_days"
#define SELECT	"SELECT id, " INDEXED ", " PLAIN " FROM users "
#define NINDEXED	10
#define NPLAIN		22
/* What maps are made of, for who reads a million rows. */
#define MAPPED	"id, managed, admin, in_managed_group, uid, group_id, name," \
		" home, locked, password_disabled, ssh_password_enabled," \
		" must_change, full_name, shell, hash, generation," \
		" expires_at, last_password_change, min_days, max_days," \
		" warn_days, inactive_days"

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
nk_user_free(struct nk_user *u)
{
	if (u == NULL)
		return;
	free(u->name);
	free(u->full_name);
	free(u->home);
	free(u->shell);
	free(u->email);
	free(u->userns_idmap);
	wipe(u->hash);
	wipe(u->password_history);
	free(u->sudo_commands);
	free(u->sudo_commands_nopasswd);
	free(u);
}

/* A row of its own out of one that is borrowed. */
static int
user_copy(struct nk_user **up, const struct nk_user *from)
{
	struct nk_user *u;
	int r;

	*up = NULL;
	if ((u = malloc(sizeof(*u))) == NULL)
		return -ENOMEM;
	*u = *from;
	u->name = u->full_name = u->home = u->shell = u->email = NULL;
	u->userns_idmap = u->hash = u->password_history = NULL;
	u->sudo_commands = u->sudo_commands_nopasswd = NULL;
	if ((r = nk_text_copy(&u->name, from->name)) < 0 ||
	    (r = nk_text_copy(&u->full_name, from->full_name)) < 0 ||
	    (r = nk_text_copy(&u->home, from->home)) < 0 ||
	    (r = nk_text_copy(&u->shell, from->shell)) < 0 ||
	    (r = nk_text_copy(&u->email, from->email)) < 0 ||
	    (r = nk_text_copy(&u->userns_idmap, from->userns_idmap)) < 0 ||
	    (r = nk_text_copy(&u->hash, from->hash)) < 0 ||
	    (r = nk_text_copy(&u->password_history,
	    from->password_history)) < 0 ||
	    (r = nk_text_copy(&u->sudo_commands, from->sudo_commands)) < 0 ||
	    (r = nk_text_copy(&u->sudo_commands_nopasswd,
	    from->sudo_commands_nopasswd)) < 0) {
		nk_user_free(u);
		return r;
	}
	*up = u;
	return 0;
}

struct nk_user *
nk_user_new(void)
{
	char empty[] = "", star[] = "*";
	const struct nk_user defaults = {
		.name = empty, .full_name = empty, .home = empty,
		.shell = empty, .hash = star, .sudo_commands = empty,
		.sudo_commands_nopasswd = empty,
		.keyfile_mode = NK_KEYFILE_NONE, .generation = 1,
		.expires_at = INT64_MAX,
		.min_days = -1, .max_days = -1, .warn_days = -1,
		.inactive_days = -1,
	};
	struct nk_user *u;

	return user_copy(&u, &defaults) < 0 ? NULL : u;
}

/* ---- rows ---- */

/* Borrow the row that st stands at. */
static int
user_read(struct nk_stmt *st, struct nk_user *u)
{
	int i = 0;

	u->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	u->managed = nk_stmt_bool(st, i++);
	u->admin = nk_stmt_bool(st, i++);
	u->in_managed_group = nk_stmt_bool(st, i++);
	u->uid = (uint32_t)nk_stmt_int(st, i++, 0, NK_ID_MAX);
	u->group_id = nk_stmt_id_or_0(st, i++);
	u->name = nk_stmt_text(st, i++);
	u->home = nk_stmt_text(st, i++);
	u->sudo_commands = nk_stmt_text(st, i++);
	u->sudo_commands_nopasswd = nk_stmt_text(st, i++);
	u->keyfile_mode = (enum nk_keyfile_mode)nk_stmt_int(st, i++, 0,
	    NK_KEYFILE_CENTRAL);
	u->builtin = nk_stmt_bool(st, i++);
	u->locked = nk_stmt_bool(st, i++);
	u->password_disabled = nk_stmt_bool(st, i++);
	u->ssh_password_enabled = nk_stmt_bool(st, i++);
	u->smb = nk_stmt_bool(st, i++);
	u->webshare = nk_stmt_bool(st, i++);
	u->must_change = nk_stmt_bool(st, i++);
	u->full_name = nk_stmt_text(st, i++);
	u->shell = nk_stmt_text(st, i++);
	u->email = nk_stmt_text_or_null(st, i++);
	u->userns_idmap = nk_stmt_text_or_null(st, i++);
	u->hash = nk_stmt_text(st, i++);
	u->password_history = nk_stmt_text_or_null(st, i++);
	u->generation = nk_stmt_int(st, i++, 1, INT64_MAX);
	u->expires_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->created_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->last_password_change = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->last_login_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->min_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->max_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->warn_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->inactive_days = (int32_t)nk_stmt_int(st, i, -1, INT32_MAX);
	return nk_stmt_check(st);
}

/* The same with the columns of MAPPED; the rest of the row is empty. */
static int
user_read_mapped(struct nk_stmt *st, struct nk_user *u)
{
	int i = 0;

	*u = (struct nk_user){ 0 };
	u->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	u->managed = nk_stmt_bool(st, i++);
	u->admin = nk_stmt_bool(st, i++);
	u->in_managed_group = nk_stmt_bool(st, i++);
	u->uid = (uint32_t)nk_stmt_int(st, i++, 0, NK_ID_MAX);
	u->group_id = nk_stmt_id_or_0(st, i++);
	u->name = nk_stmt_text(st, i++);
	u->home = nk_stmt_text(st, i++);
	u->locked = nk_stmt_bool(st, i++);
	u->password_disabled = nk_stmt_bool(st, i++);
	u->ssh_password_enabled = nk_stmt_bool(st, i++);
	u->must_change = nk_stmt_bool(st, i++);
	u->full_name = nk_stmt_text(st, i++);
	u->shell = nk_stmt_text(st, i++);
	u->hash = nk_stmt_text(st, i++);
	u->generation = nk_stmt_int(st, i++, 1, INT64_MAX);
	u->expires_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->last_password_change = nk_stmt_int(st, i++, 0, INT64_MAX);
	u->min_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->max_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->warn_days = (int32_t)nk_stmt_int(st, i++, -1, INT32_MAX);
	u->inactive_days = (int32_t)nk_stmt_int(st, i, -1, INT32_MAX);
	return nk_stmt_check(st);
}

static void
bind_group(struct nk_stmt *st, int i, const struct nk_user *u)
{
	if (u->group_id != 0)
		nk_stmt_bind_int(st, i, u->group_id);
	else
		nk_stmt_bind_text(st, i, NULL);
}

static void
bind_indexed(struct nk_stmt *st, const struct nk_user *u)
{
	nk_stmt_bind_int(st, 1, u->managed);
	nk_stmt_bind_int(st, 2, u->admin);
	nk_stmt_bind_int(st, 3, u->in_managed_group);
	nk_stmt_bind_int(st, 4, u->uid);
	bind_group(st, 5, u);
	nk_stmt_bind_text(st, 6, u->name);
	nk_stmt_bind_text(st, 7, u->home);
	nk_stmt_bind_text(st, 8, u->sudo_commands);
	nk_stmt_bind_text(st, 9, u->sudo_commands_nopasswd);
	nk_stmt_bind_int(st, 10, (int64_t)u->keyfile_mode);
}

static void
bind_plain(struct nk_stmt *st, int i, const struct nk_user *u)
{
	nk_stmt_bind_int(st, i++, u->builtin);
	nk_stmt_bind_int(st, i++, u->locked);
	nk_stmt_bind_int(st, i++, u->password_disabled);
	nk_stmt_bind_int(st, i++, u->ssh_password_enabled);
	nk_stmt_bind_int(st, i++, u->smb);
	nk_stmt_bind_int(st, i++, u->webshare);
	nk_stmt_bind_int(st, i++, u->must_change);
	nk_stmt_bind_text(st, i++, u->full_name);
	nk_stmt_bind_text(st, i++, u->shell);
	nk_stmt_bind_text(st, i++, u->email);
	nk_stmt_bind_text(st, i++, u->userns_idmap);
	nk_stmt_bind_text(st, i++, u->hash);
	nk_stmt_bind_text(st, i++, u->password_history);
	nk_stmt_bind_int(st, i++, u->generation);
	nk_stmt_bind_int(st, i++, u->expires_at);
	nk_stmt_bind_int(st, i++, u->created_at);
	nk_stmt_bind_int(st, i++, u->last_password_change);
	nk_stmt_bind_int(st, i++, u->last_login_at);
	nk_stmt_bind_int(st, i++, u->min_days);
	nk_stmt_bind_int(st, i++, u->max_days);
	nk_stmt_bind_int(st, i++, u->warn_days);
	nk_stmt_bind_int(st, i, u->inactive_days);
}

/* Whatever the tables' constraints would refuse later and half way. */
static int
user_check(const struct nk_user *u)
{
	if (nk_name_check(u->name) < 0 || u->full_name == NULL ||
	    u->home == NULL || u->shell == NULL || u->hash == NULL ||
	    u->hash[0] == '\0' || u->sudo_commands == NULL ||
	    u->sudo_commands_nopasswd == NULL)
		return -EINVAL;
	if (u->uid > NK_ID_MAX || (u->managed && u->uid == 0) ||
	    u->group_id < 0 || (unsigned int)u->keyfile_mode >
	    NK_KEYFILE_CENTRAL)
		return -EINVAL;
	if (u->expires_at < 0 || u->created_at < 0 ||
	    u->last_password_change < 0 || u->last_login_at < 0 ||
	    u->min_days < -1 || u->max_days < -1 || u->warn_days < -1 ||
	    u->inactive_days < -1)
		return -EINVAL;
	return 0;
}

/* ---- reading ---- */

/* Take the statement's row, if there is one, and end the statement. */
static int
user_take(struct nk_stmt *st, struct nk_user **up)
{
	struct nk_user u;
	int r;

	if ((r = nk_stmt_step(st)) == 1) {
		if ((r = user_read(st, &u)) == 0)
			r = user_copy(up, &u);
	} else if (r == 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}

void
nk_user_forget(struct nk_store *s)
{
	nk_user_free(s->user);
	s->user = NULL;
}

/*
 * An edit asks for the same row many times.  Within a transaction it is the
 * one that was read or written last; without a copy it is read once more.
 */
static void
user_keep(struct nk_store *s, const struct nk_user *u)
{
	if (!s->writing && s->readers == 0)
		return;
	nk_user_forget(s);
	(void)user_copy(&s->user, u);
}

static int
user_by_int(struct nk_store *s, const char *sql, int64_t v,
    struct nk_user **up)
{
	struct nk_stmt *st;
	int r;

	*up = NULL;
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, v);
	if ((r = user_take(st, up)) == 0)
		user_keep(s, *up);
	return r;
}

static int
user_by_text(struct nk_store *s, const char *sql, const char *text,
    struct nk_user **up)
{
	struct nk_stmt *st;
	int r;

	*up = NULL;
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, text);
	if ((r = user_take(st, up)) == 0)
		user_keep(s, *up);
	return r;
}

int
nk_user_get(struct nk_store *s, int64_t id, struct nk_user **up)
{
	if (s->user != NULL && s->user->id == id &&
	    nk_db_in_transaction(s->db))
		return user_copy(up, s->user);
	return user_by_int(s, SELECT "WHERE id = $1", id, up);
}

/* The same for who writes the row, and so has no use for what is kept. */
static int
user_get_kept(struct nk_store *s, int64_t id, struct nk_user **up)
{
	if (s->user == NULL || s->user->id != id ||
	    !nk_db_in_transaction(s->db))
		return user_by_int(s, SELECT "WHERE id = $1", id, up);
	*up = s->user;
	s->user = NULL;
	return 0;
}

int
nk_user_by_name(struct nk_store *s, const char *name, struct nk_user **up)
{
	return user_by_text(s, SELECT "WHERE name = $1", name, up);
}

int
nk_user_id(struct nk_store *s, const char *name, int64_t *idp)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT id FROM users WHERE name = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, name);
	if ((r = nk_stmt_step(st)) == 1) {
		*idp = nk_stmt_int(st, 0, 1, INT64_MAX);
		r = nk_stmt_check(st);
	} else if (r == 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_user_by_uid(struct nk_store *s, uint32_t uid, struct nk_user **up)
{
	int r;

	r = user_by_int(s, SELECT "WHERE uid = $1 AND managed = 1", uid, up);
	if (r != -ENOENT)
		return r;
	return user_by_int(s, SELECT "WHERE uid = $1 AND managed = 0"
	    " ORDER BY id LIMIT 1", uid, up);
}

int
nk_user_by_home(struct nk_store *s, const char *home, int64_t but,
    struct nk_user **up)
{
	struct nk_stmt *st;
	int r;

	*up = NULL;
	if ((r = nk_db_stmt(s->db, SELECT "WHERE home = $1 AND id <> $2"
	    " ORDER BY id LIMIT 1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, home);
	nk_stmt_bind_int(st, 2, but);
	return user_take(st, up);
}

/* st's rows to fn, as read() takes them; ends the statement. */
static int
user_walk(struct nk_stmt *st,
    int (*read)(struct nk_stmt *st, struct nk_user *u),
    int (*fn)(void *arg, const struct nk_user *u), void *arg)
{
	struct nk_user u;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = read(st, &u)) < 0 || (r = fn(arg, &u)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_user_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_user *u), void *arg)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	return user_walk(st, user_read, fn, arg);
}

int
nk_user_each_mapped(struct nk_store *s,
    int (*fn)(void *arg, const struct nk_user *u), void *arg)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT " MAPPED " FROM users ORDER BY id",
	    &st)) < 0)
		return r;
	return user_walk(st, user_read_mapped, fn, arg);
}

int
nk_user_each_admin(struct nk_store *s,
    int (*fn)(void *arg, const struct nk_user *u), void *arg)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE admin = 1 ORDER BY id",
	    &st)) < 0)
		return r;
	return user_walk(st, user_read, fn, arg);
}

int
nk_user_count(struct nk_store *s, int64_t *np)
{
	return nk_db_get(s->db, "SELECT COUNT(*) FROM users", 0, NULL, np);
}

int
nk_user_count_admins(struct nk_store *s, int64_t but, int64_t *np)
{
	return nk_db_get(s->db, "SELECT COUNT(*) FROM users WHERE admin = 1"
	    " AND managed = 1 AND locked = 0 AND id <> $1", 1, &but, np);
}

/* ---- writing ---- */

/* For each statement that writes users. */
static int
user_run(struct nk_store *s, struct nk_stmt *st)
{
	nk_user_forget(s);
	return nk_stmt_run(st, NULL);
}

static int
user_run_ints(struct nk_store *s, const char *sql, int n, const int64_t *v,
    int64_t *changedp)
{
	nk_user_forget(s);
	return nk_db_run(s->db, sql, n, v, changedp);
}

int
nk_user_insert(struct nk_store *s, struct nk_user *u)
{
	struct nk_stmt *st;
	struct nk_user row = *u;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = user_check(u)) < 0 ||
	    (r = nk_counter_next(s, NK_COUNTER_USER, &row.id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO users (" INDEXED ", " PLAIN
	    ", id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
	    " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,"
	    " $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)", &st)) < 0)
		return r;
	row.generation = 1;
	row.in_managed_group = u->in_managed_group || u->managed;
	bind_indexed(st, &row);
	bind_plain(st, NINDEXED + 1, &row);
	nk_stmt_bind_int(st, NINDEXED + NPLAIN + 1, row.id);
	if ((r = user_run(s, st)) < 0)
		return r;
	if ((r = nk_span_add(s, NK_SPAN_UID, row.uid)) < 0 ||
	    (row.keyfile_mode != NK_KEYFILE_NONE &&
	    (r = nk_central_follow(s, &row)) < 0) ||
	    (r = nk_sudo_follow_user(s, NULL, &row)) < 0 ||
	    (r = nk_change_note(s, NK_CHANGE_USER, row.id)) < 0)
		return nk_store_half(s, r);
	u->id = row.id;
	u->generation = row.generation;
	u->in_managed_group = row.in_managed_group;
	return 0;
}

/* The uid was given up by one row; does another one have it? */
static int
uid_release(struct nk_store *s, uint32_t uid)
{
	int64_t v = uid, id;
	int r;

	r = nk_db_get(s->db, "SELECT id FROM users WHERE uid = $1"
	    " AND managed = 1", 1, &v, &id);
	if (r == -ENOENT)
		r = nk_db_get(s->db, "SELECT id FROM users WHERE uid = $1"
		    " AND managed = 0 LIMIT 1", 1, &v, &id);
	return r == -ENOENT ? nk_span_remove(s, NK_SPAN_UID, uid) : r;
}

static bool
same_rank(const struct nk_user *a, const struct nk_user *b)
{
	return a->managed == b->managed && a->admin == b->admin &&
	    a->in_managed_group == b->in_managed_group && a->uid == b->uid;
}

/*
 * Write what stands in indexes, in one statement, for it may be refused:
 * only the name if nothing else changed.
 */
static int
update_indexed(struct nk_store *s, const struct nk_user *old,
    const struct nk_user *u)
{
	struct nk_stmt *st;
	bool rest = !same_rank(old, u) || old->group_id != u->group_id ||
	    old->keyfile_mode != u->keyfile_mode ||
	    !nk_text_same(old->home, u->home) ||
	    !nk_text_same(old->sudo_commands, u->sudo_commands) ||
	    !nk_text_same(old->sudo_commands_nopasswd,
	    u->sudo_commands_nopasswd);
	int r;

	if (!rest && nk_text_same(old->name, u->name))
		return 0;
	if (!rest) {
		if ((r = nk_db_stmt(s->db, "UPDATE users SET name = $1"
		    " WHERE id = $2", &st)) < 0)
			return r;
		nk_stmt_bind_text(st, 1, u->name);
		nk_stmt_bind_int(st, 2, u->id);
		return user_run(s, st);
	}
	if ((r = nk_db_stmt(s->db, "UPDATE users SET managed = $1,"
	    " admin = $2, in_managed_group = $3, uid = $4, group_id = $5,"
	    " name = $6, home = $7, sudo_commands = $8,"
	    " sudo_commands_nopasswd = $9, keyfile_mode = $10"
	    " WHERE id = $11", &st)) < 0)
		return r;
	bind_indexed(st, u);
	nk_stmt_bind_int(st, NINDEXED + 1, u->id);
	return user_run(s, st);
}

static int
update_plain(struct nk_store *s, const struct nk_user *u)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "UPDATE users SET builtin = $1,"
	    " locked = $2, password_disabled = $3,"
	    " ssh_password_enabled = $4, smb = $5, webshare = $6,"
	    " must_change = $7, full_name = $8, shell = $9, email = $10,"
	    " userns_idmap = $11, hash = $12, password_history = $13,"
	    " generation = $14, expires_at = $15, created_at = $16,"
	    " last_password_change = $17, last_login_at = $18,"
	    " min_days = $19, max_days = $20, warn_days = $21,"
	    " inactive_days = $22 WHERE id = $23",
	    &st)) < 0)
		return r;
	bind_plain(st, 1, u);
	nk_stmt_bind_int(st, NPLAIN + 1, u->id);
	return user_run(s, st);
}

/* A session, token or key of the old row must not serve the new one. */
static bool
raises_generation(const struct nk_user *a, const struct nk_user *b)
{
	return a->locked != b->locked || a->admin != b->admin ||
	    a->managed != b->managed || a->uid != b->uid ||
	    a->expires_at != b->expires_at ||
	    !nk_text_same(a->name, b->name) ||
	    !nk_text_same(a->hash, b->hash);
}

static bool
same_on_maps(const struct nk_user *a, const struct nk_user *b)
{
	return a->generation == b->generation && same_rank(a, b) &&
	    a->group_id == b->group_id &&
	    a->password_disabled == b->password_disabled &&
	    a->ssh_password_enabled == b->ssh_password_enabled &&
	    a->must_change == b->must_change &&
	    a->keyfile_mode == b->keyfile_mode &&
	    a->last_password_change == b->last_password_change &&
	    a->min_days == b->min_days && a->max_days == b->max_days &&
	    a->warn_days == b->warn_days &&
	    a->inactive_days == b->inactive_days &&
	    nk_text_same(a->full_name, b->full_name) &&
	    nk_text_same(a->home, b->home) &&
	    nk_text_same(a->shell, b->shell);
}

static int
update(struct nk_store *s, const struct nk_user *old,
    const struct nk_user *u)
{
	int r;

	if ((r = update_indexed(s, old, u)) < 0)
		return r;
	if ((r = update_plain(s, u)) < 0 ||
	    (old->uid != u->uid &&
	    ((r = nk_span_add(s, NK_SPAN_UID, u->uid)) < 0 ||
	    (r = uid_release(s, old->uid)) < 0)) ||
	    ((old->uid != u->uid || old->keyfile_mode != u->keyfile_mode) &&
	    (r = nk_central_follow(s, u)) < 0) ||
	    (r = nk_sudo_follow_user(s, old, u)) < 0 ||
	    (!same_on_maps(old, u) &&
	    (r = nk_change_note(s, NK_CHANGE_USER, u->id)) < 0))
		return nk_store_half(s, r);
	return 0;
}

int
nk_user_update(struct nk_store *s, const struct nk_user *u)
{
	struct nk_user row = *u, *old;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = user_check(u)) < 0)
		return r;
	if (u->id == NK_USER_ROOT_ID &&
	    (u->managed || !u->builtin || u->uid != 0))
		return -EINVAL;
	if ((r = user_get_kept(s, u->id, &old)) < 0)
		return r;
	row.in_managed_group = u->in_managed_group || u->managed;
	row.generation = old->generation + raises_generation(old, u);
	if ((r = update(s, old, &row)) == 0)
		user_keep(s, &row);
	nk_user_free(old);
	return r;
}

int
nk_user_latch(struct nk_store *s, int64_t id)
{
	int64_t changed;
	int r;

	if (s->user != NULL && s->user->id == id &&
	    s->user->in_managed_group && nk_db_in_transaction(s->db))
		return 0;
	if ((r = user_run_ints(s, "UPDATE users SET in_managed_group = 1"
	    " WHERE id = $1 AND in_managed_group = 0", 1, &id,
	    &changed)) < 0 || changed == 0)
		return r;
	return nk_change_note(s, NK_CHANGE_USER, id);
}

int
nk_user_delete(struct nk_store *s, int64_t id)
{
	int64_t uid, keys;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (id == NK_USER_ROOT_ID)
		return -EPERM;
	if ((r = nk_db_get(s->db, "SELECT uid FROM users WHERE id = $1",
	    1, &id, &uid)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM keys WHERE user_id = $1",
	    1, &id, &keys)) < 0)
		return r;
	if ((r = nk_db_run(s->db, "DELETE FROM members WHERE user_id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM otp WHERE user_id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM api_keys WHERE user_id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = nk_central_drop(s, id)) < 0 ||
	    (r = nk_sudo_drop_user(s, id)) < 0 ||
	    (r = user_run_ints(s, "DELETE FROM users WHERE id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = uid_release(s, (uint32_t)uid)) < 0 ||
	    (r = nk_change_note(s, NK_CHANGE_USER, id)) < 0 ||
	    (keys > 0 &&
	    (r = nk_change_note(s, NK_CHANGE_KEYS, id)) < 0))
		return nk_store_half(s, r);
	return 0;
}

int
nk_user_set_last_login(struct nk_store *s, int64_t id, int64_t when)
{
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if ((r = user_run_ints(s, "UPDATE users SET last_login_at = $1"
	    " WHERE id = $2", 2, (int64_t[]){ when, id }, &changed)) < 0)
		return r;
	return changed == 1 ? 0 : -ENOENT;
}
