/* SPDX-License-Identifier: ISC */
#include "lib/ssh/target.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <string.h>

#include "lib/ssh/refuse.h"

#define LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

static const char no_host[] = "this is no host: give a DNS name, an IPv4 "
    "address or an IPv6 address without brackets";
static const char no_user[] = "this is no name of an account: letters, "
    "digits and . _ - @ + are taken, and one backslash behind a domain";

/* An IPv6 address, perhaps with the interface that it is to be reached by. */
static int
check_ipv6(const char *host, const char **whyp)
{
	const char *scope = strchr(host, '%');
	char address[INET6_ADDRSTRLEN];
	struct in6_addr a;
	size_t n = scope == NULL ? strlen(host) : (size_t)(scope - host);

	if (n >= sizeof(address))
		return nk_refuse(whyp, -EINVAL, no_host);
	memcpy(address, host, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, &a) != 1)
		return nk_refuse(whyp, -EINVAL, no_host);
	if (scope == NULL)
		return 0;
	scope++;
	n = strspn(scope, LETTERS DIGITS "._-");
	if (n == 0 || n >= IF_NAMESIZE || scope[n] != '\0')
		return nk_refuse(whyp, -EINVAL, no_host);
	return 0;
}

int
nk_target_check_host(const char *host, const char **whyp)
{
	size_t n = strnlen(host, NK_TARGET_HOST_MAX + 1);

	if (n == 0 || n > NK_TARGET_HOST_MAX)
		return nk_refuse(whyp, -EINVAL, no_host);
	if (strchr(host, ':') != NULL)
		return check_ipv6(host, whyp);
	/* a name with '_' is none in the DNS, but in many a hosts file */
	if (host[strspn(host, LETTERS DIGITS "._-")] != '\0' ||
	    host[0] == '-' || host[0] == '.' || strstr(host, "..") != NULL)
		return nk_refuse(whyp, -EINVAL, no_host);
	return 0;
}

int
nk_target_check_user(const char *user, const char **whyp)
{
	size_t n = strnlen(user, NK_TARGET_USER_MAX + 1), domain;

	if (n == 0 || n > NK_TARGET_USER_MAX || user[0] == '-')
		return nk_refuse(whyp, -EINVAL, no_user);
	domain = strspn(user, LETTERS DIGITS "._-");
	if (domain > 0 && user[domain] == '\\')
		user += domain + 1;
	if (user[0] == '\0' ||
	    user[strspn(user, LETTERS DIGITS "._-@+")] != '\0')
		return nk_refuse(whyp, -EINVAL, no_user);
	return 0;
}
