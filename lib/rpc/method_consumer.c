/* SPDX-License-Identifier: ISC */

/* naskeys.consumer.*: who uses a keypair or connection. */

#include <errno.h>
#include <inttypes.h>

#include "lib/rpc/consumer_write.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"

/* ---- bind ---- */

struct binding {
	struct nk_consumer	row;
	int64_t			credential_id;
};

static int
bind(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct binding *b = arg;
	struct nk_credential credential;
	int r;

	if ((r = nk_credential_find(c, b->credential_id, &credential,
	    e)) < 0)
		return r;
	nk_credential_clear(&credential);
	b->row.credential_id = b->credential_id;
	return nk_consumer_bind(c, "naskeys.consumer.bind", "consumer",
	    &b->row, e);
}

static int
consumer_bind(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct binding b = {
		.credential_id = json_integer_value(json_array_get(params,
		    0)),
	};
	int r;

	if ((r = nk_consumer_read(c, json_array_get(params, 1), "consumer",
	    &b.row, e)) == 0 && (r = nk_edit_run(c, bind, &b, e)) == 0)
		r = nk_edit_shown(nk_consumer_entity(nk_publisher_store(
		    c->publisher), &b.row, resultp), e);
	nk_consumer_clear(&b.row);
	return r;
}

/* ---- unbind ---- */

struct unbinding {
	int64_t			id;
	struct nk_commands	commands;
};

static int
unbind(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct unbinding *u = arg;
	int r;

	r = nk_consumer_unbind(c, "naskeys.consumer.unbind", u->id, false,
	    &u->commands);
	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "Consumer %" PRId64 " does not exist",
	    u->id);
	return -EINVAL;
}

static int
consumer_unbind(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct unbinding u = {
		.id = json_integer_value(json_array_get(params, 0)),
	};
	int r;

	/* -EINPROGRESS: it is committed, and only publishing is not done */
	r = nk_edit_run(c, unbind, &u, e);
	if (r == 0 || r == -EINPROGRESS)
		nk_commands_run(c, "naskeys.consumer.unbind", &u.commands);
	nk_commands_clear(&u.commands);
	if (r == 0 && (*resultp = json_null()) == NULL)
		r = -ENOMEM;
	return r;
}

/* ---- list ---- */

struct walk {
	struct nk_store		*s;
	struct nk_query		*q;
};

static int
offer(void *arg, const struct nk_consumer *row)
{
	struct walk *w = arg;
	json_t *o;
	int r;

	r = nk_consumer_entity(w->s, row, &o);
	return r < 0 ? r : nk_query_offer(w->q, o);
}

static int
consumer_list(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct walk w = { .s = nk_publisher_store(c->publisher) };
	int64_t credential;
	int r;

	if ((r = nk_query_new(&w.q, json_array_get(params, 0),
	    json_array_get(params, 1), e)) < 0)
		return r;
	if (!nk_query_wants_int(w.q, "credential_id", &credential))
		credential = 0;
	if ((r = nk_store_read_begin(w.s)) == 0) {
		r = nk_consumer_each(w.s, credential, 0, offer, &w);
		nk_store_read_end(w.s);
	}
	if (r >= 0)
		r = nk_query_finish(w.q, resultp, e);
	nk_query_free(w.q);
	return r;
}

/* ---- the table ---- */

static const struct nk_arg bind_args[] = {
	{ .name = "credential_id", .type = NK_ARG_INT,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "consumer", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = nk_consumer_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_consumer[] = {
	{ "naskeys.consumer.bind", NK_RIGHT_ADMIN, NK_EDITS, bind_args,
	    consumer_bind },
	{ "naskeys.consumer.unbind", NK_RIGHT_ADMIN, NK_EDITS, nk_id_args,
	    consumer_unbind },
	{ "naskeys.consumer.list", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    consumer_list },
	{ .name = NULL },
};
