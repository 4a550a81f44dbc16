/* SPDX-License-Identifier: ISC */
#include "lib/remote/report.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/monotonic.h"
#include "lib/remote/said.h"

#define MESSAGES_MAX	64	/* that one child may say */
#define TURN_MS		60000	/* of one poll(2) */

void
nk_remote_begin(struct nk_remote_talk *talk,
    const struct nk_remote_target *t, struct nk_remote_report *report)
{
	memset(report, 0, sizeof(*report));
	report->since = nk_monotonic_ms();
	*talk = (struct nk_remote_talk){ t, report, NK_SANDBOX_CHILD_NONE,
	    report->since + (int64_t)t->seconds * 1000, 0, NULL, false };
}

/* ---- steps ---- */

static void
stop_clock(struct nk_remote_report *report)
{
	int64_t now = nk_monotonic_ms();

	if (report->n > 0 && !report->steps[report->n - 1].done)
		report->steps[report->n - 1].ms = now - report->since;
	report->since = now;
}

void
nk_remote_step_done(struct nk_remote_report *report)
{
	stop_clock(report);
	if (report->n > 0 && report->fault == NK_REMOTE_FINE)
		report->steps[report->n - 1].done = true;
}

int
nk_remote_step(struct nk_remote_report *report, uint32_t step)
{
	if (step >= NK_REMOTE_STEPS || report->fault != NK_REMOTE_FINE ||
	    (report->n > 0 &&
	    step <= (uint32_t)report->steps[report->n - 1].step))
		return -EIO;
	nk_remote_step_done(report);
	report->steps[report->n].step = (enum nk_remote_step)step;
	report->n++;
	return 0;
}

int
nk_remote_fail(struct nk_remote_talk *talk, enum nk_remote_fault fault,
    const void *words, size_t len)
{
	struct nk_remote_report *report = talk->report;

	if (report->fault == NK_REMOTE_FINE) {
		stop_clock(report);
		report->fault = fault;
		nk_remote_reason(talk->target, report, words, len);
	}
	return -EIO;
}

/* ---- the child ---- */

int
nk_remote_start(struct nk_remote_talk *talk, const struct nk_sandbox *sb,
    const char *task, const int *fds, size_t n, const void *request,
    size_t len)
{
	struct nk_sandbox limited = *sb;
	int64_t left = talk->end - nk_monotonic_ms();
	int r;

	if (left <= 0)
		return nk_remote_fail(talk, NK_REMOTE_TIME, NULL, 0);
	limited.seconds = (unsigned int)(left / 1000) + 1;
	talk->heard = 0;
	/* The others have the sockets that this one has made. */
	r = strcmp(task, NK_REMOTE_DIAL) == 0 ?
	    nk_sandbox_start_network(&limited, task, &talk->child) :
	    nk_sandbox_start(&limited, task, fds, n, &talk->child);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	return nk_remote_tell(talk, NK_REMOTE_MSG_REQUEST, request, len);
}

int
nk_remote_tell(struct nk_remote_talk *talk, uint32_t type, const void *bytes,
    size_t len)
{
	int r = nk_sandbox_tell(&talk->child, type, bytes, len);

	if (r == 0 || r == -ENOMEM)
		return r;
	return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
}

void
nk_remote_end(struct nk_remote_talk *talk)
{
	nk_sandbox_end(&talk->child);
}

/* 1: go on; 0: it is the caller's; -errno. */
static int
take(struct nk_remote_talk *talk, uint32_t type,
    const struct nk_secret *bytes, int fd)
{
	struct nk_remote_said said;

	if (++talk->heard > MESSAGES_MAX ||
	    (fd != -1) != (type == NK_REMOTE_MSG_SOCKET) ||
	    nk_remote_said_read(type, bytes->p, bytes->len, &said) < 0 ||
	    (type == NK_REMOTE_MSG_STEP &&
	    nk_remote_step(talk->report, said.step) < 0))
		return nk_remote_fail(talk, NK_REMOTE_FAILED, NULL, 0);
	if (type == NK_REMOTE_MSG_STEP && talk->each)
		talk->end = nk_monotonic_ms() +
		    (int64_t)talk->target->seconds * 1000;
	if (type == NK_REMOTE_MSG_FAULT)
		return nk_remote_fail(talk, said.fault, said.bytes, said.len);
	return type == NK_REMOTE_MSG_STEP ? 1 : 0;
}

/* Until the child says something, or the time is over. */
static void
wait_for_child(struct nk_remote_talk *talk)
{
	struct pollfd p[2] = {
		{ talk->child.fd, POLLIN, 0 },
		{ talk->signer == NULL ? -1 : talk->signer->fd, POLLIN, 0 },
	};
	int64_t left;

	do {
		if ((left = talk->end - nk_monotonic_ms()) <= 0)
			return;
		p[0].revents = p[1].revents = 0;
		if (poll(p, 2, left > TURN_MS ? TURN_MS : (int)left) > 0 &&
		    p[1].revents != 0 && nk_remote_signer_serve(
		    talk->signer) < 0)
			p[1].fd = -1;
	} while (p[0].revents == 0);
}

int
nk_remote_hear(struct nk_remote_talk *talk, uint32_t *typep,
    struct nk_secret *bytes, int *fdp)
{
	int r;

	do {
		wait_for_child(talk);
		r = nk_sandbox_hear(&talk->child, 0, typep, bytes, fdp);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return nk_remote_fail(talk, r == -ETIMEDOUT ?
			    NK_REMOTE_TIME : NK_REMOTE_FAILED, NULL, 0);
		r = take(talk, *typep, bytes, *fdp);
		if (r != 0 && *fdp != -1) {
			nk_sandbox_drop(*fdp);
			*fdp = -1;
		}
	} while (r > 0);
	return r;
}
