/* SPDX-License-Identifier: ISC */
#include "tests/fault/edits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/publish/internal.h"

#define BASE_GROUP	"faultbase"
#define BASE_GID	39999u
#define ADDED_AT	1700000000

/* ---- where ---- */

static void
path(char buf[MODEL_TEXT], const char *dir, const char *name)
{
	int n = snprintf(buf, MODEL_TEXT, "%s/%s", dir, name);

	if (n < 0 || n >= (int)MODEL_TEXT)
		abort();
}

void
edits_place_init(struct edits_place *pl, const char *dir)
{
	path(pl->store, dir, "naskeys.db");
	path(pl->session, dir, "session.db");
	path(pl->maps, dir, "maps");
	path(pl->lock, dir, "lock");
	path(pl->revoked, dir, "revoked.krl");
	path(pl->central, dir, "authorized_keys");
	pl->state = (struct nk_state){
		.store = pl->store, .session = pl->session, .maps = pl->maps,
		.lock = pl->lock, .revoked = pl->revoked, .central = pl->central,
		.owner = geteuid(), .keys_gid = getegid(), .managed_gid = 990,
	};
	memset(&pl->conf, 0, sizeof(pl->conf));
	pl->conf.min_id = EDITS_MIN_ID;
	pl->conf.wal_limit = 256 * 1024;
	pl->conf.audit_days = 730;
	pl->conf.audit_rows = 5000000;
}

/* ---- edits ---- */

static int
set(char **sp, const char *text)
{
	char *copy;

	if ((copy = strdup(text)) == NULL)
		return -ENOMEM;
	free(*sp);
	*sp = copy;
	return 0;
}

int
edits_setup(struct nk_publisher *p)
{
	struct nk_group *g;
	int r;

	if ((g = nk_group_new()) == NULL)
		return -ENOMEM;
	g->gid = BASE_GID;
	if ((r = set(&g->name, BASE_GROUP)) < 0 ||
	    (r = nk_edit_begin(p)) < 0)
		goto out;
	if ((r = nk_group_insert(nk_publisher_store(p), g)) < 0) {
		nk_edit_abort(p);
		goto out;
	}
	r = nk_edit_commit(p);
 out:
	nk_group_free(g);
	return r;
}

/* Everything of u that follows from the model. */
static int
fill_user(struct nk_user *u, const struct model *m, unsigned int user)
{
	const struct model_user *mu = &m->users[user];
	char buf[MODEL_TEXT];
	int r;

	u->managed = u->in_managed_group = true;
	u->locked = mu->locked;
	u->uid = model_uid(m, user);
	u->expires_at = mu->expires_at;
	u->keyfile_mode = (enum nk_keyfile_mode)model_mode(m, user);
	u->created_at = ADDED_AT;
	model_user_name(user, mu->name, buf);
	if ((r = set(&u->name, buf)) < 0)
		return r;
	model_gecos(m, user, buf);
	if ((r = set(&u->full_name, buf)) < 0)
		return r;
	model_hash(m, user, buf);
	if ((r = set(&u->hash, buf)) < 0 ||
	    (r = set(&u->home, "/var/empty")) < 0)
		return r;
	return set(&u->shell, "/bin/bash");
}

static int
find_user(struct nk_store *s, const struct model *m, unsigned int user,
    struct nk_user **up)
{
	char name[MODEL_TEXT];

	model_user_name(user, m->users[user].name, name);
	return nk_user_by_name(s, name, up);
}

static int
find_group(struct nk_store *s, const struct model *m, unsigned int group,
    struct nk_group **gp)
{
	char name[MODEL_TEXT];

	model_group_name(group, m->groups[group].version, name);
	return nk_group_by_name(s, name, gp);
}

/* Bytes that look like an ed25519 key, of their own for each. */
static void
key_blob(unsigned int user, unsigned int key, uint8_t blob[51])
{
	static const uint8_t head[] = "\0\0\0\13ssh-ed25519\0\0\0 ";

	memcpy(blob, head, 19);
	memset(blob + 19, (int)(user * 16 + key + 1), 32);
}

static int
add_key(struct nk_store *s, int64_t row, unsigned int user, unsigned int key)
{
	char type[] = "ssh-ed25519", by[] = "tests", comment[MODEL_TEXT];
	char print[64];
	uint8_t blob[51];
	struct nk_key k = { .user_id = row, .kind = NK_KEY_KEY,
	    .bits = 256, .type = type, .blob = blob,
	    .blob_len = sizeof(blob), .fingerprint = print,
	    .comment = comment, .added_by = by, .added_at = ADDED_AT,
	    .expires_at = INT64_MAX };

	key_blob(user, key, blob);
	model_key_comment(user, key, comment);
	(void)snprintf(print, sizeof(print), "SHA256:%02u-%u", user, key);
	return nk_key_append(s, &k);
}

static int
remove_key(struct nk_store *s, int64_t row, unsigned int user,
    unsigned int key)
{
	char print[64];
	size_t n;
	int r;

	(void)snprintf(print, sizeof(print), "SHA256:%02u-%u", user, key);
	if ((r = nk_keys_remove(s, row, print, &n)) < 0)
		return r;
	return n == 1 ? 0 : -ENOENT;
}

