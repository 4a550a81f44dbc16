/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_TEXT_H
#define NASKEYS_CTL_TEXT_H

/*
 * Text for a terminal.  What stands in the store was written by others: it
 * goes through ctl_text_safe(), and so does all that ctl_say(), ctl_warn(),
 * ctl_fail() and ctl_misuse() (ctl.h) print.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * A copy of s that may be shown on a terminal: what is no UTF-8, controls,
 * and characters that cannot be seen or turn the direction of writing,
 * become \xNN, a byte each.  malloc'd; NULL when memory is out.
 */
char	*ctl_text_safe(const char *s);

/* How many columns a safe text takes in the current locale. */
size_t	 ctl_text_width(const char *s);

/* May this be coloured: a terminal that can, and NO_COLOR is not set. */
bool	 ctl_text_colour(int fd);

#endif /* NASKEYS_CTL_TEXT_H */
