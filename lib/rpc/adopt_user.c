/* SPDX-License-Identifier: ISC */
#include "lib/rpc/adopt_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/adopt_file.h"
#include "lib/rpc/adopt_lines.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/object.h"
#include "lib/store/keyfiles.h"

static const char has_changed[] = "The user was changed or deleted "
    "meanwhile; look again.";

struct work {
	struct nk_adoption	*ad;
	const struct nk_user	*u;
	struct nk_adopt_file	 file;
	struct nk_adopt_lines	 lines;
	const char		*why;	/* nothing was adopted, or NULL */
	struct nk_adopt_counts	 counts;
};

/* ---- under the lock ---- */

/* What naskeys has written into this file, or may have. */
static int
read_written(struct work *k, struct nk_store *s, struct nk_keyfile_lines *ls)
{
	struct nk_keyfile_home *h;
	int r;

	r = nk_keyfile_home_get(s, k->u->id, k->file.home, &h);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_keyfile_lines_get(s, h->id, ls);
	nk_keyfile_home_free(h);
	return r;
}

static int
look_and_decide(struct work *k)
{
	struct nk_store *s = nk_publisher_store(k->ad->c->publisher);
	struct nk_keyfile_lines written = { .n = 0 };
	struct nk_keys there = { NULL, 0 };
	int r;

	if ((r = read_written(k, s, &written)) == 0 &&
	    (r = nk_keys_of_user(s, k->u->id, &there)) == 0)
		r = nk_adopt_lines_decide(&k->lines, s, &there, &written);
	nk_keys_clear(&there);
	nk_keyfile_lines_free(&written);
	return r;
}

/* The file was read for a user as it was then. */
static int
check_user(struct work *k, bool *samep)
{
	struct nk_user *now;
	int r;

	*samep = false;
	r = nk_user_get(nk_publisher_store(k->ad->c->publisher), k->u->id,
	    &now);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*samep = now->uid == k->u->uid && now->managed == k->u->managed &&
	    strcmp(now->name, k->u->name) == 0 &&
	    strcmp(now->home, k->u->home) == 0;
	nk_user_free(now);
	return 0;
}

static int
write_audit(struct work *k, const struct nk_keys *added)
{
	struct nk_subject subject = { "user", k->u->id, k->u->name };
	json_t *after;
	int r;

	after = json_pack("{s:s, s:o}", "file", k->file.path, "keys",
	    nk_keyrow_audit_all(added));
	if (after == NULL)
		return -ENOMEM;
	r = nk_audit_write(k->ad->c, NK_ADOPT_ACTION, &subject, NULL, after,
	    "Adopt %zu key%s of user %s", added->n, added->n == 1 ? "" : "s",
	    k->u->name);
	json_decref(after);
	return r;
}

/* added has room for all, and borrows them. */
static int
append_keys(struct work *k, struct nk_keys *added)
{
	struct nk_store *s = nk_publisher_store(k->ad->c->publisher);
	struct nk_adopt_line *l;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < k->lines.n; i++) {
		l = &k->lines.v[i];
		if (l->fate == NK_ADOPT_ADOPTED &&
		    (r = nk_key_append(s, &l->key)) == 0)
			added->v[added->n++] = l->key;
	}
	return r;
}

static int
adopt(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct work *k = arg;
	struct nk_keys added = { NULL, 0 };
	bool same;
	int r;

	(void)c;
	(void)e;
	if ((r = check_user(k, &same)) < 0)
		return r;
	if (!same) {
		k->why = has_changed;
		return 1;
	}
	if ((r = look_and_decide(k)) < 0)
		return r;
	if ((added.v = calloc(k->lines.n, sizeof(*added.v))) == NULL)
		return -ENOMEM;
	if ((r = append_keys(k, &added)) == 0)
		r = added.n == 0 ? 1 : write_audit(k, &added);
	free(added.v);
	return r;
}

/* ---- what is told ---- */

static size_t
lines_of(const struct nk_adopt_line *l)
{
	return l->last - l->first + 1;
}

static void
count(struct work *k)
{
	struct nk_adopt_counts *n = &k->counts;
	size_t i;

	for (i = 0; i < k->lines.n; i++) {
		if (k->lines.v[i].fate == NK_ADOPT_ADOPTED)
			n->adopted++;
		else if (k->lines.v[i].fate == NK_ADOPT_KNOWN)
			n->known++;
		else
			n->refused += lines_of(&k->lines.v[i]);
	}
	n->comments = k->file.lines.comments;
}

