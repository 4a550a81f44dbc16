/* SPDX-License-Identifier: ISC */

/*
 * What the gateway makes of a request over HTTP: its path, whether a page of
 * its origin may speak to us, and the address that a proxy gives.  The lines
 * are path, Origin, Host, the origins that are configured, and the proxy's
 * header.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/gateway/request.h"

#define PARTS	5

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
check_path(const char *path)
{
	const struct request_path *found = request_find(path);

	if (found == NULL)
		return;
	require(strcmp(found->path, path) == 0);
	require((found->protocol == MESSAGE_LEGACY) ==
	    (strcmp(path, "/websocket") == 0));
}

/* What stands behind "://" begins with host's name, and that ends there. */
static bool
names_host(const char *origin, const char *host)
{
	const char *rest = strstr(origin, "://");
	size_t len = host[0] == '[' ? strcspn(host, "]") + 1 :
	    strcspn(host, ":/");

	if (rest == NULL || len == 0 || strncasecmp(rest + 3, host, len) != 0)
		return false;
	rest += 3 + len;
	return host[0] == '[' || *rest == '\0' || *rest == ':' ||
	    *rest == '/';
}

static bool
is_word(const char *word, const char *list)
{
	size_t len = strlen(word);
	const char *p;

	for (p = list; *p != '\0'; p++) {
		if ((p == list || strchr(" \t", p[-1]) != NULL) &&
		    strncasecmp(p, word, len) == 0 &&
		    (p[len] == '\0' || strchr(" \t", p[len]) != NULL))
			return true;
	}
	return false;
}

static void
check_origin(const char *origin, const char *host, const char *list)
{
	bool by_host = request_origin_allowed(origin, host, "");
	bool by_list = request_origin_allowed(origin, "", list);

	require(request_origin_allowed(origin, host, list) ==
	    (by_host || by_list));
	if (origin[0] == '\0') {
		require(by_host && by_list);	/* no browser */
		return;
	}
	require(!by_host || names_host(origin, host));
	require(!by_list || is_word(origin, list));
	require(!request_origin_allowed(origin, "", ""));
}

static void
check_proxied(const char *value)
{
	char text[SESSION_ADDRESS_SIZE];
	struct address_key k, again;

	memset(&k, 0, sizeof(k));
	if (request_proxied(value, &k) < 0)
		return;
	request_text(&k, text);
	require(strspn(text, "0123456789abcdef:.") == strlen(text));
	require(request_proxied(text, &again) == 0);
	require(memcmp(&k, &again, sizeof(k)) == 0);
	(void)request_is_loopback(&k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *rest, *part[PARTS] = { NULL };
	size_t i;

	if ((text = malloc(size + 1)) == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rest = text;
	for (i = 0; i < PARTS && rest != NULL; i++)
		part[i] = strsep(&rest, "\n");
	if (i == PARTS) {
		check_path(part[0]);
		check_origin(part[1], part[2], part[3]);
		check_proxied(part[4]);
	}
	free(text);
	return 0;
}
