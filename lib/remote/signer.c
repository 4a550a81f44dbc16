/* SPDX-License-Identifier: ISC */
#include "lib/remote/signer.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/seal/secret.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/wire.h"

int
nk_remote_signer_init(struct nk_remote_signer *s, const char *user,
    const struct nk_privatekey *key, int *fdp)
{
	int fds[2];

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	s->fd = fds[0];
	*fdp = fds[1];
	s->keeper = (struct nk_keeper){ .key = key, .user = user };
	return 0;
}

void
nk_remote_signer_close(struct nk_remote_signer *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->open = false;
}

/* An answer is short: what does not go at once is not wanted. */
static int
send_answer(const struct nk_remote_signer *s, const struct nk_secret *answer)
{
	uint8_t head[NK_REMOTE_SIGNER_HEAD];
	struct nk_wire_out o = { head, sizeof(head) };
	struct iovec v[2] = {
		{ head, sizeof(head) }, { answer->p, answer->len },
	};
	const struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n;
	int r;

	if ((r = nk_wire_put_u32(&o, (uint32_t)answer->len)) < 0)
		return r;
	n = sendmsg(s->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n == (ssize_t)(sizeof(head) + answer->len) ? 0 : -EPIPE;
}

static int
answer_one(struct nk_remote_signer *s, const uint8_t *msg, size_t len)
{
	struct nk_secret answer = NK_SECRET_NONE;
	int r;

	r = nk_keeper_answer(&s->keeper, &s->talk, msg, len, &answer);
	if (r == 0 && answer.len > 0) {
		if (answer.p[0] == NK_AGENTMSG_SIGN_ANSWER)
			s->open = false;	/* that was it */
		r = send_answer(s, &answer);
	}
	nk_secret_clear(&answer);
	return r;
}

static int
answer_all(struct nk_remote_signer *s)
{
	struct nk_wire w;
	uint32_t len;
	int r = 0;

	while (r == 0 && s->open && s->len >= NK_REMOTE_SIGNER_HEAD) {
		w = (struct nk_wire){ s->buf, s->len };
		if ((r = nk_wire_get_u32(&w, &len)) < 0)
			return r;
		if (len > NK_KEEPER_MESSAGE_MAX)
			return -EBADMSG;
		if (w.left < len)
			return 0;
		r = answer_one(s, w.p, len);
		s->len = w.left - len;
		memmove(s->buf, w.p + len, s->len);
	}
	return r;
}

int
nk_remote_signer_serve(struct nk_remote_signer *s)
{
	ssize_t n;
	int r;

	n = recv(s->fd, s->buf + s->len, sizeof(s->buf) - s->len,
	    MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || !s->open)
		r = -EPIPE;
	else {
		s->len += (size_t)n;
		r = answer_all(s);
	}
	if (r < 0)
		nk_remote_signer_close(s);
	return r;
}
