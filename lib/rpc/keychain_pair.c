/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/key_warn.h"
#include "lib/rpc/keychain_private.h"
#include "lib/rpc/keyrow.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"

#define PATH_MAX_LEN	128

static const char space[] = " \t\r\n\v\f";

void
nk_pair_clear(struct nk_pair *p)
{
	nk_secret_clear(&p->private_text);
	free(p->public_key);
	free(p->key_type);
	free(p->fingerprint);
	json_decref(p->warnings);
	*p = (struct nk_pair){ .private_text = NK_SECRET_NONE };
}

void
nk_pair_show(const struct nk_pair *p, struct nk_credential *row)
{
	row->public_key = p->public_key;
	row->key_type = p->key_type;
	row->fingerprint = p->fingerprint;
	row->bits = p->bits;
}

static int
complain(struct nk_error *e, const char *schema, const char *member,
    const char *text)
{
	char path[PATH_MAX_LEN];

	(void)snprintf(path, sizeof(path), "%s.attributes.%s", schema,
	    member);
	nk_error_add(e, path, EINVAL, "%s", text);
	return -EINVAL;
}

/* White space at the ends off, one newline on: the form that is kept. */
static int
take_private(const char *text, struct nk_secret *out)
{
	size_t len;
	int r;

	text += strspn(text, space);
	for (len = strlen(text); len > 0 && strchr(space, text[len - 1]) !=
	    NULL; len--)
		;
	if (len == 0)
		return 0;
	if ((r = nk_secret_append(out, text, len)) < 0)
		return r;
	return nk_secret_append(out, "\n", 1);
}

/* The key of the private text. */
static int
derive(struct nk_context *c, const struct nk_pair *p, const char *schema,
    struct nk_privatekey *k, struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	struct nk_privatetext_why why;
	int r;

	r = nk_keychain_read_private(&p->private_text, &policy, k, &why, e);
	return r > 0 ? complain(e, schema, "private_key", why.text) : r;
}

/* Does the text name this blob?  Its options and comment do not matter. */
static bool
is_same_key(const struct nk_keyline *l, const struct nk_privatekey *k)
{
	return l->blob_len == k->blob_len &&
	    memcmp(l->blob, k->blob, k->blob_len) == 0;
}

/* Read the public text: one key, as its .pub file has it. */
static int
read_public(struct nk_context *c, const char *text, const char *schema,
    struct nk_keyline *l, struct nk_error *e)
{
	struct nk_keypolicy policy = nk_keyrow_policy(c->conf);
	struct nk_keylines ls;
	const char *why = NULL;
	char message[512];
	size_t line;
	int r;

	r = nk_keylines_parse(text, strlen(text), &policy, &ls, &line, &why);
	if (r == -ENOMEM)
		return r;
	if (r == -EPERM) {
		(void)snprintf(message, sizeof(message),
		    "Invalid public key: %s", why);
		return complain(e, schema, "public_key", message);
	}
	if (r < 0 || ls.n != 1 || ls.v[0].kind != NK_LINE_KEY ||
	    ls.v[0].options != NULL) {
		if (r == 0)
			nk_keylines_clear(&ls);
		return complain(e, schema, "public_key",
		    "Invalid public key");
	}
	*l = ls.v[0];
	ls.v[0] = (struct nk_keyline){ .kind = NK_LINE_BLANK };
	nk_keylines_clear(&ls);
	return 0;
}

/* What is shown of the key without opening it, and what is said of it. */
static int
describe(struct nk_context *c, struct nk_pair *p, const char *type,
    unsigned int bits, const uint8_t *blob, size_t len)
{
	struct nk_key_warner w;
	int r;

	p->bits = bits;
	if ((p->key_type = strdup(type)) == NULL)
		return -ENOMEM;
	if ((r = nk_key_warner_init(&w, c)) < 0)
		return r;
	if ((r = nk_key_warn_blob(&w, NULL, blob, len)) == 0)
		p->warnings = nk_key_warner_list(&w);
	nk_key_warner_clear(&w);
	if (r < 0)
		return r;
	return nk_fingerprint_sha256(blob, len, &p->fingerprint);
}

static int
line_of(const struct nk_privatekey *k, char **textp)
{
	char *line;
	int r, n;

	if ((r = nk_privatekey_public_line(k, &line)) < 0)
		return r;
	n = asprintf(textp, "%s\n", line);
	free(line);
	if (n == -1) {
		*textp = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int
read_private_pair(struct nk_context *c, const char *public_text,
    const char *schema, struct nk_pair *p, struct nk_error *e)
{
	struct nk_privatekey k = { .type = NULL };
	struct nk_keyline l = { .kind = NK_LINE_BLANK };
	int r;

	if ((r = derive(c, p, schema, &k, e)) < 0)
		return r;
	if (public_text == NULL) {
		free(k.comment);	/* as the peer derives it */
		k.comment = NULL;
		r = line_of(&k, &p->public_key);
	} else if ((r = read_public(c, public_text, schema, &l, e)) == 0) {
		if (!is_same_key(&l, &k))
			r = complain(e, schema, "public_key",
			    "Private key and public key do not match");
		else if ((p->public_key = strdup(public_text)) == NULL)
			r = -ENOMEM;
	}
	if (r == 0)
		r = describe(c, p, k.type->name, k.bits, k.blob, k.blob_len);
	nk_keyline_clear(&l);
	nk_privatekey_clear(&k);
	return r;
}

static int
read_public_pair(struct nk_context *c, const char *public_text,
    const char *schema, struct nk_pair *p, struct nk_error *e)
{
	struct nk_keyline l;
	int r;

	if ((r = read_public(c, public_text, schema, &l, e)) < 0)
		return r;
	if ((p->public_key = strdup(public_text)) == NULL)
		r = -ENOMEM;
	else
		r = describe(c, p, l.type, l.bits, l.blob, l.blob_len);
	nk_keyline_clear(&l);
	return r;
}

int
nk_pair_read(struct nk_context *c, const json_t *attributes,
    const char *schema, struct nk_pair *p, struct nk_error *e)
{
	const char *public_text = json_string_value(json_object_get(
	    attributes, "public_key"));
	const char *private_text = json_string_value(json_object_get(
	    attributes, "private_key"));
	int r = 0;

	*p = (struct nk_pair){ .private_text = NK_SECRET_NONE };
	if (public_text != NULL && public_text[0] == '\0')
		public_text = NULL;
	if (private_text != NULL)
		r = take_private(private_text, &p->private_text);
	if (r == 0 && p->private_text.len > 0)
		r = read_private_pair(c, public_text, schema, p, e);
	else if (r == 0 && public_text == NULL)
		r = complain(e, schema, "public_key",
		    "You must specify a key");
	else if (r == 0)
		r = read_public_pair(c, public_text, schema, p, e);
	if (r < 0)
		nk_pair_clear(p);
	return r;
}
