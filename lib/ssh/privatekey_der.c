/* SPDX-License-Identifier: ISC */

/*
 * Private keys in DER: PKCS#1 (RFC 8017, A.1.2), SEC1 (RFC 5915), and PKCS#8
 * (RFC 5208, and RFC 5958 for the public half behind an Ed25519 key).
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ssh/der.h"
#include "lib/ssh/keyoid.h"
#include "lib/ssh/point.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"

#define CONTEXT_0		0xa0	/* [0], constructed */
#define CONTEXT_1		0xa1
#define CONTEXT_1_IMPLICIT	0x81	/* [1], the type's own tag replaced */

/* Versions. */
#define TWO_PRIMES		0
#define SEC1_VERSION		1
#define WITHOUT_PUBLIC		0
#define WITH_PUBLIC		1

static int
get_rsa(struct nk_wire w, struct nk_private_parts *a)
{
	struct nk_wire s;
	uint8_t version;

	a->type = nk_keytype_find("ssh-rsa", 7);
	if (nk_der_get(&w, NK_DER_SEQUENCE, &s) < 0 ||
	    nk_wire_get_end(&w) < 0 ||
	    nk_der_get_version(&s, &version) < 0 || version != TWO_PRIMES ||
	    nk_der_get_positive(&s, &a->n) < 0 ||
	    nk_der_get_positive(&s, &a->e) < 0 ||
	    nk_der_get_positive(&s, &a->d) < 0 ||
	    nk_der_get_positive(&s, &a->p) < 0 ||
	    nk_der_get_positive(&s, &a->q) < 0 ||
	    nk_der_get_positive(&s, &a->dp) < 0 ||
	    nk_der_get_positive(&s, &a->dq) < 0 ||
	    nk_der_get_positive(&s, &a->iqmp) < 0)
		return -EBADMSG;
	return nk_wire_get_end(&s);
}

/* The name of a curve; -EPERM for another one, or for its numbers. */
static int
get_curve(struct nk_wire w, const struct nk_keytype **typep)
{
	struct nk_wire oid;

	if (nk_der_has(&w, NK_DER_SEQUENCE))
		return -EPERM;
	if (nk_der_get(&w, NK_DER_OID, &oid) < 0 || nk_wire_get_end(&w) < 0)
		return -EBADMSG;
	*typep = nk_keyoid_curve_type(&oid);
	return *typep != NULL ? 0 : -EPERM;
}

/* The bytes of a BIT STRING's content that is made of whole bytes. */
static int
get_bits(struct nk_wire content, struct nk_wire *bits)
{
	uint8_t unused;

	if (nk_wire_get_u8(&content, &unused) < 0 || unused != 0)
		return -EBADMSG;
	*bits = content;
	return 0;
}

/* a->type is the curve that PKCS#8 names, or NULL. */
static int
get_ec(struct nk_wire w, struct nk_private_parts *a)
{
	const struct nk_keytype *type = a->type;
	struct nk_wire s, c, bits;
	uint8_t version;
	int r;

	if (nk_der_get(&w, NK_DER_SEQUENCE, &s) < 0 ||
	    nk_wire_get_end(&w) < 0 ||
	    nk_der_get_version(&s, &version) < 0 || version != SEC1_VERSION ||
	    nk_der_get(&s, NK_DER_OCTET_STRING, &a->d) < 0)
		return -EBADMSG;
	if (nk_der_has(&s, CONTEXT_0)) {
		if ((r = nk_der_get(&s, CONTEXT_0, &c)) < 0 ||
		    (r = get_curve(c, &type)) < 0)
			return r;
	}
	/*
	 * RFC 5915 wants as many bytes as the order has; PuTTYgen writes
	 * what an INTEGER would have: fewer, or a zero before them.
	 */
	if (type == NULL || (a->type != NULL && a->type != type) ||
	    a->d.left > (type->bits + 7) / 8 + 1)
		return -EBADMSG;
	a->type = type;
	if (nk_der_has(&s, CONTEXT_1) &&
	    (nk_der_get(&s, CONTEXT_1, &c) < 0 ||
	    nk_der_get(&c, NK_DER_BIT_STRING, &bits) < 0 ||
	    nk_wire_get_end(&c) < 0 || get_bits(bits, &a->point) < 0))
		return -EBADMSG;
	return nk_wire_get_end(&s);
}

