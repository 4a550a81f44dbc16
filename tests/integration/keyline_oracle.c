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

#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/wire.h"

#define LINES_MAX	256
#define BLOB_MAX	8192

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

/* Print TYPE BASE64 COMMENT of a blob. */
static void
print_key(const char *before, const char *type, const uint8_t *blob,
    size_t len, const char *after)
{
	char *base64;

	if (nk_base64_encode(blob, len, &base64) < 0)
		errx(EXIT_FAILURE, "out of memory");
	printf("%s%s %s%s\n", before, type, base64, after);
	free(base64);
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
	uint8_t blob[BLOB_MAX];
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

/* xorshift64*: the same lines for the same seed everywhere. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static size_t
below(uint64_t *state, size_t n)
{
	return n == 0 ? 0 : (size_t)(next_random(state) >> 16) % n;
}

static const char *const befores[] = {
	"", "", " ", "\t  ", "restrict ", "no-pty,command=\"a \\\" b\" ",
	"from=\"192.0.2.0/24,!192.0.2.7\" ", "from=\"10.0.0.1/8\" ", "pty, ",
	"command=\"open ", "cert-authority,principals=\"a,b\" ", "nonsense ",
	"expiry-time=\"20991231Z\" ", "tunnel=\"0\",permitopen=\"h:1\"\t",
	"expiry-time=\"20990231\" ", "environment=\"A=b c\" ", "no-restrict ",
	"PTY,No-User-RC\t", "permitlisten=\"[::1]:*\" ", ",pty ", "17 ",
};
static const char *const afters[] = {
	"", " ", " a comment", "\tb  c ", " # d", " \xc3\xa4", " \xff",
	" \x1b[31m", " e \"f\\", "  ssh-rsa AAAA",
};
static const char *const swaps[] = {
	"ssh-rsa", "ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384", "ssh-dss", "RSA", "sk-ssh-ed25519@openssh.com",
	"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "SSH-RSA",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PICK(st, a)	((a)[below((st), COUNT(a))])

/* Replace bytes of blob at off by s[len]; the blob may grow or shrink. */
static size_t
splice(uint8_t *blob, size_t blob_len, size_t off, size_t cut,
    const void *s, size_t len)
{
	if (off + cut > blob_len || blob_len - cut + len > BLOB_MAX)
		return blob_len;
	memmove(blob + off + len, blob + off + cut, blob_len - off - cut);
	if (len > 0)
		memcpy(blob + off, s, len);
	return blob_len - cut + len;
}

/*
 * Change one field of the blob, keeping the layout: lengthen or shorten its
 * contents together with its length, or change a byte of either.
 */
static size_t
mutate_field(uint64_t *st, uint8_t *blob, size_t len)
{
	struct nk_wire w = { blob, len };
	const uint8_t *s[16];
	size_t n[16], count = 0, k, off;
	uint8_t b = (uint8_t)next_random(st);
	uint32_t v;
	struct nk_wire_out o;

	while (count < COUNT(s) && w.left > 0 &&
	    nk_wire_get_string(&w, &s[count], &n[count]) == 0)
		count++;
	if (count == 0)
		return len;
	k = below(st, count);
	off = (size_t)(s[k] - blob);
	v = (uint32_t)n[k];
	o = (struct nk_wire_out){ blob + off - 4, 4 };
	switch (below(st, 7)) {
	case 0:			/* a zero before the contents */
		if (nk_wire_put_u32(&o, v + 1) < 0)
			return len;
		return splice(blob, len, off, 0, "\0", 1);
	case 1:			/* a zero behind them */
		if (nk_wire_put_u32(&o, v + 1) < 0)
			return len;
		return splice(blob, len, off + n[k], 0, "\0", 1);
	case 2:			/* one byte less */
		if (v == 0 || nk_wire_put_u32(&o, v - 1) < 0)
			return len;
		return splice(blob, len, off, 1, NULL, 0);
	case 3:			/* another byte in them */
		if (v > 0)
			blob[off + below(st, v)] = b;
		return len;
	case 4:			/* another length */
		blob[off - 1 - below(st, 4)] = b;
		return len;
	case 5:			/* nothing at all */
		if (nk_wire_put_u32(&o, 0) < 0)
			return len;
		return splice(blob, len, off, n[k], NULL, 0);
	default:		/* its last bit */
		if (v > 0)
			blob[off + v - 1] ^= 1;
		return len;
	}
}

/* Change the blob somehow.  Returns its new length. */
static size_t
mutate_blob(uint64_t *st, uint8_t *blob, size_t len)
{
	const char *name;

	switch (below(st, 6)) {
	case 0:			/* cut */
		return below(st, len + 1);
	case 1:			/* trailing bytes */
		return splice(blob, len, len, 0, "\0\0\0\1x", 1 +
		    below(st, 5));
	case 2:			/* another name inside */
		name = PICK(st, swaps);
		len = splice(blob, len, 4, blob[3] < len - 4 ? blob[3] : 0,
		    name, strlen(name));
		blob[3] = (uint8_t)strlen(name);
		return len;
	default:
		return mutate_field(st, blob, len);
	}
}

/* Print l with a change in its base64 text. */
static void
print_bad_base64(uint64_t *st, const struct nk_keyline *l)
{
	static const char strange[] = "=+/-_*AZ \t.";
	char *text = strdup(l->base64);
	size_t i;

	if (text == NULL)
		err(EXIT_FAILURE, NULL);
	i = below(st, strlen(text));
	switch (below(st, 4)) {
	case 0:
		text[i] = strange[below(st, sizeof(strange) - 1)];
		break;
	case 1:
		text[i] = '\0';
		break;
	case 2:			/* the unused bits, or one more character */
		text[strlen(text) - 1]++;
		break;
	default:
		text[strcspn(text, "=")] = '\0';
	}
	printf("%s %s%s\n", l->type, text, PICK(st, afters));
	free(text);
}

static void
print_mutation(uint64_t *st, const struct nk_keyline *l)
{
	uint8_t blob[BLOB_MAX];
	const char *before = "", *after = "", *type = l->type;
	size_t len = l->blob_len;

	if (len > sizeof(blob))
		errx(EXIT_FAILURE, "key too long");
	memcpy(blob, l->blob, len);
	switch (below(st, 8)) {
	case 0:
	case 1:
	case 2:			/* the line around the key */
		before = PICK(st, befores);
		after = PICK(st, afters);
		break;
	case 3:
		after = PICK(st, afters);
		break;
	case 4:
		type = PICK(st, swaps);
		break;
	case 5:
		print_bad_base64(st, l);
		return;
	default:
		len = mutate_blob(st, blob, len);
	}
	print_key(before, type, blob, len, after);
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
		print_mutation(&st, &ls[below(&st, k)]);
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
