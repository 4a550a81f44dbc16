/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_events.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/feed.h"
#include "lib/rpc/api_key.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/job.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/object.h"
#include "lib/rpc/web_login.h"

#define BITE	128	/* audit rows */

/* ---- the collections ---- */

/* Each entity is what its *.query shows to who may see no secrets. */
static int
user_entity(struct nk_context *c, int64_t id, json_t **op)
{
	struct nk_user *u;
	int r;

	if ((r = nk_user_get(nk_publisher_store(c->publisher), id, &u)) < 0)
		return r;
	r = nk_user_entity(c, u, NULL, false, op);
	nk_user_free(u);
	return r;
}

static int
group_entity(struct nk_context *c, int64_t id, json_t **op)
{
	struct nk_group *g;
	int r;

	if ((r = nk_group_get(nk_publisher_store(c->publisher), id, &g)) < 0)
		return r;
	r = nk_group_entity(c, g, NULL, op);
	nk_group_free(g);
	return r;
}

static int
credential_entity(struct nk_context *c, int64_t id, json_t **op)
{
	const struct nk_wanted shown = { .all = true, .but = "attributes" };
	struct nk_credential row;
	struct nk_keychain kc;
	int r;

	nk_keychain_of(c, &kc);
	if ((r = nk_credential_get(kc.store, id, &row)) == 0 &&
	    (r = nk_credential_entity(&kc, &row, &shown, op)) == 0 &&
	    json_object_set_new(*op, "attributes",
	    json_string(NK_SECRET_TEXT)) == -1) {
		json_decref(*op);
		r = -ENOMEM;
	}
	nk_credential_clear(&row);
	nk_keychain_clear(&kc);
	return r;
}

static int
api_key_entity(struct nk_context *c, int64_t id, json_t **op)
{
	struct nk_api_key k;
	int r;

	r = nk_api_key_get(nk_publisher_store(c->publisher), id, &k);
	return r < 0 ? r : nk_api_key_entity(c, &k, op);
}

/* kind: of the audit row's object. */
static const struct collection {
	const char	*name, *kind;
	int		(*entity)(struct nk_context *c, int64_t id,
			    json_t **op);
} collections[] = {
	[NK_ROWS_USER] = { "user.query", "user", user_entity },
	[NK_ROWS_GROUP] = { "group.query", "group", group_entity },
	[NK_ROWS_CREDENTIAL] = { "keychaincredential.query", "credential",
	    credential_entity },
	[NK_ROWS_API_KEY] = { "api_key.query", "api_key", api_key_entity },
};

/* What stands behind a ':' are arguments, which these do not take. */
static bool
is_named(const char *name, const char *collection)
{
	size_t len = strcspn(name, ":");

	return strlen(collection) == len &&
	    strncmp(name, collection, len) == 0;
}

static bool
is_subscribed(const struct nk_web *w, const char *collection)
{
	size_t i;

	for (i = 0; i < w->n_subscriptions; i++) {
		if (is_named(w->subscriptions[i].name, collection))
			return true;
	}
	return false;
}

static bool
is_wanted(const struct nk_web *w, size_t kind)
{
	return is_subscribed(w, collections[kind].name);
}

static bool
is_any_wanted(const struct nk_web *w)
{
	size_t kind;

	for (kind = 0; kind < NK_ROWS_KINDS; kind++) {
		if (is_wanted(w, kind))
			return true;
	}
	return false;
}

/* ---- what has changed ---- */

/* Rows of these actions say that something was used, not that it changed. */
static bool
is_use(const char *action)
{
	static const char *const uses[] = {
		"keychaincredential.copy_key", "keychaincredential.export",
		"keychaincredential.lend", "keychaincredential.test",
		"pam.otp", "user.unlock",
	};
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (strcmp(action, uses[i]) == 0)
			return true;
	}
	return strncmp(action, "auth.", strlen("auth.")) == 0;
}

struct bite {
	struct nk_context	*c;
	int64_t			 last;		/* audit row */
	size_t			 rows, n;
	struct {
		size_t	kind;
		int64_t	id;
	} v[BITE];		/* each row once */
};

