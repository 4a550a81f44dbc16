/* SPDX-License-Identifier: ISC */

/* Private keys as texts, made as ssh-keygen and openssl make them. */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/ssh/der.h"
#include "lib/ssh/keyoid.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/secretbase64.h"
#include "lib/ssh/secretder.h"
#include "lib/ssh/secretwire.h"

#define OPENSSH_WIDTH	70
#define PEM_WIDTH	64
#define BLOCK		8
#define CHECK_SIZE	4
#define FNV_START	2166136261u
#define FNV_PRIME	16777619u
#define CONTEXT_1	0xa1

/* ---- OpenSSH ---- */

/*
 * The check numbers say whether decryption went well.  Where nothing is
 * encrypted any will do: these are a sum of the key (FNV-1a), so that a key
 * is always the same text.
 */
static int
put_check(const struct nk_privatekey *k, struct nk_secret *out)
{
	uint8_t check[CHECK_SIZE];
	uint32_t sum = FNV_START;
	size_t i;
	int r;

	for (i = 0; i < k->numbers.len; i++)
		sum = (sum ^ k->numbers.p[i]) * FNV_PRIME;
	for (i = 0; i < CHECK_SIZE; i++)
		check[i] = (uint8_t)(sum >> (24 - 8 * i));
	if ((r = nk_secret_append(out, check, CHECK_SIZE)) == 0)
		r = nk_secret_append(out, check, CHECK_SIZE);
	explicit_bzero(check, sizeof(check));
	return r;
}

static int
put_section(const struct nk_privatekey *k, struct nk_secret *out)
{
	static const uint8_t padding[BLOCK] = { 1, 2, 3, 4, 5, 6, 7 };
	const char *comment = k->comment != NULL ? k->comment : "";
	int r;

	if ((r = put_check(k, out)) < 0 ||
	    (r = nk_secret_append(out, k->numbers.p, k->numbers.len)) < 0 ||
	    (r = nk_secretwire_put_string(out, comment,
	    strlen(comment))) < 0)
		return r;
	return nk_secret_append(out, padding,
	    (BLOCK - out->len % BLOCK) % BLOCK);
}

static int
put_openssh(const struct nk_privatekey *k, struct nk_secret *out)
{
	static const uint8_t head[] = "openssh-key-v1\0"
	    "\0\0\0\4none" "\0\0\0\4none" "\0\0\0\0" "\0\0\0\1";
	struct nk_secret section = NK_SECRET_NONE;
	int r;

	if ((r = nk_secret_append(out, head, sizeof(head) - 1)) == 0 &&
	    (r = nk_secretwire_put_string(out, k->blob, k->blob_len)) == 0 &&
	    (r = put_section(k, &section)) == 0)
		r = nk_secretwire_put_string(out, section.p, section.len);
	nk_secret_clear(&section);
	return r;
}

/* ---- DER ---- */

static int
put_number(struct nk_secret *out, const struct nk_wire *n)
{
	return nk_secretder_put_number(out, n->p, n->left);
}

static int
put_version(struct nk_secret *out, uint8_t v)
{
	return nk_secretder_put_number(out, &v, 1);
}

static int
put_oid(struct nk_secret *out, const struct nk_keyoid *oid)
{
	return nk_secretder_put(out, NK_DER_OID, oid->bytes, oid->len);
}

/* Append content, wrapped by the tag. */
static int
put_wrapped(struct nk_secret *out, uint8_t tag,
    const struct nk_secret *content)
{
	return nk_secretder_put(out, tag, content->p, content->len);
}

static int
put_rsa_numbers(const struct nk_private_parts *a, struct nk_secret *out)
{
	struct nk_secret dp = NK_SECRET_NONE, dq = NK_SECRET_NONE;
	int r;

	if ((r = nk_private_remainders(a, &dp, &dq)) == 0 &&
	    (r = put_version(out, 0)) == 0 &&
	    (r = put_number(out, &a->n)) == 0 &&
	    (r = put_number(out, &a->e)) == 0 &&
	    (r = put_number(out, &a->d)) == 0 &&
	    (r = put_number(out, &a->p)) == 0 &&
	    (r = put_number(out, &a->q)) == 0 &&
	    (r = nk_secretder_put_number(out, dp.p, dp.len)) == 0 &&
	    (r = nk_secretder_put_number(out, dq.p, dq.len)) == 0)
		r = put_number(out, &a->iqmp);
	nk_secret_clear(&dp);
	nk_secret_clear(&dq);
	return r;
}

static int
put_pkcs1(const struct nk_private_parts *a, struct nk_secret *out)
{
	struct nk_secret numbers = NK_SECRET_NONE;
	int r;

	if ((r = put_rsa_numbers(a, &numbers)) == 0)
		r = put_wrapped(out, NK_DER_SEQUENCE, &numbers);
	nk_secret_clear(&numbers);
	return r;
}

