/* SPDX-License-Identifier: ISC */
#include "lib/rpc/adopt_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/key_revoked.h"
#include "lib/rpc/keyrow.h"

static const char too_many[] = "the user has as many keys as anybody may "
    "have";
static const char is_revoked[] = "the key has been revoked; only \"naskeysctl "
    "key add --force\" brings it back";
static const char is_removed[] = "the key was removed from naskeys, which has "
    "not come to take it out of the file yet";
static const char other_options[] = "the key is there with other options "
    "too, and each of its lines counts";

static const char *const names[] = {
	[NK_ADOPT_NONE] = "none",
	[NK_ADOPT_ADOPTED] = "adopted",
	[NK_ADOPT_KNOWN] = "known",
	[NK_ADOPT_INVALID] = "invalid",
	[NK_ADOPT_PRIVATE] = "private_key",
	[NK_ADOPT_REVOKED] = "revoked",
	[NK_ADOPT_REMOVED] = "removed",
	[NK_ADOPT_REFUSED] = "refused",
};

const char *
nk_adopt_fate_name(enum nk_adopt_fate fate)
{
	return names[fate];
}

/* ---- from lines to rows ---- */

static int
take(struct nk_adopt_line *l, struct nk_found_line *at, int64_t user,
    const char *added_by)
{
	int r;

	l->first = at->first;
	l->last = at->last;
	l->why = at->why;
	if (at->found != NK_FOUND_KEY) {
		l->fate = at->found == NK_FOUND_PRIVATE ? NK_ADOPT_PRIVATE :
		    NK_ADOPT_INVALID;
		return 0;
	}
	l->fate = NK_ADOPT_NONE;
	r = nk_keyrow_take(&l->key, &at->key, added_by, nk_now());
	l->key.user_id = user;
	return r;
}

int
nk_adopt_lines_take(struct nk_adopt_lines *ls, struct nk_found_lines *f,
    int64_t user, const char *added_by)
{
	int r = 0;

	*ls = (struct nk_adopt_lines){ NULL, 0 };
	if (f->n == 0)
		return 0;
	if ((ls->v = calloc(f->n, sizeof(*ls->v))) == NULL)
		return -ENOMEM;
	while (r == 0 && ls->n < f->n) {
		r = take(&ls->v[ls->n], &f->v[ls->n], user, added_by);
		ls->n++;
	}
	return r;
}

void
nk_adopt_lines_clear(struct nk_adopt_lines *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		nk_key_clear(&ls->v[i].key);
	free(ls->v);
	*ls = (struct nk_adopt_lines){ NULL, 0 };
}

/* ---- what becomes of each ---- */

/* Those there are, and those that are adopted; all are borrowed. */
struct known {
	const struct nk_key	**v;
	size_t			  n;
	const struct nk_keyfile_lines *written;
};

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
has_key(const struct known *kn, const struct nk_key *k, bool any_options)
{
	size_t i;

	for (i = 0; i < kn->n; i++) {
		if (kn->v[i]->blob_len == k->blob_len &&
		    memcmp(kn->v[i]->blob, k->blob, k->blob_len) == 0 &&
		    (any_options || same_text(kn->v[i]->options, k->options)))
			return true;
	}
	return false;
}

/* Has naskeys written a line with this key?  And this very line? */
static int
find_written(const struct known *kn, const struct nk_key *k, bool *keyp,
    bool *linep)
{
	char *text = NULL;
	size_t i;
	int r = 0;

	*keyp = *linep = false;
	for (i = 0; r == 0 && i < kn->written->n; i++) {
		if (strcmp(kn->written->v[i].fingerprint,
		    k->fingerprint) != 0)
			continue;
		*keyp = true;
		if (text == NULL)
			r = nk_keyrow_line(k, &text);
		if (r == 0 && strcmp(kn->written->v[i].line, text) == 0)
			*linep = true;
	}
	free(text);
	return r;
}

static void
set(struct nk_adopt_line *l, enum nk_adopt_fate fate, const char *why)
{
	l->fate = fate;
	l->why = why;
}

static int
decide(struct nk_adopt_line *l, struct known *kn, struct nk_store *s)
{
	const struct nk_keys one = { &l->key, 1 };
	bool there = has_key(kn, &l->key, true), key, line;
	const struct nk_key *revoked;
	int r;

	if ((r = find_written(kn, &l->key, &key, &line)) < 0)
		return r;
	if (key && !there) {
		set(l, NK_ADOPT_REMOVED, is_removed);
		return 0;
	}
	/* what naskeys has written may have an end that was not an option */
	if (line || has_key(kn, &l->key, false)) {
		set(l, NK_ADOPT_KNOWN, NULL);
		return 0;
	}
	if (kn->n >= NK_KEYLINES_MAX) {
		set(l, NK_ADOPT_REFUSED, too_many);
		return 0;
	}
	if ((r = nk_key_find_revoked(s, &one, &revoked)) < 0)
		return r;
	if (revoked != NULL) {
		set(l, NK_ADOPT_REVOKED, is_revoked);
		return 0;
	}
	set(l, NK_ADOPT_ADOPTED, there ? other_options : NULL);
	kn->v[kn->n++] = &l->key;
	return 0;
}

int
nk_adopt_lines_decide(struct nk_adopt_lines *ls, struct nk_store *s,
    const struct nk_keys *there, const struct nk_keyfile_lines *written)
{
	struct known kn = { .written = written };
	size_t i;
	int r = 0;

	/* no more than the limit are added, however many there are */
	kn.v = calloc(there->n + NK_KEYLINES_MAX, sizeof(*kn.v));
	if (kn.v == NULL)
		return -ENOMEM;
	for (i = 0; i < there->n; i++)
		if (there->v[i].kind == NK_KEY_KEY)
			kn.v[kn.n++] = &there->v[i];
	for (i = 0; r == 0 && i < ls->n; i++)
		if (ls->v[i].key.fingerprint != NULL)
			r = decide(&ls->v[i], &kn, s);
	free(kn.v);
	return r;
}