static int
get_ed25519(struct nk_wire w, struct nk_private_parts *a)
{
	a->type = nk_keytype_find("ssh-ed25519", 11);
	if (nk_der_get(&w, NK_DER_OCTET_STRING, &a->seed) < 0 ||
	    a->seed.left != NK_ED25519_SIZE)
		return -EBADMSG;
	return nk_wire_get_end(&w);
}

/* algorithm is its name and parameters, key what the form wraps. */
static int
get_algorithm(struct nk_wire algorithm, struct nk_wire key,
    struct nk_private_parts *a)
{
	struct nk_wire oid, null;
	int r;

	if ((r = nk_der_get(&algorithm, NK_DER_OID, &oid)) < 0)
		return r;
	if (nk_keyoid_is(&oid, &nk_keyoid_rsa)) {
		if (nk_der_get(&algorithm, NK_DER_NULL, &null) < 0 ||
		    nk_wire_get_end(&null) < 0 ||
		    nk_wire_get_end(&algorithm) < 0)
			return -EBADMSG;
		return get_rsa(key, a);
	}
	if (nk_keyoid_is(&oid, &nk_keyoid_ec)) {
		if ((r = get_curve(algorithm, &a->type)) < 0)
			return r;
		return get_ec(key, a);
	}
	if (nk_keyoid_is(&oid, &nk_keyoid_ed25519)) {
		if ((r = nk_wire_get_end(&algorithm)) < 0)
			return r;
		return get_ed25519(key, a);
	}
	return -EPERM;
}

static int
get_pkcs8(struct nk_wire w, struct nk_private_parts *a)
{
	struct nk_wire s, algorithm, key, attributes, bits;
	uint8_t version;
	int r;

	if (nk_der_get(&w, NK_DER_SEQUENCE, &s) < 0 ||
	    nk_wire_get_end(&w) < 0 ||
	    nk_der_get_version(&s, &version) < 0 ||
	    nk_der_get(&s, NK_DER_SEQUENCE, &algorithm) < 0 ||
	    nk_der_get(&s, NK_DER_OCTET_STRING, &key) < 0)
		return -EBADMSG;
	if ((r = get_algorithm(algorithm, key, a)) < 0)
		return r;
	/* they say nothing of the key */
	if (nk_der_has(&s, CONTEXT_0) &&
	    nk_der_get(&s, CONTEXT_0, &attributes) < 0)
		return -EBADMSG;
	if (version == WITH_PUBLIC && a->type->alg == NK_ALG_ED25519) {
		if (nk_der_get(&s, CONTEXT_1_IMPLICIT, &bits) < 0 ||
		    get_bits(bits, &a->point) < 0)
			return -EBADMSG;
	} else if (version != WITHOUT_PUBLIC)
		return -EBADMSG;
	return nk_wire_get_end(&s);
}

static int
explain(int r, const char **whyp)
{
	if (r == 0)
		return 0;
	return nk_refuse(whyp, r, r == -EPERM ? nk_privatekey_other_type :
	    nk_privatekey_damaged);
}

int
nk_private_get_pkcs1(struct nk_wire w, struct nk_private_parts *a,
    const char **whyp)
{
	return explain(get_rsa(w, a), whyp);
}

int
nk_private_get_sec1(struct nk_wire w, struct nk_private_parts *a,
    const char **whyp)
{
	return explain(get_ec(w, a), whyp);
}

int
nk_private_get_pkcs8(struct nk_wire w, struct nk_private_parts *a,
    const char **whyp)
{
	return explain(get_pkcs8(w, a), whyp);
}

int
nk_private_get_curve(struct nk_wire w, const struct nk_keytype **typep,
    const char **whyp)
{
	return explain(get_curve(w, typep), whyp);
}
