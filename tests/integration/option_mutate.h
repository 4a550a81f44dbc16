/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_OPTION_MUTATE_H
#define NASKEYS_TESTS_OPTION_MUTATE_H

/*
 * Key options made by chance: right and wrong names, values put together of
 * right and wrong pieces, and now and then a change of single characters.
 */

#include <stdint.h>

#define OPTIONS_TEXT_MAX	2048

/*
 * Write options to text.  The same *state (not 0) makes the same ones.  They
 * contain no newline.
 */
void	make_options(uint64_t *state, char text[static OPTIONS_TEXT_MAX]);

#endif /* NASKEYS_TESTS_OPTION_MUTATE_H */
