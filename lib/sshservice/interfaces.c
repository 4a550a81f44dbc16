/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/interfaces.h"

#include <sys/socket.h>

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* As text; false: sshd cannot listen there. */
static bool
show(const struct sockaddr *sa, char *text, socklen_t room)
{
	socklen_t len;

	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET)
		len = sizeof(struct sockaddr_in);
	else if (sa->sa_family == AF_INET6)
		len = sizeof(struct sockaddr_in6);
	else
		return false;
	return getnameinfo(sa, len, text, room, NULL, 0,
	    NI_NUMERICHOST) == 0;
}

int
nk_interfaces_each(int (*fn)(void *arg, const char *name,
    const char *address), void *arg)
{
	struct ifaddrs *all, *i;
	char text[NI_MAXHOST];
	int r = 0;

	if (getifaddrs(&all) == -1)
		return -errno;
	for (i = all; i != NULL && r == 0; i = i->ifa_next)
		if (show(i->ifa_addr, text, sizeof(text)))
			r = fn(arg, i->ifa_name, text);
	freeifaddrs(all);
	return r;
}
