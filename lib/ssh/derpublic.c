/* SPDX-License-Identifier: ISC */
#include "lib/ssh/derpublic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/der.h"
#include "lib/ssh/keyoid.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/wire.h"

static const char damaged[] = "the PEM public key is cut or damaged: "
    "copy it again from its first to its last line";
static const char other[] = "the PEM public key is of a kind that sshd does "
    "not take: use RSA, ECDSA (P-256, P-384, P-521) or Ed25519";

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
	const struct nk_keytype *type;
	struct nk_wire curve;

	if (nk_der_get(&params, NK_DER_OID, &curve) < 0 ||
	    nk_wire_get_end(&params) < 0)
		return -EBADMSG;
	if ((type = nk_keyoid_curve_type(&curve)) == NULL)
		return -EPERM;
	curve.p = (const uint8_t *)type->curve;
	curve.left = strlen(type->curve);
	return make_blob(type->name, &curve, point, blobp, blob_lenp);
}

/* params is what follows the algorithm's name, bits the key proper. */
static int
from_algorithm(const struct nk_wire *oid, struct nk_wire params,
    const struct nk_wire *bits, uint8_t **blobp, size_t *blob_lenp)
{
	static const struct nk_wire none = { NULL, 0 };
	struct nk_wire null;

	if (nk_keyoid_is(oid, &nk_keyoid_rsa)) {
		if (nk_der_get(&params, NK_DER_NULL, &null) < 0 ||
		    nk_wire_get_end(&null) < 0 ||
		    nk_wire_get_end(&params) < 0)
			return -EBADMSG;
		return from_rsa(*bits, blobp, blob_lenp);
	}
	if (nk_keyoid_is(oid, &nk_keyoid_ec))
		return from_ec(params, bits, blobp, blob_lenp);
	if (nk_keyoid_is(oid, &nk_keyoid_ed25519)) {
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
