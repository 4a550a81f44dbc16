/* SPDX-License-Identifier: ISC */
/* Runs as naskeys-net, in the sandbox: every byte here is an enemy's. */
#include "lib/agent/work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/certificate.h"
#include "lib/agent/checker.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/signature.h"

/* The rules, with rhost in memory of their own. */
struct rules {
	struct nk_agent_rules	 r;
	char			*rhost;
};

static int
get_text(struct nk_wire *w, char **textp)
{
	const uint8_t *s;
	size_t len;
	int r;

	if ((r = nk_wire_get_text(w, &s, &len)) < 0)
		return r;
	*textp = strndup((const char *)s, len);
	return *textp == NULL ? -ENOMEM : 0;
}

static int
get_rules(struct nk_wire *w, struct rules *rules)
{
	uint64_t now;
	int r;

	rules->rhost = NULL;
	if ((r = nk_keypolicy_get(w, &rules->r.policy)) < 0 ||
	    (r = nk_wire_get_u64(w, &now)) < 0 ||
	    (r = get_text(w, &rules->rhost)) < 0)
		return r;
	rules->r.now = now > INT64_MAX ? INT64_MAX : (int64_t)now;
	rules->r.rhost = rules->rhost;
	return 0;
}

static int
append_u32(struct nk_secret *s, uint32_t v)
{
	uint8_t bytes[4];
	struct nk_wire_out o = { bytes, sizeof(bytes) };
	int r;

	if ((r = nk_wire_put_u32(&o, v)) < 0)
		return r;
	return nk_secret_append(s, bytes, sizeof(bytes));
}

static int
append_string(struct nk_secret *s, const uint8_t *p, size_t len)
{
	int r;

	if ((r = append_u32(s, (uint32_t)len)) < 0 || len == 0)
		return r;
	return nk_secret_append(s, p, len);
}

/* ---- which keys there are ---- */

