/* SPDX-License-Identifier: ISC */

/*
 * An authorized_keys file as somebody has left it.  Every line is accounted
 * for, once; what is a key there is one by itself, and stands in its line;
 * and what is told of the rest repeats none of it.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/foundlines.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nk_keypolicy policy = { 2048, 16384, 400, { 9, 2 } };

static void
must(int yes)
{
	if (!yes)
		abort();
}

/* The line with this number; the mark before the first is part of none. */
static void
find_line(const char *text, size_t size, size_t number, const char **linep,
    size_t *lenp)
{
	struct nk_textlines t = { text, size, 0 };

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		t = (struct nk_textlines){ text + 3, size - 3, 0 };
	while (t.number < number)
		must(nk_textlines_get(&t, linep, lenp) == 0);
}

static void
check_key(const char *text, size_t size, const struct nk_found_line *v)
{
	struct nk_keyline again;
	const char *line = NULL;
	size_t len = 0;

	must(v->first == v->last && v->why == NULL);
	must(v->key.kind == NK_LINE_KEY);
	find_line(text, size, v->first, &line, &len);
	must(memmem(line, len, v->key.base64, strlen(v->key.base64)) != NULL);
	must(nk_keyline_parse(line, len, &policy, &again, NULL) == 0);
	must(nk_keyline_equal(&v->key, &again));
	nk_keyline_clear(&again);
}

static size_t
count_lines(const char *text, size_t size)
{
	struct nk_textlines t = { text, size, 0 };
	const char *line;
	size_t len;

	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		t = (struct nk_textlines){ text + 3, size - 3, 0 };
	while (nk_textlines_get(&t, &line, &len) == 0)
		;
	return t.number;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct nk_found_lines f;
	size_t i, n, last = 0;

	must(nk_found_lines_read(text, size, &policy, &f) == 0);
	n = f.comments + f.blanks;
	for (i = 0; i < f.n; i++) {
		must(f.v[i].first > last && f.v[i].last >= f.v[i].first);
		last = f.v[i].last;
		n += nk_found_line_count(&f.v[i]);
		if (f.v[i].found == NK_FOUND_KEY)
			check_key(text, size, &f.v[i]);
		else
			must(f.v[i].why != NULL && f.v[i].key.blob == NULL &&
			    f.v[i].key.comment == NULL);
		must(f.v[i].found != NK_FOUND_PRIVATE ||
		    f.private_key != NULL);
	}
	must(n == count_lines(text, size) && last <= n);
	nk_found_lines_clear(&f);
	must(f.v == NULL && f.n == 0);
	return 0;
}
