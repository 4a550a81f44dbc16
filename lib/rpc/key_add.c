/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_add.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/key_home.h"
#include "lib/rpc/key_revoked.h"
#include "lib/rpc/key_warn.h"
#include "lib/rpc/keyrow.h"

struct addition {
	const char	*name;
	const struct nk_user *u;	/* under the lock */
	struct nk_keys	 keys;		/* and no other lines */
	json_t		*results;	/* an array, in their order */
	bool		 force;		/* also keys that are revoked */
};

/* r: what looking for the name has come to; id: what it has found. */
static int
check_found(struct nk_context *c, const char *name, int r, int64_t id,
    struct nk_error *e)
{
	if (r < 0 && r != -ENOENT)
		return r;
	if (c->rank < NK_RANK_ADMIN && (r == -ENOENT || id != c->user_id))
		return nk_error_call(e, EACCES, "Not authorized");
	return r < 0 ? nk_error_call(e, ENOENT, "naskeys has no user \"%s\".",
	    name) : 0;
}

int
nk_key_find_user(struct nk_context *c, const char *name, struct nk_user **up,
    struct nk_error *e)
{
	int r = nk_user_by_name(nk_publisher_store(c->publisher), name, up);

	if ((r = check_found(c, name, r, r < 0 ? 0 : (*up)->id, e)) < 0) {
		nk_user_free(*up);
		*up = NULL;
	}
	return r;
}

int
nk_key_find_id(struct nk_context *c, const char *name, int64_t *idp,
    struct nk_error *e)
{
	int r;

	*idp = 0;
	r = nk_user_id(nk_publisher_store(c->publisher), name, idp);
	return check_found(c, name, r, *idp, e);
}

/* ---- what is given ---- */

static int
refuse(struct nk_error *e, const char *field, const char *text)
{
	char attribute[64];

	(void)snprintf(attribute, sizeof(attribute), "user_add_key.%s",
	    field);
	nk_error_add(e, attribute, EINVAL, "%s", text);
	return -EINVAL;
}

static void
drop_other_lines(struct nk_keys *ks)
{
	size_t i, n = 0;

	for (i = 0; i < ks->n; i++) {
		if (ks->v[i].kind != NK_KEY_KEY)
			nk_key_clear(&ks->v[i]);
		else
			ks->v[n++] = ks->v[i];
	}
	ks->n = n;
}

/* Which line it is matters only where there are several. */
static int
refuse_line(struct nk_error *e, const char *text, size_t line,
    const char *why)
{
	char sentence[512];
	const char *nl = strchr(text, '\n');

	if (why == NULL)
		why = "This is no public key.";
	if (line == 0 || nl == NULL || nl[strspn(nl, " \t\r\n")] == '\0')
		return refuse(e, "key", why);
	(void)snprintf(sentence, sizeof(sentence), "line %zu: %s", line,
	    why);
	return refuse(e, "key", sentence);
}

static int
parse_keys(struct nk_context *c, const char *text, struct nk_keys *ks,
    struct nk_error *e)
{
	const char *why = NULL;
	size_t line = 0;
	int r;

	r = nk_keyrow_parse(text, strlen(text), c->conf, c->actor, ks, &line,
	    &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return refuse_line(e, text, line, why);
	drop_other_lines(ks);
	return ks->n > 0 ? 0 : refuse(e, "key",
	    "There is no key in the text.");
}

/* Would a reader of the line see this comment? */
static int
check_comment(struct nk_context *c, const struct nk_key *k,
    struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	struct nk_keyline l;
	const char *why = NULL;
	bool same;
	char *line;
	int r;

	if ((r = nk_keyrow_line(k, &line)) < 0)
		return r;
	r = nk_keyline_parse(line, strlen(line), &policy, &l, &why);
	free(line);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return refuse(e, "comment", why != NULL ? why :
		    "This cannot be a comment.");
	same = k->comment == NULL ? l.comment == NULL : l.comment != NULL &&
	    strcmp(l.comment, k->comment) == 0;
	nk_keyline_clear(&l);
	return same ? 0 : refuse(e, "comment",
	    "A comment is one line without spaces at its ends.");
}

/* A comment of the caller's choice in the place of the key's own. */
static int
set_comment(struct nk_context *c, struct nk_keys *ks, const char *comment,
    struct nk_error *e)
{
	char *copy = NULL;

