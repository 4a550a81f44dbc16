/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_setup.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_read.h"
#include "lib/rpc/connection_setup_parts.h"
#include "lib/rpc/connection_write.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_keys.h"
#include "lib/rpc/keychain_write.h"

#define SCHEMA		"setup_ssh_connection"
#define PAIR_SCHEMA	"keychain_remote_ssh_semiautomatic_setup"

static const struct nk_setup_kind by_setup = {
	"keychaincredential.setup_ssh_connection", "Setup SSH Connection",
	SCHEMA ".connection_name", "options.semi_automatic_setup",
};
static const struct nk_setup_kind by_pairing = {
	"keychaincredential.remote_ssh_semiautomatic_setup",
	"SSH Semi-automatic Setup", NK_CREATE_SCHEMA ".name", PAIR_SCHEMA,
};

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
	    .flags = NK_ARG_NULL | NK_ARG_SECRET,
	    .fields = nk_pairing_fields },
	{ .name = "consumer", .type = NK_ARG_OBJECT, .flags = NK_ARG_NULL,
	    .fields = nk_consumer_fields },
	{ .name = "copy_key", .type = NK_ARG_OBJECT, .flags = NK_ARG_NULL,
	    .fields = nk_push_fields },
	{ .name = NULL },
};

/* ---- before anything is made ---- */

