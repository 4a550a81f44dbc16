/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_RUN_H
#define NASKEYS_CTL_RUN_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * Run the program argv[0] (an absolute path) with a fixed environment and
 * nothing on standard input; what it prints on standard output and error
 * comes into out, cut to len - 1 bytes and NUL-terminated.  Returns its
 * exit status, 128 + the signal that ended it, or -errno.
 */
int	run_program(const char *const argv[], char *out, size_t len)
	    NK_MUST_CHECK;

#endif /* NASKEYS_CTL_RUN_H */
