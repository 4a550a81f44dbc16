/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/keyline_parts.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/linetext.h"
#include "lib/ssh/privatekey_detect.h"
#include "lib/ssh/refuse.h"

static const char no_key[] = "this is no public key: paste the whole line of "
    "a .pub file, which reads TYPE BASE64 COMMENT, with key options, if any, "
    "before the type";

/* A stretch of the line. */
struct word {
	const char	*s;
	size_t		 len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Take white space off both ends of *w. */
static void
trim(struct word *w)
{
	while (w->len > 0 && is_blank(w->s[0])) {
		w->s++;
		w->len--;
	}
	while (w->len > 0 && is_blank(w->s[w->len - 1]))
		w->len--;
}

/* Take the first word off *rest, and the white space behind it. */
static void
get_word(struct word *rest, struct word *w)
{
	size_t n;

	for (n = 0; n < rest->len && !is_blank(rest->s[n]); n++)
		;
	*w = (struct word){ rest->s, n };
	rest->s += n;
	rest->len -= n;
	trim(rest);
}

/*
 * Take the options off *rest: up to the first blank outside of quotes.
 * Returns 0 or -EBADMSG: a quote is not closed.
 */
static int
get_options(struct word *rest, struct word *w)
{
	bool quoted = false;
	size_t n;

	for (n = 0; n < rest->len && (quoted || !is_blank(rest->s[n])); n++) {
		if (rest->s[n] == '\\' && n + 1 < rest->len &&
		    rest->s[n + 1] == '"')
			n++;
		else if (rest->s[n] == '"')
			quoted = !quoted;
	}
	if (quoted)
		return -EBADMSG;
	*w = (struct word){ rest->s, n };
	rest->s += n;
	rest->len -= n;
	trim(rest);
	return 0;
}

static int
copy(const char *s, size_t len, char **outp)
{
	if ((*outp = strndup(s, len)) == NULL)
		return -ENOMEM;
	return 0;
}

/* The sentence for a line in which no type of key was found. */
static const char *
why_no_type(const struct word *first, const struct word *second)
{
	const char *advice;

	if ((advice = nk_keytype_advice(first->s, first->len)) != NULL ||
	    (advice = nk_keytype_advice(second->s, second->len)) != NULL)
		return advice;
	if (first->len >= 4 && memcmp(first->s, "AAAA", 4) == 0)
		return "the type before the key is missing: "
		    "paste the whole line of the .pub file";
	return no_key;
}

/*
 * Take options and type off *rest.  As sshd does, the first word is taken
 * for options when it is no type of key.
 */
static int
get_options_and_type(struct word *rest, struct word *options,
    struct word *type, const char **whyp)
{
	struct word all = *rest, first;

	*options = (struct word){ NULL, 0 };
	get_word(rest, &first);
	*type = first;
	if (nk_keytype_find(type->s, type->len) != NULL)
		return 0;
	if (nk_keytype_advice(first.s, first.len) != NULL)
		return nk_refuse(whyp, -EPERM,
		    nk_keytype_advice(first.s, first.len));
	*rest = all;
	if (get_options(rest, options) < 0)
		return nk_refuse(whyp, -EBADMSG, "a double quote in the key "
		    "options is not closed (inside a value it is \\\")");
	get_word(rest, type);
	if (nk_keytype_find(type->s, type->len) != NULL)
		return 0;
	return nk_refuse(whyp,
	    nk_keytype_advice(type->s, type->len) != NULL ? -EPERM : -EBADMSG,
	    why_no_type(options, type));
}

/* Check the options and keep them. */
static int
take_options(const struct word *options, const struct nk_keypolicy *policy,
    struct nk_keyline *l, const char **whyp)
{
	struct nk_keyoptions o;
	int r;

