/* SPDX-License-Identifier: ISC */
#include "lib/ssh/certificate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/ssh/fromlist.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/signature.h"

static const char cut[] = "the certificate is cut or damaged: "
    "copy its whole -cert.pub file again";
static const char bad_list[] = "the certificate's options are malformed: "
    "have the key signed again with ssh-keygen";

enum data_kind {
	DATA_EMPTY,
	DATA_COMMAND,
	DATA_ADDRESSES,
};

/* The options and extensions that sshd knows (PROTOCOL.certkeys). */
static const struct {
	const char	*name;
	bool		 critical;
	enum data_kind	 data;
} known[] = {
	{ "force-command", true, DATA_COMMAND },
	{ "source-address", true, DATA_ADDRESSES },
	{ "verify-required", true, DATA_EMPTY },
	{ "no-touch-required", false, DATA_EMPTY },
	{ "permit-X11-forwarding", false, DATA_EMPTY },
	{ "permit-agent-forwarding", false, DATA_EMPTY },
	{ "permit-port-forwarding", false, DATA_EMPTY },
	{ "permit-pty", false, DATA_EMPTY },
	{ "permit-user-rc", false, DATA_EMPTY },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Does a stand before b, as names must in a list? */
static bool
is_before(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t n = alen < blen ? alen : blen;
	int c = n == 0 ? 0 : memcmp(a, b, n);

	return c < 0 || (c == 0 && alen < blen);
}

static int
check_data(enum data_kind kind, struct nk_wire data, const char **whyp)
{
	const uint8_t *s;
	size_t len;

	if (kind == DATA_EMPTY) {
		if (nk_wire_get_end(&data) < 0)
			return nk_refuse(whyp, -EBADMSG, bad_list);
		return 0;
	}
	if (nk_wire_get_text(&data, &s, &len) < 0 ||
	    nk_wire_get_end(&data) < 0)
		return nk_refuse(whyp, -EBADMSG, bad_list);
	if (kind == DATA_ADDRESSES)
		return nk_cidrlist_check((const char *)s, len, whyp);
	return 0;
}

/* One pair of a list. */
static int
check_option(const uint8_t *name, size_t len, struct nk_wire data,
    bool critical, const char **whyp)
{
	size_t i;

	for (i = 0; i < COUNT(known); i++) {
		if (known[i].critical == critical &&
		    strlen(known[i].name) == len &&
		    memcmp(known[i].name, name, len) == 0)
			return check_data(known[i].data, data, whyp);
	}
	if (critical)
		return nk_refuse(whyp, -EPERM, "the certificate has a "
		    "critical option that sshd does not know and so refuses: "
		    "have the key signed again without it");
	return 0;		/* sshd ignores an extension it knows not */
}

static int
check_list(struct nk_wire list, bool critical, const char **whyp)
{
	const uint8_t *name, *last = NULL;
	size_t len, last_len = 0;
	struct nk_wire data;
	int r;

	while (list.left > 0) {
		if (nk_wire_get_text(&list, &name, &len) < 0 ||
		    nk_wire_get_sub(&list, &data) < 0 || len == 0)
			return nk_refuse(whyp, -EBADMSG, bad_list);
		if (last != NULL && !is_before(last, last_len, name, len))
			return nk_refuse(whyp, -EBADMSG, bad_list);
		if ((r = check_option(name, len, data, critical, whyp)) < 0)
			return r;
		last = name;
		last_len = len;
	}
	return 0;
}

static int
check_principals(struct nk_wire list, const char **whyp)
{
	const uint8_t *s;
	size_t len;
	unsigned int n;

	for (n = 0; list.left > 0; n++) {
		if (nk_wire_get_text(&list, &s, &len) < 0 || len == 0)
			return nk_refuse(whyp, -EBADMSG, cut);
		if (n == NK_CERT_PRINCIPALS_MAX)
			return nk_refuse(whyp, -EBADMSG, "the certificate "
			    "names more than 256 principals, which sshd "
			    "refuses: have the key signed again with fewer");
	}
	return 0;
}

/* Take the authority's key, which must not be a certificate itself. */
static int
get_ca(struct nk_wire *w, const struct nk_keypolicy *policy,
    struct nk_certificate *c, const char **whyp)
{
	const struct nk_keytype *t;
	const uint8_t *name;
	struct nk_wire key;
	size_t len;
	int r;

	if (nk_wire_get_sub(w, &key) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	c->ca_blob = key.p;
	c->ca_blob_len = key.left;
	if (nk_wire_get_text(&key, &name, &len) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	t = nk_keytype_find((const char *)name, len);
	if (t == NULL || t->certificate)
		return nk_refuse(whyp, -EPERM, "the certificate is signed "
		    "by a type of key that is not taken: "
		    "have it signed by an Ed25519, ECDSA or RSA key");
	if ((r = nk_pubkey_get(&key, t, policy, &c->ca, whyp)) < 0)
		return r;
	if (nk_wire_get_end(&key) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	return 0;
}

/* Take the fields from the serial number to the reserved one. */
static int
get_fields(struct nk_wire *w, struct nk_certificate *c, const char **whyp)
{
	struct nk_wire reserved;
	uint32_t kind;

	if (nk_wire_get_u64(w, &c->serial) < 0 ||
	    nk_wire_get_u32(w, &kind) < 0 ||
	    nk_wire_get_text(w, &c->key_id, &c->key_id_len) < 0 ||
	    nk_wire_get_sub(w, &c->principals) < 0 ||
	    nk_wire_get_u64(w, &c->valid_after) < 0 ||
	    nk_wire_get_u64(w, &c->valid_before) < 0 ||
	    nk_wire_get_sub(w, &c->critical) < 0 ||
	    nk_wire_get_sub(w, &c->extensions) < 0 ||
	    nk_wire_get_sub(w, &reserved) < 0 ||
	    nk_wire_get_end(&reserved) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	if (kind != NK_CERT_USER && kind != NK_CERT_HOST)
		return nk_refuse(whyp, -EBADMSG, "the certificate is neither "
		    "for a user nor for a host: have the key signed again");
	c->kind = (enum nk_cert_kind)kind;
	if (c->valid_after >= c->valid_before)
		return nk_refuse(whyp, -EBADMSG, "the certificate ends "
		    "before it begins: have the key signed again");
	return 0;
}

int
nk_certificate_get(struct nk_wire *w, const uint8_t *blob, size_t len,
    const struct nk_keypolicy *policy, struct nk_certificate *c,
    const char **whyp)
{
	const uint8_t *sig;
	size_t sig_len, signed_len;
	int r;

	memset(c, 0, sizeof(*c));
	if ((r = get_fields(w, c, whyp)) < 0 ||
	    (r = check_principals(c->principals, whyp)) < 0 ||
	    (r = check_list(c->critical, true, whyp)) < 0 ||
	    (r = check_list(c->extensions, false, whyp)) < 0 ||
	    (r = get_ca(w, policy, c, whyp)) < 0)
		return r;
	signed_len = len - w->left;
	if (nk_wire_get_string(w, &sig, &sig_len) < 0)
		return nk_refuse(whyp, -EBADMSG, cut);
	return nk_signature_check(&c->ca, sig, sig_len, blob, signed_len,
	    whyp);
}
