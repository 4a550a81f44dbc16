/* SPDX-License-Identifier: ISC */
/*
 * list_keys FILE
 *
 * What ssh-keygen -lf prints for a file of public keys, by our own parser:
 * every key is checked whole, and refused where it would be on its way into
 * the store.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/keytype.h"

static const char *const names[] = {
	[NK_ALG_ED25519] = "ED25519", [NK_ALG_RSA] = "RSA",
	[NK_ALG_ECDSA] = "ECDSA", [NK_ALG_SK_ED25519] = "ED25519-SK",
	[NK_ALG_SK_ECDSA] = "ECDSA-SK",
};

static void
print(const struct nk_keyline *l)
{
	const struct nk_keytype *t = nk_keytype_find(l->type,
	    strlen(l->type));
	char *fp;

	if (t == NULL ||
	    nk_fingerprint_sha256(l->blob, l->blob_len, &fp) < 0)
		errx(EXIT_FAILURE, "%s", l->type);
	printf("%u %s %s (%s%s)\n", l->bits, fp,
	    l->comment != NULL ? l->comment : "no comment", names[t->alg],
	    t->certificate ? "-CERT" : "");
	free(fp);
}

int
main(int argc, char **argv)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_keyline l;
	const char *why;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *f;

	if (argc != 2 || (f = fopen(argv[1], "re")) == NULL)
		err(EXIT_FAILURE, "%s", argc == 2 ? argv[1] : "usage");
	while ((n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] == '\n')
			n--;
		if (nk_keyline_parse(line, (size_t)n, &policy, &l, &why) < 0)
			errx(EXIT_FAILURE, "%s", why);
		if (l.kind == NK_LINE_KEY)
			print(&l);
		nk_keyline_clear(&l);
	}
	free(line);
	if (ferror(f) || fclose(f) == EOF || fflush(stdout) == EOF)
		err(EXIT_FAILURE, "%s", argv[1]);
	return EXIT_SUCCESS;
}
