/* SPDX-License-Identifier: ISC */
#include "pam/agent.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "pam/ask.h"

#define HEAD		4u		/* bytes of a message's length */

/* One message at a time goes back and forth; too large for the stack. */
struct relay {
	struct nk_pamsock	helper;
	struct nk_pamsock	agent;
	uint8_t			message[HEAD + NK_FRAME_AGENT_MAX + 1];
	size_t			len;	/* behind HEAD */
	struct nk_frame		frame;
};

static int
open_as_user(struct relay *y, const char *path, const struct nk_account *a)
{
	int r;

	if (setgroups(0, NULL) == -1 || setegid(a->gid) == -1 ||
	    seteuid(a->uid) == -1)
		return -errno;
	r = nk_pamsock_open(&y->agent, path, a->uid, NK_AGENT_MS);
	/* else the caller would go on as the user, or half of it */
	if (seteuid(0) == -1 || geteuid() != 0)
		abort();
	return r;
}

/* Open it with the user's rights: of the caller's groups it has none. */
static int
open_as(struct relay *y, const char *path, const struct nk_account *a)
{
	gid_t gid = getegid(), *groups;
	int n, r;

	if ((n = getgroups(0, NULL)) == -1)
		return -errno;
	if ((groups = calloc((size_t)n + 1, sizeof(*groups))) == NULL)
		return -ENOMEM;
	if ((n = getgroups(n, groups)) == -1) {
		r = -errno;
		goto out;
	}
	r = open_as_user(y, path, a);
	if (setegid(gid) == -1 || getegid() != gid ||
	    setgroups((size_t)n, groups) == -1)
		abort();
 out:
	free(groups);
	return r;
}

/* Give the agent the message, and take its answer in the same place. */
static int
ask_agent(struct relay *y)
{
	uint32_t len = (uint32_t)y->len;
	uint8_t *p = y->message;
	int r;

	p[0] = (uint8_t)(len >> 24);
	p[1] = (uint8_t)(len >> 16);
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	if ((r = nk_pamsock_put(&y->agent, p, HEAD + y->len)) < 0 ||
	    (r = nk_pamsock_get(&y->agent, p, HEAD)) < 0)
		return r;
	len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	if (len == 0 || len > NK_FRAME_AGENT_MAX)
		return -EBADMSG;
	y->len = len;
	return nk_pamsock_get(&y->agent, p + HEAD, len);
}

/* The frame at hand to the helper, its answer into the message. */
static int
ask_helper(struct relay *y, enum nk_frame_code *codep)
{
	int r;

	if ((r = nk_pamsock_extend(&y->helper, NK_PAMSOCK_MS)) < 0)
		return r;
	return nk_pamsock_ask(&y->helper, &y->frame, codep,
	    (char *)y->message + HEAD, NK_FRAME_AGENT_MAX + 1, &y->len);
}

static int
relay(struct relay *y)
{
	enum nk_frame_code code = NK_FRAME_UNAVAILABLE;
	int r, round;

	for (round = 0; round < NK_AGENT_ROUNDS; round++) {
		if ((r = ask_helper(y, &code)) < 0)
			return r;
		if (code == NK_FRAME_OK)
			return 0;
		if (code != NK_FRAME_CONTINUE)
			return -EPERM;
		if ((r = ask_agent(y)) < 0)
			return r;
		y->frame = (struct nk_frame){ .op = NK_FRAME_AGENT_VERIFY,
		    .field = { { y->message + HEAD, y->len } } };
	}
	return -E2BIG;
}

/*
 * Somebody else's agent lets nobody in: where the service knows who asks (su,
 * sudo), that must be the user.
 */
static bool
is_asked_by(const struct nk_call *c, const struct nk_account *a)
{
	const char *asker = nk_item(c, PAM_RUSER);
	uid_t uid = getuid();

	return (uid == 0 || uid == a->uid) &&
	    (asker[0] == '\0' || strcmp(asker, c->user) == 0);
}

int
nk_agent(const struct nk_call *c, const struct nk_account *a)
{
	const struct nk_question q = { .op = NK_FRAME_AGENT_CHALLENGE,
	    .field = { c->user, nk_item(c, PAM_SERVICE),
	    nk_item(c, PAM_RHOST) } };
	/* Of a set-uid program's caller, too: who must be the user then. */
	const char *path = getenv("SSH_AUTH_SOCK");
	struct relay *y;
	int r;

	if (!nk_is_root() || path == NULL || path[0] != '/' ||
	    !is_asked_by(c, a))
		return PAM_AUTH_ERR;
	if ((y = calloc(1, sizeof(*y))) == NULL)
		return PAM_AUTH_ERR;
	y->helper = y->agent = NK_PAMSOCK_NONE;
	nk_ask_frame(&y->frame, &q);
	if ((r = open_as(y, path, a)) == 0 &&
	    (r = nk_ask_open(c, &y->helper)) == 0)
		r = relay(y);
	nk_pamsock_close(&y->agent);
	nk_pamsock_close(&y->helper);
	free(y);
	if (r < 0)
		nk_log(c, r == -EPERM ? LOG_NOTICE : LOG_WARNING,
		    "not known by its ssh-agent: %s", r == -EPERM ?
		    "no key of its own there" : strerror(-r));
	return r == 0 ? PAM_SUCCESS : PAM_AUTH_ERR;
}
