/* SPDX-License-Identifier: ISC */

/*
 * A line for the user's authorized_keys: written once, whole or not at all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/login.h"
#include "helper/net/net.h"
#include "helper/net/place.h"

struct wanted {
	char	line[NK_REMOTE_LINE_MAX + 1];
	char	type[64];
	char	base64[NK_REMOTE_LINE_MAX + 1];
};

static void
read_text(struct place *p, struct place_text *t)
{
	const char *why;

	if ((why = p->read(p, t)) != NULL)
		say_fault(p->fault, why);
}

/* The line as it goes behind what is there. */
static size_t
make_bytes(const struct wanted *w, const struct place_text *before,
    char *bytes, size_t room)
{
	bool open = before->len > 0 && before->p[before->len - 1] != '\n';
	int n = snprintf(bytes, room, "%s%s\n", open ? "\n" : "", w->line);

	if (n < 0 || (size_t)n >= room)
		_exit(1);
	return (size_t)n;
}

/* What is there now is what was there, and the line behind it. */
static bool
is_appended(const struct place_text *before, const struct place_text *after,
    const char *bytes, size_t len)
{
	return after->present && after->len == before->len + len &&
	    (before->len == 0 ||
	    memcmp(after->p, before->p, before->len) == 0) &&
	    memcmp(after->p + before->len, bytes, len) == 0;
}

/* Nothing but a part of what we have written has come to it. */
static bool
is_part(const struct place_text *before, const struct place_text *after,
    const char *bytes, size_t len)
{
	return after->len >= before->len &&
	    after->len - before->len <= len && (before->len == 0 ||
	    memcmp(after->p, before->p, before->len) == 0) &&
	    (after->len == before->len || memcmp(after->p + before->len,
	    bytes, after->len - before->len) == 0);
}

/* Nothing at all was written or made. */
static bool
is_same(const struct place_text *before, const struct place_text *after)
{
	return after->folder == before->folder &&
	    after->present == before->present && after->len == before->len;
}

static _Noreturn void
fail(struct place *p, const char *why, const char *worse)
{
	say_fault(p->fault, place_worse(p, why, worse));
}

static void
add(struct place *p, const struct wanted *w, const struct place_text *before)
{
	static char bytes[NK_REMOTE_LINE_MAX + 3];
	struct place_text after = { NULL, 0, false, false };
	size_t len = make_bytes(w, before, bytes, sizeof(bytes));
	const char *why, *unread;

	why = p->append(p, bytes, len, before);
	unread = p->read(p, &after);
	/* somebody else may have written meanwhile, which stays */
	if (why == NULL && unread == NULL &&
	    (is_appended(before, &after, bytes, len) ||
	    place_has_key(&after, w->type, w->base64))) {
		free(after.p);
		return;
	}
	if (why == NULL)
		why = unread == NULL ? "it is not there when it is read again"
		    : unread;
	if (unread != NULL)
		fail(p, why, unread);
	if (is_same(before, &after))
		fail(p, why, NULL);
	if (!is_part(before, &after, bytes, len))
		fail(p, why, "somebody else is writing to it");
	fail(p, why, p->restore(p, before));
}

void
copy_run(size_t n_sockets)
{
	struct place_text before = { NULL, 0, false, false };
	struct nk_wire request = hear_request();
	static struct wanted w;
	struct session s;
	struct place p;
	bool added;

	if (n_sockets != LOGIN_SOCKETS)
		_exit(1);
	login(&s, &request);
	take_text(&request, w.line, sizeof(w.line));
	take_text(&request, w.type, sizeof(w.type));
	take_text(&request, w.base64, sizeof(w.base64));
	if (nk_wire_get_end(&request) < 0)
		_exit(1);
	place_open(&p, &s, NK_REMOTE_NOT_COPIED);
	read_text(&p, &before);
	/* said before: who hears no end of it knows that there may be a line */
	added = !place_has_key(&before, w.type, w.base64);
	say_written(added);
	if (added)
		add(&p, &w, &before);
	free(before.p);
	ssh_disconnect(s.ssh);
	say_done();
}
