/* SPDX-License-Identifier: ISC */

/* OpenSSH's own form of private keys (its PROTOCOL.key). */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"

#define BLOCK		8	/* the private section is padded to it */
#define PADDING_MAX	16	/* PuTTYgen pads to AES's block, and always */

static const char magic[] = "openssh-key-v1";	/* and its NUL */

/* The private section: check numbers, key, comment, padding. */
static int
get_section(struct nk_wire w, struct nk_private_parts *a, const char **whyp)
{
	const bool whole = w.left % BLOCK == 0;
	uint32_t check1, check2;
	size_t i;
	int r;

	if (nk_wire_get_u32(&w, &check1) < 0 ||
	    nk_wire_get_u32(&w, &check2) < 0 || check1 != check2)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	if ((r = nk_private_parts_get(&w, a, whyp)) < 0)
		return r;
	if (nk_wire_get_sub(&w, &a->comment) < 0 || !whole ||
	    w.left > PADDING_MAX)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	for (i = 0; i < w.left; i++) {
		if (w.p[i] != i + 1)
			return nk_refuse(whyp, -EBADMSG,
			    nk_privatekey_damaged);
	}
	return 0;
}

int
nk_private_get_openssh(struct nk_wire w, struct nk_private_parts *a,
    const char **whyp)
{
	struct nk_wire cipher, kdf, options, section;
	uint32_t keys;

	if (w.left < sizeof(magic) || memcmp(w.p, magic, sizeof(magic)) != 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	w.p += sizeof(magic);
	w.left -= sizeof(magic);
	if (nk_wire_get_sub(&w, &cipher) < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	if (!nk_wire_is_text(&cipher, "none"))
		return nk_refuse(whyp, -EACCES, nk_privatekey_encrypted);
	if (nk_wire_get_sub(&w, &kdf) < 0 || !nk_wire_is_text(&kdf, "none") ||
	    nk_wire_get_sub(&w, &options) < 0 || options.left != 0 ||
	    nk_wire_get_u32(&w, &keys) < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	if (keys != 1)
		return nk_refuse(whyp, -EBADMSG, "the file does not hold "
		    "exactly one private key: give each in a file of its own");
	if (nk_wire_get_sub(&w, &a->blob) < 0 ||
	    nk_wire_get_sub(&w, &section) < 0 || nk_wire_get_end(&w) < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	return get_section(section, a, whyp);
}
