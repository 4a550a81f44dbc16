/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"kind, hash, digits, period, code_window, next_factor," \
		" created_at, last_used_at"
#define SELECT	"SELECT user_id, " COLUMNS " FROM otp "

static int
otp_read(struct nk_stmt *st, struct nk_otp *o)
{
	int i = 0;

	o->user_id = nk_stmt_int(st, i++, 1, INT64_MAX);
	o->kind = (enum nk_otp_kind)nk_stmt_int(st, i++, NK_OTP_TOTP,
	    NK_OTP_HOTP);
	o->hash = (enum nk_otp_hash)nk_stmt_int(st, i++, NK_OTP_SHA1,
	    NK_OTP_SHA512);
	o->digits = (unsigned int)nk_stmt_int(st, i++, 0, INT_MAX);
	o->period = (unsigned int)nk_stmt_int(st, i++, 0, INT_MAX);
	o->window = (unsigned int)nk_stmt_int(st, i++, 0, INT_MAX);
	o->next = nk_stmt_int(st, i++, 0, INT64_MAX);
	o->created_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	o->last_used_at = nk_stmt_int(st, i, 0, INT64_MAX);
	return nk_stmt_check(st);
}

int
nk_otp_get(struct nk_store *s, int64_t user, struct nk_otp *o)
{
	struct nk_stmt *st;
	int r;

	*o = (struct nk_otp){ .user_id = 0 };
	if ((r = nk_db_stmt(s->db, SELECT "WHERE user_id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, user);
	if ((r = nk_stmt_step(st)) == 1)
		r = otp_read(st, o);
	else if (r == 0)
		r = -ENOENT;
	nk_stmt_end(st);
	return r;
}

int
nk_otp_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_otp *o), void *arg)
{
	struct nk_stmt *st;
	struct nk_otp o;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE user_id > $1"
	    " ORDER BY user_id", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = otp_read(st, &o)) < 0 || (r = fn(arg, &o)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_otp_sealed_get(struct nk_store *s, int64_t user, enum nk_otp_part part,
    uint8_t **sealedp, size_t *lenp)
{
	return nk_blob_get(s->db, part == NK_OTP_SEED ?
	    "SELECT seed FROM otp WHERE user_id = $1"
	    " AND seed IS NOT NULL" :
	    "SELECT recovery FROM otp WHERE user_id = $1"
	    " AND recovery IS NOT NULL", user, sealedp, lenp);
}

/* ---- writing ---- */

static int
otp_check(const struct nk_otp *o)
{
	if (o->kind > NK_OTP_HOTP || o->hash > NK_OTP_SHA512 ||
	    (o->digits != 6 && o->digits != 8) || o->period > INT_MAX ||
	    (o->period == 0) != (o->kind == NK_OTP_HOTP) ||
	    o->window > INT_MAX || o->next < 0 || o->created_at < 0 ||
	    o->last_used_at < 0)
		return -EINVAL;
	return 0;
}

static int
otp_insert(struct nk_store *s, const struct nk_otp *o)
{
	struct nk_stmt *st;
	int i = 1, r;

	if ((r = nk_db_stmt(s->db, "INSERT INTO otp (" COLUMNS ", user_id)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, i++, o->kind);
	nk_stmt_bind_int(st, i++, o->hash);
	nk_stmt_bind_int(st, i++, o->digits);
	nk_stmt_bind_int(st, i++, o->period);
	nk_stmt_bind_int(st, i++, o->window);
	nk_stmt_bind_int(st, i++, o->next);
	nk_stmt_bind_int(st, i++, o->created_at);
	nk_stmt_bind_int(st, i++, o->last_used_at);
	nk_stmt_bind_int(st, i, o->user_id);
	return nk_stmt_run(st, NULL);
}

int
nk_otp_put(struct nk_store *s, const struct nk_otp *o)
{
	int64_t user = o->user_id, there;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = otp_check(o)) < 0 ||
	    (r = nk_db_get(s->db, "SELECT id FROM users WHERE id = $1", 1,
	    &user, &there)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM otp WHERE user_id = $1", 1,
	    &user, NULL)) < 0)
		return r;
	if ((r = otp_insert(s, o)) < 0 ||
	    (r = nk_change_note(s, NK_CHANGE_USER, user)) < 0)
		return nk_store_half(s, r);
	return 0;
}

int
nk_otp_delete(struct nk_store *s, int64_t user)
{
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM otp WHERE user_id = $1", 1,
	    &user, &changed)) < 0)
		return r;
	if (changed == 0)
		return -ENOENT;
	return nk_store_half(s, nk_change_note(s, NK_CHANGE_USER, user));
}

int
nk_otp_set_used(struct nk_store *s, int64_t user, int64_t next, int64_t when)
{
	const int64_t v[] = { next, when, user };
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (next < 0 || when < 0)
		return -EINVAL;
	if ((r = nk_db_run(s->db, "UPDATE otp SET next_factor = $1,"
	    " last_used_at = $2 WHERE user_id = $3 AND next_factor <= $1",
	    3, v, &changed)) < 0)
		return r;
	return changed == 1 ? 0 : -ENOENT;
}

int
nk_otp_sealed_set(struct nk_store *s, int64_t user, enum nk_otp_part part,
    const uint8_t *sealed, size_t len)
{
	struct nk_stmt *st;
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	r = part == NK_OTP_SEED ?
	    nk_db_stmt(s->db, "UPDATE otp SET seed = $1"
	    " WHERE user_id = $2", &st) :
	    nk_db_stmt(s->db, "UPDATE otp SET recovery = $1"
	    " WHERE user_id = $2", &st);
	if (r < 0)
		return r;
	nk_stmt_bind_blob(st, 1, len == 0 ? NULL : sealed, len);
	nk_stmt_bind_int(st, 2, user);
	if ((r = nk_stmt_run(st, &changed)) < 0)
		return r;
	return changed == 1 ? 0 : -ENOENT;
}
