/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_HOMES_OUTSIDE_H
#define NASKEYS_TESTS_HOMES_OUTSIDE_H

/* What is outside of an attacked home and must stay as it is. */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Make in dir: the home "mallory" of the user, and "copy", which will be
 * one; "victim", another's home;
 * "outside", a folder of the user's with files; "etc/shadow"; and what can
 * stand in the home's place: "link", "foreign" and "nothome".  Each file has
 * a text that can be told.
 */
void	outside_make(const char *dir, uid_t user);

/* Is a piece of one of these texts in this one? */
bool	outside_is_in(const char *text, size_t len);

/*
 * Names, kinds, owners, modes, sizes, times and texts of all of it but the
 * home, to be freed.  A swap that was not undone is undone before.
 */
char	*outside_describe(const char *dir);

/* How many new files of the layer's are below the home. */
int	outside_count_temps(const char *home);

#endif /* NASKEYS_TESTS_HOMES_OUTSIDE_H */
