/* SPDX-License-Identifier: ISC */
#include "helper/net/login.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sandbox/confine.h"
#include "lib/sandbox/sandbox.h"

#define CONNECTION	NK_CONFINE_SOCKET
#define AGENT		(NK_CONFINE_SOCKET + 1)
#define LIST_MAX	256
#define USER_MAX	1024

void
take_text(struct nk_wire *w, char *text, size_t room)
{
	const uint8_t *s;
	size_t len;

	if (nk_wire_get_text(w, &s, &len) < 0 || len >= room)
		_exit(1);
	memcpy(text, s, len);
	text[len] = '\0';
}

void
login_fault(struct session *s, enum nk_remote_fault fault)
{
	const char *words;
	enum nk_remote_fault why = session_fault(s, &words);

	/* that it hung up says more than what it was doing then */
	if (why == NK_REMOTE_CLOSED || !ssh_is_connected(s->ssh))
		fault = why;
	say_fault(fault, words);
}

static void
exchange(struct session *s)
{
	struct pollfd p = { .fd = CONNECTION };
	bool greeted = false;
	const char *words;
	enum nk_remote_fault fault;
	int r;

	say_step(NK_REMOTE_GREET);
	while ((r = session_advance(s)) == SSH_AGAIN ||
	    (r == SSH_OK && !greeted)) {
		if (!greeted && session_greeted(s)) {
			greeted = true;
			say_step(NK_REMOTE_EXCHANGE);
			continue;
		}
		p.events = session_events(s);
		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			say_fault(NK_REMOTE_FAILED, strerror(errno));
	}
	if (r == SSH_OK)
		return;
	if (!greeted && session_greeted(s))
		say_step(NK_REMOTE_EXCHANGE);
	fault = session_fault(s, &words);
	say_fault(fault, words);
}

/* The host key, and the parent's word on it. */
static void
ask_parent(const struct session *s, struct nk_secret *password)
{
	uint32_t type;
	uint8_t *blob;
	size_t len;

	session_host_key(s, &blob, &len);
	say_host_key(0, blob, len);
	free(blob);
	if (nk_sandbox_listen(&type, password) < 0 ||
	    type != NK_REMOTE_MSG_GO)
		_exit(1);
}

/* "it offers password, keyboard-interactive" */
static const char *
methods(const struct session *s)
{
	static const struct {
		unsigned int	 bit;
		const char	*name;
	} names[] = {
		{ SSH_AUTH_METHOD_PUBLICKEY, "publickey" },
		{ SSH_AUTH_METHOD_PASSWORD, "password" },
		{ SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive" },
		{ SSH_AUTH_METHOD_HOSTBASED, "hostbased" },
		{ SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic" },
	};
	static char text[128];
	unsigned int offered = (unsigned int)ssh_userauth_list(s->ssh, NULL);
	size_t i, n;

	(void)snprintf(text, sizeof(text), "it offers");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((offered & names[i].bit) == 0)
			continue;
		n = strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, " %s",
		    names[i].name);
	}
	return text;
}

/* ---- by key ---- */

static void
use_key(struct session *s)
{
	if (ssh_set_agent_socket(s->ssh, AGENT) != SSH_OK)
		say_fault(NK_REMOTE_FAILED, "agent");
	switch (ssh_userauth_agent(s->ssh, NULL)) {
	case SSH_AUTH_SUCCESS:
		return;
	case SSH_AUTH_DENIED:
		say_fault(NK_REMOTE_DENIED, methods(s));
	case SSH_AUTH_PARTIAL:
		say_fault(NK_REMOTE_MORE, methods(s));
	default:
		login_fault(s, NK_REMOTE_PROTOCOL);
	}
}

/* ---- by password ---- */

/* One question that is not echoed is for the password; others are not ours. */
static int
answer_questions(struct session *s, const char *password)
{
	int r, n;
	char echo;

	while ((r = ssh_userauth_kbdint(s->ssh, NULL, NULL)) ==
	    SSH_AUTH_INFO) {
		n = ssh_userauth_kbdint_getnprompts(s->ssh);
		if (n == 0)
			continue;
		if (n != 1 ||
		    ssh_userauth_kbdint_getprompt(s->ssh, 0, &echo) == NULL ||
		    echo != 0)
			say_fault(NK_REMOTE_NO_PASSWORD,
			    "it asks for more than a password");
		if (ssh_userauth_kbdint_setanswer(s->ssh, 0, password) < 0)
			say_fault(NK_REMOTE_FAILED, "answer");
	}
	return r;
}

static void
use_password(struct session *s, const char *password)
{
	unsigned int offered;
	int r = ssh_userauth_none(s->ssh, NULL);

	if (r == SSH_AUTH_DENIED) {
		offered = (unsigned int)ssh_userauth_list(s->ssh, NULL);
		if ((offered & SSH_AUTH_METHOD_PASSWORD) != 0)
			r = ssh_userauth_password(s->ssh, NULL, password);
		else if ((offered & SSH_AUTH_METHOD_INTERACTIVE) != 0)
			r = answer_questions(s, password);
	}
	switch (r) {
	case SSH_AUTH_SUCCESS:
		return;
	case SSH_AUTH_DENIED:
		say_fault(NK_REMOTE_NO_PASSWORD, methods(s));
	case SSH_AUTH_PARTIAL:
		say_fault(NK_REMOTE_NO_PASSWORD, "it wants something more");
	default:
		login_fault(s, NK_REMOTE_PROTOCOL);
	}
}

void
login(struct session *s, struct nk_wire *w)
{
	struct nk_secret password = NK_SECRET_NONE;
	char list[LIST_MAX], user[USER_MAX];

	take_text(w, list, sizeof(list));
	take_text(w, user, sizeof(user));
	session_open(s, CONNECTION, list);
	session_user(s, user);
	exchange(s);
	ask_parent(s, &password);
	say_step(NK_REMOTE_LOGIN);
	session_wait(s);
	if (password.len == 0)
		use_key(s);
	else
		use_password(s, (const char *)password.p);
	nk_secret_clear(&password);
}
