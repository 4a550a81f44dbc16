/* SPDX-License-Identifier: ISC */

/* The numbers of a private key as OpenSSH's form has them. */

#include "lib/ssh/privatekey_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyblob.h"
#include "lib/ssh/linetext.h"
#include "lib/ssh/point.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/secretwire.h"

#define COMMENT_MAX	1024

const char nk_privatekey_encrypted[] =
    "Encrypted private keys are not allowed";
const char nk_privatekey_damaged[] = "the private key is cut or damaged: "
    "give the whole file, from its first to its last line";
const char nk_privatekey_mismatch[] = "the private and the public half of "
    "the key do not belong together: take another copy of the file";
const char nk_privatekey_other_type[] = "the private key is of a type that "
    "is not taken: use RSA, ECDSA (P-256, P-384, P-521) or Ed25519";

/* ---- reading ---- */

static int
get_mpint(struct nk_wire *w, struct nk_wire *n)
{
	return nk_wire_get_mpint(w, &n->p, &n->left);
}

static int
get_rsa(struct nk_wire *w, struct nk_private_parts *a)
{
	int r;

	if ((r = get_mpint(w, &a->n)) < 0 || (r = get_mpint(w, &a->e)) < 0 ||
	    (r = get_mpint(w, &a->d)) < 0 ||
	    (r = get_mpint(w, &a->iqmp)) < 0 ||
	    (r = get_mpint(w, &a->p)) < 0)
		return r;
	return get_mpint(w, &a->q);
}

static int
get_ecdsa(struct nk_wire *w, struct nk_private_parts *a)
{
	struct nk_wire curve;
	int r;

	if ((r = nk_wire_get_sub(w, &curve)) < 0)
		return r;
	if (curve.left != strlen(a->type->curve) ||
	    memcmp(curve.p, a->type->curve, curve.left) != 0)
		return -EBADMSG;
	if ((r = nk_wire_get_sub(w, &a->point)) < 0)
		return r;
	return get_mpint(w, &a->d);
}

/* The public half stands twice, the second time behind the seed. */
static int
get_ed25519(struct nk_wire *w, struct nk_private_parts *a)
{
	struct nk_wire both;
	int r;

	if ((r = nk_wire_get_sub(w, &a->point)) < 0 ||
	    (r = nk_wire_get_sub(w, &both)) < 0)
		return r;
	if (a->point.left != NK_ED25519_SIZE ||
	    both.left != 2 * NK_ED25519_SIZE ||
	    memcmp(both.p + NK_ED25519_SIZE, a->point.p,
	    NK_ED25519_SIZE) != 0)
		return -EBADMSG;
	a->seed = (struct nk_wire){ both.p, NK_ED25519_SIZE };
	return 0;
}

