/* SPDX-License-Identifier: ISC */
#include "lib/explain/published.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/reader.h"

#define TRIES	8	/* maps or accounts that change meanwhile */

struct maps {
	char	accounts[PATH_MAX], keys[PATH_MAX];
};

static int
name_maps(struct maps *m, const char *folder)
{
	int a, b;

	a = snprintf(m->accounts, sizeof(m->accounts), "%s/%s", folder,
	    NK_MAP_ACCOUNTS);
	b = snprintf(m->keys, sizeof(m->keys), "%s/%s", folder, NK_MAP_KEYS);
	return a < 0 || (size_t)a >= sizeof(m->accounts) || b < 0 ||
	    (size_t)b >= sizeof(m->keys) ? -ENAMETOOLONG : 0;
}

static int
copy_line(const struct nk_view *v, uint32_t unit, uint64_t row,
    struct nk_published_line *to)
{
	struct nk_map_keyline l;
	char *buf;
	int r;

	if ((buf = malloc(NK_RECORD_MAX)) == NULL)
		return -ENOMEM;
	r = nk_map_keyline_at(v, unit, row, buf, NK_RECORD_MAX, &l);
	if (r == 0 && (to->text = malloc(l.text_len + 1)) == NULL)
		r = -ENOMEM;
	if (r == 0) {
		memcpy(to->text, l.text, l.text_len);
		to->text[l.text_len] = '\0';
		to->len = l.text_len;
		to->expires_at = l.expires_at;
	}
	free(buf);
	/* a set that was changed just now */
	return r == -EIO || r == -ENOENT ? -EAGAIN : r;
}

static int
copy_lines(const struct nk_view *v, const struct nk_map_user *u,
    struct nk_published *p)
{
	struct nk_map_keyset k;
	uint32_t i;
	int r;

	r = nk_map_keyset_find(v, u->row, u->generation, &k);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if ((p->v = calloc(k.count + 1u, sizeof(*p->v))) == NULL)
		return -ENOMEM;
	for (i = 0; r == 0 && i < k.count; i++) {
		r = copy_line(v, k.entries[i].unit, u->row, &p->v[p->n]);
		if (r == 0)
			p->n++;
	}
	return r;
}

static enum nk_published_state
state_of(const struct nk_map_user *u, uint32_t uid, int64_t now)
{
	if ((u->flags & NK_USER_UID_MISMATCH) != 0)
		return NK_PUBLISHED_UID_CHANGED;
	if ((u->flags & NK_USER_LOCKED) != 0)
		return NK_PUBLISHED_LOCKED;
	if (u->expires_at <= now)
		return NK_PUBLISHED_EXPIRED;
	return u->uid != uid ? NK_PUBLISHED_UID_OTHER : NK_PUBLISHED_KEYS;
}

static int
read_keys(const struct maps *m, const struct nk_map_user *u,
    struct nk_published *p)
{
	struct nk_view v;
	int r;

	if ((r = nk_view_open(&v, AT_FDCWD, m->keys, NK_MAP_KIND_KEYS,
	    NK_VIEW_PREAD)) < 0)
		return r;
	r = copy_lines(&v, u, p);
	nk_view_close(&v);
	return r;
}

static int
read_once(const struct maps *m, const char *user, uint32_t uid, int64_t now,
    struct nk_published *p)
{
	struct nk_map_user u;
	struct nk_view v;
	int r;

	if ((r = nk_view_open(&v, AT_FDCWD, m->accounts,
	    NK_MAP_KIND_ACCOUNTS, NK_VIEW_PREAD)) < 0)
		return r;
	r = nk_map_user_by_name(&v, user, strlen(user), &u);
	nk_view_close(&v);
	if (r == -ENOENT)
		return 0;		/* nobody */
	if (r < 0)
		return r;
	p->managed = (u.flags & NK_USER_MANAGED) != 0;
	p->uid = u.uid;
	p->expires_at = u.expires_at;
	p->state = state_of(&u, uid, now);
	return p->state == NK_PUBLISHED_KEYS ? read_keys(m, &u, p) : 0;
}

int
nk_published_read(const char *maps, const char *user, uint32_t uid,
    int64_t now, struct nk_published *p)
{
	struct maps m = { .accounts = "" };
	int tries, r;

	*p = (struct nk_published){ .state = NK_PUBLISHED_NOBODY };
	if ((r = name_maps(&m, maps)) < 0)
		return r;
	r = -EIO;
	for (tries = 0; tries < TRIES; tries++) {
		r = read_once(&m, user, uid, now, p);
		if (r == 0)
			return 0;
		nk_published_clear(p);
		if (r != -ESTALE && r != -EAGAIN)
			break;
	}
	return r == -ESTALE || r == -EAGAIN ? -EIO : r;
}

void
nk_published_clear(struct nk_published *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->v[i].text);
	free(p->v);
	*p = (struct nk_published){ .state = NK_PUBLISHED_NOBODY };
}
