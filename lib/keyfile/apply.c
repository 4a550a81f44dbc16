/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/keyfile/write.h"
#include "lib/monotonic.h"
#include "lib/publish/homes.h"

/* ---- which homes ---- */

static bool
is_written(struct nk_store *s, const struct nk_user *u)
{
	struct nk_keyfile_home *h;
	bool written;

	if (nk_keyfile_home_get(s, u->id, u->home, &h) < 0)
		return false;
	written = !h->pending;
	nk_keyfile_home_free(h);
	return written;
}

/* MUST 4: 1, it may go. */
static int
central_may_go(struct nk_store *s, const struct nk_conf *c, int64_t user_id)
{
	struct nk_user *u;
	uint32_t uid;
	int r;

	if ((r = nk_keyfile_central_get(s, user_id, &uid)) < 0 ||
	    (r = nk_user_get(s, user_id, &u)) < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_home_is_wanted(c, u, u->home) && is_written(s, u);
	nk_user_free(u);
	return r;
}

static int
give_up_central(const struct nk_keyfile_work *w, int64_t user_id)
{
	struct nk_store *s = nk_publisher_store(w->publisher);
	int r;

	if ((r = central_may_go(s, w->conf, user_id)) <= 0 ||
	    (r = nk_edit_begin(w->publisher)) < 0)
		return r;
	if ((r = central_may_go(s, w->conf, user_id)) == 1)
		r = nk_keyfile_central_delete(s, user_id);
	else if (r == 0)
		r = -ECANCELED;
	if (r == 0)
		return nk_edit_commit(w->publisher);
	nk_edit_abort(w->publisher);
	return r == -ECANCELED ? 0 : r;
}

/* ---- one user's fault, which MUST 5 does not let end the others' ---- */

struct fault {
	int64_t		 user_id;
	const char	*home;		/* NULL: all of the user's */
	int		 error;
};

static int
write_fault(struct nk_store *s, void *arg)
{
	const struct fault *f = arg;
	struct nk_keyfile_homes hs;
	char why[256];
	size_t i;
	int r;

	(void)snprintf(why, sizeof(why), "What it should say could not be "
	    "found out: %s.", strerror(-f->error));
	r = nk_keyfile_homes_get(s, f->user_id, false, &hs);
	for (i = 0; r == 0 && i < hs.n; i++) {
		if (f->home != NULL && strcmp(hs.v[i].home, f->home) != 0)
			continue;
		free(hs.v[i].reason);
		if ((hs.v[i].reason = strdup(why)) == NULL)
			r = -ENOMEM;
		hs.v[i].pending = true;
		hs.v[i].tried_at = (int64_t)time(NULL);
		if (r == 0)
			r = nk_keyfile_home_put(s, &hs.v[i]);
	}
	nk_keyfile_homes_clear(&hs);
	return r;
}

/* As far as that can be written; returns the error. */
static int
tell_fault(const struct nk_keyfile_work *w, const struct nk_keyfile_home *h,
    int error)
{
	struct fault f = { h->user_id, h->home, error };
	int r;

	if (error != -EAGAIN) {		/* the lock was not to be had */
		r = nk_publisher_record(w->publisher, write_fault, &f);
		(void)r;
	}
	return error;
}

/* ---- the work ---- */

static int
tried_compare(const void *va, const void *vb)
{
	const struct nk_keyfile_home *a = va, *b = vb;

	return (a->tried_at > b->tried_at) - (a->tried_at < b->tried_at);
}

/* user_id 0: everybody's. */
static int
apply(const struct nk_keyfile_work *w, int64_t user_id, int64_t until)
{
	struct nk_keyfile_homes hs;
	size_t i;
	int one, r;

	r = nk_keyfile_homes_get(nk_publisher_store(w->publisher), user_id,
	    true, &hs);
	if (r < 0)
		return r;
	if (hs.n > 1)
		qsort(hs.v, hs.n, sizeof(*hs.v), tried_compare);
	for (i = 0; i < hs.n && nk_monotonic_ms() < until; i++) {
		one = nk_keyfile_write(w, &hs.v[i]);
		if (one == 0)
			one = give_up_central(w, hs.v[i].user_id);
		else
			one = tell_fault(w, &hs.v[i], one);
		if (r == 0)
			r = one;
	}
	nk_keyfile_homes_clear(&hs);
	return r;
}

void
nk_keyfile_after_edit(const struct nk_keyfile_work *w)
{
	int64_t until = nk_monotonic_ms() + NK_KEYFILE_EDIT_MS;
	const struct nk_ids *edited = nk_publisher_homes(w->publisher);
	size_t i, n = edited->n;
	int64_t *ids;
	int r;

	/* our own edits forget them */
	if (n == 0 || (ids = calloc(n, sizeof(*ids))) == NULL)
		return;
	memcpy(ids, edited->v, n * sizeof(*ids));
	for (i = 0; i < n && nk_monotonic_ms() < until; i++) {
		r = apply(w, ids[i], until);
		(void)r;
	}
	free(ids);
}

/* ---- at other times ---- */

struct noting {
	const struct nk_conf	*conf;
	int64_t			 user_id;	/* 0: everybody */
	bool			 all;		/* also what seems right */
	int			 fault;		/* the first one */
};

/* MUST 5: one who cannot be noted has what he had. */
static int
note_one(struct nk_store *s, struct noting *n, int64_t user_id)
{
	struct fault f = { .user_id = user_id };
	bool pending;
	int r;

	if ((r = nk_store_savepoint(s)) < 0)
		return r;
	if ((f.error = nk_home_note(s, n->conf, user_id, n->all,
	    false, (int64_t)time(NULL), &pending)) == 0)
		return nk_store_release(s);
	nk_store_rollback_to(s);
	(void)write_fault(s, &f);
	if (n->fault == 0)
		n->fault = f.error;
	return 0;
}

/* What has ended since it was written is pending from now on. */
static int
note_time(struct nk_store *s, void *arg)
{
	struct noting *n = arg;
	struct nk_ids ids = { NULL, 0 };
	size_t i;
	int r;

	if (n->user_id != 0)
		return note_one(s, n, n->user_id);
	r = nk_keyfile_home_users(s, &ids);
	for (i = 0; r == 0 && i < ids.n; i++)
		r = note_one(s, n, ids.v[i]);
	nk_ids_clear(&ids);
	return r;
}

static int
catch_up(const struct nk_keyfile_work *w, int64_t user_id, bool all,
    int64_t ms)
{
	struct noting n = { w->conf, user_id, all, 0 };
	int r;

	if ((r = nk_publisher_record(w->publisher, note_time, &n)) < 0)
		return r;
	r = apply(w, user_id, nk_monotonic_ms() + ms);
	return n.fault < 0 ? n.fault : r;
}

static int
add_id(void *arg, int64_t user_id, uint32_t uid)
{
	struct nk_ids *ids = arg;
	int64_t *v;

	(void)uid;
	if ((v = reallocarray(ids->v, ids->n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	ids->v = v;
	v[ids->n++] = user_id;
	return 0;
}

/* Those that a killed helper has left to us. */
static int
give_up_all_central(const struct nk_keyfile_work *w)
{
	struct nk_ids ids = { NULL, 0 };
	size_t i;
	int one, r;

	r = nk_keyfile_central_each(nk_publisher_store(w->publisher), add_id,
	    &ids);
	for (i = 0; r != -EAGAIN && i < ids.n; i++) {
		one = give_up_central(w, ids.v[i]);
		if (r == 0 || one == -EAGAIN)
			r = one;
	}
	nk_ids_clear(&ids);
	return r;
}

int
nk_keyfile_sync(const struct nk_keyfile_work *w, bool all)
{
	int r, central;

	r = catch_up(w, 0, all, NK_KEYFILE_SYNC_MS);
	central = give_up_all_central(w);
	return r < 0 ? r : central;
}

int
nk_keyfile_session(const struct nk_keyfile_work *w, int64_t user_id)
{
	struct nk_store *s = nk_publisher_store(w->publisher);
	struct nk_keyfile_work own = *w;
	struct nk_keyfile_homes hs;
	size_t n;
	int r;

	if ((r = nk_keyfile_homes_get(s, user_id, false, &hs)) < 0)
		return r;
	n = hs.n;
	nk_keyfile_homes_clear(&hs);
	own.at_once = true;
	return n == 0 ? 0 : catch_up(&own, user_id, false,
	    NK_KEYFILE_EDIT_MS);
}
