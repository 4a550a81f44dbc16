/* SPDX-License-Identifier: ISC */

/*
 * Private keys: a text, or (where the first byte is NUL) a packed key.  What
 * is read can be written in each form and read again as the same key, and
 * packed and unpacked; what is unpacked is packed to the same bytes.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyblob.h"
#include "lib/ssh/privatekey.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static void
must(int yes)
{
	if (!yes)
		abort();
}

static void
must_be_empty(const struct nk_privatekey *k)
{
	must(k->type == NULL && k->numbers.p == NULL && k->blob == NULL &&
	    k->comment == NULL);
}

static void
must_be_same(const struct nk_privatekey *a, const struct nk_privatekey *b)
{
	must(a->type == b->type && a->bits == b->bits &&
	    a->numbers.len == b->numbers.len &&
	    memcmp(a->numbers.p, b->numbers.p, a->numbers.len) == 0 &&
	    a->blob_len == b->blob_len &&
	    memcmp(a->blob, b->blob, a->blob_len) == 0);
}

static void
check_form(const struct nk_privatekey *k, enum nk_privatekey_format format)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_privatekey again;
	int r;

	r = nk_privatekey_write(k, format, &text);
	if (format == NK_PRIVATEKEY_PKCS1 && k->type->alg != NK_ALG_RSA) {
		must(r == -ENOTSUP);
		nk_secret_clear(&text);
		return;
	}
	must(r == 0);
	must(nk_privatekey_read((const char *)text.p, text.len, &policy,
	    &again, NULL) == 0);
	must_be_same(k, &again);
	if (format == NK_PRIVATEKEY_OPENSSH)
		must((k->comment == NULL && again.comment == NULL) ||
		    strcmp(k->comment, again.comment) == 0);
	nk_privatekey_clear(&again);
	nk_secret_clear(&text);
}

static void
check_packed(const struct nk_privatekey *k)
{
	struct nk_secret packed = NK_SECRET_NONE;
	struct nk_privatekey again;

	must(nk_privatekey_pack(k, &packed) == 0);
	must(nk_privatekey_unpack(packed.p, packed.len, &again) == 0);
	must_be_same(k, &again);
	nk_privatekey_clear(&again);
	must(nk_privatekey_unpack(packed.p, packed.len - 1, &again) < 0);
	must_be_empty(&again);
	nk_secret_clear(&packed);
}

static void
fuzz_text(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct nk_keyblob kb;
	struct nk_privatekey k;
	char *line;

	if (nk_privatekey_read((const char *)data, size, &policy, &k,
	    &why) < 0) {
		must(why != NULL);
		must_be_empty(&k);
		return;
	}
	must(nk_keyblob_parse(k.blob, k.blob_len, &policy, &kb, NULL) == 0);
	must(kb.type == k.type && kb.key.bits == k.bits);
	must(nk_privatekey_public_line(&k, &line) == 0);
	free(line);
	check_form(&k, NK_PRIVATEKEY_OPENSSH);
	check_form(&k, NK_PRIVATEKEY_PKCS8);
	check_form(&k, NK_PRIVATEKEY_PKCS1);
	check_packed(&k);
	nk_privatekey_clear(&k);
}

static void
fuzz_packed(const uint8_t *data, size_t size)
{
	struct nk_secret packed = NK_SECRET_NONE, text = NK_SECRET_NONE;
	struct nk_privatekey k;

	if (nk_privatekey_unpack(data, size, &k) < 0) {
		must_be_empty(&k);
		return;
	}
	must(nk_privatekey_pack(&k, &packed) == 0);
	must(packed.len == size && memcmp(packed.p, data, size) == 0);
	/* the numbers need not make up a key, but writing them is safe */
	must(nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH, &text) == 0);
	(void)!nk_privatekey_write(&k, NK_PRIVATEKEY_PKCS8, &text);
	nk_secret_clear(&packed);
	nk_secret_clear(&text);
	nk_privatekey_clear(&k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == '\0')
		fuzz_packed(data, size);
	else
		fuzz_text(data, size);
	return 0;
}
