/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/peer.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TABLE		"/proc/net/tcp"
#define TABLE_6		"/proc/net/tcp6"
#define ADDRESS_SIZE	48
#define ROW_SIZE	(2 * ADDRESS_SIZE + 8)
#define ESTABLISHED	"01"
#define TO_UID		3u	/* fields between the state and the uid */

/*
 * An address as the kernel's tables have it: words of 32 bits in hexadecimal,
 * as they lie in memory.  -1: that table has none such.
 */
static int
put_address(const struct sockaddr_storage *ss, bool six,
    char text[ADDRESS_SIZE])
{
	uint32_t word[4] = { 0, 0, htonl(0xffff), 0 };	/* of version 4 */
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;
	unsigned int port;

	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		word[3] = sin.sin_addr.s_addr;
		port = ntohs(sin.sin_port);
	} else if (ss->ss_family == AF_INET6 && six) {
		memcpy(&sin6, ss, sizeof(sin6));
		memcpy(word, &sin6.sin6_addr, sizeof(word));
		port = ntohs(sin6.sin6_port);
	} else
		return -1;
	if (six)
		(void)snprintf(text, ADDRESS_SIZE, "%08X%08X%08X%08X:%04X",
		    word[0], word[1], word[2], word[3], port);
	else
		(void)snprintf(text, ADDRESS_SIZE, "%08X:%04X", word[3],
		    port);
	return 0;
}

/* How the row of the other end begins, behind its number. */
static int
put_row(int fd, bool six, char row[ROW_SIZE])
{
	char near[ADDRESS_SIZE], far[ADDRESS_SIZE];
	struct sockaddr_storage ours, theirs;
	socklen_t len = sizeof(ours), n = sizeof(theirs);

	if (getsockname(fd, (struct sockaddr *)&ours, &len) == -1 ||
	    getpeername(fd, (struct sockaddr *)&theirs, &n) == -1 ||
	    put_address(&ours, six, near) == -1 ||
	    put_address(&theirs, six, far) == -1)
		return -1;
	(void)snprintf(row, ROW_SIZE, ": %s %s " ESTABLISHED " ", far, near);
	return 0;
}

/* What stands behind the state: is the uid 0? */
static bool
is_of_root(const char *p)
{
	unsigned int i;

	for (i = 0; i < TO_UID; i++) {
		p += strspn(p, " ");
		p += strcspn(p, " ");
	}
	p += strspn(p, " ");
	return p[0] == '0' && p[1] == ' ';
}

static bool
table_has(const char *table, const char *row)
{
	const char *p = NULL;
	char line[512];
	FILE *f;

	if ((f = fopen(table, "re")) == NULL)
		return false;
	while (p == NULL && fgets(line, sizeof(line), f) != NULL)
		p = strstr(line, row);
	(void)fclose(f);
	return p != NULL && is_of_root(p + strlen(row));
}

bool
nk_peer_is_roots(int fd)
{
	char row[ROW_SIZE];

	return (put_row(fd, false, row) == 0 && table_has(TABLE, row)) ||
	    (put_row(fd, true, row) == 0 && table_has(TABLE_6, row));
}
