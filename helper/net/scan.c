/* SPDX-License-Identifier: ISC */

/* Host keys: a session for each type, all at once. */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/net.h"
#include "helper/net/session.h"
#include "lib/sandbox/confine.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/wire.h"

#define ALGORITHMS_MAX	256	/* bytes of a list */

struct scan {
	struct session	 v[NK_SANDBOX_SOCKETS_MAX];
	struct pollfd	 p[NK_SANDBOX_SOCKETS_MAX];	/* fd -1: over */
	size_t		 n;
	size_t		 open;
	bool		 greeted;
};

static void
open_one(struct scan *s, size_t i, struct nk_wire *w)
{
	char list[ALGORITHMS_MAX];
	const uint8_t *text;
	size_t len;

	if (nk_wire_get_text(w, &text, &len) < 0 || len >= sizeof(list))
		_exit(1);
	memcpy(list, text, len);
	list[len] = '\0';
	s->p[i].fd = NK_CONFINE_SOCKET + (int)i;
	session_open(&s->v[i], s->p[i].fd, list);
}

static void
close_one(struct scan *s, size_t i)
{
	ssh_disconnect(s->v[i].ssh);
	s->p[i].fd = -1;
	s->open--;
}

static void
advance_one(struct scan *s, size_t i)
{
	enum nk_remote_fault fault;
	const char *words;
	uint8_t *blob;
	size_t len;
	int r;

	r = session_advance(&s->v[i]);
	if (!s->greeted && session_greeted(&s->v[i])) {
		s->greeted = true;
		say_step(NK_REMOTE_EXCHANGE);
	}
	if (r == SSH_OK) {
		session_host_key(&s->v[i], &blob, &len);
		say_host_key((uint32_t)i, blob, len);
		free(blob);
		close_one(s, i);
	} else if (r != SSH_AGAIN) {
		fault = session_fault(&s->v[i], &words);
		say_no_host_key((uint32_t)i, fault, words);
		close_one(s, i);
	}
}

static void
advance_all(struct scan *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->p[i].fd != -1 && s->p[i].revents != 0)
			advance_one(s, i);
	}
}

void
scan_run(size_t n_sockets)
{
	struct nk_wire w = hear_request();
	struct scan s = { .n = n_sockets, .open = n_sockets };
	uint32_t n;
	size_t i;

	if (nk_wire_get_u32(&w, &n) < 0 || n != n_sockets)
		_exit(1);
	say_step(NK_REMOTE_GREET);
	for (i = 0; i < s.n; i++) {
		open_one(&s, i, &w);
		s.p[i].revents = POLLOUT;	/* to begin with */
	}
	if (nk_wire_get_end(&w) < 0)
		_exit(1);
	for (advance_all(&s); s.open > 0; advance_all(&s)) {
		for (i = 0; i < s.n; i++) {
			if (s.p[i].fd != -1)
				s.p[i].events = session_events(&s.v[i]);
		}
		if (poll(s.p, s.n, -1) == -1 && errno != EINTR)
			say_fault(NK_REMOTE_FAILED, strerror(errno));
	}
	say_done();
}
