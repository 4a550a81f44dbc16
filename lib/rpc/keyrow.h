/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEYROW_H
#define NASKEYS_RPC_KEYROW_H

/* Between lines of authorized_keys and the store's rows. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/ssh/keyline.h"
#include "lib/store/store.h"

/* What is taken here, by the configuration. */
struct nk_keypolicy nk_keyrow_policy(const struct nk_conf *conf);

/*
 * Make a row of a line, which is then empty.  *k is the caller's to clear,
 * also on failure.  0 or -errno of nk_fingerprint_sha256().
 */
int	nk_keyrow_take(struct nk_key *k, struct nk_keyline *l,
	    const char *added_by, int64_t now) NK_MUST_CHECK;

/*
 * Read authorized_keys text into rows.  As nk_keylines_parse(); *ks is the
 * caller's to clear on success.
 */
int	nk_keyrow_parse(const char *text, size_t len,
	    const struct nk_conf *conf, const char *added_by,
	    struct nk_keys *ks, size_t *linep, const char **whyp)
	    NK_MUST_CHECK;

/* Do the two lines say the same, whatever is known of them besides? */
bool	nk_keyrow_equal(const struct nk_key *a, const struct nk_key *b);

/* The line as text, without newline; the caller's to free.  0, -ENOMEM. */
int	nk_keyrow_line(const struct nk_key *k, char **textp) NK_MUST_CHECK;

/*
 * All lines as one text without white space at its ends; NULL in *textp
 * when that is nothing.
 */
int	nk_keyrow_text(const struct nk_keys *ks, char **textp) NK_MUST_CHECK;

/* As user.keys shows it; a new reference or NULL: no memory. */
json_t	*nk_keyrow_json(const struct nk_key *k);

/*
 * What the audit log keeps of a key: enough to know it again, and no more
 * of its options and comment than NK_AUDIT_PART_MAX bytes of each, so that
 * nobody fills the disk with them.
 */
#define NK_AUDIT_PART_MAX	128
json_t	*nk_keyrow_audit(const struct nk_key *k);

/*
 * The same for the keys among these lines: an array.  Of those after the
 * first NK_AUDIT_KEYS_MAX only the fingerprint.
 */
#define NK_AUDIT_KEYS_MAX	32
json_t	*nk_keyrow_audit_all(const struct nk_keys *ks);

#endif /* NASKEYS_RPC_KEYROW_H */
