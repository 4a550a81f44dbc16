/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_WEB_H
#define NASKEYS_GATEWAY_WEB_H

/*
 * HTTP, TLS, websockets and the event loop: all that there is of
 * libwebsockets.  Nothing of it is known elsewhere.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/gateway/client.h"
#include "helper/gateway/listen.h"
#include "lib/attr.h"

#define WEB_BOOT_ID_SIZE	40

struct web_config {
	int		 listeners[LISTEN_MAX];
	size_t		 n_listeners;
	unsigned int	 descriptors;	/* that the process may have */
	const char	*certificate;	/* NULL: without TLS */
	const char	*key;
	const char	*origins;	/* of request_origin_allowed() */
	const char	*proxy_header;	/* "": nobody is asked */
	char		 boot_id[WEB_BOOT_ID_SIZE];
};

struct web;

/*
 * Make ready all that needs files and rights.  The configuration and the
 * clients are the caller's and outlive it.  0; -ENOMEM; -EINVAL: the
 * certificate, the key or libwebsockets cannot be used, which has been
 * logged.
 */
int	web_new(struct web **wp, const struct web_config *config,
	    struct clients *clients) NK_MUST_CHECK;
void	web_free(struct web *w);

/*
 * Serve until a signal says to end (SIGTERM, SIGINT).  All clients have gone
 * when web_free() returns.
 */
void	web_run(struct web *w);

/* Serve who is connected at fd, which it takes, until that has ended. */
void	web_run_one(struct web *w, int fd);

/* As /api/boot_id answers it.  0 or -EIO. */
int	web_read_boot_id(char id[WEB_BOOT_ID_SIZE]) NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_WEB_H */