static int
create(struct nk_store *s, const struct model *after, const struct op *op)
{
	struct nk_group *g = NULL;
	struct nk_user *u;
	int r;

	if ((u = nk_user_new()) == NULL)
		return -ENOMEM;
	if ((r = fill_user(u, after, op->user)) < 0 ||
	    (r = nk_group_by_name(s, BASE_GROUP, &g)) < 0)
		goto out;
	u->group_id = g->id;
	if ((r = nk_user_insert(s, u)) == 0)
		r = add_key(s, u->id, op->user, op->key);
 out:
	nk_group_free(g);
	nk_user_free(u);
	return r;
}

static int
update(struct nk_store *s, const struct model *m, const struct model *after,
    unsigned int user)
{
	struct nk_user *u;
	int r;

	if ((r = find_user(s, m, user, &u)) < 0)
		return r;
	if ((r = fill_user(u, after, user)) == 0)
		r = nk_user_update(s, u);
	nk_user_free(u);
	return r;
}

static int
bulk(struct nk_store *s, const struct model *m, const struct model *after)
{
	unsigned int i;
	int r;

	r = nk_store_changes_bulk(s);
	for (i = 0; i < MODEL_USERS && r == 0; i++)
		if (m->users[i].there)
			r = update(s, m, after, i);
	return r;
}

/* What touches a user's keys or groups, or the user as a whole. */
static int
with_user(struct nk_store *s, const struct model *m, const struct op *op)
{
	struct nk_group *g = NULL;
	struct nk_user *u;
	int r;

	if ((r = find_user(s, m, op->user, &u)) < 0)
		return r;
	if (op->kind == OP_JOIN || op->kind == OP_LEAVE)
		r = find_group(s, m, op->group, &g);
	if (r < 0)
		goto out;
	switch (op->kind) {
	case OP_ADD_KEY:
		r = add_key(s, u->id, op->user, op->key);
		break;
	case OP_REMOVE_KEY:
		r = remove_key(s, u->id, op->user, op->key);
		break;
	case OP_DELETE:
		r = nk_user_delete(s, u->id);
		break;
	case OP_JOIN:
		r = nk_member_add(s, g->id, u->id);
		break;
	case OP_LEAVE:
		r = nk_member_remove(s, g->id, u->id);
		break;
	default:
		r = -EINVAL;
	}
 out:
	nk_group_free(g);
	nk_user_free(u);
	return r;
}

static int
with_group(struct nk_store *s, const struct model *m,
    const struct model *after, const struct op *op)
{
	uint32_t version = after->groups[op->group].version;
	char name[MODEL_TEXT];
	struct nk_group *g = NULL;
	int r;

	if (op->kind == OP_GROUP_CREATE)
		r = (g = nk_group_new()) == NULL ? -ENOMEM : 0;
	else
		r = find_group(s, m, op->group, &g);
	if (r < 0)
		return r;
	model_group_name(op->group, version, name);
	g->gid = model_gid(op->group, version);
	if ((r = set(&g->name, name)) < 0)
		goto out;
	if (op->kind == OP_GROUP_CREATE)
		r = nk_group_insert(s, g);
	else if (op->kind == OP_GROUP_RENAME)
		r = nk_group_update(s, g);
	else
		r = nk_group_delete(s, g->id);
 out:
	nk_group_free(g);
	return r;
}

int
edits_change(struct nk_store *s, const struct model *m, const struct op *op)
{
	struct model after = *m;

	model_apply(&after, op);
	switch (op->kind) {
	case OP_CREATE:
		return create(s, &after, op);
	case OP_LOCK:
	case OP_UNLOCK:
	case OP_RENAME:
	case OP_UID:
	case OP_EXPIRE:
	case OP_PASSWORD:
		return update(s, m, &after, op->user);
	case OP_BULK:
		return bulk(s, m, &after);
	case OP_GROUP_CREATE:
	case OP_GROUP_RENAME:
	case OP_GROUP_DELETE:
		return with_group(s, m, &after, op);
	default:
		return with_user(s, m, op);
	}
}

int
edits_do(struct nk_publisher *p, const struct model *m, const struct op *op)
{
	struct nk_audit a = { .at = time(NULL), .actor = "tests",
	    .action = op_names[op->kind], .object_kind = "edit",
	    .object_id = (int64_t)m->edits + 1, .object = "", .text = "" };
	struct nk_store *s;
	int r;

	if ((r = nk_edit_begin(p)) < 0)
		return r;
	s = nk_publisher_store(p);
	if ((r = edits_change(s, m, op)) < 0 || (r = nk_audit_add(s, &a)) < 0) {
		nk_edit_abort(p);
		return r;
	}
	return nk_edit_commit(p);
}

int
edits_compact(struct nk_publisher *p)
{
	size_t i;
	int r;

	if ((r = nk_publish_lock(p, NK_LOCK_WAIT_MS)) < 0)
		return r;
	r = nk_publish_refresh(p);
	for (i = 0; i < NK_PUB_MAPS && r == 0; i++)
		r = nk_mapwriter_compact(p->map[i]);
	nk_publish_unlock(p);
	return r;
}

