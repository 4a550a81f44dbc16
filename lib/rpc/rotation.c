/* SPDX-License-Identifier: ISC */
#include "lib/rpc/rotation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/lock.h"
#include "lib/rpc/dependants.h"

#define NAMED_MAX	5	/* users of a keypair in a sentence */

/* ---- opening ---- */

static int
take_lock(struct nk_context *c, struct nk_rotating *ro, struct nk_error *e)
{
	int n = snprintf(ro->lock_path, sizeof(ro->lock_path),
	    "%s.rotate-%" PRId64, c->state->lock, ro->id), r;

	if (n < 0 || (size_t)n >= sizeof(ro->lock_path))
		return -ENAMETOOLONG;
	r = nk_lock_take(ro->lock_path, c->state->owner, 0, &ro->lock);
	return r == -EAGAIN ? nk_error_call(e, EBUSY, "The key of this "
	    "connection is being replaced by somebody else at this moment")
	    : r;
}

void
nk_rotation_close(struct nk_rotating *ro)
{
	/* the next one makes another file */
	if (ro->lock != -1)
		(void)unlink(ro->lock_path);
	nk_lock_drop(&ro->lock);
	nk_connection_opened_clear(&ro->o);
	nk_privatekey_clear(&ro->other);
}

static int
read_row(struct nk_context *c, struct nk_rotating *ro, struct nk_error *e)
{
	int r;

	r = nk_rotation_get(nk_publisher_store(c->publisher), ro->id,
	    &ro->row);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (ro->row.step >= NK_ROTATION_STEPS)
		return -EBADMSG;
	ro->begun = true;
	return nk_keypair_open(c, ro->row.keypair_id, ro->o.name, &ro->other,
	    e);
}

int
nk_rotation_open(struct nk_context *c, int64_t id, struct nk_rotating *ro,
    struct nk_error *e)
{
	int r;

	*ro = (struct nk_rotating){ .id = id, .lock = -1 };
	if ((r = take_lock(c, ro, e)) == 0 &&
	    (r = nk_connection_open(c, id, &ro->o, e)) == 0)
		r = read_row(c, ro, e);
	if (r < 0)
		nk_rotation_close(ro);
	return r;
}

/* ---- who else uses the keypair ---- */

struct search {
	struct nk_store		*s;
	int64_t			 id;		/* of the connection */
	const char		*fingerprint;	/* of its key */
	FILE			*f;
	size_t			 n;
};

/* Is it the connection, or one of its consumers? */
static int
is_own(struct nk_store *s, int64_t id, const struct nk_dependant *d,
    bool *ownp)
{
	struct nk_consumer row;
	int r;

	*ownp = d->id == id;
	if (d->connection)
		return 0;
	if ((r = nk_consumer_get(s, d->id, &row)) == 0)
		*ownp = row.credential_id == id;
	nk_consumer_clear(&row);
	return r;
}

/* "A, B" of those that are not its own. */
static int
name_others(struct search *q, const struct nk_dependants *ds)
{
	size_t i;
	bool own;
	int r;

	for (i = 0; i < ds->n; i++) {
		if ((r = is_own(q->s, q->id, &ds->v[i], &own)) < 0)
			return r;
		if (own)
			continue;
		if (q->n < NAMED_MAX)
			(void)fprintf(q->f, "%s%s", q->n == 0 ? "" : ", ",
			    ds->v[i].title);
		q->n++;
	}
	return 0;
}

/* A keypair may stand there twice, under two names. */
static int
look_at_pair(void *arg, const struct nk_credential *row)
{
	struct search *q = arg;
	struct nk_dependants ds;
	int r;

	if (row->type != NK_CREDENTIAL_KEYPAIR ||
	    strcmp(row->fingerprint, q->fingerprint) != 0)
		return 0;
	if ((r = nk_dependants_find(q->s, row->id, &ds)) == 0)
		r = name_others(q, &ds);
	nk_dependants_clear(&ds);
	return r;
}

/* The names of the others, the caller's to free; *np is how many. */
static int
find_others(struct nk_store *s, int64_t id, const char *fingerprint,
    char **namesp, size_t *np)
{
	struct search q = { .s = s, .id = id, .fingerprint = fingerprint };
	size_t len;
	int r;

	if ((q.f = open_memstream(namesp, &len)) == NULL)
		return -ENOMEM;
	r = nk_credential_each(s, 0, look_at_pair, &q);
	if (q.n > NAMED_MAX)
		(void)fprintf(q.f, " and %zu more", q.n - NAMED_MAX);
	if (fclose(q.f) == EOF && r == 0)
		r = -ENOMEM;
	*np = q.n;
	return r;
}

int
nk_rotation_check_alone(struct nk_context *c, const struct nk_rotating *ro,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential pair;
	char *names = NULL;
	size_t n = 0;
	int r;

	if ((r = nk_credential_get(s, ro->o.row.keypair_id, &pair)) == 0 &&
	    (r = find_others(s, ro->id, pair.fingerprint, &names, &n)) == 0 &&
	    n > 0)
		r = nk_error_call(e, EBUSY, "Others use the key of the "
		    "keypair %s, too, and would lose it: %s.  Give each "
		    "connection a keypair of its own first", pair.name,
		    names);
	nk_credential_clear(&pair);
	free(names);
	return r;
}
