/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_PRIVATEKEY_MUTATE_H
#define NASKEYS_TESTS_PRIVATEKEY_MUTATE_H

/*
 * Private keys with one small change that knows the structure: a field of
 * OpenSSH's form or an element of DER is changed while the lengths around it
 * stay right, or the text around the key is.
 */

#include <stdint.h>

#include "lib/ssh/privatekey.h"

#define MUTATION_NAME_MAX	64

/*
 * Append the text of k, changed, to *text; name says what was changed:
 * "FORM FIELD CHANGE", in words without blanks.  The same *state (not 0)
 * makes the same change.  Ends the program when out of memory.
 */
void	mutate_privatekey(uint64_t *state, const struct nk_privatekey *k,
	    struct nk_secret *text, char name[static MUTATION_NAME_MAX]);

#endif /* NASKEYS_TESTS_PRIVATEKEY_MUTATE_H */
