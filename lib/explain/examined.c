/* SPDX-License-Identifier: ISC */
#include "lib/explain/examined.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/fingerprint.h"
#include "lib/ssh/keyline.h"
#include "lib/ssh/refuse.h"

/* Whatever some sshd may take: the one at hand is asked later. */
static const struct nk_keypolicy any = { .rsa_min_bits = NK_RSA_BITS_FLOOR,
	.line_max = 65536, .lines_max = 2, .sshd = { 99, 0 } };

int
nk_examined_take(struct nk_examined *k, const uint8_t *blob, size_t len,
    const char **whyp)
{
	int r;

	*k = (struct nk_examined){ .blob = NULL };
	if ((k->blob = malloc(len + 1)) == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	memcpy(k->blob, blob, len);
	k->blob_len = len;
	r = nk_keyblob_parse(k->blob, len, &any, &k->kb, whyp);
	if (r == 0 && ((r = nk_keyblob_plain(k->blob, len, &k->plain,
	    &k->plain_len)) < 0 || (r = nk_fingerprint_sha256(k->blob, len,
	    &k->fingerprint)) < 0))
		(void)nk_refuse(whyp, r, NK_WHY_NOMEM);
	if (r < 0) {
		nk_examined_clear(k);
		return r;
	}
	k->wanted = k->blob;
	k->wanted_len = len;
	if (nk_examined_is_certificate(k)) {
		k->wanted = k->kb.cert.ca_blob;
		k->wanted_len = k->kb.cert.ca_blob_len;
	}
	return 0;
}

int
nk_examined_read(struct nk_examined *k, const char *text, size_t len,
    const char **whyp)
{
	const struct nk_keyline *l = NULL;
	struct nk_keylines ls;
	size_t i, n = 0;
	int r;

	*k = (struct nk_examined){ .blob = NULL };
	if ((r = nk_keylines_parse(text, len, &any, &ls, NULL, whyp)) < 0)
		return r;
	for (i = 0; i < ls.n; i++) {
		if (ls.v[i].kind == NK_LINE_KEY) {
			l = &ls.v[i];
			n++;
		}
	}
	if (n != 1)
		r = nk_refuse(whyp, -EBADMSG, n == 0 ? "there is no public "
		    "key in it" : "there is more than one key in it: give "
		    "one");
	else
		r = nk_examined_take(k, l->blob, l->blob_len, whyp);
	nk_keylines_clear(&ls);
	return r;
}

void
nk_examined_clear(struct nk_examined *k)
{
	free(k->blob);
	free(k->plain);
	free(k->fingerprint);
	*k = (struct nk_examined){ .blob = NULL };
}

bool
nk_examined_is_certificate(const struct nk_examined *k)
{
	return k->kb.type->certificate;
}

void
nk_examined_ca_algorithm(const struct nk_examined *k, char *name,
    size_t room)
{
	const struct nk_certificate *c = &k->kb.cert;
	const uint8_t *s;
	struct nk_wire rest, sig;
	size_t len;
	int n;

	name[0] = '\0';
	if (!nk_examined_is_certificate(k))
		return;
	/* The signature is the string behind the authority's key. */
	rest.p = c->ca_blob + c->ca_blob_len;
	rest.left = k->blob_len - (size_t)(rest.p - k->blob);
	if (nk_wire_get_sub(&rest, &sig) < 0 ||
	    nk_wire_get_text(&sig, &s, &len) < 0)
		return;
	n = snprintf(name, room, "%.*s", (int)(len < room ? len : 0),
	    (const char *)s);
	if (n < 0)
		name[0] = '\0';
}
