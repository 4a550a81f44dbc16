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

int
nk_blob_get(struct nk_db *db, const char *sql, int64_t id, uint8_t **blobp,
    size_t *lenp)
{
	const uint8_t *blob;
	struct nk_stmt *st;
	size_t len;
	int r;

	*blobp = NULL;
	*lenp = 0;
	if ((r = nk_db_stmt(db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	if ((r = nk_stmt_step(st)) == 0) {
		r = -ENOENT;
	} else if (r == 1) {
		blob = nk_stmt_blob(st, 0, &len);
		if ((r = nk_stmt_check(st)) == 0) {
			if ((*blobp = malloc(len + 1)) == NULL) {
				r = -ENOMEM;
			} else {
				memcpy(*blobp, blob, len);
				*lenp = len;
			}
		}
	}
	nk_stmt_end(st);
	return r;
}

int
nk_row_run(struct nk_stmt *st)
{
	int64_t changed;
	int r;

	if ((r = nk_stmt_run(st, &changed)) < 0)
		return r;
	return changed == 1 ? 0 : -ENOENT;
}
