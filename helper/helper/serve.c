/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "helper/helper/clock.h"
#include "helper/helper/fault.h"
#include "helper/helper/framing.h"
#include "helper/helper/limits.h"
#include "helper/helper/log.h"
#include "helper/helper/peer.h"
#include "helper/helper/serve.h"
#include "helper/helper/sink.h"
#include "helper/helper/source.h"
#include "lib/account/resolver.h"
#include "lib/rpc/rights.h"
#include "lib/rpc/rpc.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"

struct connection {
	const struct state	*state;
	struct nk_conf		 conf;
	struct nk_caller	 caller;
	struct nk_context	 context;
	struct framing		 framing;
	struct source		 source;
	struct sink		 sink;
	dev_t			 store_dev;	/* of the publisher's store */
	ino_t			 store_ino;
	bool			 trusted;	/* an administrator, or root */
	bool			 mended;	/* maps and store agree */
	int			 broken;	/* -errno of a lost answer */
	int			 conf_error;	/* -errno, with conf_fault */
	char			 conf_fault[STATE_PATH_MAX + 256];
};

/* ---- what requests work on ---- */

static void
close_services(struct connection *c)
{
	nk_session_close(c->context.session);
	c->context.session = NULL;
	nk_publisher_free(c->context.publisher);
	c->context.publisher = NULL;
	c->mended = false;
}

/* Another file in the store's place is another store: a restored one. */
static bool
services_are_current(const struct connection *c)
{
	struct stat st;

	return c->context.publisher != NULL && c->context.session != NULL &&
	    stat(c->state->nk.store, &st) == 0 &&
	    st.st_dev == c->store_dev && st.st_ino == c->store_ino;
}

/* On failure *whatp says what could not be had. */
static int
open_services(struct connection *c, const char **whatp)
{
	struct nk_context *x = &c->context;
	struct stat st;
	int r;

	if (services_are_current(c))
		return 0;
	close_services(c);
	if ((r = state_make_folders(c->state, whatp)) < 0)
		return r;
	*whatp = c->state->nk.store;
	if ((r = nk_publisher_open_as_is(&x->publisher, &c->state->nk,
	    &c->conf, NK_STORE_CREATE)) < 0)
		goto out;
	if (stat(c->state->nk.store, &st) == -1) {
		r = -errno;
		goto out;
	}
	c->store_dev = st.st_dev;
	c->store_ino = st.st_ino;
	*whatp = c->state->nk.session;
	r = nk_session_open(&x->session, c->state->nk.session);
 out:
	if (r < 0)
		close_services(c);
	return r;
}

/* ---- who asks ---- */

static bool
is_owner(const struct connection *c)
{
	return !c->caller.gateway && (c->caller.uid == 0 ||
	    c->caller.uid == c->state->nk.owner);
}

/*
 * Only for what the request may cost; what it may do is decided when it is
 * handled.
 */
static bool
is_trusted(struct connection *c)
{
	if (is_owner(c))
		return true;
	return nk_rights_compute(&c->context, GROUP_FILE,
	    (int64_t)time(NULL)) == 0 && c->context.rank >= NK_RANK_ADMIN;
}

/* ---- answers ---- */

static int
put_line(struct connection *c, const char *line, size_t len)
{
	int r;

	if (c->broken < 0)
		return c->broken;
	c->sink.patient = c->trusted;
	if ((r = sink_put(&c->sink, line, len)) < 0)
		c->broken = r;
	return r;
}

static int
put_answer(struct connection *c, char *answer, size_t len)
{
	int r = 0;

	if (answer != NULL)
		r = put_line(c, answer, len);
	nk_rpc_free(answer, len);
	return r;
}

/* The repair is not the asker's: it may cost what it does. */
static int
mend_unconfined(struct connection *c)
{
	int r, confined;

	if ((r = limits_lift()) < 0)
		return r;
	r = nk_publisher_mend(c->context.publisher);
	confined = c->trusted ? 0 : limits_confine();
	return r < 0 ? r : confined;
}

