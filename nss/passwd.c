/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <string.h>

#include "nss/mapping.h"
#include "nss/pack.h"
#include "nss/result.h"
#include "nss/serve.h"

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
static int
fill(const struct nk_map_user *u, struct passwd *pw, struct nk_pack buf)
{
	size_t len = (size_t)(u->shell - u->name) + u->shell_len;
	int r;

	if ((r = nk_pack_text(&buf, &pw->pw_name, u->name, len)) < 0 ||
	    (r = nk_pack_text(&buf, &pw->pw_passwd, "x", 1)) < 0)
		return r;
	pw->pw_gecos = pw->pw_name + (u->gecos - u->name);
	pw->pw_dir = pw->pw_name + (u->home - u->name);
	pw->pw_shell = pw->pw_name + (u->shell - u->name);
	pw->pw_uid = u->uid;
	pw->pw_gid = u->gid;
	return 0;
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
	return fill(&u, q->pw, q->buf);
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
	return fill(&u, q->pw, q->buf);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getpwnam_r(const char *name, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	struct query q = { .name = name, .name_len = strlen(name), .pw = pw };

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_mapping_look(find, &q), errnop);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len,
    int *errnop)
{
	struct query q = { .uid = uid, .pw = pw };

	if (uid == 0 || uid == UINT32_MAX)	/* never ours: see serve.h */
		return nk_result(-ENOENT, errnop);
	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_mapping_look(find, &q), errnop);
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

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_enumeration_next(&users, next, &q), errnop);
}
