/* SPDX-License-Identifier: ISC */

/* core.job_wait and job_abort, behind the gateway. */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/feed.h"
#include "lib/rpc/job.h"
#include "lib/rpc/web.h"

#define LOOK_MS	5000	/* whether its process still lives */

/* ---- core.job_abort ---- */

static int
take_entity(void *arg, const struct nk_job *j)
{
	return nk_job_entity(j, arg);
}

static int
find(struct nk_context *c, int64_t id, json_t **op, struct nk_error *e)
{
	int r = nk_job_get(c->session, id, take_entity, op);

	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "Job with id %" PRId64
	    " does not exist", id);
	return -EINVAL;
}

static int
core_job_abort(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int64_t id = json_integer_value(json_array_get(params, 0));
	bool abortable;
	json_t *o;
	int r;

	if ((r = find(c, id, &o, e)) < 0)
		return r;
	abortable = json_is_true(json_object_get(o, "abortable"));
	json_decref(o);
	if (!abortable)
		return nk_error_call(e, EINVAL, "Job %" PRId64
		    " cannot be aborted", id);
	r = nk_job_abort(c->session, id);
	if (r < 0 && r != -ENOENT)
		return r;
	nk_feed_tell(c->state->jobs);
	return (*resultp = json_null()) != NULL ? 0 : -ENOMEM;
}

/* ---- core.job_wait ---- */

static int
see_abort(void *arg, const struct nk_job *j)
{
	*(bool *)arg = j->abort;
	return 0;
}

/* Until a job changes, or the client hangs up, or for a while. */
static int
wait_for(const struct nk_context *c, int feed)
{
	struct pollfd p[] = { { .fd = feed },
	    { .fd = c->web->client, .events = POLLRDHUP } };

	if (poll(p, 2, LOOK_MS) == -1 && errno != EINTR)
		return -errno;
	return (p[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ?
	    -EPIPE : 0;
}

/* The other job's result, once it has one.  1: not yet. */
static int
look(struct nk_context *c, int64_t id, json_t **resultp, struct nk_error *e)
{
	bool aborted = false;
	const char *state;
	json_t *o;
	int r;

	if ((r = nk_job_get(c->session, c->web->job_id, see_abort,
	    &aborted)) < 0)
		return r;
	if (aborted) {
		(void)nk_error_call(e, ECANCELED, "Aborted");
		return -ECANCELED;
	}
	if ((r = find(c, id, &o, e)) < 0)
		return r;
	state = json_string_value(json_object_get(o, "state"));
	if (strcmp(state, "SUCCESS") == 0)
		*resultp = json_incref(json_object_get(o, "result"));
	else if (strcmp(state, "WAITING") == 0 ||
	    strcmp(state, "RUNNING") == 0)
		r = 1;
	else
		r = nk_error_call(e, EFAULT, "%s", json_string_value(
		    json_object_get(o, "error")));
	json_decref(o);
	return r;
}

/* It may take long: is the caller still who may? */
static int
check_rank(struct nk_context *c, struct nk_error *e)
{
	int r = c->rights(c);

	if (r == -EKEYEXPIRED)
		return nk_error_call(e, EACCES, "Session is expired");
	if (r < 0 || c->rank >= NK_RANK_ADMIN)
		return r;
	if (c->rank > NK_RANK_NOBODY)
		return nk_error_call(e, EACCES, "Not authorized");
	return nk_error_call(e, NK_ENOTAUTHENTICATED, "Not authenticated");
}

/* Listen first, then look: what changes between the two is not missed. */
static int
core_job_wait(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int64_t id = json_integer_value(json_array_get(params, 0));
	int feed, r;

	if (id == c->web->job_id)
		return nk_error_call(e, EINVAL,
		    "A job cannot wait for itself");
	do {
		if ((r = nk_feed_listen(c->state->jobs, &feed)) < 0)
			return r;
		if ((r = check_rank(c, e)) == 0)
			r = look(c, id, resultp, e);
		if (r == 1 && (r = wait_for(c, feed)) == 0)
			r = 1;
		close(feed);
	} while (r == 1);
	return r;
}

const struct nk_method nk_methods_jobs[] = {
	{ "core.job_wait", NK_RIGHT_ADMIN, NK_READS, nk_id_args,
	    core_job_wait },
	{ "core.job_abort", NK_RIGHT_ADMIN, NK_READS, nk_id_args,
	    core_job_abort },
	{ .name = NULL },
};
