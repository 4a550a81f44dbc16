/* SPDX-License-Identifier: ISC */
#include "lib/publish/compare.h"

#include <errno.h>
#include <string.h>

static bool
groups_equal(const struct nk_put_user *put, const struct nk_map_user *m)
{
	uint32_t i;

	for (i = 0; i < put->ngroups; i++)
		if (!nk_map_user_in_group(m, put->groups[i].group_row))
			return false;
	return true;
}

/* Groups that are there no more do not count, wherever they stand. */
static bool
groups_too_many(struct nk_compare *c, const struct nk_put_user *put,
    const struct nk_map_user *m)
{
	struct nk_map_group g;
	uint32_t i, j;

	for (i = 0; i < m->ngroups; i++) {
		for (j = 0; j < put->ngroups; j++)
			if (put->groups[j].group_row ==
			    m->groups[i].group_row)
				break;
		if (j == put->ngroups && nk_map_group_by_row(
		    &c->view[NK_PUB_ACCOUNTS], m->groups[i].group_row,
		    &g) != -ENOENT)
			return true;
	}
	return false;
}

static const char *
account_differs(struct nk_compare *c, const struct nk_put_user *put)
{
	const struct nk_view *view = &c->view[NK_PUB_ACCOUNTS];
	struct nk_map_user m;

	if (nk_map_user_by_row(view, put->row, &m) < 0)
		return "not found in accounts.map by its row";
	if (m.generation != put->generation)
		return "another generation in accounts.map";
	if (m.uid != put->uid || m.gid != put->gid || m.flags != put->flags ||
	    m.expires_at != put->expires_at ||
	    strcmp(m.name, put->name) != 0 ||
	    strcmp(m.gecos, put->gecos) != 0 ||
	    strcmp(m.home, put->home) != 0 ||
	    strcmp(m.shell, put->shell) != 0)
		return "another account in accounts.map";
	if (!groups_equal(put, &m) || groups_too_many(c, put, &m))
		return "other groups in accounts.map";
	if (nk_map_user_by_name(view, put->name, strlen(put->name), &m) < 0 ||
	    m.row != put->row)
		return "not found in accounts.map by its name";
	if ((put->flags & NK_USER_MANAGED) != 0 &&
	    (nk_map_user_by_uid(view, put->uid, &m) < 0 ||
	    m.row != put->row))
		return "not found in accounts.map by its uid";
	return NULL;
}

static const char *
secret_differs(struct nk_compare *c, const struct nk_put_secret *put)
{
	struct nk_map_secret m;
	const char *what = NULL;

	if (nk_map_secret_find(&c->view[NK_PUB_SECRETS], put->row,
	    put->generation[1], &m) < 0)
		return "not found in secrets.map";
	if (m.flags != put->flags || m.last_change != put->last_change ||
	    m.min_days != put->min_days || m.max_days != put->max_days ||
	    m.warn_days != put->warn_days ||
	    m.inactive_days != put->inactive_days ||
	    strcmp(m.hash, put->hash) != 0)
		what = "another secret in secrets.map";
	else if (m.generation[0] != put->generation[1] ||
	    m.generation[1] != put->generation[1])
		what = "its secret is valid for another generation too";
	explicit_bzero(&m, sizeof(m));
	return what;
}

static bool
line_equal(struct nk_compare *c, const struct nk_keyset_entry *e, uint64_t row,
    const struct nk_put_keyline *put)
{
	struct nk_map_keyline m;

	return nk_map_keyline_at(&c->view[NK_PUB_KEYS], e->unit, row,
	    c->line, sizeof(c->line), &m) == 0 &&
	    m.expires_at == put->expires_at && m.flags == put->flags &&
	    m.text_len == put->text_len &&
	    memcmp(m.text, put->text, m.text_len) == 0 &&
	    m.type_len == put->type_len &&
	    memcmp(m.type, put->text + put->type_at, m.type_len) == 0 &&
	    m.blob_len == put->blob_len &&
	    memcmp(m.blob, put->text + put->blob_at, m.blob_len) == 0;
}

static const char *
keys_differ(struct nk_compare *c, const struct nk_put_keyset *put)
{
	struct nk_map_keyset m;
	uint32_t i;
	int r;

	r = nk_map_keyset_find(&c->view[NK_PUB_KEYS], put->row,
	    put->generation[1], &m);
	if (r == -ENOENT && put->count == 0)
		return NULL;
	if (r < 0)
		return "not found in keys.map";
	if (m.count != put->count)
		return "more or fewer keys in keys.map";
	for (i = 0; i < m.count; i++)
		if (!line_equal(c, &m.entries[i], put->row, &put->lines[i]))
			return "another key in keys.map";
	if (m.generation[0] != put->generation[1] ||
	    m.generation[1] != put->generation[1])
		return "its keys are valid for another generation too";
	return NULL;
}

const char *
nk_compare_user(struct nk_compare *c, const struct nk_plan_user *u)
{
	const char *what;

	if ((what = account_differs(c, &u->put)) != NULL ||
	    (what = secret_differs(c, &u->secret)) != NULL)
		return what;
	return keys_differ(c, &u->keyset);
}

/* How many members the map shows, as getgrnam(3) would. */
static int
members_count(struct nk_compare *c, const struct nk_map_group *g, uint64_t *np)
{
	const struct nk_view *view = &c->view[NK_PUB_ACCOUNTS];
	struct nk_map_members m;
	struct nk_map_user u;
	uint32_t unit, i;
	int r;

	for (unit = g->members; unit != 0; unit = m.next) {
		if ((r = nk_map_members_at(view, unit, g->row, &m)) < 0)
			return r;
		for (i = 0; i < m.count; i++)
			if (nk_map_user_by_row(view, m.rows[i], &u) == 0 &&
			    nk_map_user_in_chunk(&u, g->row, unit))
				++*np;
	}
	return 0;
}

const char *
nk_compare_group(struct nk_compare *c, const struct nk_group *g,
    size_t members)
{
	const struct nk_view *view = &c->view[NK_PUB_ACCOUNTS];
	struct nk_map_group m, other;
	uint64_t n = 0;
	int r;

	r = nk_map_group_by_row(view, (uint64_t)g->id, &m);
	if (g->builtin)
		return r == -ENOENT ? NULL :
		    "it must not stand in accounts.map";
	if (r < 0)
		return "not found in accounts.map";
	if (m.gid != g->gid || strcmp(m.name, g->name) != 0)
		return "another group in accounts.map";
	if (nk_map_group_by_name(view, g->name, strlen(g->name),
	    &other) < 0 || other.row != m.row ||
	    nk_map_group_by_gid(view, g->gid, &other) < 0 ||
	    other.row != m.row)
		return "not found in accounts.map by its name or gid";
	if (members_count(c, &m, &n) < 0 || n != members)
		return "other members in accounts.map";
	return NULL;
}
