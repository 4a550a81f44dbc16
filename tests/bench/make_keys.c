/* SPDX-License-Identifier: ISC */
/*
 * make_keys COUNT TYPE...
 *
 * COUNT public keys, of the types in turn, each another one: names as
 * authorized_keys has them, and rsa-BITS.  An RSA modulus is a random odd
 * number: who reads a public key cannot tell, and primes take their time.
 * TYPE may be a file of one line, which is then repeated.
 */
#include <sys/random.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/wire.h"

#define BLOB_MAX	4096

static void
print(const char *type, const uint8_t *blob, size_t len, unsigned long i)
{
	char *text;

	if (nk_base64_encode(blob, len, &text) < 0)
		errx(EXIT_FAILURE, "out of memory");
	printf("%s %s key %lu\n", type, text, i);
	free(text);
}

static void
must(int r)
{
	if (r < 0)
		errx(EXIT_FAILURE, "a key is too long");
}

static void
make_rsa(unsigned long bits, unsigned long i)
{
	uint8_t blob[BLOB_MAX], n[1 + 2048] = { 0 };
	struct nk_wire_out o = { blob, sizeof(blob) };
	size_t len = bits / 8;

	if (len < 128 || len > 1024 ||
	    getrandom(n + 1, len, 0) != (ssize_t)len)
		errx(EXIT_FAILURE, "rsa-%lu", bits);
	n[1] |= 0x80;
	n[len] |= 1;
	must(nk_wire_put_string(&o, "ssh-rsa", 7));
	must(nk_wire_put_string(&o, "\1\0\1", 3));
	must(nk_wire_put_string(&o, n, len + 1));
	print("ssh-rsa", blob, sizeof(blob) - o.left, i);
}

/* The numbers of a security key are those of a plain one, and its use. */
static void
make(const struct nk_keytype *t, const char *plain, unsigned long i)
{
	uint8_t blob[BLOB_MAX];
	struct nk_wire_out o = { blob, sizeof(blob) };
	struct nk_privatekey k;
	struct nk_wire w;
	const uint8_t *name;
	size_t len;

	if (nk_privatekey_generate(plain, 0, NULL, &k) < 0)
		errx(EXIT_FAILURE, "%s", plain);
	w = (struct nk_wire){ k.blob, k.blob_len };
	must(nk_wire_get_string(&w, &name, &len));
	must(nk_wire_put_string(&o, t->name, strlen(t->name)));
	must(nk_wire_put(&o, w.p, w.left));
	if (t->alg == NK_ALG_SK_ED25519 || t->alg == NK_ALG_SK_ECDSA)
		must(nk_wire_put_string(&o, "ssh:", 4));
	print(t->name, blob, sizeof(blob) - o.left, i);
	nk_privatekey_clear(&k);
}

static void
repeat(const char *path)
{
	char line[16384];
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		err(EXIT_FAILURE, "%s", path);
	(void)fclose(f);
	fputs(line, stdout);
}

static void
make_one(const char *word, unsigned long i)
{
	const struct nk_keytype *t;

	if (strncmp(word, "rsa-", 4) == 0) {
		make_rsa(strtoul(word + 4, NULL, 10), i);
		return;
	}
	if ((t = nk_keytype_find(word, strlen(word))) == NULL)
		repeat(word);
	else
		make(t, t->alg == NK_ALG_SK_ED25519 ? "ssh-ed25519" :
		    t->alg == NK_ALG_SK_ECDSA ? "ecdsa-sha2-nistp256" : word,
		    i);
}

int
main(int argc, char **argv)
{
	unsigned long i, n = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (n == 0)
		errx(EXIT_FAILURE, "usage: make_keys COUNT TYPE...");
	for (i = 0; i < n; i++)
		make_one(argv[2 + i % (unsigned long)(argc - 2)], i);
	if (ferror(stdout) || fflush(stdout) == EOF)
		err(EXIT_FAILURE, "standard output");
	return EXIT_SUCCESS;
}
