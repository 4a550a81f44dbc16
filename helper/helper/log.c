/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "helper/helper/log.h"

static const char *program = "naskeys-helper";
static bool syslog_open;

void
log_program(const char *name)
{
	program = name;
}

void
log_to_syslog(void)
{
	openlog(program, LOG_PID, LOG_AUTHPRIV);
	syslog_open = true;
}

void
log_say(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (syslog_open) {
		vsyslog(priority, fmt, ap);
	} else {
		(void)fprintf(stderr, "%s: ", program);
		(void)vfprintf(stderr, fmt, ap);
		(void)fputc('\n', stderr);
	}
	va_end(ap);
}

bool
log_rate_pass(struct log_rate *l, int64_t now_ms, uint64_t *beforep)
{
	if (now_ms < l->next_ms) {
		l->kept_back++;
		return false;
	}
	*beforep = l->kept_back;
	l->kept_back = 0;
	l->next_ms = now_ms + LOG_EVERY_MS;
	return true;
}
