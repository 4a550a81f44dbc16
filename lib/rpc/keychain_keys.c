/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/pubkey.h"
#include "lib/store/connections.h"

/* ---- generate ---- */

static const struct {
	const char	*name;		/* as ssh-keygen -t */
	unsigned int	 bits;		/* 0: any, or the type's one size */
	const char	*type;
} types[] = {
	{ "rsa",	0,	"ssh-rsa" },
	{ "ed25519",	0,	"ssh-ed25519" },
	{ "ed25519",	256,	"ssh-ed25519" },
	{ "ecdsa",	0,	"ecdsa-sha2-nistp256" },
	{ "ecdsa",	256,	"ecdsa-sha2-nistp256" },
	{ "ecdsa",	384,	"ecdsa-sha2-nistp384" },
	{ "ecdsa",	521,	"ecdsa-sha2-nistp521" },
};

const char *
nk_keychain_type_name(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].type, type) == 0)
			return types[i].name;
	}
	return NULL;
}

static int
refuse(struct nk_error *e, const char *schema, const char *field,
    const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s.%s", schema, field);
	nk_error_add(e, path, EINVAL, "%s", text);
	return -EINVAL;
}

static int
generate(const char *name, unsigned int bits, const char *comment,
    const char *schema, struct nk_privatekey *k, struct nk_error *e)
{
	bool rsa = strcmp(name, "rsa") == 0, known = false;
	size_t i;
	int r;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		known = true;
		if (rsa || types[i].bits == bits)
			break;
	}
	if (!known)
		return refuse(e, schema, "type", "Input should be 'rsa', "
		    "'ed25519' or 'ecdsa'");
	if (i == sizeof(types) / sizeof(types[0]))
		return refuse(e, schema, "bits", strcmp(name, "ecdsa") == 0 ?
		    "An ECDSA key has 256, 384 or 521 bits" : "An Ed25519 "
		    "key has 256 bits: leave out the number");
	r = nk_privatekey_generate(types[i].type, rsa ? bits : 0, comment,
	    k);
	return r == -EINVAL ? refuse(e, schema, "bits", "An RSA key has 2048 "
	    "to 16384 bits, and a comment is one line") : r;
}

int
nk_keychain_generate(struct nk_context *c, const json_t *options,
    const char *schema, json_t **pairp, struct nk_error *e)
{
	const json_t *bits = json_object_get(options, "bits");
	const char *type = json_string_value(json_object_get(options,
	    "type"));
	const char *comment = json_string_value(json_object_get(options,
	    "comment"));
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_privatekey k = { .type = NULL };
	char host[HOST_NAME_MAX + 1] = "localhost";
	char whose[sizeof(host) + sizeof(c->actor) + 1];
	char *line = NULL;
	int r;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(whose, sizeof(whose), "%s@%s", c->actor, host);
	if ((r = generate(type == NULL ? "rsa" : type,
	    (unsigned int)json_integer_value(bits),
	    comment == NULL ? whose : comment, schema, &k, e)) == 0 &&
	    (r = nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH, &text)) == 0 &&
	    (r = nk_privatekey_public_line(&k, &line)) == 0) {
		*pairp = json_pack("{s:s,s:s+}", "private_key",
		    (const char *)text.p, "public_key", line, "\n");
		r = *pairp == NULL ? -ENOMEM : 0;
	}
	free(line);
	nk_secret_clear(&text);
	nk_privatekey_clear(&k);
	return r;
}

int
nk_keychain_generate_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	return nk_keychain_generate(c, json_array_get(params, 0),
	    "generate_ssh_key_pair", resultp, e);
}

/* ---- export ---- */

static const struct {
	const char			*name;
	const char			*begin;	/* how such a text begins */
	enum nk_privatekey_format	 format;
} formats[] = {
	{ "openssh",	"-----BEGIN OPENSSH PRIVATE KEY-----",
	  NK_PRIVATEKEY_OPENSSH },
	{ "pkcs8",	"-----BEGIN PRIVATE KEY-----", NK_PRIVATEKEY_PKCS8 },
	{ "pkcs1",	"-----BEGIN RSA PRIVATE KEY-----",
	  NK_PRIVATEKEY_PKCS1 },
};

#define NFORMATS	(sizeof(formats) / sizeof(formats[0]))

/*
 * Read what is stored, which came from outside once, and write it anew.  The
 * policy of today is for keys that come in: one that is kept is given out.
 */
