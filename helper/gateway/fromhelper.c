/* SPDX-License-Identifier: ISC */

/*
 * What comes from the helper: lines, of which the first byte says what they
 * are.  Answers may be long: they go on as they come.
 */

#include "helper/gateway/session.h"

#include <string.h>

#define MARK_ANSWER	'='
#define MARK_EVENT	'+'
#define MARK_CONTROL	'!'

/* The codes that RFC 6455 lets a server send. */
#define CODE_MIN	1000
#define CODE_MAX	4999

/* Without what the helper has told it, nobody knows what to go on with. */
static void
fault(struct session *s)
{
	session_end(s, SESSION_FAULT, "Internal error");
}

bool
session_reads_helper(const struct session *s)
{
	return s->wants_helper && s->to_client.bytes < SESSION_TO_CLIENT_HIGH;
}

/* ---- lines for the gateway ---- */

static void
obey_close(struct session *s, const json_t *o)
{
	const char *reason = json_string_value(json_object_get(o, "reason"));
	json_int_t code = json_integer_value(json_object_get(o, "close"));

	if (code < CODE_MIN || code > CODE_MAX || reason == NULL ||
	    strlen(reason) >= SESSION_REASON_SIZE) {
		fault(s);
		return;
	}
	session_end(s, (unsigned int)code, reason);
}

static void
obey_limit(struct session *s, const json_t *limit)
{
	json_int_t n = json_integer_value(limit);

	if (n < SESSION_MESSAGE_ANONYMOUS || n > SESSION_MESSAGE_BOUND) {
		fault(s);
		return;
	}
	s->message_max = (size_t)n;
}

static void
obey(struct session *s)
{
	json_error_t error;
	const json_t *limit;
	json_t *o;

	o = json_loadb((const char *)s->control.p, s->control.len,
	    JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(o)) {
		fault(s);
		json_decref(o);
		return;
	}
	if ((limit = json_object_get(o, "message_max")) != NULL)
		obey_limit(s, limit);
	if (json_object_get(o, "close") != NULL)
		obey_close(s, o);
	else if (json_is_true(json_object_get(o, "idle")) &&
	    s->outstanding == 0 && s->incoming.len == 0)
		session_drop_helper(s);
	json_decref(o);
}

/* ---- parts of lines ---- */

static void
begin_line(struct session *s, uint8_t mark)
{
	s->heard = true;
	if (mark == MARK_ANSWER && s->outstanding > 0)
		s->line = SESSION_LINE_ANSWER;
	else if (mark == MARK_EVENT)
		s->line = SESSION_LINE_EVENT;
	else if (mark == MARK_CONTROL)
		s->line = SESSION_LINE_CONTROL;
	else
		fault(s);
}

static void
take_control(struct session *s, const uint8_t *p, size_t len, bool last)
{
	if (len > SESSION_CONTROL_MAX - s->control.len) {
		fault(s);
		return;
	}
	if (buffer_append(&s->control, p, len) < 0) {
		session_end(s, SESSION_TRY_LATER, "Try again later");
		return;
	}
	if (!last)
		return;
	s->line = SESSION_LINE_NONE;
	obey(s);
	buffer_clear(&s->control);
}

static void
take_text(struct session *s, const uint8_t *p, size_t len, bool last)
{
	bool answer = s->line == SESSION_LINE_ANSWER;

	/* The end of a line of which nothing came is the mark alone. */
	if ((len > 0 || (last && s->begun)) &&
	    queue_put(&s->to_client, p, len, !s->begun, last) < 0) {
		session_end(s, SESSION_TRY_LATER, "Try again later");
		return;
	}
	if (len > 0)
		s->begun = true;
	if (!last)
		return;
	s->begun = false;
	s->line = SESSION_LINE_NONE;
	if (answer)
		s->outstanding--;
	queue_join(&s->to_client, &s->later);
}

void
session_helper_bytes(struct session *s, const void *bytes, size_t len)
{
	const uint8_t *p = bytes, *end;
	size_t n;

	while (len > 0 && s->end == 0 && s->wants_helper) {
		if (s->line == SESSION_LINE_NONE) {
			begin_line(s, *p);
			p++;
			len--;
			continue;
		}
		end = memchr(p, '\n', len);
		n = end == NULL ? len : (size_t)(end - p);
		if (s->line == SESSION_LINE_CONTROL)
			take_control(s, p, n, end != NULL);
		else
			take_text(s, p, n, end != NULL);
		if (end != NULL)
			n++;
		p += n;
		len -= n;
	}
}

/* Before its first word it was only one too many for the acceptor. */
void
session_helper_end(struct session *s)
{
	if (!s->wants_helper)
		return;
	if (s->heard)
		fault(s);
	else
		session_end(s, SESSION_TRY_LATER, "Try again later");
}
