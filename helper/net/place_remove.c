/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/place.h"

static const char foreign[] = "somebody else is writing to it";

const char *
place_worse(struct place *p, const char *why, const char *worse)
{
	if (worse == NULL)
		return why;
	(void)snprintf(p->words, sizeof(p->words),
	    "%s; nothing was taken back: %s", why, worse);
	return p->words;
}

/* Do the first bytes of a stand at its place in b? */
static bool
has_at(const struct place_text *b, size_t at, const char *bytes, size_t len)
{
	return b->len >= at && b->len - at >= len &&
	    (len == 0 || memcmp(b->p + at, bytes, len) == 0);
}

/* NULL: the file is still what it was. */
static const char *
look_again(struct place *p, const struct place_text *before)
{
	struct place_text now = { NULL, 0, false, false };
	const char *why;

	if ((why = p->read(p, &now)) == NULL && (now.len != before->len ||
	    !has_at(&now, 0, before->p, before->len)))
		why = foreign;
	free(now.p);
	return why;
}

/* NULL: it is what it should be, and perhaps more by now. */
static const char *
verify(struct place *p, const struct place_text *after, const char *type,
    const char *base64)
{
	struct place_text now = { NULL, 0, false, false };
	const char *why;

	if ((why = p->read(p, &now)) == NULL) {
		if (place_has_key(&now, type, base64))
			why = "it is there again when it is read again";
		else if (!has_at(&now, 0, after->p, after->len))
			why = foreign;
	}
	free(now.p);
	return why;
}

/* Is it before, of which some first bytes are written over with after's? */
static bool
is_half_written(const struct place_text *now, const struct place_text *before,
    const struct place_text *after)
{
	size_t n = 0;

	while (n < after->len && n < now->len && now->p[n] == after->p[n])
		n++;
	return n <= before->len &&
	    has_at(now, n, before->p + n, before->len - n);
}

/*
 * Where there can be no new file.  It is made shorter only when all that
 * stays is in it; else the old bytes go back to where they were, unless
 * somebody else has changed those.
 */
static const char *
overwrite(struct place *p, const struct place_text *before,
    const struct place_text *after)
{
	struct place_text now = { NULL, 0, false, false };
	const char *why, *unread;
	bool ours;

	if ((why = look_again(p, before)) != NULL)
		return why;
	why = p->overwrite(p, after->p, after->len);
	unread = p->read(p, &now);
	ours = unread == NULL && is_half_written(&now, before, after);
	if (why == NULL && (!ours || now.len != before->len ||
	    !has_at(&now, 0, after->p, after->len)))
		why = unread != NULL ? unread : foreign;
	free(now.p);
	if (why == NULL && (why = p->restore(p, after)) == NULL)
		return NULL;
	if (!ours)
		return place_worse(p, why, unread != NULL ? unread : foreign);
	return place_worse(p, why,
	    p->overwrite(p, before->p, before->len));
}

static const char *
replace(struct place *p, const struct place_text *before,
    const struct place_text *after)
{
	const char *why;

	if (p->beside(p, after->p, after->len) == NULL) {
		if ((why = look_again(p, before)) != NULL) {
			(void)p->settle(p, false);
			return why;
		}
		if (p->settle(p, true) == NULL)
			return NULL;
	}
	return overwrite(p, before, after);
}

const char *
place_remove(struct place *p, const char *type, const char *base64,
    bool *removedp)
{
	struct place_text before = { NULL, 0, false, false };
	struct place_text after = { NULL, 0, false, false };
	const char *why;

	*removedp = false;
	if ((why = p->read(p, &before)) == NULL &&
	    place_has_key(&before, type, base64)) {
		if (!place_strip(&before, type, base64, &after))
			why = "there is no memory";
		else if ((why = replace(p, &before, &after)) == NULL &&
		    (why = verify(p, &after, type, base64)) == NULL)
			*removedp = true;
	}
	free(before.p);
	free(after.p);
	return why;
}
