/* SPDX-License-Identifier: ISC */

/* The central files, and the mode of new users. */

#include <errno.h>

#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"

int
nk_keyfile_central_get(struct nk_store *s, int64_t user_id, uint32_t *uidp)
{
	int64_t uid;
	int r;

	if ((r = nk_db_get(s->db, "SELECT uid FROM keyfile_central"
	    " WHERE user_id = $1", 1, &user_id, &uid)) < 0)
		return r;
	if (uid < 0 || uid > NK_ID_MAX)
		return -EBADMSG;
	*uidp = (uint32_t)uid;
	return 0;
}

int
nk_keyfile_central_by_uid(struct nk_store *s, uint32_t uid,
    int64_t *user_idp)
{
	const int64_t v = uid;

	return nk_db_get(s->db, "SELECT user_id FROM keyfile_central"
	    " WHERE uid = $1", 1, &v, user_idp);
}

int
nk_keyfile_central_each(struct nk_store *s,
    int (*fn)(void *arg, int64_t user_id, uint32_t uid), void *arg)
{
	struct nk_stmt *st;
	int64_t user_id;
	uint32_t uid;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT user_id, uid FROM keyfile_central"
	    " ORDER BY user_id", &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		user_id = nk_stmt_int(st, 0, 1, INT64_MAX);
		uid = (uint32_t)nk_stmt_int(st, 1, 0, NK_ID_MAX);
		if ((r = nk_stmt_check(st)) < 0 ||
		    (r = fn(arg, user_id, uid)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

/* ---- following the users ---- */

static int
central_put(struct nk_store *s, int64_t user_id, uint32_t uid)
{
	const int64_t v[] = { user_id, uid };
	uint32_t old;
	int has, r;

	has = nk_keyfile_central_get(s, user_id, &old);
	if (has < 0 && has != -ENOENT)
		return has;
	if (has == 0 && old == uid)
		return 0;
	if ((r = nk_db_run(s->db, "INSERT INTO keyfile_central (user_id,"
	    " uid) VALUES ($1, $2) ON CONFLICT (user_id)"
	    " DO UPDATE SET uid = excluded.uid", 2, v, NULL)) < 0)
		return r;
	r = nk_change_note(s, NK_CHANGE_CENTRAL, uid);
	if (r == 0 && has == 0)
		r = nk_change_note(s, NK_CHANGE_CENTRAL, old);
	return nk_store_half(s, r);
}

int
nk_central_drop(struct nk_store *s, int64_t user_id)
{
	uint32_t uid;
	int r;

	if ((r = nk_keyfile_central_get(s, user_id, &uid)) < 0)
		return r == -ENOENT ? 0 : r;
	if ((r = nk_db_run(s->db, "DELETE FROM keyfile_central"
	    " WHERE user_id = $1", 1, &user_id, NULL)) < 0)
		return r;
	return nk_store_half(s, nk_change_note(s, NK_CHANGE_CENTRAL, uid));
}

int
nk_central_follow(struct nk_store *s, const struct nk_user *u)
{
	uint32_t uid;
	int r;

	switch (u->keyfile_mode) {
	case NK_KEYFILE_CENTRAL:
		return central_put(s, u->id, u->uid);
	case NK_KEYFILE_HOME:
		if ((r = nk_keyfile_central_get(s, u->id, &uid)) < 0)
			return r == -ENOENT ? 0 : r;
		return central_put(s, u->id, u->uid);
	case NK_KEYFILE_NONE:
	default:
		return nk_central_drop(s, u->id);
	}
}

int
nk_keyfile_central_delete(struct nk_store *s, int64_t user_id)
{
	int64_t mode;
	uint32_t uid;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_keyfile_central_get(s, user_id, &uid)) < 0 ||
	    (r = nk_db_get(s->db, "SELECT keyfile_mode FROM users"
	    " WHERE id = $1", 1, &user_id, &mode)) < 0)
		return r;
	if (mode == NK_KEYFILE_CENTRAL)
		return -EINVAL;
	return nk_central_drop(s, user_id);
}

/* ---- the mode of new users ---- */

int
nk_keyfile_default_get(struct nk_store *s, enum nk_keyfile_mode *modep)
{
	uint8_t value;
	size_t len;
	int r;

	if ((r = nk_property_get(s, "keyfile_mode", &value, sizeof(value),
	    &len)) < 0)
		return r;
	if (len != sizeof(value) || value > NK_KEYFILE_CENTRAL)
		return -EBADMSG;
	*modep = (enum nk_keyfile_mode)value;
	return 0;
}

int
nk_keyfile_default_set(struct nk_store *s, enum nk_keyfile_mode mode)
{
	const uint8_t value = (uint8_t)mode;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (mode > NK_KEYFILE_CENTRAL)
		return -EINVAL;
	return nk_property_set(s, "keyfile_mode", &value, sizeof(value));
}
