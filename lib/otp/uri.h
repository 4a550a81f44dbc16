/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OTP_URI_H
#define NASKEYS_OTP_URI_H

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/store/store.h"

/*
 * Append the URI that authenticator apps take from a QR code, as the "Key
 * Uri Format" of Google Authenticator has it:
 *   otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER&algorithm=SHA1
 *   &digits=6&period=30
 * with counter=N in place of the period for HOTP.  Whatever is not unreserved
 * (RFC 3986, section 2.3) in the two names is percent-encoded.  0, -E2BIG,
 * -ENOMEM.
 */
int	nk_otp_uri(const struct nk_otp *o, const struct nk_secret *seed,
	    const char *issuer, const char *account, struct nk_secret *out)
	    NK_MUST_CHECK;

/* "SHA256". */
const char *nk_otp_hash_name(enum nk_otp_hash hash);

#endif /* NASKEYS_OTP_URI_H */
