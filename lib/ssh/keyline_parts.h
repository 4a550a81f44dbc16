/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYLINE_PARTS_H
#define NASKEYS_SSH_KEYLINE_PARTS_H

/*
 * How a key line is put together, for the parsers in this folder.  Results
 * and *whyp are those of keyline.h.  The caller has made sure that what it
 * gives contains no private key.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keyline.h"

/* What nk_keyline_parse() does once it knows the line for public. */
int	nk_keyline_parse_public(const char *line, size_t len,
	    const struct nk_keypolicy *policy, struct nk_keyline *l,
	    const char **whyp) NK_MUST_CHECK;

/*
 * Make *l, a line without options, of the key in blob[blob_len] and of
 * comment[comment_len] (0: none).  The bytes are copied.
 */
int	nk_keyline_from_blob(const uint8_t *blob, size_t blob_len,
	    const char *comment, size_t comment_len,
	    const struct nk_keypolicy *policy, struct nk_keyline *l,
	    const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_KEYLINE_PARTS_H */
