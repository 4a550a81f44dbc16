/* SPDX-License-Identifier: ISC */

/*
 * What our reader of private keys thinks of files, for privatekey_oracle.sh,
 * which holds it against ssh-keygen, openssl and puttygen.
 *
 *	privatekey_oracle judge FILE...	for each file one line:
 *					"accept BITS TYPE BASE64 COMMENT" or
 *					"refuse ERRNO SENTENCE"
 *	privatekey_oracle convert FORM FILE	its key as openssh, pkcs8,
 *					pkcs1 or public
 *	privatekey_oracle generate TYPE BITS COMMENT	a new key as openssh
 *	privatekey_oracle mutate SEED N FOLDER FILE...	N files FOLDER/1 to N,
 *					each made of one of the files by a
 *					small change, whose names are printed
 */

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/privatekey.h"
#include "tests/integration/privatekey_mutate.h"

/* Small keys make the runs short. */
static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static int
read_key(const char *path, struct nk_privatekey *k, const char **whyp)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;
	int r;

	if ((f = fopen(path, "re")) == NULL)
		err(EXIT_FAILURE, "%s", path);
	if ((n = getdelim(&text, &size, EOF, f)) == -1)
		n = 0;
	(void)fclose(f);
	r = nk_privatekey_read(text != NULL ? text : "", (size_t)n, &policy,
	    k, whyp);
	free(text);
	return r;
}

static void
print_public(const struct nk_privatekey *k)
{
	char *line;

	if (nk_privatekey_public_line(k, &line) < 0)
		errx(EXIT_FAILURE, "out of memory");
	puts(line);
	free(line);
}

static void
judge(const char *path)
{
	const char *why = "";
	struct nk_privatekey k;
	int r;

	if ((r = read_key(path, &k, &why)) < 0) {
		printf("refuse %s %s\n", strerrorname_np(-r), why);
		return;
	}
	printf("accept %u ", k.bits);
	print_public(&k);
	nk_privatekey_clear(&k);
}

static void
print_key(const struct nk_privatekey *k, enum nk_privatekey_format form)
{
	struct nk_secret text = NK_SECRET_NONE;
	int r;

	if ((r = nk_privatekey_write(k, form, &text)) < 0)
		errx(EXIT_FAILURE, "%s", strerrorname_np(-r));
	if (fwrite(text.p, 1, text.len, stdout) != text.len)
		err(EXIT_FAILURE, "standard output");
	nk_secret_clear(&text);
}

static void
convert(const char *form, const char *path)
{
	static const char *const forms[] = { "openssh", "pkcs8", "pkcs1" };
	const char *why = "";
	struct nk_privatekey k;
	size_t i;

	if (read_key(path, &k, &why) < 0)
		errx(EXIT_FAILURE, "%s: %s", path, why);
	if (strcmp(form, "public") == 0)
		print_public(&k);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(form, forms[i]) == 0)
			print_key(&k, (enum nk_privatekey_format)i);
	}
	nk_privatekey_clear(&k);
}

static void
generate(const char *type, const char *bits, const char *comment)
{
	struct nk_privatekey k;
	int r;

	r = nk_privatekey_generate(type, (unsigned int)strtoul(bits, NULL,
	    10), comment, &k);
	if (r < 0)
		errx(EXIT_FAILURE, "%s", strerrorname_np(-r));
	print_key(&k, NK_PRIVATEKEY_OPENSSH);
	nk_privatekey_clear(&k);
}

static void
write_file(const char *folder, unsigned long number,
    const struct nk_secret *text)
{
	char path[4096];
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%lu", folder, number) >=
	    (int)sizeof(path))
		errx(EXIT_FAILURE, "%s: too long", folder);
	if ((f = fopen(path, "wxe")) == NULL ||
	    fwrite(text->p, 1, text->len, f) != text->len || fclose(f) != 0)
		err(EXIT_FAILURE, "%s", path);
}

static void
mutate(char *const *args)
{
	uint64_t state = strtoull(args[0], NULL, 10) * 2 + 1;
	const unsigned long n = strtoul(args[1], NULL, 10);
	char name[MUTATION_NAME_MAX];
	struct nk_secret text;
	struct nk_privatekey k;
	const char *why = "";
	unsigned long i;
	size_t files = 0;

	while (args[3 + files] != NULL)
		files++;
	for (i = 1; i <= n && files > 0; i++) {
		if (read_key(args[3 + i % files], &k, &why) < 0)
			errx(EXIT_FAILURE, "%s: %s", args[3 + i % files], why);
		text = NK_SECRET_NONE;
		mutate_privatekey(&state, &k, &text, name);
		puts(name);
		write_file(args[2], i, &text);
		nk_secret_clear(&text);
		nk_privatekey_clear(&k);
	}
}

int
main(int argc, char *argv[])
{
	int i;

	if (argc > 2 && strcmp(argv[1], "judge") == 0) {
		for (i = 2; i < argc; i++)
			judge(argv[i]);
	} else if (argc == 4 && strcmp(argv[1], "convert") == 0)
		convert(argv[2], argv[3]);
	else if (argc == 5 && strcmp(argv[1], "generate") == 0)
		generate(argv[2], argv[3], argv[4]);
	else if (argc > 5 && strcmp(argv[1], "mutate") == 0)
		mutate(argv + 2);
	else {
		fprintf(stderr, "usage: privatekey_oracle judge FILE... | "
		    "convert FORM FILE | generate TYPE BITS COMMENT | "
		    "mutate SEED N FOLDER FILE...\n");
		return 2;
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