/* Some audit rows have but the name. */
static int64_t
find_id(struct bite *b, size_t kind, const struct nk_audit *a)
{
	struct nk_user *u;
	int64_t id;

	if (a->object_id > 0 || kind != NK_ROWS_USER)
		return a->object_id;
	if (nk_user_by_name(nk_publisher_store(b->c->publisher), a->object,
	    &u) < 0)
		return 0;
	id = u->id;
	nk_user_free(u);
	return id;
}

static void
note(struct bite *b, size_t kind, int64_t id)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].kind == kind && b->v[i].id == id)
			return;
	}
	b->v[b->n].kind = kind;
	b->v[b->n++].id = id;
}

/* Nobody asks for it yet: who does later, for him it was there already. */
static void
pass(struct bite *b, size_t kind, int64_t id)
{
	int64_t *last = &b->c->web->last_ids.rows[kind];

	if (id > *last)
		*last = id;
}

static int
take_row(void *arg, const struct nk_audit *a)
{
	struct bite *b = arg;
	size_t kind;
	int64_t id;

	if (b->rows == BITE)
		return 1;
	b->rows++;
	b->last = a->id;
	for (kind = 0; kind < NK_ROWS_KINDS; kind++) {
		if (strcmp(a->object_kind, collections[kind].kind) != 0)
			continue;
		if (!is_wanted(b->c->web, kind))
			pass(b, kind, a->object_id);
		else if (!is_use(a->action) && (id = find_id(b, kind, a)) > 0)
			note(b, kind, id);
	}
	return 0;
}

/* ---- telling ---- */

/* Takes the reference to fields, which may be NULL. */
static int
tell(struct nk_context *c, const char *msg, const char *collection,
    int64_t id, json_t *fields)
{
	json_t *params = json_pack("{s:s, s:s, s:I, s:o*}", "msg", msg,
	    "collection", collection, "id", (json_int_t)id, "fields",
	    fields);

	if (params == NULL)
		return -ENOMEM;
	if (c->notify == NULL)
		json_decref(params);
	else
		c->notify(c->notify_arg, NK_WEB_EVENT, params);
	return 0;
}

/*
 * Ids only grow, so one above all before it is new.  What came and went
 * meanwhile was never there.
 */
static int
tell_row(struct nk_context *c, size_t kind, int64_t id)
{
	const struct collection *co = &collections[kind];
	int64_t *last = &c->web->last_ids.rows[kind];
	bool is_new = id > *last;
	json_t *fields = NULL;
	int r;

	if (is_new)
		*last = id;
	r = co->entity(c, id, &fields);
	if (r == -ENOENT)
		return is_new ? 0 : tell(c, "removed", co->name, id, NULL);
	return r < 0 ? r : tell(c, is_new ? "added" : "changed", co->name,
	    id, fields);
}

/* Rule 1.  A login whose time is over is told so by its next request. */
static bool
may_hear(struct nk_context *c)
{
	const struct nk_web *w = c->web;

	if (!w->local && (!w->in || nk_session_now() >= w->ends_at))
		return false;
	return c->rights(c) == 0 && c->rank >= NK_RANK_ADMIN;
}

/* A store that was put back from a copy has fewer rows. */
static int
look(struct nk_context *c, struct bite *b)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_last_ids now;
	int r;

	if ((r = nk_store_last_ids(s, &now)) < 0)
		return r;
	if (now.audit < c->web->last_ids.audit)
		c->web->last_ids = now;
	b->last = c->web->last_ids.audit;
	r = nk_audit_each(s, b->last, 0, take_row, b);
	if (r >= 0)
		c->web->last_ids.audit = b->last;
	return r;
}

static int
take_rows(struct nk_context *c)
{
	struct bite b = { .c = c };
	size_t i;
	int more, r = 0;

	if ((more = look(c, &b)) < 0)
		return more;
	for (i = 0; r == 0 && i < b.n; i++)
		r = tell_row(c, b.v[i].kind, b.v[i].id);
	return r < 0 ? r : more;
}

/* ---- jobs ---- */

#define JOBS	"core.get_jobs"

struct news {
	json_t	*list;
	int64_t	 last_change;
};

static int
take_job(void *arg, const struct nk_job *j)
{
	struct news *n = arg;
	json_t *o;
	int r;

	n->last_change = j->changed;
	if ((r = nk_job_entity(j, &o)) < 0)
		return r;
	return json_array_append_new(n->list, o) == -1 ? -ENOMEM : 0;
}

