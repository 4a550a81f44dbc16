/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/rpc/program.h"

/* A byte that begins no whole character counts as one. */
uint32_t
nk_utf8_next(const char **pp)
{
	const unsigned char *p = (const unsigned char *)*pp;
	size_t i, more;
	uint32_t c;

	more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc0 ? 1 : 0;
	c = more == 0 ? p[0] : p[0] & (0x3fu >> more);
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*pp += 1;
			return p[0];
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	*pp += more + 1;
	return c;
}

static bool
is_in(const struct nk_pattern *p, const struct nk_step *s, uint32_t c)
{
	const struct nk_range *r = &p->ranges[s->x];
	int32_t i;

	for (i = 0; i < s->y; i++) {
		if (c >= r[i].lo && c <= r[i].hi)
			return true;
	}
	return false;
}

static bool
takes(const struct nk_pattern *p, const struct nk_step *s, uint32_t c)
{
	switch (s->op) {
	case NK_STEP_CHAR:
		return c == (uint32_t)s->x;
	case NK_STEP_ANY:
		return c != '\n';
	case NK_STEP_CLASS:
		return is_in(p, s, c);
	case NK_STEP_NOT_CLASS:
		return !is_in(p, s, c);
	default:
		return false;
	}
}

/*
 * Add state "at" to set k, and what is reached from there without a
 * character.  Each state is entered once in a round, and leaves two at most
 * on the stack.  Returns whether the end of the program is among them.
 */
static bool
add_state(struct nk_pattern *p, int k, size_t at, bool start, bool end)
{
	const struct nk_step *s;
	size_t depth = 0;

	p->stack[depth++] = (uint16_t)at;
	while (depth > 0) {
		at = p->stack[--depth];
		if (p->seen[at] == p->round)
			continue;
		p->seen[at] = p->round;
		s = &p->steps[at];
		if (s->op == NK_STEP_MATCH)
			return true;
		if (s->op == NK_STEP_JUMP || s->op == NK_STEP_SPLIT)
			p->stack[depth++] = (uint16_t)((int32_t)at + s->x);
		if (s->op == NK_STEP_SPLIT)
			p->stack[depth++] = (uint16_t)((int32_t)at + s->y);
		else if ((s->op == NK_STEP_START && start) ||
		    (s->op == NK_STEP_END && end))
			p->stack[depth++] = (uint16_t)(at + 1);
		else if (s->op < NK_STEP_START)
			p->states[k][p->nstates[k]++] = (uint16_t)at;
	}
	return false;
}

/* A new round into set k. */
static void
begin_round(struct nk_pattern *p, int k)
{
	if (++p->round == 0) {
		memset(p->seen, 0, sizeof(p->seen));
		p->round = 1;
	}
	p->nstates[k] = 0;
}

static bool
is_end(const char *text, const char *limit)
{
	return text < limit &&
	    (text[0] == '\0' || (text[0] == '\n' && text[1] == '\0'));
}

bool
nk_pattern_match(struct nk_pattern *p, const char *text)
{
	const char *limit = text + NK_PATTERN_TEXT_MAX;
	uint32_t c;
	size_t i, at;
	int k = 0;

	begin_round(p, k);
	if (add_state(p, k, 0, true, is_end(text, limit)))
		return true;
	while (p->nstates[k] > 0 && text < limit && *text != '\0') {
		c = nk_utf8_next(&text);
		begin_round(p, !k);
		for (i = 0; i < p->nstates[k]; i++) {
			at = p->states[k][i];
			if (takes(p, &p->steps[at], c) && add_state(p, !k,
			    at + 1, false, is_end(text, limit)))
				return true;
		}
		k = !k;
	}
	return false;
}
