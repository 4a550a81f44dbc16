/* SPDX-License-Identifier: ISC */

/*
 * Do the numbers of a private key belong together?  All arithmetic is
 * libcrypto's.  Its numbers come from a BN_CTX, which wipes them when it is
 * freed, and are flagged for the ways that run in constant time.
 */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "lib/ssh/point.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"

struct rsa {
	BN_CTX	*ctx;
	BIGNUM	*n, *e, *d, *p, *q, *iqmp;
	BIGNUM	*p_less_1, *q_less_1;
	BIGNUM	*t;			/* of many uses */
};

static int
get_number(BN_CTX *ctx, const struct nk_wire *w, BIGNUM **np)
{
	BIGNUM *n = BN_CTX_get(ctx);

	if (n == NULL || w->left > INT_MAX ||
	    BN_bin2bn(w->p, (int)w->left, n) == NULL)
		return -ENOMEM;
	BN_set_flags(n, BN_FLG_CONSTTIME);
	*np = n;
	return 0;
}

/* *lessp = n - 1 */
static int
get_less_1(BN_CTX *ctx, const BIGNUM *n, BIGNUM **lessp)
{
	BIGNUM *less = BN_CTX_get(ctx);

	if (less == NULL || BN_copy(less, n) == NULL ||
	    BN_sub_word(less, 1) != 1)
		return -ENOMEM;
	BN_set_flags(less, BN_FLG_CONSTTIME);
	*lessp = less;
	return 0;
}

static int
get_rsa(const struct nk_private_parts *a, struct rsa *k)
{
	int r;

	if ((r = get_number(k->ctx, &a->n, &k->n)) < 0 ||
	    (r = get_number(k->ctx, &a->e, &k->e)) < 0 ||
	    (r = get_number(k->ctx, &a->d, &k->d)) < 0 ||
	    (r = get_number(k->ctx, &a->p, &k->p)) < 0 ||
	    (r = get_number(k->ctx, &a->q, &k->q)) < 0 ||
	    (r = get_number(k->ctx, &a->iqmp, &k->iqmp)) < 0 ||
	    (r = get_less_1(k->ctx, k->p, &k->p_less_1)) < 0 ||
	    (r = get_less_1(k->ctx, k->q, &k->q_less_1)) < 0)
		return r;
	return (k->t = BN_CTX_get(k->ctx)) != NULL ? 0 : -ENOMEM;
}

/* Two odd factors of the modulus, of which none is much the smaller one. */
static int
check_factors(const struct rsa *k)
{
	const int bits = BN_num_bits(k->n);

	if (!BN_is_odd(k->p) || !BN_is_odd(k->q) ||
	    3 * BN_num_bits(k->p) < bits || 3 * BN_num_bits(k->q) < bits ||
	    BN_cmp(k->p, k->q) == 0)
		return -EBADMSG;
	if (BN_mul(k->t, k->p, k->q, k->ctx) != 1)
		return -ENOMEM;
	return BN_cmp(k->t, k->n) == 0 ? 0 : -EBADMSG;
}

/* Is a b = 1 modulo m? */
static int
check_inverse(const struct rsa *k, const BIGNUM *a, const BIGNUM *b,
    const BIGNUM *m)
{
	if (BN_mod_mul(k->t, a, b, m, k->ctx) != 1)
		return -ENOMEM;
	return BN_is_one(k->t) ? 0 : -EBADMSG;
}

/*
 * Fermat's test to the base 2: a number that is damaged does not pass it.
 * One that is made to pass it weakens nobody's key but its maker's.
 */
static int
check_prime(const struct rsa *k, const BIGNUM *p, const BIGNUM *p_less_1)
{
	if (BN_set_word(k->t, 2) != 1 || BN_mod_exp_mont_consttime(k->t,
	    k->t, p_less_1, p, k->ctx, NULL) != 1)
		return -ENOMEM;
	return BN_is_one(k->t) ? 0 : -EBADMSG;
}

/* Is the exponent modulo one prime, where the form has it, that of d? */
static int
check_remainder(const struct rsa *k, const struct nk_wire *found,
    const BIGNUM *less_1)
{
	BIGNUM *n;
	int r;

	if (found->p == NULL)
		return 0;
	if ((r = get_number(k->ctx, found, &n)) < 0)
		return r;
	if (BN_mod(k->t, k->d, less_1, k->ctx) != 1)
		return -ENOMEM;
	return BN_cmp(k->t, n) == 0 ? 0 : -EBADMSG;
}

static int
check_rsa(const struct nk_private_parts *a, struct rsa *k)
{
	int r;

	if (a->d.left > a->n.left || a->p.left > a->n.left ||
	    a->q.left > a->n.left || a->iqmp.left > a->n.left ||
	    a->dp.left > a->n.left || a->dq.left > a->n.left)
		return -EBADMSG;	/* before it costs any time */
	if ((r = get_rsa(a, k)) < 0 || (r = check_factors(k)) < 0)
		return r;
	if (BN_cmp(k->d, k->n) >= 0 || BN_cmp(k->iqmp, k->p) >= 0)
		return -EBADMSG;
	if ((r = check_inverse(k, k->e, k->d, k->p_less_1)) < 0 ||
	    (r = check_inverse(k, k->e, k->d, k->q_less_1)) < 0 ||
	    (r = check_inverse(k, k->iqmp, k->q, k->p)) < 0 ||
	    (r = check_remainder(k, &a->dp, k->p_less_1)) < 0 ||
	    (r = check_remainder(k, &a->dq, k->q_less_1)) < 0 ||
	    (r = check_prime(k, k->p, k->p_less_1)) < 0)
		return r;
	return check_prime(k, k->q, k->q_less_1);
}

