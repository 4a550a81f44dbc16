/* SPDX-License-Identifier: ISC */
#include "lib/machine/finding.h"

#include <stdarg.h>
#include <stdio.h>

static void NK_PRINTF(4, 0)
say(struct nk_findings *f, const char *code, bool note, const char *fmt,
    va_list ap)
{
	char text[NK_FINDING_MAX] = "";
	const struct nk_finding x = { .code = code, .note = note,
	    .text = text };
	char *p;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	/* files of the machine's may hold any bytes */
	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	f->bad = f->bad || !note;
	f->report(f->arg, &x);
}

void
nk_finding_fault(struct nk_findings *f, const char *code, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(f, code, false, fmt, ap);
	va_end(ap);
}

void
nk_finding_note(struct nk_findings *f, const char *code, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(f, code, true, fmt, ap);
	va_end(ap);
}
