/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_open.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/pubkey.h"

void
nk_connection_opened_clear(struct nk_connection_opened *o)
{
	free(o->name);
	o->name = NULL;
	nk_connection_clear(&o->row);
	nk_hostkeys_clear(&o->pins);
	nk_privatekey_clear(&o->key);
}

static int
get_row(struct nk_context *c, int64_t id, struct nk_connection_opened *o,
    struct nk_error *e)
{
	struct nk_credential row;
	const char *why = NULL;
	int r;

	if ((r = nk_credential_find(c, id, &row, e)) < 0)
		return r;
	if (row.type != NK_CREDENTIAL_CONNECTION) {
		r = nk_error_call(e, EINVAL, "%s is a keypair: give the id "
		    "of an SSH connection", row.name);
	} else {
		o->name = row.name;
		row.name = NULL;
		r = nk_connection_get(nk_publisher_store(c->publisher), id,
		    &o->row);
	}
	nk_credential_clear(&row);
	if (r == 0 && (r = nk_hostkeys_read(o->row.host_keys, &o->pins,
	    &why)) < 0)
		r = nk_error_call(e, EFAULT, "The host keys of the "
		    "connection %s: %s", o->name, why);
	return r;
}

/* What is kept is used, whatever the policy for new keys is today. */
static int
read_key(const struct nk_secret *text, struct nk_privatekey *k,
    struct nk_error *e)
{
	struct nk_keypolicy any = NK_KEYPOLICY_DEFAULT;
	struct nk_privatetext_why why;
	int r;

	any.rsa_min_bits = NK_RSA_BITS_FLOOR;
	if ((r = nk_keychain_read_private(text, &any, k, &why, e)) > 0)
		return nk_error_call(e, EINVAL, "The private key cannot be "
		    "used: %s", why.text);
	return r;
}

int
nk_keypair_open(struct nk_context *c, int64_t id, const char *connection,
    struct nk_privatekey *key, struct nk_error *e)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_credential pair;
	struct nk_keychain kc;
	int r;

	if ((r = nk_credential_find(c, id, &pair, e)) < 0)
		return r;
	nk_keychain_of(c, &kc);
	if (!pair.has_private)
		r = nk_error_call(e, ENOENT, "The keypair %s of the "
		    "connection %s has no private half: give the connection "
		    "another keypair", pair.name, connection);
	else if ((r = nk_credential_private(&kc, &pair, &text, e)) == 0)
		r = read_key(&text, key, e);
	nk_secret_clear(&text);
	nk_keychain_clear(&kc);
	nk_credential_clear(&pair);
	return r;
}

int
nk_connection_open(struct nk_context *c, int64_t id,
    struct nk_connection_opened *o, struct nk_error *e)
{
	int r;

	*o = (struct nk_connection_opened){ .name = NULL };
	if ((r = get_row(c, id, o, e)) == 0)
		r = nk_keypair_open(c, o->row.keypair_id, o->name, &o->key, e);
	if (r < 0)
		nk_connection_opened_clear(o);
	return r;
}
