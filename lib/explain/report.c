/* SPDX-License-Identifier: ISC */
#include "lib/explain/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/linetext.h"

/* Sentences may quote a file that its owner wrote: make them harmless. */
static void
make_safe(char *text)
{
	size_t i, len = strlen(text);

	if (nk_linetext_check(text, len, NULL) == 0)
		return;
	for (i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
}

static void NK_PRINTF(5, 0)
add(struct nk_explain *x, const char *id, enum nk_explain_state state,
    const char *remedy, const char *fmt, va_list ap)
{
	struct nk_explain_step *s = &x->steps[x->n];
	char text[NK_EXPLAIN_TEXT_MAX];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';		/* what is too long is cut */
	make_safe(text);
	if (x->n == NK_EXPLAIN_STEPS_MAX || (s->text = strdup(text)) == NULL) {
		x->failed = true;
		return;
	}
	s->id = id;
	s->state = state;
	s->remedy = remedy;
	x->n++;
}

void
nk_explain_say(struct nk_explain *x, const char *id,
    enum nk_explain_state state, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(x, id, state, remedy, fmt, ap);
	va_end(ap);
}

void
nk_explain_doubt(struct nk_explain *x, const char *id, const char *remedy,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(x, id, NK_EXPLAIN_WARN, remedy, fmt, ap);
	va_end(ap);
	x->unknown = true;
}

const struct nk_explain_step *
nk_explain_stopped(const struct nk_explain *x)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		if (x->steps[i].state == NK_EXPLAIN_STOP)
			return &x->steps[i];
	}
	return NULL;
}

enum nk_explain_verdict
nk_explain_verdict(const struct nk_explain *x)
{
	if (nk_explain_stopped(x) != NULL)
		return NK_EXPLAIN_NO;
	return x->unknown ? NK_EXPLAIN_UNKNOWN : NK_EXPLAIN_YES;
}

const char *
nk_explain_state_name(enum nk_explain_state state)
{
	static const char *const names[] = {
		[NK_EXPLAIN_OK] = "ok", [NK_EXPLAIN_STOP] = "stop",
		[NK_EXPLAIN_WARN] = "warn", [NK_EXPLAIN_INFO] = "info",
	};

	return names[state];
}

void
nk_explain_clear(struct nk_explain *x)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		free(x->steps[i].text);
	x->n = 0;
	x->unknown = false;
	x->failed = false;
}
