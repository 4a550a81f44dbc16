/* SPDX-License-Identifier: ISC */
#include "lib/ssh/optionvalue.h"

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/ssh/keyoptions.h"
#include "lib/ssh/refuse.h"

#define DIGITS	"0123456789"
#define ALNUM	DIGITS \
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

#define TUNNEL_MAX	0x7ffffffdU	/* ssh.h: the two above have names */
#define HOST_MAX	255

static const char bad_port[] = "a port must be a number from 1 to 65535, "
    "or *";
static const char bad_open[] = "permitopen must be HOST:PORT, with a plain "
    "host name, an address (IPv6 in brackets) or * as the host";
static const char bad_listen[] = "permitlisten must be PORT or HOST:PORT, "
    "with a host name, an address (IPv6 in brackets) or a pattern";

int
nk_optionvalue_command(const char *s, const char **whyp)
{
	if (s[strspn(s, " \t")] == '\0')
		return nk_refuse(whyp, -EBADMSG, "command is empty: name the "
		    "command, or leave the option out");
	return 0;
}

int
nk_optionvalue_environment(const char *s, const char **whyp)
{
	size_t n = strspn(s, ALNUM "_");

	if (n == 0 || s[n] != '=')
		return nk_refuse(whyp, -EBADMSG, "environment must be "
		    "NAME=value, the name of letters, digits and underscores");
	return 0;
}

/* Read all of s as a decimal number without leading zeros, up to max. */
static int
check_number(const char *s, unsigned long min, unsigned long max)
{
	unsigned long v = 0;
	size_t n = strspn(s, DIGITS);

	if (n == 0 || n > 10 || s[n] != '\0' || (n > 1 && s[0] == '0'))
		return -EBADMSG;
	for (; *s != '\0'; s++)
		v = v * 10 + (unsigned long)(*s - '0');
	return v < min || v > max ? -EBADMSG : 0;
}

static int
check_port(const char *s, const char **whyp)
{
	if (strcmp(s, "*") != 0 && check_number(s, 1, 65535) < 0)
		return nk_refuse(whyp, -EBADMSG, bad_port);
	return 0;
}

/* What stands in brackets, s[len]: an address, or a pattern for one. */
static bool
is_bracketed_host(const char *s, size_t len, bool patterns)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len == 0 || len >= sizeof(buf))
		return false;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (inet_pton(AF_INET6, buf, &addr) == 1)
		return true;
	return patterns && strpbrk(buf, "*?") != NULL &&
	    strspn(buf, DIGITS "abcdef:.*?") == len;
}

static bool
is_plain_host(const char *s, size_t len, bool patterns)
{
	if (len == 0 || len > HOST_MAX)
		return false;
	if (len == 1 && s[0] == '*')
		return true;
	return strspn(s, patterns ? ALNUM "._-*?" : ALNUM "._-") >= len;
}

/* HOST:PORT with the colon that ends the host. */
static int
check_permit(const char *s, bool patterns, const char *bad,
    const char **whyp)
{
	const char *colon;
	bool good;

	if (s[0] == '[') {
		colon = strchr(s, ']');
		if (colon == NULL || *++colon != ':')
			return nk_refuse(whyp, -EBADMSG, bad);
		good = is_bracketed_host(s + 1, (size_t)(colon - s) - 2,
		    patterns);
	} else {
		if ((colon = strchr(s, ':')) == NULL)
			return nk_refuse(whyp, -EBADMSG, bad);
		good = is_plain_host(s, (size_t)(colon - s), patterns);
	}
	if (!good)
		return nk_refuse(whyp, -EBADMSG, bad);
	return check_port(colon + 1, whyp);
}

int
nk_optionvalue_permitopen(const char *s, const char **whyp)
{
	return check_permit(s, false, bad_open, whyp);
}

int
nk_optionvalue_permitlisten(const char *s, const char **whyp)
{
	if (strchr(s, ':') == NULL)
		return check_port(s, whyp);
	return check_permit(s, true, bad_listen, whyp);
}

int
nk_optionvalue_principals(const char *s, const char **whyp)
{
	size_t n, count = 0;

	for (;; s += n + 1) {
		n = strcspn(s, ",");
		if (n == 0 || s[0] == ' ' || s[0] == '\t' ||
		    s[n - 1] == ' ' || s[n - 1] == '\t')
			return nk_refuse(whyp, -EBADMSG, "principals must be "
			    "names with exactly one comma and no blank "
			    "between two");
		if (++count > NK_KEYOPTION_PRINCIPALS_MAX)
			return nk_refuse(whyp, -EBADMSG, "principals names "
			    "more than the 40 that sshd looks at: "
			    "give the others a second line");
		if (s[n] == '\0')
			return 0;
	}
}

int
nk_optionvalue_tunnel(const char *s, const char **whyp)
{
	if (strcasecmp(s, "any") != 0 && check_number(s, 0, TUNNEL_MAX) < 0)
		return nk_refuse(whyp, -EBADMSG, "tunnel must be the number "
		    "of a tun device, or any");
	return 0;
}