/* The form of what is asked for, as far as the fields cannot say it. */
static int
check_form(const json_t *options, struct nk_error *e)
{
	const json_t *key = json_object_get(options, "private_key");
	const char *member;
	char path[64];
	const char *type = json_string_value(json_object_get(options,
	    "setup_type"));
	bool generate = json_is_true(json_object_get(key, "generate_key"));

	if (generate && json_object_get(key, "name") == NULL)
		nk_error_add(e, "options.private_key.name", EINVAL,
		    "Field required");
	if (!generate && json_object_get(key, "existing_key_id") == NULL)
		nk_error_add(e, "options.private_key.existing_key_id", EINVAL,
		    "Field required");
	if (type == NULL || strcmp(type, "MANUAL") == 0) {
		member = "manual_setup";
	} else if (strcmp(type, "SEMI-AUTOMATIC") == 0) {
		member = "semi_automatic_setup";
		if (json_is_object(json_object_get(options, "copy_key")))
			nk_error_add(e, "options.copy_key", EINVAL,
			    "The key comes there by the set-up itself");
	} else {
		nk_error_add(e, "options.setup_type", EINVAL,
		    "Input should be 'MANUAL' or 'SEMI-AUTOMATIC'");
		return -EINVAL;
	}
	(void)snprintf(path, sizeof(path), "options.%s", member);
	if (!json_is_object(json_object_get(options, member)))
		nk_error_add(e, path, EINVAL, "Field required");
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
check_others(struct nk_context *c, const struct nk_setup *s,
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
		nk_error_add(e, s->kind->name_path, EINVAL,
		    "Is already in use by another Keychain Credential");
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* Control characters in the names. */
static int
check_names(struct nk_context *c, const struct nk_setup *s, struct nk_error *e)
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
make_pair(struct nk_context *c, const json_t *key, struct nk_setup *s,
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
check_same_key(struct nk_context *c, const struct nk_setup *s,
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

int
nk_setup_edit(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_setup *s = arg;
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
	    (r = nk_connection_insert(c, s->kind->action, s->kind->sentence,
	    s->name, &s->conn)) < 0 || (s->push.added &&
	    (r = nk_push_audit(c, &s->push, s->conn.id)) < 0) ||
	    (s->pairing.begun &&
	    (r = nk_pairing_audit(c, &s->pairing, s->conn.id)) < 0) ||
	    !s->has_consumer)
		return r;
	s->consumer.credential_id = s->conn.id;
	return nk_consumer_bind(c, s->kind->action, "options.consumer",
	    &s->consumer, e);
}

/* ---- the methods ---- */

/* {"pairing": what would be changed there} */
static int
show_plan(const struct nk_setup *s, json_t **resultp)
{
	*resultp = json_pack("{s:o}", "pairing", nk_pairing_show(
	    &s->pairing));
	return *resultp == NULL ? -ENOMEM : 0;
}

static int
show(struct nk_context *c, const struct nk_setup *s, json_t **resultp,
    struct nk_error *e)
{
	json_t *consumer = NULL;
	int r;

	if ((r = nk_connection_show(c, s->conn.id, resultp, e)) < 0)
		return r;
	if ((s->has_push && json_object_set_new(*resultp, "key_added",
	    json_boolean(s->push.added)) == -1) ||
	    (s->has_pairing && json_object_set_new(*resultp, "pairing",
	    nk_pairing_show(&s->pairing)) == -1))
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

/* Where it goes to, and what is asked for there. */
static int
read_far(const json_t *options, struct nk_setup *s, struct nk_error *e)
{
	const json_t *semi = json_object_get(options,
	    "semi_automatic_setup");
	const char *type = json_string_value(json_object_get(options,
	    "setup_type"));

	s->has_pairing = type != NULL && strcmp(type, "SEMI-AUTOMATIC") == 0;
	return s->has_pairing ? nk_pairing_read(semi, s->kind->semi_path,
	    &s->pairing, &s->conn, e) : nk_connection_read(json_object_get(
	    options, "manual_setup"), NK_CREATE_SCHEMA, &s->conn, e);
}

static int
make(struct nk_context *c, const json_t *push, struct nk_setup *s,
    struct nk_error *e)
{
	if (s->has_pairing)
		return nk_setup_pair(c, s, e);
	return s->has_push ? nk_setup_push(c, push, s, e) :
	    nk_edit_run(c, nk_setup_edit, s, e);
}

static int
run(struct nk_context *c, const struct nk_setup_kind *kind,
    const json_t *options, json_t **resultp, struct nk_error *e)
{
	const json_t *key = json_object_get(options, "private_key");
	const json_t *consumer = json_object_get(options, "consumer");
	const json_t *push = json_object_get(options, "copy_key");
	bool generate = json_is_true(json_object_get(key, "generate_key"));
	struct nk_setup s = {
		.kind = kind,
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
	    (r = read_far(options, &s, e)) == 0 && (!s.has_consumer ||
	    (r = nk_consumer_read(c, consumer, "options.consumer",
	    &s.consumer, e)) == 0) &&
	    (!generate || (r = make_pair(c, key, &s, e)) == 0) &&
	    (r = make(c, push, &s, e)) == 0)
		r = s.has_pairing && s.pairing.look ? show_plan(&s,
		    resultp) : nk_edit_shown(show(c, &s, resultp, e), e);
	nk_pairing_clear(&s.pairing);
	nk_push_clear(&s.push);
	free(s.fingerprint);
	nk_consumer_clear(&s.consumer);
	nk_connection_clear(&s.conn);
	nk_pair_clear(&s.pair);
	nk_keychain_clear(&s.kc);
	return r;
}

int
nk_connection_setup_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	return run(c, &by_setup, json_array_get(params, 0), resultp, e);
}

/* The keypair in the peer's words, which are not setup's. */
static int
check_pair(struct nk_context *c, int64_t id, struct nk_error *e)
{
	struct nk_credential row;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher), id, &row);
	if (r == -ENOENT || (r == 0 && (row.type != NK_CREDENTIAL_KEYPAIR ||
	    !row.has_private)))
		r = nk_error_call(e, EFAULT, "Specified key pair not found");
	nk_credential_clear(&row);
	return r;
}

int
nk_connection_pair_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	json_t *o = json_array_get(params, 0), *options, *semi;
	int64_t id = json_integer_value(json_object_get(o, "private_key"));
	int r;

	if ((r = check_pair(c, id, e)) < 0)
		return r;
	if ((semi = json_copy(o)) == NULL ||
	    json_object_del(semi, "name") == -1 ||
	    json_object_del(semi, "private_key") == -1) {
		json_decref(semi);
		return -ENOMEM;
	}
	options = json_pack("{s:{s:b,s:I},s:O,s:s,s:o}", "private_key",
	    "generate_key", 0, "existing_key_id", (json_int_t)id,
	    "connection_name", json_object_get(o, "name"), "setup_type",
	    "SEMI-AUTOMATIC", "semi_automatic_setup", semi);
	r = options == NULL ? -ENOMEM : run(c, &by_pairing, options, resultp,
	    e);
	json_decref(options);
	return r;
}
