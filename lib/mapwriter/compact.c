/* SPDX-License-Identifier: ISC */

/*
 * Compaction: all that is live goes into a new file, which takes the old
 * one's name.  Nothing is changed in the old file but its mark, so whoever
 * has it open finds in it what there was.
 */

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/probe.h"
#include "lib/mapwriter/writer.h"

#define GARBAGE_ALLOWED	(256u * 1024u)

int
nk_mapwriter_wants_compaction(const struct nk_mapwriter *w)
{
	uint64_t live;
	uint32_t i;

	if (w->bulk != NULL)
		return 0;
	live = w->state.end - w->header.records - w->state.garbage;
	if (w->state.garbage > live / 2 + GARBAGE_ALLOWED)
		return 1;
	for (i = 0; i < w->header.ntables; i++) {
		if (w->state.used[i] > (UINT64_C(1) <<
		    w->header.tables[i].bits) / 8 * 5)
			return 1;
	}
	return 0;
}

/*
 * The next slot in use from *posp on: 0 and where it leads, or -ENOENT, or
 * -EBADMSG.
 */
static int
next_unit(const struct nk_view *v, uint32_t table, uint64_t *posp,
    uint32_t *unitp)
{
	struct nk_hash key = { *posp, 1, 0 };
	struct nk_probe p;
	uint64_t slot;
	int r;

	nk_probe_init(&p, v, table, key);
	for (; *posp <= p.mask; nk_probe_step(&p)) {
		(*posp)++;
		if ((r = nk_probe_slot(&p, &slot)) < 0)
			return -EBADMSG;
		*unitp = nk_slot_unit(slot);
		if (slot != 0 && *unitp != NK_SLOT_TOMBSTONE)
			return 0;
	}
	return -ENOENT;
}

static int
count_live(const struct nk_view *v, uint32_t table, uint64_t *np)
{
	uint64_t pos = 0;
	uint32_t unit;
	int r;

	while ((r = next_unit(v, table, &pos, &unit)) == 0)
		(*np)++;
	return r == -ENOENT ? 0 : r;
}

static int
copy_groups(struct nk_mapwriter *n, const struct nk_view *v)
{
	struct nk_map_group g;
	struct nk_put_group put;
	uint64_t pos = 0;
	int r;

	while ((r = nk_map_group_next(v, &pos, &g)) == 0) {
		put = (struct nk_put_group){ .row = g.row, .gid = g.gid,
		    .name = g.name };
		if ((r = nk_mapwriter_put_group(n, &put)) < 0)
			return r;
	}
	return r == -ENOENT ? 0 : nk_writer_error(r);
}

/* The groups of u that are still there, with the gids that they have now. */
static int
live_groups(const struct nk_view *v, const struct nk_map_user *u,
    struct nk_put_group_ref *refs, uint32_t *np)
{
	struct nk_map_group g;
	uint32_t i;
	int r;

	*np = 0;
	for (i = 0; i < u->ngroups; i++) {
		r = nk_map_group_by_row(v, u->groups[i].group_row, &g);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return nk_writer_error(r);
		refs[*np].group_row = g.row;
		refs[(*np)++].gid = g.gid;
	}
	return 0;
}

static int
copy_users(struct nk_mapwriter *n, const struct nk_view *v)
{
	struct nk_put_group_ref refs[NK_USER_GROUPS_MAX];
	struct nk_map_user u;
	struct nk_put_user put;
	uint64_t pos = 0;
	int r;

	while ((r = nk_map_user_next(v, &pos, &u)) == 0) {
		if (u.ngroups > NK_USER_GROUPS_MAX)
			return -EBADMSG;
		put = (struct nk_put_user){ .row = u.row,
		    .generation = u.generation, .expires_at = u.expires_at,
		    .uid = u.uid, .gid = u.gid, .flags = u.flags,
		    .name = u.name, .gecos = u.gecos, .home = u.home,
		    .shell = u.shell, .groups = refs };
		if ((r = live_groups(v, &u, refs, &put.ngroups)) < 0 ||
		    (r = nk_mapwriter_put_user(n, &put)) < 0)
			return r;
	}
	return r == -ENOENT ? 0 : nk_writer_error(r);
}

/* One set; lines has room for NK_KEYSET_MAX, buf for NK_RECORD_MAX. */
static int
copy_keyset(struct nk_mapwriter *n, const struct nk_view *v,
    const struct nk_map_keyset *k, struct nk_put_keyline *lines, uint8_t *buf)
{
	struct nk_put_keyset put = { .row = k->row, .lines = lines,
	    .generation = { k->generation[0], k->generation[1] },
	    .count = k->count };
	uint32_t i, units[NK_KEYSET_MAX];
	struct nk_map_keyline l;
	int r;

	if (k->count > NK_KEYSET_MAX)
		return -EBADMSG;
	for (i = 0; i < k->count; i++) {
		if ((r = nk_map_keyline_at(v, k->entries[i].unit, k->row, buf,
		    NK_RECORD_MAX, &l)) < 0)
			return nk_writer_error(r);
		lines[i] = (struct nk_put_keyline){ .text = l.text,
		    .text_len = l.text_len, .type_len = l.type_len,
		    .type_at = (uint32_t)(l.type - l.text),
		    .blob_at = (uint32_t)(l.blob - l.text),
		    .blob_len = l.blob_len, .expires_at = l.expires_at,
		    .flags = l.flags };
		if ((r = nk_bulk_put_line(n, k->row, &lines[i],
		    &units[i])) < 0)
			return r;
		lines[i].text = NULL;	/* buf is for the next one */
	}
	return nk_bulk_put_units(n, &put, units);
}

