/* SPDX-License-Identifier: ISC */

/* Private keys between a BEGIN and an END line (RFC 7468). */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/privatekey_parts.h"
#include "lib/ssh/refuse.h"
#include "lib/ssh/secretbase64.h"

static const char begin[] = "-----BEGIN ";
static const char end[] = "-----END ";
static const char dashes[] = "-----";

/* A form is read, or refused with r, or (neither) has a curve's name. */
struct form {
	const char	*label;
	int		(*get)(struct nk_wire, struct nk_private_parts *,
			    const char **);
	int		 r;
	const char	*why;
};

static const struct form forms[] = {
	{ "OPENSSH PRIVATE KEY", nk_private_get_openssh, 0, NULL },
	{ "PRIVATE KEY", nk_private_get_pkcs8, 0, NULL },
	{ "RSA PRIVATE KEY", nk_private_get_pkcs1, 0, NULL },
	{ "EC PRIVATE KEY", nk_private_get_sec1, 0, NULL },
	{ "EC PARAMETERS", NULL, 0, NULL },
	{ "ENCRYPTED PRIVATE KEY", NULL, -EACCES, nk_privatekey_encrypted },
	{ "DSA PRIVATE KEY", NULL, -EPERM, nk_privatekey_other_type },
};

/* One such text. */
struct block {
	const struct form	*form;
	struct nk_secret	 body;		/* base64 */
	struct nk_secret	 raw;		/* what it encodes */
};

static void
clear(struct block *b)
{
	nk_secret_clear(&b->body);
	nk_secret_clear(&b->raw);
	b->form = NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Take one line off t, without the white space around it. */
static int
get_line(struct nk_textlines *t, const char **linep, size_t *lenp)
{
	int r;

	if ((r = nk_textlines_get(t, linep, lenp)) < 0)
		return r;
	for (; *lenp > 0 && is_blank((*linep)[*lenp - 1]); (*lenp)--)
		;
	for (; *lenp > 0 && is_blank(**linep); (*lenp)--)
		(*linep)++;
	return 0;
}

/* The same with the first line that is not empty. */
static int
get_full_line(struct nk_textlines *t, const char **linep, size_t *lenp)
{
	int r;

	do {
		if ((r = get_line(t, linep, lenp)) < 0)
			return r;
	} while (*lenp == 0);
	return 0;
}

static bool
has_prefix(const char *line, size_t len, const char *prefix)
{
	return len >= strlen(prefix) &&
	    memcmp(line, prefix, strlen(prefix)) == 0;
}

/* Is the line that prefix, that label, and dashes? */
static bool
is_mark(const char *line, size_t len, const char *prefix, const char *label)
{
	const size_t plen = strlen(prefix), llen = strlen(label);

	return len == plen + llen + sizeof(dashes) - 1 &&
	    has_prefix(line, len, prefix) &&
	    memcmp(line + plen, label, llen) == 0 &&
	    memcmp(line + plen + llen, dashes, sizeof(dashes) - 1) == 0;
}

static int
find_form(const char *line, size_t len, const struct form **formp,
    const char **whyp)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!is_mark(line, len, begin, forms[i].label))
			continue;
		*formp = &forms[i];
		return nk_refuse(whyp, forms[i].r, forms[i].why);
	}
	return nk_refuse(whyp, -EBADMSG, "this line begins no private key "
	    "that is known: give the file of the private key alone, from its "
	    "BEGIN to its END line");
}

/* Collect the base64 text up to the END line. */
static int
get_body(struct nk_textlines *t, struct block *b, const char **whyp)
{
	const char *line;
	size_t len;
	int r;

	if ((r = nk_secret_reserve(&b->body, t->left)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	for (;;) {
		if (get_line(t, &line, &len) < 0)
			return nk_refuse(whyp, -EBADMSG,
			    nk_privatekey_damaged);
		if (has_prefix(line, len, dashes))
			break;
		if (has_prefix(line, len, "Proc-Type:") ||
		    has_prefix(line, len, "DEK-Info:"))
			return nk_refuse(whyp, -EACCES,
			    nk_privatekey_encrypted);
		if ((r = nk_secret_append(&b->body, line, len)) < 0)
			return nk_refuse(whyp, r, NK_WHY_NOMEM);
	}
	if (!is_mark(line, len, end, b->form->label))
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	return 0;
}

static int
get_block(struct nk_textlines *t, struct block *b, const char **whyp)
{
	const char *line = "";
	size_t len = 0;
	int r;

	if (get_full_line(t, &line, &len) < 0)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	if ((r = find_form(line, len, &b->form, whyp)) < 0 ||
	    (r = get_body(t, b, whyp)) < 0)
		return r;
	r = nk_secretbase64_decode((const char *)b->body.p, b->body.len,
	    &b->raw);
	if (r < 0)
		return nk_refuse(whyp, r, r == -EBADMSG ?
		    nk_privatekey_damaged : NK_WHY_NOMEM);
	return 0;
}

static struct nk_wire
contents(const struct block *b)
{
	return (struct nk_wire){ b->raw.p, b->raw.len };
}

/*
 * Take the block with the key off t.  openssl writes one with the name of
 * the curve before a SEC1 key: *curvep is that, or NULL.
 */
static int
get_key_block(struct nk_textlines *t, struct block *b,
    const struct nk_keytype **curvep, const char **whyp)
{
	int r;

	*curvep = NULL;
	if ((r = get_block(t, b, whyp)) < 0 || b->form->get != NULL)
		return r;
	if ((r = nk_private_get_curve(contents(b), curvep, whyp)) < 0)
		return r;
	clear(b);
	if ((r = get_block(t, b, whyp)) < 0)
		return r;
	if (b->form->get != nk_private_get_sec1)
		return nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
	return 0;
}

int
nk_privatekey_read_pem(const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_privatekey *k,
    const char **whyp)
{
	struct nk_textlines t = { text, len, 0 };
	struct block b = { NULL, NK_SECRET_NONE, NK_SECRET_NONE };
	struct nk_private_parts a = { .type = NULL };
	const struct nk_keytype *curve;
	int r;

	if ((r = get_key_block(&t, &b, &curve, whyp)) < 0)
		goto out;
	if (get_full_line(&t, &text, &len) == 0) {
		r = nk_refuse(whyp, -EBADMSG, "something follows the END "
		    "line of the private key: give one key and nothing else");
		goto out;
	}
	if ((r = b.form->get(contents(&b), &a, whyp)) < 0)
		goto out;
	if (curve != NULL && curve != a.type) {
		r = nk_refuse(whyp, -EBADMSG, nk_privatekey_damaged);
		goto out;
	}
	r = nk_privatekey_make(&a, policy, k, whyp);
 out:
	clear(&b);
	return r;
}
