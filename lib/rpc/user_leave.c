/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_leave.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/missing.h"
#include "lib/home/homedir.h"
#include "lib/keyfile/homelock.h"
#include "lib/monotonic.h"
#include "lib/publish/gids.h"
#include "lib/rpc/remark.h"
#include "lib/rpc/user_rules.h"

#define SECONDS		10	/* one home that hangs */
#define ALL_MS		60000	/* several of them, before the last one */
#define TEXT_MAX	2048

void
nk_user_leavers_clear(struct nk_user_leavers *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		free(all->v[i].name);
		free(all->v[i].home);
		free(all->v[i].groups);
	}
	free(all->v);
	*all = (struct nk_user_leavers){ NULL, 0 };
}

int
nk_user_leavers_add(struct nk_context *c, struct nk_user_leavers *all,
    const struct nk_user *u)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user_leaver *l;
	struct nk_group *g;
	int r;

	if (!u->managed || nk_is_no_home(c->conf, u->home))
		return 0;
	l = reallocarray(all->v, all->n + 1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	all->v = l;
	l += all->n++;
	*l = (struct nk_user_leaver){ .id = u->id, .uid = u->uid,
	    .name = strdup(u->name), .home = strdup(u->home) };
	if (l->name == NULL || l->home == NULL)
		return -ENOMEM;
	if ((r = nk_group_get(s, u->group_id, &g)) < 0)
		return r;
	l->gid = g->gid;
	nk_group_free(g);
	return nk_served_gids(s, c->conf, c->state, u, NULL, &l->groups,
	    &l->n_groups);
}

/* ---- what stays, and why ---- */

/* The user is gone all the same. */
static void
tell(struct nk_context *c, const char *action,
    const struct nk_user_leaver *l, const struct nk_homefile_result *res)
{
	const struct nk_subject subject = { "user", l->id, l->name };
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "Delete user %s: %s/.ssh was not "
	    "removed: %s", l->name, l->home, nk_homedir_sentence(res));
	nk_remark(c, action, &subject, text);
}

/* Somebody else may have been given the home by now. */
static bool
is_free(struct nk_context *c, const char *home)
{
	struct nk_user *u = NULL;
	int r;

	r = nk_user_by_home(nk_publisher_store(c->publisher), home, 0, &u);
	if (r == 0)
		nk_user_free(u);
	return r == -ENOENT;
}

/* late: nothing is tried any more. */
static void
remove_ssh(struct nk_context *c, const char *action,
    const struct nk_user_leaver *l, bool late)
{
	struct nk_homefile_who who = { .uid = l->uid, .gid = l->gid,
	    .groups = l->groups, .n_groups = l->n_groups, .home = l->home,
	    .root = c->state->owner, .seconds = SECONDS };
	struct nk_homefile_result res;
	struct nk_homelock lock;
	size_t end;
	int r;

	/* One that was never made is no news. */
	if (!is_free(c, l->home) || nk_path_is_missing(l->home, &end))
		return;
	if (late) {
		r = nk_homefile_set(&res, NK_HOMEFILE_TIMEOUT);
	} else if ((r = nk_homelock_enter(&lock, c->state, &who,
	    c->conf->lookup_timeout * 1000u, &res)) == 0) {
		r = nk_homedir_remove_ssh(&who, &res);
		nk_homelock_drop(&lock);
	}
	if (r < 0 && res.outcome != NK_HOMEFILE_NO_HOME)
		tell(c, action, l, &res);
}

void
nk_user_leave(struct nk_context *c, const char *action,
    const struct nk_user_leavers *all)
{
	int64_t late = nk_monotonic_ms() + ALL_MS;
	size_t i;

	for (i = 0; i < all->n; i++)
		remove_ssh(c, action, &all->v[i], nk_monotonic_ms() > late);
}
