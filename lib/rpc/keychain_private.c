/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_private.h"

#include <errno.h>
#include <string.h>

#define PASSWD	NK_SYSCONFDIR "/passwd"

static int
no_sandbox(int r, struct nk_error *e)
{
	switch (r) {
	case -ENOENT:
		return nk_error_call(e, ENOENT, "The user " NK_SANDBOX_USER
		    " is missing: run \"naskeysctl init\"");
	case -EPERM:
		return nk_error_call(e, EPERM, "The user " NK_SANDBOX_USER
		    ", who reads private keys, has root's uid or group in "
		    PASSWD ": give it ids of its own");
	default:
		return nk_error_call(e, -r, "The user " NK_SANDBOX_USER
		    " cannot be looked up in " PASSWD ": %s", strerror(-r));
	}
}

int
nk_keychain_sandbox(struct nk_sandbox *sb, struct nk_error *e)
{
	int r = nk_sandbox_init(sb, PASSWD);

	return r < 0 ? no_sandbox(r, e) : 0;
}

int
nk_keychain_read_private(const struct nk_secret *text,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    struct nk_privatetext_why *why, struct nk_error *e)
{
	struct nk_sandbox sb;
	int r;

	*k = (struct nk_privatekey){ .type = NULL };
	if ((r = nk_keychain_sandbox(&sb, e)) < 0)
		return r;
	r = nk_privatetext_read(&sb, (const char *)text->p, text->len,
	    policy, k, why);
	switch (r) {
	case 0:
		return 0;
	case -EACCES:
	case -EBADMSG:
	case -EPERM:
	case -E2BIG:
		return 1;
	default:
		return nk_error_call(e, -r, "%s", why->text);
	}
}
