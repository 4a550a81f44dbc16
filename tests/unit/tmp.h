/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_TMP_H
#define NASKEYS_TESTS_TMP_H

#include <stdio.h>
#include <stdlib.h>

/*
 * What mkdtemp(3) and mkstemp(3) take, in TMPDIR, which tests/unit/run gives
 * each test and removes.
 */
static inline char *
tmp_name(char *path, size_t size, const char *name)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	n = snprintf(path, size, "%s/%s.XXXXXX",
	    tmp == NULL || tmp[0] != '/' ? "/tmp" : tmp, name);
	if (n < 0 || (size_t)n >= size)
		path[0] = '\0';	/* which they refuse */
	return path;
}

#endif /* NASKEYS_TESTS_TMP_H */