	if (ks->n > 1)
		return refuse(e, "comment", "A comment is for a single key, "
		    "and there are several in the text.");
	if (comment[0] != '\0' && (copy = strdup(comment)) == NULL)
		return -ENOMEM;
	free(ks->v[0].comment);
	ks->v[0].comment = copy;
	return check_comment(c, &ks->v[0], e);
}

static int
read_addition(struct nk_context *c, const json_t *data, struct nk_keys *ks,
    struct nk_error *e)
{
	const json_t *comment = json_object_get(data, "comment");
	const json_t *expires = json_object_get(data, "expires_at");
	int64_t ms;
	size_t i;
	int r;

	if ((r = parse_keys(c, json_string_value(json_object_get(data,
	    "key")), ks, e)) < 0)
		return r;
	if (json_is_string(comment) && (r = set_comment(c, ks,
	    json_string_value(comment), e)) < 0)
		return r;
	if (expires == NULL || json_is_null(expires))
		return 0;
	if (nk_json_date_get(expires, &ms) < 0 || ms < 0)
		return refuse(e, "expires_at",
		    "The date must not be before 1970.");
	for (i = 0; i < ks->n; i++)
		ks->v[i].expires_at = ms / 1000;
	return 0;
}

/* The request was counted as one edit, and each key is one. */
static int
take_rate(struct nk_context *c, size_t n, struct nk_error *e)
{
	size_t i;
	int r = 0;

	if (c->rank >= NK_RANK_ADMIN)
		return 0;
	for (i = 1; r == 0 && i < n; i++)
		r = nk_edit_take_rate(c);
	return r == -EAGAIN ? nk_error_call(e, EBUSY,
	    "Rate Limit Exceeded") : r;
}

/* ---- what is answered ---- */

/* The key, whether it is new, and warnings: of the account with the first. */
static int
append_result(struct nk_context *c, struct addition *ad,
    const struct nk_key *k, bool added)
{
	struct nk_key_warner w;
	json_t *o = NULL;
	int r;

	if ((r = nk_key_warner_init(&w, c)) < 0)
		return r;
	if (json_array_size(ad->results) == 0)
		r = nk_key_warn_user(&w, ad->u);
	if (r == 0 && (r = nk_key_warn(&w, NULL, k)) == 0 &&
	    ((o = nk_keyrow_json(k)) == NULL || json_object_set_new(o,
	    "warnings", nk_key_warner_list(&w)) == -1 ||
	    json_object_set_new(o, "added", json_boolean(added)) == -1 ||
	    json_array_append(ad->results, o) == -1))
		r = -ENOMEM;
	json_decref(o);
	nk_key_warner_clear(&w);
	return r;
}

/* ---- under the lock ---- */

/* Among the first n. */
static const struct nk_key *
find_equal(const struct nk_key *v, size_t n, const struct nk_key *k)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].expires_at == k->expires_at &&
		    nk_keyrow_equal(&v[i], k))
			return &v[i];
	}
	return NULL;
}

static size_t
count_keys(const struct nk_keys *ks)
{
	size_t i, n = 0;

	for (i = 0; i < ks->n; i++)
		n += ks->v[i].kind == NK_KEY_KEY;
	return n;
}

static int
count_bytes(const struct nk_keys *ks, size_t *np)
{
	char *text;
	int r;

	if ((r = nk_keyrow_text(ks, &text)) < 0)
		return r;
	*np += text == NULL ? 0 : strlen(text);
	free(text);
	return 0;
}

/* Is there room for n more keys? */
static int
check_room(struct nk_context *c, const struct nk_keys *there,
    const struct addition *ad, size_t n, struct nk_error *e)
{
	size_t bytes = 0;
	int r;

	if (count_keys(there) + n > NK_KEYLINES_MAX) {
		nk_error_add(e, "user_add_key.key", EINVAL, "A user cannot "
		    "have more than %d keys.", NK_KEYLINES_MAX);
		return -EINVAL;
	}
	if (c->rank >= NK_RANK_ADMIN)
		return 0;
	if ((r = count_bytes(there, &bytes)) < 0 ||
	    (r = count_bytes(&ad->keys, &bytes)) < 0)
		return r;
	if (bytes <= NK_OWN_KEYS_BYTES)
		return 0;
	nk_error_add(e, "user_add_key.key", EINVAL, "All keys of an account "
	    "together cannot be longer than %u bytes: remove some, or ask an "
	    "administrator.", NK_OWN_KEYS_BYTES);
	return -EINVAL;
}

