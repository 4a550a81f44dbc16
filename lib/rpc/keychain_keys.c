/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_private.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/pubkey.h"

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

static int
refuse(struct nk_error *e, const char *field, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "generate_ssh_key_pair.%s",
	    field);
	nk_error_add(e, path, EINVAL, "%s", text);
	return -EINVAL;
}

static int
generate(const char *name, unsigned int bits, const char *comment,
    struct nk_privatekey *k, struct nk_error *e)
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
		return refuse(e, "type", "Input should be 'rsa', 'ed25519' "
		    "or 'ecdsa'");
	if (i == sizeof(types) / sizeof(types[0]))
		return refuse(e, "bits", strcmp(name, "ecdsa") == 0 ?
		    "An ECDSA key has 256, 384 or 521 bits" : "An Ed25519 "
		    "key has 256 bits: leave out the number");
	r = nk_privatekey_generate(types[i].type, rsa ? bits : 0, comment,
	    k);
	return r == -EINVAL ? refuse(e, "bits", "An RSA key has 2048 to "
	    "16384 bits, and a comment is one line") : r;
}

int
nk_keychain_generate_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *data = json_array_get(params, 0);
	const json_t *bits = json_object_get(data, "bits");
	const char *type = json_string_value(json_object_get(data, "type"));
	const char *comment = json_string_value(json_object_get(data,
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
	    comment == NULL ? whose : comment, &k, e)) == 0 &&
	    (r = nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH, &text)) == 0 &&
	    (r = nk_privatekey_public_line(&k, &line)) == 0) {
		*resultp = json_pack("{s:s,s:s+}", "private_key",
		    (const char *)text.p, "public_key", line, "\n");
		r = *resultp == NULL ? -ENOMEM : 0;
	}
	free(line);
	nk_secret_clear(&text);
	nk_privatekey_clear(&k);
	return r;
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

static int
export_private(struct nk_context *c, const struct nk_credential *row,
    size_t f, json_t **resultp, struct nk_error *e)
{
	struct nk_secret text = NK_SECRET_NONE, other = NK_SECRET_NONE;
	const struct nk_secret *out = &text;
	struct nk_keychain kc;
	int r;

	if (!row->has_private)
		return nk_error_call(e, ENOENT, "Keypair %s has no private "
		    "half: ask for the format public", row->name);
	nk_keychain_of(c, &kc);
	r = nk_credential_private(&kc, row, &text, e);
	/* what has the form already is given out byte for byte */
	if (r == 0 && strncmp((const char *)text.p, formats[f].begin,
	    strlen(formats[f].begin)) != 0) {
		r = convert(&text, formats[f].format, &other, e);
		out = &other;
	}
	if (r == 0 && (*resultp = json_string((const char *)out->p)) == NULL)
		r = -ENOMEM;
	nk_secret_clear(&text);
	nk_secret_clear(&other);
	nk_keychain_clear(&kc);
	return r;
}

int
nk_keychain_export_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const char *format = json_string_value(json_object_get(
	    json_array_get(params, 1), "format"));
	struct nk_credential row;
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
	if (f < NFORMATS)
		r = export_private(c, &row, f, resultp, e);
	else if ((*resultp = json_string(row.public_key)) == NULL)
		r = -ENOMEM;
	nk_credential_clear(&row);
	return r;
}
