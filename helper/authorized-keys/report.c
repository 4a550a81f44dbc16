/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "helper/authorized-keys/report.h"

#define NAME_SHOWN	64
#define TEXT_MAX	512

static void
clean_name(char out[NAME_SHOWN + 1], const char *user)
{
	size_t i;

	for (i = 0; i < NAME_SHOWN && user[i] != '\0'; i++)
		out[i] = user[i] > ' ' && user[i] < 0x7f ? user[i] : '?';
	out[i] = '\0';
}

void
nk_report(int priority, const char *user, const char *format, ...)
{
	char name[NAME_SHOWN + 1], text[TEXT_MAX];
	va_list ap;
	int n;

	clean_name(name, user);
	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	openlog("naskeys-authorized-keys", LOG_PID, LOG_AUTHPRIV);
	syslog(priority, "user %s: %s", name, n < 0 ? "failed" : text);
}
