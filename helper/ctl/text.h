/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_TEXT_H
#define NASKEYS_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A copy of s that may be shown on a terminal: control characters and what
 * is no UTF-8 become \xNN.  malloc'd; NULL when memory is out.
 */
char	*ctl_text_safe(const char *s);

/* How many columns a safe text takes in the current locale. */
size_t	 ctl_text_width(const char *s);

/* May this stream be coloured: a terminal, and NO_COLOR is not set. */
bool	 ctl_text_colour(int fd);

#endif /* NASKEYS_CTL_TEXT_H */
