/* SPDX-License-Identifier: ISC */
#include "lib/ssh/sign.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "lib/ssh/keyblob.h"
#include "lib/ssh/point.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/secretwire.h"
#include "lib/ssh/signature.h"

#define NUMBERS		8		/* of an RSA key */
#define RAW_MAX		(NK_RSA_BITS_MAX / 8)	/* bytes of a signature */

/* ---- which algorithm ---- */

/* *mdp is NULL where the algorithm brings its own digest. */
static int
find_digest(const struct nk_privatekey *k, const char *algorithm,
    const EVP_MD **mdp)
{
	*mdp = NULL;
	if (k->type->alg == NK_ALG_RSA) {
		if (strcmp(algorithm, "rsa-sha2-512") == 0)
			*mdp = EVP_sha512();
		else if (strcmp(algorithm, "rsa-sha2-256") == 0)
			*mdp = EVP_sha256();
		return *mdp != NULL ? 0 : -EPERM;
	}
	if (strcmp(algorithm, k->type->name) != 0)
		return -EPERM;
	if (k->type->alg == NK_ALG_ECDSA)
		*mdp = k->bits <= 256 ? EVP_sha256() :
		    k->bits <= 384 ? EVP_sha384() : EVP_sha512();
	return 0;
}

/* ---- the key as libcrypto's object ---- */

/* What a key is built of; the numbers must live until it is. */
struct build {
	OSSL_PARAM_BLD	*bld;
	BIGNUM		*v[NUMBERS];
	size_t		 n;
};

/* A number that is wiped with the build. */
static bool
push(struct build *b, const char *name, const uint8_t *p, size_t len)
{
	BIGNUM *bn;

	if (b->n == NUMBERS || len > NK_RSA_BITS_MAX / 8 ||
	    (bn = BN_secure_new()) == NULL)
		return false;
	b->v[b->n++] = bn;
	if (BN_bin2bn(p, (int)len, bn) == NULL)
		return false;
	BN_set_flags(bn, BN_FLG_CONSTTIME);
	return OSSL_PARAM_BLD_push_BN(b->bld, name, bn) == 1;
}

static bool
push_wire(struct build *b, const char *name, const struct nk_wire *w)
{
	return push(b, name, w->p, w->left);
}

static int
push_rsa(struct build *b, const struct nk_private_parts *a)
{
	struct nk_secret dp = NK_SECRET_NONE, dq = NK_SECRET_NONE;
	int r;

	/* These came from the sandbox: nothing may cost more than it must. */
	if (a->d.left > a->n.left || a->p.left > a->n.left ||
	    a->q.left > a->n.left || a->iqmp.left > a->n.left)
		return -EBADMSG;
	if ((r = nk_private_remainders(a, &dp, &dq)) == 0 &&
	    (!push_wire(b, OSSL_PKEY_PARAM_RSA_N, &a->n) ||
	    !push_wire(b, OSSL_PKEY_PARAM_RSA_E, &a->e) ||
	    !push_wire(b, OSSL_PKEY_PARAM_RSA_D, &a->d) ||
	    !push_wire(b, OSSL_PKEY_PARAM_RSA_FACTOR1, &a->p) ||
	    !push_wire(b, OSSL_PKEY_PARAM_RSA_FACTOR2, &a->q) ||
	    !push(b, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.p, dp.len) ||
	    !push(b, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.p, dq.len) ||
	    !push_wire(b, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &a->iqmp)))
		r = -ENOMEM;
	nk_secret_clear(&dp);
	nk_secret_clear(&dq);
	return r;
}

static int
push_ecdsa(struct build *b, const struct nk_private_parts *a)
{
	uint8_t point[NK_POINT_MAX];
	size_t len;
	int r;

	if ((r = nk_private_derive(a, point, &len)) < 0)
		return r;
	if (!nk_wire_is(&a->point, point, len))
		return -EBADMSG;
	return OSSL_PARAM_BLD_push_utf8_string(b->bld,
	    OSSL_PKEY_PARAM_GROUP_NAME, nk_point_group(a->type->curve),
	    0) == 1 && OSSL_PARAM_BLD_push_octet_string(b->bld,
	    OSSL_PKEY_PARAM_PUB_KEY, a->point.p, a->point.left) == 1 &&
	    push_wire(b, OSSL_PKEY_PARAM_PRIV_KEY, &a->d) ? 0 : -ENOMEM;
}

static int
build(const struct nk_private_parts *a, struct build *b, EVP_PKEY **keyp)
{
	const bool rsa = a->type->alg == NK_ALG_RSA;
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	int r;

	if ((b->bld = OSSL_PARAM_BLD_new()) == NULL)
		return -ENOMEM;
	if ((r = rsa ? push_rsa(b, a) : push_ecdsa(b, a)) < 0)
		return r;
	r = -EIO;
	if ((params = OSSL_PARAM_BLD_to_param(b->bld)) != NULL &&
	    (ctx = EVP_PKEY_CTX_new_from_name(NULL, rsa ? "RSA" : "EC",
	    NULL)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, keyp, EVP_PKEY_KEYPAIR, params) == 1)
		r = 0;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);	/* wipes what came of secure numbers */
	return r;
}

