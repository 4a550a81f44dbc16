/* SPDX-License-Identifier: ISC */
/*
 * user.adopt_keys: the authorized_keys files that are in homes already are
 * taken into the store, a user's keys at once, and one user after another:
 * what was adopted stays so when something fails later.
 */
#include "lib/rpc/adopt.h"

#include <errno.h>

#include "lib/rpc/adopt_user.h"
#include "lib/rpc/import.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/message.h"
#include "lib/rpc/object.h"

#define PAGE	256	/* ids that are asked of the store at once */

struct page {
	int64_t	v[PAGE];
	size_t	n;
};

/* ---- all users ---- */

static int
note_id(void *arg, const struct nk_user *u)
{
	struct page *p = arg;

	p->v[p->n++] = u->id;
	return p->n == PAGE;
}

/*
 * One who was deleted meanwhile is none.  What is done after an answer else
 * is done after each edit, or the log and the maps would grow with all of
 * them.
 */
static int
adopt_id(struct nk_adoption *ad, int64_t id, struct nk_error *e)
{
	struct nk_user *u;
	int r;

	r = nk_user_get(nk_publisher_store(ad->c->publisher), id, &u);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_adopt_user(ad, u, false, e);
	nk_user_free(u);
	return r < 0 ? r : nk_publisher_tidy(ad->c->publisher);
}

/* At each of 100 parts. */
static void
progress(struct nk_context *c, int64_t done, int64_t total)
{
	int64_t part = total / 100;

	if (part == 0 || done % part == 0 || done == total)
		nk_import_progress(c, done, total);
}

/* A walk of the store must not wait for homes: ids first, page by page. */
static int
adopt_all(struct nk_adoption *ad, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(ad->c->publisher);
	int64_t done = 0, total, last = 0;
	struct page p;
	size_t i;
	int r;

	if ((r = nk_user_count(s, &total)) < 0)
		return r;
	do {
		p.n = 0;
		if ((r = nk_user_each(s, last, note_id, &p)) < 0)
			return r;
		for (i = 0; i < p.n; i++) {
			if ((r = adopt_id(ad, p.v[i], e)) < 0)
				return r;
			progress(ad->c, ++done, total);
			last = p.v[i];
		}
	} while (p.n == PAGE);
	return 0;
}

static int
adopt_one(struct nk_adoption *ad, const char *name, struct nk_error *e)
{
	struct nk_user *u = NULL;
	int r;

	if ((r = nk_key_find_user(ad->c, name, &u, e)) < 0)
		return r;
	r = nk_adopt_user(ad, u, true, e);
	nk_user_free(u);
	return r;
}

/* ---- the method ---- */

/*
 * What ended it early, where something was adopted before: that must not be
 * lost in an error.
 */
static const char *
reason_of(const struct nk_error *e, int r)
{
	const char *attribute;

	if (r == 0)
		return NULL;
	return nk_error_is_set(e) ? nk_error_sentence(e, &attribute) :
	    nk_errno_sentence(-r);
}

static int
answer(struct nk_adoption *ad, const char *reason, json_t **resultp)
{
	struct nk_object b;

	nk_object_init(&b, NULL);
	nk_object_bool(&b, "dry_run", ad->dry_run);
	nk_object_text(&b, "reason", reason);
	nk_object_put(&b, "users", json_incref(ad->users));
	nk_object_int(&b, "more", (int64_t)ad->more);
	nk_object_int(&b, "looked_at", (int64_t)ad->looked_at);
	nk_object_int(&b, "without_file", (int64_t)ad->without_file);
	nk_object_int(&b, "failed", (int64_t)ad->failed);
	nk_object_int(&b, "adopted", (int64_t)ad->counts.adopted);
	nk_object_int(&b, "known", (int64_t)ad->counts.known);
	nk_object_int(&b, "refused", (int64_t)ad->counts.refused);
	nk_object_int(&b, "comments", (int64_t)ad->counts.comments);
	nk_object_put(&b, "warnings", nk_key_warner_list(&ad->warner));
	return nk_object_finish(&b, resultp);
}

int
nk_user_adopt_keys(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const char *name = json_string_value(json_array_get(params, 0));
	struct nk_adoption ad = {
		.c = c,
		.dry_run = json_is_true(json_object_get(json_array_get(params,
		    1), "dry_run")),
		.users = json_array(),
	};
	int r = -ENOMEM;

	if (ad.users == NULL)
		return r;
	if ((r = nk_key_warner_init(&ad.warner, c)) < 0) {
		json_decref(ad.users);
		return r;
	}
	r = name != NULL ? adopt_one(&ad, name, e) : adopt_all(&ad, e);
	if (r == 0 || (ad.counts.adopted > 0 && r != -ENOMEM)) {
		r = answer(&ad, reason_of(e, r), resultp);
		nk_error_clear(e);
	}
	nk_key_warner_clear(&ad.warner);
	json_decref(ad.users);
	return r;
}

static const struct nk_arg adopt_fields[] = {
	{ .name = "dry_run", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_adopt_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NULL | NK_ARG_NONEMPTY },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = adopt_fields },
	{ .name = NULL },
};
