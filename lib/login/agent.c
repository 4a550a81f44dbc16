/* SPDX-License-Identifier: ISC */
#include "lib/login/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "lib/agent/challenge.h"
#include "lib/agent/checker.h"
#include "lib/agent/lines.h"
#include "lib/rpc/keyrow.h"
#include "lib/ssh/agentmsg.h"

#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"

/* A key of the agent's, and the line that it would authorise by. */
struct candidate {
	int64_t	 line;		/* row id */
	uint8_t	*blob;
	size_t	 len;
	uint8_t	*ca;		/* NULL: a key */
	size_t	 ca_len;
	bool	 rsa;
};

struct nk_login_agent {
	int64_t		 deadline;	/* CLOCK_MONOTONIC, seconds */
	int64_t		 user_id;
	char		 user[NK_FRAME_USER_MAX + 1];
	char		 service[NK_FRAME_TEXT_MAX + 1];
	char		 rhost[NK_FRAME_TEXT_MAX + 1];
	bool		 listed;	/* its keys are known */
	struct candidate v[NK_LOGIN_AGENT_TRIES];
	size_t		 n, at;
	struct nk_agent_challenge challenge;	/* for v[at] */
};

/* What an answer is held against, read for this answer. */
struct moment {
	struct nk_store		*store;
	struct nk_agent_rules	 rules;
	struct nk_agent_lines	 lines;
	struct nk_sandbox	 sb;
};

static int64_t
now_seconds(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return INT64_MAX;	/* after every deadline */
	return ts.tv_sec;
}

void
nk_login_agent_free(struct nk_login_agent *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->n; i++) {
		free(g->v[i].blob);
		free(g->v[i].ca);
	}
	free(g);
}

static void
refuse(const char *user, struct nk_login_answer *a, const char *why)
{
	nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
	nk_login_note(a, LOG_NOTICE, "user %.100s: ssh-agent refused: %s",
	    user, why);
}

/* ---- what may authorise now ---- */

static const char *
find_refusal(const struct nk_user *u, int64_t now)
{
	if (!u->managed)
		return "the account is not managed";
	if (u->locked)
		return "the account is locked";
	if (u->expires_at <= now)
		return "the account has expired";
	return NULL;
}

/*
 * 0, and *m is the caller's to clear; -EACCES: no, for the reason *whyp;
 * -errno.
 */
static int
read_moment(const struct nk_login *l, const struct nk_user *u,
    const char *rhost, struct moment *m, const char **whyp)
{
	int r;

	m->store = nk_publisher_store(l->c->publisher);
	m->rules = (struct nk_agent_rules){
		.policy = nk_keyrow_policy(l->c->conf),
		.now = (int64_t)time(NULL), .rhost = rhost,
	};
	if ((*whyp = find_refusal(u, m->rules.now)) != NULL)
		return -EACCES;
	if ((r = nk_sandbox_init(&m->sb, PASSWD_FILE)) < 0) {
		if (r == -ENOENT)
			*whyp = "the user " NK_SANDBOX_USER " is missing: "
			    "run \"naskeysctl init\"";
		return r == -ENOENT ? -EACCES : r;
	}
	if ((r = nk_agent_lines_load(m->store, u, m->rules.policy.sshd,
	    rhost, m->rules.now, &m->lines)) < 0)
		return r;
	if (m->lines.n > 0)
		return 0;
	nk_agent_lines_clear(&m->lines);
	*whyp = "the account has no key that may authorise";
	return -EACCES;
}

/* ---- questions ---- */

static int
ask_for_list(struct nk_login_answer *a)
{
	struct nk_wire_out o = { a->text, sizeof(a->text) };
	int r;

	if ((r = nk_agentmsg_put_list(&o)) < 0)
		return r;
	a->len = sizeof(a->text) - o.left;
	a->code = NK_FRAME_CONTINUE;
	return 0;
}

