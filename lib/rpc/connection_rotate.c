/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_rotate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/keychain_keys.h"
#include "lib/rpc/keychain_write.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/rotation.h"
#include "lib/rpc/rotation_remote.h"
#include "lib/ssh/fingerprint.h"

static const struct nk_arg rotate_fields[] = {
	{ .name = "type", .type = NK_ARG_STRING },
	{ .name = "bits", .type = NK_ARG_INT, .flags = NK_ARG_NULL,
	    .min = 0, .max = INT_MAX },
	{ .name = "abandon", .type = NK_ARG_BOOL },
	{ .name = "offline", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_connection_rotate_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = rotate_fields },
	{ .name = NULL },
};

/* ---- what is said ---- */

static int
show_key(json_t *o, const char *member, const struct nk_privatekey *key)
{
	char *fingerprint;
	int r;

	if ((r = nk_fingerprint_sha256(key->blob, key->blob_len,
	    &fingerprint)) < 0)
		return r;
	if (json_object_set_new(o, member, json_string(fingerprint)) == -1)
		r = -ENOMEM;
	free(fingerprint);
	return r;
}

/* The key in use, and that which has gone; the reference to o is taken. */
static int
show(const struct nk_rotating *ro, json_t *o, const char *gone,
    json_t **resultp)
{
	int r;

	if (o == NULL)
		return -ENOMEM;
	if ((r = show_key(o, "fingerprint", &ro->o.key)) == 0)
		r = show_key(o, gone, &ro->other);
	if (r == 0)
		*resultp = json_incref(o);
	json_decref(o);
	return r;
}

/* Behind why it has stopped, how matters stand. */
static int
stopped(const struct nk_rotating *ro, int r, struct nk_error *e)
{
	const char *attribute, *hint;
	char *why;

	/* nothing has changed; or nothing is as it was, which is said */
	if (!ro->begun || r == -EBUSY)
		return r;
	hint = ro->row.step == NK_ROTATION_REMOVE ? "the new key is in use, "
	    "and the old one may still be let in there: rotate again to go "
	    "on" : "the old key is still in use: rotate again to go on, or "
	    "abandon the rotation";
	if ((why = strdup(nk_error_is_set(e) ? nk_error_sentence(e,
	    &attribute) : strerror(-r))) == NULL)
		return -ENOMEM;
	r = nk_error_call(e, -r, "%s; %s", why, hint);
	free(why);
	return r;
}

/* ---- the new pair ---- */

/* What is asked for, as far as it says anything; else what the old one is. */
static json_t *
choose(struct nk_context *c, const struct nk_privatekey *old,
    const json_t *options)
{
	const unsigned int least = nk_keyrow_policy(c->conf).rsa_min_bits;
	const char *is = nk_keychain_type_name(old->type->name);
	const char *type = json_string_value(json_object_get(options,
	    "type"));
	json_int_t bits = json_integer_value(json_object_get(options,
	    "bits"));

	if (type == NULL)
		type = is;
	if (bits == 0 && strcmp(type, is) == 0 &&
	    strcmp(type, "ed25519") != 0) {
		bits = old->bits;
		if (strcmp(type, "rsa") == 0 && old->bits < least)
			bits = least;
	}
	/* a comment that JSON has no words for is not kept */
	return json_pack("{s:s,s:I,s:o*}", "type", type, "bits", bits,
	    "comment", old->comment == NULL ? NULL :
	    json_string(old->comment));
}

static int
make_pair(struct nk_context *c, const struct nk_rotating *ro,
    const json_t *options, struct nk_pair *pair, struct nk_error *e)
{
	json_t *wanted = choose(c, &ro->o.key, options), *made = NULL;
	int r = -ENOMEM;

	if (wanted != NULL && (r = nk_keychain_generate(c, wanted, "options",
	    &made, e)) == 0)
		r = nk_pair_read(c, made, NK_CREATE_SCHEMA, pair, e);
	json_decref(wanted);
	json_decref(made);
	return r;
}

/* One that was begun with another key in mind is not what is asked for. */
static int
check_asked(const struct nk_rotating *ro, const json_t *options,
    struct nk_error *e)
{
	const struct nk_privatekey *new = ro->row.step == NK_ROTATION_REMOVE ?
	    &ro->o.key : &ro->other;
	const char *type = json_string_value(json_object_get(options,
	    "type"));
	const char *is = nk_keychain_type_name(new->type->name);
	json_int_t bits = json_integer_value(json_object_get(options,
	    "bits"));

