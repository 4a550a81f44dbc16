/* SPDX-License-Identifier: ISC */
#include "lib/ssh/armor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/derpublic.h"
#include "lib/ssh/linetext.h"
#include "lib/ssh/refuse.h"

static const char unfinished[] = "the key has a BEGIN line but no END line: "
    "copy it again from its first to its last line";
static const char bad_body[] = "the base64 text of the key is cut or "
    "damaged: copy it again from its first to its last line";
static const char too_long[] = "the key is too long: "
    "give one public key between the BEGIN and END lines";

static const struct {
	const char	*begin;
	const char	*end;
} armors[] = {
	[NK_ARMOR_RFC4716] = { "---- BEGIN SSH2 PUBLIC KEY ----",
	    "---- END SSH2 PUBLIC KEY ----" },
	[NK_ARMOR_SPKI] = { "-----BEGIN PUBLIC KEY-----",
	    "-----END PUBLIC KEY-----" },
	[NK_ARMOR_PKCS1] = { "-----BEGIN RSA PUBLIC KEY-----",
	    "-----END RSA PUBLIC KEY-----" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Bytes that are collected from several lines. */
struct collection {
	char	*s;
	size_t	 len;
	size_t	 max;
};

int
nk_textlines_get(struct nk_textlines *t, const char **linep, size_t *lenp)
{
	const char *lf;
	size_t len;

	if (t->left == 0)
		return -ENOENT;
	lf = memchr(t->p, '\n', t->left);
	len = lf == NULL ? t->left : (size_t)(lf - t->p);
	*linep = t->p;
	t->p += len + (lf != NULL);
	t->left -= len + (lf != NULL);
	t->number++;
	if (lf != NULL && len > 0 && (*linep)[len - 1] == '\r')
		len--;
	*lenp = len;
	return 0;
}

/* The length of line[len] without white space at its end. */
static size_t
trimmed(const char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' ||
	    line[len - 1] == '\r'))
		len--;
	return len;
}

static bool
is_line(const char *line, size_t len, const char *text)
{
	len = trimmed(line, len);
	return len == strlen(text) && memcmp(line, text, len) == 0;
}

enum nk_armor_kind
nk_armor_find(const char *line, size_t len)
{
	static const char pem[] = "-----BEGIN ", ssh2[] = "---- BEGIN ";
	size_t i;

	for (i = 0; i < COUNT(armors); i++) {
		if (armors[i].begin != NULL &&
		    is_line(line, len, armors[i].begin))
			return (enum nk_armor_kind)i;
	}
	if ((len >= sizeof(pem) - 1 &&
	    memcmp(line, pem, sizeof(pem) - 1) == 0) ||
	    (len >= sizeof(ssh2) - 1 &&
	    memcmp(line, ssh2, sizeof(ssh2) - 1) == 0))
		return NK_ARMOR_STRANGE;
	return NK_ARMOR_NONE;
}

/* Append s[len] to c, which keeps room for a NUL; 0, -E2BIG or -ENOMEM. */
static int
collect(struct collection *c, const char *s, size_t len)
{
	char *bigger;

	if (len > c->max - c->len)
		return -E2BIG;
	if ((bigger = realloc(c->s, c->len + len + 1)) == NULL)
		return -ENOMEM;
	c->s = bigger;
	if (len > 0)
		memcpy(c->s + c->len, s, len);
	c->len += len;
	c->s[c->len] = '\0';
	return 0;
}

static int
explain_collect(int r, const char **whyp)
{
	return nk_refuse(whyp, r, r == -E2BIG ? too_long : NK_WHY_NOMEM);
}

/*
 * Take what remains of a header that line[*lenp] begins: a backslash at the
 * end joins the next line.  Of a comment the text is collected in c.
 */
static int
get_header(struct nk_textlines *t, const char *line, size_t len,
    struct collection *c, const char **whyp)
{
	static const char tag[] = "Comment:";
	bool wanted = len >= sizeof(tag) - 1 &&
	    strncasecmp(line, tag, sizeof(tag) - 1) == 0;
	size_t skip = wanted ? sizeof(tag) - 1 : 0;
	bool more;
	int r;