/* ---- the store against the model ---- */

static int
last_edit(void *arg, const struct nk_audit *a)
{
	int64_t *np = arg;

	if (strcmp(a->object_kind, "edit") == 0)
		*np = a->object_id;
	return 0;
}

int64_t
edits_count(struct nk_store *s)
{
	int64_t n = 0;
	int r;

	if ((r = nk_audit_each(s, 0, 0, last_edit, &n)) < 0)
		return r;
	return n;
}

static int
bad(char why[MODEL_TEXT], const char *what, const char *name)
{
	(void)snprintf(why, MODEL_TEXT, "%.200s: %.200s", name, what);
	return -EBADMSG;
}

static int
check_keys(struct nk_store *s, const struct nk_user *u, unsigned int user,
    uint32_t want, char why[MODEL_TEXT])
{
	struct nk_keys ks = { NULL, 0 };
	uint32_t have = 0;
	size_t i;
	int key, r;

	if ((r = nk_keys_of_user(s, u->id, &ks)) < 0)
		return r;
	for (i = 0; i < ks.n && r == 0; i++) {
		char line[MODEL_TEXT];

		(void)snprintf(line, sizeof(line), " %s", ks.v[i].comment);
		key = model_key_of(user, line, strlen(line));
		if (key < 0 || (have & 1u << key) != 0)
			r = bad(why, "a strange key", u->name);
		else
			have |= 1u << key;
	}
	nk_keys_clear(&ks);
	if (r == 0 && have != want)
		r = bad(why, "other keys", u->name);
	return r;
}

static int
check_groups(struct nk_store *s, const struct nk_user *u,
    const struct model *m, unsigned int user, char why[MODEL_TEXT])
{
	struct nk_ids ids = { NULL, 0 };
	struct nk_group *g;
	uint32_t have = 0;
	unsigned int i;
	size_t j;
	int r;

	if ((r = nk_groups_of_user(s, u->id, &ids)) < 0)
		return r;
	for (i = 0; i < MODEL_GROUPS && r == 0; i++) {
		if (!m->groups[i].there)
			continue;
		if ((r = find_group(s, m, i, &g)) < 0) {
			r = bad(why, "its group is not there", u->name);
			break;
		}
		for (j = 0; j < ids.n; j++)
			if (ids.v[j] == g->id)
				have |= 1u << i;
		nk_group_free(g);
	}
	if (r == 0 && (have != m->users[user].groups ||
	    ids.n != (size_t)__builtin_popcount(have)))
		r = bad(why, "other groups", u->name);
	nk_ids_clear(&ids);
	return r;
}

static int
check_user(struct nk_store *s, const struct model *m, unsigned int user,
    char why[MODEL_TEXT])
{
	const struct model_user *mu = &m->users[user];
	char name[MODEL_TEXT], gecos[MODEL_TEXT], hash[MODEL_TEXT];
	struct nk_user *u;
	int r;

	model_user_name(user, mu->name, name);
	r = nk_user_by_name(s, name, &u);
	if (r == -ENOENT)
		return mu->there ? bad(why, "lost", name) : 0;
	if (r < 0)
		return r;
	model_gecos(m, user, gecos);
	model_hash(m, user, hash);
	if (!mu->there)
		r = bad(why, "came back", name);
	else if (u->locked != mu->locked || u->uid != model_uid(m, user) ||
	    u->expires_at != mu->expires_at ||
	    (unsigned int)u->keyfile_mode != model_mode(m, user) ||
	    strcmp(u->full_name, gecos) != 0 || strcmp(u->hash, hash) != 0)
		r = bad(why, "another account", name);
	else if ((r = check_keys(s, u, user, mu->keys, why)) == 0)
		r = check_groups(s, u, m, user, why);
	nk_user_free(u);
	return r;
}

static int
count_group(void *arg, const struct nk_group *g)
{
	int64_t *np = arg;

	(void)g;
	++*np;
	return 0;
}

int
edits_check_store(struct nk_store *s, const struct model *m,
    char why[MODEL_TEXT])
{
	int64_t users, want = 1, groups = 0, want_groups = 2;
	struct nk_group *g;
	unsigned int i;
	int r;

	why[0] = '\0';
	for (i = 0; i < MODEL_USERS; i++) {
		if ((r = check_user(s, m, i, why)) < 0)
			return r;
		want += m->users[i].there;
	}
	for (i = 0; i < MODEL_GROUPS; i++) {
		if (!m->groups[i].there)
			continue;
		want_groups++;
		if ((r = find_group(s, m, i, &g)) < 0)
			return bad(why, "a group is lost", "groups");
		nk_group_free(g);
	}
	if ((r = nk_user_count(s, &users)) < 0 ||
	    (r = nk_group_each(s, 0, count_group, &groups)) < 0)
		return r;
	if (users != want || groups != want_groups)
		return bad(why, "more users or groups", "store");
	return 0;
}
