/* SPDX-License-Identifier: ISC */
/*
 *  1. Without shadow_hashes nobody gets a hash from here, not even root:
 *     pam_unix would authenticate our users past every rule of pam_naskeys.
 *  2. With it, only who may read secrets.map does.
 *  3. An empty hash, which pam_unix could take for "no password needed", is
 *     never served.
 */
#include <fcntl.h>
#include <shadow.h>
#include <string.h>

#include "lib/map/serve.h"
#include "nss/mapping.h"
#include "nss/pack.h"
#include "nss/result.h"

#define SECRET_TRIES	8	/* accounts that changed meanwhile */
#define DAY		86400

struct query {
	const char	*name;		/* NULL: enumeration */
	size_t		 name_len;
	struct spwd	*sp;
	struct nk_pack	 buf;
};

static struct nk_enumeration users;

static const char secrets[] = NK_MAPS_DIR NK_MAP_SECRETS;

/* The first day on which the account does not exist any more. */
static long
expiry_day(int64_t expires_at)
{
	if (expires_at == NK_NEVER)
		return -1;
	if (expires_at <= DAY)
		return 1;		/* 0 has no agreed meaning */
	return (long)((expires_at - 1) / DAY + 1);
}

/* "*" or "!*", and nothing about ageing. */
static int
fill(const struct nk_map_user *u, struct spwd *sp, struct nk_pack *buf)
{
	int r;

	if ((r = nk_pack_text(buf, &sp->sp_namp, u->name, u->name_len)) < 0)
		return r;
	if ((u->flags & NK_USER_LOCKED) != 0)
		r = nk_pack_text(buf, &sp->sp_pwdp, "!*", 2);
	else
		r = nk_pack_text(buf, &sp->sp_pwdp, "*", 1);
	if (r < 0)
		return r;
	sp->sp_lstchg = sp->sp_min = sp->sp_max = -1;
	sp->sp_warn = sp->sp_inact = -1;
	sp->sp_expire = expiry_day(u->expires_at);
	sp->sp_flag = ~0ul;
	return 0;
}

/* The hash in the place of the "*" that fill() laid down. */
static int
fill_secret(const struct nk_map_user *u, const struct nk_map_secret *k,
    struct spwd *sp, struct nk_pack *buf)
{
	char text[NK_HASH_MAX + 2] = "!";
	size_t locked = (u->flags & NK_USER_LOCKED) != 0;
	int r;

	if (k->hash_len > NK_HASH_MAX)
		return -EIO;
	memcpy(text + locked, k->hash, k->hash_len);
	buf->front = sp->sp_pwdp;
	r = nk_pack_text(buf, &sp->sp_pwdp, text, locked + k->hash_len);
	explicit_bzero(text, sizeof(text));
	sp->sp_lstchg = (k->flags & NK_SECRET_MUST_CHANGE) != 0 ? 0 :
	    k->last_change;
	sp->sp_min = k->min_days;
	sp->sp_max = k->max_days;
	sp->sp_warn = k->warn_days;
	sp->sp_inact = k->inactive_days;
	return r;
}

/*
 * Opened for each call: neither a descriptor nor a mapping of the hashes
 * stays in the process.
 */
static int
find_secret(const struct nk_map_user *u, struct nk_map_secret *k)
{
	struct nk_view v;
	int r;

	if ((r = nk_view_open(&v, AT_FDCWD, secrets, NK_MAP_KIND_SECRETS,
	    NK_VIEW_PREAD)) < 0)
		return r == -ENOENT ? -NK_NO_MAP : r;
	r = nk_map_secret_find(&v, u->row, u->generation, k);
	nk_view_close(&v);
	return r;
}

/*
 * Put the user's hash into *sp, where fill() left a "*".  A secret that is
 * not there, or whose file was replaced, counts only if the account has not
 * changed meanwhile: -EAGAIN asks for *u to be read again.
 */
static int
add_secret(const struct nk_view *v, const struct nk_map_user *u,
    struct spwd *sp, struct nk_pack *buf)
{
	uint64_t generation = u->generation;
	struct nk_map_secret k;
	struct nk_map_user again;
	int r;

	r = find_secret(u, &k);
	if (r == 0 && k.hash_len > 0 &&
	    (u->flags & NK_USER_PASSWORD_DISABLED) == 0)
		r = fill_secret(u, &k, sp, buf);
	explicit_bzero(&k, sizeof(k));
	if (r == -ESTALE)
		return -EAGAIN;
	if (r != -ENOENT)
		return r;
	if ((r = nk_map_user_by_row(v, u->row, &again)) < 0)
		return r;
	return again.generation == generation ? 0 : -EAGAIN;
}

static int
answer(const struct nk_view *v, const struct nk_map_settings *s,
    const struct nk_map_user *u, struct query *q)
{
	struct nk_pack buf = q->buf;
	int r;

	if (!nk_serves_user(u, s))
		return -ENOENT;
	if ((r = fill(u, q->sp, &buf)) < 0)
		return r;
	if ((s->flags & NK_MAP_SHADOW_HASHES) == 0)
		return 0;
	return add_secret(v, u, q->sp, &buf);
}

static int
find(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	int r, tries;

	for (tries = 0; tries < SECRET_TRIES; tries++) {
		if ((r = nk_map_user_by_name(v, q->name, q->name_len,
		    &u)) < 0)
			return r;
		if ((r = answer(v, s, &u, q)) != -EAGAIN)
			return r;
	}
	return -EIO;
}

static int
next(const struct nk_view *v, const struct nk_map_settings *s,
    uint64_t *posp, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	int r, tries;

	if ((r = nk_map_user_next(v, posp, &u)) < 0)
		return r;
	for (tries = 0; tries < SECRET_TRIES; tries++) {
		r = answer(v, s, &u, q);
		if (r == -ENOENT)
			return -EAGAIN;		/* not this one */
		if (r != -EAGAIN)
			return r;
		if ((r = nk_map_user_by_row(v, u.row, &u)) < 0)
			return r == -ENOENT ? -EAGAIN : r;
	}
	return -EIO;
}

NSS_EXPORT enum nss_status
_nss_naskeys_getspnam_r(const char *name, struct spwd *sp, char *buf,
    size_t len, int *errnop)
{
	struct query q = { .name = name, .name_len = strlen(name), .sp = sp };

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_mapping_look(find, &q), errnop);
}

NSS_EXPORT enum nss_status
_nss_naskeys_setspent(int stayopen)
{
	(void)stayopen;		/* we never keep a file open */
	return _nss_naskeys_endspent();
}

NSS_EXPORT enum nss_status
_nss_naskeys_endspent(void)
{

	nk_enumeration_end(&users);
	return nk_result(0, NULL);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getspent_r(struct spwd *sp, char *buf, size_t len, int *errnop)
{
	struct query q = { .sp = sp };

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_enumeration_next(&users, next, &q), errnop);
}
