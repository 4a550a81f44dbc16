/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_KEYFILES_H
#define NASKEYS_TEST_KEYFILES_H

#include "tests/fault/model.h"

/*
 * Do the files in the central folder say exactly what the model does, and
 * are there no others?  0, or -EBADMSG and why.
 */
int	keyfiles_check(const char *folder, const struct model *m,
	    char why[MODEL_TEXT]);

#endif /* NASKEYS_TEST_KEYFILES_H */
