/* SPDX-License-Identifier: ISC */

/* What a rotation writes into the store. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/credential_delete.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_write.h"
#include "lib/rpc/rotation.h"

#define NAMES_MAX	100	/* that are tried for the second keypair */

static const char action[] = "keychaincredential.rotate";

static int
audit(struct nk_context *c, const struct nk_rotating *ro,
    const struct nk_credential *was, const struct nk_credential *is,
    const char *sentence)
{
	const struct nk_subject subject = { "credential", ro->id,
	    ro->o.name };
	json_t *before = NULL, *after = NULL;
	int r = -ENOMEM;

	if ((was == NULL || (before = nk_credential_audit(was)) != NULL) &&
	    (is == NULL || (after = nk_credential_audit(is)) != NULL))
		r = nk_audit_write(c, action, &subject, before, after,
		    "%s: connection %s, %s at %s", sentence, ro->o.name,
		    ro->o.row.username, ro->o.row.host);
	json_decref(before);
	json_decref(after);
	return r;
}

static int
changed(const struct nk_rotating *ro, struct nk_error *e)
{
	if (!ro->begun)
		return nk_error_call(e, EBUSY, "The connection %s was "
		    "changed or deleted meanwhile", ro->o.name);
	return nk_error_call(e, EBUSY, "The connection %s, or this rotation "
	    "of its key, was changed or deleted meanwhile: a new key of it "
	    "may be left with %s at %s", ro->o.name, ro->o.row.username,
	    ro->o.row.host);
}

/* Is all that matters of the connection as it was read? */
static int
check_connection(struct nk_context *c, const struct nk_rotating *ro,
    struct nk_error *e)
{
	struct nk_connection now;
	bool same;
	int r;

	r = nk_connection_get(nk_publisher_store(c->publisher), ro->id,
	    &now);
	if (r < 0)
		return r == -ENOENT ? changed(ro, e) : r;
	same = now.keypair_id == ro->o.row.keypair_id &&
	    strcmp(now.host, ro->o.row.host) == 0 &&
	    strcmp(now.username, ro->o.row.username) == 0;
	nk_connection_clear(&now);
	return same ? 0 : changed(ro, e);
}

/* And the rotation? */
static int
check_row(struct nk_context *c, const struct nk_rotating *ro,
    struct nk_error *e)
{
	struct nk_rotation now;
	int r;

	if ((r = check_connection(c, ro, e)) < 0)
		return r;
	r = nk_rotation_get(nk_publisher_store(c->publisher), ro->id, &now);
	if (r < 0 && r != -ENOENT)
		return r;
	return r == -ENOENT || now.keypair_id != ro->row.keypair_id ||
	    now.step != ro->row.step ? changed(ro, e) : 0;
}

static int
put_step(struct nk_context *c, const struct nk_rotating *ro,
    enum nk_rotation_step step)
{
	struct nk_rotation row = ro->row;

	row.step = step;
	return nk_rotation_put(nk_publisher_store(c->publisher), &row);
}

/* ---- the new keypair ---- */

struct beginning {
	struct nk_rotating	*ro;
	const struct nk_pair	*pair;
	struct nk_keychain	 kc;
	struct nk_rotation	 row;
};

/* "NAME (rotation)", or what is free behind it; the caller's to free. */
static int
find_name(struct nk_store *s, const char *pair, char **namep)
{
	struct nk_credential other;
	unsigned int i;
	int n, r;

	for (i = 1; i <= NAMES_MAX; i++) {
		n = i == 1 ? asprintf(namep, "%s (rotation)", pair) :
		    asprintf(namep, "%s (rotation %u)", pair, i);
		if (n == -1) {
			*namep = NULL;
			return -ENOMEM;
		}
		r = nk_credential_by_name(s, *namep, &other);
		nk_credential_clear(&other);
		if (r == -ENOENT)
			return 0;
		free(*namep);
		*namep = NULL;
		if (r < 0)
			return r;
	}
	return -EEXIST;
}

static int
begin(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct beginning *b = arg;
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential pair = { .id = 0 };
	char *name = NULL;
	int r;

	if ((r = check_connection(c, b->ro, e)) < 0 ||
	    (r = nk_rotation_check_alone(c, b->ro, e)) < 0)
		return r;
	b->row = (struct nk_rotation){ b->ro->id, 0, NK_ROTATION_COPY };
	if ((r = nk_credential_get(s, b->ro->o.row.keypair_id, &pair)) == 0 &&
	    (r = find_name(s, pair.name, &name)) == 0 &&
	    (r = nk_keypair_insert(c, &b->kc, name, b->pair,
	    &b->row.keypair_id, e)) == 0 &&
	    (r = nk_rotation_put(s, &b->row)) == 0)
		r = audit(c, b->ro, NULL, NULL, "Begin to replace the key");
	free(name);
	nk_credential_clear(&pair);
	return r;
}

