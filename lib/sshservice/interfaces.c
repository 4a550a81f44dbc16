/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/interfaces.h"

#include <sys/socket.h>

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/fullio.h"

#define SECONDS		10
#define ROWS_MAX	4096	/* addresses of one machine */

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

static int
look(int (*fn)(void *arg, const char *name, const char *address), void *arg)
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

/* ---- where the network is elsewhere ---- */

struct row {
	char	name[64];
	char	address[NI_MAXHOST];
};

static int
put(void *arg, const char *name, const char *address)
{
	const int *fd = arg;
	struct row row;

	memset(&row, 0, sizeof(row));
	if (strlen(name) >= sizeof(row.name))
		return 0;	/* the kernel has none so long */
	memcpy(row.name, name, strlen(name));
	memcpy(row.address, address, strlen(address));
	return nk_write_full(*fd, &row, sizeof(row));
}

static int
list(void *arg, int fd)
{
	(void)arg;
	return look(put, &fd) < 0;
}

const struct nk_network_work nk_interfaces_work = { "interfaces", list };

struct rows {
	size_t		 have;		/* bytes of the row that has begun */
	size_t		 n;
	struct row	 row;
	int		 (*fn)(void *arg, const char *name,
			    const char *address);
	void		*arg;
	int		 said;		/* by fn */
};

static int
take_row(struct rows *rows)
{
	struct row *row = &rows->row;

	if (row->name[sizeof(row->name) - 1] != '\0' ||
	    row->address[sizeof(row->address) - 1] != '\0' ||
	    rows->n++ == ROWS_MAX)
		return -EIO;
	if (rows->said == 0)
		rows->said = rows->fn(rows->arg, row->name, row->address);
	rows->have = 0;
	return 0;
}

static int
take(void *arg, const void *bytes, size_t len)
{
	struct rows *rows = arg;
	const unsigned char *p = bytes;
	size_t n;
	int r = 0;

	while (len > 0 && r == 0) {
		n = sizeof(rows->row) - rows->have;
		if (n > len)
			n = len;
		memcpy((unsigned char *)&rows->row + rows->have, p, n);
		rows->have += n;
		p += n;
		len -= n;
		if (rows->have == sizeof(rows->row))
			r = take_row(rows);
	}
	return r;
}

int
nk_interfaces_each(int (*fn)(void *arg, const char *name,
    const char *address), void *arg)
{
	struct rows rows = { .fn = fn, .arg = arg };
	int r;

	if (nk_network_path() == NULL)
		return look(fn, arg);
	r = nk_network_run(&nk_interfaces_work, NULL, 0, SECONDS, take,
	    &rows);
	return r < 0 ? r : rows.said;
}
