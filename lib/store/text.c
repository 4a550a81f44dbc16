/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

int
nk_name_check(const char *name)
{
	if (name == NULL || name[0] == '\0' || name[0] == '-' ||
	    strpbrk(name, "/:\n") != NULL)
		return -EINVAL;
	return 0;
}

int
nk_text_copy(char **copyp, const char *text)
{
	*copyp = NULL;
	if (text != NULL && (*copyp = strdup(text)) == NULL)
		return -ENOMEM;
	return 0;
}

bool
nk_text_same(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}
