/* SPDX-License-Identifier: ISC */

/* What comes from the client. */

#include "helper/gateway/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_FACTOR	6u	/* bytes of a line for one character */
#define CHARACTER_MAX	4u	/* bytes of a character in UTF-8 */
#define HELLO_SIZE	1024	/* more than its parts can take */

void
session_init(struct session *s, enum message_protocol protocol,
    const struct session_client *client, struct budget *budget,
    const struct session_hooks *hooks, void *arg)
{
	*s = (struct session){
		.protocol = protocol,
		.client = *client,
		.hooks = hooks,
		.arg = arg,
		.options.legacy_jobs = true,
		.message_max = SESSION_MESSAGE_ANONYMOUS,
	};
	buffer_init(&s->incoming, budget);
	buffer_init(&s->to_helper, budget);
	buffer_init(&s->control, budget);
	queue_init(&s->to_client, budget);
	queue_init(&s->later, budget);
}

void
session_clear(struct session *s)
{
	session_drop_helper(s);
	buffer_clear(&s->incoming);
	queue_clear(&s->to_client);
}

/* Whatever was said to it, and by it, is over. */
void
session_drop_helper(struct session *s)
{
	s->wants_helper = false;
	s->heard = false;
	s->outstanding = 0;
	s->message_max = SESSION_MESSAGE_ANONYMOUS;
	s->line = SESSION_LINE_NONE;
	s->begun = false;
	buffer_clear(&s->to_helper);
	buffer_clear(&s->control);
	queue_clear(&s->later);
}

void
session_end(struct session *s, unsigned int code, const char *reason)
{
	if (s->end != 0)
		return;
	session_drop_helper(s);
	buffer_clear(&s->incoming);
	s->end = code;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static void
end_for_error(struct session *s, int r)
{
	(void)r;	/* memory or the budget: it is the same to them */
	session_end(s, SESSION_TRY_LATER, "Try again later");
}

static void
end_oversized(struct session *s)
{
	if (s->message_max <= SESSION_MESSAGE_ANONYMOUS)
		session_end(s, SESSION_BAD_DATA,
		    "Anonymous connection max message length is 8 kB");
	else
		session_end(s, SESSION_TOO_BIG,
		    "Max message length is 64 kB");
}

bool
session_reads_client(const struct session *s)
{
	return s->end == 0 && s->to_client.bytes < SESSION_TO_CLIENT_HIGH &&
	    s->to_helper.len < SESSION_TO_HELPER_HIGH;
}

/* ---- to the client ---- */

void
session_put(struct session *s, const char *text, size_t len)
{
	int r;

	if (s->end != 0)
		return;
	r = queue_put(s->begun ? &s->later : &s->to_client, text, len, true,
	    true);
	if (r < 0)
		end_for_error(s, r);
}

/* Takes the text; r is what came of making it. */
static void
put_made(struct session *s, int r, char *text, size_t len)
{
	if (r == 0)
		session_put(s, text, len);
	else if (r != -ENOENT)
		end_for_error(s, r);
	message_free(text, len);
}

/* ---- to the helper ---- */

static int
put_hello(struct session *s)
{
	const struct session_client *c = &s->client;
	char hello[HELLO_SIZE];
	int n;

	n = snprintf(hello, sizeof(hello), "{\"naskeys\":1,\"protocol\":"
	    "\"%s\",\"path\":\"%s\",\"address\":\"%s\",\"port\":%u,"
	    "\"tls\":%s,\"options\":{\"legacy_jobs\":%s,"
	    "\"private_methods\":%s}}\n",
	    s->protocol == MESSAGE_LEGACY ? "legacy" : "jsonrpc", c->path,
	    c->address, c->port, c->tls ? "true" : "false",
	    s->options.legacy_jobs ? "true" : "false",
	    s->options.private_methods ? "true" : "false");
	if (n < 0 || (size_t)n >= sizeof(hello))
		return -E2BIG;
	return buffer_append(&s->to_helper, hello, (size_t)n);
}

void
session_local(struct session *s)
{
	int r;

	s->message_max = SESSION_MESSAGE_LOCAL;
	s->wants_helper = true;
	if ((r = put_hello(s)) < 0)
		end_for_error(s, r);
}

static int
put_line(struct session *s, const struct message *m)
{
	char *line = NULL;
	size_t len = 0;
	int r;

	if ((r = message_encode(m, &line, &len)) < 0)
		return r;
	if (len > LINE_FACTOR * s->message_max) {
		end_oversized(s);
		goto out;
	}
	if (!s->wants_helper && (r = put_hello(s)) < 0)
		goto out;
	s->wants_helper = true;
	s->outstanding++;
	if ((r = buffer_append(&s->to_helper, line, len)) == 0)
		r = buffer_append(&s->to_helper, "\n", 1);
 out:
	message_free(line, len);
	return r;
}

static void
forward(struct session *s, const struct message *m)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (s->outstanding >= SESSION_OUTSTANDING_MAX) {
		r = message_too_many(s->protocol, m, &text, &len);
		put_made(s, r, text, len);
	} else if ((r = put_line(s, m)) < 0)
		end_for_error(s, r);
}

