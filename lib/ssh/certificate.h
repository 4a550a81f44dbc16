/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_CERTIFICATE_H
#define NASKEYS_SSH_CERTIFICATE_H

/*
 * What a certificate (-cert-v01@openssh.com) says after the numbers of its
 * key.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/pubkey.h"
#include "lib/ssh/wire.h"

enum nk_cert_kind {
	NK_CERT_USER = 1,
	NK_CERT_HOST = 2,
};

#define NK_CERT_PRINCIPALS_MAX	256	/* sshd's limit */

/* The readers and pointers go into the blob. */
struct nk_certificate {
	uint64_t		 serial;
	enum nk_cert_kind	 kind;
	const uint8_t		*key_id;
	size_t			 key_id_len;
	struct nk_wire		 principals;	/* strings */
	uint64_t		 valid_after;	/* seconds since 1970 */
	uint64_t		 valid_before;
	struct nk_wire		 critical;	/* pairs of strings: name, */
	struct nk_wire		 extensions;	/* data */
	struct nk_pubkey	 ca;
	const uint8_t		*ca_blob;
	size_t			 ca_blob_len;
};

/*
 * Take the rest of the certificate blob[len] off w, which has come to its
 * serial number, and check all of it: each field and list, the authority's
 * key as strictly as any key, and its signature.  Returns 0; -EBADMSG;
 * -EPERM, a size or algorithm that is not taken; -ENOMEM.  On failure *c is
 * undefined and *whyp (may be NULL) is a static sentence.
 */
int	nk_certificate_get(struct nk_wire *w, const uint8_t *blob, size_t len,
	    const struct nk_keypolicy *policy, struct nk_certificate *c,
	    const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_CERTIFICATE_H */
