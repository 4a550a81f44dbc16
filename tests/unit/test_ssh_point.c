/* SPDX-License-Identifier: ISC */

/* Points of the NIST curves: libcrypto's arithmetic is the oracle. */

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include "lib/ssh/point.h"

#define POINTS		400
#define FLIPS		8	/* of each point */
#define POINT_MAX	133	/* bytes, on nistp521 */

static const struct {
	const char	*curve;
	const char	*group;
	int		 nid;
	int		 bits;
} curves[] = {
	{ "nistp256", "prime256v1", NID_X9_62_prime256v1, 256 },
	{ "nistp384", "secp384r1", NID_secp384r1, 384 },
	{ "nistp521", "secp521r1", NID_secp521r1, 521 },
};

#define CURVES	((int)(sizeof(curves) / sizeof(curves[0])))

/* Have the coordinates the size that ssh-keygen asks for? */
static bool
is_sized(const EC_GROUP *group, const EC_POINT *p)
{
	BIGNUM *xy[2] = { BN_new(), BN_new() };
	BIGNUM *limit = BN_dup(EC_GROUP_get0_order(group));
	int i, half = BN_num_bits(limit) / 2;
	bool sized = true;

	ck_assert_int_eq(BN_sub_word(limit, 1), 1);
	ck_assert_int_eq(EC_POINT_get_affine_coordinates(group, p, xy[0],
	    xy[1], NULL), 1);
	for (i = 0; i < 2; i++) {
		if (BN_num_bits(xy[i]) <= half || BN_cmp(xy[i], limit) >= 0)
			sized = false;
		BN_free(xy[i]);
	}
	BN_free(limit);
	return sized;
}

static int
oracle(const EC_GROUP *group, const uint8_t *buf, size_t len)
{
	EC_POINT *p = EC_POINT_new(group);
	int r = -EBADMSG;

	ck_assert_ptr_nonnull(p);
	if (buf[0] == POINT_CONVERSION_UNCOMPRESSED &&
	    EC_POINT_oct2point(group, p, buf, len, NULL) == 1 &&
	    is_sized(group, p))
		r = 0;
	EC_POINT_free(p);
	return r;
}

/* Random points are taken; with any bit flipped, libcrypto decides. */
START_TEST(random_points)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[_i].nid);
	EC_POINT *p = EC_POINT_new(group);
	uint8_t buf[POINT_MAX];
	BIGNUM *k = BN_new();
	int i, j, taken = 0;
	size_t len, at;

	srandom(1);
	for (i = 0; i < POINTS; i++) {
		ck_assert_int_eq(BN_rand(k, curves[_i].bits - 1,
		    BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ODD), 1);
		ck_assert_int_eq(EC_POINT_mul(group, p, k, NULL, NULL, NULL),
		    1);
		len = EC_POINT_point2oct(group, p,
		    POINT_CONVERSION_UNCOMPRESSED, buf, sizeof(buf), NULL);
		ck_assert_uint_gt(len, 0);
		ck_assert_int_eq(nk_point_check_nist(curves[_i].curve, buf,
		    len), oracle(group, buf, len));
		taken += nk_point_check_nist(curves[_i].curve, buf, len) == 0;
		ck_assert_int_eq(nk_point_check_nist(curves[_i].curve, buf,
		    len - 1), -EBADMSG);
		for (j = 0; j < FLIPS; j++) {
			at = (size_t)random() % len;
			buf[at] ^= (uint8_t)(1 << random() % 8);
			ck_assert_int_eq(nk_point_check_nist(
			    curves[_i].curve, buf, len),
			    oracle(group, buf, len));
		}
	}
	ck_assert_int_gt(taken, POINTS / 2);
	BN_free(k);
	EC_POINT_free(p);
	EC_GROUP_free(group);
}
END_TEST

#define P25519	"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define D25519	"52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"

/* What libcrypto's own Jacobi symbol says of x^2 = (y^2-1)/(d y^2+1). */
static int
oracle_ed25519(const uint8_t y[NK_ED25519_SIZE], const BIGNUM *p,
    const BIGNUM *d, BN_CTX *ctx)
{
	uint8_t plain[NK_ED25519_SIZE];
	BIGNUM *n, *u, *v;
	int symbol;

	memcpy(plain, y, sizeof(plain));
	plain[NK_ED25519_SIZE - 1] &= 0x7f;	/* the sign of x */
	n = BN_lebin2bn(plain, sizeof(plain), NULL);
	BN_CTX_start(ctx);
	u = BN_CTX_get(ctx);
	ck_assert_ptr_nonnull(v = BN_CTX_get(ctx));
	ck_assert_ptr_nonnull(n);
	if (BN_cmp(n, p) >= 0) {
		symbol = 0;
	} else {
		ck_assert(BN_mod_sqr(u, n, p, ctx) == 1 &&
		    BN_mod_mul(v, u, d, p, ctx) == 1 &&
		    BN_add_word(v, 1) == 1 && BN_sub_word(u, 1) == 1 &&
		    BN_mod_mul(u, u, v, p, ctx) == 1);
		symbol = BN_kronecker(u, p, ctx);
	}
	BN_free(n);
	BN_CTX_end(ctx);
	return symbol == 1 ? 0 : -EBADMSG;
}

