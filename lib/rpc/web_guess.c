/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_guess.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "lib/monotonic.h"
#include "lib/rpc/web.h"

enum { ADDRESS, ACCOUNT };

/* One address may be many people's. */
static const struct nk_attempt_rule rules[] = {
	[ADDRESS] = { .free = 10, .most = 10 },
	[ACCOUNT] = { .free = 3, .most = 5 },
};

static struct nk_attempt_rule
rule_of(const struct nk_context *c, size_t i)
{
	struct nk_attempt_rule rule = rules[i];

	rule.window = (int64_t)c->conf->lockout_window * 1000;
	return rule;
}

static void
set_address(struct nk_guess *g, const struct nk_web *w)
{
	char network[NK_WEB_ADDRESS_SIZE];

	nk_web_network(w, network);
	(void)snprintf(g->subject[ADDRESS], NK_GUESS_SUBJECT_SIZE,
	    "address:%s", network);
}

/* Until the time, or until the client hangs up. */
static int
wait_until(const struct nk_context *c, int64_t deadline)
{
	struct pollfd p = { .fd = c->web->client, .events = POLLRDHUP };
	int64_t left;

	while ((left = deadline - nk_monotonic_ms()) > 0) {
		if (poll(&p, 1, (int)left) == -1 && errno != EINTR)
			return -errno;
		if ((p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			return -EPIPE;
	}
	return 0;
}

int
nk_guess_begin(struct nk_context *c, const char *name, struct nk_guess *g,
    bool *firstp)
{
	struct nk_attempt_rule rule;
	int64_t wait = 0;
	size_t i;
	int r;

	*firstp = false;
	g->n = name != NULL ? 2 : 1;
	set_address(g, c->web);
	if (name != NULL)
		(void)snprintf(g->subject[ACCOUNT], NK_GUESS_SUBJECT_SIZE,
		    "account:%.300s", name);
	for (i = 0; i < g->n; i++) {
		rule = rule_of(c, i);
		r = nk_attempt_begin(c->session, g->subject[i], &rule,
		    nk_attempt_now(), &g->attempt[i]);
		*firstp = r == -EAGAIN && g->attempt[i].first;
		if (r < 0)
			return r;
		if (g->attempt[i].wait > wait)
			wait = g->attempt[i].wait;
	}
	r = wait_until(c, nk_monotonic_ms() + wait);
	g->begun_at = nk_monotonic_ms();
	return r;
}

int
nk_guess_wrong(struct nk_context *c, const struct nk_guess *g)
{
	struct nk_attempt_rule rule;
	int counted = 0, r;
	size_t i;

	for (i = 0; i < g->n; i++) {
		rule = rule_of(c, i);
		r = nk_attempt_wrong(c->session, g->subject[i], &rule,
		    nk_attempt_now());
		if (r < 0)
			counted = r;
	}
	r = wait_until(c, g->begun_at + c->web->wrong_ms);
	return counted < 0 ? counted : r;
}

int
nk_guess_right(struct nk_context *c, const struct nk_guess *g)
{
	struct nk_attempt_rule rule;
	size_t i;
	int r;

	for (i = 0; i < g->n; i++) {
		rule = rule_of(c, i);
		if ((r = nk_attempt_right(c->session, g->subject[i], &rule,
		    nk_attempt_now(), &g->attempt[i])) < 0)
			return r;
	}
	return 0;
}

int
nk_guess_forget(struct nk_context *c, const struct nk_guess *g)
{
	return g->n <= ACCOUNT ? 0 :
	    nk_attempt_forget(c->session, g->subject[ACCOUNT]);
}
