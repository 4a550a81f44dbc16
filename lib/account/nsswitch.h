/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_NSSWITCH_H
#define NASKEYS_ACCOUNT_NSSWITCH_H

#include <stddef.h>

#include "lib/attr.h"

#define NK_NSSWITCH_MAX		65536	/* bytes of nsswitch.conf(5) */
#define NK_SERVICES_MAX		512	/* of one line, with its NUL */

/*
 * The services that text[len], an nsswitch.conf(5), names for the database,
 * as __nss_configure_lookup() takes them, but without "naskeys" and without
 * the actions in brackets that belong to it.  "files" when no line, or
 * nothing else, is there.  Returns 0; -EBADMSG for a bracket that is not
 * closed, or a NUL; -E2BIG when out is too small for it.
 */
int	nk_nsswitch_services(const char *text, size_t len,
	    const char *database, char out[NK_SERVICES_MAX]) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_NSSWITCH_H */
