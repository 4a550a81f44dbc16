/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "lib/publish/internal.h"

/*
 * Publishing a set of changes.  The journal only says which rows have
 * changed; what is published is what the store says about them now, so
 * that doing it again, or in one go what were several edits, comes to the
 * same end.
 *
 * The order for one user:
 *
 *	deleted		account, keys, secret
 *	shut		account, keys, secret: who is locked or expired is
 *			refused before anything else changes
 *	otherwise	keys and secret, valid for the account that readers
 *			see and for the one that comes; account; keys and
 *			secret, valid for the new account alone
 *
 * What is deleted goes first, users before groups, so that their names and
 * ids are free for what comes; groups are there before users are in them.
 */

static int
change_compare(const void *va, const void *vb)
{
	const struct nk_change *a = va, *b = vb;
	bool ag = a->kind == NK_CHANGE_GROUP, bg = b->kind == NK_CHANGE_GROUP;

	if (ag != bg)
		return ag ? 1 : -1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

bool
nk_plan_is_large(const struct nk_changes *cs)
{
	size_t i;

	if (cs->n > NK_PLAN_MAX)
		return true;
	for (i = 0; i < cs->n; i++)
		if (cs->v[i].kind == NK_CHANGE_ALL)
			return true;
	return false;
}

/* One entry for each row that occurs in v, which is sorted. */
static int
plan_collect(struct nk_plan *plan, const struct nk_change *v, size_t n)
{
	struct nk_plan_user *u = NULL;
	size_t i;

	if (n == 0)
		return 0;
	if ((plan->users = calloc(n, sizeof(*plan->users))) == NULL ||
	    (plan->groups = calloc(n, sizeof(*plan->groups))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (v[i].kind == NK_CHANGE_CENTRAL)
			continue;	/* in no map */
		if (v[i].kind == NK_CHANGE_GROUP) {
			if (i == 0 || v[i - 1].kind != NK_CHANGE_GROUP ||
			    v[i - 1].id != v[i].id)
				plan->groups[plan->ngroups++].row = v[i].id;
			continue;
		}
		if (u == NULL || u->row != v[i].id) {
			u = &plan->users[plan->nusers++];
			u->row = v[i].id;
		}
		if (v[i].kind == NK_CHANGE_KEYS)
			u->keys = true;
		else
			u->account = true;
	}
	return 0;
}

/* The store's own groups have no members that NSS should know. */
static int
add_group(void *arg, int64_t group, uint32_t gid, bool builtin)
{
	struct nk_plan_user *u = arg;
	struct nk_put_group_ref *v;

	if (builtin)
		return 0;
	if ((v = reallocarray(u->groups, u->put.ngroups + 1,
	    sizeof(*v))) == NULL)
		return -ENOMEM;
	u->groups = v;
	v[u->put.ngroups++] = (struct nk_put_group_ref){
		.group_row = (uint64_t)group,
		.gid = gid,
	};
	return 0;
}

static int
load_groups(struct nk_store *s, struct nk_plan_user *u)
{
	int r;

	if (u->user->group_id != 0 && (r = nk_group_gid(s,
	    u->user->group_id, &u->put.gid)) < 0)
		return r == -ENOENT ? -EBADMSG : r;
	if ((r = nk_member_each_gid(s, u->row, add_group, u)) < 0)
		return r;
	u->put.groups = u->groups;
	return 0;
}

static int
load_keys(struct nk_store *s, struct nk_plan_user *u)
{
	struct nk_keys ks = { NULL, 0 };
	size_t i;
	int r;

	if ((r = nk_keys_of_user(s, u->row, &ks)) < 0)
		return r;
	for (i = 0; i < ks.n && r == 0; i++)
		r = nk_keytext_add(&u->text, &ks.v[i]);
	nk_keys_clear(&ks);
	return r;
}

static int
render_secret(struct nk_store *s, struct nk_plan_user *u)
{
	struct nk_otp o;
	int r;

	if ((r = nk_otp_get(s, u->row, &o)) < 0 && r != -ENOENT)
		return r;
	nk_render_secret(u->user, r == 0, &u->secret);
	return 0;
}

int
nk_plan_user_render(struct nk_store *s, struct nk_plan_user *u)
{
	int r;

	if (u->account) {
		nk_render_user(u->user, &u->put);
		if ((r = render_secret(s, u)) < 0 ||
		    (r = load_groups(s, u)) < 0)
			return r;
	}
	if (u->keys && (r = load_keys(s, u)) < 0)
		return r;
	u->to = (uint64_t)u->user->generation;
	nk_keytext_set(&u->text, u->row, u->from, u->to, &u->keyset);
	return 0;
}

void
nk_plan_user_clear(struct nk_plan_user *u)
{
	nk_user_free(u->user);
	free(u->groups);
	nk_keytext_clear(&u->text);
	*u = (struct nk_plan_user){ 0 };
}

static int
load_user(struct nk_publisher *p, struct nk_plan_user *u)
{
	int r;

	r = nk_user_get(p->store, u->row, &u->user);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = nk_mapwriter_user_generation(p->map[NK_PUB_ACCOUNTS],
	    (uint64_t)u->row, &u->from);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || u->from != (uint64_t)u->user->generation)
		u->account = true;
	if (r == -ENOENT)
		u->from = (uint64_t)u->user->generation;
	return nk_plan_user_render(p->store, u);
}

int
nk_plan_make(struct nk_publisher *p, const struct nk_changes *cs,
    struct nk_plan *plan)
{
	size_t i;
	int r;

	*plan = (struct nk_plan){ 0 };
	if (cs->n > 0)
		qsort(cs->v, cs->n, sizeof(*cs->v), change_compare);
	if ((r = plan_collect(plan, cs->v, cs->n)) < 0)
		goto out;
	for (i = 0; i < plan->ngroups; i++) {
		r = nk_group_get(p->store, plan->groups[i].row,
		    &plan->groups[i].group);
		if (r < 0 && r != -ENOENT)
			goto out;
	}
	for (i = 0; i < plan->nusers; i++)
		if ((r = load_user(p, &plan->users[i])) < 0)
			goto out;
	r = 0;
 out:
	if (r < 0)
		nk_plan_clear(plan);
	return r;
}

void
nk_plan_clear(struct nk_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nusers; i++)
		nk_plan_user_clear(&plan->users[i]);
	for (i = 0; i < plan->ngroups; i++)
		nk_group_free(plan->groups[i].group);
	free(plan->users);
	free(plan->groups);
	*plan = (struct nk_plan){ 0 };
}