static int
write_audit(struct nk_context *c, const struct nk_keys *added,
    const struct nk_user *u)
{
	struct nk_subject subject = { "user", u->id, u->name };
	json_t *after;
	int r;

	after = added->n == 1 ? nk_keyrow_audit(&added->v[0]) :
	    nk_keyrow_audit_all(added);
	if (after == NULL)
		return -ENOMEM;
	if (added->n == 1)
		r = nk_audit_write(c, "user.add_key", &subject, NULL, after,
		    "Add key %s of user %s", added->v[0].fingerprint,
		    u->name);
	else
		r = nk_audit_write(c, "user.add_key", &subject, NULL, after,
		    "Add %zu keys of user %s", added->n, u->name);
	json_decref(after);
	return r;
}

/*
 * Write those that are not there yet.  *added borrows them, and has room
 * for all.  1: all are there.
 */
static int
write_keys(struct nk_context *c, struct addition *ad,
    const struct nk_keys *there, struct nk_keys *added, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const struct nk_key *equal;
	struct nk_key *k;
	size_t i, n = 0;
	int r = 0;

	for (i = 0; i < ad->keys.n; i++) {
		k = &ad->keys.v[i];
		n += find_equal(there->v, there->n, k) == NULL &&
		    find_equal(ad->keys.v, i, k) == NULL;
	}
	if (n > 0)
		r = check_room(c, there, ad, n, e);
	for (i = 0; r == 0 && i < ad->keys.n; i++) {
		k = &ad->keys.v[i];
		if ((equal = find_equal(there->v, there->n, k)) == NULL)
			equal = find_equal(ad->keys.v, i, k);
		if (equal != NULL) {
			r = append_result(c, ad, equal, false);
		} else if ((r = nk_key_append(s, k)) == 0) {
			added->v[added->n++] = *k;
			r = append_result(c, ad, k, true);
		}
	}
	return r == 0 && n == 0 ? 1 : r;
}

static int
check_revoked(struct nk_context *c, const struct addition *ad,
    struct nk_error *e)
{
	const struct nk_key *k;
	int r;

	r = nk_key_find_revoked(nk_publisher_store(c->publisher), &ad->keys,
	    &k);
	if (r < 0 || k == NULL)
		return r;
	if (ad->force && c->rank >= NK_RANK_ADMIN)
		return nk_key_readmit(c, &ad->keys);
	nk_error_add(e, "user_add_key.key", EPERM, NK_KEY_REVOKED_TEXT,
	    k->fingerprint);
	return -EINVAL;
}

static int
add_keys(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct addition *ad = arg;
	struct nk_keys there = { NULL, 0 }, added = { NULL, 0 };
	struct nk_user *u;
	size_t i;
	int r;

	if ((r = nk_key_find_user(c, ad->name, &u, e)) < 0)
		return r;
	ad->u = u;
	for (i = 0; i < ad->keys.n; i++)
		ad->keys.v[i].user_id = u->id;
	if ((r = check_revoked(c, ad, e)) < 0)
		goto out;
	if ((added.v = calloc(ad->keys.n, sizeof(*added.v))) == NULL)
		r = -ENOMEM;
	else if ((r = nk_keys_of_user(nk_publisher_store(c->publisher),
	    u->id, &there)) == 0 &&
	    (r = write_keys(c, ad, &there, &added, e)) == 0)
		r = write_audit(c, &added, u);
 out:
	free(added.v);		/* the keys in it are borrowed */
	nk_keys_clear(&there);
	ad->u = NULL;
	nk_user_free(u);
	return r;
}

/* ---- the method ---- */

int
nk_user_add_key(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct addition ad = {
		.name = json_string_value(json_array_get(params, 0)),
		.results = json_array(),
		.force = json_is_true(json_object_get(json_array_get(params,
		    1), "force")),
	};
	int64_t id;
	int r;

	if (ad.results == NULL)
		return -ENOMEM;
	/* before anything is said about the keys */
	if ((r = nk_key_find_id(c, ad.name, &id, e)) == 0 &&
	    (r = read_addition(c, json_array_get(params, 1), &ad.keys,
	    e)) == 0 && (r = take_rate(c, ad.keys.n, e)) == 0 &&
	    (r = nk_edit_run(c, add_keys, &ad, e)) == 0) {
		nk_key_home_warn(c, id, json_object_get(json_array_get(
		    ad.results, 0), "warnings"));
		*resultp = json_incref(ad.keys.n > 1 ? ad.results :
		    json_array_get(ad.results, 0));
	}
	json_decref(ad.results);
	nk_keys_clear(&ad.keys);
	return r;
}