int
nk_rotation_begin(struct nk_context *c, struct nk_rotating *ro,
    const struct nk_pair *pair, struct nk_error *e)
{
	struct beginning b = { .ro = ro, .pair = pair };
	int r;

	nk_keychain_of(c, &b.kc);
	r = nk_edit_run(c, begin, &b, e);
	nk_keychain_clear(&b.kc);
	if (r < 0)
		return r;
	ro->begun = true;
	ro->row = b.row;
	return nk_keypair_open(c, ro->row.keypair_id, ro->o.name, &ro->other,
	    e);
}

/* ---- it is there ---- */

static int
copied(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_rotating *ro = arg;
	int r;

	if ((r = check_row(c, ro, e)) < 0 ||
	    (r = put_step(c, ro, NK_ROTATION_SWITCH)) < 0)
		return r;
	return audit(c, ro, NULL, NULL, "Copy the new key");
}

int
nk_rotation_copied(struct nk_context *c, struct nk_rotating *ro,
    struct nk_error *e)
{
	int r;

	if ((r = nk_edit_run(c, copied, ro, e)) == 0)
		ro->row.step = NK_ROTATION_SWITCH;
	return r;
}

/* ---- the switch ---- */

/* to keeps its id and name, and gets the key of from, sealed as its own. */
static int
give_key(struct nk_keychain *kc, const struct nk_credential *to,
    const struct nk_credential *from, const struct nk_secret *text,
    struct nk_error *e)
{
	struct nk_credential row = *from;
	int r;

	row.id = to->id;
	row.name = to->name;
	if ((r = nk_credential_update(kc->store, &row)) < 0)
		return r;
	return nk_keychain_error(kc, to->name, nk_keychain_seal(kc, to->id,
	    text->p, text->len), e);
}

static int
exchange(struct nk_context *c, const struct nk_rotating *ro,
    struct nk_keychain *kc, struct nk_error *e)
{
	struct nk_secret old_text = NK_SECRET_NONE, new_text = NK_SECRET_NONE;
	struct nk_credential old, new = { .id = 0 };
	int r;

	if ((r = nk_credential_get(kc->store, ro->o.row.keypair_id,
	    &old)) == 0 &&
	    (r = nk_credential_get(kc->store, ro->row.keypair_id,
	    &new)) == 0 &&
	    (r = nk_credential_private(kc, &old, &old_text, e)) == 0 &&
	    (r = nk_credential_private(kc, &new, &new_text, e)) == 0 &&
	    (r = give_key(kc, &old, &new, &new_text, e)) == 0 &&
	    (r = give_key(kc, &new, &old, &old_text, e)) == 0)
		r = audit(c, ro, &old, &new, "Switch to the new key");
	nk_secret_clear(&old_text);
	nk_secret_clear(&new_text);
	nk_credential_clear(&old);
	nk_credential_clear(&new);
	return r;
}

static int
switch_keys(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_rotating *ro = arg;
	struct nk_keychain kc;
	int r;

	if ((r = check_row(c, ro, e)) < 0)
		return r;
	nk_keychain_of(c, &kc);
	if ((r = exchange(c, ro, &kc, e)) == 0)
		r = put_step(c, ro, NK_ROTATION_REMOVE);
	nk_keychain_clear(&kc);
	return r;
}

int
nk_rotation_switch(struct nk_context *c, struct nk_rotating *ro,
    struct nk_error *e)
{
	struct nk_privatekey used = ro->o.key;
	int r;

	if ((r = nk_edit_run(c, switch_keys, ro, e)) < 0)
		return r;
	ro->row.step = NK_ROTATION_REMOVE;
	ro->o.key = ro->other;
	ro->other = used;
	return 0;
}

/* ---- the end ---- */

struct ending {
	const struct nk_rotating	*ro;
	const char			*sentence;
};

static int
end(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct ending *n = arg;
	int r;

	if ((r = check_row(c, n->ro, e)) < 0 ||
	    (r = nk_rotation_delete(nk_publisher_store(c->publisher),
	    n->ro->id)) < 0 ||
	    (r = nk_credential_delete_id(c, n->ro->row.keypair_id)) < 0)
		return r;
	return audit(c, n->ro, NULL, NULL, n->sentence);
}

int
nk_rotation_end(struct nk_context *c, struct nk_rotating *ro,
    const char *sentence, struct nk_error *e)
{
	struct ending n = { ro, sentence };
	int r;

	if ((r = nk_edit_run(c, end, &n, e)) == 0)
		ro->begun = false;
	return r;
}
