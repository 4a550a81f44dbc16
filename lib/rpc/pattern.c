/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/program.h"

#define NOTHING		SIZE_MAX	/* no atom that could be repeated */
#define ENDLESS		SIZE_MAX	/* {n,} */
#define COUNT_MAX	1000		/* in an interval */
#define CODE_MAX	0x10ffff

/* A group that is open; the first is the whole pattern. */
struct group {
	size_t	 start;		/* its first step */
	size_t	 branch;	/* first step after the last | */
	int32_t	 jumps;		/* the last jump to its end, -1: none; each
				   holds the one before it, until it closes */
};

struct compiler {
	const char		*p;
	struct nk_pattern	*out;
	struct group		 groups[NK_PATTERN_DEPTH_MAX + 1];
	size_t			 depth;
	size_t			 atom;		/* the last one's first step */
	const char		*why;
};

static bool
refuse(struct compiler *c, const char *why)
{
	c->why = why;
	return false;
}

/* ---- steps ---- */

/* Make room for n steps at "at"; what stood there moves on. */
static bool
make_room(struct compiler *c, size_t at, size_t n)
{
	struct nk_pattern *o = c->out;

	if (n > NK_PATTERN_SIZE_MAX - o->n)
		return refuse(c, "it repeats too much");
	memmove(o->steps + at + n, o->steps + at,
	    (o->n - at) * sizeof(o->steps[0]));
	o->n += n;
	return true;
}

static bool
insert_step(struct compiler *c, size_t at, enum nk_step_op op, size_t x,
    size_t y)
{
	if (!make_room(c, at, 1))
		return false;
	c->out->steps[at] = (struct nk_step){ .op = op, .x = (int32_t)x,
	    .y = (int32_t)y };
	return true;
}

static bool
add_step(struct compiler *c, enum nk_step_op op, size_t x, size_t y)
{
	return insert_step(c, c->out->n, op, x, y);
}

/* A step that is an atom by itself. */
static bool
add_atom(struct compiler *c, enum nk_step_op op, size_t x, size_t y)
{
	c->atom = c->out->n;
	return add_step(c, op, x, y);
}

static bool
add_copy(struct compiler *c, size_t from, size_t len)
{
	size_t at = c->out->n;

	if (!make_room(c, at, len))
		return false;
	memcpy(c->out->steps + at, c->out->steps + from,
	    len * sizeof(c->out->steps[0]));
	return true;
}

static bool
add_backward(struct compiler *c, enum nk_step_op op, size_t len)
{
	if (!add_step(c, op, 0, 1))
		return false;
	c->out->steps[c->out->n - 1].x = -(int32_t)len;
	return true;
}

/* ---- repetition ---- */

/* {0,}: a loop that may be left before its first round. */
static bool
repeat_any(struct compiler *c, size_t atom, size_t len)
{
	return insert_step(c, atom, NK_STEP_SPLIT, 1, len + 2) &&
	    add_backward(c, NK_STEP_JUMP, len + 1);
}

static bool
repeat(struct compiler *c, size_t least, size_t most)
{
	size_t atom = c->atom, len = c->out->n - atom, i;

	c->atom = NOTHING;
	if (most == 0) {
		c->out->n = atom;
		return true;
	}
	if (least == 0 && most == ENDLESS)
		return repeat_any(c, atom, len);
	if (least == 0) {
		if (!insert_step(c, atom++, NK_STEP_SPLIT, 1, len + 1))
			return false;
		least = 1;
	}
	for (i = 1; i < least; i++) {
		if (!add_copy(c, atom, len))
			return false;
	}
	if (most == ENDLESS)
		return add_backward(c, NK_STEP_SPLIT, len);
	for (; i < most; i++) {
		if (!add_step(c, NK_STEP_SPLIT, 1, len + 1) ||
		    !add_copy(c, atom, len))
			return false;
	}
	return true;
}

/* A number of times. */
static bool
take_count(struct compiler *c, size_t *np)
{
	size_t n = 0;

	if (*c->p < '0' || *c->p > '9')
		return refuse(c, "a { does not begin an interval");
	for (; *c->p >= '0' && *c->p <= '9'; c->p++) {
		n = n * 10 + (size_t)(*c->p - '0');
		if (n > COUNT_MAX)
			return refuse(c, "it repeats too much");
	}
	*np = n;
	return true;
}

static bool
take_interval(struct compiler *c, size_t *leastp, size_t *mostp)
{
	if (!take_count(c, leastp))
		return false;
	*mostp = *leastp;
	if (*c->p == ',') {
		c->p++;
		if (*c->p == '}')
			*mostp = ENDLESS;
		else if (!take_count(c, mostp))
			return false;
	}
	if (*c->p != '}' || *mostp < *leastp)
		return refuse(c, "an interval is malformed");
	c->p++;
	return true;
}

