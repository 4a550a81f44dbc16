/* SPDX-License-Identifier: ISC */
#include "lib/ssh/derpublic.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/der.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/wire.h"

static const char damaged[] = "the PEM public key is cut or damaged: "
    "copy it again from its first to its last line";
static const char other[] = "the PEM public key is of a kind that sshd does "
    "not take: use RSA, ECDSA (P-256, P-384, P-521) or Ed25519";

enum algorithm {
	RSA,
	EC,
	ED25519,
};

struct oid {
	uint8_t	bytes[9];
	uint8_t	len;
};

static const struct oid algorithms[] = {
	[RSA] = { { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 }, 9 },
	[EC] = { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1 }, 7 },
	[ED25519] = { { 0x2b, 0x65, 0x70 }, 3 },
};

static const struct {
	struct oid	 oid;
	const char	*type;
	const char	*curve;
} curves[] = {
	{ { { 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, 8 },
	    "ecdsa-sha2-nistp256", "nistp256" },
	{ { { 0x2b, 0x81, 4, 0, 0x22 }, 5 },
	    "ecdsa-sha2-nistp384", "nistp384" },
	{ { { 0x2b, 0x81, 4, 0, 0x23 }, 5 },
	    "ecdsa-sha2-nistp521", "nistp521" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static bool
is_oid(const struct nk_wire *w, const struct oid *oid)
{
	return w->left == oid->len && memcmp(w->p, oid->bytes, oid->len) == 0;
}

/* Up to three strings of a blob; unused ones have no p. */
static int
make_blob(const char *type, const struct nk_wire *a, const struct nk_wire *b,
    uint8_t **blobp, size_t *blob_lenp)
{
	size_t len = strlen(type) + a->left + b->left + 12;
	struct nk_wire_out o;
	uint8_t *blob;
	int r;

	if ((blob = malloc(len)) == NULL)
		return -ENOMEM;
	o = (struct nk_wire_out){ blob, len };
	if ((r = nk_wire_put_string(&o, type, strlen(type))) < 0 ||
	    (r = nk_wire_put_string(&o, a->p, a->left)) < 0 ||
	    (b->p != NULL &&
	    (r = nk_wire_put_string(&o, b->p, b->left)) < 0)) {
		free(blob);
		return r;
	}
	*blob_lenp = len - o.left;
	*blobp = blob;
	return 0;
}

/* SEQUENCE { modulus, exponent }; DER and SSH write numbers alike. */
static int
from_rsa(struct nk_wire w, uint8_t **blobp, size_t *blob_lenp)
{
	struct nk_wire seq, n, e;

	if (nk_der_get(&w, NK_DER_SEQUENCE, &seq) < 0 ||
	    nk_wire_get_end(&w) < 0 ||
	    nk_der_get(&seq, NK_DER_INTEGER, &n) < 0 ||
	    nk_der_get(&seq, NK_DER_INTEGER, &e) < 0 ||
	    nk_wire_get_end(&seq) < 0)
		return -EBADMSG;
	return make_blob("ssh-rsa", &e, &n, blobp, blob_lenp);
}

static int
from_ec(struct nk_wire params, const struct nk_wire *point, uint8_t **blobp,
    size_t *blob_lenp)
{
	struct nk_wire curve;
	size_t i;

	if (nk_der_get(&params, NK_DER_OID, &curve) < 0 ||
	    nk_wire_get_end(&params) < 0)
		return -EBADMSG;
	for (i = 0; i < COUNT(curves); i++) {
		if (!is_oid(&curve, &curves[i].oid))
			continue;
		curve.p = (const uint8_t *)curves[i].curve;
		curve.left = strlen(curves[i].curve);
		return make_blob(curves[i].type, &curve, point, blobp,
		    blob_lenp);
	}
	return -EPERM;
}

/* params is what follows the algorithm's name, bits the key proper. */
static int
from_algorithm(const struct nk_wire *oid, struct nk_wire params,
    const struct nk_wire *bits, uint8_t **blobp, size_t *blob_lenp)
{
	static const struct nk_wire none = { NULL, 0 };
	struct nk_wire null;

	if (is_oid(oid, &algorithms[RSA])) {
		if (nk_der_get(&params, NK_DER_NULL, &null) < 0 ||
		    nk_wire_get_end(&null) < 0 ||
		    nk_wire_get_end(&params) < 0)
			return -EBADMSG;
		return from_rsa(*bits, blobp, blob_lenp);
	}
	if (is_oid(oid, &algorithms[EC]))
		return from_ec(params, bits, blobp, blob_lenp);
	if (is_oid(oid, &algorithms[ED25519])) {
		if (nk_wire_get_end(&params) < 0)
			return -EBADMSG;
		return make_blob("ssh-ed25519", bits, &none, blobp,
		    blob_lenp);
	}
	return -EPERM;
}

static int
from_spki(struct nk_wire w, uint8_t **blobp, size_t *blob_lenp)
{
	struct nk_wire seq, alg, oid, bits;
	uint8_t unused;

	if (nk_der_get(&w, NK_DER_SEQUENCE, &seq) < 0 ||
	    nk_wire_get_end(&w) < 0 ||
	    nk_der_get(&seq, NK_DER_SEQUENCE, &alg) < 0 ||
	    nk_der_get(&alg, NK_DER_OID, &oid) < 0 ||
	    nk_der_get(&seq, NK_DER_BIT_STRING, &bits) < 0 ||
	    nk_wire_get_end(&seq) < 0 ||
	    nk_wire_get_u8(&bits, &unused) < 0 || unused != 0)
		return -EBADMSG;
	return from_algorithm(&oid, alg, &bits, blobp, blob_lenp);
}

/* Say why r is what it is. */
static int
explain(int r, const char **whyp)
{
	if (r == 0)
		return 0;
	return nk_refuse(whyp, r, r == -ENOMEM ? NK_WHY_NOMEM :
	    r == -EPERM ? other : damaged);
}

int
nk_derpublic_from_spki(const uint8_t *der, size_t len, uint8_t **blobp,
    size_t *blob_lenp, const char **whyp)
{
	*blobp = NULL;
	*blob_lenp = 0;
	return explain(from_spki((struct nk_wire){ der, len }, blobp,
	    blob_lenp), whyp);
}

int
nk_derpublic_from_pkcs1(const uint8_t *der, size_t len, uint8_t **blobp,
    size_t *blob_lenp, const char **whyp)
{
	*blobp = NULL;
	*blob_lenp = 0;
	return explain(from_rsa((struct nk_wire){ der, len }, blobp,
	    blob_lenp), whyp);
}
