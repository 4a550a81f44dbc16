/* SPDX-License-Identifier: ISC */
#include <grp.h>
#include <string.h>

#include "lib/map/serve.h"
#include "nss/mapping.h"
#include "nss/pack.h"
#include "nss/result.h"

#define FILL_TRIES	8	/* lists of members that changed under us */

struct query {
	const char	*name;		/* NULL: by gid */
	size_t		 name_len;
	uint32_t	 gid;
	struct group	*gr;
	struct nk_pack	 buf;
};

static struct nk_enumeration groups;

/*
 * Add the user of this row, found in the chunk at unit, to the list, if it
 * is a member that we serve.  Its own record says which chunk counts, so it
 * comes once.
 */
static int
add_member(const struct nk_view *v, const struct nk_map_settings *s,
    uint64_t group_row, uint32_t unit, uint64_t row, struct nk_pack *buf,
    char ***listp)
{
	struct nk_map_user u;
	char *name;
	int r;

	if ((r = nk_map_user_by_row(v, row, &u)) < 0)
		return r == -ENOENT ? 0 : r;
	if (!nk_serves_user(&u, s) ||
	    !nk_map_user_in_chunk(&u, group_row, unit))
		return 0;
	if ((r = nk_pack_text(buf, &name, u.name, u.name_len)) < 0)
		return r;
	return nk_pack_prepend(buf, listp, name);
}

/* A chain cannot have more chunks than the file has units. */
static int
add_members(const struct nk_view *v, const struct nk_map_settings *s,
    const struct nk_map_group *g, struct nk_pack *buf, char ***listp)
{
	uint64_t left = v->length / NK_MAP_UNIT;
	struct nk_map_members m;
	uint32_t i, unit;
	int r;

	for (unit = g->members; unit != 0; unit = m.next) {
		if (left-- == 0)
			return -EIO;
		if ((r = nk_map_members_at(v, unit, g->row, &m)) < 0)
			return r;
		for (i = 0; i < m.count; i++) {
			if ((r = add_member(v, s, g->row, unit, m.rows[i],
			    buf, listp)) < 0)
				return r;
		}
	}
	return 0;
}

static int
fill(const struct nk_view *v, const struct nk_map_settings *s,
    const struct nk_map_group *g, struct group *gr, struct nk_pack buf)
{
	int r;

	if ((r = nk_pack_text(&buf, &gr->gr_name, g->name,
	    g->name_len)) < 0 ||
	    (r = nk_pack_text(&buf, &gr->gr_passwd, "x", 1)) < 0 ||
	    (r = nk_pack_list(&buf, &gr->gr_mem)) < 0 ||
	    (r = add_members(v, s, g, &buf, &gr->gr_mem)) < 0)
		return r;
	gr->gr_gid = g->gid;
	return 0;
}

/*
 * *g is used up.  A chunk that is not what the group's record promised is
 * damage only if the record still says the same.
 */
static int
fill_again(const struct nk_view *v, const struct nk_map_settings *s,
    struct nk_map_group *g, struct group *gr, struct nk_pack buf)
{
	uint64_t row = g->row;
	uint32_t members;
	int r, tries;

	for (tries = 0; tries < FILL_TRIES; tries++) {
		if (!nk_serves_id(g->gid, s))
			return -ENOENT;
		if ((r = fill(v, s, g, gr, buf)) != -EIO)
			return r;
		members = g->members;
		if ((r = nk_map_group_by_row(v, row, g)) < 0)
			return r;
		if (g->members == members)
			return -EIO;
	}
	return -EIO;
}

static int
find(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	struct query *q = arg;
	struct nk_map_group g;
	int r;

	if (q->name != NULL)
		r = nk_map_group_by_name(v, q->name, q->name_len, &g);
	else
		r = nk_map_group_by_gid(v, q->gid, &g);
	if (r < 0)
		return r;
	return fill_again(v, s, &g, q->gr, q->buf);
}

static int
next(const struct nk_view *v, const struct nk_map_settings *s,
    uint64_t *posp, void *arg)
{
	struct query *q = arg;
	struct nk_map_group g;
	int r;

	if ((r = nk_map_group_next(v, posp, &g)) < 0)
		return r;
	r = fill_again(v, s, &g, q->gr, q->buf);
	return r == -ENOENT ? -EAGAIN : r;	/* gone, or not served */
}

NSS_EXPORT enum nss_status
_nss_naskeys_getgrnam_r(const char *name, struct group *gr, char *buf,
    size_t len, int *errnop)
{
	struct query q = { .name = name, .name_len = strlen(name), .gr = gr };

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_mapping_look(find, &q), errnop);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getgrgid_r(gid_t gid, struct group *gr, char *buf, size_t len,
    int *errnop)
{
	struct query q = { .gid = gid, .gr = gr };

	if (gid == 0 || gid == UINT32_MAX)	/* never ours: see serve.h */
		return nk_result(-ENOENT, errnop);
	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_mapping_look(find, &q), errnop);
}

NSS_EXPORT enum nss_status
_nss_naskeys_setgrent(int stayopen)
{
	(void)stayopen;		/* we never keep a file open */
	return _nss_naskeys_endgrent();
}

NSS_EXPORT enum nss_status
_nss_naskeys_endgrent(void)
{

	nk_enumeration_end(&groups);
	return nk_result(0, NULL);
}

NSS_EXPORT enum nss_status
_nss_naskeys_getgrent_r(struct group *gr, char *buf, size_t len, int *errnop)
{
	struct query q = { .gr = gr };

	nk_pack_init(&q.buf, buf, len);
	return nk_result(nk_enumeration_next(&groups, next, &q), errnop);
}
