/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyoid.h"

#include <stddef.h>
#include <string.h>

const struct nk_keyoid nk_keyoid_rsa =
    { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 }, 9 };
const struct nk_keyoid nk_keyoid_ec =
    { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1 }, 7 };
const struct nk_keyoid nk_keyoid_ed25519 = { { 0x2b, 0x65, 0x70 }, 3 };

static const struct {
	struct nk_keyoid	 oid;
	const char		*type;
} curves[] = {
	{ { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, 8 },
	    "ecdsa-sha2-nistp256" },
	{ { { 0x2b, 0x81, 4, 0, 0x22 }, 5 }, "ecdsa-sha2-nistp384" },
	{ { { 0x2b, 0x81, 4, 0, 0x23 }, 5 }, "ecdsa-sha2-nistp521" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

bool
nk_keyoid_is(const struct nk_wire *w, const struct nk_keyoid *oid)
{
	return w->left == oid->len && memcmp(w->p, oid->bytes, oid->len) == 0;
}

const struct nk_keytype *
nk_keyoid_curve_type(const struct nk_wire *w)
{
	size_t i;

	for (i = 0; i < COUNT(curves); i++) {
		if (nk_keyoid_is(w, &curves[i].oid))
			return nk_keytype_find(curves[i].type,
			    strlen(curves[i].type));
	}
	return NULL;
}

const struct nk_keyoid *
nk_keyoid_of_curve(const struct nk_keytype *type)
{
	size_t i;

	for (i = 0; i < COUNT(curves); i++) {
		if (strcmp(curves[i].type, type->name) == 0)
			return &curves[i].oid;
	}
	return NULL;
}
