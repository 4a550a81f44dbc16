/* SPDX-License-Identifier: ISC */
#include "lib/agent/checker.h"

#include <errno.h>
#include <string.h>

#include "lib/agent/work.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/pubkey.h"

/* Twice what an agent can say, and what stands around each key. */
#define LIST_MAX	(2 * NK_AGENT_MESSAGE_MAX + \
	    NK_AGENT_KEYS_MAX * 16 + 8)
#define CHECK_MAX	8

static int
append_string(struct nk_secret *s, const void *bytes, size_t len)
{
	uint8_t head[4];
	struct nk_wire_out o = { head, sizeof(head) };
	int r;

	if (len > NK_SECRET_MAX)
		return -E2BIG;
	if ((r = nk_wire_put_u32(&o, (uint32_t)len)) < 0 ||
	    (r = nk_secret_append(s, head, sizeof(head))) < 0 || len == 0)
		return r;
	return nk_secret_append(s, bytes, len);
}

static int
append_rules(struct nk_secret *s, const struct nk_agent_rules *rules)
{
	uint8_t head[NK_KEYPOLICY_SIZE + 8];
	struct nk_wire_out o = { head, sizeof(head) };
	uint64_t now = rules->now < 0 ? 0 : (uint64_t)rules->now;
	int r;

	if ((r = nk_keypolicy_put(&o, &rules->policy)) < 0 ||
	    (r = nk_wire_put_u32(&o, (uint32_t)(now >> 32))) < 0 ||
	    (r = nk_wire_put_u32(&o, (uint32_t)now)) < 0 ||
	    (r = nk_secret_append(s, head, sizeof(head))) < 0)
		return r;
	return append_string(s, rules->rhost, strlen(rules->rhost));
}

/* What the child answers is not what the sandbox fails with. */
static bool
is_refusal(uint32_t error)
{
	return error == EACCES || error == EBADMSG || error == EPERM ||
	    error == ENOMEM;
}

static int
run(const struct nk_sandbox *sb, const char *work,
    const struct nk_secret *request, size_t max, struct nk_secret *answer)
{
	int r;

	r = nk_sandbox_run(sb, work, request->p, request->len, max, answer);
	if (r < 0 && r != -ENOMEM && (is_refusal((uint32_t)-r) ||
	    r == -E2BIG))
		r = -EIO;
	return r;
}

/* ---- which keys it has ---- */

static int
take_offer(struct nk_wire *w, struct nk_agent_offer *o)
{
	uint32_t rsa;

	if (nk_wire_get_u32(w, &rsa) < 0 || rsa > 1 ||
	    nk_wire_get_string(w, &o->blob, &o->len) < 0 ||
	    nk_wire_get_string(w, &o->ca, &o->ca_len) < 0 ||
	    nk_wire_get_sub(w, &o->principals) < 0 ||
	    o->len == 0 || o->len > NK_AGENT_BLOB_MAX ||
	    o->ca_len >= o->len || o->principals.left >= o->len ||
	    (o->ca_len == 0 && o->principals.left > 0))
		return -EIO;
	o->rsa = rsa == 1;
	return 0;
}

int
nk_agent_offers_take(struct nk_secret *answer, struct nk_agent_offers *o)
{
	struct nk_wire w = { answer->p, answer->len };
	uint32_t error, n;
	int r = 0;

	o->n = 0;
	o->answer = *answer;
	*answer = NK_SECRET_NONE;
	if (nk_wire_get_u32(&w, &error) < 0 || nk_wire_get_u32(&w, &n) < 0 ||
	    n > NK_AGENT_KEYS_MAX || (error != 0 && (n > 0 ||
	    !is_refusal(error))))
		r = -EIO;
	while (r == 0 && o->n < n) {
		if ((r = take_offer(&w, &o->v[o->n])) == 0)
			o->n++;
	}
	if (r == 0)
		r = nk_wire_get_end(&w) < 0 ? -EIO : -(int)error;
	if (r < 0)
		nk_agent_offers_clear(o);
	return r;
}

void
nk_agent_offers_clear(struct nk_agent_offers *o)
{
	nk_secret_clear(&o->answer);
	o->n = 0;
}

