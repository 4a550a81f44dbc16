/* SPDX-License-Identifier: ISC */

/* The sentences for what goes wrong with a remote. */

#include <stdio.h>
#include <string.h>

#include "lib/remote/report.h"

static const char *const step_names[] = {
	[NK_REMOTE_RESOLVE] = "resolve",
	[NK_REMOTE_CONNECT] = "connect",
	[NK_REMOTE_GREET] = "greet",
	[NK_REMOTE_EXCHANGE] = "exchange",
	[NK_REMOTE_VERIFY] = "verify",
	[NK_REMOTE_LOGIN] = "login",
	[NK_REMOTE_COMMAND] = "command",
	[NK_REMOTE_SFTP] = "sftp",
	[NK_REMOTE_WRITE] = "write",
	[NK_REMOTE_TLS] = "tls",
	[NK_REMOTE_UPGRADE] = "upgrade",
	[NK_REMOTE_ENTER] = "enter",
	[NK_REMOTE_LOOK] = "look",
	[NK_REMOTE_PAIR] = "pair",
	[NK_REMOTE_UPDATE] = "update",
	[NK_REMOTE_UNDO] = "undo",
};

/* What it did when the time was over, or the other end had enough. */
static const char *const doings[] = {
	[NK_REMOTE_RESOLVE] = "looking up the name",
	[NK_REMOTE_CONNECT] = "connecting",
	[NK_REMOTE_GREET] = "waiting for its greeting",
	[NK_REMOTE_EXCHANGE] = "exchanging keys",
	[NK_REMOTE_VERIFY] = "looking at its host key",
	[NK_REMOTE_LOGIN] = "logging in",
	[NK_REMOTE_COMMAND] = "running the command",
	[NK_REMOTE_SFTP] = "trying SFTP",
	[NK_REMOTE_WRITE] = "writing its authorized_keys",
	[NK_REMOTE_TLS] = "beginning TLS",
	[NK_REMOTE_UPGRADE] = "asking for its API",
	[NK_REMOTE_ENTER] = "logging in to its API",
	[NK_REMOTE_LOOK] = "looking at the account there",
	[NK_REMOTE_PAIR] = "giving it the key",
	[NK_REMOTE_UPDATE] = "changing the account there",
	[NK_REMOTE_UNDO] = "taking back what was changed there",
};

/* Behind the address; "" where it is all said before. */
static const char *const sentences[NK_REMOTE_FAULTS] = {
	[NK_REMOTE_NO_NAME] = "no name service knows this name",
	[NK_REMOTE_NO_SERVERS] = "the name servers do not answer",
	[NK_REMOTE_REFUSED] =
	    "connection refused: does a server listen on this port?",
	[NK_REMOTE_UNREACHABLE] = "cannot be reached",
	/* sshd in words of its own: MaxStartups, PerSourcePenalties */
	[NK_REMOTE_NO_SSH] =
	    "what answers on this port is no SSH server, or turns us away",
	[NK_REMOTE_NO_KEY] = "it has no host key of a type that is taken",
	[NK_REMOTE_NO_ALGORITHM] = "it has no algorithm in common with us",
	[NK_REMOTE_PROTOCOL] = "it does not keep to the SSH protocol",
	[NK_REMOTE_CHANGED] =
	    "ITS HOST KEY HAS CHANGED, or somebody else answers in its place",
	[NK_REMOTE_DENIED] =
	    "it does not let the user in with this key: was it copied there?",
	[NK_REMOTE_MORE] = "it takes the key and wants something more",
	[NK_REMOTE_NO_COMMAND] = "the command failed",
	[NK_REMOTE_NO_SFTP] = "it offers no SFTP",
	[NK_REMOTE_NO_PASSWORD] = "it does not let the user in by password",
	[NK_REMOTE_NOT_COPIED] = "the key could not be copied there",
	[NK_REMOTE_NOT_REMOVED] = "the key could not be removed there",
	[NK_REMOTE_NO_LINE] =
	    "with which options the key stands there could not be read",
	[NK_REMOTE_FAILED] = "naskeys-net, which speaks to it, failed",
	[NK_REMOTE_NO_TLS] = "it does not speak TLS with us",
	[NK_REMOTE_UNTRUSTED] = "its certificate is not trusted",
	[NK_REMOTE_NO_API] = "what answers there is no API of a NAS",
	[NK_REMOTE_BROKEN] = "what its API says makes no sense",
	[NK_REMOTE_NO_ENTRY] = "it lets nobody in",
	[NK_REMOTE_NOT_PAIRED] = "it does not take the key",
	[NK_REMOTE_NOT_UPDATED] = "the account there could not be changed",
	[NK_REMOTE_NOT_UNDONE] =
	    "what was changed there could not be taken back",
};

const char *
nk_remote_step_name(enum nk_remote_step step)
{
	return step_names[step];
}

/* " (WORDS)", or nothing. */
static void
quote(char *text, size_t room, const uint8_t *words, size_t len)
{
	size_t i, n = 0;

	text[0] = '\0';
	if (len == 0 || room < 4)
		return;
	text[n++] = ' ';
	text[n++] = '(';
	for (i = 0; i < len && n + 2 < room; i++)
		text[n++] = words[i] < ' ' || words[i] > '~' ? '?' :
		    (char)words[i];
	text[n++] = ')';
	text[n] = '\0';
}

void
nk_remote_reason(const struct nk_remote_target *t,
    struct nk_remote_report *report, const void *words, size_t len)
{
	bool v6 = strchr(t->host, ':') != NULL;
	const char *doing = report->n == 0 ? "starting" :
	    doings[report->steps[report->n - 1].step];
	char said[NK_REMOTE_REASON_MAX - 300], what[128];

	quote(said, sizeof(said), words, len);
	switch (report->fault) {
	case NK_REMOTE_TIME:
		(void)snprintf(what, sizeof(what),
		    "no end within %u second%s: it was still %s", t->seconds,
		    t->seconds == 1 ? "" : "s", doing);
		break;
	case NK_REMOTE_CLOSED:
		(void)snprintf(what, sizeof(what),
		    "it closed the connection while we were %s", doing);
		break;
	default:
		(void)snprintf(what, sizeof(what), "%s",
		    sentences[report->fault]);
	}
	(void)snprintf(report->reason, sizeof(report->reason),
	    "%s%.100s%s port %u: %s%s", v6 ? "[" : "", t->host, v6 ? "]" : "",
	    t->port, what, said);
}
