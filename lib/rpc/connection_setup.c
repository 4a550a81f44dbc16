/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_setup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_read.h"
#include "lib/rpc/connection_write.h"
#include "lib/rpc/consumer_write.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_keys.h"
#include "lib/rpc/keychain_write.h"
#include "lib/rpc/remote_push.h"

#define SCHEMA	"setup_ssh_connection"

static const char action[] = "keychaincredential.setup_ssh_connection";

static const struct nk_arg key_fields[] = {
	{ .name = "generate_key", .type = NK_ARG_BOOL,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "name", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY },
	{ .name = "existing_key_id", .type = NK_ARG_INT },
	{ .name = "type", .type = NK_ARG_STRING },
	{ .name = "bits", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = INT_MAX },
	{ .name = NULL },
};

const struct nk_arg nk_connection_setup_fields[] = {
	{ .name = "private_key", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = key_fields },
	{ .name = "connection_name", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "setup_type", .type = NK_ARG_STRING },
	{ .name = "manual_setup", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_NULL, .fields = nk_connection_manual_fields },
	{ .name = "semi_automatic_setup", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_NULL | NK_ARG_SECRET },
	{ .name = "consumer", .type = NK_ARG_OBJECT, .flags = NK_ARG_NULL,
	    .fields = nk_consumer_fields },
	{ .name = "copy_key", .type = NK_ARG_OBJECT, .flags = NK_ARG_NULL,
	    .fields = nk_push_fields },
	{ .name = NULL },
};

struct setup {
	const char		*name;		/* of the connection */
	const char		*pair_name;	/* of a new keypair, or NULL */
	int64_t			 existing;	/* then: the keypair */
	struct nk_pair		 pair;
	struct nk_connection	 conn;
	bool			 has_consumer;
	struct nk_consumer	 consumer;
	bool			 has_push;
	struct nk_push		 push;
	char			*fingerprint;	/* of the key that it pushes */
	struct nk_keychain	 kc;
};

/* ---- before anything is made ---- */

/* The form of what is asked for, as far as the fields cannot say it. */
static int
check_form(const json_t *options, struct nk_error *e)
{
	const json_t *key = json_object_get(options, "private_key");
	const json_t *manual = json_object_get(options, "manual_setup");
	const char *type = json_string_value(json_object_get(options,
	    "setup_type"));
	bool generate = json_is_true(json_object_get(key, "generate_key"));

	if (generate && json_object_get(key, "name") == NULL)
		nk_error_add(e, "options.private_key.name", EINVAL,
		    "Field required");
	if (!generate && json_object_get(key, "existing_key_id") == NULL)
		nk_error_add(e, "options.private_key.existing_key_id", EINVAL,
		    "Field required");
	if (type != NULL && strcmp(type, "SEMI-AUTOMATIC") == 0)
		nk_error_add(e, "options.setup_type", EINVAL, "This release "
		    "sets up connections by hand alone: SEMI-AUTOMATIC is "
		    "not supported");
	else if (type != NULL && strcmp(type, "MANUAL") != 0)
		nk_error_add(e, "options.setup_type", EINVAL,
		    "Input should be 'MANUAL' or 'SEMI-AUTOMATIC'");
	else if (manual == NULL || json_is_null(manual))
		nk_error_add(e, "options.manual_setup", EINVAL,
		    "Field required");
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* 1: there is a credential of that name; 0; -errno. */
static int
is_taken(struct nk_context *c, const char *name)
{
	struct nk_credential row;
	int r;

	r = nk_credential_by_name(nk_publisher_store(c->publisher), name,
	    &row);
	nk_credential_clear(&row);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

/* 1: there is such a keypair; 0; -errno. */
static int
is_keypair(struct nk_context *c, int64_t id)
{
	struct nk_credential row;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher), id, &row);
	if (r == 0)
		r = row.type == NK_CREDENTIAL_KEYPAIR ? 1 : 0;
	nk_credential_clear(&row);
	return r == -ENOENT ? 0 : r;
}

/* What others have or have not, with the peer's texts; all of it is said. */
static int
check_others(struct nk_context *c, const struct setup *s,
    struct nk_error *e)
{
	int r;

