/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_entity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "lib/rpc/connection_entity.h"

#define NAME_TAKEN	"Object with this name already exists"

void
nk_keychain_of(struct nk_context *c, struct nk_keychain *kc)
{
	nk_keychain_init(kc, nk_publisher_store(c->publisher),
	    c->state->seal_key);
}

/* Opened, or not: an object in every case but -ENOMEM and worse. */
static int
attributes(struct nk_keychain *kc, const struct nk_credential *row,
    json_t **op)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_object b;
	int r = 0;

	if (row->has_private)
		r = nk_keychain_open(kc, row->id, &text);
	if (r == -ENOKEY || r == -EBADMSG)
		return (*op = json_object()) == NULL ? -ENOMEM : 0;
	if (r < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "private_key", (const char *)text.p);
	nk_object_text(&b, "public_key", row->public_key);
	r = nk_object_finish(&b, op);
	nk_secret_clear(&text);
	return r;
}

int
nk_credential_entity(struct nk_keychain *kc, const struct nk_credential *row,
    const struct nk_wanted *wanted, json_t **op)
{
	struct nk_object b;
	json_t *v;
	int r;

	if (row->type == NK_CREDENTIAL_CONNECTION)
		return nk_connection_entity(kc->store, row, wanted, op);
	nk_object_init(&b, wanted);
	nk_object_int(&b, "id", row->id);
	nk_object_text(&b, "name", row->name);
	nk_object_text(&b, "type", NK_KEYPAIR_TYPE);
	if (nk_wants(wanted, "attributes")) {
		if ((r = attributes(kc, row, &v)) < 0) {
			json_decref(b.o);
			return r;
		}
		nk_object_put(&b, "attributes", v);
	}
	/* ours: what a list shows without opening anything */
	nk_object_text(&b, "key_type", row->key_type);
	nk_object_int(&b, "bits", row->bits);
	nk_object_text(&b, "fingerprint", row->fingerprint);
	nk_object_text(&b, "public_key", row->public_key);
	nk_object_bool(&b, "has_private", row->has_private);
	nk_object_date(&b, "created_at", row->created_at, 0);
	nk_object_text(&b, "created_by", row->created_by);
	return nk_object_finish(&b, op);
}

json_t *
nk_credential_audit(const struct nk_credential *row)
{
	return json_pack("{s:s,s:s,s:s,s:s}", "name", row->name, "type",
	    NK_KEYPAIR_TYPE, "fingerprint", row->fingerprint, "public_key",
	    row->public_key);
}

int
nk_credential_find(struct nk_context *c, int64_t id,
    struct nk_credential *row, struct nk_error *e)
{
	int r = nk_credential_get(nk_publisher_store(c->publisher), id, row);

	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "KeychainCredential %" PRId64
	    " does not exist", id);
	return -EINVAL;
}

static int
name_error(struct nk_error *e, const char *schema, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s.name", schema);
	nk_error_add(e, path, EINVAL, "%s", text);
	return -EINVAL;
}

int
nk_credential_check_name(struct nk_context *c, const char *schema,
    int64_t id, const char *name, struct nk_error *e)
{
	struct nk_credential other;
	const char *s;
	int r;

	for (s = name; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return name_error(e, schema, "The name may not have "
			    "control characters");
	}
	r = nk_credential_by_name(nk_publisher_store(c->publisher), name,
	    &other);
	if (r == -ENOENT)
		return 0;
	if (r == 0 && other.id != id)
		r = name_error(e, schema, NAME_TAKEN);
	nk_credential_clear(&other);
	return r;
}

int
nk_keychain_error(const struct nk_keychain *kc, const char *name, int r,
    struct nk_error *e)
{
	switch (r) {
	case -ENOKEY:
		return nk_error_call(e, EFAULT, "Decrypting credential %s "
		    "failed: it is not sealed with the key in %s; put the "
		    "right key file back, nothing is lost", name, kc->path);
	case -EBADMSG:
		return nk_error_call(e, EFAULT, "Decrypting credential %s "
		    "failed: what is stored is damaged; restore a backup, or "
		    "delete the keypair", name);
	default:
		return r;
	}
}

int
nk_credential_private(struct nk_keychain *kc,
    const struct nk_credential *row, struct nk_secret *out,
    struct nk_error *e)
{
	return nk_keychain_error(kc, row->name,
	    nk_keychain_open(kc, row->id, out), e);
}
