/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_KEYLINE_MUTATE_H
#define NASKEYS_TESTS_KEYLINE_MUTATE_H

/*
 * Key lines with one small change that knows the structure: the line around
 * the key, its options, its base64 text, or one field of the key or the
 * certificate, at any depth, while the lengths around it stay right.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/ssh/keyline.h"

#define KEYLINE_BLOB_MAX	8192

/*
 * Print one of ls[n], changed, on standard output.  The same *state (not 0)
 * makes the same change.  Ends the program when out of memory.
 */
void	print_changed_keyline(uint64_t *state, const struct nk_keyline *ls,
	    size_t n);

/* Print before, TYPE BASE64 of blob[len], and after. */
void	print_key(const char *before, const char *type, const uint8_t *blob,
	    size_t len, const char *after);

#endif /* NASKEYS_TESTS_KEYLINE_MUTATE_H */
