/* SPDX-License-Identifier: ISC */
#include "helper/helper/pamserve.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <syslog.h>

#include "helper/helper/clock.h"
#include "helper/helper/connection.h"
#include "helper/helper/limits.h"
#include "helper/helper/log.h"
#include "lib/login/login.h"
#include "lib/pamsock/frame.h"

struct pam {
	struct connection	 c;
	struct nk_login		 login;
	int			 fd;
	uint8_t			 frame[NK_FRAME_MAX];
	size_t			 len;
	struct nk_login_answer	 answer;
};

/*
 * Take len bytes.  -ENODATA: the stream has ended before the first of them;
 * -EPIPE: after it.
 */
static int
take(const struct pam *p, uint8_t *buf, size_t len, int64_t deadline)
{
	size_t at = 0;
	ssize_t n;
	int r;

	while (at < len) {
		n = recv(p->fd, buf + at, len - at, MSG_DONTWAIT);
		if (n > 0)
			at += (size_t)n;
		else if (n == 0)
			return at == 0 ? -ENODATA : -EPIPE;
		else if (errno == EAGAIN) {
			if ((r = clock_wait(p->fd, POLLIN, deadline)) < 0)
				return r;
		} else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int
put(const struct pam *p, const uint8_t *buf, size_t len)
{
	int64_t deadline = nk_monotonic_ms() +
	    (int64_t)p->c.conf.request_timeout * 1000;
	size_t at = 0;
	ssize_t n;
	int r;

	while (at < len) {
		n = send(p->fd, buf + at, len - at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN) {
			if ((r = clock_wait(p->fd, POLLOUT, deadline)) < 0)
				return r;
		} else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Take a frame; whoever sends waits for one answer before the next. */
static int
next_frame(struct pam *p, struct nk_frame *f)
{
	int64_t patience = (int64_t)p->c.conf.request_timeout * 1000;
	int64_t deadline;
	int r;

	if (p->login.agent != NULL && patience < PAMSERVE_AGENT_MS)
		patience = PAMSERVE_AGENT_MS;
	deadline = nk_monotonic_ms() + patience;
	if ((r = take(p, p->frame, NK_FRAME_HEAD, deadline)) < 0 ||
	    (r = nk_frame_length(p->frame, &p->len)) < 0)
		return r;
	r = take(p, p->frame + NK_FRAME_HEAD, p->len - NK_FRAME_HEAD,
	    deadline);
	if (r < 0)
		return r == -ENODATA ? -EPIPE : r;
	return nk_frame_parse(p->frame, p->len, f);
}

static int
put_answer(struct pam *p)
{
	uint8_t out[NK_FRAME_ANSWER_HEAD + NK_FRAME_AGENT_MAX];
	size_t len;
	int r;

	if ((r = nk_frame_answer_write(p->answer.code, p->answer.text,
	    p->answer.len, out, sizeof(out), &len)) < 0)
		return r;
	return put(p, out, len);
}

static void
say_unavailable(struct pam *p, int error, const char *what)
{
	log_say(LOG_ERR, "%s: %s", what, state_strerror(error));
	nk_login_say(&p->answer, NK_FRAME_UNAVAILABLE, NULL);
	p->answer.note[0] = '\0';
}

static int
work(struct pam *p, const struct nk_frame *f)
{
	const char *what = NULL;
	int r;

	if (p->c.conf_error < 0) {
		say_unavailable(p, -p->c.conf_error, p->c.conf_fault);
		return 0;
	}
	if ((r = connection_open_services(&p->c, &what)) < 0) {
		say_unavailable(p, -r, what);
		return 0;
	}
	p->c.trusted = connection_is_owner(&p->c);
	if (!p->c.trusted && (r = limits_confine()) < 0)
		return r;
	nk_login_handle(&p->login, f, &p->answer);
	return limits_lift();
}

/* Handle the frame at hand.  0, or -errno: the connection is over. */
static int
handle_frame(struct pam *p, const struct nk_frame *f)
{
	bool answered = nk_frame_is_answered(f->op);
	int r;

	r = work(p, f);
	explicit_bzero(p->frame, p->len);
	if (p->answer.note[0] != '\0')
		log_say(p->answer.priority, "%s", p->answer.note);
	if (r == 0 && answered)
		r = put_answer(p);
	connection_tidy(&p->c);
	return r;
}

static int
serve_frames(struct pam *p)
{
	struct nk_frame f;
	int r;

	while ((r = next_frame(p, &f)) == 0) {
		if ((r = handle_frame(p, &f)) < 0)
			return r;
	}
	explicit_bzero(p->frame, sizeof(p->frame));
	return r == -ENODATA ? 0 : r;
}

int
pamserve_connection(const struct state *state, int fd)
{
	static struct pam p;		/* too large for the stack */
	int type, r;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return -errno;
	p.fd = fd;
	connection_init(&p.c, state);
	p.login.c = &p.c.context;
	if ((r = connection_meet(&p.c, PROTOCOL_PAM, fd)) == 0) {
		nk_json_wipe_memory();
		r = serve_frames(&p);
	}
	nk_login_clear(&p.login);
	connection_end(&p.c);
	return r;
}
