/* SPDX-License-Identifier: ISC */

/*
 * RSA keys that are right but for one property.  Their numbers are made
 * here, so that all others that depend on it fit.
 */

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

#include "lib/ssh/privatekey_parts.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define NUMBER_MAX	512

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

enum fault {
	NO_FAULT,
	D_OF_P,			/* d inverts e modulo p - 1 alone */
	D_OF_Q,
	D_TOO_LARGE,		/* by what it may be larger and still fit */
	IQMP_TOO_LARGE,
	COMPOSITE_P,
	COMPOSITE_Q,
};

static const struct {
	const char	*what;
	int		 p_bits, q_bits;
	BN_ULONG	 e;
	enum fault	 fault;
	int		 want;
} keys[] = {
	{ "right",			512, 512, 65537, NO_FAULT, 0 },
	{ "p below q",			500, 524, 65537, NO_FAULT, 0 },
	{ "q below p",			524, 500, 65537, NO_FAULT, 0 },
	{ "exponent 3",			512, 512, 3, NO_FAULT, 0 },
	{ "exponent of 32 bits",	512, 512, 4294967297, NO_FAULT, 0 },
	{ "an odd size",		600, 600, 65537, NO_FAULT, 0 },
	{ "p of a third",		344, 680, 65537, NO_FAULT, 0 },
	{ "p too short",		340, 684, 65537, NO_FAULT, -EBADMSG },
	{ "q too short",		684, 340, 65537, NO_FAULT, -EBADMSG },
	{ "p far too short",		64, 960, 65537, NO_FAULT, -EBADMSG },
	{ "too small a key",		480, 480, 65537, NO_FAULT, -EPERM },
	{ "d modulo p alone",		512, 512, 65537, D_OF_P, -EBADMSG },
	{ "d modulo q alone",		512, 512, 65537, D_OF_Q, -EBADMSG },
	{ "d above n",			512, 512, 65537, D_TOO_LARGE,
	    -EBADMSG },
	{ "iqmp above p",		512, 512, 65537, IQMP_TOO_LARGE,
	    -EBADMSG },
	{ "p no prime",			512, 512, 65537, COMPOSITE_P,
	    -EBADMSG },
	{ "q no prime",			512, 512, 65537, COMPOSITE_Q,
	    -EBADMSG },
};

struct rsa {
	BN_CTX	*ctx;
	BIGNUM	*n, *e, *d, *p, *q, *iqmp, *p1, *q1, *t;
};

static void
must(int yes)
{
	ck_assert_int_eq(yes, 1);
}

/* A prime of so many bits, or the product of two. */
static void
get_factor(const struct rsa *k, BIGNUM *f, int bits, int composite)
{
	if (composite) {
		must(BN_generate_prime_ex2(f, bits / 2, 0, NULL, NULL, NULL,
		    k->ctx));
		must(BN_generate_prime_ex2(k->t, bits - bits / 2, 0, NULL,
		    NULL, NULL, k->ctx));
		must(BN_mul(f, f, k->t, k->ctx));
	} else
		must(BN_generate_prime_ex2(f, bits, 0, NULL, NULL, NULL,
		    k->ctx));
}

/* Make factors of which e has an inverse, and what follows from them. */
static void
make(struct rsa *k, int i)
{
	const enum fault fault = keys[i].fault;

	must(BN_set_word(k->e, keys[i].e));
	do {
		get_factor(k, k->p, keys[i].p_bits, fault == COMPOSITE_P);
		get_factor(k, k->q, keys[i].q_bits, fault == COMPOSITE_Q);
		must(BN_mul(k->n, k->p, k->q, k->ctx));
		must(BN_sub(k->p1, k->p, BN_value_one()));
		must(BN_sub(k->q1, k->q, BN_value_one()));
		must(BN_mul(k->t, k->p1, k->q1, k->ctx));
	} while (BN_cmp(k->p, k->q) == 0 ||	/* or a bit too short */
	    BN_num_bits(k->n) < keys[i].p_bits + keys[i].q_bits ||
	    BN_mod_inverse(k->d, k->e, k->t, k->ctx) == NULL ||
	    BN_mod_inverse(k->iqmp, k->q, k->p, k->ctx) == NULL);
	if (fault == D_OF_P)
		must(BN_mod_inverse(k->d, k->e, k->p1, k->ctx) != NULL);
	if (fault == D_OF_Q)
		must(BN_mod_inverse(k->d, k->e, k->q1, k->ctx) != NULL);
	if (fault == IQMP_TOO_LARGE)
		must(BN_add(k->iqmp, k->iqmp, k->p));
	while (fault == D_TOO_LARGE && BN_cmp(k->d, k->n) < 0)
		must(BN_add(k->d, k->d, k->t));
}

static struct nk_wire
bytes(const BIGNUM *n, uint8_t buf[static NUMBER_MAX])
{
	ck_assert_int_le(BN_num_bytes(n), NUMBER_MAX);
	return (struct nk_wire){ buf, (size_t)BN_bn2bin(n, buf) };
}

START_TEST(key)
{
	uint8_t buf[6][NUMBER_MAX];
	struct nk_private_parts a = { .type = NULL };
	const char *why = NULL;
	struct nk_privatekey priv;
	struct rsa k = { .ctx = BN_CTX_new() };
	int r;

	BN_CTX_start(k.ctx);
	k.n = BN_CTX_get(k.ctx);
	k.e = BN_CTX_get(k.ctx);
	k.d = BN_CTX_get(k.ctx);
	k.p = BN_CTX_get(k.ctx);
	k.q = BN_CTX_get(k.ctx);
	k.iqmp = BN_CTX_get(k.ctx);
	k.p1 = BN_CTX_get(k.ctx);
	k.q1 = BN_CTX_get(k.ctx);
	k.t = BN_CTX_get(k.ctx);
	do {			/* a sum that needs no byte more than n has */
		make(&k, _i);
	} while (BN_num_bytes(k.d) > BN_num_bytes(k.n));
	a.type = nk_keytype_find("ssh-rsa", 7);
	a.n = bytes(k.n, buf[0]);
	a.e = bytes(k.e, buf[1]);
	a.d = bytes(k.d, buf[2]);
	a.p = bytes(k.p, buf[3]);
	a.q = bytes(k.q, buf[4]);
	a.iqmp = bytes(k.iqmp, buf[5]);
	BN_CTX_end(k.ctx);
	BN_CTX_free(k.ctx);
	r = nk_privatekey_make(&a, &policy, &priv, &why);
	ck_assert_msg(r == keys[_i].want, "%s: %d %s", keys[_i].what, r,
	    why != NULL ? why : "");
	nk_privatekey_clear(&priv);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_privatekey_check");
	TCase *tc = tcase_create("rsa");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, key, 0, COUNT(keys));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
