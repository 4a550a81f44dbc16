/* SPDX-License-Identifier: ISC */

/*
 * What the children of naskeys-net say to their parent.  The first byte says
 * whether they scan (and how many sockets they have) or lead to a login;
 * then come messages, each a byte for its type and a string.  A message that
 * is taken is one of the table, whole, and says what its bytes say; steps go
 * forward; a sentence is printable and bounded; a key is taken once for each
 * socket, and behind a login only one that is pinned.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/remote/found.h"
#include "lib/remote/login.h"
#include "lib/remote/said.h"
#include "lib/ssh/wire.h"
#include "tests/unit/ssh_keys.h"

#define MESSAGE_MAX	65536u	/* bytes */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nk_hostkeys pins;

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* ---- one message ---- */

static void
put_fault(struct nk_wire_out *o, const struct nk_remote_said *said)
{
	require(said->fault > NK_REMOTE_TIME &&
	    said->fault < NK_REMOTE_FAULTS);
	require(said->len <= NK_REMOTE_WORDS_MAX);
	require(nk_wire_put_u32(o, said->fault) == 0 &&
	    nk_wire_put_string(o, said->bytes, said->len) == 0);
}

/* Written again it is the same bytes. */
static void
check_said(uint32_t type, const uint8_t *p, size_t len,
    const struct nk_remote_said *said)
{
	static uint8_t again[MESSAGE_MAX];
	struct nk_wire_out o = { again, sizeof(again) };

	switch (type) {
	case NK_REMOTE_MSG_STEP:
		require(said->step < NK_REMOTE_STEPS);
		require(nk_remote_step_name(said->step) != NULL);
		require(nk_wire_put_u32(&o, said->step) == 0);
		break;
	case NK_REMOTE_MSG_FAULT:
		put_fault(&o, said);
		break;
	case NK_REMOTE_MSG_HOST_KEY:
		require(nk_wire_put_u32(&o, said->which) == 0 &&
		    nk_wire_put_string(&o, said->bytes, said->len) == 0);
		break;
	case NK_REMOTE_MSG_NO_HOST_KEY:
		require(nk_wire_put_u32(&o, said->which) == 0);
		put_fault(&o, said);
		break;
	case NK_REMOTE_MSG_WRITTEN:
		require(nk_wire_put_u32(&o, said->changed) == 0);
		break;
	case NK_REMOTE_MSG_OPTIONS:
		require(said->len <= NK_REMOTE_OPTIONS_MAX);
		require(memchr(said->bytes, '\0', said->len) == NULL);
		require(nk_wire_put_string(&o, said->bytes, said->len) == 0);
		break;
	case NK_REMOTE_MSG_CERTIFICATE:
		require(said->len <= NK_REMOTE_WORDS_MAX);
		require(!said->trusted || said->digest != NULL);
		require(nk_wire_put_string(&o, said->digest == NULL ? p :
		    said->digest, said->digest == NULL ? 0 :
		    NK_PAIR_DIGEST) == 0 &&
		    nk_wire_put_u32(&o, said->trusted) == 0 &&
		    nk_wire_put_string(&o, said->bytes, said->len) == 0);
		break;
	case NK_REMOTE_MSG_PLAN:
		require((said->pairing & ~NK_PAIR_ALL) == 0);
		require(nk_wire_put_u32(&o, said->pairing) == 0);
		break;
	case NK_REMOTE_MSG_PAIRED:
		require(said->port != 0);
		require(nk_wire_put_u32(&o, said->port) == 0);
		break;
	default:
		require(type == NK_REMOTE_MSG_SOCKET ||
		    type == NK_REMOTE_MSG_DONE);
	}
	require(sizeof(again) - o.left == len);
	require(len == 0 || memcmp(again, p, len) == 0);
}

/* ---- what follows from it ---- */

static void
check_text(const char *text, size_t max)
{
	size_t i;

	require(strlen(text) <= max);
	for (i = 0; text[i] != '\0'; i++)
		require(text[i] >= ' ' && text[i] <= '~');
}

