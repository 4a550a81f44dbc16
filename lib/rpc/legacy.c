/* SPDX-License-Identifier: ISC */
#include "lib/rpc/legacy.h"

#include <errno.h>
#include <string.h>

#include "lib/rpc/method.h"
#include "lib/rpc/web.h"
#include "lib/rpc/web_events.h"

/* A decoded message; what it points at belongs to root. */
struct frame {
	json_t		*root;
	json_t		*id;	/* what is echoed; may be NULL */
	const char	*msg;
};

/* ---- errors ---- */

/*
 * Of validation errors there may be many, which have one number together.
 * One that says that something is not there comes alone, with its own.
 */
static int
validation_number(const json_t *triples)
{
	const json_t *first = json_array_get(triples, 0);

	if (json_array_size(triples) == 1 &&
	    json_is_null(json_array_get(first, 0)))
		return (int)json_integer_value(json_array_get(first, 2));
	return EAGAIN;
}

/* Without one the peer's client does not know a validation error. */
static json_t *
validation_trace(void)
{
	return json_pack("{s:s, s:s, s:s}", "class", "ValidationErrors",
	    "formatted", "", "repr", "ValidationErrors()");
}

json_t *
nk_legacy_error(const struct nk_error *e)
{
	json_t *error = nk_error_json(e), *data, *o;
	bool validation = e->code == NK_RPC_INVALID_PARAMS;
	int number;

	if ((data = json_object_get(error, "data")) == NULL) {
		json_decref(error);
		return NULL;
	}
	number = validation ? validation_number(e->triples) : e->number;
	o = json_pack("{s:i, s:s, s:s?, s:O, s:o, s:O}", "error", number,
	    "errname", nk_errno_name(number), "type",
	    validation ? "VALIDATION" : NULL, "reason",
	    json_object_get(data, "reason"), "trace",
	    validation ? validation_trace() : json_null(), "extra",
	    json_object_get(data, "extra"));
	json_decref(error);
	return o;
}

/* ---- answers ---- */

/* Takes the reference to o. */
static int
answer(json_t *o, char **answerp, size_t *lenp)
{
	int r;

	if (o == NULL)
		return -ENOMEM;
	r = nk_rpc_encode(o, answerp, lenp);
	json_decref(o);
	return r;
}

static int
answer_error(const struct frame *f, const struct nk_error *e,
    char **answerp, size_t *lenp)
{
	return answer(json_pack("{s:s, s:O?, s:o}", "msg", "result", "id",
	    f->id, "error", nk_legacy_error(e)), answerp, lenp);
}

/* ---- method ---- */

struct search {
	const char	*service;
	size_t		 len;
};

static int
is_of_service(void *arg, const struct nk_method *m)
{
	const struct search *s = arg;

	return strncmp(m->name, s->service, s->len) == 0 &&
	    m->name[s->len] == '.' &&
	    strchr(m->name + s->len + 1, '.') == NULL;
}

static int
say_unknown(const struct nk_web *web, const char *name, struct nk_error *e)
{
	struct search s = { .service = name };
	const char *dot = strrchr(name, '.');

	if (dot == NULL)
		return nk_error_call(e, EBADMSG, "Invalid method name");
	s.len = (size_t)(dot - name);
	if (nk_method_each(web, is_of_service, &s) == 0)
		return nk_error_call(e, NK_ENOMETHOD,
		    "Service '%.*s' not found", (int)s.len, name);
	return nk_error_call(e, NK_ENOMETHOD, "Method '%s' not found in "
	    "'%.*s'", dot + 1, (int)s.len, name);
}

static int
call_method(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct frame *f, json_t **resultp, struct nk_error *e)
{
	const char *name = json_string_value(json_object_get(f->root,
	    "method"));
	json_t *params = json_object_get(f->root, "params");
	const struct nk_method *m;

	if (name == NULL)
		return nk_error_call(e, EINVAL,
		    "Message is malformed: 'method' is absent.");
	if (params != NULL && !json_is_array(params))
		return nk_error_call(e, EINVAL, "`params` must be a list.");
	if ((m = hooks->find(name)) == NULL)
		return say_unknown(c->web, name, e);
	return nk_rpc_call(hooks, c, m, params, resultp, e);
}

static int
handle_method(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct frame *f, char **answerp, size_t *lenp)
{
	json_t *result = NULL;
	struct nk_error e;
	int r;

	nk_error_init(&e);
	c->message_id = f->id;
	r = call_method(hooks, c, f, &result, &e);
	c->message_id = NULL;
	if (r < 0)
		r = answer_error(f, &e, answerp, lenp);
	else
		r = answer(json_pack("{s:s, s:O?, s:O}", "msg", "result",
		    "id", f->id, "result", result), answerp, lenp);
	nk_error_clear(&e);
	json_decref(result);
	return r;
}

/* ---- sub and unsub ---- */

static int
handle_sub(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct frame *f, char **answerp, size_t *lenp)
{
	const char *name = json_string_value(json_object_get(f->root,
	    "name"));
	const char *id = json_string_value(f->id);
	struct nk_error e;
	int r;

	nk_error_init(&e);
	c->rights = hooks->rights;
	if (c->rights(c) < 0 || c->rank == NK_RANK_NOBODY)
		r = nk_error_call(&e, NK_ENOTAUTHENTICATED,
		    "Not authenticated");
	else if (id == NULL || name == NULL)
		r = nk_error_call(&e, EINVAL, "A subscription needs an id "
		    "and a name");
	else if (!nk_web_events_may(c, name))
		r = nk_error_call(&e, EACCES, "Not authorized");
	else if ((r = nk_web_events_subscribe(c, id, name)) == -ENOBUFS ||
	    r == -EINVAL)
		r = nk_error_call(&e, -r, "Too many subscriptions, or the "
		    "name is too long");
	else if (r < 0)
		r = nk_error_call(&e, -r, "%s", nk_errno_sentence(-r));
	if (r == 0)
		r = answer(json_pack("{s:s, s:[s]}", "msg", "ready", "subs",
		    id), answerp, lenp);
	else
		r = answer(json_pack("{s:s, s:s*, s:o}", "msg", "nosub",
		    "collection", name, "error", nk_legacy_error(&e)),
		    answerp, lenp);
	nk_error_clear(&e);
	return r;
}

static int
handle(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct frame *f, char **answerp, size_t *lenp)
{
	if (f->msg == NULL)
		return 0;
	if (strcmp(f->msg, "method") == 0)
		return handle_method(hooks, c, f, answerp, lenp);
	if (strcmp(f->msg, "sub") == 0)
		return handle_sub(hooks, c, f, answerp, lenp);
	if (strcmp(f->msg, "unsub") == 0 && json_is_string(f->id))
		nk_web_unsubscribe(c->web, json_string_value(f->id));
	return 0;
}

int
nk_legacy_handle_with(const struct nk_rpc_hooks *hooks,
    struct nk_context *c, const char *line, size_t len, char **answerp,
    size_t *lenp)
{
	struct frame f;
	char why[128];
	int r;

	*answerp = NULL;
	*lenp = 0;
	if ((f.root = nk_rpc_decode(line, len, why, sizeof(why))) == NULL)
		return why[0] == '\0' ? -ENOMEM : -EBADMSG;
	f.id = json_object_get(f.root, "id");
	if (!json_is_string(f.id) && !json_is_integer(f.id))
		f.id = NULL;
	f.msg = json_string_value(json_object_get(f.root, "msg"));
	r = json_is_object(f.root) ? handle(hooks, c, &f, answerp, lenp) :
	    -EBADMSG;
	json_decref(f.root);
	return r;
}
