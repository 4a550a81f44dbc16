/* SPDX-License-Identifier: ISC */

/* keychaincredential.*, and naskeys.seal_rotate. */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/rpc/connection_lend.h"
#include "lib/rpc/connection_setup.h"
#include "lib/rpc/credential_delete.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_keys.h"
#include "lib/rpc/keychain_write.h"

/* ---- query ---- */

struct walk {
	struct nk_keychain	 kc;
	struct nk_query		*q;
	struct nk_wanted	 wanted;
};

static int
offer(void *arg, const struct nk_credential *row)
{
	struct walk *w = arg;
	json_t *o;
	int r;

	r = nk_credential_entity(&w->kc, row, &w->wanted, &o);
	return r < 0 ? r : nk_query_offer(w->q, o);
}

static int
read_rows(struct walk *w)
{
	struct nk_credential row;
	int64_t n = 0;
	const char *name;
	int r;

	if (nk_query_wants_int(w->q, "id", &n))
		r = nk_credential_get(w->kc.store, n, &row);
	else if (nk_query_wants_string(w->q, "name", &name))
		r = nk_credential_by_name(w->kc.store, name, &row);
	else {
		if (!nk_query_wants_above(w->q, "id", &n))
			n = 0;
		return nk_credential_each(w->kc.store, n, offer, w);
	}
	if (r == 0)
		r = offer(w, &row);
	nk_credential_clear(&row);
	return r == -ENOENT ? 0 : r;
}

static int
keychain_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *filters = json_array_get(params, 0);
	const json_t *options = json_array_get(params, 1);
	struct walk w = { .q = NULL };
	int r;

	if ((r = nk_query_new(&w.q, filters, options, e)) < 0)
		return r;
	nk_wanted_init(&w.wanted, filters, options);
	nk_keychain_of(c, &w.kc);
	r = nk_wants(&w.wanted, "attributes") ?
	    nk_keychain_read_begin(&w.kc) : nk_store_read_begin(w.kc.store);
	if (r == 0) {
		r = read_rows(&w);
		nk_store_read_end(w.kc.store);
	}
	if (r >= 0)
		r = nk_query_finish(w.q, resultp, e);
	nk_query_free(w.q);
	nk_keychain_clear(&w.kc);
	return r;
}

static int
keychain_get_instance(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_credential row;
	struct nk_keychain kc;
	int r;

	r = nk_credential_find(c, json_integer_value(json_array_get(params,
	    0)), &row, e);
	if (r < 0)
		return r;
	nk_keychain_of(c, &kc);
	r = nk_credential_entity(&kc, &row, NULL, resultp);
	nk_keychain_clear(&kc);
	nk_credential_clear(&row);
	return r;
}

static int
keychain_get_of_type(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const char *type = json_string_value(json_array_get(params, 1));
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_credential row;
	struct nk_keychain kc;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher),
	    json_integer_value(json_array_get(params, 0)), &row);
	if (r == -ENOENT)
		return nk_error_call(e, ENOENT, "Credential does not exist");
	if (r < 0)
		return r;
	nk_keychain_of(c, &kc);
	if (strcmp(type, row.type == NK_CREDENTIAL_KEYPAIR ?
	    NK_KEYPAIR_TYPE : NK_CONNECTION_TYPE) != 0)
		r = nk_error_call(e, EINVAL, "Credential is not of type %s",
		    type);
	else if (row.has_private)
		r = nk_credential_private(&kc, &row, &text, e);
	nk_secret_clear(&text);
	if (r == 0)
		r = nk_credential_entity(&kc, &row, NULL, resultp);
	nk_keychain_clear(&kc);
	nk_credential_clear(&row);
	return r;
}

/* ---- the table ---- */

static const struct nk_arg of_type_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "type", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

/* What "attributes" may hold depends on the type, and is looked at then. */
static const struct nk_arg create_fields[] = {
	{ .name = "name", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "type", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = "attributes", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED | NK_ARG_SECRET },
	{ .name = NULL },
};

static const struct nk_arg create_args[] = {
	{ .name = "keychain_credential_create", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = create_fields },
	{ .name = NULL },
};

static const struct nk_arg update_fields[] = {
	{ .name = "name", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY },
	{ .name = "attributes", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_SECRET },
	{ .name = NULL },
};

static const struct nk_arg update_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "keychain_credentials_update", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = update_fields },
	{ .name = NULL },
};

static const struct nk_arg delete_fields[] = {
	{ .name = "cascade", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg delete_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = delete_fields },
	{ .name = NULL },
};

static const struct nk_arg setup_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = nk_connection_setup_fields },
	{ .name = NULL },
};

static const struct nk_arg generate_fields[] = {
	{ .name = "type", .type = NK_ARG_STRING },
	{ .name = "bits", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = INT_MAX },
	{ .name = "comment", .type = NK_ARG_STRING },
	{ .name = NULL },
};

static const struct nk_arg generate_args[] = {
	{ .name = "generate_ssh_key_pair", .type = NK_ARG_OBJECT,
	    .fields = generate_fields },
	{ .name = NULL },
};

static const struct nk_arg export_fields[] = {
	{ .name = "format", .type = NK_ARG_STRING },
	{ .name = NULL },
};

static const struct nk_arg export_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = export_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_keychain[] = {
	{ "keychaincredential.query", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    keychain_query },
	{ "keychaincredential.get_instance", NK_RIGHT_ADMIN, NK_READS,
	    nk_instance_args, keychain_get_instance },
	{ "keychaincredential.get_of_type", NK_RIGHT_ADMIN, NK_READS,
	    of_type_args, keychain_get_of_type },
	{ "keychaincredential.used_by", NK_RIGHT_ADMIN, NK_READS, nk_id_args,
	    nk_credential_used_by_method },
	{ "keychaincredential.create", NK_RIGHT_ADMIN, NK_EDITS, create_args,
	    nk_keychain_create_method },
	{ "keychaincredential.update", NK_RIGHT_ADMIN, NK_EDITS, update_args,
	    nk_keychain_update_method },
	{ "keychaincredential.delete", NK_RIGHT_ADMIN, NK_EDITS, delete_args,
	    nk_credential_delete_method },
	{ "keychaincredential.setup_ssh_connection", NK_RIGHT_ADMIN,
	    NK_EDITS, setup_args, nk_connection_setup_method },
	{ "keychaincredential.generate_ssh_key_pair", NK_RIGHT_ADMIN, NK_APART,
	    generate_args, nk_keychain_generate_method },
	{ "keychaincredential.export", NK_RIGHT_ADMIN, NK_EDITS, export_args,
	    nk_keychain_export_method },
	{ "keychaincredential.lend", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_connection_lend_args, nk_connection_lend_method },
	{ "naskeys.seal_rotate", NK_RIGHT_ADMIN, NK_EDITS, nk_no_args,
	    nk_seal_rotate_method },
	{ .name = NULL },
};
