/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_GATEWAY_SESSION_H
#define NASKEYS_TESTS_GATEWAY_SESSION_H

/* A session of the gateway without sockets, for tests and fuzzing. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "helper/gateway/session.h"

#define SESSION_TEST_ID	"00000000-0000-4000-8000-000000000000"

struct session_test {
	struct session	 s;
	struct budget	 budget;
	unsigned int	 pings;		/* that are still allowed */
};

static inline bool
session_test_may_ping(void *arg)
{
	struct session_test *t = arg;

	return t->pings > 0 && t->pings-- > 0;
}

static inline void
session_test_begin(struct session_test *t, enum message_protocol protocol)
{
	static const struct session_hooks hooks = { session_test_may_ping };
	struct session_client who = {
		.path = protocol == MESSAGE_LEGACY ? "/websocket" :
		    "/api/current",
		.address = "192.0.2.7", .port = 51234, .tls = true,
		.id = SESSION_TEST_ID,
	};

	*t = (struct session_test){ .budget.max = 16u << 20, .pings = 1 };
	session_init(&t->s, protocol, &who, &t->budget, &hooks, t);
}

static inline void
session_test_text(struct session_test *t, const char *text)
{
	session_text(&t->s, text, strlen(text), true);
}

static inline void
session_test_say(struct session_test *t, const char *bytes)
{
	session_helper_bytes(&t->s, bytes, strlen(bytes));
}

/* The next whole message to the client, which the caller frees; or NULL. */
static inline char *
session_test_heard(struct session_test *t)
{
	struct piece *p;
	size_t len = 0;
	char *text, *more;
	bool last = false;

	if (t->s.to_client.head == NULL)
		return NULL;
	if ((text = calloc(1, 1)) == NULL)
		abort();
	while (!last && (p = t->s.to_client.head) != NULL) {
		if (p->first != (len == 0) || (len > 0 && p->first) ||
		    (more = realloc(text, len + p->len + 1)) == NULL)
			abort();	/* one message inside of another */
		text = more;
		memcpy(text + len, p->data + PIECE_ROOM, p->len);
		len += p->len;
		text[len] = '\0';
		last = p->last;
		queue_drop(&t->s.to_client);
	}
	return text;
}

/* Everything is given back. */
static inline bool
session_test_end(struct session_test *t)
{
	session_clear(&t->s);
	return t->budget.used == 0;
}

#endif /* NASKEYS_TESTS_GATEWAY_SESSION_H */