/* nk_context's mend. */
static int
mend(void *arg, struct nk_error *e)
{
	struct connection *c = arg;
	const char *store = c->state->nk.store;
	int r;

	if (c->mended)
		return 0;
	if ((r = mend_unconfined(c)) < 0) {
		close_services(c);	/* the next request opens them anew */
		log_say(LOG_ERR, "%s: %s", store, strerror(-r));
		return nk_error_call(e, -r, "%s: %s", store, strerror(-r));
	}
	c->mended = true;
	return 0;
}

/* nk_context's notify: a line without an id. */
static void
notify(void *arg, const char *method, json_t *params)
{
	struct connection *c = arg;
	json_t *message;
	char *text;

	message = json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method",
	    method, "params", params);
	if (message == NULL)
		return;
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text == NULL)
		return;
	(void)put_line(c, text, strlen(text));	/* kept in c->broken */
	nk_rpc_free(text, strlen(text));
}

/* ---- one request ---- */

static int
answer_fault(struct connection *c, int number, const char *sentence)
{
	char *answer = NULL;
	size_t len = 0;
	int r;

	if ((r = fault_call(c->framing.buf, c->framing.len, number, sentence,
	    &answer, &len)) < 0)
		return r;
	return put_answer(c, answer, len);
}

/* The request is answered with what is wrong, and the log has it too. */
static int
answer_unavailable(struct connection *c, int error, const char *what)
{
	char sentence[STATE_PATH_MAX + 128];

	(void)snprintf(sentence, sizeof(sentence), "%s: %s", what,
	    state_strerror(-error));
	log_say(LOG_ERR, "%s", sentence);
	return answer_fault(c, -error, sentence);
}

static int
answer_request(struct connection *c)
{
	char *answer = NULL;
	size_t len = 0;
	int r, lifted;

	c->trusted = is_trusted(c);
	if (!c->trusted && (r = limits_confine()) < 0)
		return r;
	c->context.passed_fd = c->source.passed_fd;
	c->context.input_fd = c->source.kind == SOURCE_SOCKET ? -1 :
	    c->source.fd;
	c->source.passed_fd = -1;
	r = nk_rpc_handle(&c->context, c->framing.buf, c->framing.len,
	    &answer, &len);
	c->source.passed_fd = c->context.passed_fd;
	c->context.passed_fd = -1;
	c->context.input_fd = -1;
	lifted = limits_lift();
	if (r == -ENOMEM)
		r = answer_fault(c, ENOMEM,
		    "The request needs more memory than it may have");
	else if (r == 0)
		r = put_answer(c, answer, len);
	return r < 0 ? r : lifted;
}

/* Handle the line at hand.  0, or -errno: the connection is over. */
static int
handle_request(struct connection *c)
{
	const char *what = NULL;
	int r;

	if (c->conf_error < 0)
		return answer_fault(c, -c->conf_error, c->conf_fault);
	if ((r = open_services(c, &what)) < 0)
		return answer_unavailable(c, r, what);
	r = answer_request(c);
	source_drop_passed(&c->source);
	framing_next(&c->framing);		/* before work of our own */
	if (c->context.publisher != NULL) {
		int tidied = nk_publisher_tidy(c->context.publisher);

		if (tidied < 0)
			log_say(LOG_WARNING, "%s: work after an edit: %s",
			    c->state->nk.store, strerror(-tidied));
	}
	return r < 0 ? r : c->broken;
}

/* ---- the stream ---- */

/* A blank line is a person at the keyboard, and no request. */
static bool
is_blank(const struct framing *f)
{
	return f->len == 0 || (f->len == 1 && f->buf[0] == '\r');
}

