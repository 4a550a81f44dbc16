/* SPDX-License-Identifier: ISC */
#include "helper/net/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ssh/base64.h"

/* Bytes that may come before there is a host key, or a greeting. */
#define GREETING_MAX	16384u
#define EXCHANGE_MAX	262144u

#define CHANNEL_TRIES	3

/* libssh would look for these in a home: there are no files here. */
#define NOWHERE		"/dev/null"

static void
set(struct session *s, enum ssh_options_e option, const void *value)
{
	if (ssh_options_set(s->ssh, option, value) != SSH_OK)
		say_fault(NK_REMOTE_FAILED, ssh_get_error(s->ssh));
}

/*
 * libssh has room for one error, and after the one that matters closes the
 * socket and complains that it is closed.  Each error is logged when it is
 * set: the first is kept.
 */
static struct session *advancing;

static void
keep_first(int priority, const char *function, const char *text, void *arg)
{
	struct session *s = advancing;

	(void)priority;
	(void)function;
	(void)text;
	(void)arg;
	if (s != NULL && s->first[0] == '\0' &&
	    ssh_get_error_code(s->ssh) == SSH_FATAL)
		(void)snprintf(s->first, sizeof(s->first), "%s",
		    ssh_get_error(s->ssh));
}

void
session_open(struct session *s, int fd, const char *hostkeys)
{
	const bool no = false;

	memset(s, 0, sizeof(*s));
	(void)ssh_set_log_level(SSH_LOG_TRACE);
	(void)ssh_set_log_callback(keep_first);
	if ((s->ssh = ssh_new()) == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);
	set(s, SSH_OPTIONS_SSH_DIR, NOWHERE);
	set(s, SSH_OPTIONS_KNOWNHOSTS, NOWHERE);
	set(s, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, NOWHERE);
	set(s, SSH_OPTIONS_HOST, "remote");
	set(s, SSH_OPTIONS_USER, "nobody");
	set(s, SSH_OPTIONS_HOSTKEYS, hostkeys);
	set(s, SSH_OPTIONS_FD, &fd);
	ssh_set_counters(s->ssh, &s->in_out, NULL);
	ssh_set_blocking(s->ssh, 0);
}

void
session_user(struct session *s, const char *user)
{
	set(s, SSH_OPTIONS_USER, user);
}

void
session_wait(struct session *s)
{
	const long seconds = NK_REMOTE_SECONDS_MAX;

	(void)ssh_set_log_level(SSH_LOG_NOLOG);
	set(s, SSH_OPTIONS_TIMEOUT, &seconds);
	ssh_set_blocking(s->ssh, 1);
}

bool
session_greeted(const struct session *s)
{
	return ssh_get_serverbanner(s->ssh) != NULL;
}

static bool
is_talkative(const struct session *s)
{
	return s->in_out.in_bytes >
	    (session_greeted(s) ? EXCHANGE_MAX : GREETING_MAX);
}

int
session_advance(struct session *s)
{
	int r;

	advancing = s;
	r = ssh_connect(s->ssh);
	advancing = NULL;
	return r == SSH_AGAIN && is_talkative(s) ? SSH_ERROR : r;
}

short
session_events(const struct session *s)
{
	return (ssh_get_poll_flags(s->ssh) & SSH_WRITE_PENDING) != 0 ?
	    POLLIN | POLLOUT : POLLIN;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Of libssh's words on lists that do not meet, what the other end offers. */
static const char *
offer(struct session *s, const char *text)
{
	const char *from = strstr(text, "server [");
	size_t len;

	if (from == NULL)
		return NULL;
	from += strlen("server [");
	len = strcspn(from, "]");
	(void)snprintf(s->words, sizeof(s->words), "it offers %.*s",
	    len > NK_REMOTE_WORDS_MAX ? NK_REMOTE_WORDS_MAX : (int)len, from);
	return s->words;
}

enum nk_remote_fault
session_fault(struct session *s, const char **wordsp)
{
	const char *text = s->first[0] != '\0' ? s->first :
	    ssh_get_error(s->ssh);

	*wordsp = text[0] == '\0' ? NULL : text;
	if (is_talkative(s)) {
		*wordsp = NULL;
		return session_greeted(s) ? NK_REMOTE_PROTOCOL :
		    NK_REMOTE_NO_SSH;
	}
	if (begins(text, "kex error : no match")) {
		*wordsp = offer(s, text);
		return strstr(text, "server host key") != NULL ?
		    NK_REMOTE_NO_KEY : NK_REMOTE_NO_ALGORITHM;
	}
	/* what follows is of whichever call of the system came last */
	if (begins(text, "Socket error"))
		*wordsp = NULL;
	if (begins(text, "Socket error") ||
	    begins(text, "Received SSH_MSG_DISCONNECT"))
		return !session_greeted(s) && s->in_out.in_bytes > 0 ?
		    NK_REMOTE_NO_SSH : NK_REMOTE_CLOSED;
	return session_greeted(s) ? NK_REMOTE_PROTOCOL : NK_REMOTE_NO_SSH;
}

/*
 * libssh gives up when the end of another channel comes in while one is
 * being opened; the next one opens then.
 */
ssh_channel
session_channel(struct session *s)
{
	ssh_channel c;
	int i;

	for (i = 0; i < CHANNEL_TRIES && ssh_is_connected(s->ssh) != 0; i++) {
		if ((c = ssh_channel_new(s->ssh)) != NULL &&
		    ssh_channel_open_session(c) == SSH_OK)
			return c;
	}
	return NULL;
}

int
session_exit_status(ssh_channel c)
{
#if LIBSSH_VERSION_INT >= SSH_VERSION_INT(0, 11, 0)
	uint32_t status;

	if (ssh_channel_get_exit_state(c, &status, NULL, NULL) != SSH_OK)
		return -1;
	return (int)status;
#else
	return ssh_channel_get_exit_status(c);
#endif
}

void
session_host_key(const struct session *s, uint8_t **blobp, size_t *lenp)
{
	ssh_key key = NULL;
	char *text = NULL;

	if (ssh_get_server_publickey(s->ssh, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &text) != SSH_OK ||
	    nk_base64_decode(text, strlen(text), blobp, lenp) < 0)
		say_fault(NK_REMOTE_FAILED, "host key");
	ssh_key_free(key);
	ssh_string_free_char(text);
}
