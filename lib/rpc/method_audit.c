/* SPDX-License-Identifier: ISC */

/* naskeys.audit.query: who changed what, and when. */

#include <errno.h>

#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"

struct walk {
	struct nk_query		*q;
	struct nk_wanted	 wanted;
};

/* The state before or after, as it was written; null when there is none. */
static void
put_state(struct nk_object *b, const char *key, const char *text)
{
	json_t *v = NULL;

	if (!nk_wants(b->wanted, key))
		return;
	if (text != NULL)
		v = json_loads(text, JSON_DECODE_ANY, NULL);
	nk_object_put(b, key, v != NULL ? v : json_null());
}

static int
offer(void *arg, const struct nk_audit *a)
{
	struct walk *w = arg;
	struct nk_object b;
	json_t *row;
	int r;

	nk_object_init(&b, &w->wanted);
	nk_object_int(&b, "id", a->id);
	nk_object_date(&b, "at", a->at, INT64_MAX);
	nk_object_int(&b, "actor_uid", a->actor_uid);
	nk_object_text(&b, "actor", a->actor);
	nk_object_text(&b, "action", a->action);
	nk_object_text(&b, "object_kind", a->object_kind);
	nk_object_int(&b, "object_id", a->object_id);
	nk_object_text(&b, "object", a->object);
	nk_object_text(&b, "text", a->text);
	put_state(&b, "before", a->before);
	put_state(&b, "after", a->after);
	if ((r = nk_object_finish(&b, &row)) < 0)
		return r;
	return nk_query_offer(w->q, row);
}

static int
audit_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *filters = json_array_get(params, 0);
	const json_t *options = json_array_get(params, 1);
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct walk w;
	int64_t after = 0;
	int r;

	if ((r = nk_query_new(&w.q, filters, options, e)) < 0)
		return r;
	nk_wanted_init(&w.wanted, filters, options);
	(void)nk_query_wants_above(w.q, "id", &after);
	r = nk_audit_each(s, after, INT64_MIN, offer, &w);
	if (r >= 0)
		r = nk_query_finish(w.q, resultp, e);
	nk_query_free(w.q);
	return r;
}

const struct nk_method nk_methods_audit[] = {
	{ "naskeys.audit.query", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    audit_query },
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
