/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_entity.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/rotation_guard.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/hostkeys.h"

/* The attributes as the peer has them. */
static json_t *
attributes(const struct nk_connection *c)
{
	return json_pack("{s:s,s:i,s:s,s:I,s:s,s:i}", "host", c->host,
	    "port", (int)c->port, "username", c->username, "private_key",
	    (json_int_t)c->keypair_id, "remote_host_key", c->host_keys,
	    "connect_timeout", (int)c->connect_timeout);
}

/* One {type, fingerprint} for each host key; NULL: no memory. */
static json_t *
fingerprints(const char *text)
{
	json_t *list = json_array();
	struct nk_hostkeys hk;
	char *fingerprint;
	size_t i;
	int r = 0;

	/* what cannot be read is shown as none, and fits no host */
	if (nk_hostkeys_read(text, &hk, NULL) < 0)
		return list;
	for (i = 0; r == 0 && i < hk.n; i++) {
		if ((r = nk_fingerprint_sha256(hk.v[i].blob, hk.v[i].len,
		    &fingerprint)) < 0)
			break;
		r = json_array_append_new(list, json_pack("{s:s,s:s}",
		    "type", hk.v[i].type->name, "fingerprint", fingerprint));
		free(fingerprint);
	}
	nk_hostkeys_clear(&hk);
	if (r == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* The name of the keypair with which it logs in. */
static int
put_keypair(struct nk_object *b, struct nk_store *s, int64_t id)
{
	struct nk_credential pair;
	int r;

	if (!nk_wants(b->wanted, "keypair"))
		return 0;
	r = nk_credential_get(s, id, &pair);
	if (r == 0)
		nk_object_text(b, "keypair", pair.name);
	nk_credential_clear(&pair);
	return r;
}

static int
put_rotation(struct nk_object *b, struct nk_store *s, int64_t id)
{
	json_t *rotation;
	int r;

	if (!nk_wants(b->wanted, "rotation"))
		return 0;
	if ((r = nk_rotation_entity(s, id, &rotation)) == 0)
		nk_object_put(b, "rotation", rotation);
	return r;
}

int
nk_connection_entity(struct nk_store *s, const struct nk_credential *row,
    const struct nk_wanted *wanted, json_t **op)
{
	struct nk_connection c;
	struct nk_object b;
	int r;

	if ((r = nk_connection_get(s, row->id, &c)) < 0)
		return r == -ENOENT ? -EBADMSG : r;
	nk_object_init(&b, wanted);
	nk_object_int(&b, "id", row->id);
	nk_object_text(&b, "name", row->name);
	nk_object_text(&b, "type", NK_CONNECTION_TYPE);
	nk_object_put(&b, "attributes", attributes(&c));
	/* ours: what a list shows */
	if ((r = put_keypair(&b, s, c.keypair_id)) == 0)
		r = put_rotation(&b, s, row->id);
	if (nk_wants(wanted, "host_keys"))
		nk_object_put(&b, "host_keys", fingerprints(c.host_keys));
	nk_object_date(&b, "created_at", row->created_at, 0);
	nk_object_text(&b, "created_by", row->created_by);
	nk_connection_clear(&c);
	if (r < 0) {
		json_decref(b.o);
		return r == -ENOENT ? -EBADMSG : r;
	}
	return nk_object_finish(&b, op);
}

json_t *
nk_connection_audit(const char *name, const struct nk_connection *c)
{
	return json_pack("{s:s,s:s,s:o}", "name", name, "type",
	    NK_CONNECTION_TYPE, "attributes", attributes(c));
}

int
nk_connection_find(struct nk_context *c, int64_t id,
    struct nk_credential *row, struct nk_connection *conn,
    struct nk_error *e)
{
	int r;

	*conn = (struct nk_connection){ .id = 0 };
	if ((r = nk_credential_find(c, id, row, e)) < 0)
		return r;
	if (row->type != NK_CREDENTIAL_CONNECTION)
		return nk_error_call(e, EINVAL, "Credential is not of type "
		    NK_CONNECTION_TYPE);
	return nk_connection_get(nk_publisher_store(c->publisher), id, conn);
}
