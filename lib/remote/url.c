/* SPDX-License-Identifier: ISC */
#include "lib/remote/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/refuse.h"

#define LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

static const char no_port[] = "the port of this URL is none: give a number "
    "from 1 to 65535 behind the colon";
static const char no_end[] = "this URL has a query or a fragment: end it "
    "behind the host, or its port";

/* What stands behind "//". */
static int
read_scheme(const char *text, struct nk_url *u, const char **restp,
    const char **whyp)
{
	static const char plain[] = "http://", tls[] = "https://";

	u->tls = strncasecmp(text, tls, sizeof(tls) - 1) == 0;
	u->port = u->tls ? 443 : 80;
	if (!u->tls && strncasecmp(text, plain, sizeof(plain) - 1) != 0)
		return nk_refuse(whyp, -EINVAL, strstr(text, "://") == NULL ?
		    "this is no URL: write https:// in front of the host" :
		    "a URL of this kind is not taken: it begins with "
		    "https:// or http://");
	*restp = text + (u->tls ? sizeof(tls) : sizeof(plain)) - 1;
	return 0;
}

static int
take_host(struct nk_url *u, const char *host, size_t len, bool v6,
    const char **whyp)
{
	const char *why;

	if (len == 0 || len >= sizeof(u->host))
		return nk_refuse(whyp, -EINVAL, len == 0 ?
		    "this URL has no host" : "the host of this URL is too "
		    "long");
	memcpy(u->host, host, len);
	u->host[len] = '\0';
	if (v6 != (strchr(u->host, ':') != NULL) ||
	    nk_target_check_host(u->host, &why) < 0)
		return nk_refuse(whyp, -EINVAL, "the host of this URL is "
		    "none: give a DNS name, an IPv4 address or an IPv6 "
		    "address in brackets");
	return 0;
}

/* [ADDRESS] or NAME, up to the port or the path. */
static int
read_host(const char *text, struct nk_url *u, const char **restp,
    const char **whyp)
{
	size_t len;

	if (text[0] != '[') {
		len = strcspn(text, ":/?#");
		*restp = text + len;
		/* several colons are an address without its brackets */
		if (text[len] == ':' && text[len + 1 +
		    strcspn(text + len + 1, ":/?#")] == ':')
			return nk_refuse(whyp, -EINVAL, "an IPv6 address "
			    "stands in brackets in a URL: https://[ADDRESS]");
		return take_host(u, text, len, false, whyp);
	}
	len = strcspn(++text, "]");
	if (text[len] == '\0')
		return nk_refuse(whyp, -EINVAL, "the bracket in this URL is "
		    "not closed");
	*restp = text + len + 1;
	return take_host(u, text, len, true, whyp);
}

static int
read_port(const char *text, struct nk_url *u, const char **restp,
    const char **whyp)
{
	size_t len, i;
	uint32_t n = 0;

	*restp = text;
	if (text[0] != ':')
		return 0;
	len = strspn(++text, DIGITS);
	if (len == 0 || len > 5)
		return nk_refuse(whyp, -EINVAL, no_port);
	for (i = 0; i < len; i++)
		n = n * 10 + (uint32_t)(text[i] - '0');
	if (n == 0 || n > UINT16_MAX)
		return nk_refuse(whyp, -EINVAL, no_port);
	u->port = (uint16_t)n;
	*restp = text + len;
	return 0;
}

/* It is put into a request as it is; the slashes at its end are none of it. */
static int
read_path(const char *text, struct nk_url *u, const char **whyp)
{
	size_t len = strlen(text);

	if (strpbrk(text, "?#") != NULL)
		return nk_refuse(whyp, -EINVAL, no_end);
	if ((len > 0 && text[0] != '/') || strstr(text, "/..") != NULL ||
	    text[strspn(text, LETTERS DIGITS "/._~%-")] != '\0')
		return nk_refuse(whyp, -EINVAL, "what stands behind the host "
		    "of this URL is no path: end it behind the host, or its "
		    "port");
	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len >= sizeof(u->path))
		return nk_refuse(whyp, -EINVAL, "the path of this URL is too "
		    "long");
	memcpy(u->path, text, len);
	u->path[len] = '\0';
	return 0;
}

int
nk_url_read(const char *text, struct nk_url *u, const char **whyp)
{
	const char *rest, *slash;
	int r;

	memset(u, 0, sizeof(*u));
	if (strnlen(text, NK_URL_MAX + 1) > NK_URL_MAX)
		return nk_refuse(whyp, -EINVAL, "this URL is too long");
	if ((r = read_scheme(text, u, &rest, whyp)) < 0)
		return r;
	slash = rest + strcspn(rest, "/?#");
	if (memchr(rest, '@', (size_t)(slash - rest)) != NULL)
		return nk_refuse(whyp, -EINVAL, "a URL with a user or a "
		    "password in it is not taken: they have places of their "
		    "own");
	if ((r = read_host(rest, u, &rest, whyp)) < 0 ||
	    (r = read_port(rest, u, &rest, whyp)) < 0)
		return r;
	return read_path(rest, u, whyp);
}

bool
nk_url_is_loopback(const struct nk_url *u)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, u->host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	if (inet_pton(AF_INET6, u->host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(u->host, "localhost") == 0;
}
