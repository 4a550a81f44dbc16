/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_PLAIN_OPTIONS_H
#define NASKEYS_KEYFILE_PLAIN_OPTIONS_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * Move *linep, a line of *lenp bytes of an authorized_keys file that begins
 * with no white space, to its key's type, if everybody who reads such a file
 * agrees on where that is: it has options with quotes, each quoted value
 * stands behind a '=', nothing is escaped, and behind them stand the type
 * and the base64 of one and the same key.  Any other line, and one with a
 * NUL in it, is left as it is.
 * 0 or -ENOMEM.
 */
int	nk_plain_options_pass(const char **linep, size_t *lenp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_KEYFILE_PLAIN_OPTIONS_H */
