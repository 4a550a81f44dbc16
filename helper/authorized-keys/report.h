/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_REPORT_H
#define NASKEYS_AKC_REPORT_H

#include "lib/attr.h"

/*
 * One line to syslog: sshd discards standard error.  priority is syslog(3)'s;
 * user may be any bytes, of which a bounded printable part is logged.
 */
void	nk_report(int priority, const char *user, const char *format, ...)
	    NK_PRINTF(3, 4);

#endif /* NASKEYS_AKC_REPORT_H */
