/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/weakkey.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define TRIES		10000
#define MODULUS		256	/* bytes */

static const struct {
	const char		*what, *base64;
	struct nk_weakkey	 want;
} keys[] = {
	{ "ed25519", ED25519_BASE64, { .rsa = false } },
	{ "ecdsa", P256_BASE64, { .rsa = false } },
	{ "ecdsa, 521", P521_BASE64, { .rsa = false } },
	{ "sk", SK_ED25519_BASE64, { .rsa = false } },
	{ "certificate", CERT_ED25519_BASE64, { .rsa = false } },
	{ "rsa", RSA2048_BASE64, { .rsa = true, .bits = 2048 } },
	{ "small rsa", RSA1024_BASE64, { .rsa = true, .bits = 1024 } },
	{ "rsa certificate", CERT_RSA2048_BASE64,
	    { .rsa = true, .bits = 2048 } },
	{ "exponent", RSA2048_E3_BASE64,
	    { .rsa = true, .bits = 2048, .exponent = 3 } },
	{ "roca", ROCA2048_BASE64,
	    { .rsa = true, .bits = 2048, .roca = true } },
};

START_TEST(look)
{
	struct nk_weakkey w;
	uint8_t *blob;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(keys[_i].base64,
	    strlen(keys[_i].base64), &blob, &len), 0);
	ck_assert_int_eq(nk_weakkey_look(blob, len, &w), 0);
	ck_assert_int_eq(w.rsa, keys[_i].want.rsa);
	ck_assert_uint_eq(w.bits, keys[_i].want.bits);
	ck_assert_uint_eq(w.exponent, keys[_i].want.exponent);
	ck_assert_int_eq(w.roca, keys[_i].want.roca);
	/* what is cut is not called sound */
	if (w.rsa)
		ck_assert_int_eq(nk_weakkey_look(blob, len / 4, &w),
		    -EBADMSG);
	ck_assert_int_eq(nk_weakkey_look(blob, 3, &w), -EBADMSG);
	free(blob);
}
END_TEST

/* 3 to 16 are tiny; 17 and ssh-keygen's and PuTTY's old 35 and 37 not. */
START_TEST(exponents)
{
	static const unsigned int all[] = { 3, 15, 17, 35, 37 };
	struct nk_weakkey w;
	uint8_t *blob;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(RSA2048_E3_BASE64,
	    strlen(RSA2048_E3_BASE64), &blob, &len), 0);
	ck_assert_uint_eq(blob[15], 3);
	blob[15] = (uint8_t)all[_i];
	ck_assert_int_eq(nk_weakkey_look(blob, len, &w), 0);
	ck_assert_uint_eq(w.exponent, all[_i] < 17 ? all[_i] : 0);
	free(blob);
}
END_TEST

/* ---- moduli made as those chips made them ---- */

static const struct {
	int		bits;		/* of each prime */
	unsigned int	primes;		/* in M, for keys of this size */
} sizes[] = {
	{ 256, 39 }, { 512, 71 }, { 1024, 126 },
};

static BIGNUM *
primorial(unsigned int n, BN_CTX *ctx)
{
	BIGNUM *m = BN_new(), *p = BN_new();
	BN_ULONG i;

	ck_assert(m != NULL && p != NULL && BN_one(m));
	for (i = 2; n > 0; i++) {
		ck_assert(BN_set_word(p, i));
		if (BN_check_prime(p, ctx, NULL) != 1)
			continue;
		ck_assert(BN_mul(m, m, p, ctx));
		n--;
	}
	BN_free(p);
	return m;
}

