/* SPDX-License-Identifier: ISC */

/*
 * Public key blobs.  One that is accepted has its end exactly where it is,
 * has fingerprints, and the key in an accepted certificate is accepted too,
 * and no weaker.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/weakkey.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static void
must(int yes)
{
	if (!yes)
		abort();
}

static void
check_weakness(const uint8_t *data, size_t size, const uint8_t *plain,
    size_t len, const struct nk_keyblob *kb)
{
	struct nk_weakkey a, b;

	must(nk_weakkey_look(data, size, &a) == 0);
	must(nk_weakkey_look(plain, len, &b) == 0);
	must(a.rsa == b.rsa && a.roca == b.roca && a.bits == b.bits &&
	    a.exponent == b.exponent);
	must(a.rsa == (kb->type->alg == NK_ALG_RSA));
	must(a.bits == (a.rsa ? kb->key.bits : 0));
	must(a.exponent != 1 && a.exponent % 2 == (a.exponent != 0));
}

static void
check_plain(const uint8_t *data, size_t size, const struct nk_keyblob *kb)
{
	struct nk_keyblob plain_kb;
	uint8_t *plain;
	char *a, *b;
	size_t len;

	must(nk_keyblob_plain(data, size, &plain, &len) == 0 && len <= size);
	must(nk_keyblob_parse(plain, len, &policy, &plain_kb, NULL) == 0);
	must(!plain_kb.type->certificate);
	must(plain_kb.key.bits == kb->key.bits);
	must(strcmp(plain_kb.type->name, kb->type->plain) == 0);
	must(nk_fingerprint_sha256(data, size, &a) == 0);
	must(nk_fingerprint_sha256(plain, len, &b) == 0);
	must(strcmp(a, b) == 0);
	free(a);
	free(b);
	check_weakness(data, size, plain, len, kb);
	free(plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct nk_keyblob kb, other;
	struct nk_weakkey weak;
	uint8_t *longer;

	(void)!nk_weakkey_look(data, size, &weak);	/* whatever it is */
	if (nk_keyblob_parse(data, size, &policy, &kb, &why) < 0) {
		must(why != NULL);
		return 0;
	}
	must(nk_keyblob_parse(data, size - 1, &policy, &other, NULL) < 0);
	must((longer = malloc(size + 1)) != NULL);
	memcpy(longer, data, size);
	longer[size] = 0;
	must(nk_keyblob_parse(longer, size + 1, &policy, &other, NULL) < 0);
	free(longer);
	check_plain(data, size, &kb);
	return 0;
}
