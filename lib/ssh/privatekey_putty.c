/* SPDX-License-Identifier: ISC */

/*
 * PuTTY's form, versions 2 and 3 (PuTTY's documentation, appendix C).  Its
 * checksum covers everything but the number of the version.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/point.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/secretbase64.h"
#include "lib/ssh/secretwire.h"

#define SHA1_SIZE	20
#define SHA256_SIZE	32

struct putty {
	bool		 v3;
	struct nk_wire	 type;		/* of the text, as the next ones */
	struct nk_wire	 encryption;
	struct nk_wire	 comment;
	struct nk_wire	 mac;		/* in hexadecimal */
	struct nk_secret public;
	struct nk_secret private;
};

/* ---- the lines ---- */

/* Take the line "NAME: VALUE" off t. */
static int
get_header(struct nk_textlines *t, const char *name, struct nk_wire *value)
{
	const size_t n = strlen(name);
	const char *line;
	size_t len;

	if (nk_textlines_get(t, &line, &len) < 0 || len < n + 2 ||
	    memcmp(line, name, n) != 0 || memcmp(line + n, ": ", 2) != 0)
		return -EBADMSG;
	*value = (struct nk_wire){ (const uint8_t *)line + n + 2, len - n - 2 };
	return 0;
}

static int
get_count(struct nk_textlines *t, const char *name, unsigned int *np)
{
	struct nk_wire value;
	unsigned int n = 0;
	uint8_t c;
	int r;

	if ((r = get_header(t, name, &value)) < 0)
		return r;
	if (value.left == 0 || value.left > 4)
		return -EBADMSG;
	while (nk_wire_get_u8(&value, &c) == 0) {
		if (c < '0' || c > '9')
			return -EBADMSG;
		n = 10 * n + (c - '0');
	}
	*np = n;
	return 0;
}

/* Take the count of that name, and so many lines of base64. */
static int
get_lines(struct nk_textlines *t, const char *name, struct nk_secret *out)
{
	struct nk_secret body = NK_SECRET_NONE;
	const char *line;
	unsigned int n;
	size_t len;
	int r;

	if ((r = get_count(t, name, &n)) < 0 ||
	    (r = nk_secret_reserve(&body, t->left)) < 0)
		return r;
	for (; n > 0 && r == 0; n--) {
		if (nk_textlines_get(t, &line, &len) < 0)
			r = -EBADMSG;
		else
			r = nk_secret_append(&body, line, len);
	}
	if (r == 0)
		r = nk_secretbase64_decode((const char *)body.p, body.len,
		    out);
	nk_secret_clear(&body);
	return r;
}

/* Does nothing but white space follow? */
static bool
is_end(const struct nk_textlines *t)
{
	size_t i;
	char c;

	for (i = 0; i < t->left; i++) {
		c = t->p[i];
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return false;
	}
	return true;
}

static int
get_file(struct nk_textlines *t, struct putty *f)
{
	struct nk_textlines first = *t;
	int r;

	f->v3 = get_header(t, "PuTTY-User-Key-File-3", &f->type) == 0;
	if (!f->v3) {
		*t = first;
		if ((r = get_header(t, "PuTTY-User-Key-File-2",
		    &f->type)) < 0)
			return r;
	}
	if ((r = get_header(t, "Encryption", &f->encryption)) < 0)
		return r;
	if (f->encryption.left != 4 ||
	    memcmp(f->encryption.p, "none", 4) != 0)
		return -EACCES;
	if ((r = get_header(t, "Comment", &f->comment)) < 0 ||
	    (r = get_lines(t, "Public-Lines", &f->public)) < 0 ||
	    (r = get_lines(t, "Private-Lines", &f->private)) < 0 ||
	    (r = get_header(t, "Private-MAC", &f->mac)) < 0)
		return r;
	return is_end(t) ? 0 : -EBADMSG;
}

/* ---- the checksum ---- */

static int
get_covered(const struct putty *f, struct nk_secret *out)
{
	int r;

	if ((r = nk_secretwire_put_string(out, f->type.p,
	    f->type.left)) < 0 ||
	    (r = nk_secretwire_put_string(out, f->encryption.p,
	    f->encryption.left)) < 0 ||
	    (r = nk_secretwire_put_string(out, f->comment.p,
	    f->comment.left)) < 0 ||
	    (r = nk_secretwire_put_string(out, f->public.p,
	    f->public.len)) < 0)
		return r;
	return nk_secretwire_put_string(out, f->private.p, f->private.len);
}

