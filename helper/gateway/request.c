/* SPDX-License-Identifier: ISC */
#include "helper/gateway/request.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- paths ---- */

#define API(version) \
	{ "/api/" version, REQUEST_WEBSOCKET, MESSAGE_JSONRPC }
static const struct request_path paths[] = {
	{ "/websocket",		REQUEST_WEBSOCKET,	MESSAGE_LEGACY },
	{ "/api/versions",	REQUEST_VERSIONS,	MESSAGE_JSONRPC },
	{ "/api/boot_id",	REQUEST_BOOT_ID,	MESSAGE_JSONRPC },
	API("current"), API("v24.10"),
	API("v25.04.0"), API("v25.04.1"), API("v25.04.2"),
	API("v25.10.0"), API("v25.10.1"), API("v25.10.2"), API("v25.10.3"),
	API("v25.10.4"), API("v25.10.5"), API("v26.0.0"), API("v27.0.0"),
};
#undef API

/* Ascending, and without v24.10, which is not advertised. */
static const char versions[] =
    "[\"v25.04.0\",\"v25.04.1\",\"v25.04.2\",\"v25.10.0\",\"v25.10.1\","
    "\"v25.10.2\",\"v25.10.3\",\"v25.10.4\",\"v25.10.5\",\"v26.0.0\","
    "\"v27.0.0\"]";

const struct request_path *
request_find(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(paths[i].path, path) == 0)
			return &paths[i];
	}
	return NULL;
}

const char *
request_versions(void)
{
	return versions;
}

/* ---- origins ---- */

/* The host of "host", "host:port", "[v6]" or "[v6]:port". */
static size_t
host_length(const char *authority)
{
	const char *end;

	if (authority[0] == '[') {
		end = strchr(authority, ']');
		return end == NULL ? 0 : (size_t)(end + 1 - authority);
	}
	return strcspn(authority, ":/");
}

static bool
is_same_host(const char *origin, const char *host)
{
	const char *authority = strstr(origin, "://");
	size_t len;

	if (authority == NULL)
		return false;
	authority += 3;
	len = host_length(authority);
	return len > 0 && len == host_length(host) &&
	    strncasecmp(authority, host, len) == 0;
}

static bool
is_in_list(const char *origin, const char *list)
{
	size_t len = strlen(origin), n;

	while (*(list += strspn(list, " \t")) != '\0') {
		n = strcspn(list, " \t");
		if (n == len && strncasecmp(list, origin, n) == 0)
			return true;
		list += n;
	}
	return false;
}

bool
request_origin_allowed(const char *origin, const char *host,
    const char *list)
{
	return origin[0] == '\0' || is_same_host(origin, host) ||
	    is_in_list(origin, list);
}

/* ---- addresses ---- */

static void
set_v4(struct address_key *k, const struct in_addr *in)
{
	memset(k, 0, sizeof(*k));
	k->bytes[10] = k->bytes[11] = 0xff;
	memcpy(k->bytes + 12, in, sizeof(*in));
}

static bool
is_v4(const struct address_key *k)
{
	struct in6_addr in6;

	memcpy(&in6, k->bytes, sizeof(in6));
	return IN6_IS_ADDR_V4MAPPED(&in6);
}

int
request_proxied(const char *value, struct address_key *k)
{
	const char *comma = strrchr(value, ',');
	char text[SESSION_ADDRESS_SIZE];
	struct in6_addr in6;
	struct in_addr in;
	size_t len;

	if (comma != NULL)
		value = comma + 1;
	value += strspn(value, " \t");
	len = strcspn(value, " \t");
	if (len >= sizeof(text) || value[len + strspn(value + len, " \t")] !=
	    '\0')
		return -EBADMSG;
	memcpy(text, value, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &in) == 1)
		set_v4(k, &in);
	else if (inet_pton(AF_INET6, text, &in6) == 1)
		memcpy(k->bytes, &in6, sizeof(in6));
	else
		return -EBADMSG;
	return 0;
}

int
request_key(const struct sockaddr_storage *ss, struct address_key *k,
    unsigned int *portp)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	switch (ss->ss_family) {
	case AF_INET:
		memcpy(&sin, ss, sizeof(sin));
		set_v4(k, &sin.sin_addr);
		*portp = ntohs(sin.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&sin6, ss, sizeof(sin6));
		memcpy(k->bytes, &sin6.sin6_addr, sizeof(k->bytes));
		*portp = ntohs(sin6.sin6_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

bool
request_is_loopback(const struct address_key *k)
{
	struct in6_addr in6;

	memcpy(&in6, k->bytes, sizeof(in6));
	return IN6_IS_ADDR_LOOPBACK(&in6) || (is_v4(k) &&
	    k->bytes[12] == IN_LOOPBACKNET);
}

void
request_text(const struct address_key *k, char text[SESSION_ADDRESS_SIZE])
{
	const char *p;

	p = is_v4(k) ? inet_ntop(AF_INET, k->bytes + 12, text,
	    SESSION_ADDRESS_SIZE) : inet_ntop(AF_INET6, k->bytes, text,
	    SESSION_ADDRESS_SIZE);
	if (p == NULL)		/* cannot be: it has room for any */
		text[0] = '\0';
}
