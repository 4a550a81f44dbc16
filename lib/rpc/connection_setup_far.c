/* SPDX-License-Identifier: ISC */

/* A connection that is set up here and on the other machine, or nowhere. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_open.h"
#include "lib/rpc/connection_setup_parts.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/pubkey.h"

/*
 * All of it, and then nothing is to be changed after all.  What seals may be
 * another key when it is done.
 */
static int
rehearse(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_setup *s = arg;
	int r = nk_setup_edit(c, s, e);

	nk_keychain_clear(&s->kc);
	nk_keychain_of(c, &s->kc);
	return r == 0 ? 1 : r;
}

/* The edit, unless nobody is there any more who could be told of it. */
static int
save(struct nk_context *c, struct nk_setup *s, struct nk_error *e)
{
	if (c->gone != NULL && c->gone(c->gone_arg))
		return nk_error_call(e, EPIPE, "The caller has hung up");
	return nk_edit_run(c, nk_setup_edit, s, e);
}

/* -EINPROGRESS: it is committed, and only publishing is not done. */
static bool
is_saved(int r)
{
	return r == 0 || r == -EINPROGRESS;
}

/* ---- the key, copied by a password ---- */

/* The public half of the pair, new or not. */
static int
read_push(struct nk_context *c, const json_t *o, struct nk_setup *s,
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
	s->push.action = s->kind->action;
	s->push.name = s->name;
	s->push.conn = &s->conn;
	return r;
}

/*
 * The other machine is asked for nothing that is refused here anyway, and no
 * lock is held while it answers.
 */
int
nk_setup_push(struct nk_context *c, const json_t *o, struct nk_setup *s,
    struct nk_error *e)
{
	int r;

	if ((r = read_push(c, o, s, e)) < 0 ||
	    (r = nk_edit_run(c, rehearse, s, e)) < 0 ||
	    (r = nk_push_make(c, &s->push, e)) < 0)
		return r;
	if (is_saved(r = save(c, s, e)))
		return r;
	s->conn.id = 0;		/* there is none */
	return nk_push_undo(c, &s->push, r, e);
}

/* ---- pairing ---- */

/* The private half of the pair, to log in with; new, or kept here. */
static int
open_key(struct nk_context *c, struct nk_setup *s, struct nk_error *e)
{
	struct nk_keypolicy any = NK_KEYPOLICY_DEFAULT;
	struct nk_privatetext_why why;
	int r;

	if (s->pair_name == NULL)
		return nk_keypair_open(c, s->existing, s->name,
		    &s->pairing.key, e);
	any.rsa_min_bits = NK_RSA_BITS_FLOOR;
	r = nk_keychain_read_private(&s->pair.private_text, &any,
	    &s->pairing.key, &why, e);
	return r > 0 ? nk_error_call(e, EINVAL, "The new key cannot be "
	    "used: %s", why.text) : r;
}

int
nk_setup_pair(struct nk_context *c, struct nk_setup *s, struct nk_error *e)
{
	struct nk_pairing *p = &s->pairing;
	int r;

	p->action = s->kind->action;
	p->name = s->name;
	if ((r = open_key(c, s, e)) < 0 ||
	    (r = nk_edit_run(c, rehearse, s, e)) < 0 ||
	    (r = nk_pairing_make(c, p, &s->conn, e)) < 0 || p->look)
		return r;
	s->conn.id = 0;
	if ((s->fingerprint = strdup(p->fingerprint)) == NULL)
		r = -ENOMEM;
	else
		r = save(c, s, e);
	return is_saved(r) ? r : nk_pairing_undo(c, p, &s->conn, r, e);
}
