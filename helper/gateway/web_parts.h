/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_WEB_PARTS_H
#define NASKEYS_GATEWAY_WEB_PARTS_H

/* What web.c and web_http.c share, and nobody else sees. */

#include <ev.h>
#include <libwebsockets.h>

#include <stdbool.h>

#include "helper/gateway/web.h"
#include "helper/helper/log.h"
#include "lib/attr.h"

enum kind {
	KIND_CLIENT,
	KIND_HELPER,
	KIND_LISTENER,
};

/* What stands behind a wsi, as long as it lives. */
struct handle {
	enum kind	 kind;
	bool		 adopting;	/* libwebsockets does not own it yet */
	bool		 paused;	/* is not read */
	struct client	*client;	/* NULL: it has gone */
	struct lws	*wsi;
	int		 fd;
	/* of a client, from its request on */
	const struct request_path *path;
	bool		 tls;
};

struct web {
	const struct web_config	*config;
	struct clients		*clients;
	struct ev_loop		*loop;
	ev_signal		 terminate, interrupt;
	struct lws_context	*context;
	struct lws_vhost	*vhost;
	lws_sorted_usec_list_t	 sweep;
	struct handle		*listeners[LISTEN_MAX];
	int64_t			 stop_ms;	/* 0: it goes on */
	struct log_rate		 refused, failed;
};

/* ---- web.c ---- */

/* Something that others can repeat as often as they like: errno's text. */
void	web_note(struct log_rate *rate, int priority, const char *what,
	    int error);
/* The handle takes fd; NULL: fd is closed. */
struct handle *web_adopt(struct web *w, enum kind kind, int fd,
	    struct client *client);
/* Close it, once its own events are over. */
void	web_kill(struct handle *h);
/* Read it no further, or again. */
void	web_pause(struct handle *h, bool paused);

/* ---- web_client.c ---- */

/* After whatever has happened to a client that is open. */
void	web_update(struct web *w, struct client *c);
/* Events, as a callback of libwebsockets answers them. */
int	web_on_client(struct web *w, struct handle *h,
	    enum lws_callback_reasons reason, void *in, size_t len)
	    NK_MUST_CHECK;
int	web_on_helper(struct web *w, struct handle *h,
	    enum lws_callback_reasons reason) NK_MUST_CHECK;

/* ---- web_http.c ---- */

/* Could it be a proxy of ours that has connected from there? */
bool	web_may_be_proxied(const struct web *w, const struct address_key *k);

/*
 * May the request become a websocket?  As LWS_CALLBACK_HTTP_CONFIRM_UPGRADE
 * wants it: 0, yes; -1, it has been answered.
 */
int	web_confirm(struct web *w, struct handle *h, const char *to)
	    NK_MUST_CHECK;
/* Answer a request that wants none.  -1: then the connection ends. */
int	web_serve(struct web *w, struct lws *wsi, const char *uri)
	    NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_WEB_PARTS_H */