	if (options->s == NULL)
		return 0;
	if ((r = nk_keyoptions_parse(options->s, options->len, policy->sshd,
	    &o, whyp)) < 0)
		return r;
	l->cert_authority = o.cert_authority;
	if ((r = copy(options->s, options->len, &l->options)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	return 0;
}

/* Check l's blob and note what it says. */
static int
take_blob(const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	struct nk_keyblob kb;
	int r;

	if ((r = nk_keyblob_parse(l->blob, l->blob_len, policy, &kb,
	    whyp)) < 0)
		return r;
	l->bits = kb.key.bits;
	l->certificate = kb.type->certificate;
	if (l->certificate && kb.cert.kind == NK_CERT_HOST)
		return nk_refuse(whyp, -EPERM, "this is a host's certificate, "
		    "which lets nobody log in: give a user's key");
	if (l->certificate && l->cert_authority)
		return nk_refuse(whyp, -EPERM, "a certificate cannot be a "
		    "certification authority: give the authority's own key");
	if ((l->type = strdup(kb.type->name)) == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	return 0;
}

/* The key and its comment: TYPE BASE64 [COMMENT]. */
static int
take_key(const struct word *type, struct word *rest,
    const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	struct word base64;
	int r;

	get_word(rest, &base64);
	if (base64.len == 0)
		return nk_refuse(whyp, -EBADMSG, "the line ends after the "
		    "type of the key: paste the whole line of the .pub file");
	if ((r = nk_base64_decode(base64.s, base64.len, &l->blob,
	    &l->blob_len)) < 0)
		return nk_refuse(whyp, r, r == -ENOMEM ? NK_WHY_NOMEM :
		    "the base64 text of the key is cut or damaged: "
		    "paste the whole line of the .pub file, in one piece");
	if ((r = take_blob(policy, l, whyp)) < 0)
		return r;
	if (strlen(l->type) != type->len ||
	    memcmp(l->type, type->s, type->len) != 0)
		return nk_refuse(whyp, -EBADMSG, "the key is of another type "
		    "than the line says: paste the whole line of the .pub "
		    "file");
	if ((r = copy(base64.s, base64.len, &l->base64)) < 0 ||
	    (rest->len > 0 &&
	    (r = copy(rest->s, rest->len, &l->comment)) < 0))
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	return 0;
}

static int
parse(const char *line, size_t len, const struct nk_keypolicy *policy,
    struct nk_keyline *l, const char **whyp)
{
	struct word rest = { line, len }, options, type;
	int r;

	if (len > policy->line_max)
		return nk_refuse(whyp, -E2BIG, "the line is too long: shorten "
		    "the key options or the comment");
	if ((r = nk_linetext_check(line, len, whyp)) < 0)
		return r;
	trim(&rest);
	if (rest.len == 0) {
		l->kind = NK_LINE_BLANK;
		return 0;
	}
	if (rest.s[0] == '#') {
		l->kind = NK_LINE_COMMENT;
		if ((r = copy(line, len, &l->comment)) < 0)
			return nk_refuse(whyp, r, NK_WHY_NOMEM);
		return 0;
	}
	l->kind = NK_LINE_KEY;
	if ((r = get_options_and_type(&rest, &options, &type, whyp)) < 0 ||
	    (r = take_options(&options, policy, l, whyp)) < 0)
		return r;
	return take_key(&type, &rest, policy, l, whyp);
}

int
nk_keyline_parse_public(const char *line, size_t len,
    const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	int r;

	memset(l, 0, sizeof(*l));
	if ((r = parse(line, len, policy, l, whyp)) < 0)
		nk_keyline_clear(l);
	return r;
}

int
nk_keyline_parse(const char *line, size_t len,
    const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	int r;

	memset(l, 0, sizeof(*l));
	if (len > NK_KEYTEXT_MAX)
		return nk_refuse(whyp, -E2BIG, "the text is far too long for "
		    "a public key: paste the one line of the .pub file");
	if ((r = nk_privatekey_detect(line, len, whyp)) < 0)
		return r;
	return nk_keyline_parse_public(line, len, policy, l, whyp);
}

static int
from_blob(const uint8_t *blob, size_t blob_len, const struct word *comment,
    const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	int r;

	l->kind = NK_LINE_KEY;
	if ((l->blob = malloc(blob_len + 1)) == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	if (blob_len > 0)
		memcpy(l->blob, blob, blob_len);
	l->blob_len = blob_len;
	if ((r = take_blob(policy, l, whyp)) < 0)
		return r;
	if ((r = nk_base64_encode(blob, blob_len, &l->base64)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	if (strlen(l->type) + strlen(l->base64) + comment->len + 2 >
	    policy->line_max)
		return nk_refuse(whyp, -E2BIG, "the key and its comment are "
		    "too long for a line: shorten the comment");
	if (comment->len == 0)
		return 0;
	if ((r = nk_linetext_check(comment->s, comment->len, whyp)) < 0)
		return r;
	if ((r = copy(comment->s, comment->len, &l->comment)) < 0)
		return nk_refuse(whyp, r, NK_WHY_NOMEM);
	return 0;
}

int
nk_keyline_from_blob(const uint8_t *blob, size_t blob_len,
    const char *comment, size_t comment_len,
    const struct nk_keypolicy *policy, struct nk_keyline *l,
    const char **whyp)
{
	struct word w = { comment, comment_len };
	int r;

	memset(l, 0, sizeof(*l));
	trim(&w);
	if ((r = from_blob(blob, blob_len, &w, policy, l, whyp)) < 0)
		nk_keyline_clear(l);
	return r;
}

int
nk_keyline_format(const struct nk_keyline *l, char **textp, size_t *lenp)
{
	const char *const parts[] = { l->options, l->type, l->base64,
	    l->comment };
	size_t i, len = 1, n;
	char *text, *p;

	*textp = NULL;
	*lenp = 0;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		len += parts[i] == NULL ? 0 : strlen(parts[i]) + 1;
	if ((p = text = malloc(len)) == NULL)
		return -ENOMEM;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i] == NULL)
			continue;
		if (p != text)
			*p++ = ' ';
		n = strlen(parts[i]);
		p = mempcpy(p, parts[i], n);
	}
	*p = '\0';
	*lenp = (size_t)(p - text);
	*textp = text;
	return 0;
}

/* Are both absent, or both the same? */
static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
nk_keyline_equal(const struct nk_keyline *a, const struct nk_keyline *b)
{
	return a->kind == b->kind && same(a->options, b->options) &&
	    same(a->type, b->type) && same(a->comment, b->comment) &&
	    a->blob_len == b->blob_len && (a->blob_len == 0 ||
	    memcmp(a->blob, b->blob, a->blob_len) == 0);
}

void
nk_keyline_clear(struct nk_keyline *l)
{
	if (l == NULL)
		return;
	free(l->options);
	free(l->type);
	free(l->blob);
	free(l->base64);
	free(l->comment);
	memset(l, 0, sizeof(*l));
}
