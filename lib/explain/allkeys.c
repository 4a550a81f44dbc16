/* SPDX-License-Identifier: ISC */
#include "lib/explain/allkeys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/explain/authline.h"
#include "lib/ssh/base64.h"

struct keys {
	struct nk_examined	v[NK_ALL_KEYS_MAX];
	size_t			n;
	bool			more;
};

/* Add the key of a line, once.  What is no key is left out. */
static int
add_line(struct keys *ks, const char *text, size_t len)
{
	struct nk_examined k;
	struct nk_authline l;
	uint8_t *blob;
	size_t blob_len, i;
	int r;

	if (nk_authline_split(text, len, &l) < 0)
		return 0;
	r = nk_base64_decode(l.base64, l.base64_len, &blob, &blob_len);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = nk_examined_take(&k, blob, blob_len, NULL);
	free(blob);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (i = 0; i < ks->n; i++) {
		if (ks->v[i].blob_len == k.blob_len &&
		    memcmp(ks->v[i].blob, k.blob, k.blob_len) == 0)
			break;
	}
	if (i == ks->n && ks->n < NK_ALL_KEYS_MAX) {
		ks->v[ks->n++] = k;
		return 0;
	}
	if (i == ks->n)
		ks->more = true;
	nk_examined_clear(&k);
	return 0;
}

static int
add_file(struct nk_explaining *e, struct keys *ks, const char *path)
{
	const struct nk_authfile_question q = nk_explain_authfile(e, path,
	    NULL);
	struct nk_authfile f;
	const char *text;
	uint32_t line;
	size_t len;
	int r;

	r = nk_authfile_read(&q, &f);
	while (r == 0 && nk_authfile_next(&f, &line, &text, &len))
		r = add_line(ks, text, len);
	if (r < 0 && r != -ENOMEM) {
		nk_explain_doubt(e->x, "authorized_keys_file", "See that the "
		    "file system of the home answers.", "%s cannot be looked "
		    "at: %s.", path, strerror(-r));
		r = 0;
	}
	ks->more = ks->more || f.more;
	nk_authfile_clear(&f);
	return r;
}

static int
gather(struct nk_explaining *e, struct keys *ks)
{
	struct nk_file_walk w = { .left = NULL };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < e->published.n; i++)
		r = add_line(ks, e->published.v[i].text,
		    e->published.v[i].len);
	while (r == 0 && nk_explain_next_file(e, &w))
		r = add_file(e, ks, w.path);
	return r;
}

/* Look at one key apart, and say what came out.  1: it could log in. */
static int
look_at_key(struct nk_explaining *e, const struct nk_examined *k,
    struct nk_explain *apart)
{
	struct nk_explain *x = e->x;
	const struct nk_explain_step *stopped;
	struct nk_judgement j;
	int r;

	e->x = apart;
	if ((r = nk_explain_keycheck(e, k)) == 1 &&
	    (r = nk_explain_sources(e, k, &j)) == 1)
		r = nk_explain_root(e, j.command);
	e->x = x;
	if (r < 0)
		return r;
	if (apart->failed)
		return -ENOMEM;
	stopped = nk_explain_stopped(apart);
	if (stopped != NULL)
		nk_explain_say(x, "key", NK_EXPLAIN_WARN, stopped->remedy,
		    "%s (%s) could not log in: %s", k->fingerprint,
		    k->kb.type->name, stopped->text);
	else if (r == 0 || apart->unknown)
		nk_explain_doubt(x, "key", NULL, "Whether %s (%s) could log "
		    "in is not known: --key FILE tells why.", k->fingerprint,
		    k->kb.type->name);
	else
		nk_explain_say(x, "key", NK_EXPLAIN_OK, NULL, "%s (%s) could "
		    "log in.", k->fingerprint, k->kb.type->name);
	return stopped == NULL && r == 1 && !apart->unknown;
}

static int
look_at_keys(struct nk_explaining *e, const struct keys *ks, size_t *goodp)
{
	struct nk_explain *apart;
	size_t i;
	int r = 0;

	if ((apart = calloc(1, sizeof(*apart))) == NULL)
		return -ENOMEM;
	for (i = 0; r >= 0 && i < ks->n; i++) {
		r = look_at_key(e, &ks->v[i], apart);
		if (r == 1)
			(*goodp)++;
		nk_explain_clear(apart);
	}
	free(apart);
	return r < 0 ? r : 0;
}

static int
conclude(struct nk_explaining *e, const struct keys *ks, size_t good,
    bool unknown)
{
	if (ks->more)
		nk_explain_say(e->x, "key", NK_EXPLAIN_INFO, NULL,
		    "There are more keys than were looked at.");
	if (good > 0) {
		e->x->unknown = unknown;
		return nk_explain_finish(e);
	}
	if (ks->more)
		e->x->unknown = true;
	if (!e->x->unknown)
		nk_explain_say(e->x, "no_key", NK_EXPLAIN_STOP, ks->n == 0 ?
		    "\"naskeysctl key add\" gives the user a key." :
		    "Do what is said of one of the keys.", ks->n == 0 ?
		    "The user has no key in naskeys, and none in a file that "
		    "sshd reads." : "None of the user's keys could log in.");
	return 0;
}

int
nk_explain_all_keys(struct nk_explaining *e)
{
	bool unknown = e->x->unknown;
	struct keys *ks;
	size_t good = 0, i;
	int r;

	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		return -ENOMEM;
	if ((r = gather(e, ks)) == 0 &&
	    (r = look_at_keys(e, ks, &good)) == 0)
		r = conclude(e, ks, good, unknown);
	for (i = 0; i < ks->n; i++)
		nk_examined_clear(&ks->v[i]);
	free(ks);
	return r;
}