	if (s->pair_name != NULL) {
		if ((r = is_taken(c, s->pair_name)) < 0)
			return r;
		if (r == 1)
			nk_error_add(e, SCHEMA ".private_key.name", EINVAL,
			    "Is already in use by another SSH Key pair");
	} else if ((r = is_keypair(c, s->existing)) < 0) {
		return r;
	} else if (r == 0) {
		nk_error_add(e, SCHEMA ".private_key.existing_key_id",
		    EINVAL, "SSH Key Pair not found");
	}
	if ((r = is_taken(c, s->name)) < 0)
		return r;
	if (r == 1 || (s->pair_name != NULL &&
	    strcmp(s->pair_name, s->name) == 0))
		nk_error_add(e, SCHEMA ".connection_name", EINVAL,
		    "Is already in use by another Keychain Credential");
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* Control characters in the names. */
static int
check_names(struct nk_context *c, const struct setup *s, struct nk_error *e)
{
	int r;

	if ((r = nk_credential_check_name(c, NK_CREATE_SCHEMA, 0, s->name,
	    e)) < 0 || s->pair_name == NULL)
		return r;
	return nk_credential_check_name(c, NK_CREATE_SCHEMA, 0, s->pair_name,
	    e);
}

/* The new pair; not with the lock held, since it takes its time. */
static int
make_pair(struct nk_context *c, const json_t *key, struct setup *s,
    struct nk_error *e)
{
	json_t *pair = NULL;
	int r;

	if ((r = nk_keychain_generate(c, key, "options.private_key", &pair,
	    e)) == 0)
		r = nk_pair_read(c, pair, NK_CREATE_SCHEMA, &s->pair, e);
	json_decref(pair);
	return r;
}

/* ---- the edit ---- */

/* While the key was copied another one may have taken its place here. */
static int
check_same_key(struct nk_context *c, const struct setup *s,
    struct nk_error *e)
{
	struct nk_credential row;
	int r;

	if (s->fingerprint == NULL)
		return 0;
	r = nk_credential_get(nk_publisher_store(c->publisher),
	    s->conn.keypair_id, &row);
	if (r == 0 && strcmp(row.fingerprint, s->fingerprint) != 0)
		r = nk_error_call(e, EAGAIN, "The keypair %s was given "
		    "another key meanwhile: try again", row.name);
	nk_credential_clear(&row);
	return r;
}

static int
setup(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct setup *s = arg;
	int r;

	if ((r = check_others(c, s, e)) < 0)
		return r;
	s->conn.keypair_id = s->existing;
	if (s->pair_name != NULL && (r = nk_keypair_insert(c, &s->kc,
	    s->pair_name, &s->pair, &s->conn.keypair_id, e)) < 0)
		return r;
	if ((r = nk_connection_check_keypair(c, &s->conn, SCHEMA
	    ".private_key.existing_key_id", e)) < 0 ||
	    (r = check_same_key(c, s, e)) < 0 ||
	    (r = nk_connection_insert(c, action, "Setup SSH Connection",
	    s->name, &s->conn)) < 0 || (s->push.added &&
	    (r = nk_push_audit(c, &s->push, s->conn.id)) < 0) ||
	    !s->has_consumer)
		return r;
	s->consumer.credential_id = s->conn.id;
	return nk_consumer_bind(c, action, "options.consumer", &s->consumer,
	    e);
}

/*
 * All of it, and then nothing is to be changed after all.  What seals may be
 * another key when it is done.
 */
static int
rehearse(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct setup *s = arg;
	int r = setup(c, s, e);

	nk_keychain_clear(&s->kc);
	nk_keychain_of(c, &s->kc);
	return r == 0 ? 1 : r;
}

/* ---- the key on the other machine ---- */

/* The public half of the pair, new or not. */
static int
read_push(struct nk_context *c, const json_t *o, struct setup *s,
    struct nk_error *e)
{
	struct nk_credential row = { .id = 0 };
	const char *fingerprint = s->pair.fingerprint;
	int r = 0;

