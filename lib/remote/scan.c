/* SPDX-License-Identifier: ISC */
#include "lib/remote/remote.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/remote/dial.h"
#include "lib/remote/message.h"
#include "lib/remote/report.h"
#include "lib/ssh/wire.h"

/* What may prove a key of each type; nothing that signs with SHA-1. */
static const char *const algorithms[] = {
	"ssh-ed25519",
	"rsa-sha2-512,rsa-sha2-256",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
};

#define TYPES		(sizeof(algorithms) / sizeof(algorithms[0]))
#define REQUEST_MAX	256
/*
 * A server may take fewer connections at once than there are types: it is
 * asked again for the others, as long as each time adds something.
 */
#define ROUNDS_MAX	TYPES

struct scan {
	struct nk_hostkeys	 keys[TYPES];	/* one each, or none */
	bool			 answered[TYPES];
	size_t			 asked[TYPES];	/* which, by socket */
	size_t			 n;		/* sockets of this round */
	bool			 said[TYPES];	/* by socket, in this round */
	struct {				/* why there is none */
		enum nk_remote_fault	 fault;
		uint8_t			 words[NK_REMOTE_WORDS_MAX];
		size_t			 len;
	} why[TYPES];
};

static int
make_request(struct scan *s, struct nk_wire_out *o)
{
	size_t i;
	int r;

	if ((r = nk_wire_put_u32(o, (uint32_t)s->n)) < 0)
		return r;
	for (i = 0; i < s->n; i++) {
		if ((r = nk_wire_put_string(o, algorithms[s->asked[i]],
		    strlen(algorithms[s->asked[i]]))) < 0)
			return r;
	}
	return 0;
}

/* A key that is too small, say, is none. */
static int
take_key(struct scan *s, size_t i, const uint8_t *blob, size_t len)
{
	int r = nk_hostkeys_add(&s->keys[s->asked[i]], blob, len);

	s->answered[s->asked[i]] = true;
	return r == -EPERM ? 0 : r;
}

static int
take_no_key(struct scan *s, size_t i, struct nk_wire *w)
{
	size_t type = s->asked[i], len;
	const uint8_t *words;
	uint32_t fault;

	if (nk_wire_get_u32(w, &fault) < 0 || fault <= NK_REMOTE_TIME ||
	    fault >= NK_REMOTE_FAULTS ||
	    nk_wire_get_string(w, &words, &len) < 0 ||
	    nk_wire_get_end(w) < 0 || len > NK_REMOTE_WORDS_MAX)
		return -EIO;
	s->answered[type] = fault == NK_REMOTE_NO_KEY;
	s->why[type].fault = (enum nk_remote_fault)fault;
	memcpy(s->why[type].words, words, len);
	s->why[type].len = len;
	return 0;
}

static int
take_one(struct scan *s, uint32_t type, const struct nk_secret *bytes)
{
	struct nk_wire w = { bytes->p, bytes->len };
	const uint8_t *blob;
	uint32_t i;
	size_t len;

	if (nk_wire_get_u32(&w, &i) < 0 || i >= s->n || s->said[i])
		return -EIO;
	s->said[i] = true;
	if (type == NK_REMOTE_MSG_NO_HOST_KEY)
		return take_no_key(s, i, &w);
	if (type != NK_REMOTE_MSG_HOST_KEY ||
	    nk_wire_get_string(&w, &blob, &len) < 0 ||
	    nk_wire_get_end(&w) < 0)
		return -EIO;
	return take_key(s, i, blob, len);
}

static int
take_all(struct nk_remote_talk *talk, struct scan *s)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;
	int fd, r;

	memset(s->said, 0, sizeof(s->said));
	while ((r = nk_remote_hear(talk, &type, &bytes, &fd)) == 0 &&
	    type != NK_REMOTE_MSG_DONE) {
		if (fd != -1)
			close(fd);
		r = fd != -1 ? -EIO : take_one(s, type, &bytes);
		if (r < 0)
			break;
	}
	if (r < 0 && r != -ENOMEM)
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	nk_secret_clear(&bytes);
	return r;
}