static json_t *
line_json(const struct nk_adopt_line *l)
{
	struct nk_object b;
	json_t *o = NULL;

	nk_object_init(&b, NULL);
	nk_object_int(&b, "line", (int64_t)l->first);
	nk_object_int(&b, "last", (int64_t)l->last);
	nk_object_text(&b, "result", nk_adopt_fate_name(l->fate));
	nk_object_text(&b, "fingerprint", l->key.fingerprint);
	nk_object_text(&b, "comment", l->key.comment);
	nk_object_text(&b, "reason", l->why);
	return nk_object_finish(&b, &o) < 0 ? NULL : o;
}

/* *morep: how many lines were left out. */
static json_t *
lines_json(struct work *k, size_t *morep)
{
	json_t *a = json_array();
	size_t i;

	*morep = 0;
	for (i = 0; a != NULL && k->why == NULL && i < k->lines.n; i++) {
		if (i >= NK_ADOPT_LINES_MAX ||
		    k->ad->told >= NK_ADOPT_ALL_LINES_MAX) {
			*morep += lines_of(&k->lines.v[i]);
			continue;
		}
		k->ad->told++;
		if (json_array_append_new(a,
		    line_json(&k->lines.v[i])) == -1) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

static int
tell(struct work *k)
{
	struct nk_object b;
	json_t *o = NULL, *lines;
	size_t more;
	int r;

	if ((lines = lines_json(k, &more)) == NULL)
		return -ENOMEM;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "username", k->u->name);
	nk_object_text(&b, "file", k->file.path);
	nk_object_bool(&b, "found", k->file.found);
	nk_object_text(&b, "reason", k->why);
	nk_object_bool(&b, "private_key", k->file.lines.private_key != NULL);
	nk_object_bool(&b, "other_file", k->file.other);
	nk_object_int(&b, "adopted", (int64_t)k->counts.adopted);
	nk_object_int(&b, "known", (int64_t)k->counts.known);
	nk_object_int(&b, "refused", (int64_t)k->counts.refused);
	nk_object_int(&b, "comments", (int64_t)k->counts.comments);
	nk_object_put(&b, "lines", lines);
	nk_object_int(&b, "more", (int64_t)more);
	if ((r = nk_object_finish(&b, &o)) < 0)
		return r;
	return json_array_append_new(k->ad->users, o) == -1 ? -ENOMEM : 0;
}

/* Those that were adopted. */
static int
warn(struct work *k)
{
	struct nk_keys one = { NULL, 1 };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < k->lines.n; i++) {
		one.v = &k->lines.v[i].key;
		if (k->lines.v[i].fate == NK_ADOPT_ADOPTED)
			r = nk_key_warn_all(&k->ad->warner, k->u->name, &one);
	}
	return r;
}

static int
finish(struct work *k, bool always)
{
	struct nk_adoption *ad = k->ad;
	int r = 0;

	ad->looked_at++;
	if (k->why != NULL) {
		ad->failed++;
	} else {
		count(k);
		ad->counts.adopted += k->counts.adopted;
		ad->counts.known += k->counts.known;
		ad->counts.refused += k->counts.refused;
		ad->counts.comments += k->counts.comments;
		ad->without_file += !k->file.found;
		r = warn(k);
	}
	if (r < 0 || !(always || k->why != NULL || k->file.found ||
	    k->file.other))
		return r;
	if (json_array_size(ad->users) < NK_ADOPT_USERS_MAX)
		return tell(k);
	ad->more++;
	return 0;
}

int
nk_adopt_user(struct nk_adoption *ad, const struct nk_user *u, bool always,
    struct nk_error *e)
{
	struct work k = { .ad = ad, .u = u };
	int r;

	r = nk_adopt_file_read(ad->c, u, &k.file);
	if (r == 0 && k.file.why[0] != '\0')
		k.why = k.file.why;
	if (r == 0)
		r = nk_adopt_lines_take(&k.lines, &k.file.lines, u->id,
		    ad->c->actor);
	if (r == 0 && k.lines.n > 0)
		r = ad->dry_run ? look_and_decide(&k) :
		    nk_edit_run(ad->c, adopt, &k, e);
	if (r == 0)
		r = finish(&k, always);
	nk_adopt_lines_clear(&k.lines);
	nk_adopt_file_clear(&k.file);
	return r;
}
