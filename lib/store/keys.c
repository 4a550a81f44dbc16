/* SPDX-License-Identifier: ISC */

/*
 * Lines of authorized_keys.  Two key lines of a user never say the same
 * (type, blob, options, comment, expiry); comments and blanks may.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"user_id, position, kind, cert_authority, bits, type," \
		" blob, fingerprint, options, comment, added_by, added_at," \
		" expires_at, last_used_at, last_used_from"
#define SELECT	"SELECT id, " COLUMNS " FROM keys "
/* What maps are made of, for who reads a million rows. */
#define MAPPED	"user_id, kind, cert_authority, type, blob, options, comment," \
		" expires_at"
#define NONE	SIZE_MAX

void
nk_key_clear(struct nk_key *k)
{
	free(k->type);
	free(k->blob);
	free(k->fingerprint);
	free(k->options);
	free(k->comment);
	free(k->added_by);
	free(k->last_used_from);
	memset(k, 0, sizeof(*k));
}

void
nk_keys_clear(struct nk_keys *ks)
{
	size_t i;

	for (i = 0; i < ks->n; i++)
		nk_key_clear(&ks->v[i]);
	free(ks->v);
	ks->v = NULL;
	ks->n = 0;
}

static int
key_copy(struct nk_key *k, const struct nk_key *from)
{
	int r;

	*k = *from;
	k->blob = NULL;
	k->type = k->fingerprint = k->options = k->comment = NULL;
	k->added_by = k->last_used_from = NULL;
	if (from->blob != NULL) {
		if ((k->blob = malloc(from->blob_len)) == NULL)
			return -ENOMEM;
		memcpy(k->blob, from->blob, from->blob_len);
	}
	if ((r = nk_text_copy(&k->type, from->type)) < 0 ||
	    (r = nk_text_copy(&k->fingerprint, from->fingerprint)) < 0 ||
	    (r = nk_text_copy(&k->options, from->options)) < 0 ||
	    (r = nk_text_copy(&k->comment, from->comment)) < 0 ||
	    (r = nk_text_copy(&k->added_by, from->added_by)) < 0 ||
	    (r = nk_text_copy(&k->last_used_from, from->last_used_from)) < 0)
		nk_key_clear(k);
	return r;
}

/* Borrow the row that st stands at. */
static int
key_read(struct nk_stmt *st, struct nk_key *k)
{
	int i = 0;

	k->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	k->user_id = nk_stmt_int(st, i++, 1, INT64_MAX);
	k->position = nk_stmt_int(st, i++, 1, INT64_MAX);
	k->kind = (enum nk_key_kind)nk_stmt_int(st, i++, 0, NK_KEY_BLANK);
	k->cert_authority = nk_stmt_bool(st, i++);
	k->bits = (uint32_t)nk_stmt_int(st, i++, 0, UINT32_MAX);
	k->type = nk_stmt_text_or_null(st, i++);
	k->blob = nk_stmt_blob(st, i++, &k->blob_len);
	k->fingerprint = nk_stmt_text_or_null(st, i++);
	k->options = nk_stmt_text_or_null(st, i++);
	k->comment = nk_stmt_text_or_null(st, i++);
	k->added_by = nk_stmt_text(st, i++);
	k->added_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	k->expires_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	k->last_used_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	k->last_used_from = nk_stmt_text_or_null(st, i);
	return nk_stmt_check(st);
}

/* The same with the columns of MAPPED; the rest of the row is empty. */
static int
key_read_mapped(struct nk_stmt *st, struct nk_key *k)
{
	int i = 0;

	*k = (struct nk_key){ 0 };
	k->user_id = nk_stmt_int(st, i++, 1, INT64_MAX);
	k->kind = (enum nk_key_kind)nk_stmt_int(st, i++, 0, NK_KEY_BLANK);
	k->cert_authority = nk_stmt_bool(st, i++);
	k->type = nk_stmt_text_or_null(st, i++);
	k->blob = nk_stmt_blob(st, i++, &k->blob_len);
	k->options = nk_stmt_text_or_null(st, i++);
	k->comment = nk_stmt_text_or_null(st, i++);
	k->expires_at = nk_stmt_int(st, i, 0, INT64_MAX);
	return nk_stmt_check(st);
}