static size_t
choose(struct scan *s)
{
	size_t i, n = 0;

	for (i = 0; i < TYPES; i++) {
		if (!s->answered[i])
			s->asked[n++] = i;
	}
	return n;
}

/* Ask for all types that have no answer yet.  0 or -errno. */
static int
ask_round(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    struct scan *s)
{
	uint8_t request[REQUEST_MAX];
	struct nk_wire_out o = { request, sizeof(request) };
	int fds[TYPES], r;
	size_t i;

	if ((r = nk_remote_dial(talk, sb, fds, choose(s), &s->n)) < 0)
		return r;
	if (make_request(s, &o) < 0)
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	else if ((r = nk_remote_start(talk, sb, NK_REMOTE_SCAN, fds, s->n,
	    request, sizeof(request) - o.left)) == 0)
		r = take_all(talk, s);
	nk_remote_end(talk);
	for (i = 0; i < s->n; i++)
		close(fds[i]);
	return r;
}

static size_t
count_answers(const struct scan *s)
{
	size_t i, n = 0;

	for (i = 0; i < TYPES; i++)
		n += s->answered[i];
	return n;
}

/*
 * As long as a round adds something.  The report is the first round's: the
 * others have one that nobody reads.
 */
static int
ask_all(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    struct scan *s)
{
	struct nk_remote_report unread;
	struct nk_remote_talk again = *talk;
	size_t before, i;
	int r;

	again.report = &unread;
	r = ask_round(talk, sb, s);
	for (i = 1; r == 0 && i < ROUNDS_MAX; i++) {
		before = count_answers(s);
		if (before == 0 || before == TYPES)
			break;
		memset(&unread, 0, sizeof(unread));
		r = ask_round(&again, sb, s);
		if (count_answers(s) == before)
			break;
	}
	return r == -ENOMEM ? r : 0;
}

/* All of them, in the order of the types, as far as there is room. */
static int
collect(struct scan *s, struct nk_hostkeys *hk)
{
	size_t i;
	int r;

	for (i = 0; i < TYPES; i++) {
		if (s->keys[i].n == 0)
			continue;
		r = nk_hostkeys_add(hk, s->keys[i].v[0].blob,
		    s->keys[i].v[0].len);
		if (r < 0 && r != -E2BIG)
			return r;
	}
	return 0;
}

/* That there is no key of one type says less than anything else. */
static int
fail_without_keys(struct nk_remote_talk *talk, const struct scan *s)
{
	size_t i;

	for (i = 0; i + 1 < TYPES && (s->why[i].fault == NK_REMOTE_FINE ||
	    s->why[i].fault == NK_REMOTE_NO_KEY); i++)
		;
	if (s->why[i].fault == NK_REMOTE_FINE ||
	    s->why[i].fault == NK_REMOTE_NO_KEY)
		i = 0;
	return nk_remote_fail(talk, s->why[i].fault == NK_REMOTE_FINE ?
	    NK_REMOTE_NO_KEY : s->why[i].fault, s->why[i].words,
	    s->why[i].len);
}

int
nk_remote_scan(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, struct nk_hostkeys *hk,
    struct nk_remote_report *report)
{
	struct scan s = { .n = 0 };
	struct nk_remote_talk talk;
	size_t i;
	int r;

	*hk = (struct nk_hostkeys){ NULL, 0 };
	nk_remote_begin(&talk, t, report);
	if ((r = ask_all(&talk, sb, &s)) == 0)
		r = collect(&s, hk);
	for (i = 0; i < TYPES; i++)
		nk_hostkeys_clear(&s.keys[i]);
	if (r < 0) {
		nk_hostkeys_clear(hk);
		return r;
	}
	if (hk->n == 0)
		return fail_without_keys(&talk, &s);
	report->fault = NK_REMOTE_FINE;
	report->reason[0] = '\0';
	nk_remote_step_done(report);
	return 0;
}
