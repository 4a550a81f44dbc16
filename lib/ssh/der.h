/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_DER_H
#define NASKEYS_SSH_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/wire.h"

#define NK_DER_INTEGER		0x02
#define NK_DER_BIT_STRING	0x03
#define NK_DER_OCTET_STRING	0x04
#define NK_DER_NULL		0x05
#define NK_DER_OID		0x06
#define NK_DER_SEQUENCE		0x30

/*
 * Take one element with that tag (of one byte) off w; *content reads what is
 * in it.  The length must be definite and in its shortest form (X.690, 10.1).
 * Returns 0 or -EBADMSG; w has then not moved.
 */
int	nk_der_get(struct nk_wire *w, uint8_t tag, struct nk_wire *content)
	    NK_MUST_CHECK;

/* Is there something with that tag at w? */
bool	nk_der_has(const struct nk_wire *w, uint8_t tag);

/*
 * Take one INTEGER that is greater than zero and in its shortest form; *n
 * reads its magnitude, whose first byte is not 0.  Returns 0 or -EBADMSG.
 */
int	nk_der_get_positive(struct nk_wire *w, struct nk_wire *n)
	    NK_MUST_CHECK;

/* Take one INTEGER from 0 to 127.  Returns 0 or -EBADMSG. */
int	nk_der_get_version(struct nk_wire *w, uint8_t *vp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_DER_H */