/* Random numbers, of which half are a point's, long, short and near p. */
START_TEST(random_ed25519)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = NULL, *d = NULL;
	uint8_t y[NK_ED25519_SIZE];
	int i, j, taken = 0;

	ck_assert(BN_hex2bn(&p, P25519) == 64 &&
	    BN_hex2bn(&d, D25519) == 64);
	srandom(1);
	for (i = 0; i < 20000; i++) {
		memset(y, i % 3 == 1 ? 0xff : 0, sizeof(y));
		for (j = 0; j < (i % 3 == 0 ? NK_ED25519_SIZE :
		    1 + i % 24); j++)
			y[j] = (uint8_t)random();
		/* 0, 1 and what else has a small order is another test's */
		y[0] |= 2;
		ck_assert_int_eq(nk_point_check_ed25519(y),
		    oracle_ed25519(y, p, d, ctx));
		taken += nk_point_check_ed25519(y) == 0;
	}
	ck_assert_int_gt(taken, 9000);
	ck_assert_int_lt(taken, 11000);
	BN_free(p);
	BN_free(d);
	BN_CTX_free(ctx);
}
END_TEST

/*
 * The x of a point and y plus p, or x plus p and y, where that still fits:
 * the same point for arithmetic that reduces first, but not written so.
 */
START_TEST(not_reduced)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[_i].nid);
	size_t bytes = (size_t)(curves[_i].bits + 7) / 8;
	uint8_t buf[POINT_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	BIGNUM *p = BN_new(), *x = BN_new(), *y = BN_new();
	int word, which, tried = 0;

	ck_assert_int_eq(EC_GROUP_get_curve(group, p, NULL, NULL, NULL), 1);
	for (word = 0; word < 200; word++) {
		EC_POINT *q = EC_POINT_new(group);

		ck_assert_int_eq(BN_set_word(x, (BN_ULONG)word), 1);
		if (EC_POINT_set_compressed_coordinates(group, q, x, 0,
		    NULL) == 1) {
			ck_assert_int_eq(EC_POINT_get_affine_coordinates(
			    group, q, x, y, NULL), 1);
			which = curves[_i].bits == 521 ? word % 2 : 0;
			ck_assert_int_eq(BN_add(which == 0 ? x : y,
			    which == 0 ? x : y, p), 1);
			if (BN_num_bytes(x) <= (int)bytes &&
			    BN_num_bytes(y) <= (int)bytes) {
				ck_assert_int_gt(BN_bn2binpad(x, buf + 1,
				    (int)bytes), 0);
				ck_assert_int_gt(BN_bn2binpad(y,
				    buf + 1 + bytes, (int)bytes), 0);
				ck_assert_int_eq(nk_point_check_nist(
				    curves[_i].curve, buf, 1 + 2 * bytes),
				    -EBADMSG);
				tried++;
			}
		}
		EC_POINT_free(q);
	}
	ck_assert_int_gt(tried, 10);
	BN_free(p);
	BN_free(x);
	BN_free(y);
	EC_GROUP_free(group);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(nk_point_group(curves[_i].curve), curves[_i].group);
	ck_assert_int_eq(nk_point_nid(curves[_i].curve),
	    OBJ_sn2nid(curves[_i].group));
	ck_assert_ptr_null(nk_point_group(curves[_i].group));
	ck_assert_int_eq(nk_point_check_nist("nistp224",
	    (const uint8_t *)"\4", 1), -EBADMSG);
	ck_assert_int_eq(nk_point_check_nist(curves[_i].curve,
	    (const uint8_t *)"", 0), -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("point");
	TCase *tc = tcase_create("nist");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_points, 0, CURVES);
	tcase_add_loop_test(tc, not_reduced, 0, CURVES);
	tcase_add_loop_test(tc, names, 0, CURVES);
	tcase_add_test(tc, random_ed25519);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
