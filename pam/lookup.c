/* SPDX-License-Identifier: ISC */
#include "pam/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/map/serve.h"

#define TRIES	8		/* maps or accounts that change under us */

enum { ACCOUNTS, SECRETS };

/* Records are pages: too large for the stack of a foreign program. */
union record {
	struct nk_map_user	user;
	struct nk_map_secret	secret;
};

static void
shut(struct nk_lookup *l, int which)
{
	nk_view_close(&l->view[which]);
}

static int
open_map(struct nk_lookup *l, int which)
{
	shut(l, which);
	return nk_view_open(&l->view[which], AT_FDCWD,
	    which == ACCOUNTS ? l->maps->accounts : l->maps->secrets,
	    which == ACCOUNTS ? NK_MAP_KIND_ACCOUNTS : NK_MAP_KIND_SECRETS,
	    NK_VIEW_ONCE);
}

static int
find_account(struct nk_lookup *l, struct nk_map_user *u)
{
	struct nk_map_settings s;
	int r;

	if ((r = open_map(l, ACCOUNTS)) < 0)
		return r == -ENOENT ? -EIO : r;
	if ((r = nk_map_user_by_name(&l->view[ACCOUNTS], l->user,
	    strlen(l->user), u)) < 0 ||
	    (r = nk_map_settings(&l->view[ACCOUNTS], &s)) < 0)
		return r;
	if (!nk_serves_user(u, &s) || u->uid < l->min_uid)
		return -ENOENT;
	l->account = (struct nk_account){ .row = u->row,
	    .generation = u->generation, .expires_at = u->expires_at,
	    .uid = u->uid, .gid = u->gid, .flags = u->flags,
	    .max_days = s.max_days, .warn_days = s.warn_days };
	return 0;
}

static int
find_account_anew(struct nk_lookup *l, union record *rec)
{
	int r = -ESTALE, tries;

	for (tries = 0; r == -ESTALE && tries < TRIES; tries++)
		r = find_account(l, &rec->user);
	return r == -EIO || r == -EACCES || r == -ESTALE ? -ENODATA : r;
}

int
nk_lookup_begin(struct nk_lookup *l, const struct nk_maps *maps,
    const char *user, uint32_t min_uid)
{
	union record *rec;
	int r;

	*l = (struct nk_lookup){ .maps = maps, .user = user,
	    .min_uid = min_uid, .view = { NK_VIEW_NONE, NK_VIEW_NONE } };
	if ((rec = malloc(sizeof(*rec))) == NULL)
		return -ENOMEM;
	r = find_account_anew(l, rec);
	free(rec);
	return r;
}

static void
keep(struct nk_password *kept, const struct nk_map_secret *s)
{
	*kept = (struct nk_password){ .locked_until = s->locked_until,
	    .last_change = s->last_change, .min_days = s->min_days,
	    .max_days = s->max_days, .warn_days = s->warn_days,
	    .inactive_days = s->inactive_days, .flags = s->flags };
	memcpy(kept->hash, s->hash, s->hash_len);	/* <= NK_HASH_MAX */
	kept->hash[s->hash_len] = '\0';
}

/* -ENOENT: none of this generation. */
static int
find_secret(struct nk_lookup *l, struct nk_map_secret *s)
{
	int r;

	if ((r = open_map(l, SECRETS)) < 0)
		return r == -ENOENT ? -EIO : r;
	if ((r = nk_map_secret_find(&l->view[SECRETS], l->account.row,
	    l->account.generation, s)) == 0)
		keep(&l->secret, s);
	return r;
}

/*
 * One that is not there belongs to an account that was changed just now, or
 * has no secret: the second if the account still is what it was.
 */
static int
find_secret_anew(struct nk_lookup *l, union record *rec)
{
	struct nk_account before;
	int r = -ESTALE, tries;
	bool missing;

	for (tries = 0; tries < TRIES; tries++) {
		r = find_secret(l, &rec->secret);
		if (r != -ENOENT && r != -ESTALE)
			return r;
		missing = r == -ENOENT;
		before = l->account;
		if ((r = find_account_anew(l, rec)) < 0)
			return r;
		if (missing && before.row == l->account.row &&
		    before.generation == l->account.generation) {
			l->secret = (struct nk_password){ .last_change = -1,
			    .min_days = -1, .max_days = -1, .warn_days = -1,
			    .inactive_days = -1, .hash = "*",
			    .flags = NK_SECRET_OTP };
			return 0;
		}
		r = -EIO;
	}
	return r;
}

int
nk_lookup_secret(struct nk_lookup *l)
{
	union record *rec;
	int r;

	if ((rec = malloc(sizeof(*rec))) == NULL)
		return -ENOMEM;
	r = find_secret_anew(l, rec);
	explicit_bzero(rec, sizeof(*rec));
	free(rec);
	return r;
}

void
nk_lookup_close(struct nk_lookup *l)
{
	shut(l, ACCOUNTS);
	shut(l, SECRETS);
}

void
nk_lookup_end(struct nk_lookup *l)
{
	nk_lookup_close(l);
	explicit_bzero(&l->secret, sizeof(l->secret));
}