static int
copy_keysets(struct nk_mapwriter *n, const struct nk_view *v)
{
	struct nk_put_keyline *lines = NULL;
	struct nk_map_keyset k;
	uint8_t *buf = NULL;
	uint64_t pos = 0;
	uint32_t unit;
	int r;

	if ((buf = malloc(NK_RECORD_MAX)) == NULL ||
	    (lines = calloc(NK_KEYSET_MAX, sizeof(*lines))) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	while ((r = next_unit(v, NK_TABLE_ROW, &pos, &unit)) == 0) {
		if ((r = nk_writer_error(nk_keyset_at(v, unit, &k))) < 0 ||
		    (r = copy_keyset(n, v, &k, lines, buf)) < 0)
			goto out;
	}
	if (r == -ENOENT)
		r = 0;
 out:
	free(lines);
	free(buf);
	return r;
}

static int
copy_secrets(struct nk_mapwriter *n, const struct nk_view *v)
{
	struct nk_map_secret s;
	struct nk_put_secret put;
	uint64_t pos = 0;
	uint32_t unit;
	int r;

	while ((r = next_unit(v, NK_TABLE_ROW, &pos, &unit)) == 0) {
		if ((r = nk_writer_error(nk_secret_at(v, unit, &s))) < 0)
			break;
		put = (struct nk_put_secret){ .row = s.row,
		    .generation = { s.generation[0], s.generation[1] },
		    .locked_until = s.locked_until,
		    .last_change = s.last_change, .min_days = s.min_days,
		    .max_days = s.max_days, .warn_days = s.warn_days,
		    .inactive_days = s.inactive_days, .flags = s.flags,
		    .hash = s.hash };
		if ((r = nk_mapwriter_put_secret(n, &put)) < 0)
			break;
	}
	explicit_bzero(&s, sizeof(s));
	return r == -ENOENT ? 0 : r;
}

static int
copy_all(struct nk_mapwriter *n, const struct nk_view *v)
{
	int r;

	switch (n->kind) {
	case NK_MAP_KIND_ACCOUNTS:
		if ((r = copy_groups(n, v)) < 0)
			return r;
		return copy_users(n, v);
	case NK_MAP_KIND_KEYS:
		return copy_keysets(n, v);
	case NK_MAP_KIND_SECRETS:
		return copy_secrets(n, v);
	}
	return -EINVAL;
}

/* A new file for what v holds, with what reserve() could not promise. */
static int
begin(struct nk_mapwriter *w, const struct nk_view *v,
    struct nk_mapwriter **np)
{
	struct nk_map_identity id;
	struct nk_map_hint hint = { 0 };
	struct stat st;
	int r;

	if (fstat(w->fd, &st) == -1)
		return -errno;
	if ((r = count_live(v, 0, &hint.users)) < 0 ||
	    (w->kind == NK_MAP_KIND_ACCOUNTS && (r = count_live(v,
	    NK_TABLE_GROUP_ROW, &hint.groups)) < 0))
		return r;
	hint.users += w->wanted_slots;
	hint.groups += w->wanted_slots;
	memcpy(id.boot_id, w->header.boot_id, sizeof(id.boot_id));
	memcpy(id.store_id, w->header.store_id, sizeof(id.store_id));
	if ((r = nk_mapwriter_create(np, w->dirfd, w->name, w->kind, &id,
	    &hint, st.st_mode & 0777, st.st_uid, st.st_gid)) < 0)
		return r;
	(*np)->state.published = w->state.published;
	(*np)->settings = w->settings;
	return 0;
}

int
nk_mapwriter_compact(struct nk_mapwriter *w)
{
	struct nk_mapwriter *n = NULL, t;
	struct nk_view v;
	int r;

	if (!w->installed || w->bulk != NULL)
		return -EINVAL;
	nk_view_init(&v, w->fd, w->view.length, &w->header);
	v.alone = 1;
	if (nk_view_map(&v) < 0)
		v.base = NULL;		/* read it, then */
	if ((r = begin(w, &v, &n)) < 0 || (r = copy_all(n, &v)) < 0 ||
	    (r = nk_mapwriter_install(n)) < 0)
		goto out;
	t = *w;				/* each keeps its own file */
	*w = *n;
	*n = t;
	explicit_bzero(&t, sizeof(t));
 out:
	if (v.base == NULL)
		v.fd = -1;		/* it is w's */
	nk_view_close(&v);
	nk_mapwriter_free(n);
	return r;
}
