/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_ROWS_H
#define NASKEYS_PUBLISH_ROWS_H

#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/reader.h"

/*
 * Which users keys.map or secrets.map has something of, in the order of its
 * table; kind is NK_RECORD_KEYSET or NK_RECORD_SECRET.  *posp starts at 0
 * and moves on.  0; -ENOENT at the end.  What is damaged is passed over.
 */
int	nk_rows_next(const struct nk_view *v, enum nk_record_kind kind,
	    uint64_t *posp, uint64_t *rowp) NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_ROWS_H */
