/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_PRIVATEKEY_DETECT_H
#define NASKEYS_SSH_PRIVATEKEY_DETECT_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * Does text[len] contain a private key, whole or cut, where a public one
 * belongs?  It knows the forms of OpenSSH, PKCS#1, PKCS#8 (encrypted too),
 * SEC1, DSA, PuTTY, ssh.com and SSH 1, with and without their first and last
 * lines, in UTF-16 too, and a stretch of the base64 text from which only the
 * ends are missing where something in it tells.  It is called before
 * anything else looks at the text; what it decodes it wipes.
 *
 * Returns 0, there is none; -EPERM, there is one: *advicep (may be NULL) is
 * then a static sentence that says what to do now; -ENOMEM.
 */
int	nk_privatekey_detect(const char *text, size_t len,
	    const char **advicep) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_PRIVATEKEY_DETECT_H */
