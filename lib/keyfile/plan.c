/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/publish/gids.h"
#include "lib/publish/homes.h"

static int
read_user(struct nk_store *s, const struct nk_conf *c,
    const struct nk_state *state, int64_t user_id, struct nk_keyfile_plan *p)
{
	struct nk_user *u;
	size_t i;
	int r;

	if ((r = nk_user_get(s, user_id, &u)) < 0)
		return r == -ENOENT ? 0 : r;
	p->wanted = nk_home_is_wanted(c, u, p->row->home);
	if (!p->wanted && u->uid == p->row->uid &&
	    nk_home_is_wanted(c, u, u->home) &&
	    (p->current = strdup(u->home)) == NULL)
		r = -ENOMEM;
	if (r == 0 &&
	    (r = nk_filetext_make(s, u, p->now, &p->text)) == 0 &&
	    (p->alive = calloc(p->text.n + 1, sizeof(*p->alive))) == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < p->text.n; i++)
		if (!p->text.lines[i].ended)
			p->alive[p->n_alive++] = p->text.lines[i].fingerprint;
	if (r == 0)
		r = nk_served_gids(s, c, state, u, NULL, &p->groups,
		    &p->n_groups);
	nk_user_free(u);
	return r;
}

int
nk_keyfile_plan_read(struct nk_store *s, const struct nk_conf *c,
    const struct nk_state *state, int64_t user_id, const char *home,
    int64_t now, struct nk_keyfile_plan *p)
{
	int r;

	*p = NK_KEYFILE_PLAN_NONE;
	p->now = now;
	if ((r = nk_keyfile_home_get(s, user_id, home, &p->row)) == 0 &&
	    (r = nk_keyfile_lines_get(s, p->row->id, &p->written)) == 0)
		r = read_user(s, c, state, user_id, p);
	if (r < 0)
		nk_keyfile_plan_clear(p);
	return r;
}

void
nk_keyfile_plan_clear(struct nk_keyfile_plan *p)
{
	nk_keyfile_home_free(p->row);
	nk_keyfile_lines_free(&p->written);
	nk_filetext_clear(&p->text);
	free(p->current);
	free(p->alive);
	free(p->groups);
	*p = NK_KEYFILE_PLAN_NONE;
}

bool
nk_keyfile_plan_is_same(const struct nk_keyfile_plan *a,
    const struct nk_keyfile_plan *b)
{
	size_t i;

	if (a->row->id != b->row->id || a->row->uid != b->row->uid ||
	    a->row->gid != b->row->gid || a->wanted != b->wanted ||
	    a->text.len != b->text.len || a->written.n != b->written.n ||
	    (a->text.len > 0 &&
	    memcmp(a->text.text, b->text.text, a->text.len) != 0))
		return false;
	for (i = 0; i < a->written.n; i++)	/* in order */
		if (strcmp(a->written.v[i].line, b->written.v[i].line) != 0)
			return false;
	return true;
}

struct nk_merge
nk_keyfile_plan_merge(const struct nk_keyfile_plan *p, const char *file,
    size_t len)
{
	return (struct nk_merge){
		.file = file,
		.file_len = len,
		.wanted = p->wanted ? p->text.text : NULL,
		.wanted_len = p->wanted ? p->text.len : 0,
		.written = p->written.v,
		.n_written = p->written.n,
		.alive = p->alive,
		.n_alive = p->n_alive,
	};
}

struct nk_homefile_who
nk_keyfile_plan_who(const struct nk_keyfile_plan *p, uid_t root,
    unsigned int seconds, const int *lock)
{
	return (struct nk_homefile_who){
		.uid = p->row->uid,
		.gid = p->row->gid,
		.groups = p->groups,
		.n_groups = p->n_groups,
		.home = p->row->home,
		.root = root,
		.seconds = seconds,
		.lock = lock,
	};
}
