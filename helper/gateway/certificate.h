/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_CERTIFICATE_H
#define NASKEYS_GATEWAY_CERTIFICATE_H

/* The certificate that the gateway shows, and the one that it makes. */

#include <stddef.h>

#include "lib/attr.h"

/* What it makes, below the folder of the state. */
#define CERTIFICATE_FOLDER	NK_LOCALSTATEDIR "/lib/naskeys/gateway"
#define CERTIFICATE_NAME	"certificate.pem"
#define CERTIFICATE_KEY_NAME	"key.pem"

#define CERTIFICATE_FILE_MAX	(256u << 10)	/* bytes */
/* "SHA256:" and 32 bytes as hexadecimal digits with colons */
#define CERTIFICATE_FINGERPRINT_SIZE	(7 + 32 * 3)

/*
 * See that folder has a self-signed certificate and its key, both ours alone
 * to write; make the folder and them where one is missing.  "host" is the
 * name that it is for.  0; -EPERM, the folder belongs to somebody else or
 * others may write there; -errno.
 */
int	certificate_prepare(const char *folder, const char *host)
	    NK_MUST_CHECK;

/*
 * The fingerprint of the first certificate in a PEM file.  0; -EBADMSG, there
 * is none; -errno.
 */
int	certificate_fingerprint(const char *path,
	    char text[CERTIFICATE_FINGERPRINT_SIZE]) NK_MUST_CHECK;

/*
 * Does the private key in the PEM file belong to that certificate?  0;
 * -EBADMSG, the file has no key without a passphrase; -EKEYREJECTED, it is
 * another one's; -errno.
 */
int	certificate_check_key(const char *path, const char *key_path)
	    NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_CERTIFICATE_H */
