/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_INOUT_H
#define NASKEYS_TEST_INOUT_H

/*
 * Standard input and output become the two files, for a program that is
 * started next; what they were is in saved.  0, or -errno with errno set.
 */
int	inout_redirect(const char *in, const char *out, int saved[2]);
/* They are what they were, or the process ends. */
void	inout_restore(const int saved[2]);

#endif /* NASKEYS_TEST_INOUT_H */