/* Ask for a signature of v[at], or refuse where there are no more. */
static int
ask_next(struct nk_login_agent *g, struct nk_login_answer *a)
{
	struct nk_wire_out o = { a->text, sizeof(a->text) };
	const struct candidate *c = &g->v[g->at];
	int r;

	if (g->at == g->n) {
		refuse(g->user, a, g->n == 0 ?
		    "it has no key that may authorise" :
		    "no key that may authorise has signed");
		return 0;
	}
	if ((r = nk_agent_challenge_make(&g->challenge, g->user, g->service,
	    c->blob, c->len)) < 0 ||
	    (r = nk_agentmsg_put_sign(&o, c->blob, c->len,
	    g->challenge.data, g->challenge.len,
	    c->rsa ? NK_AGENTMSG_RSA_SHA2_512 : 0)) < 0)
		return r;
	a->len = sizeof(a->text) - o.left;
	a->code = NK_FRAME_CONTINUE;
	return 0;
}

static int
begin(struct nk_login *l, const struct nk_user *u, const struct nk_frame *f,
    struct nk_login_answer *a)
{
	struct nk_login_agent *g;
	const char *why = NULL;
	struct moment m;
	int r;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return -ENOMEM;
	l->agent = g;
	g->user_id = u->id;
	g->deadline = now_seconds() + NK_LOGIN_AGENT_SECONDS;
	if ((r = nk_login_text(&f->field[0], g->user,
	    sizeof(g->user))) < 0 ||
	    (r = nk_login_text(&f->field[1], g->service,
	    sizeof(g->service))) < 0 ||
	    (r = nk_login_text(&f->field[2], g->rhost,
	    sizeof(g->rhost))) < 0)
		return r;
	r = read_moment(l, u, g->rhost, &m, &why);
	if (r == -EACCES && why != NULL) {
		refuse(g->user, a, why);
		return 0;
	}
	if (r < 0)
		return r;
	nk_agent_lines_clear(&m.lines);
	return ask_for_list(a);
}

/* Nothing of it is kept but for the next question. */
static int
settle(struct nk_login *l, const struct nk_login_answer *a, int r)
{
	if (r < 0 || a->code != NK_FRAME_CONTINUE) {
		nk_login_agent_free(l->agent);
		l->agent = NULL;
	}
	return r;
}

int
nk_login_agent_challenge(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	nk_login_agent_free(l->agent);
	l->agent = NULL;
	return settle(l, a, begin(l, u, f, a));
}

/* ---- answers ---- */

static int
add_candidate(struct nk_login_agent *g, const struct nk_agent_line *line,
    const struct nk_agent_offer *o)
{
	struct candidate *c = &g->v[g->n];

	*c = (struct candidate){ .line = line->k->id, .len = o->len,
	    .ca_len = o->ca_len, .rsa = o->rsa };
	g->n++;				/* is freed with the others */
	if ((c->blob = malloc(o->len)) == NULL)
		return -ENOMEM;
	memcpy(c->blob, o->blob, o->len);
	if (o->ca_len == 0)
		return 0;
	if ((c->ca = malloc(o->ca_len)) == NULL)
		return -ENOMEM;
	memcpy(c->ca, o->ca, o->ca_len);
	return 0;
}

/* 0 also where it is none. */
static int
take_offer(struct nk_login_agent *g, const struct moment *m,
    const struct nk_agent_offer *o)
{
	const struct nk_agent_line *line;
	int r;

	if ((line = nk_agent_lines_find(&m->lines, o)) == NULL)
		return 0;
	r = nk_agent_check_revoked(m->store, o->blob, o->len);
	if (r == 0)
		r = add_candidate(g, line, o);
	return r == -EACCES || r == -EBADMSG ? 0 : r;
}

