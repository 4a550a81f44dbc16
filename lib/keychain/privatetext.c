/* SPDX-License-Identifier: ISC */
#include "lib/keychain/privatetext.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>


#include "lib/ssh/keyblob.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/wire.h"

/* The request: the policy, then the text. */
#define ANSWER_MAX	NK_PRIVATEKEY_TEXT_MAX
#define WORD_MAX	40
#define WORK		"private-key"

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

/* ---- in the sandbox ---- */

/* A refusal is an answer as well; -errno: there is no room for one. */
static int
read_key(const uint8_t *request, size_t len, struct nk_secret *answer)
{
	struct nk_wire w = { request, len };
	struct nk_keypolicy policy;
	struct nk_privatekey k;
	const char *why = NULL;
	int r, result;

	if ((r = nk_keypolicy_get(&w, &policy)) < 0)
		return r;
	result = nk_privatekey_read((const char *)w.p, w.left, &policy, &k,
	    &why);
	if (result == 0 || why == NULL)
		why = "";
	if ((r = append_u32(answer, (uint32_t)-result)) == 0 &&
	    (r = append_u32(answer, (uint32_t)strlen(why))) == 0)
		r = nk_secret_append(answer, why, strlen(why));
	if (r == 0 && result == 0)
		r = nk_privatekey_pack(&k, answer);
	nk_privatekey_clear(&k);
	return r;
}

const struct nk_sandbox_work nk_privatetext_works[] = {
	{ WORK, read_key },
	{ .name = NULL },
};

/* ---- outside of it ---- */

static int
make_request(struct nk_secret *s, const struct nk_keypolicy *p,
    const char *text, size_t len)
{
	uint8_t policy[NK_KEYPOLICY_SIZE];
	struct nk_wire_out o = { policy, sizeof(policy) };
	int r;

	if ((r = nk_secret_reserve(s, sizeof(policy) + len)) < 0 ||
	    (r = nk_keypolicy_put(&o, p)) < 0 ||
	    (r = nk_secret_append(s, policy, sizeof(policy))) < 0)
		return r;
	return nk_secret_append(s, text, len);
}

/*
 * Is it a sentence, and nothing that forges a line of a log, or that is long
 * enough to be a line of a key?
 */
static bool
is_sentence(const uint8_t *s, size_t len)
{
	size_t i, word = 0;

	if (len == 0 || len > NK_PRIVATETEXT_WHY_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (s[i] < ' ' || s[i] > '~')
			return false;
		word = s[i] == ' ' ? 0 : word + 1;
		if (word > WORD_MAX)
			return false;
	}
	return true;
}

/* The results that nk_privatekey_read() has. */
static bool
is_refusal(uint32_t error)
{
	return error == EACCES || error == EBADMSG || error == EPERM ||
	    error == E2BIG || error == ENOMEM;
}

static int
take_key(const struct nk_wire *w, const struct nk_keypolicy *policy,
    struct nk_privatekey *k)
{
	struct nk_keyblob kb;
	int r;

	if ((r = nk_privatekey_unpack(w->p, w->left, k)) == 0 &&
	    (r = nk_keyblob_parse(k->blob, k->blob_len, policy, &kb,
	    NULL)) < 0)
		nk_privatekey_clear(k);
	return r == 0 || r == -ENOMEM ? r : -EIO;
}

int
nk_privatetext_answer(const struct nk_secret *answer,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    struct nk_privatetext_why *why)
{
	struct nk_wire w = { answer->p, answer->len };
	const uint8_t *s;
	uint32_t error;
	size_t len;

	*k = (struct nk_privatekey){ .type = NULL };
	why->text[0] = '\0';
	if (nk_wire_get_u32(&w, &error) < 0 ||
	    nk_wire_get_string(&w, &s, &len) < 0)
		return -EIO;
	if (error == 0)
		return len == 0 ? take_key(&w, policy, k) : -EIO;
	if (!is_refusal(error) || !is_sentence(s, len) ||
	    nk_wire_get_end(&w) < 0)
		return -EIO;
	memcpy(why->text, s, len);
	why->text[len] = '\0';
	return -(int)error;
}

/* What is said where the sandbox has said nothing. */
static const char *
sentence(int r)
{
	switch (r) {
	case -ENOMEM:
		return NK_WHY_NOMEM;
	case -E2BIG:
		return "the private key is too long: give one key and "
		    "nothing else";
	case -ETIMEDOUT:
		return "reading this private key took too long";
	default:
		return "the process that reads private keys failed";
	}
}

/* The key, or the refusal; what is none of its refusals is -EIO. */
static int
ask(const struct nk_sandbox *sb, const struct nk_secret *request,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    struct nk_privatetext_why *why)
{
	struct nk_secret answer = NK_SECRET_NONE;
	int r;

	r = nk_sandbox_run(sb, WORK, request->p, request->len,
	    ANSWER_MAX, &answer);
	if (r == 0)
		r = nk_privatetext_answer(&answer, policy, k, why);
	else if (r != -ENOMEM && is_refusal((uint32_t)-r))
		r = -EIO;	/* the sandbox's own, not the key's */
	nk_secret_clear(&answer);
	return r;
}

int
nk_privatetext_read(const struct nk_sandbox *sb, const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    struct nk_privatetext_why *why)
{
	struct nk_secret request = NK_SECRET_NONE;
	int r = -E2BIG;

	*k = (struct nk_privatekey){ .type = NULL };
	why->text[0] = '\0';
	if (len <= NK_PRIVATEKEY_TEXT_MAX &&
	    (r = make_request(&request, policy, text, len)) == 0)
		r = ask(sb, &request, policy, k, why);
	nk_secret_clear(&request);
	if (r < 0 && why->text[0] == '\0')
		(void)snprintf(why->text, sizeof(why->text), "%s",
		    sentence(r));
	return r;
}
