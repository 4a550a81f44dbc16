/* SPDX-License-Identifier: ISC */
#include "lib/rpc/elsewhere.h"

#include <errno.h>

#include "lib/account/directory.h"
#include "lib/account/ids.h"
#include "lib/rpc/edit.h"

#define TRIES	16	/* single lookups before everything is listed */

static int
complain(struct nk_error *e, int r)
{
	if (r == -ETIMEDOUT)
		return nk_error_call(e, ETIMEDOUT, "The machine's name "
		    "services do not answer, so it cannot be told whether "
		    "the name or id is free. Try again later.");
	return nk_error_call(e, -r, "The machine's name services could not "
	    "be asked whether the name or id is free. See to "
	    "nsswitch.conf and its services, then try again.");
}

int
nk_elsewhere_ask(struct nk_context *c, struct nk_question *q, size_t n,
    struct nk_error *e)
{
	int r = nk_resolver_ask(&c->resolver, q, n, c->conf->lookup_timeout);

	return r < 0 ? complain(e, r) : 0;
}

struct search {
	struct nk_context		*c;
	enum nk_reserve_kind		 kind;
	const struct nk_directory	*directory;	/* NULL: not read */
	int				 error;		/* of is_taken() */
};

/* For nk_uid_next(): is the id spoken for? */
static int
is_taken(void *arg, uint32_t id)
{
	struct search *s = arg;
	int r;

	if (nk_id_is_nobody(id))
		return 1;
	if (s->directory != NULL && (s->kind == NK_RESERVE_UID ?
	    nk_directory_uid(s->directory, id) :
	    nk_directory_gid(s->directory, id)) != NULL)
		return 1;
	r = nk_session_is_reserved(s->c->session, s->kind, id,
	    nk_session_now());
	s->error = r < 0 ? r : 0;
	return r;
}

static int
next_in_store(struct search *s, uint32_t first, uint32_t *idp)
{
	struct nk_store *store = nk_publisher_store(s->c->publisher);
	uint32_t last = s->c->conf->max_id;

	return s->kind == NK_RESERVE_UID ?
	    nk_uid_next(store, first, last, is_taken, s, idp) :
	    nk_gid_next(store, first, last, is_taken, s, idp);
}

/* Many in a row are taken elsewhere: list all of those at once. */
static int
next_by_listing(struct search *s, uint32_t first, uint32_t *idp,
    struct nk_error *e)
{
	struct nk_directory *d;
	int r;

	r = nk_directory_read(&d, s->c->conf->lookup_timeout);
	if (r < 0)
		return complain(e, r);
	s->directory = d;
	r = next_in_store(s, first, idp);
	nk_directory_free(d);
	s->directory = NULL;
	return r;
}

static int
next_id(struct search *s, uint32_t *idp, struct nk_error *e)
{
	struct nk_question q = { .group = s->kind == NK_RESERVE_GID };
	uint32_t first = s->c->conf->first_auto_id;
	int i, r;

	if (first < s->c->conf->min_id)
		first = s->c->conf->min_id;
	for (i = 0; i < TRIES; i++) {
		if ((r = next_in_store(s, first, idp)) < 0)
			return r;
		q.id = *idp;
		if ((r = nk_elsewhere_ask(s->c, &q, 1, e)) < 0)
			return r;
		if (!q.entry.found)
			return 0;
		first = *idp + 1;
	}
	return next_by_listing(s, first, idp, e);
}

static int
next_reserved(struct nk_context *c, enum nk_reserve_kind kind, uint32_t *idp,
    struct nk_error *e)
{
	struct search s = { .c = c, .kind = kind };
	int r;

	/* -EEXIST: somebody else has it since; there is one less each time */
	do {
		r = next_id(&s, idp, e);
		if (r == -ENOSPC && s.error == 0 && !nk_error_is_set(e))
			return nk_error_call(e, ENOSPC, "No free id is left "
			    "between %u and %u.", c->conf->first_auto_id,
			    c->conf->max_id);
		if (r < 0)
			return r;
		r = nk_session_reserve(c->session, kind, *idp,
		    nk_session_now(), NK_RESERVE_SECONDS);
	} while (r == -EEXIST);
	return r;
}

int
nk_next_uid(struct nk_context *c, uint32_t *uidp, struct nk_error *e)
{
	return next_reserved(c, NK_RESERVE_UID, uidp, e);
}

int
nk_next_gid(struct nk_context *c, uint32_t *gidp, struct nk_error *e)
{
	return next_reserved(c, NK_RESERVE_GID, gidp, e);
}
