/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <string.h>

#include "lib/map/quick.h"
#include "lib/map/serve.h"
#include "nss/mapping.h"
#include "nss/pack.h"
#include "nss/result.h"

struct query {
	const char	*name;		/* NULL: by uid */
	size_t		 name_len;
	uint32_t	 uid;
	struct passwd	*pw;
	struct nk_pack	 buf;
};

static struct nk_enumeration users;

/*
 * Everything that pw points to lies in the caller's buffer.  In the record
 * name, gecos, home and shell stand one behind the other, each with its NUL:
 * they are copied at once.
 */
static inline int
fill(const struct nk_user_record *u, const char *text, size_t len,
    struct passwd *pw, struct nk_pack buf)
{
	int r;

	if ((r = nk_pack_text(&buf, &pw->pw_name, text, len)) < 0 ||
	    (r = nk_pack_text(&buf, &pw->pw_passwd, "x", 1)) < 0)
		return r;
	pw->pw_gecos = pw->pw_name + u->name_len + 1;
	pw->pw_dir = pw->pw_gecos + u->gecos_len + 1;
	pw->pw_shell = pw->pw_dir + u->home_len + 1;
	pw->pw_uid = u->uid;
	pw->pw_gid = u->gid;
	return 0;
}

static int
fill_found(const struct nk_map_user *u, struct passwd *pw,
    struct nk_pack buf)
{
	return fill((const void *)u->page, u->name,
	    (size_t)(u->shell - u->name) + u->shell_len, pw, buf);
}

/* As find(), or -EAGAIN. */
static inline int
find_quickly(const struct query *q)
{
	const struct nk_map_settings *s;
	struct nk_quick_search search;
	const struct nk_view *v;
	struct nk_quick_user u;
	int r = -EAGAIN;

	if ((v = nk_mapping_enter()) == NULL)
		return r;
	search = q->name != NULL ?
	    nk_quick_name(v, q->name, q->name_len) :
	    nk_quick_uid(v, q->uid);
	if ((s = nk_mapping_unchanged(v)) != NULL)
		r = nk_quick_user(v, &search, q->name, q->name_len, q->uid,
		    &u);
	if (r == 0 && !nk_serves_account(u.u.rec.flags, u.u.rec.uid,
	    u.u.rec.gid, s))
		r = -ENOENT;
	nk_mapping_leave(v);
	return r < 0 ? r : fill(&u.u.rec, u.text, u.text_len, q->pw, q->buf);
}

static int
find(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	int r;

	if (q->name != NULL)
		r = nk_map_user_by_name(v, q->name, q->name_len, &u);
	else
		r = nk_map_user_by_uid(v, q->uid, &u);
	if (r < 0)
		return r;
	if (!nk_serves_user(&u, s))
		return -ENOENT;
	return fill_found(&u, q->pw, q->buf);
}

static int
next(const struct nk_view *v, const struct nk_map_settings *s,
    uint64_t *posp, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	int r;

	if ((r = nk_map_user_next(v, posp, &u)) < 0)
		return r;
	if (!nk_serves_user(&u, s))
		return -EAGAIN;
	return fill_found(&u, q->pw, q->buf);
}

/* As next() within nk_enumeration_next(), or -EAGAIN. */
static inline int
next_quickly(struct query *q)
{
	struct nk_quick_user u;
	uint64_t pos = users.pos;
	int r;

	if (!nk_enumeration_is_quick(&users))
		return -EAGAIN;
	do {
		r = nk_quick_user_next(users.m.view, &pos, &u);
	} while (r == 0 && !nk_serves_account(u.u.rec.flags, u.u.rec.uid,
	    u.u.rec.gid, &users.settings));
	if (r == 0)
		r = fill(&u.u.rec, u.text, u.text_len, q->pw, q->buf);
	if (r == 0)
		users.pos = pos;
	return r == -ENOENT ? -EAGAIN : r;	/* it knows what was missing */
}

NSS_EXPORT __attribute__((hot)) enum nss_status
_nss_naskeys_getpwnam_r(const char *name, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	struct query q = { .name = name, .name_len = strlen(name), .pw = pw };
	int r;

	nk_pack_init(&q.buf, buf, len);
	if ((r = find_quickly(&q)) == -EAGAIN)
		r = nk_mapping_look(find, &q);
	return nk_result(r, errnop);
}

NSS_EXPORT __attribute__((hot)) enum nss_status
_nss_naskeys_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len,
    int *errnop)
{
	struct query q = { .uid = uid, .pw = pw };
	int r;

	if (uid == 0 || uid == UINT32_MAX)	/* never ours: see serve.h */
		return nk_result(-ENOENT, errnop);
	nk_pack_init(&q.buf, buf, len);
	if ((r = find_quickly(&q)) == -EAGAIN)
		r = nk_mapping_look(find, &q);
	return nk_result(r, errnop);
}

NSS_EXPORT enum nss_status
_nss_naskeys_setpwent(int stayopen)
{
	(void)stayopen;		/* we never keep a file open */
	return _nss_naskeys_endpwent();
}

NSS_EXPORT enum nss_status
_nss_naskeys_endpwent(void)
{

	nk_enumeration_end(&users);
	return nk_result(0, NULL);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getpwent_r(struct passwd *pw, char *buf, size_t len, int *errnop)
{
	struct query q = { .pw = pw };
	int r;

	nk_pack_init(&q.buf, buf, len);
	if ((r = next_quickly(&q)) == -EAGAIN)
		r = nk_enumeration_next(&users, next, &q);
	return nk_result(r, errnop);
}