/* 1: it was appended; 0: it is not worth it; -errno. */
static int
append_key(struct nk_secret *answer, const uint8_t *blob, size_t len,
    const struct nk_agent_rules *rules)
{
	struct nk_certificate none = { .ca_blob = NULL }, *c = &none;
	struct nk_keyblob kb;
	int r;

	if (len > NK_AGENT_BLOB_MAX)
		return 0;
	r = nk_keyblob_parse(blob, len, &rules->policy, &kb, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (kb.type->certificate) {
		c = &kb.cert;
		if (nk_agent_certificate_check(c, rules->now,
		    rules->rhost) < 0)
			return 0;
	}
	if ((r = append_u32(answer, kb.type->alg == NK_ALG_RSA)) < 0 ||
	    (r = append_string(answer, blob, len)) < 0 ||
	    (r = append_string(answer, c->ca_blob, c->ca_blob_len)) < 0 ||
	    (r = append_string(answer, c->principals.p,
	    c->principals.left)) < 0)
		return r;
	return 1;
}

static int
append_keys(struct nk_secret *keys, struct nk_wire *w, uint32_t n,
    const struct nk_agent_rules *rules, uint32_t *foundp)
{
	const uint8_t *blob;
	uint32_t i, most = n;
	size_t len;
	int r;

	if (most > NK_AGENT_KEYS_MAX)
		most = NK_AGENT_KEYS_MAX;
	for (i = 0, *foundp = 0; i < most; i++) {
		if ((r = nk_agentmsg_get_key(w, &blob, &len)) < 0 ||
		    (r = append_key(keys, blob, len, rules)) < 0)
			return r;
		*foundp += (uint32_t)r;
	}
	return n == most ? nk_wire_get_end(w) : 0;
}

static int
list(struct nk_wire *w, const struct nk_agent_rules *rules,
    struct nk_secret *answer)
{
	struct nk_secret keys = NK_SECRET_NONE;
	uint32_t n = 0, found = 0;
	struct nk_wire at;
	int r, result;

	if ((result = nk_agentmsg_get_list(w->p, w->left, &at, &n)) == 0)
		result = append_keys(&keys, &at, n, rules, &found);
	if (result < 0) {
		nk_secret_clear(&keys);
		found = 0;
	}
	if ((r = append_u32(answer, (uint32_t)-result)) == 0 &&
	    (r = append_u32(answer, found)) == 0 && keys.len > 0)
		r = nk_secret_append(answer, keys.p, keys.len);
	nk_secret_clear(&keys);
	return r;
}

int
nk_agent_work_list(const uint8_t *request, size_t len,
    struct nk_secret *answer)
{
	struct nk_wire w = { request, len };
	struct rules rules;
	int r;

	if ((r = get_rules(&w, &rules)) == 0)
		r = list(&w, &rules.r, answer);
	free(rules.rhost);
	return r;
}

/* ---- a signature ---- */

static int
get_claim(struct nk_wire *w, struct nk_agent_claim *c, char **namesp)
{
	int r;

	if ((r = nk_wire_get_string(w, &c->blob, &c->blob_len)) < 0 ||
	    (r = nk_wire_get_string(w, &c->ca, &c->ca_len)) < 0 ||
	    (r = get_text(w, namesp)) < 0)
		return r;
	c->names = *namesp;
	return nk_wire_get_string(w, &c->data, &c->len);
}

static int
check_certificate(const struct nk_certificate *cert,
    const struct nk_agent_claim *c, const struct nk_agent_rules *rules,
    uint32_t *shownp)
{
	int r;

	if (cert->ca_blob_len != c->ca_len ||
	    memcmp(cert->ca_blob, c->ca, c->ca_len) != 0 ||
	    !nk_agent_certificate_names(cert->principals, c->names))
		return -EACCES;
	if ((r = nk_agent_certificate_check(cert, rules->now,
	    rules->rhost)) < 0)
		return r;
	if (nk_agent_certificate_has(cert->extensions, "no-touch-required"))
		*shownp |= NK_AGENT_CERT_NO_TOUCH;
	if (nk_agent_certificate_has(cert->critical, "verify-required"))
		*shownp |= NK_AGENT_CERT_VERIFY;
	return 0;
}

static void
show_flags(const struct nk_keytype *t, uint8_t flags, uint32_t *shownp)
{
	if (t->alg != NK_ALG_SK_ED25519 && t->alg != NK_ALG_SK_ECDSA)
		return;
	*shownp |= NK_AGENT_SECURITY_KEY;
	if ((flags & NK_SIGNATURE_TOUCHED) != 0)
		*shownp |= NK_AGENT_TOUCHED;
	if ((flags & NK_SIGNATURE_VERIFIED) != 0)
		*shownp |= NK_AGENT_VERIFIED;
}

static int
check(const struct nk_wire *msg, const struct nk_agent_claim *c,
    const struct nk_agent_rules *rules, uint32_t *shownp)
{
	struct nk_keyblob kb;
	const uint8_t *sig;
	uint8_t flags = 0;
	size_t len;
	int r;

	if ((r = nk_agentmsg_get_signature(msg->p, msg->left, &sig,
	    &len)) < 0 || (r = nk_keyblob_parse(c->blob, c->blob_len,
	    &rules->policy, &kb, NULL)) < 0)
		return r;
	if (kb.type->certificate != (c->ca_len > 0))
		return -EACCES;
	if (kb.type->certificate && (r = check_certificate(&kb.cert, c,
	    rules, shownp)) < 0)
		return r;
	if ((r = nk_signature_check_flags(&kb.key, sig, len, c->data,
	    c->len, &flags, NULL)) < 0)
		return r;
	show_flags(kb.type, flags, shownp);
	return 0;
}

int
nk_agent_work_check(const uint8_t *request, size_t len,
    struct nk_secret *answer)
{
	struct nk_wire w = { request, len };
	struct nk_agent_claim c;
	struct rules rules;
	char *names = NULL;
	uint32_t shown = 0;
	int r, result;

	if ((r = get_rules(&w, &rules)) == 0 &&
	    (r = get_claim(&w, &c, &names)) == 0) {
		result = check(&w, &c, &rules.r, &shown);
		if ((r = append_u32(answer, (uint32_t)-result)) == 0)
			r = append_u32(answer, result == 0 ? shown : 0);
	}
	free(names);
	free(rules.rhost);
	return r;
}

const struct nk_sandbox_work nk_agent_works[] = {
	{ NK_AGENT_WORK_LIST, nk_agent_work_list },
	{ NK_AGENT_WORK_CHECK, nk_agent_work_check },
	{ .name = NULL },
};
