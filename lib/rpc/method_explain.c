/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/explain/explain.h"
#include "lib/keyfile/homelock.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/object.h"
#include "lib/store/store.h"

#define COMMAND		NK_LIBEXECDIR "/naskeys/naskeys-authorized-keys"
#define COMMAND_USER	"naskeys-akc"
#define SSH_KEYGEN	"/usr/bin/ssh-keygen"
#define ADDRESS_MAX	45

/* ---- user.explain ---- */

/*
 * An administrator may ask about a name that naskeys does not know; the
 * account may live elsewhere.
 */
static int
may_ask(struct nk_context *c, const char *name, struct nk_error *e)
{
	struct nk_user *u = NULL;
	int r;

	if (c->rank >= NK_RANK_ADMIN)
		return 0;
	if ((r = nk_key_find_user(c, name, &u, e)) < 0)
		return r;
	nk_user_free(u);
	/* it starts programs, and costs more than an edit */
	r = nk_edit_take_rate(c);
	return r == -EAGAIN ? nk_error_call(e, EBUSY, "Rate Limit Exceeded") :
	    r;
}

static json_t *
steps_json(const struct nk_explain *x)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; a != NULL && i < x->n; i++) {
		if (json_array_append_new(a, json_pack("{s:s,s:s,s:s}",
		    "step", x->steps[i].id,
		    "state", nk_explain_state_name(x->steps[i].state),
		    "text", x->steps[i].text)) == -1) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

/* The step that decides: the one that stops, or the first in doubt. */
static const struct nk_explain_step *
deciding_step(const struct nk_explain *x)
{
	const struct nk_explain_step *s = nk_explain_stopped(x);
	size_t i;

	if (s != NULL || nk_explain_verdict(x) == NK_EXPLAIN_YES)
		return s;
	for (i = 0; i < x->n; i++) {
		if (x->steps[i].state == NK_EXPLAIN_WARN)
			return &x->steps[i];
	}
	return NULL;
}

static json_t *
verdict_json(const struct nk_explain *x, const struct nk_explain_step *s)
{
	const char *text = s != NULL ? s->text : "";

	switch (nk_explain_verdict(x)) {
	case NK_EXPLAIN_YES:
		return json_string("The login would succeed.");
	case NK_EXPLAIN_NO:
		return json_sprintf("The login would fail: %s", text);
	case NK_EXPLAIN_UNKNOWN:
		break;
	}
	return json_sprintf("Whether the login would succeed cannot be "
	    "known: %s", text);
}

static int
answer(const struct nk_explain_question *q, const struct nk_explain *x,
    json_t **resultp)
{
	enum nk_explain_verdict v = nk_explain_verdict(x);
	const struct nk_explain_step *s = deciding_step(x);
	struct nk_object b;

	nk_object_init(&b, NULL);
	nk_object_text(&b, "username", q->user);
	nk_object_text(&b, "from", q->address);
	nk_object_put(&b, "steps", steps_json(x));
	if (v == NK_EXPLAIN_UNKNOWN)
		nk_object_null(&b, "login");
	else
		nk_object_bool(&b, "login", v == NK_EXPLAIN_YES);
	nk_object_text(&b, "step", s != NULL ? s->id : NULL);
	nk_object_put(&b, "verdict", verdict_json(x, s));
	nk_object_text(&b, "remedy", s != NULL ? s->remedy : NULL);
	return nk_object_finish(&b, resultp);
}

/*
 * A user may ask as often as he likes, and leaves no more children behind in
 * a home that never answers than at the first time (lib/keyfile/homelock.h).
 */
static int
take_home(struct nk_context *c, struct nk_explain_question *q,
    struct nk_homelock *lock)
{
	struct nk_user *u;
	int r;

	r = nk_user_by_name(nk_publisher_store(c->publisher), q->user, &u);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_homelock_take(lock, c->state, u->uid, NK_HOMELOCK_MS);
	nk_user_free(u);
	q->hangs = r == -EAGAIN;
	if (r == 0)
		q->keep = &lock->fd;
	return r == -EAGAIN ? 0 : r;
}

static int
user_explain(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *options = json_array_get(params, 1);
	const char *from = json_string_value(json_object_get(options,
	    "from"));
	struct nk_explain_question q = {
		.user = json_string_value(json_array_get(params, 0)),
		.key = json_string_value(json_object_get(options, "key")),
		.address = from != NULL ? from : NK_EXPLAIN_HERE,
		.now = nk_now(),
		.may_see = c->rank >= NK_RANK_ADMIN,
		.sshd = c->conf->sshd,
		.ssh_keygen = SSH_KEYGEN,
		.maps = c->state->maps,
		.command = COMMAND,
		.command_user = COMMAND_USER,
		.chained = c->conf->chained_command[0] != '\0',
		.seconds = c->conf->lookup_timeout,
	};
	struct nk_homelock lock = { .fd = -1 };
	struct nk_explain *x;
	const char *why = NULL;
	int r;

	if ((r = may_ask(c, q.user, e)) < 0)
		return r;
	q.key_len = q.key != NULL ? strlen(q.key) : 0;
	if ((x = calloc(1, sizeof(*x))) == NULL)
		return -ENOMEM;
	if ((r = take_home(c, &q, &lock)) == 0)
		r = nk_explain_run(&q, x, &why);
	nk_homelock_drop(&lock);
	if (r == -EINVAL)
		nk_error_add(e, "options.from", EINVAL, "It must be an "
		    "address of IPv4 or IPv6.");
	else if (r == -EBADMSG)
		nk_error_add(e, "options.key", EINVAL, "This is no public "
		    "key that sshd could take: %s.", why);
	else if (r == 0)
		r = answer(&q, x, resultp);
	nk_explain_clear(x);
	free(x);
	return r;
}

/* ---- the table ---- */

static const struct nk_arg explain_fields[] = {
	{ .name = "key", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_LONG | NK_ARG_SECRET },
	{ .name = "from", .type = NK_ARG_STRING, .flags = NK_ARG_NULL,
	    .max = ADDRESS_MAX },
	{ .name = NULL },
};

static const struct nk_arg explain_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = explain_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_explain[] = {
	{ "user.explain", NK_RIGHT_USER, NK_LOOKS, explain_args,
	    user_explain },
	{ .name = NULL },
};