static void
check_report(const struct nk_remote_report *r)
{
	size_t i;

	require(r->n <= NK_REMOTE_STEPS);
	for (i = 1; i < r->n; i++)
		require(r->steps[i].step > r->steps[i - 1].step);
	for (i = 0; i < r->n; i++)
		require(r->steps[i].ms >= 0 &&
		    (i + 1 == r->n || r->steps[i].done));
	check_text(r->reason, NK_REMOTE_REASON_MAX);
	check_text(r->host_key, NK_REMOTE_SHOWN_SIZE - 1);
	require((r->fault != NK_REMOTE_FINE) == (r->reason[0] != '\0'));
}

static void
give_found(struct nk_remote_found *f, uint32_t type, const uint8_t *p,
    size_t len)
{
	size_t before = nk_remote_found_count(f), i, n;
	int r = nk_remote_found_take(f, type, p, len);

	n = nk_remote_found_count(f);
	require(n == before || (r == 0 && n == before + 1));
	n = 0;
	for (i = 0; i < NK_REMOTE_TYPES; i++) {
		require(f->keys[i].n <= 1);
		require(f->keys[i].n == 0 || f->answered[i]);
		n += f->said[i];
	}
	require(n <= f->n);
}

static void
give_login(struct nk_remote_talk *talk, const struct nk_remote_said *said)
{
	int pinned = nk_hostkeys_have(&pins, said->bytes, said->len);

	require((nk_remote_verify(talk, &pins, said->bytes, said->len) == 0)
	    == pinned);
}

static void
give(struct nk_remote_talk *talk, struct nk_remote_found *f, int login,
    uint32_t type, struct nk_wire m)
{
	struct nk_remote_said said;

	if (nk_remote_said_read(type, m.p, m.left, &said) == 0) {
		check_said(type, m.p, m.left, &said);
		if (type == NK_REMOTE_MSG_STEP)
			(void)nk_remote_step(talk->report, said.step);
		if (type == NK_REMOTE_MSG_FAULT)
			(void)nk_remote_fail(talk, said.fault, said.bytes,
			    said.len);
		if (type == NK_REMOTE_MSG_HOST_KEY && login)
			give_login(talk, &said);
	}
	if (!login)
		give_found(f, type, m.p, m.left);
	check_report(talk->report);
}

static void
finish(struct nk_remote_talk *talk, struct nk_remote_found *f)
{
	struct nk_hostkeys hk = { NULL, 0 };
	enum nk_remote_fault why;
	const void *words;
	size_t len;

	require(nk_remote_found_collect(f, &hk) == 0);
	require(hk.n <= nk_remote_found_count(f));
	why = nk_remote_found_why(f, &words, &len);
	(void)nk_remote_fail(talk, why, words, len);
	check_report(talk->report);
	nk_hostkeys_clear(&hk);
	nk_remote_found_clear(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nk_remote_target t = { "nas.example", 22, 9 };
	struct nk_remote_found f = { .n = 0 };
	struct nk_wire w = { data, size }, m;
	struct nk_remote_report report;
	struct nk_remote_talk talk;
	uint8_t first, type;

	if (pins.n == 0)
		require(nk_hostkeys_read("ssh-ed25519 " ED25519_BASE64 "\n",
		    &pins, NULL) == 0);
	nk_remote_begin(&talk, &t, &report);
	require(nk_remote_found_begin(&f) == NK_REMOTE_TYPES);
	if (nk_wire_get_u8(&w, &first) < 0)
		return 0;
	f.n = first % (NK_REMOTE_TYPES + 1);
	while (nk_wire_get_u8(&w, &type) == 0 &&
	    nk_wire_get_sub(&w, &m) == 0 && m.left <= MESSAGE_MAX)
		give(&talk, &f, f.n == 0, type, m);
	finish(&talk, &f);
	return 0;
}
