/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_FAULT_H
#define NASKEYS_HELPER_FAULT_H

/*
 * The answers that are given before a request can be handled: it is too
 * long, or the store is not to be had.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/* "id" is null: a line that was not read to its end tells none. */
int	fault_too_long(size_t max, char **answerp, size_t *lenp)
	    NK_MUST_CHECK;

/*
 * A call error with this errno (positive) and sentence, for the request in
 * line, or for the message of the legacy protocol.  *answerp is NULL for
 * what wants no answer.  0 or -ENOMEM.
 */
int	fault_call(bool legacy, const char *line, size_t len, int number,
	    const char *sentence, char **answerp, size_t *lenp)
	    NK_MUST_CHECK;

/* nk_rpc_free() frees the answers of both. */

#endif /* NASKEYS_HELPER_FAULT_H */