	if (s->pair_name == NULL && (r = nk_credential_get(
	    nk_publisher_store(c->publisher), s->existing, &row)) == 0)
		fingerprint = row.fingerprint;
	if (r == 0 && (s->fingerprint = strdup(fingerprint)) == NULL)
		r = -ENOMEM;
	if (r == 0)
		r = nk_push_read(c, o, "options.copy_key",
		    s->pair_name == NULL ? row.public_key :
		    s->pair.public_key, &s->push, e);
	nk_credential_clear(&row);
	s->push.action = action;
	s->push.name = s->name;
	s->push.conn = &s->conn;
	return r;
}

/*
 * The other machine is asked for nothing that is refused here anyway, and no
 * lock is held while it answers.
 */
static int
setup_far(struct nk_context *c, const json_t *o, struct setup *s,
    struct nk_error *e)
{
	int r;

	if ((r = read_push(c, o, s, e)) < 0 ||
	    (r = nk_edit_run(c, rehearse, s, e)) < 0 ||
	    (r = nk_push_make(c, &s->push, e)) < 0)
		return r;
	if (c->gone != NULL && c->gone(c->gone_arg))
		r = nk_error_call(e, EPIPE, "The caller has hung up");
	else
		r = nk_edit_run(c, setup, s, e);
	/* -EINPROGRESS: it is committed, and only publishing is not done */
	if (r == 0 || r == -EINPROGRESS)
		return r;
	s->conn.id = 0;		/* there is none */
	return nk_push_undo(c, &s->push, r, e);
}

static int
show(struct nk_context *c, const struct setup *s, json_t **resultp,
    struct nk_error *e)
{
	json_t *consumer = NULL;
	int r;

	if ((r = nk_connection_show(c, s->conn.id, resultp, e)) < 0)
		return r;
	if (s->has_push && json_object_set_new(*resultp, "key_added",
	    json_boolean(s->push.added)) == -1)
		r = -ENOMEM;
	if (r == 0 && s->has_consumer &&
	    (r = nk_consumer_entity(nk_publisher_store(c->publisher),
	    &s->consumer, &consumer)) == 0 &&
	    json_object_set_new(*resultp, "consumer", consumer) == -1)
		r = -ENOMEM;
	if (r < 0) {
		json_decref(*resultp);
		*resultp = NULL;
	}
	return r;
}

int
nk_connection_setup_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *options = json_array_get(params, 0);
	const json_t *key = json_object_get(options, "private_key");
	const json_t *consumer = json_object_get(options, "consumer");
	const json_t *push = json_object_get(options, "copy_key");
	bool generate = json_is_true(json_object_get(key, "generate_key"));
	struct setup s = {
		.name = json_string_value(json_object_get(options,
		    "connection_name")),
		.pair_name = generate ? json_string_value(json_object_get(key,
		    "name")) : NULL,
		.existing = json_integer_value(json_object_get(key,
		    "existing_key_id")),
		.pair.private_text = NK_SECRET_NONE,
		.has_consumer = json_is_object(consumer),
		.has_push = json_is_object(push),
		.push = NK_PUSH_NONE,
	};
	int r;

	nk_keychain_of(c, &s.kc);
	if ((r = check_form(options, e)) == 0 &&
	    (r = check_others(c, &s, e)) == 0 &&
	    (r = check_names(c, &s, e)) == 0 &&
	    (r = nk_connection_read(json_object_get(options, "manual_setup"),
	    NK_CREATE_SCHEMA, &s.conn, e)) == 0 && (!s.has_consumer ||
	    (r = nk_consumer_read(c, consumer, "options.consumer",
	    &s.consumer, e)) == 0) &&
	    (!generate || (r = make_pair(c, key, &s, e)) == 0) &&
	    (r = s.has_push ? setup_far(c, push, &s, e) :
	    nk_edit_run(c, setup, &s, e)) == 0)
		r = show(c, &s, resultp, e);
	nk_push_clear(&s.push);
	free(s.fingerprint);
	nk_consumer_clear(&s.consumer);
	nk_connection_clear(&s.conn);
	nk_pair_clear(&s.pair);
	nk_keychain_clear(&s.kc);
	return r;
}
