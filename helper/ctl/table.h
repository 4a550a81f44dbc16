/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_TABLE_H
#define NASKEYS_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define TABLE_COLUMNS_MAX	12

/*
 * A table whose columns line up.  Rows are kept until table_print(), which
 * may be called again and again: widths never shrink, and the heading comes
 * once.
 */
struct table {
	const char *const *headings;
	size_t		 columns;
	size_t		 width[TABLE_COLUMNS_MAX];
	char		**cells;
	size_t		 n, room;
	bool		 headed;
	bool		 failed;	/* memory was out */
};

/* headings is borrowed; at most TABLE_COLUMNS_MAX. */
void	table_init(struct table *t, const char *const *headings,
	    size_t columns);
/* Add a cell; it is copied and made safe for a terminal.  NULL is "-". */
void	table_add(struct table *t, const char *text);
void	table_addf(struct table *t, const char *fmt, ...) NK_PRINTF(2, 3);
/* Print the rows so far.  0; -ENOMEM, nothing was printed. */
int	table_print(struct table *t) NK_MUST_CHECK;
void	table_clear(struct table *t);

#endif /* NASKEYS_CTL_TABLE_H */
