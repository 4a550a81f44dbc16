/* SPDX-License-Identifier: ISC */
#include "lib/ssh/hostkeys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/privatekey_detect.h"
#include "lib/ssh/refuse.h"

static const char no_key[] = "this is no host key: a line reads TYPE BASE64, "
    "as ssh-keyscan prints it and as a .pub file in the remote's /etc/ssh "
    "holds it";

/* A stretch of a line. */
struct word {
	const char	*s;
	size_t		 len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Take the first word off *rest; it is empty at the end. */
static struct word
get_word(struct word *rest)
{
	struct word w;

	while (rest->len > 0 && is_blank(rest->s[0])) {
		rest->s++;
		rest->len--;
	}
	w = (struct word){ rest->s, 0 };
	while (w.len < rest->len && !is_blank(w.s[w.len]))
		w.len++;
	rest->s += w.len;
	rest->len -= w.len;
	return w;
}

static bool
names_a_type(const struct word *w)
{
	return nk_keytype_find(w->s, w->len) != NULL ||
	    nk_keytype_advice(w->s, w->len) != NULL;
}

/* The characters of a key's line, with the newline before or behind it. */
static size_t
written_size(const struct nk_keytype *t, size_t blob_len)
{
	return strlen(t->name) + 1 + (blob_len + 2) / 3 * 4 + 1;
}

/* Add the key in blob[len], whose type is said to be name (NULL: unsaid). */
static int
add(struct nk_hostkeys *hk, const struct word *name, const uint8_t *blob,
    size_t len, const char **whyp)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_hostkey *v;
	struct nk_keyblob kb;
	size_t i, size;
	uint8_t *copy;
	int r;

	if ((r = nk_keyblob_parse(blob, len, &policy, &kb, whyp)) < 0)
		return r;
	if (name != NULL && (strlen(kb.type->name) != name->len ||
	    memcmp(kb.type->name, name->s, name->len) != 0))
		return nk_refuse(whyp, -EBADMSG, "the type before a host key "
		    "is not the one inside it: copy its whole line again");
	if (kb.type->certificate)
		return nk_refuse(whyp, -EPERM, "a host's certificate is no "
		    "key to know it by: give its plain host keys");
	if (nk_hostkeys_have(hk, blob, len))
		return 0;
	size = written_size(kb.type, len) - 1;
	for (i = 0; i < hk->n; i++)
		size += written_size(hk->v[i].type, hk->v[i].len);
	if (size > NK_HOSTKEYS_MAX)
		return nk_refuse(whyp, -E2BIG, "the host keys are longer than "
		    "1024 characters together: give fewer of them");
	if ((v = reallocarray(hk->v, hk->n + 1, sizeof(*v))) == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	hk->v = v;
	if ((copy = malloc(len)) == NULL)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	memcpy(copy, blob, len);
	hk->v[hk->n++] = (struct nk_hostkey){ kb.type, copy, len };
	return 0;
}

/*
 * Take the type off *rest, and before it the names of the host.  What they
 * are is not looked at: a host is known by where it is reached.
 */
static int
get_type(struct word *rest, struct word *type, const char **whyp)
{
	struct word after;

	*type = get_word(rest);
	if (type->s[0] == '@')
		return nk_refuse(whyp, -EPERM, "lines of a known_hosts file "
		    "with @cert-authority or @revoked are no host keys: give "
		    "the host's plain keys");
	if (memchr(type->s, '"', type->len) != NULL)
		return nk_refuse(whyp, -EPERM, "key options have no place "
		    "before a host key: give the line without them");
	after = *rest;
	if (!names_a_type(type)) {
		*type = get_word(&after);
		if (!names_a_type(type))
			return nk_refuse(whyp, -EBADMSG, no_key);
		*rest = after;
	}
	if (nk_keytype_find(type->s, type->len) == NULL)
		return nk_refuse(whyp, -EPERM,
		    nk_keytype_advice(type->s, type->len));
	return 0;
}

static int
read_line(struct nk_hostkeys *hk, const char *line, size_t len,
    const char **whyp)
{
	struct word rest = { line, len }, type, base64;
	uint8_t *blob = NULL;
	size_t blob_len;
	int r;

	base64 = rest;
	type = get_word(&base64);
	if (type.len == 0 || type.s[0] == '#')
		return 0;
	if ((r = get_type(&rest, &type, whyp)) < 0)
		return r;
	base64 = get_word(&rest);
	if ((r = nk_base64_decode(base64.s, base64.len, &blob,
	    &blob_len)) < 0)
		return nk_refuse(whyp, r, r == -ENOMEM ? NK_WHY_NOMEM :
		    "the base64 text of a host key is cut or damaged: copy "
		    "its whole line again");
	r = add(hk, &type, blob, blob_len, whyp);
	free(blob);
	return r;
}

int
nk_hostkeys_read(const char *text, struct nk_hostkeys *hk, const char **whyp)
{
	const size_t size = strnlen(text, NK_HOSTKEYS_TEXT_MAX + 1);
	struct nk_textlines lines = { text, size, 0 };
	const char *line;
	size_t len;
	int r;

	*hk = (struct nk_hostkeys){ NULL, 0 };
	if (size > NK_HOSTKEYS_TEXT_MAX)
		return nk_refuse(whyp, -E2BIG, "the text is far too long for "
		    "the host keys of one host");
	if ((r = nk_privatekey_detect(text, size, whyp)) < 0)
		return r;
	while (r == 0 && nk_textlines_get(&lines, &line, &len) == 0)
		r = read_line(hk, line, len, whyp);
	if (r == 0 && hk->n == 0)
		r = nk_refuse(whyp, -EBADMSG, no_key);
	if (r < 0)
		nk_hostkeys_clear(hk);
	return r;
}

int
nk_hostkeys_add(struct nk_hostkeys *hk, const uint8_t *blob, size_t len)
{
	return add(hk, NULL, blob, len, NULL);
}

bool
nk_hostkeys_have(const struct nk_hostkeys *hk, const uint8_t *blob,
    size_t len)
{
	size_t i;

	for (i = 0; i < hk->n; i++) {
		if (hk->v[i].len == len &&
		    memcmp(hk->v[i].blob, blob, len) == 0)
			return true;
	}
	return false;
}

/* Append a key's line to the string at p; returns its new end, or NULL. */
static char *
put_key(char *p, const struct nk_hostkey *k)
{
	char *base64;

	if (nk_base64_encode(k->blob, k->len, &base64) < 0)
		return NULL;
	p = stpcpy(stpcpy(stpcpy(p, k->type->name), " "), base64);
	free(base64);
	return p;
}

int
nk_hostkeys_write(const struct nk_hostkeys *hk, char **textp)
{
	size_t i, size = 1;
	char *text, *p;

	*textp = NULL;
	for (i = 0; i < hk->n; i++)
		size += written_size(hk->v[i].type, hk->v[i].len);
	if ((text = malloc(size)) == NULL)
		return -ENOMEM;
	text[0] = '\0';
	for (i = 0, p = text; i < hk->n; i++) {
		if (i > 0)
			*p++ = '\n';
		if ((p = put_key(p, &hk->v[i])) == NULL) {
			free(text);
			return -ENOMEM;
		}
	}
	*textp = text;
	return 0;
}

void
nk_hostkeys_clear(struct nk_hostkeys *hk)
{
	size_t i;

	for (i = 0; i < hk->n; i++)
		free(hk->v[i].blob);
	free(hk->v);
	*hk = (struct nk_hostkeys){ NULL, 0 };
}