static int
convert(const struct nk_secret *text, enum nk_privatekey_format format,
    struct nk_secret *out, struct nk_error *e)
{
	struct nk_keypolicy any = NK_KEYPOLICY_DEFAULT;
	struct nk_privatetext_why why;
	struct nk_privatekey k;
	int r;

	any.rsa_min_bits = NK_RSA_BITS_FLOOR;
	if ((r = nk_keychain_read_private(text, &any, &k, &why, e)) > 0)
		return nk_error_call(e, EINVAL, "The private key cannot be "
		    "converted: %s", why.text);
	if (r < 0)
		return r;
	r = nk_privatekey_write(&k, format, out);
	nk_privatekey_clear(&k);
	if (r == -ENOTSUP)
		return nk_error_call(e, EINVAL, "Only an RSA key has the "
		    "form pkcs1: ask for pkcs8 or openssh");
	return r;
}

struct given {
	const struct nk_credential	*row;	/* the one that was named */
	const char			*format;
};

static int
note_given(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct given *g = arg;
	struct nk_subject subject = { "credential", g->row->id,
	    g->row->name };
	json_t *after;
	int r;

	(void)e;
	if ((after = json_pack("{s:s}", "format", g->format)) == NULL)
		return -ENOMEM;
	r = nk_audit_write(c, "keychaincredential.export", &subject, NULL,
	    after, "Export private key of Keychain Credential: %s",
	    g->row->name);
	json_decref(after);
	return r;
}

/* pair is row, or the keypair of the connection that row is. */
static int
export_private(struct nk_context *c, const struct nk_credential *row,
    const struct nk_credential *pair, size_t f, json_t **resultp,
    struct nk_error *e)
{
	struct nk_secret text = NK_SECRET_NONE, other = NK_SECRET_NONE;
	struct given g = { row, formats[f].name };
	const struct nk_secret *out = &text;
	struct nk_keychain kc;
	int r;

	if (!pair->has_private)
		return nk_error_call(e, ENOENT, "Keypair %s has no private "
		    "half: ask for the format public", pair->name);
	nk_keychain_of(c, &kc);
	r = nk_credential_private(&kc, pair, &text, e);
	/* what has the form already is given out byte for byte */
	if (r == 0 && strncmp((const char *)text.p, formats[f].begin,
	    strlen(formats[f].begin)) != 0) {
		r = convert(&text, formats[f].format, &other, e);
		out = &other;
	}
	/* -EINPROGRESS: it is noted, and only publishing is not done */
	if (r == 0 && (r = nk_edit_run(c, note_given, &g, e)) ==
	    -EINPROGRESS)
		r = 0;
	if (r == 0 && (*resultp = json_string((const char *)out->p)) == NULL)
		r = -ENOMEM;
	nk_secret_clear(&text);
	nk_secret_clear(&other);
	nk_keychain_clear(&kc);
	return r;
}

/* The keypair with which the connection that row is logs in. */
static int
find_pair(struct nk_context *c, const struct nk_credential *row,
    struct nk_credential *pair)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_connection conn;
	int r;

	*pair = (struct nk_credential){ .id = 0 };
	if ((r = nk_connection_get(s, row->id, &conn)) == 0)
		r = nk_credential_get(s, conn.keypair_id, pair);
	nk_connection_clear(&conn);
	return r;
}

int
nk_keychain_export_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const char *format = json_string_value(json_object_get(
	    json_array_get(params, 1), "format"));
	struct nk_credential row, other = { .id = 0 }, *pair = &row;
	size_t f;
	int r;

	if (format == NULL)
		format = formats[0].name;
	for (f = 0; f < NFORMATS && strcmp(formats[f].name, format) != 0;
	    f++)
		;
	if (f == NFORMATS && strcmp(format, "public") != 0) {
		nk_error_add(e, "options.format", EINVAL, "Input should be "
		    "'openssh', 'pkcs8', 'pkcs1' or 'public'");
		return -EINVAL;
	}
	r = nk_credential_find(c, json_integer_value(json_array_get(params,
	    0)), &row, e);
	if (r < 0)
		return r;
	if (row.type == NK_CREDENTIAL_CONNECTION) {
		r = find_pair(c, &row, &other);
		pair = &other;
	}
	if (r == 0 && f < NFORMATS)
		r = export_private(c, &row, pair, f, resultp, e);
	else if (r == 0 && (*resultp = json_string(pair->public_key)) == NULL)
		r = -ENOMEM;
	nk_credential_clear(&other);
	nk_credential_clear(&row);
	return r;
}
