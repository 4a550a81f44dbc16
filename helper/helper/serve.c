/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/helper/clock.h"
#include "helper/helper/connection.h"
#include "helper/helper/fault.h"
#include "helper/helper/framing.h"
#include "helper/helper/gateway.h"
#include "helper/helper/limits.h"
#include "helper/helper/log.h"
#include "helper/helper/middleware.h"
#include "helper/helper/serve.h"
#include "helper/helper/sink.h"
#include "helper/helper/source.h"
#include "lib/login/ask.h"
#include "lib/rpc/connection_lend.h"
#include "lib/rpc/job.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/web_events.h"
#include "lib/rpc/web_login.h"

struct stream {
	struct connection	 c;
	struct gateway		*gateway;	/* NULL: plain JSON-RPC */
	struct nk_sandbox_child	 child;		/* of a middleware's, or none */
	struct framing		 framing;
	struct source		 source;
	struct sink		 sink;
	bool			 behind;	/* more events are to be told */
	int			 broken;	/* -errno of a lost answer */
};

/* ---- answers ---- */

/* The gateway is told what a line is. */
static int
put_line(struct stream *s, char mark, const char *line, size_t len)
{
	int r;

	if (s->broken < 0)
		return s->broken;
	s->sink.patient = s->c.trusted;
	if ((r = sink_put(&s->sink, s->gateway != NULL ? mark : '\0', line,
	    len)) < 0)
		s->broken = r;
	return r;
}

/* The gateway waits for one, whatever becomes of the message. */
static int
put_answer(struct stream *s, char *answer, size_t len)
{
	int r = 0;

	if (answer != NULL || s->gateway != NULL)
		r = put_line(s, GATEWAY_ANSWER, answer, len);
	nk_rpc_free(answer, len);
	return r;
}

/* nk_context's notify: a line without an id. */
static void
notify(void *arg, const char *method, json_t *params)
{
	struct stream *s = arg;
	json_t *message;
	char *text;

	if (s->gateway == NULL || !s->gateway->web.legacy)
		message = json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0",
		    "method", method, "params", params);
	else if (strcmp(method, NK_WEB_EVENT) == 0)
		message = params;
	else {
		json_decref(params);	/* that protocol knows none of ours */
		return;
	}
	if (message == NULL)
		return;
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text == NULL)
		return;
	/* kept in s->broken */
	(void)put_line(s, GATEWAY_EVENT, text, strlen(text));
	nk_rpc_free(text, strlen(text));
}

/*
 * nk_context's gone.  Who only says no more may still wait for the answer.
 */
static bool
gone(void *arg)
{
	const struct stream *s = arg;
	struct pollfd p = { .fd = s->source.fd };

	return s->broken < 0 || (s->source.kind == SOURCE_SOCKET &&
	    poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0);
}

/* ---- one request ---- */

static int
answer_fault(struct stream *s, int number, const char *sentence)
{
	char *answer = NULL;
	size_t len = 0;
	int r;

	if ((r = fault_call(s->gateway != NULL && s->gateway->web.legacy,
	    s->framing.buf, s->framing.len, number, sentence, &answer,
	    &len)) < 0)
		return r;
	return put_answer(s, answer, len);
}

/* The request is answered with what is wrong, and the log has it too. */
static int
answer_unavailable(struct stream *s, int error, const char *what)
{
	char sentence[STATE_PATH_MAX + 128];

	(void)snprintf(sentence, sizeof(sentence), "%s: %s", what,
	    state_strerror(-error));
	log_say(LOG_ERR, "%s", sentence);
	return answer_fault(s, -error, sentence);
}

/* How it ends that a message of the gateway's is none. */
static int
refuse_message(struct stream *s)
{
	int r;

	if (s->broken < 0)
		return s->broken;
	r = gateway_say_close(&s->sink, GATEWAY_CLOSE_DATA,
	    "The message is no object of JSON");
	return r < 0 ? r : -ENODATA;
}

static int
handle_message(struct stream *s, char **answerp, size_t *lenp)
{
	const struct framing *f = &s->framing;

	if (s->gateway != NULL)
		return nk_web_handle(&s->c.context, f->buf, f->len, answerp,
		    lenp);
	return nk_rpc_handle(&s->c.context, f->buf, f->len, answerp, lenp);
}

/* Who has logged in or out may say more, or less, from now on. */
static void
set_limit(struct stream *s)
{
	struct gateway *g = s->gateway;
	size_t max;

	if (g == NULL || s->broken < 0)
		return;
	max = nk_web_message_max(&g->web);
	if (max == g->message_max)
		return;
	g->message_max = max;
	s->framing.max = GATEWAY_LINE_MAX(max);
	s->broken = gateway_say_limit(g, &s->sink);
}

