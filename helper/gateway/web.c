/* SPDX-License-Identifier: ISC */
#include "helper/gateway/web.h"

#include <openssl/ssl.h>

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "helper/gateway/web_parts.h"
#include "lib/monotonic.h"

#define BATCH		64	/* accepted before others have their turn */
#define SWEEP_US	LWS_US_PER_SEC
#define STOP_MS		2000	/* for farewells */
#define GOING_AWAY	1001	/* RFC 6455, section 7.4.1 */
#define RX_SIZE		2048	/* of a frame, at once */

static struct web *
web_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

void
web_note(struct log_rate *rate, int priority, const char *what, int error)
{
	uint64_t before;

	if (log_rate_pass(rate, nk_monotonic_ms(), &before))
		log_say(priority, "%s: %s (%" PRIu64 " times before)", what,
		    strerror(-error), before);
}

/* ---- handles ---- */

/* The handle takes fd; NULL: it is closed. */
struct handle *
web_adopt(struct web *w, enum kind kind, int fd, struct client *client)
{
	lws_adopt_desc_t d = {
		.vh = w->vhost,
		.type = LWS_ADOPT_RAW_FILE_DESC,
		.fd.filefd = fd,
	};
	struct handle *h;

	if ((h = calloc(1, sizeof(*h))) == NULL) {
		close(fd);
		return NULL;
	}
	*h = (struct handle){ .kind = kind, .adopting = true,
	    .client = client, .fd = fd };
	if (kind == KIND_CLIENT) {
		d.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP |
		    LWS_ADOPT_ALLOW_SSL;
		d.fd.sockfd = fd;
	}
	d.opaque = h;
	if ((h->wsi = lws_adopt_descriptor_vhost_via_info(&d)) == NULL) {
		free(h);
		return NULL;
	}
	h->adopting = false;
	return h;
}

void
web_kill(struct handle *h)
{
	lws_set_timeout(h->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void
web_pause(struct handle *h, bool paused)
{
	if (h->paused == paused)
		return;
	h->paused = paused;
	(void)lws_rx_flow_control(h->wsi, paused ? 0 : 1);
}

/* ---- new connections ---- */

/* Of those that are not through with their upgrade, the oldest makes room. */
static void
make_room(struct web *w)
{
	struct client *c;

	if (w->clients->n_half < CLIENT_HALF_OPEN_MAX)
		return;
	for (c = TAILQ_FIRST(&w->clients->half); c != NULL;
	    c = TAILQ_NEXT(c, half)) {
		if (c->accepted_ms == 0)
			continue;	/* it goes already */
		c->accepted_ms = 0;
		web_kill(c->web);
		return;
	}
}

static void
admit(struct web *w, int fd, const struct address_key *k, unsigned int port)
{
	int64_t now = nk_monotonic_ms();
	struct client *c;
	int r;

	make_room(w);
	if ((r = client_new(w->clients, k, port, web_may_be_proxied(w, k), now,
	    &c)) < 0) {
		web_note(&w->refused, LOG_NOTICE, "connection refused", r);
		close(fd);
		return;
	}
	if ((c->web = web_adopt(w, KIND_CLIENT, fd, c)) == NULL)
		client_free(c, now);
}

static void
accept_some(struct web *w, const struct handle *h)
{
	struct address_key key;
	unsigned int port;
	int fd, i, r = 0;

	for (i = 0; i < BATCH; i++) {
		r = listen_accept(h->fd, &fd, &key, &port);
		if (r == 0)
			admit(w, fd, &key, port);
		else if (r != -ECONNABORTED)
			break;
	}
	if (r != -EAGAIN && r != -ECONNABORTED && r < 0)
		web_note(&w->failed, LOG_ERR, "accept", r);
}

/* ---- events ---- */

static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct handle *h = lws_get_opaque_user_data(wsi);
	struct web *w;
	int r = 0;

	(void)user;
	if (h == NULL || h->adopting)
		return 0;	/* not ours, or not yet */
	w = web_of(wsi);
	if (h->kind == KIND_CLIENT)
		r = web_on_client(w, h, reason, in, len);
	else if (h->kind == KIND_HELPER)
		r = web_on_helper(w, h, reason);
	else if (reason == LWS_CALLBACK_RAW_RX_FILE && w->stop_ms == 0)
		accept_some(w, h);
	if (reason == LWS_CALLBACK_WSI_DESTROY) {
		if (h->kind == KIND_HELPER)
			clients_helper_closed(w->clients);
		lws_set_opaque_user_data(wsi, NULL);
		free(h);
	}
	return r;
}

/* ---- the loop ---- */

static void
stop(struct web *w, int64_t now)
{
	struct client *c;
	size_t i;

	w->stop_ms = now;
	for (i = 0; i < w->config->n_listeners; i++)
		web_pause(w->listeners[i], true);
	for (c = TAILQ_FIRST(&w->clients->all); c != NULL;
	    c = TAILQ_NEXT(c, all)) {
		if (!c->is_open)
			continue;
		session_end(&c->session, GOING_AWAY, "Going away");
		web_update(w, c);
	}
}

static void
sweep(lws_sorted_usec_list_t *sul)
{
	struct web *w = lws_container_of(sul, struct web, sweep);
	int64_t now = nk_monotonic_ms();
	struct client *c;

	for (c = TAILQ_FIRST(&w->clients->all); c != NULL;
	    c = TAILQ_NEXT(c, all))
		if (client_is_late(c, now))
			web_kill(c->web);
	lws_sul_schedule(w->context, 0, sul, sweep, SWEEP_US);
}

static void
take_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct web *w = watcher->data;

	(void)loop;
	(void)events;
	if (w->stop_ms == 0)
		stop(w, nk_monotonic_ms());
}

