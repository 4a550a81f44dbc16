/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web.h"

#include <arpa/inet.h>
#include <sys/random.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/login/ask.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/job.h"
#include "lib/rpc/legacy.h"
#include "lib/rpc/message.h"
#include "lib/rpc/rights.h"
#include "lib/rpc/web_events.h"
#include "lib/rpc/web_login.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define HELLO_VERSION	1
#define ANONYMOUS_PERIOD	60	/* s */

/* ---- the first line ---- */

/* In the one form that inet_ntop(3) gives it. */
static int
take_address(struct nk_web *w, const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, bytes) != 1 || inet_ntop(family, bytes,
	    w->address, sizeof(w->address)) == NULL)
		return -EBADMSG;
	return 0;
}

static int
take_protocol(struct nk_web *w, const char *protocol, const char *path)
{
	size_t len = strlen(path);

	w->legacy = strcmp(protocol, "legacy") == 0;
	if ((!w->legacy && strcmp(protocol, "jsonrpc") != 0) || len == 0 ||
	    len >= sizeof(w->path))
		return -EBADMSG;
	memcpy(w->path, path, len + 1);
	return 0;
}

static int
take_hello(struct nk_web *w, struct nk_context *c, json_t *hello)
{
	const char *protocol, *path, *address;
	int version, port, tls, legacy_jobs, private_methods;

	/* A caller on this machine has no port. */
	if (json_unpack(hello, "{s:i, s:s, s:s, s:s, s:i, s:b,"
	    " s:{s:b, s:b !} !}", "naskeys", &version, "protocol", &protocol,
	    "path", &path, "address", &address, "port", &port, "tls", &tls,
	    "options", "legacy_jobs", &legacy_jobs, "private_methods",
	    &private_methods) == -1 || version != HELLO_VERSION ||
	    port < (w->local ? 0 : 1) || port > UINT16_MAX)
		return -EBADMSG;
	w->port = (unsigned int)port;
	w->tls = tls != 0;
	c->new_jobs = legacy_jobs == 0;
	c->private_methods = private_methods != 0;
	return take_protocol(w, protocol, path) < 0 ? -EBADMSG :
	    take_address(w, address);
}

int
nk_web_hello(struct nk_web *w, struct nk_context *c, const char *line,
    size_t len)
{
	json_t *hello;
	char why[128];
	int r;

	if (len > NK_WEB_HELLO_MAX)
		return -EBADMSG;
	if ((hello = nk_rpc_decode(line, len, why, sizeof(why))) == NULL)
		return why[0] == '\0' ? -ENOMEM : -EBADMSG;
	r = take_hello(w, c, hello);
	json_decref(hello);
	return r;
}

void
nk_web_init(struct nk_web *w, int client)
{
	*w = (struct nk_web){ .client = client, .feed = -1, .jobs_feed = -1,
	    .ask_program = NK_ASK_PROGRAM, .wrong_ms = NK_WEB_WRONG_MS };
}

int
nk_web_end(struct nk_context *c)
{
	struct nk_web *w = c->web;
	int r;

	nk_web_login_abandon(w);
	nk_web_events_end(w);
	json_decref(w->job.params);
	json_decref(w->job.object);
	r = nk_web_logout(c, false);
	free(w->subscriptions);
	nk_web_init(w, -1);
	return r;
}

size_t
nk_web_message_max(const struct nk_web *w)
{
	return w->in || w->local ? NK_WEB_MESSAGE_MAX :
	    NK_WEB_MESSAGE_ANONYMOUS;
}

/* Whoever has one address of version 6 has a network of them. */
void
nk_web_network(const struct nk_web *w, char network[NK_WEB_ADDRESS_SIZE])
{
	struct in6_addr a;

	memcpy(network, w->address, NK_WEB_ADDRESS_SIZE);
	if (inet_pton(AF_INET6, w->address, &a) != 1)
		return;
	memset(a.s6_addr + 8, 0, 8);
	/* cannot fail: there is room for any */
	(void)inet_ntop(AF_INET6, &a, network, NK_WEB_ADDRESS_SIZE);
}

void
nk_web_origin(const struct nk_web *w, char origin[NK_WEB_ORIGIN_SIZE])
{
	(void)snprintf(origin, NK_WEB_ORIGIN_SIZE,
	    strchr(w->address, ':') != NULL ? "[%s]:%u" : "%s:%u", w->address,
	    w->port);
}

/* ---- messages ---- */

static int
compute_rights(struct nk_context *c)
{
	return nk_rights_compute(c, GROUP_FILE, (int64_t)time(NULL));
}

/*
 * The client's first message on every connection is free, and what logs in
 * has limits of its own.
 */
static bool
is_free(const struct nk_method *m)
{
	return strcmp(m->name, "core.set_options") == 0 ||
	    strncmp(m->name, "auth.login", strlen("auth.login")) == 0 ||
	    strcmp(m->name, "auth.token") == 0;
}

static int
take_anonymous(struct nk_context *c, const struct nk_method *m)
{
	char subject[128], network[NK_WEB_ADDRESS_SIZE];

	if (is_free(m))
		return 0;
	nk_web_network(c->web, network);
	(void)snprintf(subject, sizeof(subject), "anonymous:%.60s:%s",
	    m->name, network);
	return nk_session_rate(c->session, subject,
	    c->conf->gateway_calls, ANONYMOUS_PERIOD, nk_session_now());
}

int
nk_web_handle(struct nk_context *c, const char *line, size_t len,
    char **answerp, size_t *lenp)
{
	static const struct nk_rpc_hooks gateway = {
		.find = nk_method_find_web,
		.rights = compute_rights,
		.rate = nk_edit_take_rate,
		.anonymous = take_anonymous,
		.call = nk_job_call,
	}, local = {
		.find = nk_method_find_local,
		.rights = compute_rights,
		.rate = nk_edit_take_rate,
		.call = nk_job_call,
	};
	const struct nk_rpc_hooks *hooks = c->web->local ? &local : &gateway;

	if (c->web->legacy)
		return nk_legacy_handle_with(hooks, c, line, len, answerp,
		    lenp);
	return nk_rpc_handle_with(hooks, c, line, len, answerp, lenp);
}

/* ---- subscriptions ---- */

static bool
is_event_word(const char *word)
{
	size_t len = strlen(word);

	return len > 0 && len <= NK_WEB_EVENT_MAX;
}

int
nk_web_subscribe(struct nk_web *w, const char *id, const char *name)
{
	struct nk_web_subscription *s;

	if (!is_event_word(id) || !is_event_word(name))
		return -EINVAL;
	nk_web_unsubscribe(w, id);
	if (w->n_subscriptions == NK_WEB_SUBSCRIPTIONS)
		return -ENOBUFS;
	s = reallocarray(w->subscriptions, w->n_subscriptions + 1,
	    sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	w->subscriptions = s;
	s += w->n_subscriptions++;
	memcpy(s->id, id, strlen(id) + 1);
	memcpy(s->name, name, strlen(name) + 1);
	return 0;
}

void
nk_web_unsubscribe(struct nk_web *w, const char *id)
{
	size_t i;

	for (i = 0; i < w->n_subscriptions; i++) {
		if (strcmp(w->subscriptions[i].id, id) == 0) {
			w->subscriptions[i] =
			    w->subscriptions[--w->n_subscriptions];
			return;
		}
	}
}

int
nk_uuid(char uuid[NK_UUID_SIZE])
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return -EIO;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);	/* RFC 4122: random */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)snprintf(uuid, NK_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
	    b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
	    b[13], b[14], b[15]);
	return 0;
}
