/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keyfile/plain_options.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"

/*
 * Every key's blob begins with the length of a short name, and is an Ed25519
 * key's 51 bytes at least.
 */
#define KEY_START	"AAAA"
#define KEY_MIN		68u	/* characters of base64 */

struct span {
	const char	*p;
	size_t		 len;
};

/* Both in order, to be found by bsearch(3). */
struct known {
	struct span	*lines;		/* ours, old and new */
	size_t		 n_lines;
	const char	**dead;		/* fingerprints */
	size_t		 n_dead;
};

static int
span_compare(const void *va, const void *vb)
{
	const struct span *a = va, *b = vb;
	int c = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

static int
text_compare(const void *va, const void *vb)
{
	const char *const *a = va, *const *b = vb;

	return strcmp(*a, *b);
}

/* The line at p, without its newline, and where the next one begins. */
static struct span
line_at(const char *p, const char *end, const char **nextp)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	*nextp = newline == NULL ? end : newline + 1;
	return (struct span){ p,
	    (size_t)((newline == NULL ? end : newline) - p) };
}

static size_t
count_lines(const char *text, size_t len)
{
	const char *p = text, *end;
	size_t n = 0;

	if (len == 0)
		return 0;
	for (end = text + len; p < end; n++)
		(void)line_at(p, end, &p);
	return n;
}

static int
know_lines(struct known *k, const struct nk_merge *m)
{
	size_t n = count_lines(m->wanted, m->wanted_len), i;
	const char *p = m->wanted, *end;

	if (n + m->n_written == 0)
		return 0;
	k->lines = calloc(n + m->n_written, sizeof(*k->lines));
	if (k->lines == NULL)
		return -ENOMEM;
	for (i = 0; i < m->n_written; i++)
		k->lines[k->n_lines++] = (struct span){ m->written[i].line,
		    strlen(m->written[i].line) };
	if (n > 0)
		for (end = p + m->wanted_len; p < end;)
			k->lines[k->n_lines++] = line_at(p, end, &p);
	qsort(k->lines, k->n_lines, sizeof(*k->lines), span_compare);
	return 0;
}

/* Of what was written: all that are buried, or not alive. */
static int
know_dead(struct known *k, const struct nk_merge *m)
{
	const char **alive = NULL;
	const char *fp;
	size_t i;

	if (m->n_written == 0)
		return 0;
	k->dead = calloc(m->n_written, sizeof(*k->dead));
	alive = calloc(m->n_alive + 1, sizeof(*alive));
	if (k->dead == NULL || alive == NULL) {
		free(alive);
		return -ENOMEM;
	}
	for (i = 0; i < m->n_alive; i++)
		alive[i] = m->alive[i];
	qsort(alive, m->n_alive, sizeof(*alive), text_compare);
	for (i = 0; i < m->n_written; i++) {
		fp = m->written[i].fingerprint;
		if (nk_keyfile_line_is_buried(&m->written[i]) ||
		    bsearch(&fp, alive, m->n_alive, sizeof(*alive),
		    text_compare) == NULL)
			k->dead[k->n_dead++] = fp;
	}
	free(alive);
	qsort(k->dead, k->n_dead, sizeof(*k->dead), text_compare);
	return 0;
}

static void
forget(struct known *k)
{
	free(k->lines);
	free(k->dead);
	*k = (struct known){ NULL, 0, NULL, 0 };
}

static int
know(struct known *k, const struct nk_merge *m)
{
	int r;

	*k = (struct known){ NULL, 0, NULL, 0 };
	if ((r = know_lines(k, m)) < 0 || (r = know_dead(k, m)) < 0)
		forget(k);
	return r;
}

/* ---- the key of a line ---- */

/* A NUL ends the line for a program that reads it as a string. */
static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\0';
}

static bool
is_gap_or_return(char c)
{
	return is_gap(c) || c == '\r';
}

/*
 * The word without what sshd (other white space) and dropbear (all that is
 * no base64) pass over within a key.  *lenp: its length.
 */
