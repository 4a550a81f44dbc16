/* SPDX-License-Identifier: ISC */
#include "tests/fault/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OLD_NAMES	4u	/* that nobody must answer to */

static void
path(char buf[MODEL_TEXT], const char *dir, const char *name)
{
	int n = snprintf(buf, MODEL_TEXT, "%s/%s", dir, name);

	if (n < 0 || n >= (int)MODEL_TEXT)
		abort();
}

static const struct {
	const char		*name;
	enum nk_map_kind	 kind;
} look_maps[3] = {
	{ NK_MAP_ACCOUNTS,	NK_MAP_KIND_ACCOUNTS },
	{ NK_MAP_KEYS,		NK_MAP_KIND_KEYS },
	{ NK_MAP_SECRETS,	NK_MAP_KIND_SECRETS },
};

void
look_init(struct look *l, const char *dir)
{
	size_t i;

	l->dir = dir;
	l->mode = NK_VIEW_PREAD;
	for (i = 0; i < 3; i++)
		l->view[i] = NK_VIEW_NONE;
}

void
look_end(struct look *l)
{
	size_t i;

	for (i = 0; i < 3; i++)
		nk_view_close(&l->view[i]);
}

/* Have the view open as its path names it now. */
static int
look_open(struct look *l, size_t i, enum nk_view_mode mode)
{
	char name[MODEL_TEXT];

	path(name, l->dir, look_maps[i].name);
	if (nk_view_check(&l->view[i], -1, name) == 0)
		return 0;
	nk_view_close(&l->view[i]);
	return nk_view_open(&l->view[i], -1, name, look_maps[i].kind, mode);
}

/* After -ESTALE: the file has grown, or is another one. */
static int
look_again(struct look *l, size_t i, enum nk_view_mode mode)
{
	char name[MODEL_TEXT];

	path(name, l->dir, look_maps[i].name);
	if (nk_view_grow(&l->view[i], -1, name) == 0)
		return 0;
	nk_view_close(&l->view[i]);
	return nk_view_open(&l->view[i], -1, name, look_maps[i].kind, mode);
}

static int
look_account(struct look *l, enum nk_view_mode mode, const char *name,
    struct nk_map_user *u)
{
	int r;

	if ((r = look_open(l, 0, mode)) < 0)
		return r;
	while ((r = nk_map_user_by_name(&l->view[0], name, strlen(name),
	    u)) == -ESTALE)
		if ((r = look_again(l, 0, mode)) < 0)
			return r;
	return r;
}

static int
look_groups(struct look *l, enum nk_view_mode mode,
    const struct nk_map_user *u, struct looked *out)
{
	struct nk_map_group g;
	unsigned int group;
	uint32_t i;
	int r;

	for (i = 0; i < u->ngroups; i++) {
		while ((r = nk_map_group_by_row(&l->view[0],
		    u->groups[i].group_row, &g)) == -ESTALE)
			if ((r = look_again(l, 0, mode)) < 0)
				return r;
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		group = (unsigned int)strtoul(g.name + 1, NULL, 10);
		if (g.name[0] != 'g' || group >= MODEL_GROUPS ||
		    g.gid < 40000 + group * 1000 ||
		    g.gid >= 41000 + group * 1000)
			out->strange = true;
		else
			out->groups |= 1u << group;
	}
	return 0;
}

static int
look_line(struct look *l, enum nk_view_mode mode, uint32_t unit,
    uint64_t row, unsigned int user, struct looked *out)
{
	struct nk_map_keyline line;
	int key, r;

	while ((r = nk_map_keyline_at(&l->view[1], unit, row, l->line,
	    sizeof(l->line), &line)) == -ESTALE)
		if ((r = look_again(l, 1, mode)) < 0)
			return r;
	if (r < 0)
		return r;
	if ((key = model_key_of(user, line.text, line.text_len)) < 0 ||
	    (out->keys & 1u << key) != 0)
		out->strange = true;
	else
		out->keys |= 1u << key;
	return 0;
}

/* The keys of that account; -EAGAIN when there are none of its generation. */
static int
look_keys(struct look *l, enum nk_view_mode mode,
    const struct nk_map_user *u, unsigned int user, struct looked *out)
{
	struct nk_map_keyset k;
	uint32_t i;
	int r;

	out->keys = 0;
	if ((r = look_open(l, 1, mode)) < 0)
		return r;
	while ((r = nk_map_keyset_find(&l->view[1], u->row, u->generation,
	    &k)) == -ESTALE)
		if ((r = look_again(l, 1, mode)) < 0)
			return r;
	if (r == -ENOENT)
		return -EAGAIN;
	for (i = 0; r == 0 && i < k.count; i++)
		r = look_line(l, mode, k.entries[i].unit, u->row, user, out);
	return r;
}

