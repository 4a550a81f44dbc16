/* SPDX-License-Identifier: ISC */
#include "lib/store/apikeys.h"

#include <errno.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"number, created_at, expires_at, revoked, user_id," \
		" generation, uid, username, proof, digest, name"
#define SELECT	"SELECT id, " COLUMNS " FROM api_keys "

/* ---- reading ---- */

static int
take_text(struct nk_stmt *st, int column, char *buf, size_t size)
{
	const char *text = nk_stmt_text(st, column);
	size_t len;

	if (text == NULL || (len = strlen(text)) >= size)
		return -EBADMSG;
	memcpy(buf, text, len + 1);
	return 0;
}

static int
key_read(struct nk_stmt *st, struct nk_api_key *k)
{
	struct nk_web_account *a = &k->account;
	int r;

	k->id = nk_stmt_int(st, 0, 1, INT64_MAX);
	k->number = nk_stmt_int(st, 1, 1, INT64_MAX);
	k->created_at = nk_stmt_int(st, 2, 0, INT64_MAX);
	k->expires_at = nk_stmt_int(st, 3, 0, INT64_MAX);
	k->revoked = nk_stmt_bool(st, 4);
	a->user_id = nk_stmt_int(st, 5, 0, INT64_MAX);
	a->generation = nk_stmt_int(st, 6, 0, INT64_MAX);
	a->uid = (uint32_t)nk_stmt_int(st, 7, 0, UINT32_MAX);
	if ((r = take_text(st, 8, a->name, sizeof(a->name))) < 0 ||
	    (r = take_text(st, 9, a->proof, sizeof(a->proof))) < 0 ||
	    (r = take_text(st, 10, k->digest, sizeof(k->digest))) < 0 ||
	    (r = take_text(st, 11, k->name, sizeof(k->name))) < 0)
		return r;
	return nk_stmt_check(st);
}

/* The one row of sql with this parameter. */
static int
read_one(struct nk_store *s, const char *sql, int64_t n,
    struct nk_api_key *k)
{
	struct nk_stmt *st;
	int r;

	*k = (struct nk_api_key){ .id = 0 };
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, n);
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1)
		r = key_read(st, k);
	nk_stmt_end(st);
	return r;
}

int
nk_api_key_get(struct nk_store *s, int64_t id, struct nk_api_key *k)
{
	return read_one(s, SELECT "WHERE id = $1", id, k);
}

int
nk_api_key_by_number(struct nk_store *s, int64_t number,
    struct nk_api_key *k)
{
	return read_one(s, SELECT "WHERE number = $1", number, k);
}

int
nk_api_key_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_api_key *k), void *arg)
{
	struct nk_api_key k;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = key_read(st, &k)) < 0 || (r = fn(arg, &k)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_api_keys_of_user(struct nk_store *s, int64_t user_id, struct nk_ids *ids)
{
	return nk_ids_read(s, "SELECT id FROM api_keys WHERE user_id = $1"
	    " ORDER BY id", user_id, ids);
}

/* ---- writing ---- */

static int
key_check(const struct nk_api_key *k)
{
	return k->name[0] == '\0' || k->account.name[0] == '\0' ||
	    strlen(k->digest) != NK_WEB_DIGEST_SIZE - 1 ||
	    k->created_at < 0 || k->expires_at < 0 ? -EINVAL : 0;
}

static void
key_bind(struct nk_stmt *st, const struct nk_api_key *k)
{
	const struct nk_web_account *a = &k->account;

	nk_stmt_bind_int(st, 1, k->number);
	nk_stmt_bind_int(st, 2, k->created_at);
	nk_stmt_bind_int(st, 3, k->expires_at);
	nk_stmt_bind_int(st, 4, k->revoked);
	nk_stmt_bind_int(st, 5, a->user_id);
	nk_stmt_bind_int(st, 6, a->generation);
	nk_stmt_bind_int(st, 7, a->uid);
	nk_stmt_bind_text(st, 8, a->name);
	nk_stmt_bind_text(st, 9, a->proof);
	nk_stmt_bind_text(st, 10, k->digest);
	nk_stmt_bind_text(st, 11, k->name);
	nk_stmt_bind_int(st, 12, k->id);
}

int
nk_api_key_insert(struct nk_store *s, struct nk_api_key *k)
{
	struct nk_api_key row = *k;
	struct nk_stmt *st;
	int64_t n;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = key_check(k)) < 0 ||
	    (r = nk_db_get(s->db, "SELECT COUNT(*) FROM api_keys", 0, NULL,
	    &n)) < 0)
		return r;
	if (n >= NK_API_KEYS_MAX)
		return -EDQUOT;
	if ((r = nk_counter_next(s, NK_COUNTER_API_KEY, &row.id)) < 0 ||
	    (r = nk_counter_next(s, NK_COUNTER_API_KEY_NUMBER,
	    &row.number)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO api_keys (" COLUMNS ", id)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
	    &st)) < 0)
		return r;
	key_bind(st, &row);
	if ((r = nk_stmt_run(st, NULL)) == 0)
		*k = row;
	return r;
}

int
nk_api_key_update(struct nk_store *s, struct nk_api_key *k, bool renew)
{
	struct nk_api_key row = *k;
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = key_check(k)) < 0 ||
	    (renew && (r = nk_counter_next(s, NK_COUNTER_API_KEY_NUMBER,
	    &row.number)) < 0) ||
	    (r = nk_db_stmt(s->db, "UPDATE api_keys SET number = $1,"
	    " created_at = $2, expires_at = $3, revoked = $4, user_id = $5,"
	    " generation = $6, uid = $7, username = $8, proof = $9,"
	    " digest = $10, name = $11 WHERE id = $12", &st)) < 0)
		return r;
	key_bind(st, &row);
	if ((r = nk_row_run(st)) == 0)
		*k = row;
	return r;
}

int
nk_api_key_delete(struct nk_store *s, int64_t id)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "DELETE FROM api_keys WHERE id = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	return nk_row_run(st);
}