/* What stands for a passphrase in the key of the checksum: nothing. */
static int
digest(const struct putty *f, const struct nk_secret *covered,
    uint8_t mac[static SHA256_SIZE])
{
	static const char name[] = "putty-private-key-file-mac-key";
	uint8_t key[SHA1_SIZE];
	bool good;

	if (f->v3)
		good = HMAC(EVP_sha256(), "", 0, covered->p, covered->len,
		    mac, NULL) != NULL;
	else
		good = EVP_Digest(name, sizeof(name) - 1, key, NULL,
		    EVP_sha1(), NULL) == 1 &&
		    HMAC(EVP_sha1(), key, sizeof(key), covered->p,
		    covered->len, mac, NULL) != NULL;
	return good ? 0 : -ENOMEM;
}

static int
check_mac(const struct putty *f)
{
	static const char digits[] = "0123456789abcdef";
	const size_t size = f->v3 ? SHA256_SIZE : SHA1_SIZE;
	struct nk_secret covered = NK_SECRET_NONE;
	uint8_t mac[SHA256_SIZE];
	char hex[2 * SHA256_SIZE];
	size_t i;
	int r;

	if (f->mac.left != 2 * size)
		return -EBADMSG;
	ERR_set_mark();
	if ((r = get_covered(f, &covered)) == 0)
		r = digest(f, &covered, mac);
	ERR_pop_to_mark();
	nk_secret_clear(&covered);
	if (r < 0)
		return r;
	for (i = 0; i < size; i++) {
		hex[2 * i] = digits[mac[i] >> 4];
		hex[2 * i + 1] = digits[mac[i] & 15];
	}
	return CRYPTO_memcmp(hex, f->mac.p, 2 * size) == 0 ? 0 : -EBADMSG;
}

/* ---- the key ---- */

/* The type, and of RSA the numbers that only the public half has. */
static int
get_public(const struct putty *f, struct nk_private_parts *a)
{
	struct nk_wire w = { f->public.p, f->public.len }, name;

	a->blob = w;
	if (nk_wire_get_sub(&w, &name) < 0 || name.left != f->type.left ||
	    memcmp(name.p, f->type.p, name.left) != 0)
		return -EBADMSG;
	a->type = nk_keytype_find((const char *)name.p, name.left);
	if (a->type == NULL || a->type->certificate)
		return -EPERM;
	if (a->type->alg != NK_ALG_RSA)
		return 0;
	if (nk_wire_get_mpint(&w, &a->e.p, &a->e.left) < 0)
		return -EBADMSG;
	return nk_wire_get_mpint(&w, &a->n.p, &a->n.left);
}

static int
get_private(const struct putty *f, struct nk_private_parts *a)
{
	struct nk_wire w = { f->private.p, f->private.len };

	switch (a->type->alg) {
	case NK_ALG_RSA:
		if (nk_wire_get_mpint(&w, &a->d.p, &a->d.left) < 0 ||
		    nk_wire_get_mpint(&w, &a->p.p, &a->p.left) < 0 ||
		    nk_wire_get_mpint(&w, &a->q.p, &a->q.left) < 0 ||
		    nk_wire_get_mpint(&w, &a->iqmp.p, &a->iqmp.left) < 0)
			return -EBADMSG;
		break;
	case NK_ALG_ECDSA:
		if (nk_wire_get_mpint(&w, &a->d.p, &a->d.left) < 0)
			return -EBADMSG;
		break;
	case NK_ALG_ED25519:
		if (nk_wire_get_sub(&w, &a->seed) < 0 ||
		    a->seed.left != NK_ED25519_SIZE)
			return -EBADMSG;
		break;
	case NK_ALG_SK_ED25519:
	case NK_ALG_SK_ECDSA:
		return -EPERM;
	}
	return nk_wire_get_end(&w);
}

static int
explain(int r, const char **whyp)
{
	static const struct {
		int		 r;
		const char	*why;
	} reasons[] = {
		{ -EACCES, nk_privatekey_encrypted },
		{ -EPERM, nk_privatekey_other_type },
		{ -ENOMEM, NK_WHY_NOMEM },
		{ -E2BIG, NK_WHY_NOMEM },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].r == r)
			return nk_refuse(whyp, r, reasons[i].why);
	}
	return nk_refuse(whyp, -EBADMSG, "PuTTY's private key is cut, "
	    "changed, or not of version 2 or 3: give the whole file as "
	    "PuTTYgen saved it");
}

int
nk_privatekey_read_putty(const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    const char **whyp)
{
	struct nk_textlines t = { text, len, 0 };
	struct putty f = { .public = NK_SECRET_NONE,
	    .private = NK_SECRET_NONE };
	struct nk_private_parts a = { .type = NULL };
	int r;

	if ((r = get_file(&t, &f)) < 0 || (r = check_mac(&f)) < 0 ||
	    (r = get_public(&f, &a)) < 0 || (r = get_private(&f, &a)) < 0) {
		r = explain(r, whyp);
		goto out;
	}
	a.comment = f.comment;
	r = nk_privatekey_make(&a, policy, k, whyp);
 out:
	nk_secret_clear(&f.public);
	nk_secret_clear(&f.private);
	return r;
}
