/* SPDX-License-Identifier: ISC */
#include "lib/publish/filetext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/publish/render.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keypolicy.h"

#define LAST_END	253402300799	/* 9999-12-31: no later one can be
					   told to sshd, nor is worth it */

/* Its own end, its options' or its account's is in the past. */
static bool
has_ended(const struct nk_key *k, int64_t now)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_keyoptions o;

	if (k->expires_at <= now)
		return true;
	return k->options != NULL && nk_keyoptions_parse(k->options,
	    strlen(k->options), policy.sshd, &o, NULL) == 0 && o.expires &&
	    (int64_t)o.expiry <= now;
}

/* Add the line that k comes to, if it comes to one. */
static int
add_line(struct nk_filetext *t, struct nk_keytext *render,
    const struct nk_key *k, int64_t now)
{
	struct nk_filetext_line *l = &t->lines[t->n];
	int r;

	nk_keytext_reset(render);
	if ((r = nk_keytext_add(render, k)) < 0 || render->count == 0)
		return r;
	l->ended = has_ended(k, now);
	if ((l->line = strndup(render->text, render->len)) == NULL ||
	    (l->fingerprint = strdup(k->fingerprint)) == NULL) {
		free(l->line);
		return -ENOMEM;
	}
	t->n++;
	if (!l->ended)
		t->len += render->len + 1;
	return 0;
}

static int
add_lines(struct nk_filetext *t, const struct nk_user *u, struct nk_keys *ks,
    int64_t now)
{
	struct nk_keytext render = { 0 };
	struct nk_key k;
	size_t i;
	int r = 0;

	if (ks->n > 0 &&
	    (t->lines = calloc(ks->n, sizeof(*t->lines))) == NULL)
		return -ENOMEM;
	for (i = 0; i < ks->n && r == 0; i++) {
		k = ks->v[i];		/* which owns what this borrows */
		if (u->expires_at < k.expires_at &&
		    u->expires_at <= LAST_END)
			k.expires_at = u->expires_at;
		r = add_line(t, &render, &k, now);
	}
	nk_keytext_clear(&render);
	return r;
}

/* The lines that have not ended, one behind the other. */
static int
join(struct nk_filetext *t)
{
	size_t i, len;
	char *p;

	if ((p = t->text = malloc(t->len + 1)) == NULL)
		return -ENOMEM;
	for (i = 0; i < t->n; i++) {
		if (t->lines[i].ended)
			continue;
		len = strlen(t->lines[i].line);
		memcpy(p, t->lines[i].line, len);
		p += len;
		*p++ = '\n';
	}
	*p = '\0';
	return 0;
}

int
nk_filetext_make(struct nk_store *s, const struct nk_user *u, int64_t now,
    struct nk_filetext *t)
{
	struct nk_keys ks = { NULL, 0 };
	int r = 0;

	*t = NK_FILETEXT_NONE;
	if (!u->locked && (r = nk_keys_of_user(s, u->id, &ks)) == 0)
		r = add_lines(t, u, &ks, now);
	if (r == 0)
		r = join(t);
	nk_keys_clear(&ks);
	if (r < 0)
		nk_filetext_clear(t);
	return r;
}

void
nk_filetext_clear(struct nk_filetext *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->lines[i].line);
		free(t->lines[i].fingerprint);
	}
	free(t->lines);
	free(t->text);
	*t = NK_FILETEXT_NONE;
}

bool
nk_filetext_fits(const struct nk_filetext *t, const char *file, size_t len)
{
	const struct nk_filetext_line *l;
	size_t i, n;

	for (i = 0; i < t->n; i++) {
		l = &t->lines[i];
		n = strlen(l->line);
		if (len > n && memcmp(file, l->line, n) == 0 &&
		    file[n] == '\n') {
			file += n + 1;
			len -= n + 1;
		} else if (!l->ended) {
			return false;
		}
	}
	return len == 0;
}