/* * + ? {: c->p stands behind it. */
static bool
take_repetition(struct compiler *c, char which)
{
	size_t least = which == '+' ? 1 : 0;
	size_t most = which == '?' ? 1 : ENDLESS;

	if (which == '{' && !take_interval(c, &least, &most))
		return false;
	if (c->atom == NOTHING)
		return refuse(c, "a repetition has nothing to repeat");
	if (*c->p == '?')
		c->p++;		/* as few as possible: the same to us */
	return repeat(c, least, most);
}

/* ---- classes ---- */

static bool
add_range(struct compiler *c, uint32_t lo, uint32_t hi)
{
	struct nk_pattern *o = c->out;

	if (o->nranges == NK_RANGES_MAX)
		return refuse(c, "its brackets hold too much");
	o->ranges[o->nranges++] = (struct nk_range){ lo, hi };
	return true;
}

/* \d and its like; NULL: no class. */
static const struct nk_range *
named_class(char name, size_t *np)
{
	static const struct nk_range digit[] = { { '0', '9' } };
	static const struct nk_range not_digit[] =
	    { { 0, '0' - 1 }, { '9' + 1, CODE_MAX } };
	static const struct nk_range space[] =
	    { { '\t', '\r' }, { ' ', ' ' } };
	static const struct nk_range not_space[] =
	    { { 0, '\t' - 1 }, { '\r' + 1, ' ' - 1 }, { ' ' + 1, CODE_MAX } };
	static const struct nk_range word[] =
	    { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
	static const struct nk_range not_word[] =
	    { { 0, '0' - 1 }, { '9' + 1, 'A' - 1 }, { 'Z' + 1, '_' - 1 },
	    { '`', '`' }, { 'z' + 1, CODE_MAX } };

#define CLASS(a)	(*np = sizeof(a) / sizeof((a)[0]), (a))
	switch (name) {
	case 'd':
		return CLASS(digit);
	case 'D':
		return CLASS(not_digit);
	case 's':
		return CLASS(space);
	case 'S':
		return CLASS(not_space);
	case 'w':
		return CLASS(word);
	case 'W':
		return CLASS(not_word);
	default:
		return NULL;
	}
#undef CLASS
}

/*
 * What a backslash begins, in brackets or not; c->p stands behind it.  A
 * class has its ranges added, and *charp is CODE_MAX + 1.
 */
static bool
take_escape(struct compiler *c, uint32_t *charp)
{
	const struct nk_range *r;
	size_t i, n = 0;

	if (*c->p == '\0')
		return refuse(c, "it ends with a backslash");
	if (*c->p >= '1' && *c->p <= '9')
		return refuse(c, "back-references are not supported");
	*charp = CODE_MAX + 1;
	if ((r = named_class(*c->p, &n)) != NULL) {
		c->p++;
		for (i = 0; i < n; i++) {
			if (!add_range(c, r[i].lo, r[i].hi))
				return false;
		}
		return true;
	}
	if ((*c->p >= 'a' && *c->p <= 'z') || (*c->p >= 'A' && *c->p <= 'Z') ||
	    *c->p == '0')
		return refuse(c, "an escape is none of "
		    "\\d \\D \\s \\S \\w \\W");
	*charp = nk_utf8_next(&c->p);
	return true;
}

static bool
take_bracket_char(struct compiler *c, uint32_t *charp)
{
	if (*c->p == '\0')
		return refuse(c, "a [ is not closed");
	if (c->p[0] == '[' && (c->p[1] == ':' || c->p[1] == '.' ||
	    c->p[1] == '='))
		return refuse(c, "classes such as [:alpha:] are not supported");
	if (*c->p == '\\') {
		c->p++;
		return take_escape(c, charp);
	}
	*charp = nk_utf8_next(&c->p);
	return true;
}

static bool
take_range(struct compiler *c)
{
	uint32_t lo, hi;

	if (!take_bracket_char(c, &lo))
		return false;
	if (lo > CODE_MAX)
		return true;
	hi = lo;
	if (c->p[0] == '-' && c->p[1] != ']') {
		c->p++;
		if (!take_bracket_char(c, &hi))
			return false;
		if (hi > CODE_MAX || hi < lo)
			return refuse(c, "a range in brackets is reversed");
	}
	return add_range(c, lo, hi);
}

/* [abc], []abc], [^a-z]: c->p stands behind "[". */
static bool
take_bracket(struct compiler *c)
{
	size_t first = c->out->nranges;
	enum nk_step_op op = NK_STEP_CLASS;

	if (*c->p == '^') {
		c->p++;
		op = NK_STEP_NOT_CLASS;
	}
	do {
		if (!take_range(c))
			return false;
	} while (*c->p != ']');
	c->p++;
	return add_atom(c, op, first, c->out->nranges - first);
}

/* ---- groups ---- */

static void
open_group(struct compiler *c, size_t depth)
{
	c->depth = depth;
	c->groups[depth] = (struct group){ .start = c->out->n,
	    .branch = c->out->n, .jumps = -1 };
	c->atom = NOTHING;
}

static bool
take_group(struct compiler *c)
{
	if (c->p[0] == '?') {
		if (c->p[1] != ':')
			return refuse(c, "a ( followed by ? is not supported");
		c->p += 2;
	}
	if (c->depth == NK_PATTERN_DEPTH_MAX)
		return refuse(c, "its groups are nested too deeply");
	open_group(c, c->depth + 1);
	return true;
}

/* The steps since the last | become one of two ways. */
static bool
take_alternative(struct compiler *c)
{
	struct group *g = &c->groups[c->depth];
	size_t len = c->out->n - g->branch;
	int32_t before = g->jumps;

	if (!insert_step(c, g->branch, NK_STEP_SPLIT, 1, len + 2) ||
	    !add_step(c, NK_STEP_JUMP, 0, 0))
		return false;
	g->jumps = (int32_t)c->out->n - 1;
	c->out->steps[g->jumps].x = before;
	g->branch = c->out->n;
	c->atom = NOTHING;
	return true;
}

/* All jumps to the end of the group get to know where it is. */
static void
close_group(struct compiler *c)
{
	struct group *g = &c->groups[c->depth];
	struct nk_step *s;
	int32_t at, before;

	for (at = g->jumps; at != -1; at = before) {
		s = &c->out->steps[at];
		before = s->x;
		s->x = (int32_t)c->out->n - at;
	}
	c->atom = g->start;
}

static bool
take_group_end(struct compiler *c)
{
	if (c->depth == 0)
		return refuse(c, "a ) has no (");
	close_group(c);
	c->depth--;
	return true;
}

/* ---- the whole ---- */

static bool
take_escaped_atom(struct compiler *c)
{
	size_t first = c->out->nranges;
	uint32_t ch;

	if (!take_escape(c, &ch))
		return false;
	if (ch <= CODE_MAX)
		return add_atom(c, NK_STEP_CHAR, ch, 0);
	return add_atom(c, NK_STEP_CLASS, first, c->out->nranges - first);
}

static bool
take_anchor(struct compiler *c, enum nk_step_op op)
{
	c->atom = NOTHING;
	return add_step(c, op, 0, 0);
}

static bool
take_part(struct compiler *c)
{
	char which = *c->p;

	if (strchr("*+?{\\[(|).^$", which) == NULL)
		return add_atom(c, NK_STEP_CHAR, nk_utf8_next(&c->p), 0);
	c->p++;
	switch (which) {
	case '\\':
		return take_escaped_atom(c);
	case '[':
		return take_bracket(c);
	case '(':
		return take_group(c);
	case ')':
		return take_group_end(c);
	case '|':
		return take_alternative(c);
	case '.':
		return add_atom(c, NK_STEP_ANY, 0, 0);
	case '^':
		return take_anchor(c, NK_STEP_START);
	case '$':
		return take_anchor(c, NK_STEP_END);
	default:
		return take_repetition(c, which);
	}
}

static bool
compile(struct compiler *c)
{
	open_group(c, 0);
	while (*c->p != '\0') {
		if (!take_part(c))
			return false;
	}
	if (c->depth > 0)
		return refuse(c, "a ( is not closed");
	close_group(c);
	return add_step(c, NK_STEP_MATCH, 0, 0);
}

int
nk_pattern_new(struct nk_pattern **pp, const char *text, const char **whyp)
{
	struct compiler c = { .p = text };

	*pp = NULL;
	if (strlen(text) > NK_PATTERN_LEN_MAX) {
		*whyp = "it is longer than 256 bytes";
		return -EINVAL;
	}
	if ((c.out = calloc(1, sizeof(*c.out))) == NULL)
		return -ENOMEM;
	if (!compile(&c)) {
		*whyp = c.why;
		nk_pattern_free(c.out);
		return -EINVAL;
	}
	*pp = c.out;
	return 0;
}

void
nk_pattern_free(struct nk_pattern *p)
{
	free(p);
}