static int
make_key(const struct nk_private_parts *a, EVP_PKEY **keyp)
{
	struct build b = { .bld = NULL };
	int r;

	*keyp = NULL;
	if (a->type->alg == NK_ALG_ED25519) {
		*keyp = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
		    a->seed.p, a->seed.left);
		return *keyp != NULL ? 0 : -EIO;
	}
	r = build(a, &b, keyp);
	OSSL_PARAM_BLD_free(b.bld);
	while (b.n > 0)
		BN_clear_free(b.v[--b.n]);
	return r;
}

/* ---- the signature ---- */

static int
put_number(struct nk_secret *out, const BIGNUM *n)
{
	uint8_t bytes[NK_POINT_MAX];
	const int len = BN_num_bytes(n);

	if (len > (int)sizeof(bytes) || BN_bn2bin(n, bytes) != len)
		return -EIO;
	return nk_secretwire_put_mpint(out, bytes, (size_t)len);
}

/* Append libcrypto's form of an ECDSA signature as two mpints. */
static int
put_ecdsa(struct nk_secret *out, const uint8_t *der, size_t len)
{
	struct nk_secret both = NK_SECRET_NONE;
	ECDSA_SIG *sig;
	int r;

	if ((sig = d2i_ECDSA_SIG(NULL, &der, (long)len)) == NULL)
		return -EIO;
	if ((r = put_number(&both, ECDSA_SIG_get0_r(sig))) == 0 &&
	    (r = put_number(&both, ECDSA_SIG_get0_s(sig))) == 0)
		r = nk_secretwire_put_string(out, both.p, both.len);
	ECDSA_SIG_free(sig);
	nk_secret_clear(&both);
	return r;
}

static int
sign(EVP_PKEY *key, const EVP_MD *md, const uint8_t *data, size_t len,
    uint8_t raw[static RAW_MAX], size_t *raw_lenp)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (ctx != NULL) {
		*raw_lenp = RAW_MAX;
		r = EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
		    EVP_DigestSign(ctx, raw, raw_lenp, data, len) == 1 ? 0 :
		    -EIO;
	}
	EVP_MD_CTX_free(ctx);
	return r;
}

static int
put_signature(const struct nk_private_parts *a, const char *algorithm,
    const EVP_MD *md, const uint8_t *data, size_t len, struct nk_secret *out)
{
	uint8_t raw[RAW_MAX];
	size_t raw_len = 0;
	EVP_PKEY *key;
	int r;

	if ((r = make_key(a, &key)) < 0)
		return r;
	r = sign(key, md, data, len, raw, &raw_len);
	EVP_PKEY_free(key);
	if (r < 0 || (r = nk_secretwire_put_string(out, algorithm,
	    strlen(algorithm))) < 0)
		return r;
	if (a->type->alg == NK_ALG_ECDSA)
		return put_ecdsa(out, raw, raw_len);
	return nk_secretwire_put_string(out, raw, raw_len);
}

/*
 * A wrong signature, of a fault in the arithmetic or of numbers that belong
 * to no key, can tell the private half: it must not get out.
 */
static int
check(const struct nk_privatekey *k, const struct nk_secret *sig,
    const uint8_t *data, size_t len)
{
	const struct nk_keypolicy policy = { NK_RSA_BITS_FLOOR,
	    NK_KEYLINE_MAX, NK_KEYLINES_MAX, { 9, 2 } };
	struct nk_keyblob kb;
	int r;

	if ((r = nk_keyblob_parse(k->blob, k->blob_len, &policy, &kb,
	    NULL)) < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	return nk_signature_check(&kb.key, sig->p, sig->len, data, len, NULL);
}

int
nk_sign(const struct nk_privatekey *k, const char *algorithm,
    const uint8_t *data, size_t len, struct nk_secret *sig)
{
	struct nk_wire numbers = { k->numbers.p, k->numbers.len };
	struct nk_private_parts a = { .type = NULL };
	struct nk_secret made = NK_SECRET_NONE;
	const EVP_MD *md;
	int r;

	if ((r = find_digest(k, algorithm, &md)) < 0)
		return r;
	if (nk_private_parts_get(&numbers, &a, NULL) < 0 ||
	    a.type != k->type)
		return -EBADMSG;
	ERR_set_mark();
	if ((r = put_signature(&a, algorithm, md, data, len, &made)) == 0 &&
	    (r = check(k, &made, data, len)) == 0)
		r = nk_secret_append(sig, made.p, made.len);
	ERR_pop_to_mark();
	nk_secret_clear(&made);
	return r;
}
