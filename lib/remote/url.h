/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_URL_H
#define NASKEYS_REMOTE_URL_H

/* The address of another NAS's web interface. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/target.h"

#define NK_URL_MAX	2083u	/* characters */
#define NK_URL_PATH_MAX	255u

struct nk_url {
	bool		 tls;
	char		 host[NK_TARGET_HOST_MAX + 1];	/* no brackets */
	uint16_t	 port;
	char		 path[NK_URL_PATH_MAX + 1];	/* what stands in front
						   of the API's; "": nothing */
};

/*
 * Read "http[s]://HOST[:PORT][/PATH]"; an IPv6 address stands in brackets.
 * Neither a user and password, nor a query, nor a fragment belongs to it.
 * 0; -EINVAL with a static sentence in *whyp that repeats nothing.
 */
int	nk_url_read(const char *text, struct nk_url *u, const char **whyp)
	    NK_MUST_CHECK;

/*
 * Does what is sent there stay on this machine?  So do only addresses that
 * say it themselves and "localhost".
 */
bool	nk_url_is_loopback(const struct nk_url *u);

#endif /* NASKEYS_REMOTE_URL_H */