/* A group that no map shows: one of the store's own, or a deleted one. */
static bool
group_is_hidden(const struct nk_plan_group *g)
{
	return g->group == NULL || g->group->builtin;
}

static void
group_put(const struct nk_plan_group *g, struct nk_put_group *put)
{
	*put = (struct nk_put_group){
		.row = (uint64_t)g->row,
		.gid = g->group->gid,
		.name = g->group->name,
	};
}

/* What is needed of each map. */
struct need {
	uint64_t	bytes[NK_PUB_MAPS];
	uint32_t	slots[NK_PUB_MAPS];
};

static int
user_need(struct nk_publisher *p, const struct nk_plan_user *u,
    struct need *n)
{
	uint64_t bytes;
	int r;

	if (u->user == NULL)
		return 0;
	if (u->account) {
		bytes = 0;
		if ((r = nk_mapwriter_user_need(p->map[NK_PUB_ACCOUNTS],
		    &u->put, &bytes, &n->slots[NK_PUB_ACCOUNTS])) < 0)
			return r;
		n->bytes[NK_PUB_ACCOUNTS] += bytes;
		bytes = 0;
		if ((r = nk_mapwriter_secret_need(p->map[NK_PUB_SECRETS],
		    &u->secret, &bytes, &n->slots[NK_PUB_SECRETS])) < 0)
			return r;
		n->bytes[NK_PUB_SECRETS] += bytes;
	}
	if (u->keys && u->keyset.count > 0) {
		bytes = 0;
		if ((r = nk_mapwriter_keyset_need(p->map[NK_PUB_KEYS],
		    &u->keyset, &bytes, &n->slots[NK_PUB_KEYS])) < 0)
			return r;
		n->bytes[NK_PUB_KEYS] += bytes;
	}
	return 0;
}

int
nk_plan_reserve(struct nk_publisher *p, const struct nk_plan *plan)
{
	struct need n = { { 0 }, { 0 } };
	struct nk_put_group put;
	uint64_t bytes;
	size_t i;
	int r;

	for (i = 0; i < plan->ngroups; i++) {
		if (group_is_hidden(&plan->groups[i]))
			continue;
		group_put(&plan->groups[i], &put);
		bytes = 0;
		if ((r = nk_mapwriter_group_need(p->map[NK_PUB_ACCOUNTS],
		    &put, &bytes, &n.slots[NK_PUB_ACCOUNTS])) < 0)
			return r;
		n.bytes[NK_PUB_ACCOUNTS] += bytes;
	}
	for (i = 0; i < plan->nusers; i++)
		if ((r = user_need(p, &plan->users[i], &n)) < 0)
			return r;
	for (i = 0; i < NK_PUB_MAPS; i++)
		if ((n.bytes[i] != 0 || n.slots[i] != 0) &&
		    (r = nk_mapwriter_reserve(p->map[i], n.bytes[i],
		    n.slots[i])) < 0)
			return r;
	return 0;
}