static int
answer_request(struct stream *s)
{
	char *answer = NULL;
	size_t len = 0;
	int r, lifted, ran;

	s->c.trusted = connection_is_trusted(&s->c);
	if (!s->c.trusted && (r = limits_confine()) < 0)
		return r;
	if (s->gateway != NULL)
		source_drop_passed(&s->source);
	s->c.context.passed_fd = s->source.passed_fd;
	s->c.context.input_fd = s->source.kind == SOURCE_SOCKET ? -1 :
	    s->source.fd;
	s->source.passed_fd = -1;
	r = handle_message(s, &answer, &len);
	s->source.passed_fd = s->c.context.passed_fd;
	s->c.context.passed_fd = -1;
	s->c.context.input_fd = -1;
	lifted = s->c.trusted ? 0 : limits_lift();
	set_limit(s);
	if (r == -ENOMEM)
		r = answer_fault(s, ENOMEM,
		    "The request needs more memory than it may have");
	else if (r == -EBADMSG)
		r = refuse_message(s);
	else if (r == 0)
		r = put_answer(s, answer, len);
	if (s->gateway != NULL && (ran = nk_job_run(&s->c.context)) < 0)
		log_say(LOG_ERR, "a job: %s", strerror(-ran));
	return r < 0 ? r : lifted;
}

/*
 * What the request has lent is served once the caller knows of it, and until
 * it hangs up or says anything else.  That is the end of the connection.
 */
static int
serve_lending(struct stream *s)
{
	/* typed at a terminal, they are for the program that is run there */
	static const int typed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTSTP };
	int r = s->broken;
	size_t i;

	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		(void)signal(typed[i], SIG_IGN);
	if (r == 0 && s->source.kind == SOURCE_SOCKET)
		r = nk_connection_lend_serve(&s->c.context, s->source.fd);
	nk_connection_lend_end(&s->c.context);
	if (r == -EACCES)
		log_say(LOG_NOTICE, "a key is no longer lent: the connection "
		    "or its user's rights have changed");
	return r < 0 && r != -EACCES ? r : -ENODATA;
}

/*
 * Handle the line at hand.  0, or -errno: the connection is over (-ENODATA,
 * as it should be).  What root may do does not depend on the store, and so
 * not every method opens it.
 */
