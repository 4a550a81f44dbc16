/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_SECRET_H
#define NASKEYS_CTL_SECRET_H

#include "helper/ctl/ctl.h"

/* Bytes, with the NUL: more than any method takes, so none is cut. */
#define SECRET_MAX	1024

/*
 * Each puts a password into buf, which has len bytes; CTL_FAILED after a
 * message, with buf wiped.
 */

/*
 * One line of standard input, without its newline; not a byte more is read.
 * Where that is a terminal it is asked for without echo.
 */
int	secret_read_line(const struct ctl *c, char *buf, size_t len)
	    NK_MUST_CHECK;

/* Ask on the terminal, without echo. */
int	secret_ask(const struct ctl *c, const char *prompt, char *buf,
	    size_t len) NK_MUST_CHECK;

/* Ask twice; both must be the same. */
int	secret_ask_new(const struct ctl *c, char *buf, size_t len)
	    NK_MUST_CHECK;

#endif /* NASKEYS_CTL_SECRET_H */
