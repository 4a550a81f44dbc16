/* SPDX-License-Identifier: ISC */
#include "lib/explain/explain.h"

#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/explain/allkeys.h"
#include "lib/explain/parts.h"

#define DAY	86400

static bool
is_address(const char *text)
{
	struct in6_addr buf;

	return inet_pton(AF_INET, text, &buf) == 1 ||
	    inet_pton(AF_INET6, text, &buf) == 1;
}

/* The account and what naskeys has published of it.  0 or -ENOMEM. */
static int
look_up(struct nk_explaining *e)
{
	const struct nk_explain_question *q = e->q;
	int r;

	r = nk_seen_account_ask(q->user, q->now / DAY, q->seconds,
	    e->account);
	if (r < 0 && r != -ENOMEM) {
		nk_explain_doubt(e->x, "account", "See that the name "
		    "services answer.", "The machine's name services do not "
		    "tell about user %s: %s.", q->user, strerror(-r));
		return 0;
	}
	if (r < 0)
		return r;
	r = nk_published_read(q->maps, q->user, e->account->uid, q->now,
	    &e->published);
	if (r == -ENOMEM)
		return r;
	e->published_error = r;
	return 1;
}

static int
explain(struct nk_explaining *e, const struct nk_examined *k)
{
	struct nk_judgement j;
	int r;

	if ((r = nk_explain_config(e)) != 1 || (r = look_up(e)) != 1 ||
	    (r = nk_explain_admission(e)) != 1 ||
	    (r = nk_explain_methods(e)) != 1)
		return r;
	if (k == NULL)
		return nk_explain_all_keys(e);
	if ((r = nk_explain_keycheck(e, k)) != 1 ||
	    (r = nk_explain_sources(e, k, &j)) != 1 ||
	    (r = nk_explain_root(e, j.command)) != 1)
		return r;
	return nk_explain_finish(e);
}

static void
begin(struct nk_explaining *e)
{
	if (strcmp(e->q->address, NK_EXPLAIN_HERE) == 0)
		nk_explain_say(e->x, "from", NK_EXPLAIN_INFO, NULL,
		    "This is about a login from the machine itself (%s).",
		    e->q->address);
}

int
nk_explain_run(const struct nk_explain_question *q, struct nk_explain *x,
    const char **whyp)
{
	struct nk_explaining e = { .q = q, .x = x };
	struct nk_examined k;
	int r;

	*x = (struct nk_explain){ .n = 0 };
	if (!is_address(q->address))
		return -EINVAL;
	if (q->key != NULL && (r = nk_examined_read(&k, q->key, q->key_len,
	    whyp)) < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	if ((e.account = calloc(1, sizeof(*e.account))) == NULL)
		r = -ENOMEM;
	else {
		begin(&e);
		r = explain(&e, q->key != NULL ? &k : NULL);
	}
	if (q->key != NULL)
		nk_examined_clear(&k);
	nk_settings_clear(&e.settings);
	nk_published_clear(&e.published);
	free(e.account);
	if (r < 0)
		return r;
	return x->failed ? -ENOMEM : 0;
}
