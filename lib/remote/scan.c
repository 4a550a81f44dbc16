/* SPDX-License-Identifier: ISC */
#include "lib/remote/remote.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "lib/remote/dial.h"
#include "lib/remote/found.h"
#include "lib/remote/message.h"
#include "lib/remote/report.h"
#include "lib/ssh/wire.h"

#define REQUEST_MAX	256
/*
 * A server may take fewer connections at once than there are types: it is
 * asked again for the others, as long as each time adds something.  Once it
 * is given time to see that the connections before have ended.
 */
#define ROUNDS_MAX	(NK_REMOTE_TYPES + 1)
#define REST_MS		500

static int
make_request(const struct nk_remote_found *f, struct nk_wire_out *o)
{
	const char *list;
	size_t i;
	int r;

	if ((r = nk_wire_put_u32(o, (uint32_t)f->n)) < 0)
		return r;
	for (i = 0; i < f->n; i++) {
		list = nk_remote_found_algorithms(f->asked[i]);
		if ((r = nk_wire_put_string(o, list, strlen(list))) < 0)
			return r;
	}
	return 0;
}

static int
take_all(struct nk_remote_talk *talk, struct nk_remote_found *f)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	uint32_t type;
	int fd, r;

	while ((r = nk_remote_hear(talk, &type, &bytes, &fd)) == 0 &&
	    type != NK_REMOTE_MSG_DONE) {
		if (fd != -1)
			nk_sandbox_drop(fd);
		r = fd != -1 ? -EIO : nk_remote_found_take(f, type, bytes.p,
		    bytes.len);
		if (r < 0)
			break;
	}
	if (r < 0 && r != -ENOMEM)
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	nk_secret_clear(&bytes);
	return r;
}

/* Ask for all types that have no answer yet.  0 or -errno. */
static int
ask_round(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    struct nk_remote_found *f)
{
	uint8_t request[REQUEST_MAX];
	struct nk_wire_out o = { request, sizeof(request) };
	int fds[NK_REMOTE_TYPES], r;
	size_t i;

	if ((r = nk_remote_dial(talk, sb, fds, nk_remote_found_begin(f),
	    &f->n)) < 0)
		return r;
	if (make_request(f, &o) < 0)
		r = nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	else if ((r = nk_remote_start(talk, sb, NK_REMOTE_SCAN, fds, f->n,
	    request, sizeof(request) - o.left)) == 0)
		r = take_all(talk, f);
	nk_remote_end(talk);
	for (i = 0; i < f->n; i++)
		nk_sandbox_drop(fds[i]);
	return r;
}

/*
 * As long as a round adds something.  The report is the first round's: the
 * others have one that nobody reads.
 */
static int
ask_all(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    struct nk_remote_found *f)
{
	struct nk_remote_report unread;
	struct nk_remote_talk again = *talk;
	bool rested = false;
	size_t before, i;
	int r;

	again.report = &unread;
	r = ask_round(talk, sb, f);
	for (i = 1; r == 0 && i < ROUNDS_MAX; i++) {
		before = nk_remote_found_count(f);
		if (before == 0 || before == NK_REMOTE_TYPES)
			break;
		memset(&unread, 0, sizeof(unread));
		r = ask_round(&again, sb, f);
		if (nk_remote_found_count(f) > before)
			continue;
		if (rested)
			break;
		rested = true;
		(void)poll(NULL, 0, REST_MS);
	}
	return r == -ENOMEM ? r : 0;
}

int
nk_remote_scan(const struct nk_sandbox *sb,
    const struct nk_remote_target *t, struct nk_hostkeys *hk,
    struct nk_remote_report *report)
{
	struct nk_remote_found f = { .n = 0 };
	enum nk_remote_fault why;
	struct nk_remote_talk talk;
	const void *words;
	size_t len;
	int r;

	*hk = (struct nk_hostkeys){ NULL, 0 };
	nk_remote_begin(&talk, t, report);
	if ((r = ask_all(&talk, sb, &f)) == 0)
		r = nk_remote_found_collect(&f, hk);
	nk_remote_found_clear(&f);
	if (r < 0) {
		nk_hostkeys_clear(hk);
		return r;
	}
	if (hk->n == 0) {
		why = nk_remote_found_why(&f, &words, &len);
		return nk_remote_fail(&talk, why, words, len);
	}
	report->fault = NK_REMOTE_FINE;
	report->reason[0] = '\0';
	nk_remote_step_done(report);
	return 0;
}
