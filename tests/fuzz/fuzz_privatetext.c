/* SPDX-License-Identifier: ISC */
/*
 * What the sandbox may answer: what is taken as a key is packed to the same
 * bytes again, what is taken as a refusal says why in one printable line,
 * and what is neither leaves nothing.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keychain/privatetext.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
check_key(const struct nk_privatekey *k, const uint8_t *data, size_t size)
{
	struct nk_secret again = NK_SECRET_NONE;

	require(k->type != NULL && k->blob != NULL && k->numbers.len > 0);
	require(nk_secret_append(&again, "\0\0\0\0\0\0\0\0", 8) == 0);
	require(nk_privatekey_pack(k, &again) == 0);
	require(again.len == size && memcmp(again.p, data, size) == 0);
	nk_secret_clear(&again);
}

static void
check_why(const char *why)
{
	size_t len = strnlen(why, NK_PRIVATETEXT_WHY_MAX + 1), i;

	require(len > 0 && len <= NK_PRIVATETEXT_WHY_MAX);
	for (i = 0; i < len; i++)
		require(why[i] >= ' ' && why[i] <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the RSA key of the corpus is small */
	const struct nk_keypolicy policy = {
		1024, NK_KEYLINE_MAX, NK_KEYLINES_MAX, { 9, 2 },
	};
	struct nk_secret answer = NK_SECRET_NONE;
	struct nk_privatetext_why why;
	struct nk_privatekey k;
	int r;

	if (nk_secret_append(&answer, data, size) < 0)
		return 0;
	r = nk_privatetext_answer(&answer, &policy, &k, &why);
	if (r == 0)
		check_key(&k, data, size);
	else
		require(k.type == NULL && k.numbers.p == NULL);
	if (r == 0 || r == -EIO)
		require(why.text[0] == '\0');
	else if (r != -ENOMEM)
		check_why(why.text);
	nk_privatekey_clear(&k);
	nk_secret_clear(&answer);
	return 0;
}
