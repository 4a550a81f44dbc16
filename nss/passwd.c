/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <string.h>

#include "lib/map/quick.h"
#include "lib/map/serve.h"
#include "nss/mapping.h"
#include "nss/pack.h"
#include "nss/pool.h"
#include "nss/result.h"

struct query {
	const char	*name;		/* NULL: by uid */
	size_t		 name_len;
	uint32_t	 uid;
	struct passwd	*pw;
	struct nk_pack	 buf;
};

static struct nk_enumeration users;
static const char no_hash[] = "x";	/* it stands in shadow */

/*
 * pw as the record u says; its texts, name, gecos, home and shell, stand at
 * text one behind the other, each with its NUL.
 */
static inline void
point(struct passwd *pw, const struct nk_user_record *u, char *text,
    char *x)
{
	pw->pw_name = text;
	pw->pw_passwd = x;
	pw->pw_gecos = text + u->name_len + 1;
	pw->pw_dir = pw->pw_gecos + u->gecos_len + 1;
	pw->pw_shell = pw->pw_dir + u->home_len + 1;
	pw->pw_uid = u->uid;
	pw->pw_gid = u->gid;
}

static int
fill(const struct nk_map_user *u, struct passwd *pw, struct nk_pack buf)
{
	char *text, *x;
	int r;

	if ((r = nk_pack_text(&buf, &text, u->name,
	    (size_t)(u->shell - u->name) + u->shell_len)) < 0 ||
	    (r = nk_pack_text(&buf, &x, no_hash, sizeof(no_hash) - 1)) < 0)
		return r;
	point(pw, (const void *)u->page, text, x);
	return 0;
}

/*
 * The same for a quick lookup: the record is copied to the caller's buffer
 * right away, as it is, with "x" behind it.  Where there is no room for so
 * much, it is not for us to say that there is not enough.
 */
static inline int
make_room(struct nk_quick_user *u, const struct nk_pack *buf)
{
	if (nk_pack_left(buf) < sizeof(no_hash))
		return -EAGAIN;
	u->room = (uint8_t *)buf->front;
	u->size = nk_pack_left(buf) - sizeof(no_hash);
	return 0;
}

static inline void
fill_quickly(const struct nk_quick_user *u, struct passwd *pw)
{
	char *room = (char *)u->room;

	memcpy(room + u->used, no_hash, sizeof(no_hash));
	point(pw, &u->rec, room + (u->text - room), room + u->used);
}

/*
 * Does the name lie in the buffer, as that of the last answer does, so that
 * a record would come over it before it is compared?
 */
static inline bool
is_within(const char *name, size_t len, const struct nk_pack *buf)
{
	return (uintptr_t)name <= (uintptr_t)buf->back &&
	    (uintptr_t)name + len >= (uintptr_t)buf->front;
}

/* As find(), or -EAGAIN. */
static NK_ALWAYS_INLINE int
find_quickly(const char *name, size_t len, uint32_t uid, struct passwd *pw,
    const struct nk_pack *buf)
{
	struct nk_quick_search search;
	struct nk_pool_slot *s;
	struct nk_quick_user u;
	int r = -EAGAIN;

	if (make_room(&u, buf) < 0 ||
	    (name != NULL && is_within(name, len, buf)) ||
	    (s = nk_pool_acquire()) == NULL)
		return r;
	search = name != NULL ? nk_quick_name(&s->view, name, len) :
	    nk_quick_uid(&s->view, uid);
	if (nk_pool_is_unchanged(s) && (r = nk_quick_user(&s->view, &search,
	    name, len, uid, &u)) == 0) {
		if (nk_serves_account(u.rec.flags, u.rec.uid, u.rec.gid,
		    &s->settings.s))
			fill_quickly(&u, pw);
		else
			r = -ENOENT;
	}
	nk_pool_release(s);
	return r;
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

/* As next() within nk_enumeration_next(), or -EAGAIN. */
static inline int
next_quickly(struct query *q)
{
	struct nk_quick_user u;
	uint64_t pos = users.pos;
	int r;

	if (!nk_enumeration_is_quick(&users) || make_room(&u, &q->buf) < 0)
		return -EAGAIN;
	do {
		r = nk_quick_user_next(users.m.view, &pos, &u);
	} while (r == 0 && !nk_serves_account(u.rec.flags, u.rec.uid,
	    u.rec.gid, &users.settings));
	if (r == 0) {
		fill_quickly(&u, q->pw);
		users.pos = pos;
	}
	return r == -ENOENT ? -EAGAIN : r;	/* it knows what was missing */
}

NSS_EXPORT __attribute__((hot)) enum nss_status
_nss_naskeys_getpwnam_r(const char *name, struct passwd *pw, char *buf,
    size_t len, int *errnop)
{
	struct query q = { .name = name, .name_len = strlen(name), .pw = pw };
	int r;

	nk_pack_init(&q.buf, buf, len);
	if ((r = find_quickly(name, q.name_len, 0, pw, &q.buf)) == -EAGAIN)
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
	if ((r = find_quickly(NULL, 0, uid, pw, &q.buf)) == -EAGAIN)
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
