/* SPDX-License-Identifier: ISC */
/*
 * Any file, of which some lines were written by naskeys and some are
 * wanted: three texts between bytes of 0xff, in the order written, wanted,
 * file.  Naive code says what must have become of each line of the file.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keyfile/merge.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"

#define LINES_MAX	32

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lines {
	struct nk_keyfile_line	v[LINES_MAX];
	char			*line[LINES_MAX], *fingerprint[LINES_MAX];
	size_t			 n;
};

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static char *
copy(const char *p, size_t len)
{
	char *text = malloc(len + 1);

	require(text != NULL);
	if (len > 0)
		memcpy(text, p, len);
	text[len] = '\0';
	return text;
}

/* The fingerprint of the word's key, whatever is mixed in; NULL for none. */
static char *
word_fingerprint(const char *word, size_t len)
{
	char *fp = NULL, *text = copy(word, len);
	uint8_t *blob = NULL;
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		if (isalnum((unsigned char)word[i]) ||
		    memchr("+/=", word[i], 3) != NULL)
			text[n++] = word[i];
	if (n >= 68 && strncmp(text, "AAAA", 4) == 0 &&
	    nk_base64_decode(text, n, &blob, &n) == 0 &&
	    nk_fingerprint_sha256(blob, n, &fp) < 0)
		fp = NULL;
	free(blob);
	free(text);
	return fp;
}

/* Does fn say so of a word of the line between such spaces? */
static bool
word_between(const char *line, size_t len, const char *spaces, size_t n,
    bool (*fn)(void *arg, const char *word, size_t len), void *arg)
{
	bool found = false;
	size_t at, end;

	for (at = 0; at < len && !found; at = end + 1) {
		for (end = at; end < len &&
		    memchr(spaces, line[end], n) == NULL; end++)
			;
		found = fn(arg, line + at, end - at);
	}
	return found;
}

/* The same of a line that is no comment; a return is a space, or is not. */
static bool
some_word(const char *line, size_t len,
    bool (*fn)(void *arg, const char *word, size_t len), void *arg)
{
	static const char spaces[] = "\r \t";	/* and its NUL */
	size_t at = 0;

	while (at < len && memchr(spaces, line[at], 4) != NULL)
		at++;
	if (at < len && line[at] == '#')
		return false;
	return word_between(line + at, len - at, spaces + 1, 3, fn, arg) ||
	    word_between(line + at, len - at, spaces, 4, fn, arg);
}

static bool
is_key(void *arg, const char *word, size_t len)
{
	char **fpp = arg;

	return (*fpp = word_fingerprint(word, len)) != NULL;
}

/* Up to LINES_MAX lines of the text; a NUL cuts one. */
static void
take_lines(struct lines *ls, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	char *fp;

	for (; text < end && ls->n < LINES_MAX; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		ls->line[ls->n] = copy(text, (size_t)(newline - text));
		fp = NULL;
		(void)some_word(ls->line[ls->n], strlen(ls->line[ls->n]),
		    is_key, &fp);
		ls->fingerprint[ls->n] = fp != NULL ? fp : copy("none", 4);
		ls->v[ls->n].line = ls->line[ls->n];
		ls->v[ls->n].fingerprint = ls->fingerprint[ls->n];
		ls->n++;
	}
}

static void
forget(struct lines *ls)
{
	for (; ls->n > 0; ls->n--) {
		free(ls->line[ls->n - 1]);
		free(ls->fingerprint[ls->n - 1]);
	}
}

static bool
has_line(const struct lines *ls, const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (strlen(ls->line[i]) == len &&
		    memcmp(ls->line[i], line, len) == 0)
			return true;
	return false;
}

static bool
has_key(const struct lines *ls, const char *fp)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (strcmp(ls->fingerprint[i], fp) == 0)
			return true;
	return false;
}

struct sets {
	struct lines	written, wanted;
};

static bool
is_dead(void *arg, const char *word, size_t len)
{
	const struct sets *s = arg;
	char *fp = word_fingerprint(word, len);
	bool dead = fp != NULL && has_key(&s->written, fp) &&
	    !has_key(&s->wanted, fp);

	free(fp);
	return dead;
}

/* The two words at text, and nothing else, are a key line? */
static bool
is_key_line(const char *text, size_t len)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_keyline l;
	bool is;

	if (nk_keyline_parse(text, len, &policy, &l, NULL) < 0)
		return false;
	is = l.kind == NK_LINE_KEY && l.options == NULL;
	nk_keyline_clear(&l);
	return is;
}

/*
 * How much of the line are options with quotes, each behind a '=', that
 * nobody can read in two ways, before a key?
 */
static size_t
plain_options(const char *line, size_t len)
{
	size_t end, i, quotes = 0, word;

	for (end = 0; end < len && (quotes % 2 == 1 || (line[end] != ' ' &&
	    line[end] != '\t')); end++)
		quotes += line[end] == '"';
	if (quotes == 0 || quotes % 2 == 1 ||
	    memchr(line, '\\', end) != NULL ||
	    memchr(line, '\r', end) != NULL)
		return 0;
	for (i = 0, quotes = 0; i < end; i++)
		if (line[i] == '"' && quotes++ % 2 == 0 &&
		    (i == 0 || line[i - 1] != '='))
			return 0;
	end += strspn(line + end, " \t");
	word = end + strcspn(line + end, " \t");
	word += strspn(line + word, " \t");
	word += strcspn(line + word, " \t");
	if (word == len && line[word - 1] == '\r')
		word--;
	return memchr(line + end, '\r', word - end) == NULL &&
	    is_key_line(line + end, word - end) ? end : 0;
}

