/* SPDX-License-Identifier: ISC */
/*
 * make_keypairs STATE-DIR COUNT sealed|public
 *
 * COUNT Ed25519 keypairs straight into a store that is there, with their
 * private halves sealed or without them.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keychain/keychain.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/privatekey.h"

static void
must(int r, const char *what)
{
	if (r < 0)
		errx(EXIT_FAILURE, "%s: %s", what, strerror(-r));
}

static void
add(struct nk_keychain *kc, unsigned long i, bool sealed)
{
	char name[32], type[] = "ssh-ed25519", by[] = "root";
	struct nk_credential row = {
		.type = NK_CREDENTIAL_KEYPAIR, .bits = 256, .name = name,
		.key_type = type, .created_by = by, .created_at = 1700000000,
	};
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_privatekey k;

	(void)snprintf(name, sizeof(name), "pair %lu", i);
	must(nk_privatekey_generate(type, 0, name, &k), "key");
	must(nk_privatekey_public_line(&k, &row.public_key), "key");
	must(nk_fingerprint_sha256(k.blob, k.blob_len, &row.fingerprint),
	    "key");
	must(nk_credential_insert(kc->store, &row), "store");
	if (sealed) {
		must(nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH, &text),
		    "key");
		must(nk_keychain_seal(kc, row.id, text.p, text.len), "seal");
	}
	nk_secret_clear(&text);
	free(row.public_key);
	free(row.fingerprint);
	nk_privatekey_clear(&k);
}

int
main(int argc, char **argv)
{
	char path[4096], key[4096];
	struct nk_keychain kc;
	struct nk_store *s;
	unsigned long i, n;

	if (argc != 4 || (n = strtoul(argv[2], NULL, 10)) == 0)
		errx(EXIT_FAILURE, "usage: make_keypairs STATE-DIR COUNT "
		    "sealed|public");
	(void)snprintf(path, sizeof(path), "%s/naskeys.db", argv[1]);
	(void)snprintf(key, sizeof(key), "%s/seal.key", argv[1]);
	must(nk_store_open(&s, path, NK_STORE_CREATE), path);
	nk_keychain_init(&kc, s, key);
	must(nk_store_begin(s), path);
	for (i = 0; i < n; i++)
		add(&kc, i, strcmp(argv[3], "sealed") == 0);
	must(nk_store_commit(s), path);
	nk_keychain_clear(&kc);
	nk_store_close(s);
	return EXIT_SUCCESS;
}
