/* SPDX-License-Identifier: ISC */
#include "lib/ssh/weakkey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyblob.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/wire.h"

#define GENERATOR	65537u

static unsigned int
remainder_of(const uint8_t *n, size_t len, unsigned int p)
{
	uint32_t r = 0;
	size_t i;

	for (i = 0; i < len; i++)
		r = (r << 8 | n[i]) % p;	/* p < 2^8 */
	return r;
}

/* Is r a power of the generator modulo p? */
static bool
is_power(unsigned int r, unsigned int p)
{
	unsigned int x = 1;

	do {
		if (x == r)
			return true;
		x = x * (GENERATOR % p) % p;
	} while (x != 1);
	return false;
}

bool
nk_weakkey_is_roca(const uint8_t *n, size_t len)
{
	/*
	 * The primes up to 167 modulo which 65537 generates less than all
	 * remainders; modulo the others every number would pass.
	 */
	static const unsigned int primes[] = { 11, 13, 17, 19, 37, 53, 61,
	    71, 73, 79, 97, 103, 107, 109, 127, 151, 157 };
	size_t i;

	for (i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
		if (!is_power(remainder_of(n, len, primes[i]), primes[i]))
			return false;
	}
	return true;
}

static int
look_at_plain(const uint8_t *blob, size_t len, struct nk_weakkey *w)
{
	const struct nk_keypolicy any = { .rsa_min_bits = 0,
	    .sshd = { 99, 0 } };
	struct nk_keyblob kb;
	int r;

	if ((r = nk_keyblob_parse(blob, len, &any, &kb, NULL)) < 0)
		return r == -EPERM ? -EBADMSG : r;
	w->rsa = true;
	w->bits = kb.key.bits;
	if (kb.key.e_len == 1 && kb.key.e[0] < NK_RSA_EXPONENT_TINY)
		w->exponent = kb.key.e[0];
	w->roca = nk_weakkey_is_roca(kb.key.n, kb.key.n_len);
	return 0;
}

int
nk_weakkey_look(const uint8_t *blob, size_t len, struct nk_weakkey *w)
{
	struct nk_wire in = { blob, len };
	const struct nk_keytype *t;
	const uint8_t *name;
	uint8_t *plain;
	size_t n;
	int r;

	memset(w, 0, sizeof(*w));
	if (nk_wire_get_string(&in, &name, &n) < 0 ||
	    (t = nk_keytype_find((const char *)name, n)) == NULL)
		return -EBADMSG;
	if (t->alg != NK_ALG_RSA)
		return 0;
	if (!t->certificate)
		return look_at_plain(blob, len, w);
	if ((r = nk_keyblob_plain(blob, len, &plain, &n)) < 0)
		return r;
	r = look_at_plain(plain, n, w);
	free(plain);
	return r;
}
