/* SPDX-License-Identifier: ISC */

/*
 * A session of the gateway between a client and a helper, or one of a caller
 * on this machine.  The first byte says which, and which protocol; then come steps, each a byte for who speaks, two for
 * the length, and the bytes.  What comes out to the client is whole messages,
 * none inside of another; what goes to the helper is lines of JSON behind one
 * hello; nothing holds more than its limits; at the end all memory is given
 * back.
 */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/rpc/json_memory.h"
#include "tests/unit/gateway_session.h"

int	LLVMFuzzerInitialize(int *argc, char ***argv);
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nk_json_wipe_memory();
	return 0;
}

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* Whole lines, each of them JSON. */
static void
check_lines(struct session_test *t)
{
	struct buffer *b = &t->s.to_helper;
	const uint8_t *p = b->p, *end;
	json_t *line;

	require(b->len == 0 || b->p[b->len - 1] == '\n');
	for (; p != NULL && p < b->p + b->len; p = end + 1) {
		end = memchr(p, '\n', (size_t)(b->p + b->len - p));
		require(end != NULL);
		line = json_loadb((const char *)p, (size_t)(end - p),
		    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		require(line != NULL);
		json_decref(line);
	}
	if (b->len > 0)
		buffer_take(b, b->len);
}

static void
check_state(struct session_test *t)
{
	const struct session *s = &t->s;

	require(s->outstanding <= SESSION_OUTSTANDING_MAX);
	require(s->message_max >= SESSION_MESSAGE_ANONYMOUS &&
	    s->message_max <= SESSION_MESSAGE_BOUND);
	require(s->wants_helper || (s->outstanding == 0 &&
	    s->to_helper.len == 0 && !s->begun));
	require(s->end == 0 || !s->wants_helper);
	require(s->control.len <= SESSION_CONTROL_MAX);
	require(strlen(s->reason) < SESSION_REASON_SIZE);
	require(t->budget.used <= t->budget.max);
}

static void
step(struct session_test *t, uint8_t who, const uint8_t *p, size_t len)
{
	switch (who % 6) {
	case 0:
	case 1:
		session_text(&t->s, p, len, true);
		break;
	case 2:
		session_text(&t->s, p, len, false);
		break;
	case 3:
	case 4:
		session_helper_bytes(&t->s, p, len);
		break;
	default:
		if (len == 0)
			session_binary(&t->s);
		else if (len == 1)
			session_helper_end(&t->s);
		else
			check_lines(t);	/* and the helper has taken it */
		break;
	}
	check_state(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_test t;
	size_t len;
	char *text;

	if (size == 0)
		return 0;
	session_test_begin(&t, data[0] % 2 == 0 ? MESSAGE_JSONRPC :
	    MESSAGE_LEGACY);
	if ((data[0] & 2) != 0)
		session_local(&t.s);
	data++;
	size--;
	while (size >= 3) {
		len = (size_t)data[1] << 8 | data[2];
		if (len > size - 3)
			len = size - 3;
		step(&t, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	check_lines(&t);
	while ((text = session_test_heard(&t)) != NULL)
		free(text);
	require(session_test_end(&t));
	return 0;
}