static int
tell_jobs(struct nk_context *c, const json_t *list)
{
	struct nk_web *w = c->web;
	json_t *o;
	int64_t id;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < json_array_size(list); i++) {
		o = json_array_get(list, i);
		id = json_integer_value(json_object_get(o, "id"));
		r = tell(c, id > w->last_job ? "added" : "changed", JOBS, id,
		    json_incref(o));
		if (id > w->last_job)
			w->last_job = id;
	}
	return r;
}

/* Another session.db may stand in its place, with fewer. */
static int
take_jobs(struct nk_context *c)
{
	struct nk_web *w = c->web;
	struct news n = { .last_change = w->last_job_change };
	int64_t id, change;
	int r;

	if ((r = nk_job_last(c->session, &id, &change)) < 0)
		return r;
	if (change < w->last_job_change) {
		w->last_job = id;
		w->last_job_change = change;
		return 0;
	}
	if ((n.list = json_array()) == NULL)
		return -ENOMEM;
	r = nk_job_each(c->session, w->last_job_change, take_job, &n);
	w->last_job_change = n.last_change;
	if (r == 0)
		r = tell_jobs(c, n.list);
	json_decref(n.list);
	return r;
}

int
nk_web_events_jobs(struct nk_context *c)
{
	return c->web->jobs_feed != -1 && may_hear(c) ? take_jobs(c) : 0;
}

/* ---- following ---- */

static void
drop(int *fdp)
{
	if (*fdp != -1)
		close(*fdp);
	*fdp = -1;
}

void
nk_web_events_end(struct nk_web *w)
{
	drop(&w->feed);
	drop(&w->jobs_feed);
}

/* Listen first, then look: what changes between the two is not missed. */
static int
listen_anew(const char *path, int *fdp)
{
	int fd, r;

	if ((r = nk_feed_listen(path, &fd)) < 0)
		return r;
	drop(fdp);
	*fdp = fd;
	return 0;
}

static int
follow_store(struct nk_context *c)
{
	struct nk_web *w = c->web;
	int r;

	if (!is_any_wanted(w))
		drop(&w->feed);
	if (!is_any_wanted(w) || w->feed != -1)
		return 0;
	if ((r = listen_anew(c->state->feed, &w->feed)) < 0)
		return r;
	r = nk_store_last_ids(nk_publisher_store(c->publisher),
	    &w->last_ids);
	if (r < 0)
		drop(&w->feed);
	return r;
}

static int
follow_jobs(struct nk_context *c)
{
	struct nk_web *w = c->web;
	bool wanted = is_subscribed(w, JOBS);
	int r;

	if (!wanted)
		drop(&w->jobs_feed);
	if (!wanted || w->jobs_feed != -1)
		return 0;
	if ((r = listen_anew(c->state->jobs, &w->jobs_feed)) < 0)
		return r;
	r = nk_job_last(c->session, &w->last_job, &w->last_job_change);
	if (r < 0)
		drop(&w->jobs_feed);
	return r;
}

bool
nk_web_events_may(const struct nk_context *c, const char *name)
{
	return c->rank >= NK_RANK_ADMIN || is_named(name, JOBS);
}

int
nk_web_events_follow(struct nk_context *c)
{
	int r;

	if (c->rank < NK_RANK_ADMIN) {
		nk_web_events_end(c->web);
		return 0;
	}
	r = follow_store(c);
	return r < 0 ? r : follow_jobs(c);
}

int
nk_web_events_subscribe(struct nk_context *c, const char *id,
    const char *name)
{
	int r;

	if ((r = nk_web_subscribe(c->web, id, name)) == 0 &&
	    (r = nk_web_events_follow(c)) < 0)
		nk_web_unsubscribe(c->web, id);
	return r;
}

static int
take(struct nk_context *c)
{
	struct nk_web *w = c->web;
	int r;

	if (!may_hear(c))
		return -EACCES;
	if (w->jobs_feed != -1 &&
	    ((r = listen_anew(c->state->jobs, &w->jobs_feed)) < 0 ||
	    (r = take_jobs(c)) < 0))
		return r;
	if (w->feed == -1)
		return 0;
	r = listen_anew(c->state->feed, &w->feed);
	return r < 0 ? r : take_rows(c);
}

int
nk_web_events_take(struct nk_context *c)
{
	int r = take(c);

	if (r < 0)
		nk_web_events_end(c->web);
	return r;
}
