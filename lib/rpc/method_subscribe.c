/* SPDX-License-Identifier: ISC */

/* core.subscribe and core.unsubscribe. */

#include <errno.h>

#include "lib/rpc/rpc.h"
#include "lib/rpc/web.h"
#include "lib/rpc/web_events.h"

static int
core_subscribe(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const char *name = json_string_value(json_array_get(params, 0));
	char id[NK_UUID_SIZE];
	int r;

	if (!nk_web_events_may(c, name))
		return nk_error_call(e, EACCES, "Not authorized");
	if ((r = nk_uuid(id)) < 0)
		return r;
	r = nk_web_events_subscribe(c, id, name);
	if (r == -ENOBUFS)
		return nk_error_call(e, ENOBUFS, "Too many subscriptions");
	if (r < 0)
		return r;
	return (*resultp = json_string(id)) != NULL ? 0 : -ENOMEM;
}

static int
core_unsubscribe(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	(void)e;
	nk_web_unsubscribe(c->web, json_string_value(json_array_get(params,
	    0)));
	if ((r = nk_web_events_follow(c)) < 0)
		return r;
	return (*resultp = json_null()) != NULL ? 0 : -ENOMEM;
}

static const struct nk_arg subscribe_args[] = {
	{ "event", NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_NONEMPTY, 0,
	    NK_WEB_EVENT_MAX / 4, NULL },
	{ .name = NULL },
};

static const struct nk_arg unsubscribe_args[] = {
	{ "id", NK_ARG_STRING, NK_ARG_REQUIRED, 0, 0, NULL },
	{ .name = NULL },
};

const struct nk_method nk_methods_subscribe[] = {
	{ "core.subscribe", NK_RIGHT_USER, NK_READS, subscribe_args,
	    core_subscribe },
	{ "core.unsubscribe", NK_RIGHT_USER, NK_READS, unsubscribe_args,
	    core_unsubscribe },
	{ .name = NULL },
};
