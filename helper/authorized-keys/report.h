/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_REPORT_H
#define NASKEYS_AKC_REPORT_H

/*
 * Say one line to syslog, facility LOG_AUTHPRIV: sshd discards standard
 * error.  priority is one of syslog(3)'s; user may be any bytes, of which a
 * bounded printable part is logged; detail may be NULL.
 *
 * Not syslog(3) itself: formatting and time zones are more code than all
 * the rest of this program, and every start of it would pay for them.
 */
void	nk_report(int priority, const char *user, const char *what,
	    const char *detail);

/* The same of a line of the file path. */
void	nk_report_line(int priority, const char *user, const char *path,
	    unsigned int number, const char *why);

#endif /* NASKEYS_AKC_REPORT_H */