/* What a person or a file leaves without a newline is a request as well. */
static int
at_end(struct connection *c)
{
	struct framing *f = &c->framing;

	if (!f->begun)
		return -ENODATA;
	if (c->source.kind == SOURCE_SOCKET)
		return -EPIPE;		/* nobody waits for the answer */
	return framing_add(f, "\n", 1);
}

/*
 * Wait for a whole line.  0; -ENODATA, the stream has ended before it
 * began; -ETIMEDOUT; -EMSGSIZE; or another error.
 */
static int
next_request(struct connection *c)
{
	struct framing *f = &c->framing;
	int64_t patience = (int64_t)c->conf.request_timeout * 1000;
	int64_t idle = c->trusted ? CLOCK_NEVER : clock_now_ms() + patience;
	int64_t deadline = idle;
	int r;

	for (;;) {
		r = source_take(&c->source, f);
		if (r == -ENODATA)
			r = at_end(c);
		else if (r == -EAGAIN)
			r = clock_wait(c->source.fd, POLLIN, deadline);
		if (r < 0)
			return r;
		if (f->complete && !is_blank(f))
			return 0;
		if (f->complete) {
			source_drop_passed(&c->source);
			framing_next(f);
			if (clock_now_ms() > idle)	/* nothing but these */
				return -ETIMEDOUT;
		}
		if (!f->begun)
			deadline = idle;
		else if (deadline == idle)
			deadline = clock_now_ms() + patience;
	}
}

static int
serve_requests(struct connection *c)
{
	char *answer = NULL;
	size_t len = 0;
	int r;

	while ((r = next_request(c)) == 0) {
		r = handle_request(c);
		source_drop_passed(&c->source);
		framing_next(&c->framing);
		if (r < 0)
			return r;
	}
	if (r == -EMSGSIZE && fault_too_long(c->framing.max, &answer,
	    &len) == 0)
		(void)put_answer(c, answer, len);
	return r == -ENODATA ? 0 : r;
}

/* ---- the connection ---- */

/* MUST 1. */
static int
meet(struct connection *c, enum protocol protocol, int in)
{
	int r;

	if ((r = peer_get(in, &c->caller)) < 0)
		return r;
	c->caller.gateway = protocol == PROTOCOL_GATEWAY;
	c->trusted = is_owner(c);
	if (is_owner(c))
		return 0;
	/* Only root may, once the process cannot be dumped. */
	if (geteuid() == 0 && (r = limits_offer_to_oom()) < 0)
		log_say(LOG_WARNING, "/proc/self/oom_score_adj: %s",
		    strerror(-r));
	return 0;
}

static void
end(struct connection *c)
{
	close_services(c);
	nk_resolver_free(c->context.resolver);
	source_clear(&c->source);
	framing_clear(&c->framing);
	peer_clear(&c->caller);
}

int
serve_connection(const struct state *state, enum protocol protocol, int in,
    int out)
{
	struct connection c = { .state = state };
	int r;

	c.source.passed_fd = -1;
	c.source.look[0] = c.source.look[1] = -1;
	c.conf_error = state_load_conf(state, &c.conf, c.conf_fault,
	    sizeof(c.conf_fault));
	if (c.conf_error < 0)
		log_say(LOG_ERR, "%s", c.conf_fault);
	framing_init(&c.framing, c.conf.request_max);
	c.context = (struct nk_context){ .state = &state->nk,
	    .conf = &c.conf, .caller = &c.caller, .passed_fd = -1,
	    .input_fd = -1, .mend = mend, .mend_arg = &c, .notify = notify,
	    .notify_arg = &c };
	if ((r = meet(&c, protocol, in)) < 0)
		goto out;
	if ((r = source_init(&c.source, in, c.conf.request_timeout)) < 0 ||
	    (r = sink_init(&c.sink, out, c.conf.request_timeout)) < 0)
		goto out;
	nk_json_wipe_memory();
	r = serve_requests(&c);
 out:
	end(&c);
	return r;
}