int
nk_private_check_rsa(const struct nk_private_parts *a, const char **whyp)
{
	struct rsa k = { .ctx = BN_CTX_secure_new() };
	int r = -ENOMEM;

	if (k.ctx == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	ERR_set_mark();
	BN_CTX_start(k.ctx);
	r = check_rsa(a, &k);
	BN_CTX_end(k.ctx);
	ERR_pop_to_mark();
	BN_CTX_free(k.ctx);
	if (r < 0)
		return nk_refuse(whyp, r, r == -ENOMEM ? NK_WHY_NOMEM :
		    "the numbers of the RSA key do not belong together: "
		    "take another copy of the file");
	return 0;
}

/* Append d modulo one less than the prime to *out. */
static int
put_remainder(BN_CTX *ctx, const BIGNUM *d, const struct nk_wire *prime,
    struct nk_secret *out)
{
	BIGNUM *p, *less, *t;
	int r;

	if ((r = get_number(ctx, prime, &p)) < 0 ||
	    (r = get_less_1(ctx, p, &less)) < 0 ||
	    (r = nk_secret_reserve(out, prime->left)) < 0)
		return r;
	if ((t = BN_CTX_get(ctx)) == NULL || BN_mod(t, d, less, ctx) != 1 ||
	    BN_bn2binpad(t, out->p, (int)prime->left) < 0)
		return -EIO;
	out->len = prime->left;
	return 0;
}

int
nk_private_remainders(const struct nk_private_parts *a, struct nk_secret *dp,
    struct nk_secret *dq)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *d;
	int r;

	if (ctx == NULL)
		return -ENOMEM;
	ERR_set_mark();
	BN_CTX_start(ctx);
	if ((r = get_number(ctx, &a->d, &d)) == 0 &&
	    (r = put_remainder(ctx, d, &a->p, dp)) == 0)
		r = put_remainder(ctx, d, &a->q, dq);
	BN_CTX_end(ctx);
	ERR_pop_to_mark();
	BN_CTX_free(ctx);
	return r;
}

/* ---- elliptic curves ---- */

/*
 * OpenSSH takes no private number that is shorter than half of the group's
 * order or within one of it, so we do not either.
 */
static int
check_scalar(const EC_GROUP *group, const BIGNUM *d, BN_CTX *ctx)
{
	const BIGNUM *order = EC_GROUP_get0_order(group);
	BIGNUM *less;
	int r;

	if ((r = get_less_1(ctx, order, &less)) < 0)
		return r;
	if (BN_num_bits(d) <= BN_num_bits(order) / 2 || BN_cmp(d, less) >= 0)
		return -EBADMSG;
	return 0;
}

static int
multiply(const EC_GROUP *group, const struct nk_wire *scalar, BN_CTX *ctx,
    uint8_t *point, size_t *lenp)
{
	EC_POINT *q = NULL;
	BIGNUM *d;
	int r;

	if ((r = get_number(ctx, scalar, &d)) < 0 ||
	    (r = check_scalar(group, d, ctx)) < 0)
		return r;
	if ((q = EC_POINT_new(group)) == NULL)
		return -ENOMEM;
	r = -ENOMEM;
	if (EC_POINT_mul(group, q, d, NULL, NULL, ctx) == 1 &&
	    (*lenp = EC_POINT_point2oct(group, q,
	    POINT_CONVERSION_UNCOMPRESSED, point, NK_POINT_MAX, ctx)) > 0)
		r = 0;
	EC_POINT_free(q);
	return r;
}

static int
derive_nist(const struct nk_private_parts *a, uint8_t *point, size_t *lenp)
{
	const int nid = nk_point_nid(a->type->curve);
	BN_CTX *ctx = NULL;
	EC_GROUP *group;
	int r = -ENOMEM;

	if (nid == NID_undef || a->d.left > NK_POINT_MAX)
		return -EBADMSG;
	group = EC_GROUP_new_by_curve_name(nid);
	if (group != NULL && (ctx = BN_CTX_secure_new()) != NULL) {
		BN_CTX_start(ctx);
		r = multiply(group, &a->d, ctx, point, lenp);
		BN_CTX_end(ctx);
	}
	BN_CTX_free(ctx);
	EC_GROUP_free(group);
	return r;
}

static int
derive_ed25519(const struct nk_private_parts *a, uint8_t *point, size_t *lenp)
{
	EVP_PKEY *key;
	int r = -ENOMEM;

	if (a->seed.left != NK_ED25519_SIZE)
		return -EBADMSG;
	*lenp = NK_ED25519_SIZE;
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    a->seed.p, a->seed.left);
	if (key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, point, lenp) == 1 &&
	    *lenp == NK_ED25519_SIZE)
		r = 0;
	EVP_PKEY_free(key);
	return r;
}

int
nk_private_derive(const struct nk_private_parts *a,
    uint8_t point[static NK_POINT_MAX], size_t *lenp)
{
	int r;

	ERR_set_mark();
	if (a->type->alg == NK_ALG_ED25519)
		r = derive_ed25519(a, point, lenp);
	else
		r = derive_nist(a, point, lenp);
	ERR_pop_to_mark();
	return r;
}
