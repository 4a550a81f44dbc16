/* SPDX-License-Identifier: ISC */
#include "lib/ssh/foundlines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/keyline_parts.h"
#include "lib/ssh/privatekey_detect.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

static const char behind_mark[] = "a byte order mark stands before the key, "
    "and sshd takes no such line: save the file as UTF-8 without one";
static const char several_lines[] = "this is a public key in a form of "
    "several lines, of which sshd takes none in this file: \"ssh-keygen -i "
    "-f FILE\" makes one line of it";

/* A file in the course of being read. */
struct reading {
	const struct nk_keypolicy	*policy;
	struct nk_found_lines		*f;
	size_t				 room;		/* of f->v */
	/* Between BEGIN and END of a private key: what is said of it. */
	const char			*inside;
};

size_t
nk_found_line_count(const struct nk_found_line *v)
{
	return v->last - v->first + 1;
}

/* ---- what is found ---- */

static int
grow(struct reading *rd)
{
	struct nk_found_line *v;
	size_t room;

	if (rd->f->n < rd->room)
		return 0;
	room = rd->room == 0 ? 8 : rd->room * 2;
	if ((v = reallocarray(rd->f->v, room, sizeof(*v))) == NULL)
		return -ENOMEM;
	rd->f->v = v;
	rd->room = room;
	return 0;
}

static int
add(struct reading *rd, const struct nk_found_line *line)
{
	if (grow(rd) < 0)
		return -ENOMEM;
	rd->f->v[rd->f->n++] = *line;
	return 0;
}

/* What is wrong with the line before, too, makes one of both. */
static int
add_same(struct reading *rd, enum nk_found found, size_t number,
    const char *why)
{
	const struct nk_found_line line = { .found = found, .first = number,
	    .last = number, .why = why };
	struct nk_found_line *last = rd->f->n > 0 ?
	    &rd->f->v[rd->f->n - 1] : NULL;

	if (last == NULL || last->found != found ||
	    last->last != number - 1 || strcmp(last->why, why) != 0)
		return add(rd, &line);
	last->last = number;
	return 0;
}

/* l is then the list's. */
static int
add_key(struct reading *rd, size_t number, struct nk_keyline *l)
{
	const struct nk_found_line line = { .found = NK_FOUND_KEY,
	    .first = number, .last = number, .key = *l };
	int r;

	if ((r = add(rd, &line)) == 0)
		memset(l, 0, sizeof(*l));
	return r;
}

/* ---- one line ---- */

static bool
has(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text)) != NULL;
}

/* It is no public key, for the reason why; is it a private one's? */
static int
add_fault(struct reading *rd, size_t number, const char *line, size_t len,
    const char *why)
{
	const char *inside = rd->inside;

	if (has(line, len, "-----END "))
		rd->inside = NULL;
	if (inside != NULL)
		return add_same(rd, NK_FOUND_PRIVATE, number, inside);
	return add_same(rd, NK_FOUND_INVALID, number, why);
}

static int
add_private(struct reading *rd, size_t number, const char *line, size_t len,
    const char *why)
{
	if (has(line, len, "-----BEGIN "))
		rd->inside = why;
	if (has(line, len, "-----END "))
		rd->inside = NULL;
	/* some forms are none but at the start of what is looked at */
	if (rd->f->private_key == NULL)
		rd->f->private_key = why;
	return add_same(rd, NK_FOUND_PRIVATE, number, why);
}

static int
add_parsed(struct reading *rd, size_t number, struct nk_keyline *l)
{
	switch (l->kind) {
	case NK_LINE_COMMENT:
		rd->f->comments++;
		return 0;
	case NK_LINE_BLANK:
		rd->f->blanks++;
		return 0;
	default:
		rd->inside = NULL;
		return add_key(rd, number, l);
	}
}

/* The first line, when a mark stands before it. */
static int
add_marked(struct reading *rd, struct nk_keyline *l)
{
	if (l->kind != NK_LINE_KEY)
		return add_parsed(rd, 1, l);
	return add_same(rd, NK_FOUND_INVALID, 1, behind_mark);
}

static int
take_line(struct reading *rd, size_t number, bool marked, const char *line,
    size_t len)
{
	enum nk_armor_kind kind = nk_armor_find(line, len);
	struct nk_keyline l;
	const char *why = NULL;
	int r;

	r = nk_privatekey_detect(line, len, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return add_private(rd, number, line, len, why);
	if (kind != NK_ARMOR_NONE && kind != NK_ARMOR_STRANGE)
		return add_fault(rd, number, line, len, several_lines);
	r = nk_keyline_parse_public(line, len, rd->policy, &l, &why);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return add_fault(rd, number, line, len, why);
	r = marked ? add_marked(rd, &l) : add_parsed(rd, number, &l);
	nk_keyline_clear(&l);
	return r;
}

/* ---- the file ---- */

int
nk_found_lines_read(const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_found_lines *f)
{
	struct reading rd = { .policy = policy, .f = f };
	const size_t mark = sizeof(byte_order_mark) - 1;
	struct nk_textlines lines;
	const char *line;
	bool marked;
	size_t n;
	int r;

	*f = (struct nk_found_lines){ .v = NULL };
	if (len > NK_KEYTEXT_MAX)
		return -E2BIG;
	if (nk_privatekey_detect(text, len, &f->private_key) == -ENOMEM)
		return -ENOMEM;
	marked = len >= mark && memcmp(text, byte_order_mark, mark) == 0;
	lines = marked ?
	    (struct nk_textlines){ text + mark, len - mark, 0 } :
	    (struct nk_textlines){ text, len, 0 };
	while ((r = nk_textlines_get(&lines, &line, &n)) == 0 &&
	    (r = take_line(&rd, lines.number, marked && lines.number == 1,
	    line, n)) == 0)
		;
	if (r == -ENOENT)
		return 0;
	nk_found_lines_clear(f);
	return r;
}

void
nk_found_lines_clear(struct nk_found_lines *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		nk_keyline_clear(&f->v[i].key);
	free(f->v);
	*f = (struct nk_found_lines){ .v = NULL };
}
