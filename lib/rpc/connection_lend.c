/* SPDX-License-Identifier: ISC */

/*
 * The caller's listening socket becomes an ssh-agent that is served by this
 * process, so that the private key never leaves it.  Before each answer of
 * the agent rights and connection are looked at again, as for a request.
 */

#include "lib/rpc/connection_lend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/agent/lending.h"
#include "lib/rpc/connection_open.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/fingerprint.h"

/* What must stay as it is. */
struct nk_lent {
	struct nk_context	*context;
	struct nk_lending	*lending;
	int64_t			 id, keypair_id;
	char			*user, *host, *host_keys;
	char			*fingerprint;	/* of the key */
	uint16_t		 port;
};

static const struct nk_arg options_fields[] = {
	{ .name = "bound", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_connection_lend_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = options_fields },
	{ .name = NULL },
};

static void
free_lent(struct nk_lent *l)
{
	if (l == NULL)
		return;
	nk_lending_free(l->lending);
	free(l->user);
	free(l->host);
	free(l->host_keys);
	free(l->fingerprint);
	free(l);
}

/* ---- is it still lent? ---- */

/* Is every host key that it was lent for pinned still? */
static bool
has_all(const char *now, const char *lent)
{
	struct nk_hostkeys all, wanted;
	bool has = true;
	size_t i;

	if (strcmp(now, lent) == 0)
		return true;
	if (nk_hostkeys_read(now, &all, NULL) < 0)
		return false;
	if (nk_hostkeys_read(lent, &wanted, NULL) < 0)
		has = false;
	for (i = 0; has && i < wanted.n; i++)
		has = nk_hostkeys_have(&all, wanted.v[i].blob,
		    wanted.v[i].len);
	nk_hostkeys_clear(&wanted);
	nk_hostkeys_clear(&all);
	return has;
}

static bool
is_same(const struct nk_lent *l, const struct nk_connection *now)
{
	return now->keypair_id == l->keypair_id && now->port == l->port &&
	    strcmp(now->username, l->user) == 0 &&
	    strcmp(now->host, l->host) == 0 &&
	    has_all(now->host_keys, l->host_keys);
}

static int
check_connection(struct nk_lent *l)
{
	struct nk_connection now;
	int r;

	r = nk_connection_get(nk_publisher_store(l->context->publisher),
	    l->id, &now);
	if (r < 0)
		return r == -ENOENT ? -EACCES : r;
	r = is_same(l, &now) ? 0 : -EACCES;
	nk_connection_clear(&now);
	return r;
}

/* A keypair may get another key, or lose its private half. */
static int
check_key(struct nk_lent *l)
{
	struct nk_credential now;
	int r;

	r = nk_credential_get(nk_publisher_store(l->context->publisher),
	    l->keypair_id, &now);
	if (r < 0)
		return r == -ENOENT ? -EACCES : r;
	r = now.has_private && strcmp(now.fingerprint, l->fingerprint) == 0 ?
	    0 : -EACCES;
	nk_credential_clear(&now);
	return r;
}

static int
still(void *arg)
{
	struct nk_lent *l = arg;
	struct nk_context *c = l->context;
	struct nk_error e;
	int r;

	nk_error_init(&e);
	r = c->ready == NULL ? 0 : c->ready(c->ready_arg, NK_LOOKS, &e);
	nk_error_clear(&e);
	if (r == 0 && (r = c->rights(c)) == 0 &&
	    (r = c->rank < NK_RANK_ADMIN ? -EACCES : 0) == 0 &&
	    (r = check_connection(l)) == 0)
		r = check_key(l);
	return r;
}

/* ---- lending ---- */

static int
audit(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_connection_opened *o = arg;
	const struct nk_subject subject = { "credential", o->row.id,
	    o->name };

	(void)e;
	return nk_audit_write(c, "keychaincredential.lend", &subject, NULL,
	    NULL, "Lend the key of connection %s to uid %u", o->name,
	    c->caller->uid);
}

static int
show(const struct nk_connection_opened *o, json_t **resultp)
{
	char *line;
	int r;

	if ((r = nk_privatekey_public_line(&o->key, &line)) < 0)
		return r;
	*resultp = json_pack("{s:s,s:s,s:i,s:s,s:I,s:s,s:s,s:s}",
	    "name", o->name, "host", o->row.host, "port", (int)o->row.port,
	    "username", o->row.username, "connect_timeout",
	    (json_int_t)o->row.connect_timeout, "remote_host_key",
	    o->row.host_keys, "key_type", o->key.type->name, "public_key",
	    line);
	free(line);
	return *resultp == NULL ? -ENOMEM : 0;
}

static int
make(struct nk_context *c, int listener, bool bound,
    struct nk_connection_opened *o, struct nk_error *e)
{
	struct nk_lending_terms terms = { .user = o->row.username,
	    .bound = bound, .uid = c->caller->uid, .still = still };
	struct nk_lent *l;
	int r;

	if ((r = nk_keychain_sandbox(&terms.sandbox, e)) < 0)
		return r;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -ENOMEM;
	terms.still_arg = l;
	l->context = c;
	l->id = o->row.id;
	l->keypair_id = o->row.keypair_id;
	l->port = o->row.port;
	l->user = strdup(o->row.username);
	l->host = strdup(o->row.host);
	l->host_keys = strdup(o->row.host_keys);
	r = -ENOMEM;
	if (l->user != NULL && l->host != NULL && l->host_keys != NULL &&
	    (r = nk_fingerprint_sha256(o->key.blob, o->key.blob_len,
	    &l->fingerprint)) == 0 &&
	    (r = nk_lending_new(&l->lending, listener, &o->key, &o->pins,
	    &terms)) == 0)
		c->lending = l;
	else
		free_lent(l);
	return r;
}

static int
lend(struct nk_context *c, int64_t id, int listener, bool bound,
    json_t **resultp, struct nk_error *e)
{
	struct nk_connection_opened o;
	json_t *shown = NULL;
	int r;

	if ((r = nk_connection_open(c, id, &o, e)) < 0)
		return r;
	if ((r = show(&o, &shown)) == 0 &&
	    (r = nk_edit_run(c, audit, &o, e)) == 0 &&
	    (r = make(c, listener, bound, &o, e)) == 0) {
		*resultp = shown;
		shown = NULL;
	}
	json_decref(shown);
	nk_connection_opened_clear(&o);
	return r;
}

int
nk_connection_lend_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *bound = json_object_get(json_array_get(params, 1),
	    "bound");
	int fd = c->passed_fd, r;

	/* what is far away cannot pass a socket */
	if (c->caller->gateway || fd == -1 || nk_lending_check(fd) < 0)
		return nk_error_call(e, EINVAL, "Pass a listening Unix "
		    "stream socket, for the agent, with the first byte of "
		    "the request");
	c->passed_fd = -1;
	r = lend(c, json_integer_value(json_array_get(params, 0)), fd,
	    !json_is_false(bound), resultp, e);
	if (r < 0)
		close(fd);
	return r;
}

int
nk_connection_lend_serve(struct nk_context *c, int until)
{
	int r = nk_lending_serve(c->lending->lending, until);

	nk_connection_lend_end(c);
	return r;
}

void
nk_connection_lend_end(struct nk_context *c)
{
	free_lent(c->lending);
	c->lending = NULL;
}
