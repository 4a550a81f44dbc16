/* SPDX-License-Identifier: ISC */

/*
 * What our parser thinks of key lines, for keygen_oracle.sh, which holds it
 * against ssh-keygen.
 *
 *	keyline_oracle			for each line of standard input one:
 *					"accept BITS SHA256 MD5 TYPE",
 *					"refuse ERRNO SENTENCE",
 *					"comment" or "blank"
 *	keyline_oracle --text		the same of the whole input as one
 *					text, a line for each line of it
 *	keyline_oracle --sk		security keys made of the Ed25519 and
 *					P-256 key lines of standard input
 *	keyline_oracle --mutate SEED N	N lines, each made of a line of
 *					standard input by a small change
 */

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/wire.h"
#include "tests/integration/keyline_mutate.h"

#define LINES_MAX	256

static void
print_verdict(int r, const struct nk_keyline *l, const char *why)
{
	char *sha256 = NULL, *md5 = NULL;

	if (r < 0) {
		printf("refuse %s %s\n", strerrorname_np(-r), why);
		return;
	}
	if (l->kind != NK_LINE_KEY) {
		puts(l->kind == NK_LINE_BLANK ? "blank" : "comment");
		return;
	}
	if (nk_fingerprint_sha256(l->blob, l->blob_len, &sha256) < 0 ||
	    nk_fingerprint_md5(l->blob, l->blob_len, &md5) < 0)
		errx(EXIT_FAILURE, "fingerprint failed");
	if (nk_fingerprint_check(sha256) < 0 || nk_fingerprint_check(md5) < 0)
		errx(EXIT_FAILURE, "our own fingerprint is refused");
	printf("accept %u %s %s %s\n", l->bits, sha256, md5, l->type);
	free(sha256);
	free(md5);
}

/* Read one line of standard input without its newline; false at the end. */
static bool
read_line(char **linep, size_t *sizep, size_t *lenp)
{
	ssize_t n = getline(linep, sizep, stdin);

	if (n == -1)
		return false;
	if (n > 0 && (*linep)[n - 1] == '\n')
		(*linep)[--n] = '\0';
	*lenp = (size_t)n;
	return true;
}

static void
judge_lines(void)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	const char *why = "";
	struct nk_keyline l;
	char *line = NULL;
	size_t size = 0, len;
	int r;

	while (read_line(&line, &size, &len)) {
		r = nk_keyline_parse(line, len, &policy, &l, &why);
		print_verdict(r, &l, why);
		nk_keyline_clear(&l);
	}
	free(line);
}

static void
judge_text(void)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	const char *why = "";
	struct nk_keylines ls;
	char *text = NULL;
	size_t size = 0, i, bad;
	ssize_t n;
	int r;

	if ((n = getdelim(&text, &size, EOF, stdin)) == -1)
		n = 0;
	r = nk_keylines_parse(text, (size_t)n, &policy, &ls, &bad, &why);
	if (r < 0)
		printf("refuse %s %zu %s\n", strerrorname_np(-r), bad, why);
	for (i = 0; i < ls.n; i++)
		print_verdict(0, &ls.v[i], why);
	nk_keylines_clear(&ls);
	free(text);
}

static void
make_sk(void)
{
	static const struct {
		const char	*from, *to;
	} types[] = {
		{ "ssh-ed25519", "sk-ssh-ed25519@openssh.com" },
		{ "ecdsa-sha2-nistp256",
		    "sk-ecdsa-sha2-nistp256@openssh.com" },
	};
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	uint8_t blob[KEYLINE_BLOB_MAX];
	struct nk_keyline l;
	struct nk_wire_out o;
	char *line = NULL;
	size_t size = 0, len, i, skip;

	while (read_line(&line, &size, &len)) {
		if (nk_keyline_parse(line, len, &policy, &l, NULL) < 0)
			errx(EXIT_FAILURE, "bad line");
		for (i = 0; i < 2; i++) {
			if (strcmp(l.type, types[i].from) != 0)
				continue;
			o = (struct nk_wire_out){ blob, sizeof(blob) };
			skip = 4 + strlen(types[i].from);
			if (nk_wire_put_string(&o, types[i].to,
			    strlen(types[i].to)) < 0 ||
			    nk_wire_put(&o, l.blob + skip,
			    l.blob_len - skip) < 0 ||
			    nk_wire_put_string(&o, "ssh:", 4) < 0)
				errx(EXIT_FAILURE, "key too long");
			print_key("", types[i].to, blob,
			    sizeof(blob) - o.left, " security key");
		}
		nk_keyline_clear(&l);
	}
	free(line);
}

static void
mutate(const char *seed, const char *count)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	uint64_t st = strtoull(seed, NULL, 10) * 2 + 1;
	unsigned long n = strtoul(count, NULL, 10);
	struct nk_keyline ls[LINES_MAX];
	const char *why = "";
	char *line = NULL;
	size_t size = 0, len, k = 0;

	while (k < LINES_MAX && read_line(&line, &size, &len)) {
		if (nk_keyline_parse(line, len, &policy, &ls[k], &why) < 0)
			errx(EXIT_FAILURE, "%s", why);
		k++;
	}
	free(line);
	if (k == 0)
		errx(EXIT_FAILURE, "no lines to change");
	for (; n > 0; n--)
		print_changed_keyline(&st, ls, k);
	while (k > 0)
		nk_keyline_clear(&ls[--k]);
}

int
main(int argc, char *argv[])
{
	if (argc == 1)
		judge_lines();
	else if (argc == 2 && strcmp(argv[1], "--text") == 0)
		judge_text();
	else if (argc == 2 && strcmp(argv[1], "--sk") == 0)
		make_sk();
	else if (argc == 4 && strcmp(argv[1], "--mutate") == 0)
		mutate(argv[2], argv[3]);
	else {
		fprintf(stderr,
		    "usage: keyline_oracle [--text|--sk|--mutate SEED N]\n");
		return 2;
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
