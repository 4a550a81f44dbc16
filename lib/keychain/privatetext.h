/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYCHAIN_PRIVATETEXT_H
#define NASKEYS_KEYCHAIN_PRIVATETEXT_H

/*
 * The text of a private key from outside, read where it can do no harm: the
 * parser runs in the sandbox (lib/sandbox/sandbox.h), and what it answers is
 * checked here as if it came from outside, too.
 */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/privatekey.h"

/* For nk_sandbox_serve(), in each program that reads private keys. */
extern const struct nk_sandbox_work nk_privatetext_works[];

/* A sentence that says why: printable ASCII, no word longer than 40 bytes. */
#define NK_PRIVATETEXT_WHY_MAX	240

struct nk_privatetext_why {
	char	text[NK_PRIVATETEXT_WHY_MAX + 1];
};

/*
 * nk_privatekey_read() in the sandbox, with its results, and: -ETIMEDOUT;
 * -EIO, the sandbox failed or was ended, or its answer is no key that policy
 * takes; -errno.  On failure *k is empty and *why always is a sentence;
 * otherwise it is empty.
 */
int	nk_privatetext_read(const struct nk_sandbox *sb, const char *text,
	    size_t len, const struct nk_keypolicy *policy,
	    struct nk_privatekey *k, struct nk_privatetext_why *why)
	    NK_MUST_CHECK;

/*
 * What the sandbox answers, of which nothing is trusted: a uint32, 0 or the
 * errno of a refusal; a string that says why, empty with 0; and with 0 the
 * packed key.  Returns 0; -EACCES, -EBADMSG, -EPERM, -E2BIG or -ENOMEM, it
 * is that refusal, with *why set; -EIO, it is no answer, with *why empty.
 */
int	nk_privatetext_answer(const struct nk_secret *answer,
	    const struct nk_keypolicy *policy, struct nk_privatekey *k,
	    struct nk_privatetext_why *why) NK_MUST_CHECK;

#endif /* NASKEYS_KEYCHAIN_PRIVATETEXT_H */
