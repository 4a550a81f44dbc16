/* SPDX-License-Identifier: ISC */

/* New keys.  Each is checked as one that was read. */

#include <sys/random.h>

#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "lib/ssh/linetext.h"
#include "lib/ssh/point.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/pubkey.h"

#define RSA_BITS_DEFAULT	3072
#define NUMBERS			6	/* of an RSA key */
#define NUMBER_MAX		(NK_RSA_BITS_MAX / 8)
#define TRIES			100	/* more than one is very rare */

/*
 * Take one number out of libcrypto's key.  It goes through secret memory:
 * EVP_PKEY_get_bn_param() would have it pass the stack.
 */
static int
get_number(const EVP_PKEY *key, const char *name, struct nk_secret *s,
    struct nk_wire *n)
{
	struct nk_secret native = NK_SECRET_NONE;
	uint8_t *const at = s->p + s->len;
	OSSL_PARAM params[2];
	BIGNUM *bn = NULL;
	int r;

	if ((r = nk_secret_reserve(&native, NUMBER_MAX)) < 0)
		return r;
	r = -EIO;
	params[0] = OSSL_PARAM_construct_BN(name, native.p, NUMBER_MAX);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_get_params(key, params) != 1 ||
	    !OSSL_PARAM_modified(params) ||
	    (bn = BN_secure_new()) == NULL ||
	    BN_native2bn(native.p, (int)params[0].return_size, bn) == NULL ||
	    BN_num_bytes(bn) > NUMBER_MAX)
		goto out;
	n->left = (size_t)BN_bn2bin(bn, native.p);
	n->p = at;
	r = nk_secret_append(s, native.p, n->left);
 out:
	BN_clear_free(bn);
	nk_secret_clear(&native);
	return r;
}

/* The numbers lie in *s, which must not move. */
static int
take_rsa(const EVP_PKEY *key, struct nk_secret *s, struct nk_private_parts *a)
{
	int r;

	if ((r = nk_secret_reserve(s, NUMBERS * NUMBER_MAX)) < 0 ||
	    (r = get_number(key, OSSL_PKEY_PARAM_RSA_N, s, &a->n)) < 0 ||
	    (r = get_number(key, OSSL_PKEY_PARAM_RSA_E, s, &a->e)) < 0 ||
	    (r = get_number(key, OSSL_PKEY_PARAM_RSA_D, s, &a->d)) < 0 ||
	    (r = get_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1, s,
	    &a->p)) < 0 ||
	    (r = get_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2, s,
	    &a->q)) < 0)
		return r;
	return get_number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, s,
	    &a->iqmp);
}

static int
generate_rsa(unsigned int bits, struct nk_secret *s,
    struct nk_private_parts *a)
{
	EVP_PKEY *key;
	int r = -EIO;

	key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	if (key != NULL)
		r = take_rsa(key, s, a);
	EVP_PKEY_free(key);
	return r;
}

/* Ed25519's private half is any n bytes. */
static int
generate_bytes(size_t n, struct nk_secret *s, struct nk_wire *w)
{
	static const uint8_t zeros[NK_POINT_MAX];
	int r;

	if ((r = nk_secret_append(s, zeros, n)) < 0)
		return r;
	/* the kernel's own: libcrypto's generator is seeded from it anyway */
	if (getrandom(s->p, n, 0) != (ssize_t)n)
		return -EIO;
	*w = (struct nk_wire){ s->p, n };
	return 0;
}

/*
 * A scalar of a NIST curve: as many random bits as the order has.  That it
 * is in the range is seen when the point is made of it.
 */
static int
generate_scalar(struct nk_secret *s, struct nk_private_parts *a)
{
	const size_t size = (a->type->bits + 7) / 8;
	int r;

	if ((r = generate_bytes(size, s, &a->d)) < 0)
		return r;
	s->p[0] &= (uint8_t)(0xff >> (8 * size - a->type->bits));
	return 0;
}

static int
generate(const struct nk_keytype *type, unsigned int bits,
    struct nk_secret *s, struct nk_private_parts *a)
{
	a->type = type;
	switch (type->alg) {
	case NK_ALG_RSA:
		return generate_rsa(bits, s, a);
	case NK_ALG_ED25519:
		return generate_bytes(NK_ED25519_SIZE, s, &a->seed);
	case NK_ALG_ECDSA:
		return generate_scalar(s, a);
	case NK_ALG_SK_ED25519:
	case NK_ALG_SK_ECDSA:
		break;
	}
	return -EINVAL;
}

/* Which key is asked for? */
static int
check_wish(const struct nk_keytype *type, unsigned int *bitsp,
    const char *comment)
{
	if (type == NULL || type->certificate ||
	    (comment != NULL &&
	    nk_linetext_check(comment, strlen(comment), NULL) < 0))
		return -EINVAL;
	if (type->alg != NK_ALG_RSA)
		return *bitsp == 0 ? 0 : -EINVAL;
	if (*bitsp == 0)
		*bitsp = RSA_BITS_DEFAULT;
	return *bitsp >= NK_RSA_MIN_BITS && *bitsp <= NK_RSA_BITS_MAX ? 0 :
	    -EINVAL;
}

/* Draw, and make a key of it; -EBADMSG: draw again. */
static int
try_once(const struct nk_keytype *t, unsigned int bits, const char *comment,
    struct nk_privatekey *k)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_private_parts a = { .type = NULL };
	struct nk_secret s = NK_SECRET_NONE;
	int r;

	if (comment != NULL)
		a.comment = (struct nk_wire){ (const uint8_t *)comment,
		    strlen(comment) };
	ERR_set_mark();
	r = generate(t, bits, &s, &a);
	ERR_pop_to_mark();
	if (r == 0 && (r = nk_privatekey_make(&a, &policy, k, NULL)) < 0 &&
	    r != -ENOMEM && r != -EBADMSG)
		r = -EIO;
	nk_secret_clear(&s);
	return r;
}

int
nk_privatekey_generate(const char *type, unsigned int bits,
    const char *comment, struct nk_privatekey *k)
{
	const struct nk_keytype *t = nk_keytype_find(type, strlen(type));
	unsigned int tries;
	int r;

	*k = (struct nk_privatekey){ .type = NULL };
	if ((r = check_wish(t, &bits, comment)) < 0)
		return r;
	r = -EBADMSG;
	for (tries = 0; r == -EBADMSG && tries < TRIES; tries++)
		r = try_once(t, bits, comment, k);
	return r == -EBADMSG ? -EIO : r;
}
