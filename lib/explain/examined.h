/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_EXAMINED_H
#define NASKEYS_EXPLAIN_EXAMINED_H

/* The key with which somebody would log in: a plain one or a certificate. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keyblob.h"

struct nk_examined {
	uint8_t			*blob;
	size_t			 blob_len;
	uint8_t			*plain;		/* without the certificate */
	size_t			 plain_len;
	char			*fingerprint;
	struct nk_keyblob	 kb;		/* points into blob */
	/* What a line must hold: the blob, or the certificate's authority. */
	const uint8_t		*wanted;
	size_t			 wanted_len;
};

/*
 * Read a public key file.  0; -EBADMSG, -EPERM, -E2BIG with a static
 * sentence in *whyp; -ENOMEM.  On failure *k is empty and needs no clear.
 */
int	nk_examined_read(struct nk_examined *k, const char *text, size_t len,
	    const char **whyp) NK_MUST_CHECK;

/* The same for a blob, which is copied. */
int	nk_examined_take(struct nk_examined *k, const uint8_t *blob,
	    size_t len, const char **whyp) NK_MUST_CHECK;
void	nk_examined_clear(struct nk_examined *k);

bool	nk_examined_is_certificate(const struct nk_examined *k);

/* The algorithm of a certificate's own signature; "" for a plain key. */
void	nk_examined_ca_algorithm(const struct nk_examined *k, char *name,
	    size_t room);

#endif /* NASKEYS_EXPLAIN_EXAMINED_H */
