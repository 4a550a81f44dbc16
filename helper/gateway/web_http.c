/* SPDX-License-Identifier: ISC */

/* What is asked for over HTTP. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "helper/gateway/web_parts.h"
#include "lib/monotonic.h"

#define BOOT_ID_FILE	"/proc/sys/kernel/random/boot_id"
#define BODY_MAX	512	/* of an answer */
#define REFUSAL_SIZE	128

int
web_read_boot_id(char id[WEB_BOOT_ID_SIZE])
{
	char text[WEB_BOOT_ID_SIZE] = "";
	size_t len = 0;
	FILE *f;

	if ((f = fopen(BOOT_ID_FILE, "re")) != NULL) {
		if (fgets(text, sizeof(text), f) != NULL)
			len = strcspn(text, "\n");
		(void)fclose(f);
	}
	if (len == 0 || len > WEB_BOOT_ID_SIZE - 3) {
		log_say(LOG_ERR, BOOT_ID_FILE ": cannot be read");
		return -EIO;
	}
	(void)snprintf(id, WEB_BOOT_ID_SIZE, "\"%.*s\"", (int)len, text);
	return 0;
}

bool
web_may_be_proxied(const struct web *w, const struct address_key *k)
{
	return w->config->proxy_header[0] != '\0' && request_is_loopback(k);
}

static bool
get_header(struct lws *wsi, enum lws_token_indexes which, char *value,
    size_t size)
{
	value[0] = '\0';
	return lws_hdr_total_length(wsi, which) == 0 ||
	    lws_hdr_copy(wsi, value, (int)size, which) >= 0;
}

/* A header of any name, in small letters and with its colon. */
static int
get_named(struct lws *wsi, const char *name, char value[REQUEST_VALUE_SIZE])
{
	char token[REQUEST_VALUE_SIZE];
	int n = snprintf(token, sizeof(token), "%s:", name);

	if (n < 0 || (size_t)n >= sizeof(token))
		return -EINVAL;
	if (lws_hdr_custom_length(wsi, token, n) < 0)
		return -ENOENT;
	return lws_hdr_custom_copy(wsi, value, REQUEST_VALUE_SIZE, token,
	    n) < 0 ? -EBADMSG : 0;
}

/* Who it is, where a proxy of ours says so. */
static int
take_proxied(struct web *w, struct handle *h)
{
	struct client *c = h->client;
	struct address_key key = c->key;
	char value[REQUEST_VALUE_SIZE];
	int r;

	h->tls = lws_is_ssl(h->wsi);
	if (!web_may_be_proxied(w, &c->key))
		return 0;
	r = get_named(h->wsi, w->config->proxy_header, value);
	if (r == 0 && (r = request_proxied(value, &key)) < 0)
		return r;
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && get_named(h->wsi, "x-https", value) == 0)
		h->tls = strcmp(value, "on") == 0;
	return client_set_address(c, &key, nk_monotonic_ms());
}

/*
 * libwebsockets would answer a request that wants to be a websocket in the
 * form of HTTP/1.0, which clients of websockets do not take.
 */
static int
refuse(struct lws *wsi, const char *status)
{
	unsigned char out[LWS_PRE + REFUSAL_SIZE];
	int n;

	n = snprintf((char *)out + LWS_PRE, REFUSAL_SIZE, "HTTP/1.1 %s\r\n"
	    "content-length: 0\r\nconnection: close\r\n\r\n", status);
	if (n > 0 && n < REFUSAL_SIZE)
		(void)lws_write(wsi, out + LWS_PRE, (size_t)n,
		    LWS_WRITE_HTTP_HEADERS);
	return -1;
}

int
web_confirm(struct web *w, struct handle *h, const char *to)
{
	char uri[REQUEST_VALUE_SIZE], origin[REQUEST_VALUE_SIZE];
	char host[REQUEST_VALUE_SIZE];

	if (strcmp(to, "websocket") != 0)
		return refuse(h->wsi, "400 Bad Request");
	if (!get_header(h->wsi, WSI_TOKEN_GET_URI, uri, sizeof(uri)) ||
	    (h->path = request_find(uri)) == NULL ||
	    h->path->kind != REQUEST_WEBSOCKET)
		return refuse(h->wsi, "404 Not Found");
	if (!get_header(h->wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)) ||
	    !get_header(h->wsi, WSI_TOKEN_HOST, host, sizeof(host)) ||
	    !request_origin_allowed(origin, host, w->config->origins))
		return refuse(h->wsi, "403 Forbidden");
	if (take_proxied(w, h) < 0)
		return refuse(h->wsi, "503 Service Unavailable");
	return 0;
}

/* The connection ends with the answer: -1. */
static int
answer(struct lws *wsi, const char *body)
{
	unsigned char out[LWS_PRE + 1024], *p = out + LWS_PRE, *start = p;
	unsigned char *end = out + sizeof(out) - 1;
	size_t len = strlen(body);

	if (len > BODY_MAX || lws_add_http_common_headers(wsi,
	    HTTP_STATUS_OK, "application/json", len, &p, end) != 0 ||
	    lws_finalize_http_header(wsi, &p, end) != 0 ||
	    (size_t)(end - p) < len)
		return -1;
	memcpy(p, body, len);
	p += len;
	(void)lws_write(wsi, start, (size_t)(p - start),
	    LWS_WRITE_HTTP_HEADERS | LWS_WRITE_H2_STREAM_END);
	return -1;
}

int
web_serve(struct web *w, struct lws *wsi, const char *uri)
{
	const struct request_path *path = request_find(uri);

	if (path == NULL || lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
		return refuse(wsi, "404 Not Found");
	if (path->kind == REQUEST_VERSIONS)
		return answer(wsi, request_versions());
	if (path->kind == REQUEST_BOOT_ID)
		return answer(wsi, w->config->boot_id);
	return refuse(wsi, "400 Bad Request");
}
