/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_PRIVATEKEY_PARTS_H
#define NASKEYS_SSH_PRIVATEKEY_PARTS_H

/*
 * How a private key is put together, for the files privatekey*.c.  Results
 * and *whyp (may be NULL) are those of nk_privatekey_read().
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/privatekey.h"
#include "lib/ssh/wire.h"

/* Bytes of an uncompressed point, on nistp521. */
#define NK_POINT_MAX	133

/* The sentences that more than one form has. */
extern const char nk_privatekey_encrypted[];
extern const char nk_privatekey_damaged[];
extern const char nk_privatekey_mismatch[];
extern const char nk_privatekey_other_type[];

/*
 * What was found in a key's text, before it is checked; everything is
 * borrowed.  What a form does not have has no p.
 */
struct nk_private_parts {
	const struct nk_keytype	*type;
	struct nk_wire	 n, e, d;	/* magnitudes; d is ECDSA's, too */
	struct nk_wire	 p, q, iqmp;	/* RSA */
	struct nk_wire	 dp, dq;	/* RSA, not in all forms */
	struct nk_wire	 seed;		/* Ed25519 */
	struct nk_wire	 point;		/* public half, not in all forms */
	struct nk_wire	 blob;		/* the same, as SSH writes it */
	struct nk_wire	 comment;
};

/*
 * Check that the parts belong together and are what policy takes, derive
 * the public half, and make *k of them.  On failure *k is empty.
 */
int	nk_privatekey_make(const struct nk_private_parts *a,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    const char **whyp) NK_MUST_CHECK;

/* Take the type and the numbers of a key in OpenSSH's form off w. */
int	nk_private_parts_get(struct nk_wire *w, struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
/*
 * Append them to *out; a->point is there for all types but RSA.  Returns 0,
 * -E2BIG or -ENOMEM.
 */
int	nk_private_parts_put(const struct nk_private_parts *a,
	    struct nk_secret *out) NK_MUST_CHECK;
/*
 * The public blob of a; malloc'd.  a->point is there for all types but RSA.
 * Returns 0, -E2BIG or -ENOMEM.
 */
int	nk_private_parts_blob(const struct nk_private_parts *a,
	    uint8_t **blobp, size_t *lenp) NK_MUST_CHECK;
/*
 * Copy a comment, of which none is made when it is empty.  Returns 0;
 * -EBADMSG, it cannot stand in a line; -ENOMEM.
 */
int	nk_private_comment(const struct nk_wire *comment, char **copyp,
	    const char **whyp) NK_MUST_CHECK;

/* ---- numbers that belong together (privatekey_check.c) ---- */

/*
 * Do the numbers of an RSA key, whose public half has been found fit, make
 * up a key?  Returns 0, -EBADMSG or -ENOMEM.
 */
int	nk_private_check_rsa(const struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
/*
 * The exponents modulo one less than each prime, which PKCS#1 has and
 * OpenSSH's form has not; *dp and *dq are NK_SECRET_NONE.  Returns 0,
 * -ENOMEM or -EIO.
 */
int	nk_private_remainders(const struct nk_private_parts *a,
	    struct nk_secret *dp, struct nk_secret *dq) NK_MUST_CHECK;
/*
 * The public half of an ECDSA or Ed25519 key.  Returns 0; -EBADMSG, the
 * private one is out of range; -ENOMEM.
 */
int	nk_private_derive(const struct nk_private_parts *a,
	    uint8_t point[static NK_POINT_MAX], size_t *lenp) NK_MUST_CHECK;

/* ---- one form each; w is decoded and in secret memory ---- */

int	nk_private_get_openssh(struct nk_wire w, struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
int	nk_private_get_pkcs1(struct nk_wire w, struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
int	nk_private_get_pkcs8(struct nk_wire w, struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
int	nk_private_get_sec1(struct nk_wire w, struct nk_private_parts *a,
	    const char **whyp) NK_MUST_CHECK;
/* The parameters that may stand before SEC1: a curve, of that type. */
int	nk_private_get_curve(struct nk_wire w,
	    const struct nk_keytype **typep, const char **whyp) NK_MUST_CHECK;

/* ---- whole texts, without white space before them ---- */

/* One that begins with a BEGIN line. */
int	nk_privatekey_read_pem(const char *text, size_t len,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    const char **whyp) NK_MUST_CHECK;
/* One that begins with PuTTY's name. */
int	nk_privatekey_read_putty(const char *text, size_t len,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_PRIVATEKEY_PARTS_H */
