/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "lib/rpc/job.h"
#include "lib/rpc/method.h"

static const struct nk_arg options_fields[] = {
	{ .name = "legacy_jobs", .type = NK_ARG_BOOL },
	{ .name = "private_methods", .type = NK_ARG_BOOL },
	{ .name = "py_exceptions", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg set_options_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED | NK_ARG_OPEN, .fields = options_fields },
	{ .name = NULL },
};

static int
core_ping(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)e;
	return (*resultp = json_string("pong")) != NULL ? 0 : -ENOMEM;
}

/*
 * The answer says what is in force: an exception of Python's is never sent,
 * whatever the client asks for.
 */
static int
core_set_options(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *options = json_array_get(params, 0), *v;
	json_t *o;

	(void)e;
	if ((v = json_object_get(options, "legacy_jobs")) != NULL)
		c->new_jobs = json_is_false(v);
	if ((v = json_object_get(options, "private_methods")) != NULL)
		c->private_methods = json_is_true(v);
	if ((o = json_object()) == NULL)
		return -ENOMEM;
	if (json_object_set_new(o, "legacy_jobs",
	    json_boolean(!c->new_jobs)) == -1 ||
	    json_object_set_new(o, "private_methods",
	    json_boolean(c->private_methods)) == -1 ||
	    json_object_set_new(o, "py_exceptions", json_false()) == -1) {
		json_decref(o);
		return -ENOMEM;
	}
	*resultp = o;
	return 0;
}

static int
offer_job(void *arg, const struct nk_job *j)
{
	json_t *o;
	int r;

	return (r = nk_job_entity(j, &o)) < 0 ? r : nk_query_offer(arg, o);
}

/*
 * At the machine's own socket no method is a job, and none is for whoever is
 * no administrator.
 */
static int
core_get_jobs(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_query *q = NULL;
	int r;

	if ((r = nk_query_new(&q, json_array_get(params, 0),
	    json_array_get(params, 1), e)) == 0 && c->web != NULL &&
	    c->rank >= NK_RANK_ADMIN)
		r = nk_job_each(c->session, 0, offer_job, q);
	if (r >= 0)
		r = nk_query_finish(q, resultp, e);
	nk_query_free(q);
	return r;
}

static int
add_method(void *arg, const struct nk_method *m)
{
	return json_object_set_new(arg, m->name, json_object()) == 0 ? 0 :
	    -ENOMEM;
}

static int
core_get_methods(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	json_t *o;
	int r;

	(void)params;
	(void)e;
	if ((o = json_object()) == NULL)
		return -ENOMEM;
	if ((r = nk_method_each(c->web, add_method, o)) != 0) {
		json_decref(o);
		return r;
	}
	*resultp = o;
	return 0;
}

const struct nk_method nk_methods_core[] = {
	{ "core.ping", NK_RIGHT_ANYBODY, NK_APART, nk_no_args, core_ping },
	{ "core.set_options", NK_RIGHT_ANYBODY, NK_APART, set_options_args,
	    core_set_options },
	{ "core.get_jobs", NK_RIGHT_USER, NK_APART, nk_query_args,
	    core_get_jobs },
	{ "core.get_methods", NK_RIGHT_USER, NK_APART, nk_no_args,
	    core_get_methods },
	{ .name = NULL },
};