/* k * M + (65537^a mod M) of the right length, prime. */
static BIGNUM *
weak_prime(const BIGNUM *m, int bits, BN_CTX *ctx)
{
	BIGNUM *a = BN_new(), *k = BN_new(), *g = BN_new(), *p = BN_new();

	ck_assert(a != NULL && k != NULL && g != NULL && p != NULL);
	do {
		ck_assert(BN_rand(a, 60, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
		ck_assert(BN_rand(k, bits - BN_num_bits(m) + 1,
		    BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
		ck_assert(BN_set_word(g, 65537));
		ck_assert(BN_mod_exp(p, g, a, m, ctx));
		ck_assert(BN_mul(k, k, m, ctx));
		ck_assert(BN_add(p, p, k));
	} while (BN_num_bits(p) != bits ||
	    BN_check_prime(p, ctx, NULL) != 1);
	BN_free(a);
	BN_free(k);
	BN_free(g);
	return p;
}

START_TEST(roca_found)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m, *p, *q, *n = BN_new();
	uint8_t bytes[MODULUS];
	size_t len;

	ck_assert(ctx != NULL && n != NULL);
	m = primorial(sizes[_i].primes, ctx);
	p = weak_prime(m, sizes[_i].bits, ctx);
	q = weak_prime(m, sizes[_i].bits, ctx);
	ck_assert(BN_mul(n, p, q, ctx));
	ck_assert_int_le(BN_num_bytes(n), MODULUS);
	len = (size_t)BN_bn2bin(n, bytes);
	ck_assert(nk_weakkey_is_roca(bytes, len));
	/* one such prime is not enough: the next number is another's */
	ck_assert(BN_add_word(n, 2));
	len = (size_t)BN_bn2bin(n, bytes);
	ck_assert(!nk_weakkey_is_roca(bytes, len));
	BN_free(m);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}
END_TEST

/* Is r one of the remainders of 65537, 65537^2, ... modulo p? */
static bool
is_generated(unsigned int r, unsigned int p)
{
	unsigned int x = 65537 % p, i;

	for (i = 0; i < p && x != r; i++)
		x = x * (65537 % p) % p;
	return x == r;
}

/*
 * Each prime up to 167 counts by itself: a number that is 1 modulo all the
 * others, and is no power of 65537 modulo this one, is no such modulus.
 */
START_TEST(roca_each_prime)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m, *n = BN_new();
	const unsigned int p = (unsigned int)_i;
	uint8_t bytes[MODULUS];
	unsigned int r, i;

	ck_assert(ctx != NULL && n != NULL);
	ck_assert(BN_set_word(n, p));
	if (BN_check_prime(n, ctx, NULL) == 1) {
		m = primorial(39, ctx);
		ck_assert_uint_eq(BN_div_word(m, p), 0);
		ck_assert(BN_one(n));
		for (i = 0; i < p; i++) {
			ck_assert_int_le(BN_num_bytes(n), MODULUS);
			r = (unsigned int)BN_mod_word(n, p);
			/* that p divides it is not looked for everywhere */
			if (r != 0)
				ck_assert_int_eq(nk_weakkey_is_roca(bytes,
				    (size_t)BN_bn2bin(n, bytes)),
				    is_generated(r, p));
			ck_assert(BN_add(n, n, m));
		}
		BN_free(m);
	}
	BN_free(n);
	BN_CTX_free(ctx);
}
END_TEST

/* The same numbers each time, of which none happens to be taken for one. */
START_TEST(roca_not_found)
{
	uint8_t n[MODULUS];
	uint64_t x = 88172645463325252u;
	size_t i, j;

	for (i = 0; i < TRIES; i++) {
		for (j = 0; j < sizeof(n); j++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			n[j] = (uint8_t)(x >> 32);
		}
		ck_assert(!nk_weakkey_is_roca(n, sizeof(n)));
	}
	/* a number that small primes divide is no power of anything */
	memset(n, 0, sizeof(n));
	ck_assert(!nk_weakkey_is_roca(n, sizeof(n)));
	/* and 65537 itself is one */
	n[MODULUS - 3] = n[MODULUS - 1] = 1;
	ck_assert(nk_weakkey_is_roca(n, sizeof(n)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("weakkey");
	TCase *tc = tcase_create("weakkey");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, look, 0, COUNT(keys));
	tcase_add_loop_test(tc, exponents, 0, 5);
	tcase_add_loop_test(tc, roca_found, 0, COUNT(sizes));
	tcase_add_loop_test(tc, roca_each_prime, 2, 168);
	tcase_add_test(tc, roca_not_found);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