static int
look_secret(struct look *l, enum nk_view_mode mode,
    const struct nk_map_user *u, unsigned int user, struct looked *out)
{
	struct nk_map_secret s;
	char head[MODEL_TEXT];
	int n, r;

	out->has_hash = false;
	if ((r = look_open(l, 2, mode)) < 0)
		return r;
	while ((r = nk_map_secret_find(&l->view[2], u->row, u->generation,
	    &s)) == -ESTALE)
		if ((r = look_again(l, 2, mode)) < 0)
			return r;
	if (r == -ENOENT)
		return -EAGAIN;
	if (r < 0)
		return r;
	n = snprintf(head, sizeof(head), "$y$j9T$u%02u$", user);
	if (strncmp(s.hash, head, (size_t)n) != 0)
		out->strange = true;
	else
		out->hash = (uint32_t)strtoul(s.hash + n, NULL, 10);
	out->has_hash = true;
	return 0;
}

/* Is the account still what it was when the keys were not found? */
static bool
is_same(const struct nk_map_user *a, const struct nk_map_user *b)
{
	return a->row == b->row && a->generation == b->generation;
}

int
look_user(struct look *l, enum nk_view_mode mode, unsigned int user,
    uint32_t version, struct looked *out)
{
	struct nk_map_user u, again;
	char name[MODEL_TEXT], gecos[MODEL_TEXT];
	int r, tries = 0;

	model_user_name(user, version, name);
	do {
		memset(out, 0, sizeof(*out));
		if ((r = look_account(l, mode, name, &u)) < 0)
			return r;
		out->there = true;
		out->locked = (u.flags & NK_USER_LOCKED) != 0;
		out->uid = u.uid;
		out->expires_at = u.expires_at;
		(void)snprintf(gecos, sizeof(gecos), "%.99s is %u", name,
		    u.uid);
		out->gecos_fits = strcmp(gecos, u.gecos) == 0;
		if ((r = look_groups(l, mode, &u, out)) < 0)
			return r;
		/* what is missing is missing if the account is the same */
		if ((r = look_keys(l, mode, &u, user, out)) == -EAGAIN &&
		    (r = look_account(l, mode, name, &again)) == 0)
			r = is_same(&u, &again) ? 0 : -EAGAIN;
		if (r == -EAGAIN)
			continue;
		if (r < 0 || (r = look_secret(l, mode, &u, user, out)) == 0)
			return r;
		if (r == -EAGAIN && (r = look_account(l, mode, name,
		    &again)) == 0)
			r = is_same(&u, &again) ? 0 : -EAGAIN;
		if (r != -EAGAIN)
			return r;
	} while (++tries < 1000);
	return -EIO;
}

/* ---- what it may have seen ---- */

static bool
is_there(const struct model *m, unsigned int user, uint32_t version)
{
	return m->users[user].there && m->users[user].name == version;
}

static bool
account_fits(const struct model *m, unsigned int user, uint32_t version,
    int r, const struct looked *l)
{
	const struct model_user *u = &m->users[user];

	if (!is_there(m, user, version))
		return r == -ENOENT;
	return r == 0 && l->locked == u->locked &&
	    l->expires_at == u->expires_at && l->uid == model_uid(m, user);
}

const char *
look_judge(const struct model *first, uint64_t last, unsigned int user,
    uint32_t version, int r, const struct looked *l)
{
	struct model m = *first;
	uint32_t may[2] = { 0, 0 }, must[2] = { ~0u, ~0u };
	bool account = false, hash = !l->there, shut = l->there &&
	    (l->locked || l->expires_at <= (int64_t)time(NULL));
	struct op op;

	for (;;) {
		const struct model_user *u = &m.users[user];
		bool there = is_there(&m, user, version);

		if (account_fits(&m, user, version, r, l))
			account = true;
		may[0] |= there ? u->keys : 0;
		must[0] &= there ? u->keys : 0;
		may[1] |= there ? u->groups : 0;
		must[1] &= there ? u->groups : 0;
		if (there && l->has_hash && l->hash == u->hash)
			hash = true;
		if (m.edits == last)
			break;
		op = model_next(&m);
		model_apply(&m, &op);
	}
	if (r != 0 && r != -ENOENT)
		return "unavailable";
	if (!account)
		return "another account";
	if (r == -ENOENT)
		return NULL;
	if (l->strange || !l->gecos_fits)
		return "torn, or somebody else's key, group or hash";
	if ((l->keys & ~may[0]) != 0)
		return "a key that is no more, or not yet";
	if (!shut && (must[0] & ~l->keys) != 0)
		return "a key is missing";
	if ((l->groups & ~may[1]) != 0 || (must[1] & ~l->groups) != 0)
		return "other groups";
	if (!hash && !(shut && !l->has_hash))
		return "another hash";
	return NULL;
}

int
look_all(struct look *l, const struct model *m, char why[MODEL_TEXT])
{
	struct looked out;
	const char *what;
	unsigned int user;
	uint32_t newest, version, i;
	int r;

	for (user = 0; user < MODEL_USERS; user++) {
		newest = m->users[user].name;
		for (i = 0; i < OLD_NAMES && i <= newest; i++) {
			version = newest - i;
			r = look_user(l, l->mode, user, version, &out);
			what = look_judge(m, m->edits, user, version, r,
			    &out);
			if (what == NULL)
				continue;
			(void)snprintf(why, MODEL_TEXT, "u%02u_%u: %s (%d)",
			    user, version, what, r);
			return -EBADMSG;
		}
	}
	return 0;
}