int
nk_private_parts_get(struct nk_wire *w, struct nk_private_parts *a,
    const char **whyp)
{
	struct nk_wire name;
	int r = -EBADMSG;

	if (nk_wire_get_sub(w, &name) < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	a->type = nk_keytype_find((const char *)name.p, name.left);
	if (a->type == NULL || a->type->certificate)
		return nk_refuse(whyp, -EPERM, nk_privatekey_other_type);
	switch (a->type->alg) {
	case NK_ALG_RSA:
		r = get_rsa(w, a);
		break;
	case NK_ALG_ECDSA:
		r = get_ecdsa(w, a);
		break;
	case NK_ALG_ED25519:
		r = get_ed25519(w, a);
		break;
	case NK_ALG_SK_ED25519:
	case NK_ALG_SK_ECDSA:
		return nk_refuse(whyp, -EPERM, "the private half of this key "
		    "is in a security key and not in the file: only the "
		    "public half is of use here");
	}
	if (r < 0)
		return nk_refuse(whyp, r, nk_privatekey_damaged);
	return 0;
}

int
nk_private_comment(const struct nk_wire *comment, char **copyp,
    const char **whyp)
{
	*copyp = NULL;
	if (comment->left == 0)
		return 0;
	if (comment->left > COMMENT_MAX || nk_linetext_check(
	    (const char *)comment->p, comment->left, NULL) < 0)
		return nk_refuse(whyp, -EBADMSG, "the comment in the private "
		    "key is longer than 1024 bytes, has control characters "
		    "or is not UTF-8: change it with ssh-keygen -c");
	*copyp = strndup((const char *)comment->p, comment->left);
	if (*copyp == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	return 0;
}

/* ---- writing ---- */

static int
put_string(struct nk_secret *out, const struct nk_wire *s)
{
	return nk_secretwire_put_string(out, s->p, s->left);
}

static int
put_mpint(struct nk_secret *out, const struct nk_wire *n)
{
	return nk_secretwire_put_mpint(out, n->p, n->left);
}

static int
put_text(struct nk_secret *out, const char *text)
{
	return nk_secretwire_put_string(out, text, strlen(text));
}

static int
put_rsa(const struct nk_private_parts *a, struct nk_secret *out)
{
	int r;

	if ((r = put_mpint(out, &a->n)) < 0 ||
	    (r = put_mpint(out, &a->e)) < 0 ||
	    (r = put_mpint(out, &a->d)) < 0 ||
	    (r = put_mpint(out, &a->iqmp)) < 0 ||
	    (r = put_mpint(out, &a->p)) < 0)
		return r;
	return put_mpint(out, &a->q);
}

static int
put_ed25519(const struct nk_private_parts *a, struct nk_secret *out)
{
	int r;

	if ((r = put_string(out, &a->point)) < 0 ||
	    (r = nk_secretwire_put_u32(out, 2 * NK_ED25519_SIZE)) < 0 ||
	    (r = nk_secret_append(out, a->seed.p, a->seed.left)) < 0)
		return r;
	return nk_secret_append(out, a->point.p, a->point.left);
}

int
nk_private_parts_put(const struct nk_private_parts *a, struct nk_secret *out)
{
	int r;

	if ((r = put_text(out, a->type->name)) < 0)
		return r;
	if (a->type->alg == NK_ALG_RSA)
		return put_rsa(a, out);
	if (a->type->alg == NK_ALG_ED25519)
		return put_ed25519(a, out);
	if ((r = put_text(out, a->type->curve)) < 0 ||
	    (r = put_string(out, &a->point)) < 0)
		return r;
	return put_mpint(out, &a->d);
}

/* All numbers but RSA's second are in the blob as they are in the key. */
static int
put_blob(const struct nk_private_parts *a, struct nk_secret *out)
{
	int r;

	if ((r = put_text(out, a->type->name)) < 0)
		return r;
	if (a->type->alg == NK_ALG_RSA) {
		if ((r = put_mpint(out, &a->e)) < 0)
			return r;
		return put_mpint(out, &a->n);
	}
	if (a->type->curve != NULL && (r = put_text(out, a->type->curve)) < 0)
		return r;
	return put_string(out, &a->point);
}

int
nk_private_parts_blob(const struct nk_private_parts *a, uint8_t **blobp,
    size_t *lenp)
{
	struct nk_secret s = NK_SECRET_NONE;
	int r;

	*blobp = NULL;
	*lenp = 0;
	if ((r = put_blob(a, &s)) == 0) {
		if ((*blobp = malloc(s.len)) == NULL) {
			r = -ENOMEM;
		} else {
			memcpy(*blobp, s.p, s.len);
			*lenp = s.len;
		}
	}
	nk_secret_clear(&s);
	return r;
}

/* ---- all of it ---- */

/* May the public half be as it is, and is it what the file says it is? */
static int
check_public(const struct nk_private_parts *a, const uint8_t *blob,
    size_t len, const struct nk_keypolicy *policy, unsigned int *bitsp,
    const char **whyp)
{
	const char *why = NULL;
	struct nk_keyblob kb;
	int r;

	r = nk_keyblob_parse(blob, len, policy, &kb, &why);
	if (r == -EPERM || r == -ENOMEM)
		return nk_refuse(whyp, r, why);
	if (r < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	if (a->blob.p != NULL &&
	    (a->blob.left != len || memcmp(a->blob.p, blob, len) != 0))
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_mismatch);
	*bitsp = kb.key.bits;
	return 0;
}

/* Is the point that was found the one that was derived? */
static int
check_point(const struct nk_wire *found, const struct nk_wire *derived)
{
	const size_t half = derived->left / 2;

	if (found->p == NULL)
		return 0;
	if (found->left == derived->left &&
	    memcmp(found->p, derived->p, derived->left) == 0)
		return 0;
	/* SEC 1, 2.3.3: x and the last bit of y */
	if (derived->left % 2 == 1 && found->left == 1 + half &&
	    found->p[0] == (2 | (derived->p[2 * half] & 1)) &&
	    memcmp(found->p + 1, derived->p + 1, half) == 0)
		return 0;
	return -EBADMSG;
}

static int
make(const struct nk_private_parts *found, const struct nk_keypolicy *policy,
    struct nk_privatekey *k, const char **whyp)
{
	struct nk_private_parts a = *found;
	uint8_t point[NK_POINT_MAX];
	int r;

	if (a.type->alg != NK_ALG_RSA) {
		if ((r = nk_private_derive(&a, point, &a.point.left)) < 0)
			return nk_refuse(whyp, r, r == -ENOMEM ?
			    NK_WHY_NOMEM : nk_privatekey_damaged);
		a.point.p = point;
		if ((r = check_point(&found->point, &a.point)) < 0)
			return nk_refuse(whyp, r, nk_privatekey_mismatch);
	}
	if ((r = nk_private_parts_blob(&a, &k->blob, &k->blob_len)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	if ((r = check_public(&a, k->blob, k->blob_len, policy, &k->bits,
	    whyp)) < 0 ||
	    (a.type->alg == NK_ALG_RSA &&
	    (r = nk_private_check_rsa(&a, whyp)) < 0) ||
	    (r = nk_private_comment(&a.comment, &k->comment, whyp)) < 0)
		return r;
	if ((r = nk_private_parts_put(&a, &k->numbers)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	k->type = a.type;
	return 0;
}

int
nk_privatekey_make(const struct nk_private_parts *a,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    const char **whyp)
{
	int r;

	*k = (struct nk_privatekey){ .type = NULL };
	if ((r = make(a, policy, k, whyp)) < 0)
		nk_privatekey_clear(k);
	return r;
}
