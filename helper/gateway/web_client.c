/* SPDX-License-Identifier: ISC */

/* A client, its websocket and the socket to its helper. */

#include <string.h>
#include <syslog.h>

#include "helper/gateway/web_parts.h"
#include "lib/monotonic.h"

_Static_assert(PIECE_ROOM >= LWS_PRE, "libwebsockets writes in front");

/* ---- what a session wants ---- */

static void
begin_helper(struct web *w, struct client *c)
{
	int r;

	if ((r = client_connect(c)) < 0)
		web_note(&w->failed, LOG_ERR, w->clients->socket != NULL ?
		    w->clients->socket : "the helper", r);
	else if ((c->web_helper = web_adopt(w, KIND_HELPER, c->helper, c)) ==
	    NULL) {
		clients_helper_closed(w->clients);
		c->helper = -1;
	}
	if (c->helper == -1)
		session_helper_end(&c->session);
}

static void
end_helper(struct client *c)
{
	struct handle *h = c->web_helper;

	client_disconnect(c);
	c->web_helper = NULL;
	if (h != NULL) {
		h->client = NULL;
		web_kill(h);
	}
}

static enum lws_write_protocol
how_to_write(const struct piece *p)
{
	unsigned int how = p->first ? LWS_WRITE_TEXT : LWS_WRITE_CONTINUATION;

	if (!p->last)
		how |= LWS_WRITE_NO_FIN;
	return (enum lws_write_protocol)how;
}

/* As much as goes out now; -1: it is over. */
static int
write_pieces(struct handle *h)
{
	struct session *s = &h->client->session;
	struct piece *p;

	while ((p = s->to_client.head) != NULL &&
	    lws_send_pipe_choked(h->wsi) == 0) {
		if (lws_write(h->wsi, p->data + PIECE_ROOM, p->len,
		    how_to_write(p)) < 0)
			return -1;
		queue_drop(&s->to_client);
		client_sent(h->client, nk_monotonic_ms());
	}
	return 0;
}

/* After whatever has happened to it. */
void
web_update(struct web *w, struct client *c)
{
	struct session *s = &c->session;
	struct handle *web = c->web, *helper;

	/* At once, without the turn that waiting for POLLOUT takes. */
	if (write_pieces(web) < 0) {
		web_kill(web);
		return;
	}
	if (s->wants_helper && c->helper == -1)
		begin_helper(w, c);
	client_write_helper(c);
	if (!s->wants_helper && c->helper != -1)
		end_helper(c);
	if ((helper = c->web_helper) != NULL) {
		web_pause(helper, !session_reads_helper(s));
		if (s->to_helper.len > 0)
			(void)lws_callback_on_writable(helper->wsi);
	}
	web_pause(web, !session_reads_client(s));
	if (s->to_client.head != NULL || s->end != 0) {
		if (c->stalled_ms == 0)
			client_sent(c, nk_monotonic_ms());
		(void)lws_callback_on_writable(web->wsi);
	}
}

/* ---- a websocket ---- */

static int
begin_session(struct web *w, struct handle *h)
{
	if (h->path == NULL || client_open(h->client, h->path, h->tls) < 0)
		return -1;
	web_update(w, h->client);
	return 0;
}

static int
take_frame(struct web *w, struct handle *h, const void *bytes, size_t len)
{
	struct client *c = h->client;
	bool last = lws_is_final_fragment(h->wsi) != 0 &&
	    lws_remaining_packet_payload(h->wsi) == 0;

	if (lws_frame_is_binary(h->wsi) != 0)
		session_binary(&c->session);
	else
		client_text(c, bytes, len, last, nk_monotonic_ms());
	web_update(w, c);
	return 0;
}

/* -1: it is over. */
static int
send_some(struct web *w, struct handle *h)
{
	struct session *s = &h->client->session;

	if (write_pieces(h) < 0)
		return -1;
	if (s->to_client.head == NULL && s->end != 0) {
		lws_close_reason(h->wsi, (enum lws_close_status)s->end,
		    (unsigned char *)s->reason, strlen(s->reason));
		return -1;
	}
	web_update(w, h->client);
	return 0;
}

/* ---- events ---- */

int
web_on_client(struct web *w, struct handle *h, enum lws_callback_reasons reason,
    void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return web_confirm(w, h, in);
	case LWS_CALLBACK_HTTP:
		return web_serve(w, h->wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		return begin_session(w, h);
	case LWS_CALLBACK_RECEIVE:
		return take_frame(w, h, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return h->client->is_open ? send_some(w, h) : 0;
	case LWS_CALLBACK_WSI_DESTROY:
		if (h->client->web_helper != NULL)
			end_helper(h->client);
		client_free(h->client, nk_monotonic_ms());
		return 0;
	default:
		return 0;
	}
}

/* What the helper has said before its end is still there. */
static void
take_end(struct web *w, struct client *c)
{
	while (c->session.wants_helper && client_read_helper(c))
		;
	session_helper_end(&c->session);
	c->helper = -1;
	c->web_helper = NULL;
	web_update(w, c);
}

int
web_on_helper(struct web *w, struct handle *h, enum lws_callback_reasons reason)
{
	struct client *c = h->client;

	if (c == NULL)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_RAW_RX_FILE:
		(void)client_read_helper(c);
		web_update(w, c);
		return 0;
	case LWS_CALLBACK_RAW_WRITEABLE_FILE:
		web_update(w, c);
		return 0;
	case LWS_CALLBACK_RAW_CLOSE_FILE:
		h->client = NULL;
		take_end(w, c);
		return 0;
	default:
		return 0;
	}
}
