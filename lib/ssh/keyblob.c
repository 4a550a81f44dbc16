/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyblob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/refuse.h"

static const char cut[] = "the key is cut or damaged: "
    "copy its whole .pub file again";

int
nk_keyblob_parse(const uint8_t *blob, size_t len,
    const struct nk_keypolicy *policy, struct nk_keyblob *kb,
    const char **whyp)
{
	struct nk_wire w = { blob, len }, nonce;
	const uint8_t *name;
	const char *advice = NULL;
	size_t name_len;
	int r;

	memset(kb, 0, sizeof(*kb));
	if (nk_wire_get_string(&w, &name, &name_len) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	kb->type = nk_keytype_find((const char *)name, name_len);
	if (kb->type == NULL) {
		if (name_len > 0 && memchr(name, '\0', name_len) == NULL)
			advice = nk_keytype_advice((const char *)name,
			    name_len);
		if (advice != NULL)
			return nk_refuse(whyp, -EPERM, advice);
		return nk_refuse(whyp, -EBADMSG, "the key names no type "
		    "inside that is known: copy its whole .pub file again");
	}
	if (!nk_sshd_version_has(policy->sshd, kb->type->since))
		return nk_refuse(whyp, -EPERM, "this system's sshd is too old "
		    "for this type of key: use an Ed25519 or RSA key");
	if (kb->type->certificate && nk_wire_get_sub(&w, &nonce) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	if ((r = nk_pubkey_get(&w, kb->type, policy, &kb->key, whyp)) < 0)
		return r;
	if (kb->type->certificate && (r = nk_certificate_get(&w, blob, len,
	    policy, &kb->cert, whyp)) < 0)
		return r;
	if (nk_wire_get_end(&w) < 0)
		return nk_refuse(whyp, -EBADMSG, "something follows the end "
		    "of the key: copy its whole .pub file again");
	return 0;
}

/* Move w, which is behind the nonce, over the strings that are the key. */
static int
skip_numbers(struct nk_wire *w, enum nk_keyalg alg)
{
	static const unsigned int strings[] = {
		[NK_ALG_ED25519] = 1, [NK_ALG_RSA] = 2, [NK_ALG_ECDSA] = 2,
		[NK_ALG_SK_ED25519] = 2, [NK_ALG_SK_ECDSA] = 3,
	};
	struct nk_wire s;
	unsigned int i;
	int r;

	for (i = 0; i < strings[alg]; i++) {
		if ((r = nk_wire_get_sub(w, &s)) < 0)
			return r;
	}
	return 0;
}

int
nk_keyblob_plain(const uint8_t *blob, size_t len, uint8_t **plainp,
    size_t *plain_lenp)
{
	struct nk_wire w = { blob, len }, nonce, numbers = { blob, len };
	const struct nk_keytype *t = NULL;
	const uint8_t *name;
	struct nk_wire_out o;
	size_t name_len;
	uint8_t *plain;
	int r = 0;

	*plainp = NULL;
	*plain_lenp = 0;
	if (nk_wire_get_string(&w, &name, &name_len) == 0)
		t = nk_keytype_find((const char *)name, name_len);
	if (t != NULL && t->certificate) {
		if ((r = nk_wire_get_sub(&w, &nonce)) < 0)
			return r;
		numbers = w;
		if ((r = skip_numbers(&w, t->alg)) < 0)
			return r;
		numbers.left -= w.left;
	}
	/* The plain name is the shorter one, so len bytes are enough. */
	if ((plain = malloc(len + 1)) == NULL)
		return -ENOMEM;
	o = (struct nk_wire_out){ plain, len };
	if (t != NULL && t->certificate)
		r = nk_wire_put_string(&o, t->plain, strlen(t->plain));
	if (r < 0 || (r = nk_wire_put(&o, numbers.p, numbers.left)) < 0) {
		free(plain);
		return r;
	}
	*plain_lenp = len - o.left;
	*plainp = plain;
	return 0;
}
