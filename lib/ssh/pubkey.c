/* SPDX-License-Identifier: ISC */
#include "lib/ssh/pubkey.h"

#include <errno.h>
#include <string.h>

#include "lib/ssh/point.h"
#include "lib/ssh/refuse.h"

static const char cut[] = "the key is cut or damaged: "
    "copy its whole .pub file again";
static const char off_curve[] = "the key is no point on its curve: "
    "it is damaged, copy its whole .pub file again";

/* Bits of a number whose first byte is not 0. */
static unsigned int
number_bits(const uint8_t *n, size_t len)
{
	unsigned int bits = (unsigned int)(len - 1) * 8, top;

	for (top = n[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

static int
check_modulus(const struct nk_pubkey *k, const struct nk_keypolicy *policy,
    const char **whyp)
{
	if ((k->n[k->n_len - 1] & 1) == 0)
		return nk_refuse(whyp, -EBADMSG, "the RSA modulus is even: "
		    "the key is damaged, copy its whole .pub file again");
	if (k->bits > NK_RSA_BITS_MAX)
		return nk_refuse(whyp, -EPERM, "the RSA key is larger than "
		    "sshd takes (16384 bits): make a smaller one");
	if (k->bits < NK_RSA_BITS_FLOOR || k->bits < policy->rsa_min_bits)
		return nk_refuse(whyp, -EPERM, "the RSA key is smaller than "
		    "this system takes (2048 bits unless configured): make "
		    "a new key with ssh-keygen -t ed25519 or -t rsa -b 3072");
	return 0;
}

/* Take one number of an RSA key. */
static int
get_number(struct nk_wire *w, const uint8_t **np, size_t *lenp,
    const char **whyp)
{
	struct nk_wire whole = *w;

	if (nk_wire_get_mpint(w, np, lenp) == 0)
		return 0;
	if (nk_wire_get_string(&whole, np, lenp) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	return nk_refuse(whyp, -EBADMSG, "a number in the RSA key is zero, "
	    "negative or not in its shortest form: write the key anew with "
	    "ssh-keygen");
}

static int
get_rsa(struct nk_wire *w, struct nk_pubkey *k,
    const struct nk_keypolicy *policy, const char **whyp)
{
	int r;

	if ((r = get_number(w, &k->e, &k->e_len, whyp)) < 0 ||
	    (r = get_number(w, &k->n, &k->n_len, whyp)) < 0)
		return r;
	if (k->n_len > NK_RSA_BITS_MAX / 8 + 1)
		k->bits = NK_RSA_BITS_MAX + 1;	/* and not what might wrap */
	else
		k->bits = number_bits(k->n, k->n_len);
	if ((k->e[k->e_len - 1] & 1) == 0 || (k->e_len == 1 && k->e[0] < 3))
		return nk_refuse(whyp, -EBADMSG, "the RSA exponent is not "
		    "odd and at least 3: the key is damaged or weak, make "
		    "a new one with ssh-keygen -t ed25519");
	if (k->e_len > NK_RSA_EXPONENT_BITS_MAX / 8)
		return nk_refuse(whyp, -EBADMSG, "the RSA exponent is longer "
		    "than sshd can use (64 bits): make a new key with "
		    "ssh-keygen -t ed25519");
	return check_modulus(k, policy, whyp);
}

static int
get_ed25519(struct nk_wire *w, struct nk_pubkey *k, const char **whyp)
{
	int r;

	if (nk_wire_get_string(w, &k->point, &k->point_len) < 0 ||
	    k->point_len != NK_ED25519_SIZE)
		return nk_refuse(whyp, -EBADMSG, cut);
	if ((r = nk_point_check_ed25519(k->point)) < 0)
		return nk_refuse(whyp, r,
		    r == -ENOMEM ? NK_WHY_NOMEM : off_curve);
	return 0;
}

static int
get_ecdsa(struct nk_wire *w, struct nk_pubkey *k, const char **whyp)
{
	const uint8_t *curve;
	size_t len;

	if (nk_wire_get_string(w, &curve, &len) < 0 ||
	    nk_wire_get_string(w, &k->point, &k->point_len) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	if (len != strlen(k->type->curve) ||
	    memcmp(curve, k->type->curve, len) != 0)
		return nk_refuse(whyp, -EBADMSG, "the key's curve is not the "
		    "one that its type names: copy its whole .pub file again");
	if (nk_point_check_nist(k->type->curve, k->point, k->point_len) < 0)
		return nk_refuse(whyp, -EBADMSG, off_curve);
	return 0;
}

static int
get_application(struct nk_wire *w, struct nk_pubkey *k, const char **whyp)
{
	if (nk_wire_get_string(w, &k->application, &k->application_len) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	if (k->application_len == 0 ||
	    k->application_len > NK_SK_APPLICATION_MAX ||
	    memchr(k->application, '\0', k->application_len) != NULL)
		return nk_refuse(whyp, -EBADMSG, "the security key's "
		    "application is empty, longer than 255 bytes or no text: "
		    "make a new key with ssh-keygen -t ed25519-sk");
	return 0;
}

static int
get_numbers(struct nk_wire *w, struct nk_pubkey *k,
    const struct nk_keypolicy *policy, const char **whyp)
{
	int r;

	switch (k->type->alg) {
	case NK_ALG_RSA:
		return get_rsa(w, k, policy, whyp);
	case NK_ALG_ED25519:
		return get_ed25519(w, k, whyp);
	case NK_ALG_ECDSA:
		return get_ecdsa(w, k, whyp);
	case NK_ALG_SK_ED25519:
		if ((r = get_ed25519(w, k, whyp)) < 0)
			return r;
		return get_application(w, k, whyp);
	case NK_ALG_SK_ECDSA:
		if ((r = get_ecdsa(w, k, whyp)) < 0)
			return r;
		return get_application(w, k, whyp);
	}
	return nk_refuse(whyp, -EBADMSG, cut);
}

int
nk_pubkey_get(struct nk_wire *w, const struct nk_keytype *t,
    const struct nk_keypolicy *policy, struct nk_pubkey *k,
    const char **whyp)
{
	struct nk_wire next = *w;
	int r;

	memset(k, 0, sizeof(*k));
	k->type = t;
	k->bits = t->bits;
	if ((r = get_numbers(&next, k, policy, whyp)) < 0)
		return r;
	*w = next;
	return 0;
}
