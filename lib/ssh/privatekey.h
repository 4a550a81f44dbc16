/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_PRIVATEKEY_H
#define NASKEYS_SSH_PRIVATEKEY_H

/*
 * Private keys: read in every form that people have, checked, generated and
 * written.  A key in memory is the part of OpenSSH's own form that holds its
 * numbers (PROTOCOL.key, "private key"; as ssh-agent takes it), in an
 * nk_secret, and its public blob.
 *
 * nk_privatekey_read() parses bytes from outside of the machine: the helper
 * calls it in its sandbox (lib/keychain/privatetext.h), never as root.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/keytype.h"

#define NK_PRIVATEKEY_TEXT_MAX	(256u << 10)	/* bytes of a key's text */

struct nk_privatekey {
	const struct nk_keytype	*type;	/* ssh-ed25519, ssh-rsa, ecdsa-... */
	unsigned int		 bits;
	struct nk_secret	 numbers; /* string type, then its fields */
	uint8_t			*blob;	/* the public half */
	size_t			 blob_len;
	char			*comment; /* NULL: none */
};

/* Wipe and free what k owns; k is empty afterwards.  NULL is fine. */
void	nk_privatekey_clear(struct nk_privatekey *k);

/*
 * Read text[len]: OpenSSH's form, PKCS#1, PKCS#8, SEC1 (PEM), or PuTTY's
 * (PPK 2 and 3), unencrypted; white space around it, CRLF and a byte order
 * mark are fine.  The private and the public half, all redundant numbers and
 * PuTTY's MAC are checked against each other.  Returns 0; -EACCES, it is
 * encrypted (*whyp: "Encrypted private keys are not allowed"); -EBADMSG, it
 * is malformed or its halves do not belong together; -EPERM, a type or size
 * that is not taken (DSA, security keys, RSA below the policy); -E2BIG;
 * -ENOMEM.  On failure *k is empty; *whyp (may be NULL) is a static sentence
 * without any byte of the input.
 */
int	nk_privatekey_read(const char *text, size_t len,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    const char **whyp) NK_MUST_CHECK;

/*
 * Generate.  type: "ssh-rsa" (bits 2048 to 16384, 0: 3072), "ssh-ed25519"
 * (bits 0), "ecdsa-sha2-nistp256/384/521" (bits 0).  comment is copied, NULL:
 * none; it has no newline (-EINVAL).  Returns 0; -EINVAL; -ENOMEM; -EIO,
 * libcrypto failed.
 */
int	nk_privatekey_generate(const char *type, unsigned int bits,
	    const char *comment, struct nk_privatekey *k) NK_MUST_CHECK;

enum nk_privatekey_format {
	NK_PRIVATEKEY_OPENSSH,		/* "-----BEGIN OPENSSH PRIVATE KEY" */
	NK_PRIVATEKEY_PKCS8,
	NK_PRIVATEKEY_PKCS1,		/* RSA alone; -ENOTSUP for others */
};

/*
 * Append the text of k in that form, with its final newline, to *out.  The
 * two check numbers of OpenSSH's form come from the key itself, so that the
 * same key always gives the same text.  Returns 0, -ENOTSUP, -ENOMEM, -EIO.
 */
int	nk_privatekey_write(const struct nk_privatekey *k,
	    enum nk_privatekey_format format, struct nk_secret *out)
	    NK_MUST_CHECK;

/*
 * The line of the public half, "type base64[ comment]", without a newline;
 * malloc'd.  Returns 0 or -ENOMEM.
 */
int	nk_privatekey_public_line(const struct nk_privatekey *k, char **linep)
	    NK_MUST_CHECK;

/*
 * The wire form that crosses from the sandbox: string numbers, string blob,
 * string comment.  _unpack() trusts nothing of it: layout, type, sizes and
 * that numbers and blob name the same public key are checked again.  Whether
 * the private numbers make up a key is not: that is the arithmetic which the
 * sandbox is there for, of what is unpacked the public half alone is kept
 * (what is sealed is the text itself, which its owner gave), and writing
 * numbers that make up no key is safe.  0, -EBADMSG or -ENOMEM.
 */
int	nk_privatekey_pack(const struct nk_privatekey *k,
	    struct nk_secret *out) NK_MUST_CHECK;
int	nk_privatekey_unpack(const uint8_t *p, size_t len,
	    struct nk_privatekey *k) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_PRIVATEKEY_H */
