/* SPDX-License-Identifier: ISC */

/*
 * Points of the NIST curves (SP 800-186, 3.2.1): y^2 = x^3 - 3x + b modulo p.
 *
 * The arithmetic is Montgomery's, on 64-bit limbs, least significant first:
 * nothing here is secret, so it need not run in constant time, and a key
 * file of thousands of lines is checked without a call into libcrypto.
 */

#include "lib/ssh/point.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/obj_mac.h>

#define UNCOMPRESSED	4	/* first byte of a point, SEC 1, 2.3.3 */
#define LIMBS_MAX	9

__extension__ typedef unsigned __int128 uint128;

struct curve {
	const char	*name;		/* RFC 5656, section 10.1 */
	const char	*group;		/* libcrypto's name */
	int		 nid;		/* and number */
	size_t		 bytes;		/* of a coordinate */
	unsigned int	 bits;		/* of the order */
	unsigned int	 limbs;
	uint64_t	 minus_inverse;	/* -1/p modulo 2^64 */
	uint64_t	 p[LIMBS_MAX];
	uint64_t	 b[LIMBS_MAX];		/* b R modulo p */
	uint64_t	 rr[LIMBS_MAX];		/* R^2 modulo p */
	uint64_t	 order_less_1[LIMBS_MAX];
};

static const struct curve curves[] = {
	{ "nistp256", "prime256v1", NID_X9_62_prime256v1, 32, 256, 4, 1,
	  { 0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000,
	    0xffffffff00000001 },
	  { 0xd89cdf6229c4bddf, 0xacf005cd78843090, 0xe5a220abf7212ed6,
	    0xdc30061d04874834 },
	  { 0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe,
	    0x00000004fffffffd },
	  { 0xf3b9cac2fc632550, 0xbce6faada7179e84, 0xffffffffffffffff,
	    0xffffffff00000000 } },
	{ "nistp384", "secp384r1", NID_secp384r1, 48, 384, 6, 0x100000001,
	  { 0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe,
	    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff },
	  { 0x081188719d412dcc, 0xf729add87a4c32ec, 0x77f2209b1920022e,
	    0xe3374bee94938ae2, 0xb62b21f41f022094, 0xcd08114b604fbff9 },
	  { 0xfffffffe00000001, 0x0000000200000000, 0xfffffffe00000000,
	    0x0000000200000000, 0x0000000000000001, 0x0000000000000000 },
	  { 0xecec196accc52972, 0x581a0db248b0a77a, 0xc7634d81f4372ddf,
	    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff } },
	{ "nistp521", "secp521r1", NID_secp521r1, 66, 521, 9, 1,
	  { 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
	    0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
	    0xffffffffffffffff, 0xffffffffffffffff, 0x00000000000001ff },
	  { 0x8014654fae586387, 0x78f7a28fea35a81f, 0x839ab9efc41e961a,
	    0xbd8b29605e9dd8df, 0xf0ab0c9ca8f63f49, 0xf9dc5a44c8c77884,
	    0x77516d392dccd98a, 0x0fc94d10d05b42a0, 0x000000000000004d },
	  { 0x0000000000000000, 0x0000400000000000, 0x0000000000000000,
	    0x0000000000000000, 0x0000000000000000, 0x0000000000000000,
	    0x0000000000000000, 0x0000000000000000, 0x0000000000000000 },
	  { 0xbb6fb71e91386408, 0x3bb5c9b8899c47ae, 0x7fcc0148f709a5d0,
	    0x51868783bf2f966b, 0xfffffffffffffffa, 0xffffffffffffffff,
	    0xffffffffffffffff, 0xffffffffffffffff, 0x00000000000001ff } },
};

static const struct curve *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	}
	return NULL;
}

const char *
nk_point_group(const char *curve)
{
	const struct curve *c = find(curve);

	return c != NULL ? c->group : NULL;
}

int
nk_point_nid(const char *curve)
{
	const struct curve *c = find(curve);

	return c != NULL ? c->nid : NID_undef;
}

/* ---- numbers of c->limbs limbs ---- */

static bool
is_below(const struct curve *c, const uint64_t *a, const uint64_t *b)
{
	unsigned int i;

	for (i = c->limbs; i-- > 0;) {
		if (a[i] != b[i])
			return a[i] < b[i];
	}
	return false;
}

static unsigned int
bits_of(const struct curve *c, const uint64_t *a)
{
	unsigned int i;

	for (i = c->limbs; i-- > 0;) {
		if (a[i] != 0)
			return 64 * i + 64 -
			    (unsigned int)__builtin_clzll(a[i]);
	}
	return 0;
}