static void
key_bind(struct nk_stmt *st, const struct nk_key *k)
{
	nk_stmt_bind_int(st, 1, k->user_id);
	nk_stmt_bind_int(st, 2, k->position);
	nk_stmt_bind_int(st, 3, (int64_t)k->kind);
	nk_stmt_bind_int(st, 4, k->cert_authority);
	nk_stmt_bind_int(st, 5, k->bits);
	nk_stmt_bind_text(st, 6, k->type);
	nk_stmt_bind_blob(st, 7, k->blob, k->blob_len);
	nk_stmt_bind_text(st, 8, k->fingerprint);
	nk_stmt_bind_text(st, 9, k->options);
	nk_stmt_bind_text(st, 10, k->comment);
	nk_stmt_bind_text(st, 11, k->added_by);
	nk_stmt_bind_int(st, 12, k->added_at);
	nk_stmt_bind_int(st, 13, k->expires_at);
	nk_stmt_bind_int(st, 14, k->last_used_at);
	nk_stmt_bind_text(st, 15, k->last_used_from);
	nk_stmt_bind_int(st, 16, k->id);
}

static bool
one_line(const char *text)
{
	return text == NULL || strchr(text, '\n') == NULL;
}

static int
key_check(const struct nk_key *k)
{
	bool key = k->kind == NK_KEY_KEY;

	if ((unsigned int)k->kind > NK_KEY_BLANK || k->added_by == NULL ||
	    k->added_at < 0 || k->expires_at < 0 || k->last_used_at < 0)
		return -EINVAL;
	if (key != (k->type != NULL) || key != (k->fingerprint != NULL) ||
	    key != (k->blob != NULL && k->blob_len > 0))
		return -EINVAL;
	if ((k->blob == NULL && k->blob_len > 0) || !one_line(k->type) ||
	    !one_line(k->options) || !one_line(k->comment))
		return -EINVAL;
	return 0;
}

/* ---- reading ---- */

/* The rows from where st stands, as copies; the statement ends. */
static int
keys_take(struct nk_stmt *st, struct nk_keys *ks)
{
	struct nk_key k, *v;
	size_t room = 0;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		if (ks->n == room) {
			room = room == 0 ? 8 : room * 2;
			v = reallocarray(ks->v, room, sizeof(*v));
			if (v == NULL) {
				r = -ENOMEM;
				break;
			}
			ks->v = v;
		}
		if ((r = key_read(st, &k)) < 0 ||
		    (r = key_copy(&ks->v[ks->n], &k)) < 0)
			break;
		ks->n++;
	}
	nk_stmt_end(st);
	if (r < 0)
		nk_keys_clear(ks);
	return r;
}

