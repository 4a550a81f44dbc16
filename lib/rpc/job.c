/* SPDX-License-Identifier: ISC */
#include "lib/rpc/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/process.h"
#include "lib/publish/feed.h"
#include "lib/rpc/message.h"
#include "lib/rpc/web.h"
#include "lib/rpc/web_events.h"

static const struct kind {
	const char	*name, *description;
	bool		 abortable;
} kinds[] = {
	{ "core.job_wait", "Wait for a job", true },
	{ "service.control", "Control a service", false },
};

static const struct kind *
find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

/* ---- its object ---- */

static json_t *
now(void)
{
	return json_pack("{s:I}", "$date", (json_int_t)time(NULL) * 1000);
}

static json_t *
credentials(const struct nk_context *c)
{
	static const char *const types[] = {
		[NK_WEB_PASSWORD] = "LOGIN_PASSWORD",
		[NK_WEB_TWO_FACTORS] = "LOGIN_TWOFACTOR",
		[NK_WEB_API_KEY] = "API_KEY",
		[NK_WEB_TOKEN] = "TOKEN",
	};

	const struct nk_web_session *w = &c->web->session;

	if (c->web->local)
		return json_pack("{s:s, s:{s:s}}", "type", "UNIX_SOCKET",
		    "data", "username", c->actor);
	return json_pack("{s:s, s:{s:s}}", "type", types[w->kind], "data",
	    "username", w->account.name);
}

/* Arguments of these methods hold no secret. */
static json_t *
new_object(struct nk_context *c, const struct kind *k, json_t *params)
{
	json_t *ids = c->message_id == NULL ? json_array() :
	    json_pack("[O]", c->message_id);

	return json_pack("{s:o, s:s, s:O, s:b, s:s, s:b, s:n, s:n,"
	    " s:{s:i, s:s, s:n}, s:n, s:n, s:n, s:n, s:n, s:o, s:n, s:o}",
	    "message_ids", ids, "method", k->name, "arguments", params,
	    "transient", 0, "description", k->description, "abortable",
	    k->abortable, "logs_path", "logs_excerpt", "progress", "percent",
	    0, "description", "", "extra", "result",
	    "result_encoding_error", "error", "exception", "exc_info",
	    "time_started", now(), "time_finished", "credentials",
	    credentials(c));
}

static int
put_error(json_t *o, const struct nk_error *e)
{
	json_t *error = nk_error_json(e);
	const json_t *data = json_object_get(error, "data");
	const json_t *reason = json_object_get(data, "reason");
	bool validation = e->code == NK_RPC_INVALID_PARAMS;
	int r;

	r = data == NULL ? -1 : json_object_update_new(o, json_pack(
	    "{s:O, s:O, s:{s:O, s:s?, s:O, s:O}}", "error", reason,
	    "exception", reason, "exc_info", "repr", reason, "type",
	    validation ? "VALIDATION" : NULL, "errno",
	    json_object_get(data, "error"), "extra",
	    json_object_get(data, "extra")));
	json_decref(error);
	return r == -1 ? -ENOMEM : 0;
}

static bool
has_ended(const struct nk_job *j)
{
	return j->state > NK_JOB_RUNNING;
}

static bool
is_alive(const struct nk_job *j)
{
	int64_t start;

	return nk_process_start((pid_t)j->pid, &start) == 0 &&
	    start == j->start;
}

int
nk_job_entity(const struct nk_job *j, json_t **op)
{
	static const char *const states[] = {
		[NK_JOB_WAITING] = "WAITING",
		[NK_JOB_RUNNING] = "RUNNING",
		[NK_JOB_SUCCESS] = "SUCCESS",
		[NK_JOB_FAILED] = "FAILED",
		[NK_JOB_ABORTED] = "ABORTED",
	};
	bool lost = !has_ended(j) && !is_alive(j);
	json_t *o = json_loads(j->object, 0, NULL);

	if (o == NULL || json_object_set_new(o, "id",
	    json_integer(j->id)) == -1 || json_object_set_new(o, "state",
	    json_string(states[lost ? NK_JOB_FAILED : j->state])) == -1 ||
	    (lost && json_object_set_new(o, "error", json_string(
	    "The process that ran it has ended")) == -1)) {
		json_decref(o);
		return -ENOMEM;
	}
	*op = o;
	return 0;
}