static int
handle_request(struct stream *s)
{
	const char *what = NULL;
	int r;

	if (s->c.conf_error < 0)
		return answer_fault(s, -s->c.conf_error, s->c.conf_fault);
	if ((s->gateway != NULL || !connection_is_root(&s->c)) &&
	    (r = connection_open_services(&s->c, &what)) < 0)
		return answer_unavailable(s, r, what);
	r = answer_request(s);
	source_drop_passed(&s->source);
	framing_next(&s->framing);		/* before work of our own */
	connection_tidy(&s->c);
	if (r == 0 && s->c.context.lending != NULL)
		r = serve_lending(s);
	return r < 0 ? r : s->broken;
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
at_end(struct stream *s)
{
	struct framing *f = &s->framing;

	if (!f->begun)
		return -ENODATA;
	if (s->source.kind == SOURCE_SOCKET)
		return -EPIPE;		/* nobody waits for the answer */
	return framing_add(f, "\n", 1);
}

/* How long nothing may come between two requests, in milliseconds. */
static int64_t
idle_time(const struct stream *s)
{
	const struct gateway *g = s->gateway;
	uint32_t seconds = s->c.conf.request_timeout;

	if ((g == NULL || g->web.local) && s->c.trusted)
		return CLOCK_NEVER;
	if (g != NULL && g->web.in)
		seconds = s->c.conf.gateway_idle;
	else if (g != NULL && g->web.pending != NULL)
		seconds = NK_ASK_SECONDS;
	return (int64_t)seconds * 1000;
}

/* ---- events ---- */

/* Whoever cannot be told goes on without them. */
static void
take_events(struct stream *s)
{
	struct nk_context *c = &s->c.context;
	const char *what = NULL;
	int r;

	r = connection_open_services(&s->c, &what);
	if (r < 0)
		nk_web_events_end(c->web);
	else
		r = nk_web_events_take(c);
	s->behind = r == 1;
	if (r < 0 && r != -EACCES)
		log_say(LOG_ERR, "events: %s", strerror(-r));
}

/* Until there is something to read.  0 or -errno. */
static int
wait_input(struct stream *s, int64_t deadline)
{
	int feeds[2] = { -1, -1 }, r;

	if (s->gateway != NULL) {
		feeds[0] = s->gateway->web.feed;
		feeds[1] = s->gateway->web.jobs_feed;
	}
	r = clock_wait_or(s->source.fd, POLLIN, feeds, s->behind ?
	    nk_monotonic_ms() : deadline);
	if (r == 1 || (r == -ETIMEDOUT && s->behind)) {
		take_events(s);
		r = s->broken;
	}
	return r;
}

/* ---- requests ---- */

/*
 * Wait for a whole line.  0; -ENODATA, the stream has ended before it
 * began; -ETIMEDOUT; -EMSGSIZE; or another error.
 */
static int
next_request(struct stream *s)
{
	struct framing *f = &s->framing;
	int64_t patience = (int64_t)s->c.conf.request_timeout * 1000;
	int64_t idle = idle_time(s) == CLOCK_NEVER ? CLOCK_NEVER :
	    nk_monotonic_ms() + idle_time(s);
	int64_t deadline = idle;
	int r;

	for (;;) {
		r = source_take(&s->source, f);
		if (r == -ENODATA)
			r = at_end(s);
		else if (r == -EAGAIN)
			r = wait_input(s, deadline);
		if (r < 0)
			return r;
		if (f->complete && !is_blank(f))
			return 0;
		if (f->complete) {
			source_drop_passed(&s->source);
			framing_next(f);
			if (nk_monotonic_ms() > idle)	/* nothing but these */
				return -ETIMEDOUT;
		}
		if (!f->begun)
			deadline = idle;
		else if (deadline == idle)
			deadline = nk_monotonic_ms() + patience;
	}
}

/* ---- the gateway's connection ---- */

/* Its first line. */
static int
greet(struct stream *s)
{
	struct gateway *g = s->gateway;
	int r;

	r = nk_web_hello(&g->web, &s->c.context, s->framing.buf,
	    s->framing.len);
	s->framing.max = GATEWAY_LINE_MAX(g->message_max);
	g->greeted = true;
	return r;
}

/*
 * Nothing has come for a while.  When nobody is logged in the gateway can do
 * without this process, and is asked once.
 */
static int
at_idle(struct stream *s)
{
	struct gateway *g = s->gateway;
	int r;

	if (g->said_idle || !g->greeted || s->framing.begun)
		return -ETIMEDOUT;
	if (g->web.in || g->web.local) {
		r = gateway_say_close(&s->sink, GATEWAY_CLOSE_POLICY,
		    g->web.in ? "Session is expired" :
		    "Nothing was asked for too long");
		return r < 0 ? r : -ENODATA;
	}
	nk_web_login_abandon(&g->web);
	g->said_idle = true;
	return gateway_say_idle(&s->sink);
}

static void
say_too_long(struct stream *s)
{
	char *answer = NULL;
	size_t len = 0;

	if (s->gateway != NULL)
		s->broken = gateway_say_close(&s->sink, GATEWAY_CLOSE_SIZE,
		    "Max message length is exceeded");
	else if (fault_too_long(s->framing.max, &answer, &len) == 0)
		(void)put_answer(s, answer, len);
}

static int
handle_line(struct stream *s)
{
	if (s->gateway == NULL)
		return handle_request(s);
	if (!s->gateway->greeted)
		return greet(s);
	s->gateway->said_idle = false;
	return handle_request(s);
}

static int
serve_requests(struct stream *s)
{
	int r;

	for (;;) {
		r = next_request(s);
		if (r == -ETIMEDOUT && s->gateway != NULL &&
		    (r = at_idle(s)) == 0)
			continue;
		if (r < 0)
			break;
		r = handle_line(s);
		source_drop_passed(&s->source);
		framing_next(&s->framing);
		if (r < 0)
			return r == -ENODATA ? 0 : r;
	}
	if (r == -EMSGSIZE)
		say_too_long(s);
	return r == -ENODATA ? 0 : r;
}

/* ---- the connection ---- */

static bool
is_web(enum protocol protocol)
{
	return protocol == PROTOCOL_GATEWAY || protocol == PROTOCOL_MIDDLEWARE;
}

static void
init(struct stream *s, struct gateway *g, const struct state *state,
    enum protocol protocol, int in)
{
	*s = (struct stream){ .child = NK_SANDBOX_CHILD_NONE };
	s->source.passed_fd = -1;
	s->source.look[0] = s->source.look[1] = -1;
	connection_init(&s->c, state);
	s->c.context.notify = notify;
	s->c.context.notify_arg = s;
	s->c.context.gone = gone;
	s->c.context.gone_arg = s;
	framing_init(&s->framing, s->c.conf.request_max);
	if (!is_web(protocol))
		return;
	s->gateway = g;
	nk_web_init(&g->web, in);
	g->web.local = protocol == PROTOCOL_MIDDLEWARE;
	g->message_max = nk_web_message_max(&g->web);
	s->c.context.web = &g->web;
	s->framing.max = NK_WEB_HELLO_MAX;
}

int
serve_connection(const struct state *state, enum protocol protocol, int in,
    int out)
{
	struct gateway gateway = { .greeted = false };
	struct stream s;
	int r, ended;

	init(&s, &gateway, state, protocol, in);
	if ((r = connection_meet(&s.c, protocol, in)) < 0)	/* MUST 1 */
		goto out;
	if (protocol == PROTOCOL_MIDDLEWARE &&
	    (r = middleware_begin(&s.child, in, out)) < 0)
		goto out;
	if ((r = source_init(&s.source, in, s.c.conf.request_timeout)) < 0 ||
	    (r = sink_init(&s.sink, out, s.c.conf.request_timeout)) < 0)
		goto out;
	nk_json_wipe_memory();
	r = serve_requests(&s);
 out:
	ended = s.gateway != NULL ? nk_web_end(&s.c.context) : 0;
	connection_end(&s.c);
	middleware_end(&s.child, out);
	source_clear(&s.source);
	framing_clear(&s.framing);
	return r < 0 ? r : ended;
}