int
nk_keys_of_user(struct nk_store *s, int64_t user, struct nk_keys *ks)
{
	struct nk_stmt *st;
	int r;

	ks->v = NULL;
	ks->n = 0;
	if ((r = nk_db_stmt(s->db, SELECT "WHERE user_id = $1"
	    " ORDER BY position", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, user);
	return keys_take(st, ks);
}

int
nk_keys_by_fingerprint(struct nk_store *s, const char *fingerprint,
    struct nk_keys *ks)
{
	struct nk_stmt *st;
	int r;

	ks->v = NULL;
	ks->n = 0;
	if ((r = nk_db_stmt(s->db, SELECT "WHERE fingerprint = $1"
	    " ORDER BY user_id, position", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, fingerprint);
	return keys_take(st, ks);
}

int
nk_user_has_key(struct nk_store *s, int64_t user, const char *fingerprint)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT id FROM keys"
	    " WHERE fingerprint = $1 AND user_id = $2 LIMIT 1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, fingerprint);
	nk_stmt_bind_int(st, 2, user);
	r = nk_stmt_step(st);
	nk_stmt_end(st);
	return r;
}

int
nk_key_holders(struct nk_store *s, const char *fingerprint, int64_t but,
    size_t max, struct nk_ids *users)
{
	struct nk_stmt *st;
	int r;

	users->v = NULL;
	users->n = 0;
	if ((r = nk_db_stmt(s->db, "SELECT DISTINCT user_id FROM keys"
	    " WHERE fingerprint = $1 AND user_id <> $2 ORDER BY user_id"
	    " LIMIT $3", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, fingerprint);
	nk_stmt_bind_int(st, 2, but);
	nk_stmt_bind_int(st, 3, max > INT32_MAX ? INT32_MAX : (int64_t)max);
	return nk_ids_take(st, users);
}

/* st's rows to fn, as read() takes them; ends the statement. */
static int
key_walk(struct nk_stmt *st,
    int (*read)(struct nk_stmt *st, struct nk_key *k),
    int (*fn)(void *arg, const struct nk_key *k), void *arg)
{
	struct nk_key k;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = read(st, &k)) < 0 || (r = fn(arg, &k)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

#define IN_ORDER " FROM keys WHERE user_id > 0 ORDER BY user_id, position"

int
nk_key_each(struct nk_store *s, int (*fn)(void *arg, const struct nk_key *k),
    void *arg)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT id, " COLUMNS IN_ORDER, &st)) < 0)
		return r;
	return key_walk(st, key_read, fn, arg);
}

int
nk_key_each_mapped(struct nk_store *s,
    int (*fn)(void *arg, const struct nk_key *k), void *arg)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT " MAPPED IN_ORDER, &st)) < 0)
		return r;
	return key_walk(st, key_read_mapped, fn, arg);
}

/* ---- writing ---- */

/* k has its user and position; it gets its id. */
static int
key_insert(struct nk_store *s, struct nk_key *k)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_counter_next(s, NK_COUNTER_KEY, &k->id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO keys (" COLUMNS ", id)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	    " $13, $14, $15, $16)", &st)) < 0)
		return r;
	key_bind(st, k);
	return nk_stmt_run(st, NULL);
}

/* The user's key line that says what k says; 0: none. */
static int
find_same(struct nk_store *s, const struct nk_key *k, int64_t *idp,
    int64_t *positionp)
{
	struct nk_stmt *st;
	int r;

	*idp = 0;
	if ((r = nk_db_stmt(s->db, "SELECT id, position FROM keys"
	    " WHERE user_id = $1 AND fingerprint = $2 AND blob = $3"
	    " AND type = $4 AND options IS NOT DISTINCT FROM $5"
	    " AND comment IS NOT DISTINCT FROM $6 AND expires_at = $7"
	    " AND cert_authority = $8", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, k->user_id);
	nk_stmt_bind_text(st, 2, k->fingerprint);
	nk_stmt_bind_blob(st, 3, k->blob, k->blob_len);
	nk_stmt_bind_text(st, 4, k->type);
	nk_stmt_bind_text(st, 5, k->options);
	nk_stmt_bind_text(st, 6, k->comment);
	nk_stmt_bind_int(st, 7, k->expires_at);
	nk_stmt_bind_int(st, 8, k->cert_authority);
	if ((r = nk_stmt_step(st)) == 1) {
		*idp = nk_stmt_int(st, 0, 1, INT64_MAX);
		*positionp = nk_stmt_int(st, 1, 1, INT64_MAX);
		r = nk_stmt_check(st);
	}
	nk_stmt_end(st);
	return r;
}

/* What is to be told after a user's lines changed. */
static int
changed(struct nk_store *s, int64_t user, bool has_key)
{
	int r;

	if (has_key && (r = nk_user_latch(s, user)) < 0)
		return r;
	return nk_change_note(s, NK_CHANGE_KEYS, user);
}

int
nk_key_append(struct nk_store *s, struct nk_key *k)
{
	struct nk_key row = *k;
	int64_t id = 0, last = 0;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = key_check(k)) < 0)
		return r;
	r = nk_db_get(s->db, "SELECT MAX(position) FROM keys"
	    " WHERE user_id = $1", 1, &k->user_id, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	if (last > 0 && k->kind == NK_KEY_KEY) {
		if ((r = find_same(s, k, &id, &row.position)) < 0)
			return r;
		if (id != 0) {
			k->id = id;
			k->position = row.position;
			return 0;
		}
	}
	if (last == INT64_MAX)
		return -EOVERFLOW;
	row.position = last + 1;
	if ((r = key_insert(s, &row)) < 0)
		return r;
	if ((r = changed(s, k->user_id, k->kind == NK_KEY_KEY)) < 0)
		return nk_store_half(s, r);
	k->id = row.id;
	k->position = row.position;
	return 0;
}

int
nk_keys_remove(struct nk_store *s, int64_t user, const char *fingerprint,
    size_t *np)
{
	struct nk_stmt *st;
	int64_t n;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "DELETE FROM keys"
	    " WHERE user_id = $1 AND fingerprint = $2", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, user);
	nk_stmt_bind_text(st, 2, fingerprint);
	if ((r = nk_stmt_run(st, &n)) < 0)
		return r;
	if (n > 0 && (r = changed(s, user, false)) < 0)
		return nk_store_half(s, r);
	*np = (size_t)n;
	return 0;
}

int
nk_key_set_last_used(struct nk_store *s, int64_t id, int64_t when,
    const char *from)
{
	struct nk_stmt *st;
	int64_t n;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "UPDATE keys SET last_used_at = $1,"
	    " last_used_from = $2 WHERE id = $3", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, when);
	nk_stmt_bind_text(st, 2, from);
	nk_stmt_bind_int(st, 3, id);
	if ((r = nk_stmt_run(st, &n)) < 0)
		return r;
	return n == 1 ? 0 : -ENOENT;
}

