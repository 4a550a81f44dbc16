/* SPDX-License-Identifier: ISC */

/* Points of edwards25519 (RFC 8032, section 5.1). */

#include "lib/ssh/point.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Numbers, least significant byte first. */
static const uint8_t prime[NK_ED25519_SIZE] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};
static const uint8_t constant_d[NK_ED25519_SIZE] = {
	0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41,
	0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79, 0x77, 0x79, 0x40,
	0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
};
/* The y of the points whose order is 1, 2, 4 or 8. */
static const uint8_t small_order[][NK_ED25519_SIZE] = {
	{ 1 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0 },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/*
 * Is there an x with -x^2 + y^2 = 1 + d x^2 y^2 (mod prime)?  That is so when
 * (y^2 - 1) (d y^2 + 1) is a square.  Returns 0, -EBADMSG or -ENOMEM.
 */
static int
check_on_edwards25519(const uint8_t ybytes[static NK_ED25519_SIZE])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *q, *y, *u, *v;
	int symbol, r = -ENOMEM;

	if (ctx == NULL)
		return -ENOMEM;
	BN_CTX_start(ctx);
	q = BN_CTX_get(ctx);
	y = BN_CTX_get(ctx);
	u = BN_CTX_get(ctx);
	if ((v = BN_CTX_get(ctx)) == NULL ||
	    BN_lebin2bn(prime, NK_ED25519_SIZE, q) == NULL ||
	    BN_lebin2bn(ybytes, NK_ED25519_SIZE, y) == NULL ||
	    BN_lebin2bn(constant_d, NK_ED25519_SIZE, v) == NULL ||
	    BN_mod_sqr(u, y, q, ctx) != 1 ||
	    BN_mod_mul(v, v, u, q, ctx) != 1 ||
	    BN_add_word(v, 1) != 1 ||
	    BN_sub_word(u, 1) != 1 ||
	    BN_mod_mul(u, u, v, q, ctx) != 1)
		goto out;
	symbol = BN_kronecker(u, q, ctx);
	r = symbol == 1 ? 0 : symbol == -2 ? -ENOMEM : -EBADMSG;
 out:
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return r;
}

/* Is y smaller than the prime?  (Public data: no constant time.) */
static bool
is_reduced(const uint8_t y[static NK_ED25519_SIZE])
{
	size_t i;

	for (i = NK_ED25519_SIZE; i-- > 0;) {
		if (y[i] != prime[i])
			return y[i] < prime[i];
	}
	return false;
}

int
nk_point_check_ed25519(const uint8_t p[static NK_ED25519_SIZE])
{
	uint8_t y[NK_ED25519_SIZE];
	size_t i;
	int r;

	memcpy(y, p, sizeof(y));
	y[NK_ED25519_SIZE - 1] &= 0x7f;		/* the sign of x */
	if (!is_reduced(y))
		return -EBADMSG;
	for (i = 0; i < COUNT(small_order); i++) {
		if (memcmp(small_order[i], y, sizeof(y)) == 0)
			return -EBADMSG;
	}
	ERR_set_mark();
	r = check_on_edwards25519(y);
	ERR_pop_to_mark();
	return r;
}
