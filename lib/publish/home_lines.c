/* SPDX-License-Identifier: ISC */
#include "lib/publish/home_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/publish/homes.h"
#include "lib/store/keyfiles.h"

struct wanted {
	const char	**v;		/* sorted */
	size_t		 n, found;
};

static int
line_compare(const void *va, const void *vb)
{
	const char *const *a = va, *const *b = vb;

	return strcmp(*a, *b);
}

static int
find_line(void *arg, const struct nk_keyfile_line *l)
{
	struct wanted *w = arg;

	if (bsearch(&l->line, w->v, w->n, sizeof(*w->v),
	    line_compare) == NULL)
		return 1;
	w->found++;
	return 0;
}

/* The text's lines, or their fingerprints. */
static int
want(struct wanted *w, const struct nk_filetext *t, bool fingerprints)
{
	size_t i;

	*w = (struct wanted){ NULL, 0, 0 };
	if ((w->v = calloc(t->n + 1, sizeof(*w->v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < t->n; i++)
		if (!t->lines[i].ended)
			w->v[w->n++] = fingerprints ?
			    t->lines[i].fingerprint : t->lines[i].line;
	qsort(w->v, w->n, sizeof(*w->v), line_compare);
	return 0;
}

int
nk_home_lines_are(struct nk_store *s, int64_t home_id,
    const struct nk_filetext *t)
{
	struct wanted w;
	int r;

	if ((r = want(&w, t, false)) < 0)
		return r;
	r = nk_keyfile_lines_each(s, home_id, find_line, &w);
	free(w.v);
	return r < 0 ? r : r == 0 && w.found == w.n;
}

/* Those whose keys are not in the text. */
static int
bury_gone(struct nk_store *s, int64_t home_id, const struct nk_filetext *t)
{
	struct nk_keyfile_lines ls;
	struct wanted w;
	size_t i;
	int r;

	if ((r = want(&w, t, true)) < 0)
		return r;
	r = nk_keyfile_lines_get(s, home_id, &ls);
	for (i = 0; r == 0 && i < ls.n; i++)
		if (!nk_keyfile_line_is_buried(&ls.v[i]) &&
		    bsearch(&ls.v[i].fingerprint, w.v, w.n, sizeof(*w.v),
		    line_compare) == NULL)
			r = nk_keyfile_line_bury(s, home_id,
			    ls.v[i].fingerprint);
	free(w.v);
	nk_keyfile_lines_free(&ls);
	return r;
}

/* All of the text. */
static int
add_lines(struct nk_store *s, int64_t home_id, const struct nk_filetext *t)
{
	struct nk_keyfile_line l;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < t->n; i++) {
		if (t->lines[i].ended)
			continue;
		l = (struct nk_keyfile_line){
			.fingerprint = t->lines[i].fingerprint,
			.line = t->lines[i].line,
		};
		r = nk_keyfile_line_add(s, home_id, &l);
	}
	return r;
}

/* The same within the bounds. */
static int
add_bound(struct nk_store *s, int64_t home_id, const struct nk_filetext *t)
{
	int64_t before, n, bytes;
	int r;

	if ((r = nk_keyfile_lines_size(s, home_id, &before, &bytes)) < 0 ||
	    (r = add_lines(s, home_id, t)) < 0 ||
	    (r = nk_keyfile_lines_size(s, home_id, &n, &bytes)) < 0)
		return r;
	return n > before &&
	    (n > NK_HOME_LINES_MAX || bytes > NK_HOME_BYTES_MAX) ?
	    -EDQUOT : 0;
}

int
nk_home_lines_add(struct nk_store *s, int64_t home_id,
    const struct nk_filetext *t, bool bound)
{
	int r;

	if ((r = bury_gone(s, home_id, t)) < 0)
		return r;
	return bound ? add_bound(s, home_id, t) : add_lines(s, home_id, t);
}
