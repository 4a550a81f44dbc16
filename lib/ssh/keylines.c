/* SPDX-License-Identifier: ISC */
#include "lib/ssh/keyline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/armor.h"
#include "lib/ssh/keyline_parts.h"
#include "lib/ssh/privatekey_detect.h"
#include "lib/ssh/refuse.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A text in the course of being read. */
struct reading {
	const struct nk_keypolicy	*policy;
	struct nk_textlines		 text;
	struct nk_keylines		*ls;
	size_t				 room;	/* of ls->v, in lines */
	size_t				 keys;	/* among ls->v */
};

/* Read a key between BEGIN and END lines into *l. */
static int
get_armored(struct reading *rd, enum nk_armor_kind kind,
    struct nk_keyline *l, size_t *linep, const char **whyp)
{
	size_t first = rd->text.number;
	struct nk_armored a;
	int r;

	memset(l, 0, sizeof(*l));
	r = nk_armor_get(&rd->text, kind, rd->policy->line_max, &a, whyp);
	*linep = rd->text.number;
	if (r < 0)
		return r;
	*linep = first;			/* where the whole is to blame */
	r = nk_keyline_from_blob(a.blob, a.blob_len, a.comment,
	    a.comment == NULL ? 0 : strlen(a.comment), rd->policy, l, whyp);
	nk_armored_clear(&a);
	return r;
}

/* Make room for one more line.  Returns 0 or -ENOMEM. */
static int
grow(struct reading *rd)
{
	struct nk_keyline *v;
	size_t room;

	if (rd->ls->n < rd->room)
		return 0;
	room = rd->room == 0 ? 4 : rd->room * 2;
	if ((v = reallocarray(rd->ls->v, room, sizeof(*v))) == NULL)
		return -ENOMEM;
	rd->ls->v = v;
	rd->room = room;
	return 0;
}

/* Give l to the list, if it has room for its kind. */
static int
append(struct reading *rd, struct nk_keyline *l, const char **whyp)
{
	if (l->kind == NK_LINE_KEY && rd->keys++ == rd->policy->lines_max)
		return nk_refuse(whyp, -E2BIG,
		    "there are more keys than are taken: remove some");
	if (rd->ls->n - rd->keys == NK_KEYLINES_OTHER_MAX &&
	    l->kind != NK_LINE_KEY)
		return nk_refuse(whyp, -E2BIG, "there are too many comment "
		    "and blank lines: remove some");
	if (grow(rd) < 0)
		return nk_refuse(whyp, -ENOMEM, NK_WHY_NOMEM);
	rd->ls->v[rd->ls->n++] = *l;
	memset(l, 0, sizeof(*l));	/* now the list's */
	return 0;
}

/* Read one line, or one key of several; -ENOENT at the end. */
static int
get_line(struct reading *rd, size_t *linep, const char **whyp)
{
	enum nk_armor_kind kind;
	struct nk_keyline l;
	const char *line;
	size_t len;
	int r;

	if ((r = nk_textlines_get(&rd->text, &line, &len)) < 0)
		return r;
	*linep = rd->text.number;
	kind = nk_armor_find(line, len);
	if (kind == NK_ARMOR_NONE)
		r = nk_keyline_parse_public(line, len, rd->policy, &l, whyp);
	else
		r = get_armored(rd, kind, &l, linep, whyp);
	if (r < 0)
		return r;
	r = append(rd, &l, whyp);
	nk_keyline_clear(&l);
	return r;
}

int
nk_keylines_parse(const char *text, size_t len,
    const struct nk_keypolicy *policy, struct nk_keylines *ls,
    size_t *linep, const char **whyp)
{
	struct reading rd = { .policy = policy, .ls = ls };
	const size_t mark = sizeof(byte_order_mark) - 1;
	size_t line = 0;
	int r;

	*ls = (struct nk_keylines){ NULL, 0 };
	if (linep != NULL)
		*linep = 0;
	if (len > NK_KEYTEXT_MAX)
		return nk_refuse(whyp, -E2BIG, "the text is far too long for "
		    "a list of public keys: give fewer at once");
	if ((r = nk_privatekey_detect(text, len, whyp)) < 0)
		return r;
	if (len >= mark && memcmp(text, byte_order_mark, mark) == 0) {
		text += mark;
		len -= mark;
	}
	rd.text = (struct nk_textlines){ text, len, 0 };
	while ((r = get_line(&rd, &line, whyp)) == 0)
		;
	if (r == -ENOENT)
		return 0;
	if (linep != NULL)
		*linep = line;
	nk_keylines_clear(ls);
	return r;
}

void
nk_keylines_clear(struct nk_keylines *ls)
{
	size_t i;

	if (ls == NULL)
		return;
	for (i = 0; i < ls->n; i++)
		nk_keyline_clear(&ls->v[i]);
	free(ls->v);
	*ls = (struct nk_keylines){ NULL, 0 };
}