/* ---- its course ---- */

/* Others, and the caller, who may be one of those that are told. */
static int
say_changed(struct nk_context *c)
{
	nk_feed_tell(c->state->jobs);
	return nk_web_events_jobs(c);
}

static int
store(struct nk_context *c, struct nk_job *j, const json_t *object,
    int (*put)(struct nk_session *s, struct nk_job *j))
{
	char *text = json_dumps(object, JSON_COMPACT);
	int r;

	if (text == NULL)
		return -ENOMEM;
	j->object = text;
	if ((r = put(c->session, j)) == 0)
		r = say_changed(c);
	j->object = NULL;
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
}

static int
change(struct nk_session *s, struct nk_job *j)
{
	return nk_job_set(s, j);
}

static int
finish(struct nk_context *c, struct nk_job *j, json_t *object, int r,
    json_t *result, const struct nk_error *e)
{
	int put = 0;

	j->state = r == 0 ? NK_JOB_SUCCESS : r == -ECANCELED ?
	    NK_JOB_ABORTED : NK_JOB_FAILED;
	if (r < 0)
		put = put_error(object, e);
	else if (json_object_set(object, "result", result) == -1)
		put = -ENOMEM;
	if (put < 0 || json_object_set_new(json_object_get(object,
	    "progress"), "percent", json_integer(100)) == -1 ||
	    json_object_set_new(object, "time_finished", now()) == -1)
		return -ENOMEM;
	return store(c, j, object, change);
}

/* *e is set where it fails.  0, or -errno. */
static int
run(struct nk_context *c, const struct nk_method *m, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	int r = m->call(c, params, resultp, e);

	if (nk_error_is_set(e))
		return r == -ECANCELED ? r : -EINVAL;
	if (r < 0)
		(void)nk_error_call(e, -r, "%s", nk_errno_sentence(-r));
	return r;
}

static int
run_job(struct nk_context *c, struct nk_job *j, json_t *object,
    const struct nk_method *m, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r, finished;

	j->state = NK_JOB_RUNNING;
	if ((r = store(c, j, object, change)) < 0)
		return r;
	c->web->job_id = j->id;
	r = run(c, m, params, resultp, e);
	c->web->job_id = 0;
	finished = finish(c, j, object, r, *resultp, e);
	return r < 0 ? r : finished;
}

/* The answer is its id; nk_job_run() does the rest. */
static int
put_off(struct nk_context *c, const struct nk_job *j, json_t *object,
    const struct nk_method *m, json_t *params, json_t **resultp)
{
	if ((*resultp = json_integer(j->id)) == NULL)
		return -ENOMEM;
	c->web->job = (struct nk_web_job){ .id = j->id, .method = m,
	    .params = json_incref(params), .object = json_incref(object) };
	return 0;
}

int
nk_job_call(struct nk_context *c, const struct nk_method *m, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const struct kind *k = find_kind(m->name);
	struct nk_job j = { .state = NK_JOB_WAITING, .pid = getpid() };
	json_t *object;
	int r;

	if (k == NULL)
		return m->call(c, params, resultp, e);
	if ((object = new_object(c, k, params)) == NULL)
		return -ENOMEM;
	if ((r = nk_process_start((pid_t)j.pid, &j.start)) == 0 &&
	    (r = store(c, &j, object, nk_job_add)) == 0)
		r = c->new_jobs && !c->web->legacy ?
		    run_job(c, &j, object, m, params, resultp, e) :
		    put_off(c, &j, object, m, params, resultp);
	json_decref(object);
	return r;
}

int
nk_job_run(struct nk_context *c)
{
	struct nk_web_job w = c->web->job;
	struct nk_job j = { .id = w.id };
	json_t *result = NULL;
	struct nk_error e;
	int r;

	if (w.method == NULL)
		return 0;
	c->web->job = (struct nk_web_job){ .id = 0 };
	nk_error_init(&e);
	r = run_job(c, &j, w.object, w.method, w.params, &result, &e);
	/* what it comes to stands in the job */
	if (nk_error_is_set(&e))
		r = 0;
	nk_error_clear(&e);
	json_decref(result);
	json_decref(w.params);
	json_decref(w.object);
	return r;
}
