/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/matchname.h"

#include <string.h>

#include "lib/ssh/linetext.h"

bool
nk_matchname_is_plain(const char *name)
{
	const char *p;

	if (name[0] == '\0' || name[0] == '!' ||
	    strpbrk(name, "*?,\"\t") != NULL ||
	    nk_linetext_check(name, strlen(name), NULL) < 0)
		return false;
	for (p = name; (p = strchr(p, '\\')) != NULL; p++)
		if (p[1] == '\0' || strchr("\\'\" ", p[1]) != NULL)
			return false;
	return true;
}