	if (wanted && c->s != NULL)
		return nk_refuse(whyp, -EBADMSG, "the key has two comments: "
		    "take one of the Comment lines out");
	for (;;) {
		if ((r = nk_linetext_check(line, len, whyp)) < 0)
			return r;
		more = len > skip && line[len - 1] == '\\';
		if (wanted && (r = collect(c, line + skip,
		    len - skip - more)) < 0)
			return explain_collect(r, whyp);
		if (!more)
			return 0;
		if (nk_textlines_get(t, &line, &len) < 0)
			return nk_refuse(whyp, -EBADMSG, unfinished);
		skip = 0;
	}
}

/*
 * Collect headers (where there may be some) and body up to the END line.
 */
static int
get_lines(struct nk_textlines *t, enum nk_armor_kind kind,
    struct collection *body, struct collection *comment, const char **whyp)
{
	const char *line;
	size_t len;
	int r;

	for (;;) {
		if (nk_textlines_get(t, &line, &len) < 0)
			return nk_refuse(whyp, -EBADMSG, unfinished);
		if (is_line(line, len, armors[kind].end))
			return 0;
		if (kind == NK_ARMOR_RFC4716 && body->len == 0 &&
		    memchr(line, ':', len) != NULL) {
			if ((r = get_header(t, line, len, comment,
			    whyp)) < 0)
				return r;
			continue;
		}
		len = trimmed(line, len);
		if ((r = collect(body, line, len)) < 0)
			return explain_collect(r, whyp);
	}
}

/* Take blanks and one pair of quotes off the comment; it may end empty. */
static void
tidy_comment(struct collection *c)
{
	char *s = c->s;
	size_t len;

	if (s == NULL)
		return;
	len = trimmed(s, c->len);
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	if (len > 1 && s[0] == '"' && s[len - 1] == '"') {
		s++;
		len -= 2;
	}
	memmove(c->s, s, len);
	c->s[len] = '\0';
	c->len = len;
}

/* Turn the body into a blob. */
static int
decode(enum nk_armor_kind kind, const struct collection *body,
    struct nk_armored *a, const char **whyp)
{
	uint8_t *der = NULL;
	size_t len;
	int r;

	if (body->len == 0)
		return nk_refuse(whyp, -EBADMSG, bad_body);
	if ((r = nk_base64_decode(body->s, body->len, &der, &len)) < 0)
		return nk_refuse(whyp, r,
		    r == -ENOMEM ? NK_WHY_NOMEM : bad_body);
	switch (kind) {
	case NK_ARMOR_RFC4716:
		a->blob = der;
		a->blob_len = len;
		return 0;
	case NK_ARMOR_SPKI:
		r = nk_derpublic_from_spki(der, len, &a->blob, &a->blob_len,
		    whyp);
		break;
	case NK_ARMOR_PKCS1:
		r = nk_derpublic_from_pkcs1(der, len, &a->blob, &a->blob_len,
		    whyp);
		break;
	case NK_ARMOR_NONE:
	case NK_ARMOR_STRANGE:
		r = nk_refuse(whyp, -EBADMSG, bad_body);
		break;
	}
	free(der);
	return r;
}

int
nk_armor_get(struct nk_textlines *t, enum nk_armor_kind kind, size_t max,
    struct nk_armored *a, const char **whyp)
{
	struct collection body = { NULL, 0, max }, comment = { NULL, 0, max };
	int r;

	*a = (struct nk_armored){ NULL, 0, NULL };
	if (kind == NK_ARMOR_NONE || kind == NK_ARMOR_STRANGE)
		return nk_refuse(whyp, -EBADMSG, "this BEGIN line begins no "
		    "public key (an X.509 certificate or a request is none): "
		    "give the .pub file of the key");
	if ((r = get_lines(t, kind, &body, &comment, whyp)) < 0 ||
	    (r = decode(kind, &body, a, whyp)) < 0)
		goto out;
	tidy_comment(&comment);
	if (comment.len > 0) {
		a->comment = comment.s;
		comment.s = NULL;	/* now a's */
	}
 out:
	free(body.s);
	free(comment.s);
	return r;
}

void
nk_armored_clear(struct nk_armored *a)
{
	free(a->blob);
	free(a->comment);
	*a = (struct nk_armored){ NULL, 0, NULL };
}
