/* SPDX-License-Identifier: ISC */
#include "lib/ssh/signature.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "lib/ssh/point.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/wire.h"

#define SHA256_SIZE	32
#define ED25519_SIG	64
/* What a security key signs: application, flags, counter, message. */
#define SK_MESSAGE	(SHA256_SIZE + 1 + 4 + SHA256_SIZE)

static const char malformed[] = "the certificate's signature is malformed: "
    "have the key signed again";
static const char wrong[] = "the certificate's signature does not verify: "
    "it is damaged or forged, have the key signed again";

/* A signature taken apart. */
struct parts {
	const uint8_t	*name;		/* of the algorithm */
	size_t		 name_len;
	const uint8_t	*blob;		/* the signature proper */
	size_t		 blob_len;
	uint8_t		 flags;		/* of a security key */
	uint32_t	 counter;
};

static bool
is_security_key(const struct nk_pubkey *k)
{
	return k->type->alg == NK_ALG_SK_ED25519 ||
	    k->type->alg == NK_ALG_SK_ECDSA;
}

static bool
is_named(const struct parts *s, const char *name)
{
	return s->name_len == strlen(name) &&
	    memcmp(s->name, name, s->name_len) == 0;
}

/* Take what follows the algorithm's name, to the end. */
static int
get_parts(struct nk_wire *w, bool sk, struct parts *s)
{
	int r;

	if ((r = nk_wire_get_string(w, &s->blob, &s->blob_len)) < 0)
		return r;
	if (sk && ((r = nk_wire_get_u8(w, &s->flags)) < 0 ||
	    (r = nk_wire_get_u32(w, &s->counter)) < 0))
		return r;
	return nk_wire_get_end(w);
}

/*
 * Which digest does the named algorithm use with k?  *mdp is NULL where the
 * algorithm brings its own.  Returns 0, -EPERM or -EBADMSG.
 */
static int
find_digest(const struct nk_pubkey *k, const struct parts *s,
    const EVP_MD **mdp, const char **whyp)
{
	*mdp = NULL;
	if (k->type->alg == NK_ALG_RSA) {
		if (is_named(s, "ssh-rsa"))
			return nk_refuse(whyp, -EPERM, "the certificate is "
			    "signed with SHA-1, which sshd refuses: sign it "
			    "again with ssh-keygen -t rsa-sha2-512");
		if (is_named(s, "rsa-sha2-256"))
			*mdp = EVP_sha256();
		else if (is_named(s, "rsa-sha2-512"))
			*mdp = EVP_sha512();
		else
			return nk_refuse(whyp, -EBADMSG, malformed);
		return 0;
	}
	if (is_named(s, "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"))
		return nk_refuse(whyp, -EPERM, "the certificate is signed "
		    "through a web browser, which is not taken: "
		    "sign it with ssh-keygen");
	if (!is_named(s, k->type->plain))
		return nk_refuse(whyp, -EBADMSG, malformed);
	if (k->type->curve != NULL)
		*mdp = k->bits <= 256 ? EVP_sha256() :
		    k->bits <= 384 ? EVP_sha384() : EVP_sha512();
	return 0;
}

/* Push k's numbers; *np and *ep must live until the build is converted. */
static bool
push_numbers(OSSL_PARAM_BLD *bld, const struct nk_pubkey *k, BIGNUM **np,
    BIGNUM **ep)
{
	if (k->type->alg != NK_ALG_RSA)
		return OSSL_PARAM_BLD_push_utf8_string(bld,
		    OSSL_PKEY_PARAM_GROUP_NAME, nk_point_group(k->type->curve),
		    0) == 1 && OSSL_PARAM_BLD_push_octet_string(bld,
		    OSSL_PKEY_PARAM_PUB_KEY, k->point, k->point_len) == 1;
	return (*np = BN_bin2bn(k->n, (int)k->n_len, NULL)) != NULL &&
	    (*ep = BN_bin2bn(k->e, (int)k->e_len, NULL)) != NULL &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, *np) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, *ep) == 1;
}

