/* SPDX-License-Identifier: ISC */

/*
 * Points of edwards25519 (RFC 8032, section 5.1).
 *
 * The numbers are four limbs of 64 bits, least significant first.  Nothing
 * here is secret, so none of it need run in constant time, and a key file of
 * thousands of lines is checked without a call into libcrypto.
 */

#include "lib/ssh/point.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define LIMBS		4

__extension__ typedef unsigned __int128 uint128;

/* 2^255 - 19 */
static const uint64_t prime[LIMBS] = {
	0xffffffffffffffed, 0xffffffffffffffff, 0xffffffffffffffff,
	0x7fffffffffffffff,
};
static const uint64_t constant_d[LIMBS] = {
	0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898,
	0x52036cee2b6ffe73,
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

/* ---- numbers ---- */

static void
get_number(uint64_t a[LIMBS], const uint8_t bytes[static NK_ED25519_SIZE])
{
	size_t i;

	memset(a, 0, LIMBS * sizeof(*a));
	for (i = 0; i < NK_ED25519_SIZE; i++)
		a[i / 8] |= (uint64_t)bytes[i] << (8 * (i % 8));
}

/* Below 0, 0 or above, as a is to b; on n limbs. */
static int
compare(const uint64_t *a, const uint64_t *b, size_t n)
{
	while (n-- > 0) {
		if (a[n] != b[n])
			return a[n] < b[n] ? -1 : 1;
	}
	return 0;
}

/* a = a - b, which is not below 0, on n limbs. */
static void
subtract(uint64_t *a, const uint64_t *b, size_t n)
{
	uint64_t borrow = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint128 d = (uint128)a[i] - b[i] - borrow;

		a[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
}

/* a = a + v, where there is room for it: both below 2^255. */
static void
add_small(uint64_t a[LIMBS], uint64_t v)
{
	size_t i;

	for (i = 0; i < LIMBS && v != 0; i++) {
		uint128 s = (uint128)a[i] + v;

		a[i] = (uint64_t)s;
		v = (uint64_t)(s >> 64);
	}
}

/* The number below the prime that a, of any size, stands for. */
static void
reduce(uint64_t a[LIMBS])
{
	uint64_t top = a[LIMBS - 1] >> 63;

	a[LIMBS - 1] &= UINT64_MAX >> 1;
	add_small(a, 19 * top);		/* 2^255 is 19 */
	if (compare(a, prime, LIMBS) >= 0)
		subtract(a, prime, LIMBS);
}

/* r = a b modulo the prime; r may be a or b. */
static void
multiply(uint64_t r[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
	uint64_t t[2 * LIMBS] = { 0 }, carry;
	size_t i, j;

	for (i = 0; i < LIMBS; i++) {
		for (carry = 0, j = 0; j < LIMBS; j++) {
			uint128 s = (uint128)a[i] * b[j] + t[i + j] + carry;

			t[i + j] = (uint64_t)s;
			carry = (uint64_t)(s >> 64);
		}
		t[i + LIMBS] = carry;
	}
	/* 2^256 is 38: fold the upper half, and then what that leaves */
	for (carry = 0, i = 0; i < LIMBS; i++) {
		uint128 s = (uint128)t[i + LIMBS] * 38 + t[i] + carry;

		r[i] = (uint64_t)s;
		carry = (uint64_t)(s >> 64);
	}
	carry *= 38;
	for (i = 0; carry != 0; i = (i + 1) % LIMBS) {
		uint128 s = (uint128)r[i] + carry;

		r[i] = (uint64_t)s;
		carry = (uint64_t)(s >> 64);
		if (i == LIMBS - 1)
			carry *= 38;
	}
	reduce(r);
}

/* ---- squares ---- */

/* a = a / 2^n, for n below 64, on len limbs. */
static void
shift_right(uint64_t *a, unsigned int n, size_t len)
{
	size_t i;

	if (n == 0)
		return;
	for (i = 0; i + 1 < len; i++)
		a[i] = a[i] >> n | a[i + 1] << (64 - n);
	a[len - 1] >>= n;
}

/* Take the factors of 2 out of a, which is not 0; how many they were. */
static unsigned int
make_odd(uint64_t *a, size_t len)
{
	unsigned int n = 0, k;

	while (a[0] == 0) {
		memmove(a, a + 1, (len - 1) * sizeof(*a));
		a[len - 1] = 0;
		n += 64;
	}
	k = (unsigned int)__builtin_ctzll(a[0]);
	shift_right(a, k, len);
	return n + k;
}

/*
 * Is v, which is below the prime and not 0, a square modulo the prime?  That
 * is so when the Jacobi symbol of the two is 1: 2 turns its sign for a lower
 * number of 3 or 5 modulo 8, and an exchange when both are 3 modulo 4.
 */
static bool
is_square(const uint64_t v[LIMBS])
{
	uint64_t x[LIMBS], y[LIMBS], *a = x, *n = y, *t;
	size_t len = LIMBS;
	bool minus = false;
	int order;

	memcpy(x, v, sizeof(x));
	memcpy(y, prime, sizeof(y));
	for (;;) {
		while (len > 1 && a[len - 1] == 0 && n[len - 1] == 0)
			len--;
		if (make_odd(a, len) % 2 == 1 &&
		    ((n[0] & 7) == 3 || (n[0] & 7) == 5))
			minus = !minus;
		/* equal: both are 1, since the prime has no divisor */
		if ((order = compare(a, n, len)) == 0)
			return !minus;
		if (order < 0) {
			t = a;
			a = n;
			n = t;
			if ((a[0] & n[0] & 3) == 3)
				minus = !minus;
		}
		subtract(a, n, len);
	}
}

/*
 * Is there an x with -x^2 + y^2 = 1 + d x^2 y^2?  That is so when
 * (y^2 - 1) (d y^2 + 1) is a square.  It is never 0 here: y^2 is not 1 (of
 * small order), and -1/d is no square.
 */
static bool
is_on_curve(const uint64_t y[LIMBS])
{
	static const uint64_t one[LIMBS] = { 1 };
	uint64_t u[LIMBS], v[LIMBS];

	multiply(u, y, y);
	multiply(v, u, constant_d);
	add_small(v, 1);
	reduce(v);
	subtract(u, one, LIMBS);	/* y is not 0: of small order, too */
	multiply(u, u, v);
	return is_square(u);
}

int
nk_point_check_ed25519(const uint8_t p[static NK_ED25519_SIZE])
{
	uint8_t bytes[NK_ED25519_SIZE];
	uint64_t y[LIMBS];
	size_t i;

	memcpy(bytes, p, sizeof(bytes));
	bytes[NK_ED25519_SIZE - 1] &= 0x7f;	/* the sign of x */
	get_number(y, bytes);
	if (compare(y, prime, LIMBS) >= 0)
		return -EBADMSG;
	for (i = 0; i < COUNT(small_order); i++) {
		if (memcmp(small_order[i], bytes, sizeof(bytes)) == 0)
			return -EBADMSG;
	}
	return is_on_curve(y) ? 0 : -EBADMSG;
}
