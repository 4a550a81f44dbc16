/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_QR_H
#define NASKEYS_CTL_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define QR_QUIET	4	/* light modules around it, ISO 18004 */

/*
 * Draw width * width modules (1: dark), two of them one above the other in a
 * character, with the quiet zone.  Light is what the terminal's text is drawn
 * with; "colour" says so whatever the terminal's colours are.  malloc'd, for
 * who wipes it, and its length; NULL: out of memory.
 */
char	*qr_format(const uint8_t *modules, size_t width, bool colour,
	    size_t *lenp);

/*
 * Draw text as a QR code on standard output.  false: it is no terminal that
 * this fits on, or we were built without libqrencode; nothing was printed.
 */
bool	qr_print(const char *text);

#endif /* NASKEYS_CTL_QR_H */
