/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/authorized-keys/report.h"

#define NAME_SHOWN	64
#define LINE_MAX_LEN	512

struct line {
	char	text[LINE_MAX_LEN];
	size_t	len;
};

/* Control characters and what is not ASCII become '?'. */
static void
add(struct line *l, const char *text, size_t max)
{
	size_t i;

	for (i = 0; i < max && text[i] != '\0' &&
	    l->len < sizeof(l->text); i++)
		l->text[l->len++] = text[i] >= ' ' && text[i] < 0x7f ?
		    text[i] : '?';
}

static void
add_number(struct line *l, unsigned int n)
{
	char digits[11];
	size_t i = sizeof(digits) - 1;

	digits[i] = '\0';
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	add(l, digits + i, sizeof(digits));
}

/* If nobody listens there, nobody can be told. */
static void
send_line(const struct line *l)
{
	static const struct sockaddr_un log = {
		.sun_family = AF_UNIX, .sun_path = "/dev/log",
	};
	int fd;

	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	if (connect(fd, (const struct sockaddr *)&log, sizeof(log)) == 0)
		(void)send(fd, l->text, l->len, MSG_NOSIGNAL);
	close(fd);
}

static void
begin(struct line *l, int priority, const char *user)
{
	l->len = 0;
	add(l, "<", 1);
	add_number(l, (unsigned int)(LOG_AUTHPRIV | priority));
	add(l, ">naskeys-authorized-keys[", LINE_MAX_LEN);
	add_number(l, (unsigned int)getpid());
	add(l, "]: user ", LINE_MAX_LEN);
	add(l, user, NAME_SHOWN);
	add(l, ": ", LINE_MAX_LEN);
}

void
nk_report(int priority, const char *user, const char *what,
    const char *detail)
{
	struct line l;

	begin(&l, priority, user);
	add(&l, what, LINE_MAX_LEN);
	if (detail != NULL) {
		add(&l, ": ", LINE_MAX_LEN);
		add(&l, detail, LINE_MAX_LEN);
	}
	send_line(&l);
}

void
nk_report_line(int priority, const char *user, const char *path,
    unsigned int number, const char *why)
{
	struct line l;

	begin(&l, priority, user);
	add(&l, path, LINE_MAX_LEN);
	add(&l, ": line ", LINE_MAX_LEN);
	add_number(&l, number);
	add(&l, ": ", LINE_MAX_LEN);
	add(&l, why, LINE_MAX_LEN);
	send_line(&l);
}