static bool
has_dead_word(struct sets *s, const char *line, size_t len)
{
	char *text;
	bool has;

	while (len > 0 && memchr("\r \t", *line, 4) != NULL) {
		line++;
		len--;
	}
	text = copy(line, len);
	if (memchr(text, '\0', len) == NULL && text[0] != '#') {
		size_t at = plain_options(text, len);

		line += at;
		len -= at;
	}
	has = some_word(line, len, is_dead, s);
	free(text);
	return has;
}

static bool
is_foreign(struct sets *s, const char *line, size_t len)
{
	return !has_line(&s->written, line, len) &&
	    !has_line(&s->wanted, line, len) &&
	    !has_dead_word(s, line, len);
}

/* Behind what is wanted stand the file's foreign lines, and no others. */
static void
check_text(struct sets *s, const struct nk_merge *m, const char *text,
    size_t len)
{
	const char *p = m->file, *end = p + m->file_len, *newline, *next;
	const char *rest = text + m->wanted_len, *text_end = text + len;

	require(len >= m->wanted_len &&
	    memcmp(text, m->wanted, m->wanted_len) == 0);
	for (; p < end; p = next) {
		newline = memchr(p, '\n', (size_t)(end - p));
		next = newline == NULL ? end : newline + 1;
		if (!is_foreign(s, p, (size_t)((newline == NULL ? end :
		    newline) - p)))
			continue;
		require(text_end - rest >= next - p &&
		    memcmp(rest, p, (size_t)(next - p)) == 0);
		rest += next - p;
	}
	require(rest == text_end);
}

struct gathered {
	const char	*file;
	size_t		 len;
	size_t		 number;
	size_t		 bytes;		/* of foreign lines, with newlines */
};

static int
gather(void *arg, size_t number, const char *line, size_t len)
{
	struct gathered *g = arg;

	require(number > g->number && line >= g->file &&
	    line + len <= g->file + g->len);
	g->number = number;
	g->bytes += len + (line + len < g->file + g->len);
	return 0;
}

/* What was written stays so, whether it is noted yet or not. */
static void
check_again(struct nk_merge *m, const struct lines *wanted, const char *text,
    size_t len)
{
	char *again;
	size_t again_len;
	int i;

	m->file = text;
	m->file_len = len;
	for (i = 0; i < 2; i++) {
		require(nk_merge_text(m, &again, &again_len) == 0);
		require(again_len == len && (len == 0 ||
		    memcmp(again, text, len) == 0));
		free(again);
		m->written = wanted->v;
		m->n_written = wanted->n;
	}
}

static void
check(struct sets *s, struct nk_merge *m)
{
	struct gathered g = { m->file, m->file_len, 0, 0 };
	char *text;
	size_t len;

	require(nk_merge_text(m, &text, &len) == 0);
	require((text == NULL) == (len == 0));
	check_text(s, m, text == NULL ? "" : text, len);
	require(nk_merge_foreign(m, gather, &g) == 0);
	require(g.bytes == len - m->wanted_len);
	check_again(m, &s->wanted, text == NULL ? "" : text, len);
	free(text);
}

static const char *
cut(const char **pp, const char *end)
{
	const char *p = *pp, *mark = memchr(p, 0xff, (size_t)(end - p));

	*pp = mark == NULL ? end : mark + 1;
	return mark == NULL ? end : mark;
}

/* The lines as they stand in a file. */
static char *
join(const struct lines *ls, size_t size, size_t *lenp)
{
	char *text = malloc(size + LINES_MAX);
	size_t i, n, at = 0;

	require(text != NULL);
	for (i = 0; i < ls->n; i++) {
		n = strlen(ls->line[i]);
		memcpy(text + at, ls->line[i], n);
		text[at + n] = '\n';
		at += n + 1;
	}
	*lenp = at;
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = copy((const char *)data, size), *wanted;
	const char *p = all, *end = all + size, *first = p;
	struct sets s = { { .n = 0 }, { .n = 0 } };
	const char *alive[LINES_MAX];
	struct nk_merge m = { .alive = alive };
	size_t i;

	take_lines(&s.written, first, (size_t)(cut(&p, end) - first));
	first = p;
	take_lines(&s.wanted, first, (size_t)(cut(&p, end) - first));
	wanted = join(&s.wanted, size, &m.wanted_len);
	for (i = 0; i < s.wanted.n; i++)
		alive[i] = s.wanted.fingerprint[i];
	m.file = p;
	m.file_len = (size_t)(end - p);
	m.wanted = wanted;
	m.written = s.written.v;
	m.n_written = s.written.n;
	m.n_alive = s.wanted.n;
	check(&s, &m);
	free(wanted);
	forget(&s.written);
	forget(&s.wanted);
	free(all);
	return 0;
}