/* ---- replacing all lines ---- */

/* A line and where it stood. */
struct place {
	const struct nk_key	*k;
	size_t			 i;
};

static int
text_cmp(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
int_cmp(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* 0: both lines say the same. */
static int
line_cmp(const struct nk_key *a, const struct nk_key *b)
{
	int c;

	if ((c = int_cmp((int64_t)a->kind, (int64_t)b->kind)) != 0 ||
	    (c = int_cmp((int64_t)a->blob_len, (int64_t)b->blob_len)) != 0 ||
	    (a->blob_len > 0 &&
	    (c = memcmp(a->blob, b->blob, a->blob_len)) != 0) ||
	    (c = int_cmp(a->cert_authority, b->cert_authority)) != 0 ||
	    (c = int_cmp(a->expires_at, b->expires_at)) != 0 ||
	    (c = text_cmp(a->type, b->type)) != 0 ||
	    (c = text_cmp(a->options, b->options)) != 0)
		return c;
	return text_cmp(a->comment, b->comment);
}

static int
place_cmp(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = line_cmp(x->k, y->k);

	return c != 0 ? c : (x->i > y->i) - (x->i < y->i);
}

static struct place *
sorted(const struct nk_keys *ks)
{
	struct place *v;
	size_t i;

	if ((v = calloc(ks->n + 1, sizeof(*v))) == NULL)
		return NULL;
	for (i = 0; i < ks->n; i++) {
		v[i].k = &ks->v[i];
		v[i].i = i;
	}
	qsort(v, ks->n, sizeof(*v), place_cmp);
	return v;
}

/* What becomes of each line. */
struct plan {
	size_t	*old;		/* new line: the equal old one, or NONE */
	size_t	*twin;		/* new line: an earlier one that says the
				   same and stands for both, or NONE */
	bool	*kept;		/* old line: whether it stays */
};

static void
match(struct plan *p, const struct place *new, size_t nnew,
    const struct place *old, size_t nold)
{
	size_t i, j = 0;
	int c;

	for (i = 0; i < nnew; i++) {
		if (i > 0 && new[i].k->kind == NK_KEY_KEY &&
		    line_cmp(new[i - 1].k, new[i].k) == 0) {
			p->twin[new[i].i] = p->twin[new[i - 1].i] != NONE ?
			    p->twin[new[i - 1].i] : new[i - 1].i;
			continue;
		}
		c = 1;
		while (j < nold && (c = line_cmp(old[j].k, new[i].k)) < 0)
			j++;
		if (j < nold && c == 0) {
			p->old[new[i].i] = old[j].i;
			p->kept[old[j].i] = true;
			j++;
		}
	}
}

static int
plan_make(struct plan *p, const struct nk_keys *new,
    const struct nk_keys *old)
{
	struct place *a = NULL, *b = NULL;
	size_t i;
	int r = -ENOMEM;

	p->old = calloc(new->n + 1, sizeof(*p->old));
	p->twin = calloc(new->n + 1, sizeof(*p->twin));
	p->kept = calloc(old->n + 1, sizeof(*p->kept));
	if (p->old == NULL || p->twin == NULL || p->kept == NULL ||
	    (a = sorted(new)) == NULL || (b = sorted(old)) == NULL)
		goto out;
	for (i = 0; i < new->n; i++)
		p->old[i] = p->twin[i] = NONE;
	match(p, a, new->n, b, old->n);
	r = 0;
 out:
	free(a);
	free(b);
	return r;
}

static void
plan_clear(struct plan *p)
{
	free(p->old);
	free(p->twin);
	free(p->kept);
}

static int
drop_others(struct nk_store *s, const struct nk_keys *old,
    const struct plan *p, bool *changedp)
{
	size_t i;
	int r;

	for (i = 0; i < old->n; i++) {
		if (p->kept[i])
			continue;
		*changedp = true;
		if ((r = nk_db_run(s->db, "DELETE FROM keys WHERE id = $1",
		    1, &old->v[i].id, NULL)) < 0)
			return r;
	}
	return 0;
}

/*
 * Old lines keep their positions until one is new or out of order; from
 * there on all get positions above those of the old ones.
 */
static int
put_lines(struct nk_store *s, struct nk_keys *ks, const struct nk_keys *old,
    const struct plan *p, bool *changedp)
{
	const struct nk_key *was;
	int64_t last = 0, fresh = old->n > 0 ? old->v[old->n - 1].position : 0;
	struct nk_key *k;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ks->n; i++) {
		k = &ks->v[i];
		if (p->twin[i] != NONE) {
			k->id = ks->v[p->twin[i]].id;
			k->position = ks->v[p->twin[i]].position;
			continue;
		}
		was = p->old[i] == NONE ? NULL : &old->v[p->old[i]];
		if (was != NULL)
			k->id = was->id;
		if (was != NULL && was->position > last) {
			last = k->position = was->position;
			continue;
		}
		if (fresh == INT64_MAX)
			return -EOVERFLOW;
		last = k->position = ++fresh;
		*changedp = true;
		if (was == NULL)
			r = key_insert(s, k);
		else
			r = nk_db_run(s->db, "UPDATE keys SET position = $1"
			    " WHERE id = $2", 2,
			    (int64_t[]){ k->position, k->id }, NULL);
	}
	return r;
}

static int
replace(struct nk_store *s, int64_t user, struct nk_keys *ks,
    const struct nk_keys *old, const struct plan *p)
{
	bool any = false, has_key = false;
	size_t i;
	int r;

	for (i = 0; i < ks->n; i++) {
		ks->v[i].user_id = user;
		has_key = has_key || ks->v[i].kind == NK_KEY_KEY;
	}
	if ((r = drop_others(s, old, p, &any)) < 0 ||
	    (r = put_lines(s, ks, old, p, &any)) < 0)
		return r;
	return any ? changed(s, user, has_key) : 0;
}

int
nk_keys_replace(struct nk_store *s, int64_t user, struct nk_keys *ks)
{
	struct plan p = { NULL, NULL, NULL };
	struct nk_keys old = { NULL, 0 };
	int64_t id;
	size_t i;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	for (i = 0; i < ks->n; i++) {
		if ((r = key_check(&ks->v[i])) < 0)
			return r;
	}
	if ((r = nk_db_get(s->db, "SELECT id FROM users WHERE id = $1",
	    1, &user, &id)) < 0 ||
	    (r = nk_keys_of_user(s, user, &old)) < 0)
		return r;
	if ((r = plan_make(&p, ks, &old)) == 0)
		r = nk_store_half(s, replace(s, user, ks, &old, &p));
	plan_clear(&p);
	nk_keys_clear(&old);
	return r;
}
