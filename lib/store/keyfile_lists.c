/* SPDX-License-Identifier: ISC */

/* Copies of what the walks of keyfiles.h show. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"

/* Room for one more behind n, doubled at each power of two. */
static void *
grow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return v;
	return reallocarray(v, n == 0 ? 1 : n * 2, size);
}

/* ---- files ---- */

static int
add_home(void *arg, const struct nk_keyfile_home *h)
{
	struct nk_keyfile_homes *hs = arg;
	struct nk_keyfile_home *v, *row;
	int r;

	if ((v = grow(hs->v, hs->n, sizeof(*v))) == NULL)
		return -ENOMEM;
	hs->v = v;
	row = &v[hs->n++];
	*row = *h;
	row->home = row->reason = NULL;
	if ((r = nk_text_copy(&row->home, h->home)) == 0)
		r = nk_text_copy(&row->reason, h->reason);
	return r;
}

static int
home_compare(const void *va, const void *vb)
{
	const struct nk_keyfile_home *a = va, *b = vb;

	return (a->id > b->id) - (a->id < b->id);
}

int
nk_keyfile_homes_get(struct nk_store *s, int64_t user_id, bool pending_only,
    struct nk_keyfile_homes *hs)
{
	int r;

	*hs = (struct nk_keyfile_homes){ NULL, 0 };
	r = nk_keyfile_home_each(s, user_id, pending_only, add_home, hs);
	if (r < 0)
		nk_keyfile_homes_clear(hs);
	else if (user_id != 0 && hs->n > 1)
		qsort(hs->v, hs->n, sizeof(*hs->v), home_compare);
	return r;
}

void
nk_keyfile_homes_clear(struct nk_keyfile_homes *hs)
{
	size_t i;

	for (i = 0; i < hs->n; i++) {
		free(hs->v[i].home);
		free(hs->v[i].reason);
	}
	free(hs->v);
	*hs = (struct nk_keyfile_homes){ NULL, 0 };
}

/* ---- lines ---- */

/* The line, and behind it its fingerprint. */
static int
add_line(void *arg, const struct nk_keyfile_line *l)
{
	size_t len = strlen(l->line) + 1, more = strlen(l->fingerprint) + 1;
	struct nk_keyfile_lines *ls = arg;
	struct nk_keyfile_line *v;
	char **texts, *text;

	if ((v = grow(ls->v, ls->n, sizeof(*v))) == NULL)
		return -ENOMEM;
	ls->v = v;
	if ((texts = grow(ls->texts, ls->n, sizeof(*texts))) == NULL)
		return -ENOMEM;
	ls->texts = texts;
	if ((text = malloc(len + more)) == NULL)
		return -ENOMEM;
	memcpy(text, l->line, len);
	memcpy(text + len, l->fingerprint, more);
	texts[ls->n] = text;
	v[ls->n++] = (struct nk_keyfile_line){ .line = text,
	    .fingerprint = text + len };
	return 0;
}

int
nk_keyfile_lines_get(struct nk_store *s, int64_t home_id,
    struct nk_keyfile_lines *ls)
{
	int r;

	*ls = (struct nk_keyfile_lines){ NULL, NULL, 0 };
	if ((r = nk_keyfile_lines_each(s, home_id, add_line, ls)) < 0)
		nk_keyfile_lines_free(ls);
	return r;
}

void
nk_keyfile_lines_free(struct nk_keyfile_lines *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		free(ls->texts[i]);
	free(ls->texts);
	free(ls->v);
	*ls = (struct nk_keyfile_lines){ NULL, NULL, 0 };
}