static char *
read_word(const char *word, size_t len, size_t *lenp)
{
	char *text;
	size_t i, n = 0;

	if ((text = malloc(len)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		if (word[i] == '=' || nk_base64_value(word[i]) >= 0)
			text[n++] = word[i];
	*lenp = n;
	return text;
}

/* 1, 0 or -errno; of base64. */
static int
is_dead_text(const struct known *k, const char *base64, size_t len)
{
	const char *fp;
	uint8_t *blob;
	char *text;
	size_t n;
	int r;

	if (len < KEY_MIN ||
	    memcmp(base64, KEY_START, strlen(KEY_START)) != 0)
		return 0;
	if ((r = nk_base64_decode(base64, len, &blob, &n)) < 0)
		return r == -EBADMSG ? 0 : r;
	r = nk_fingerprint_sha256(blob, n, &text);
	free(blob);
	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	fp = text;
	r = bsearch(&fp, k->dead, k->n_dead, sizeof(*k->dead),
	    text_compare) != NULL;
	free(text);
	return r;
}

static int
is_dead_key(const struct known *k, const char *word, size_t len)
{
	char *base64;
	size_t n;
	int r;

	if (len < KEY_MIN)
		return 0;
	if ((base64 = read_word(word, len, &n)) == NULL)
		return -ENOMEM;
	r = is_dead_text(k, base64, n);
	free(base64);
	return r;
}

/* 1, 0 or -errno; *foundp is the key's word. */
static int
find_dead_word(const struct known *k, struct span line,
    bool (*is_end)(char c), struct span *foundp)
{
	const char *p = line.p, *end = line.p + line.len, *word;
	int r = 0;

	while (p < end && r == 0) {
		for (word = p; p < end && !is_end(*p); p++)
			;
		*foundp = (struct span){ word, (size_t)(p - word) };
		r = is_dead_key(k, word, foundp->len);
		while (p < end && is_end(*p))
			p++;
	}
	return r;
}

/* The same: a carriage return may end a word, or be passed over in it. */
static int
has_dead_key(const struct known *k, struct span line, struct span *foundp)
{
	int r;

	if (k->n_dead == 0)
		return 0;
	while (line.len > 0 && is_gap_or_return(*line.p)) {
		line.p++;
		line.len--;
	}
	if (line.len > 0 && *line.p == '#')
		return 0;
	if ((r = nk_plain_options_pass(&line.p, &line.len)) < 0)
		return r;
	r = find_dead_word(k, line, is_gap, foundp);
	if (r == 0 && line.len > 0 &&
	    memchr(line.p, '\r', line.len) != NULL)
		r = find_dead_word(k, line, is_gap_or_return, foundp);
	return r;
}

/* 1, 0 or -errno. */
static int
is_foreign(const struct known *k, struct span line)
{
	struct span word;
	int r;

	if (k->n_lines > 0 && bsearch(&line, k->lines, k->n_lines,
	    sizeof(*k->lines), span_compare) != NULL)
		return 0;
	r = has_dead_key(k, line, &word);
	return r < 0 ? r : r == 0;
}

int
nk_line_find_key(const char *line, size_t len, const char *fingerprint,
    const char **wordp, size_t *word_lenp)
{
	const char *only[] = { fingerprint };
	const struct known k = { .dead = only, .n_dead = 1 };
	struct span word;
	int r;

	if ((r = has_dead_key(&k, (struct span){ line, len }, &word)) == 1) {
		*wordp = word.p;
		*word_lenp = word.len;
	}
	return r;
}

/* ---- the two results ---- */

int
nk_merge_text(const struct nk_merge *m, char **textp, size_t *lenp)
{
	const char *p = m->file, *start, *end;
	struct known k;
	char *text = NULL;
	size_t at = 0;
	int r;

	*textp = NULL;
	*lenp = 0;
	if (m->file_len + m->wanted_len == 0)
		return 0;
	if ((r = know(&k, m)) < 0)
		return r;
	if ((text = malloc(m->file_len + m->wanted_len)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((at = m->wanted_len) > 0)
		memcpy(text, m->wanted, at);
	for (end = p == NULL ? NULL : p + m->file_len; p != end;) {
		start = p;
		if ((r = is_foreign(&k, line_at(p, end, &p))) < 0)
			goto out;
		if (r == 0)
			continue;
		memcpy(text + at, start, (size_t)(p - start));
		at += (size_t)(p - start);
	}
	r = 0;
	*lenp = at;
	if (at > 0) {
		*textp = text;
		text = NULL;
	}
 out:
	free(text);
	forget(&k);
	return r;
}

int
nk_merge_foreign(const struct nk_merge *m,
    int (*fn)(void *arg, size_t number, const char *line, size_t len),
    void *arg)
{
	const char *p = m->file, *end = p == NULL ? NULL : p + m->file_len;
	struct known k;
	struct span line;
	size_t number = 0;
	int r;

	if ((r = know(&k, m)) < 0)
		return r;
	while (r == 0 && p != end) {
		line = line_at(p, end, &p);
		number++;
		if ((r = is_foreign(&k, line)) > 0)
			r = fn(arg, number, line.p, line.len);
	}
	forget(&k);
	return r;
}