/* k as libcrypto's object, to be freed, or NULL. */
static EVP_PKEY *
make_pkey(const struct nk_pubkey *k)
{
	OSSL_PARAM_BLD *bld = NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	BIGNUM *n = NULL, *e = NULL;

	if (k->type->alg != NK_ALG_RSA && k->type->curve == NULL)
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		    k->point, k->point_len);
	if ((bld = OSSL_PARAM_BLD_new()) == NULL ||
	    !push_numbers(bld, k, &n, &e) ||
	    (params = OSSL_PARAM_BLD_to_param(bld)) == NULL ||
	    (ctx = EVP_PKEY_CTX_new_from_name(NULL,
	    k->type->alg == NK_ALG_RSA ? "RSA" : "EC", NULL)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(e);
	return pkey;
}

/* Two mpints become libcrypto's form.  *derp is OPENSSL_free()d. */
static int
ecdsa_to_der(const uint8_t *blob, size_t len, unsigned char **derp,
    size_t *der_lenp)
{
	struct nk_wire w = { blob, len };
	const uint8_t *rn, *sn;
	size_t rlen, slen;
	BIGNUM *rb = NULL, *sb = NULL;
	ECDSA_SIG *sig = NULL;
	int n, r = -ENOMEM;

	if (nk_wire_get_mpint(&w, &rn, &rlen) < 0 ||
	    nk_wire_get_mpint(&w, &sn, &slen) < 0 ||
	    nk_wire_get_end(&w) < 0 || rlen > 66 || slen > 66)
		return -EBADMSG;
	if ((rb = BN_bin2bn(rn, (int)rlen, NULL)) == NULL ||
	    (sb = BN_bin2bn(sn, (int)slen, NULL)) == NULL ||
	    (sig = ECDSA_SIG_new()) == NULL ||
	    ECDSA_SIG_set0(sig, rb, sb) != 1)
		goto out;
	rb = sb = NULL;			/* now the signature's */
	if ((n = i2d_ECDSA_SIG(sig, derp)) <= 0)
		goto out;
	*der_lenp = (size_t)n;
	r = 0;
 out:
	ECDSA_SIG_free(sig);
	BN_free(rb);
	BN_free(sb);
	return r;
}

/* Returns 0, -EBADMSG (does not verify) or -ENOMEM. */
static int
verify(const struct nk_pubkey *k, const EVP_MD *md, const uint8_t *sig,
    size_t sig_len, const uint8_t *data, size_t len)
{
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	int r = -ENOMEM;

	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    (pkey = make_pkey(k)) == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey) != 1)
		goto out;
	r = EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1 ? 0 :
	    -EBADMSG;
 out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return r;
}

/* What a security key signed when it was asked to sign data[len]. */
static int
make_sk_message(const struct nk_pubkey *k, const struct parts *s,
    const uint8_t *data, size_t len, uint8_t msg[static SK_MESSAGE])
{
	struct nk_wire_out o = { msg + SHA256_SIZE, 5 };
	int r;

	if (EVP_Digest(k->application, k->application_len, msg, NULL,
	    EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(data, len, msg + SHA256_SIZE + 5, NULL,
	    EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	if ((r = nk_wire_put(&o, &s->flags, 1)) < 0)
		return r;
	return nk_wire_put_u32(&o, s->counter);
}

static int
check_parts(const struct nk_pubkey *k, const EVP_MD *md,
    const struct parts *s, const uint8_t *data, size_t len)
{
	uint8_t msg[SK_MESSAGE];
	unsigned char *der = NULL;
	size_t der_len = 0;
	int r;

	if (is_security_key(k)) {
		if ((r = make_sk_message(k, s, data, len, msg)) < 0)
			return r;
		data = msg;
		len = sizeof(msg);
	}
	if (k->type->curve == NULL) {
		if (s->blob_len != (md == NULL ? ED25519_SIG : k->n_len))
			return -EBADMSG;
		return verify(k, md, s->blob, s->blob_len, data, len);
	}
	if ((r = ecdsa_to_der(s->blob, s->blob_len, &der, &der_len)) < 0)
		return r;
	r = verify(k, md, der, der_len, data, len);
	OPENSSL_free(der);
	return r;
}

int
nk_signature_check_flags(const struct nk_pubkey *k, const uint8_t *sig,
    size_t sig_len, const uint8_t *data, size_t len, uint8_t *flagsp,
    const char **whyp)
{
	struct nk_wire w = { sig, sig_len };
	struct parts s = { 0 };
	const EVP_MD *md;
	int r;

	if (nk_wire_get_text(&w, &s.name, &s.name_len) < 0)
		return nk_refuse(whyp, -EBADMSG, malformed);
	if ((r = find_digest(k, &s, &md, whyp)) < 0)
		return r;
	if (get_parts(&w, is_security_key(k), &s) < 0)
		return nk_refuse(whyp, -EBADMSG, malformed);
	ERR_set_mark();
	r = check_parts(k, md, &s, data, len);
	ERR_pop_to_mark();
	if (r < 0)
		return nk_refuse(whyp, r,
		    r == -ENOMEM ? NK_WHY_NOMEM : wrong);
	*flagsp = s.flags;
	return 0;
}

int
nk_signature_check(const struct nk_pubkey *k, const uint8_t *sig,
    size_t sig_len, const uint8_t *data, size_t len, const char **whyp)
{
	uint8_t flags;

	return nk_signature_check_flags(k, sig, sig_len, data, len, &flags,
	    whyp);
}
