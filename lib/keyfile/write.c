/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/home/homefile.h"
#include "lib/keyfile/homelock.h"
#include "lib/keyfile/look.h"
#include "lib/keyfile/plan.h"

#define TRIES	4	/* somebody else has changed file or store */

/* One file. */
struct task {
	const struct nk_keyfile_work	*w;
	int64_t				 user_id;
	uint32_t			 uid;		/* whose lock we have */
	const int			*lock;
	const char			*home;
	struct nk_keyfile_plan		 plan;
	char				*current;	/* it is this home's
							   file too */
	const char			*reason;	/* of a failure */
};

/* ---- what is noted ---- */

static int
note_lines(struct nk_store *s, const struct nk_keyfile_plan *p)
{
	struct nk_keyfile_line l;
	size_t i;
	int r;

	r = nk_keyfile_lines_clear(s, p->row->id);
	for (i = 0; r == 0 && i < p->text.n; i++) {
		if (p->text.lines[i].ended)
			continue;
		l = (struct nk_keyfile_line){
			.fingerprint = p->text.lines[i].fingerprint,
			.line = p->text.lines[i].line,
		};
		r = nk_keyfile_line_add(s, p->row->id, &l);
	}
	return r;
}

/*
 * The home has another name by now: what stands in the file is taken back,
 * or kept, by way of that.
 */
static int
pass_on(struct nk_store *s, const struct task *t,
    const struct nk_keyfile_plan *p)
{
	struct nk_keyfile_home *h;
	int r;

	if (p->current == NULL || strcmp(p->current, t->current) != 0)
		return 1;
	r = nk_keyfile_home_get(s, t->user_id, t->current, &h);
	if (r < 0)
		return r == -ENOENT ? 1 : r;
	h->pending = true;
	if ((r = nk_keyfile_lines_copy(s, p->row->id, h->id)) == 0)
		r = nk_keyfile_home_put(s, h);
	nk_keyfile_home_free(h);
	return r;
}

/* MUST 2: 1, and nothing is noted, where the store says something else. */
static int
note_done(struct nk_store *s, void *arg)
{
	struct task *t = arg;
	struct nk_keyfile_plan p;
	int r;

	r = nk_keyfile_plan_read(s, t->w->conf, t->w->state, t->user_id,
	    t->home, t->plan.now, &p);
	if (r < 0)
		return r == -ENOENT ? 1 : r;
	if (!nk_keyfile_plan_is_same(&p, &t->plan)) {
		r = 1;
	} else if (!p.wanted) {
		if (t->current == NULL ||
		    (r = pass_on(s, t, &p)) == 0)
			r = nk_keyfile_home_delete(s, p.row->id);
	} else if ((r = note_lines(s, &p)) == 0) {
		free(p.row->reason);
		p.row->reason = NULL;
		p.row->pending = false;
		p.row->tried_at = p.now;
		r = nk_keyfile_home_put(s, p.row);
	}
	nk_keyfile_plan_clear(&p);
	return r;
}

static int
note_failure(struct nk_store *s, void *arg)
{
	const struct task *t = arg;
	struct nk_keyfile_home *h;
	int r;

	r = nk_keyfile_home_get(s, t->user_id, t->home, &h);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	free(h->reason);
	h->tried_at = (int64_t)time(NULL);
	if ((h->reason = strdup(t->reason)) == NULL)
		r = -ENOMEM;
	else
		r = nk_keyfile_home_put(s, h);
	nk_keyfile_home_free(h);
	return r;
}

/* ---- in the home ---- */

/* 0; -ESTALE, the file is another one by now; or -res->error. */
static int
write_file(const struct nk_homefile_who *who, const struct nk_homefile *seen,
    const char *file, const char *text, size_t len, bool wanted,
    struct nk_homefile_result *res)
{
	bool same = seen->file.present ? seen->file.size == len &&
	    (len == 0 || memcmp(file, text, len) == 0) : len == 0;
	struct nk_homefile now;
	bool wrote;

	/* modes and ACLs of a file that holds our keys are put right */
	if (same && (!wanted || !seen->file.present))
		return 0;
	if (len == 0 && !same)
		return nk_homefile_remove(who, seen, res);
	return nk_homefile_replace(who, seen, text == NULL ? "" : text, len,
	    &now, &wrote, res);
}

/*
 * Once.  0; 1, try again; -errno with t->reason set where the home is to
 * blame.
 */
static int
work_once(struct task *t)
{
	const struct nk_homefile_who who = nk_keyfile_plan_who(&t->plan,
	    t->w->state->owner, t->w->conf->lookup_timeout, t->lock);
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char *file, *text = NULL;
	struct nk_merge m;
	size_t len;
	int r;

	if ((r = nk_homefile_read(&who, &seen, &file, &res)) < 0) {
		t->reason = nk_homefile_sentence(res.outcome);
		return r;
	}
	free(t->current);
	t->current = NULL;
	if (t->plan.current != NULL &&
	    nk_keyfile_is_same(&who, &seen, t->plan.current)) {
		r = (t->current = strdup(t->plan.current)) == NULL ? -ENOMEM :
		    nk_publisher_record(t->w->publisher, note_done, t);
		goto out;
	}
	m = nk_keyfile_plan_merge(&t->plan, file, (size_t)seen.file.size);
	if ((r = nk_merge_text(&m, &text, &len)) < 0)
		goto out;
	r = write_file(&who, &seen, file, text, len, m.wanted_len > 0, &res);
	if (r < 0)
		t->reason = nk_homefile_sentence(res.outcome);
	else
		r = nk_publisher_record(t->w->publisher, note_done, t);
 out:
	free(text);
	free(file);
	return r == -ESTALE ? 1 : r;
}

static int
read_plan(struct task *t)
{
	struct nk_store *s = nk_publisher_store(t->w->publisher);
	int r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	r = nk_keyfile_plan_read(s, t->w->conf, t->w->state, t->user_id,
	    t->home, (int64_t)time(NULL), &t->plan);
	nk_store_read_end(s);
	return r;
}

/* Under the lock of the home. */
static int
work(struct task *t)
{
	int tries, r = 1;

	for (tries = 0; r == 1 && tries < TRIES; tries++) {
		t->reason = NULL;
		if ((r = read_plan(t)) < 0)
			return r == -ENOENT ? 0 : r;
		/* whoever has given it another uid works there himself */
		r = t->plan.row->pending && t->plan.row->uid == t->uid ?
		    work_once(t) : 0;
		nk_keyfile_plan_clear(&t->plan);
	}
	if (t->reason != NULL)
		r = nk_publisher_record(t->w->publisher, note_failure, t);
	return r == 1 ? 0 : r;
}

int
nk_keyfile_write(const struct nk_keyfile_work *w,
    const struct nk_keyfile_home *h)
{
	struct nk_homelock lock;
	struct task t = { .w = w, .user_id = h->user_id, .uid = h->uid,
	    .lock = &lock.fd, .home = h->home, .plan = NK_KEYFILE_PLAN_NONE };
	char *current = NULL;
	int r;

	r = nk_homelock_take(&lock, w->state, h->uid,	/* MUST 1 */
	    w->at_once ? 0 : w->conf->lookup_timeout * 1000u);
	if (r < 0)	/* who has it sees to this too, or it stays pending */
		return r == -EAGAIN ? 0 : r;
	if ((r = work(&t)) == 0 && t.current != NULL) {
		t.home = current = t.current;
		t.current = NULL;
		r = work(&t);
	}
	free(t.current);
	free(current);
	nk_homelock_drop(&lock);
	return r;
}
