/* SPDX-License-Identifier: ISC */

/* What the store knows about itself: one value under each name. */

#include <errno.h>
#include <string.h>

#include "lib/store/internal.h"

int
nk_property_get(struct nk_store *s, const char *name, void *value,
    size_t room, size_t *lenp)
{
	const uint8_t *blob;
	struct nk_stmt *st;
	size_t len;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT value FROM properties"
	    " WHERE name = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, name);
	if ((r = nk_stmt_step(st)) == 0) {
		r = -ENOENT;
	} else if (r == 1) {
		blob = nk_stmt_blob(st, 0, &len);
		r = nk_stmt_check(st);
		if (r == 0 && len > room)
			r = -EBADMSG;
		if (r == 0 && len > 0)
			memcpy(value, blob, len);
		if (r == 0)
			*lenp = len;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_property_set(struct nk_store *s, const char *name, const void *value,
    size_t len)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "INSERT INTO properties (name, value)"
	    " VALUES ($1, $2)"
	    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, name);
	nk_stmt_bind_blob(st, 2, value, len);
	return nk_stmt_run(st, NULL);
}