static void
await_signal(struct web *w, ev_signal *watcher, int signal)
{
	ev_signal_init(watcher, take_signal, signal);
	watcher->data = w;
	ev_signal_start(w->loop, watcher);
}

static int
begin_listening(struct web *w)
{
	size_t i;

	await_signal(w, &w->terminate, SIGTERM);
	await_signal(w, &w->interrupt, SIGINT);
	for (i = 0; i < w->config->n_listeners; i++)
		if ((w->listeners[i] = web_adopt(w, KIND_LISTENER,
		    w->config->listeners[i], NULL)) == NULL)
			return -ENOMEM;
	return 0;
}

void
web_run(struct web *w)
{
	lws_sul_schedule(w->context, 0, &w->sweep, sweep, SWEEP_US);
	while (w->stop_ms == 0 || (w->clients->n > 0 &&
	    nk_monotonic_ms() - w->stop_ms < STOP_MS))
		(void)ev_run(w->loop, EVRUN_ONCE);
}

void
web_run_one(struct web *w, int fd)
{
	static const struct address_key nobody;

	admit(w, fd, &nobody, 0);
	lws_sul_schedule(w->context, 0, &w->sweep, sweep, SWEEP_US);
	while (w->clients->n > 0)
		(void)ev_run(w->loop, EVRUN_ONCE);
}

/* ---- start and end ---- */

/* It allocates what clients say, too. */
static void *
reallocate(void *p, size_t size, const char *reason)
{
	size_t old = p == NULL ? 0 : malloc_usable_size(p);
	void *new = NULL;

	(void)reason;
	if (size > 0 && (new = malloc(size)) == NULL)
		return NULL;
	if (new != NULL && old > 0)
		memcpy(new, p, old < size ? old : size);
	if (p != NULL)
		explicit_bzero(p, old);
	free(p);
	return new;
}

static void
log_error(int level, const char *line)
{
	(void)level;
	log_say(LOG_ERR, "libwebsockets: %.*s", (int)strcspn(line, "\n"),
	    line);
}

static const struct lws_protocols protocols[] = {
	{ .name = "", .callback = on_event, .rx_buffer_size = RX_SIZE },
	{ .name = NULL },
};

/*
 * A timer for each connection would have its place in one sorted list: who
 * has gone without a word is found by TCP (listen.c).
 */
static const lws_retry_bo_t no_timers = { .secs_since_valid_hangup = 0 };

static void
set_tls(struct lws_context_creation_info *info, const struct web_config *c)
{
	info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	info->ssl_cert_filepath = c->certificate;
	info->ssl_private_key_filepath = c->key;
	info->alpn = "http/1.1";
	info->ssl_options_set = (long)(SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 |
	    SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION);
}

int
web_new(struct web **wp, const struct web_config *config,
    struct clients *clients)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_VALIDATE_UTF8 |
		    LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		    LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
		    LWS_SERVER_OPTION_LIBEV,
		.timeout_secs = CLIENT_BEGIN_MS / 1000,
		.max_http_header_pool = CLIENT_HALF_OPEN_MAX,
		.fd_limit_per_thread = config->descriptors,
		.count_threads = 1,
		.retry_and_idle_policy = &no_timers,
	};
	void *loops[1];
	struct web *w;

	*wp = NULL;
	lws_set_allocator(reallocate);
	lws_set_log_level(LLL_ERR, log_error);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return -ENOMEM;
	w->config = config;
	w->clients = clients;
	info.user = w;
	/* poll(2) would go through all connections for each event. */
	w->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	loops[0] = w->loop;
	info.foreign_loops = loops;
	if (config->certificate != NULL)
		set_tls(&info, config);
	if (w->loop == NULL ||
	    (w->context = lws_create_context(&info)) == NULL ||
	    (w->vhost = lws_create_vhost(w->context, &info)) == NULL ||
	    begin_listening(w) < 0) {
		web_free(w);
		return -EINVAL;
	}
	*wp = w;
	return 0;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	if (w->context != NULL)
		lws_context_destroy(w->context);
	if (w->loop != NULL)
		ev_loop_destroy(w->loop);
	free(w);
}