/* a = a - b modulo 2^(64 limbs); returns the borrow. */
static uint64_t
subtract(const struct curve *c, uint64_t *a, const uint64_t *b)
{
	uint64_t borrow = 0;
	unsigned int i;

	for (i = 0; i < c->limbs; i++) {
		uint128 d = (uint128)a[i] - b[i] - borrow;

		a[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	return borrow;
}

static uint64_t
add(const struct curve *c, uint64_t *a, const uint64_t *b)
{
	uint64_t carry = 0;
	unsigned int i;

	for (i = 0; i < c->limbs; i++) {
		uint128 s = (uint128)a[i] + b[i] + carry;

		a[i] = (uint64_t)s;
		carry = (uint64_t)(s >> 64);
	}
	return carry;
}

static void
add_modulo(const struct curve *c, uint64_t *a, const uint64_t *b)
{
	if (add(c, a, b) != 0 || !is_below(c, a, c->p))
		(void)subtract(c, a, c->p);
}

static void
subtract_modulo(const struct curve *c, uint64_t *a, const uint64_t *b)
{
	if (subtract(c, a, b) != 0)
		(void)add(c, a, c->p);
}

/* *r = a b / R modulo p, where R is 2^(64 limbs); r may be a or b. */
static void
multiply(const struct curve *c, uint64_t *r, const uint64_t *a,
    const uint64_t *b)
{
	uint64_t t[LIMBS_MAX + 2] = { 0 }, m, carry;
	const unsigned int n = c->limbs;
	unsigned int i, j;
	uint128 s;

	for (i = 0; i < n; i++) {
		for (carry = 0, j = 0; j < n; j++) {
			s = (uint128)a[j] * b[i] + t[j] + carry;
			t[j] = (uint64_t)s;
			carry = (uint64_t)(s >> 64);
		}
		s = (uint128)t[n] + carry;
		t[n] = (uint64_t)s;
		t[n + 1] = (uint64_t)(s >> 64);
		m = t[0] * c->minus_inverse;
		s = (uint128)m * c->p[0] + t[0];
		for (carry = (uint64_t)(s >> 64), j = 1; j < n; j++) {
			s = (uint128)m * c->p[j] + t[j] + carry;
			t[j - 1] = (uint64_t)s;
			carry = (uint64_t)(s >> 64);
		}
		s = (uint128)t[n] + carry;
		t[n - 1] = (uint64_t)s;
		t[n] = t[n + 1] + (uint64_t)(s >> 64);
	}
	if (t[n] != 0 || !is_below(c, t, c->p))
		(void)subtract(c, t, c->p);
	memcpy(r, t, n * sizeof(*r));
}

/* The number that c->bytes bytes are, most significant first. */
static void
get_number(const struct curve *c, const uint8_t *p, uint64_t *a)
{
	size_t i;

	memset(a, 0, LIMBS_MAX * sizeof(*a));
	for (i = 0; i < c->bytes; i++)
		a[i / 8] |= (uint64_t)p[c->bytes - 1 - i] << (8 * (i % 8));
}

/* ---- points ---- */

static bool
is_on_curve(const struct curve *c, const uint64_t *x, const uint64_t *y)
{
	uint64_t xr[LIMBS_MAX], left[LIMBS_MAX], right[LIMBS_MAX];

	multiply(c, xr, x, c->rr);
	multiply(c, left, y, c->rr);
	multiply(c, left, left, left);
	multiply(c, right, xr, xr);
	multiply(c, right, right, xr);
	subtract_modulo(c, right, xr);
	subtract_modulo(c, right, xr);
	subtract_modulo(c, right, xr);
	add_modulo(c, right, c->b);
	return memcmp(left, right, c->limbs * sizeof(*left)) == 0;
}

/* Longer than half the group's order, and smaller than the order by two? */
static bool
is_sized(const struct curve *c, const uint64_t *a)
{
	return bits_of(c, a) > c->bits / 2 && is_below(c, a, c->order_less_1);
}

int
nk_point_check_nist(const char *curve, const uint8_t *p, size_t len)
{
	const struct curve *c = find(curve);
	uint64_t x[LIMBS_MAX], y[LIMBS_MAX];

	if (c == NULL || len != 1 + 2 * c->bytes || p[0] != UNCOMPRESSED)
		return -EBADMSG;
	get_number(c, p + 1, x);
	get_number(c, p + 1 + c->bytes, y);
	if (!is_below(c, x, c->p) || !is_below(c, y, c->p) ||
	    !is_on_curve(c, x, y) || !is_sized(c, x) || !is_sized(c, y))
		return -EBADMSG;
	return 0;
}