/* SEC1, without the curve, which PKCS#8 names around it. */
static int
put_ec_fields(const struct nk_private_parts *a, struct nk_secret *out)
{
	static const uint8_t zeros[NK_POINT_MAX];
	const size_t size = (a->type->bits + 7) / 8;
	const size_t bits = 1 + a->point.left;	/* of a BIT STRING */
	struct nk_secret wrapped = NK_SECRET_NONE;
	int r;

	if (a->d.left > size)
		return -EIO;
	if ((r = put_version(out, 1)) == 0 &&
	    (r = nk_secretder_put_header(out, NK_DER_OCTET_STRING,
	    size)) == 0 &&
	    (r = nk_secret_append(out, zeros, size - a->d.left)) == 0 &&
	    (r = nk_secret_append(out, a->d.p, a->d.left)) == 0 &&
	    (r = nk_secretder_put_header(&wrapped, NK_DER_BIT_STRING,
	    bits)) == 0 &&
	    (r = nk_secret_append(&wrapped, zeros, 1)) == 0 &&
	    (r = nk_secret_append(&wrapped, a->point.p,
	    a->point.left)) == 0)
		r = put_wrapped(out, CONTEXT_1, &wrapped);
	nk_secret_clear(&wrapped);
	return r;
}

/* What PKCS#8 wraps. */
static int
put_inner(const struct nk_private_parts *a, struct nk_secret *out)
{
	struct nk_secret fields = NK_SECRET_NONE;
	int r;

	if (a->type->alg == NK_ALG_RSA)
		return put_pkcs1(a, out);
	if (a->type->alg == NK_ALG_ED25519)
		return nk_secretder_put(out, NK_DER_OCTET_STRING, a->seed.p,
		    a->seed.left);
	if ((r = put_ec_fields(a, &fields)) == 0)
		r = put_wrapped(out, NK_DER_SEQUENCE, &fields);
	nk_secret_clear(&fields);
	return r;
}

static int
put_algorithm(const struct nk_private_parts *a, struct nk_secret *out)
{
	const struct nk_keyoid *curve;
	int r;

	if (a->type->alg == NK_ALG_ED25519)
		return put_oid(out, &nk_keyoid_ed25519);
	if (a->type->alg == NK_ALG_RSA) {
		if ((r = put_oid(out, &nk_keyoid_rsa)) < 0)
			return r;
		return nk_secretder_put_header(out, NK_DER_NULL, 0);
	}
	if ((curve = nk_keyoid_of_curve(a->type)) == NULL)
		return -EIO;
	if ((r = put_oid(out, &nk_keyoid_ec)) < 0)
		return r;
	return put_oid(out, curve);
}

static int
put_pkcs8(const struct nk_private_parts *a, struct nk_secret *out)
{
	struct nk_secret algorithm = NK_SECRET_NONE, inner = NK_SECRET_NONE;
	struct nk_secret all = NK_SECRET_NONE;
	int r;

	if ((r = put_algorithm(a, &algorithm)) == 0 &&
	    (r = put_inner(a, &inner)) == 0 &&
	    (r = put_version(&all, 0)) == 0 &&
	    (r = put_wrapped(&all, NK_DER_SEQUENCE, &algorithm)) == 0 &&
	    (r = put_wrapped(&all, NK_DER_OCTET_STRING, &inner)) == 0)
		r = put_wrapped(out, NK_DER_SEQUENCE, &all);
	nk_secret_clear(&algorithm);
	nk_secret_clear(&inner);
	nk_secret_clear(&all);
	return r;
}

/* ---- texts ---- */

static int
put_bytes(const struct nk_privatekey *k, enum nk_privatekey_format format,
    struct nk_secret *out)
{
	struct nk_private_parts a = { .type = NULL };
	struct nk_wire w = { k->numbers.p, k->numbers.len };

	if (format == NK_PRIVATEKEY_OPENSSH)
		return put_openssh(k, out);
	if (nk_private_parts_get(&w, &a, NULL) < 0)
		return -EIO;
	if (format == NK_PRIVATEKEY_PKCS8)
		return put_pkcs8(&a, out);
	return put_pkcs1(&a, out);
}

static int
put_mark(struct nk_secret *out, const char *which, const char *label)
{
	int r;

	if ((r = nk_secret_append(out, "-----", 5)) < 0 ||
	    (r = nk_secret_append(out, which, strlen(which))) < 0 ||
	    (r = nk_secret_append(out, label, strlen(label))) < 0)
		return r;
	return nk_secret_append(out, "-----\n", 6);
}

/* Take off what was appended behind len. */
static void
shorten(struct nk_secret *s, size_t len)
{
	if (s->p == NULL)
		return;
	explicit_bzero(s->p + len, s->len - len);
	s->len = len;
}

int
nk_privatekey_write(const struct nk_privatekey *k,
    enum nk_privatekey_format format, struct nk_secret *out)
{
	static const struct {
		const char	*label;
		size_t		 width;
	} forms[] = {
		[NK_PRIVATEKEY_OPENSSH] = { "OPENSSH PRIVATE KEY",
		    OPENSSH_WIDTH },
		[NK_PRIVATEKEY_PKCS8] = { "PRIVATE KEY", PEM_WIDTH },
		[NK_PRIVATEKEY_PKCS1] = { "RSA PRIVATE KEY", PEM_WIDTH },
	};
	struct nk_secret bytes = NK_SECRET_NONE;
	const char *label = forms[format].label;
	const size_t before = out->len;
	int r;

	if (format == NK_PRIVATEKEY_PKCS1 && k->type->alg != NK_ALG_RSA)
		return -ENOTSUP;
	if ((r = put_bytes(k, format, &bytes)) == 0 &&
	    (r = put_mark(out, "BEGIN ", label)) == 0 &&
	    (r = nk_secretbase64_encode(bytes.p, bytes.len,
	    forms[format].width, out)) == 0)
		r = put_mark(out, "END ", label);
	if (r < 0)
		shorten(out, before);
	nk_secret_clear(&bytes);
	return r;
}