int
nk_agent_offers_read(const struct nk_sandbox *sb,
    const struct nk_agent_rules *rules, const uint8_t *msg, size_t len,
    struct nk_agent_offers *o)
{
	struct nk_secret request = NK_SECRET_NONE, answer = NK_SECRET_NONE;
	int r;

	o->answer = NK_SECRET_NONE;
	o->n = 0;
	if (len > NK_AGENT_MESSAGE_MAX)
		return -EBADMSG;
	if ((r = append_rules(&request, rules)) == 0 &&
	    (r = nk_secret_append(&request, msg, len)) == 0 &&
	    (r = run(sb, NK_AGENT_WORK_LIST, &request, LIST_MAX,
	    &answer)) == 0)
		r = nk_agent_offers_take(&answer, o);
	nk_secret_clear(&request);
	return r;
}

/* ---- a signature ---- */

int
nk_agent_signature_take(const struct nk_secret *answer, uint32_t *shownp)
{
	struct nk_wire w = { answer->p, answer->len };
	uint32_t error, shown;

	if (nk_wire_get_u32(&w, &error) < 0 ||
	    nk_wire_get_u32(&w, &shown) < 0 || nk_wire_get_end(&w) < 0)
		return -EIO;
	if (error != 0)
		return is_refusal(error) && shown == 0 ? -(int)error : -EIO;
	if ((shown & ~NK_AGENT_SHOWN) != 0)
		return -EIO;
	*shownp = shown;
	return 0;
}

static int
append_claim(struct nk_secret *s, const struct nk_agent_claim *c)
{
	int r;

	if ((r = append_string(s, c->blob, c->blob_len)) < 0 ||
	    (r = append_string(s, c->ca, c->ca_len)) < 0 ||
	    (r = append_string(s, c->names, strlen(c->names))) < 0)
		return r;
	return append_string(s, c->data, c->len);
}

int
nk_agent_signature_check(const struct nk_sandbox *sb,
    const struct nk_agent_rules *rules, const struct nk_agent_claim *claim,
    const uint8_t *msg, size_t len, uint32_t *shownp)
{
	struct nk_secret request = NK_SECRET_NONE, answer = NK_SECRET_NONE;
	int r;

	if (len > NK_AGENT_MESSAGE_MAX)
		return -EBADMSG;
	if ((r = append_rules(&request, rules)) == 0 &&
	    (r = append_claim(&request, claim)) == 0 &&
	    (r = nk_secret_append(&request, msg, len)) == 0 &&
	    (r = run(sb, NK_AGENT_WORK_CHECK, &request, CHECK_MAX,
	    &answer)) == 0)
		r = nk_agent_signature_take(&answer, shownp);
	nk_secret_clear(&request);
	nk_secret_clear(&answer);
	return r;
}

/* What an agent would say that has this signature. */
static int
append_signature(struct nk_secret *s, const uint8_t *sig, size_t len)
{
	const uint8_t type = NK_AGENTMSG_SIGN_ANSWER;
	int r;

	if ((r = nk_secret_append(s, &type, 1)) < 0)
		return r;
	return append_string(s, sig, len);
}

int
nk_agent_host_check(const struct nk_sandbox *sb, const uint8_t *blob,
    size_t blob_len, const uint8_t *sig, size_t sig_len, const uint8_t *data,
    size_t len)
{
	/* how large it must be was asked when it was pinned */
	const struct nk_agent_rules rules = {
		{ NK_RSA_BITS_FLOOR, NK_KEYLINE_MAX, NK_KEYLINES_MAX,
		  { 9, 2 } }, 0, "",
	};
	const struct nk_agent_claim claim = { .blob = blob,
	    .blob_len = blob_len, .names = "", .data = data, .len = len };
	struct nk_secret msg = NK_SECRET_NONE;
	uint32_t shown;
	int r;

	if ((r = append_signature(&msg, sig, sig_len)) == 0)
		r = nk_agent_signature_check(sb, &rules, &claim, msg.p,
		    msg.len, &shown);
	nk_secret_clear(&msg);
	return r;
}