static int
take_list(struct nk_login_agent *g, const struct moment *m,
    const struct nk_frame_field *msg, struct nk_login_answer *a)
{
	struct nk_agent_offers offers;
	size_t i;
	int r;

	if ((r = nk_agent_offers_read(&m->sb, &m->rules, msg->p, msg->len,
	    &offers)) < 0)
		return r;
	for (i = 0; r == 0 && i < offers.n &&
	    g->n < NK_LOGIN_AGENT_TRIES; i++)
		r = take_offer(g, m, &offers.v[i]);
	nk_agent_offers_clear(&offers);
	g->listed = true;
	return r < 0 ? r : ask_next(g, a);
}

/* 0: it is right; -EACCES, -EBADMSG, -EPERM: it is not; -errno. */
static int
check_signature(const struct nk_login_agent *g, const struct moment *m,
    const struct nk_agent_line *line, const struct nk_frame_field *msg)
{
	const struct candidate *c = &g->v[g->at];
	const struct nk_agent_claim claim = {
		.blob = c->blob, .blob_len = c->len,
		.ca = c->ca, .ca_len = c->ca_len, .names = line->names,
		.data = g->challenge.data, .len = g->challenge.len,
	};
	uint32_t shown = 0;
	int r;

	if ((r = nk_agent_check_revoked(m->store, c->blob, c->len)) < 0 ||
	    (r = nk_agent_signature_check(&m->sb, &m->rules, &claim, msg->p,
	    msg->len, &shown)) < 0)
		return r;
	return nk_agent_line_is_content(line, shown) ? 0 : -EACCES;
}

static int
take_signature(struct nk_login_agent *g, const struct moment *m,
    const struct nk_frame_field *msg, struct nk_login_answer *a)
{
	const struct nk_agent_line *line;
	int r = -EACCES;

	line = nk_agent_lines_by_id(&m->lines, g->v[g->at].line);
	if (line != NULL)
		r = check_signature(g, m, line, msg);
	if (r == 0) {
		nk_login_say(a, NK_FRAME_OK, NULL);
		nk_login_note(a, LOG_INFO, "user %.100s: accepted by "
		    "ssh-agent for %.100s: %s%.40s %.60s", g->user,
		    g->service, line->k->cert_authority ?
		    "certificate signed by " : "", line->k->type,
		    line->k->fingerprint);
		return 0;
	}
	if (r != -EACCES && r != -EBADMSG && r != -EPERM)
		return r;
	g->at++;
	return ask_next(g, a);
}

/* With the account as it is now. */
static int
take_answer(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	struct nk_login_agent *g = l->agent;
	const char *why = NULL;
	struct moment m;
	int r;

	r = read_moment(l, u, g->rhost, &m, &why);
	if (r == 0) {
		r = g->listed ? take_signature(g, &m, &f->field[0], a) :
		    take_list(g, &m, &f->field[0], a);
		nk_agent_lines_clear(&m.lines);
	} else if (r == -EACCES && why != NULL) {
		refuse(g->user, a, why);
		return 0;
	}
	switch (r) {
	case -EACCES:
		refuse(g->user, a, "it does not show its keys");
		return 0;
	case -EBADMSG:
		refuse(g->user, a, "it answers what is no answer");
		return 0;
	case -EIO:
	case -ETIMEDOUT:
		refuse(g->user, a, "reading its answer failed");
		return 0;
	default:
		return r;
	}
}

int
nk_login_agent_verify(struct nk_login *l, const struct nk_user *none,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	struct nk_user *u = NULL;
	int r;

	(void)none;
	nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
	if (l->agent == NULL)
		return 0;		/* nobody has asked */
	if (now_seconds() >= l->agent->deadline) {
		refuse(l->agent->user, a, "it took too long");
		return settle(l, a, 0);
	}
	r = nk_user_get(nk_publisher_store(l->c->publisher),
	    l->agent->user_id, &u);
	if (r == 0 && strcmp(u->name, l->agent->user) == 0)
		r = take_answer(l, u, f, a);
	else if (r == 0 || r == -ENOENT) {
		refuse(l->agent->user, a, "the account is gone");
		r = 0;
	}
	nk_user_free(u);
	return settle(l, a, r);
}
