/* SPDX-License-Identifier: ISC */

/*
 * Key lines and texts of them.  What is accepted can be written, and reads
 * as the same line; what contains a private key is refused as that and as
 * nothing else.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/privatekey_detect.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_keypolicy policy = { 2048, 16384, 400, { 9, 2 } };

static void
must(int yes)
{
	if (!yes)
		abort();
}

/* l is the result of parsing a line; it is cleared. */
static void
check_line(struct nk_keyline *l)
{
	struct nk_keyline again;
	char *text, *fp;
	size_t len;

	must(nk_keyline_format(l, &text, &len) == 0 && strlen(text) == len);
	must(memchr(text, '\n', len) == NULL);
	must(nk_keyline_parse(text, len, &policy, &again, NULL) == 0);
	must(nk_keyline_equal(l, &again));
	must(l->bits == again.bits && l->certificate == again.certificate &&
	    l->cert_authority == again.cert_authority);
	if (l->kind == NK_LINE_KEY) {
		must(strcmp(l->base64, again.base64) == 0);
		must(nk_fingerprint_sha256(l->blob, l->blob_len, &fp) == 0);
		must(nk_fingerprint_check(fp) == 0);
		free(fp);
	}
	free(text);
	nk_keyline_clear(&again);
}

/* The lines of ls, written as a file, are the same lines again. */
static void
check_lines(const struct nk_keylines *ls)
{
	struct nk_keylines again;
	char *all = NULL, *text;
	size_t i, len, used = 0;

	for (i = 0; i < ls->n; i++) {
		check_line(&ls->v[i]);
		must(nk_keyline_format(&ls->v[i], &text, &len) == 0);
		must((all = realloc(all, used + len + 1)) != NULL);
		memcpy(all + used, text, len);
		used += len;
		all[used++] = '\n';
		free(text);
	}
	must(nk_keylines_parse(all == NULL ? "" : all, used, &policy, &again,
	    NULL, NULL) == 0);
	must(again.n == ls->n);
	for (i = 0; i < ls->n; i++)
		must(nk_keyline_equal(&ls->v[i], &again.v[i]));
	nk_keylines_clear(&again);
	free(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *why = NULL;
	struct nk_keylines ls;
	struct nk_keyline l;
	size_t line = 0;
	int private, r;

	private = nk_privatekey_detect(text, size, &why);
	must(private == 0 ? why == NULL : why != NULL);

	r = nk_keyline_parse(text, size, &policy, &l, &why);
	must(r == 0 || why != NULL);
	must(private == 0 || r == private);
	if (r == 0)
		check_line(&l);
	nk_keyline_clear(&l);

	r = nk_keylines_parse(text, size, &policy, &ls, &line, &why);
	must(private == 0 || r == private);
	must(r == 0 ? line == 0 : ls.n == 0 && ls.v == NULL);
	if (r == 0)
		check_lines(&ls);
	nk_keylines_clear(&ls);
	return 0;
}