/* ---- a message ---- */

static void
answer_rpc(struct session *s, const struct message *m)
{
	bool own = !s->wants_helper;
	char *text = NULL;
	size_t len = 0;
	int r;

	if (m->kind == MESSAGE_CORE_OPTIONS)	/* for the next helper, too */
		message_options(m, &s->options);
	if (!own || m->kind == MESSAGE_CALL) {
		forward(s, m);
		return;
	}
	if (m->kind == MESSAGE_CORE_OPTIONS)
		r = message_options_answer(m, &s->options, &text, &len);
	else if (s->hooks->may_ping(s->arg))
		r = message_pong(s->protocol, m, &text, &len);
	else
		r = message_too_often(m, &text, &len);
	put_made(s, r, text, len);
}

static void
answer_connect(struct session *s, const struct message *m)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (m->kind == MESSAGE_CONNECT)
		s->connected = true;
	r = m->kind == MESSAGE_CONNECT ?
	    message_connected(s->client.id, &text, &len) :
	    message_failed(&text, &len);
	put_made(s, r, text, len);
}

static void
answer_legacy(struct session *s, const struct message *m)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (m->kind == MESSAGE_NO_OBJECT)
		session_end(s, SESSION_BAD_DATA, "Invalid Message Format");
	else if (!s->connected || m->kind == MESSAGE_CONNECT ||
	    m->kind == MESSAGE_CONNECT_OTHER)
		answer_connect(s, m);
	else if (m->kind == MESSAGE_PING) {
		r = message_pong(s->protocol, m, &text, &len);
		put_made(s, r, text, len);
	} else if (m->kind == MESSAGE_CALL)
		forward(s, m);
}

static void
answer_not_json(struct session *s, const char *why)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (s->protocol == MESSAGE_LEGACY) {
		session_end(s, SESSION_BAD_DATA, why);
		return;
	}
	r = message_not_json(why, &text, &len);
	put_made(s, r, text, len);
}

static void
handle(struct session *s, const char *text, size_t len)
{
	char why[MESSAGE_WHY_SIZE];
	struct message m;
	int r;

	r = message_read(s->protocol, text, len, &m, why);
	if (r == -EBADMSG)
		answer_not_json(s, why);
	else if (r < 0)
		end_for_error(s, r);
	else if (s->protocol == MESSAGE_LEGACY)
		answer_legacy(s, &m);
	else
		answer_rpc(s, &m);
	message_clear(&m);
}

/* ---- its bytes ---- */

/* All but the bytes that go on with a character (RFC 3629). */
static size_t
count_characters(const uint8_t *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

static void
take_whole(struct session *s, const uint8_t *text, size_t len)
{
	if (count_characters(text, len) > s->message_max)
		end_oversized(s);
	else
		handle(s, (const char *)text, len);
}

void
session_text(struct session *s, const void *text, size_t len, bool last)
{
	struct buffer *b = &s->incoming;
	int r;

	if (s->end != 0)
		return;
	if (b->len + len > CHARACTER_MAX * s->message_max) {
		end_oversized(s);
		return;
	}
	if (last && b->len == 0) {
		take_whole(s, text, len);
		return;
	}
	if ((r = buffer_append(b, text, len)) < 0) {
		end_for_error(s, r);
		return;
	}
	if (last) {
		take_whole(s, b->p, b->len);
		buffer_clear(b);
	}
}

void
session_binary(struct session *s)
{
	session_end(s, SESSION_NO_TEXT, "Invalid websocket message type");
}