	if ((type == NULL || strcmp(type, is) == 0) &&
	    (bits == 0 || bits == (json_int_t)new->bits))
		return 0;
	return nk_error_call(e, EBUSY, "A rotation to a key of the type %s "
	    "with %u bits is unfinished: finish or abandon that first", is,
	    new->bits);
}

/* ---- the steps ---- */

/* Where the old key's options cannot be read nothing is begun. */
static int
copy(struct nk_context *c, struct nk_rotating *ro, const json_t *options,
    struct nk_error *e)
{
	struct nk_pair pair = { .private_text = NK_SECRET_NONE };
	char *keyoptions = NULL;
	int r = 0;

	if (!ro->begun)
		r = make_pair(c, ro, options, &pair, e);
	if (r == 0)
		r = nk_rotation_options(ro, &keyoptions, e);
	if (r == 0 && !ro->begun)
		r = nk_rotation_begin(c, ro, &pair, e);
	if (r == 0 && (r = nk_rotation_copy(ro, keyoptions, e)) == 0)
		r = nk_rotation_copied(c, ro, e);
	free(keyoptions);
	nk_pair_clear(&pair);
	return r;
}

static int
rotate(struct nk_context *c, struct nk_rotating *ro, const json_t *options,
    json_t **resultp, struct nk_error *e)
{
	bool resumed = ro->begun;
	int r;

	if (resumed)
		r = check_asked(ro, options, e);
	else
		r = nk_rotation_check_alone(c, ro, e);
	if (r < 0)
		return r;
	if (!resumed || ro->row.step == NK_ROTATION_COPY)
		r = copy(c, ro, options, e);
	if (r == 0 && ro->row.step == NK_ROTATION_SWITCH &&
	    (r = nk_rotation_try(ro, e)) == 0)
		r = nk_rotation_switch(c, ro, e);
	if (r == 0 && (r = nk_rotation_remove(ro, e)) == 0)
		r = nk_rotation_end(c, ro, "Replace the key", e);
	if (r < 0)
		return stopped(ro, r, e);
	return show(ro, json_pack("{s:b}", "resumed", resumed ? 1 : 0),
	    "old_fingerprint", resultp);
}

/* ---- taking it back ---- */

static int
abandon(struct nk_context *c, struct nk_rotating *ro, bool offline,
    json_t **resultp, struct nk_error *e)
{
	int r = 0;

	if (!ro->begun)
		return nk_error_call(e, ENOENT, "There is no unfinished "
		    "rotation of the key of the connection %s", ro->o.name);
	if (!offline && ro->row.step == NK_ROTATION_REMOVE)
		return nk_error_call(e, EBUSY, "The connection %s logs in "
		    "with its new key already: rotate again to have the old "
		    "one removed there", ro->o.name);
	if (!offline)
		r = nk_rotation_remove(ro, e);
	if (r == 0)
		r = nk_rotation_end(c, ro, offline ? "Leave the rotation, "
		    "and what there is of it on the other machine" :
		    "Abandon the rotation", e);
	if (r < 0)
		return stopped(ro, r, e);
	return show(ro, json_object(), "abandoned", resultp);
}

int
nk_connection_rotate_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *options = json_array_get(params, 1);
	bool back = json_is_true(json_object_get(options, "abandon"));
	bool offline = json_is_true(json_object_get(options, "offline"));
	struct nk_rotating ro;
	int r;

	if (offline && !back)
		nk_error_add(e, "options.offline", EINVAL, "Only a rotation "
		    "that is abandoned leaves the other machine alone");
	if (back && (json_object_get(options, "type") != NULL ||
	    json_object_get(options, "bits") != NULL))
		nk_error_add(e, "options.abandon", EINVAL, "No new key is "
		    "made then: leave out type and bits");
	if (nk_error_is_set(e))
		return -EINVAL;
	if ((r = nk_rotation_open(c, json_integer_value(json_array_get(
	    params, 0)), &ro, e)) < 0)
		return r;
	r = back ? abandon(c, &ro, offline, resultp, e) :
	    rotate(c, &ro, options, resultp, e);
	nk_rotation_close(&ro);
	return r;
}
