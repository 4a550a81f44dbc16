/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/notify.h"

int
notify_open(const struct handover *h)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(h->notify);
	int fd;

	if (len == 0 || (h->notify[0] != '/' && h->notify[0] != '@'))
		return -1;
	memcpy(un.sun_path, h->notify, len);
	if (h->notify[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		return fd;
	close(fd);
	return -1;
}

void
notify_say(int fd, const char *text)
{
	if (fd != -1)
		(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

void
notify(const struct handover *h, const char *text)
{
	int fd = notify_open(h);

	notify_say(fd, text);
	if (fd != -1)
		close(fd);
}