static int
drop_user(struct nk_publisher *p, int64_t row)
{
	uint64_t r64 = (uint64_t)row;
	int r;

	if ((r = nk_mapwriter_drop_user(p->map[NK_PUB_ACCOUNTS], r64)) < 0 ||
	    (r = nk_mapwriter_drop_keyset(p->map[NK_PUB_KEYS], r64)) < 0)
		return r;
	return nk_mapwriter_drop_secret(p->map[NK_PUB_SECRETS], r64);
}

/* Keys and secret, valid for accounts of the generations from and to. */
static int
put_keys_and_secret(struct nk_publisher *p, const struct nk_plan_user *u,
    uint64_t from)
{
	const uint64_t generation[2] = { from, u->to };
	struct nk_put_keyset keyset = u->keyset;
	struct nk_put_secret secret = u->secret;
	int r;

	keyset.generation[0] = secret.generation[0] = from;
	if (!u->keys)
		r = nk_mapwriter_keyset_generations(p->map[NK_PUB_KEYS],
		    (uint64_t)u->row, generation);
	else if (keyset.count == 0)
		r = nk_mapwriter_drop_keyset(p->map[NK_PUB_KEYS],
		    (uint64_t)u->row);
	else
		r = nk_mapwriter_put_keyset(p->map[NK_PUB_KEYS], &keyset);
	if (r < 0 || !u->account)
		return r;
	return nk_mapwriter_put_secret(p->map[NK_PUB_SECRETS], &secret);
}

/* Keys and secret, valid for the new account alone. */
static int
narrow(struct nk_publisher *p, const struct nk_plan_user *u)
{
	const uint64_t generation[2] = { u->to, u->to };
	int r;

	if ((r = nk_mapwriter_keyset_generations(p->map[NK_PUB_KEYS],
	    (uint64_t)u->row, generation)) < 0)
		return r;
	return nk_mapwriter_secret_generations(p->map[NK_PUB_SECRETS],
	    (uint64_t)u->row, generation);
}

static int
publish_user(struct nk_publisher *p, const struct nk_plan_user *u,
    int64_t now)
{
	int r;

	if (u->account && nk_render_is_shut(u->user, now)) {
		if ((r = nk_mapwriter_put_user(p->map[NK_PUB_ACCOUNTS],
		    &u->put)) < 0)
			return r;
		return put_keys_and_secret(p, u, u->to);
	}
	if ((r = put_keys_and_secret(p, u, u->from)) < 0 || !u->account)
		return r;
	if ((r = nk_mapwriter_put_user(p->map[NK_PUB_ACCOUNTS],
	    &u->put)) < 0)
		return r;
	return u->from == u->to ? 0 : narrow(p, u);
}

int
nk_plan_publish(struct nk_publisher *p, const struct nk_plan *plan)
{
	int64_t now = (int64_t)time(NULL);
	struct nk_put_group put;
	size_t i;
	int r;

	for (i = 0; i < plan->nusers; i++)
		if (plan->users[i].user == NULL &&
		    (r = drop_user(p, plan->users[i].row)) < 0)
			return r;
	for (i = 0; i < plan->ngroups; i++)
		if (group_is_hidden(&plan->groups[i]) &&
		    (r = nk_mapwriter_drop_group(p->map[NK_PUB_ACCOUNTS],
		    (uint64_t)plan->groups[i].row)) < 0)
			return r;
	for (i = 0; i < plan->ngroups; i++) {
		if (group_is_hidden(&plan->groups[i]))
			continue;
		group_put(&plan->groups[i], &put);
		if ((r = nk_mapwriter_put_group(p->map[NK_PUB_ACCOUNTS],
		    &put)) < 0)
			return r;
	}
	for (i = 0; i < plan->nusers; i++)
		if (plan->users[i].user != NULL &&
		    (r = publish_user(p, &plan->users[i], now)) < 0)
			return r;
	return 0;
}

int
nk_publish_note(struct nk_publisher *p, int64_t seq)
{
	size_t i;
	int r;

	for (i = 0; i < NK_PUB_MAPS; i++)
		if ((r = nk_mapwriter_set_published(p->map[i],
		    (uint64_t)seq)) < 0)
			return r;
	return 0;
}
