/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/table.h"
#include "helper/ctl/text.h"

#define CELLS_MORE	256	/* room that is made at a time */

void
table_init(struct table *t, const char *const *headings, size_t columns)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->headings = headings;
	t->columns = columns;
	for (i = 0; i < columns; i++)
		t->width[i] = ctl_text_width(headings[i]);
}

static bool
make_room(struct table *t)
{
	char **cells;

	if (t->n < t->room)
		return true;
	cells = reallocarray(t->cells, t->room + CELLS_MORE, sizeof(*cells));
	if (cells == NULL)
		return false;
	t->cells = cells;
	t->room += CELLS_MORE;
	return true;
}

void
table_add(struct table *t, const char *text)
{
	char *safe = ctl_text_safe(text != NULL && text[0] != '\0' ?
	    text : "-");
	size_t w;

	if (safe == NULL || !make_room(t)) {
		free(safe);
		t->failed = true;
		return;
	}
	if ((w = ctl_text_width(safe)) > t->width[t->n % t->columns])
		t->width[t->n % t->columns] = w;
	t->cells[t->n++] = safe;
}

void
table_addf(struct table *t, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text == NULL)
		t->failed = true;
	else
		table_add(t, text);
	free(text);
}

/* One line; the last column is not padded. */
static void
print_line(const struct table *t, const char *const *cells)
{
	size_t i, w;

	for (i = 0; i < t->columns; i++) {
		fputs(cells[i], stdout);
		if (i + 1 == t->columns)
			break;
		for (w = ctl_text_width(cells[i]); w < t->width[i] + 2; w++)
			putchar(' ');
	}
	putchar('\n');
}

static void
forget_rows(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->cells[i]);
	t->n = 0;
}

int
table_print(struct table *t)
{
	bool colour = ctl_text_colour(STDOUT_FILENO);
	size_t i;

	if (t->failed) {	/* a cell is missing: none is in its place */
		forget_rows(t);
		return -ENOMEM;
	}
	if (!t->headed) {
		if (colour)
			fputs("\033[1m", stdout);
		print_line(t, t->headings);
		if (colour)
			fputs("\033[0m", stdout);
		t->headed = true;
	}
	for (i = 0; i + t->columns <= t->n; i += t->columns)
		print_line(t, (const char *const *)t->cells + i);
	forget_rows(t);
	return 0;
}

void
table_clear(struct table *t)
{
	forget_rows(t);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}
