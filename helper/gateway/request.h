/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_REQUEST_H
#define NASKEYS_GATEWAY_REQUEST_H

/* What is asked for over HTTP, and by whom. */

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#include "helper/gateway/addresses.h"
#include "helper/gateway/message.h"
#include "helper/gateway/session.h"
#include "lib/attr.h"

#define REQUEST_VALUE_SIZE	256	/* of a header that we look at */

enum request_kind {
	REQUEST_WEBSOCKET,
	REQUEST_VERSIONS,
	REQUEST_BOOT_ID,
};

struct request_path {
	const char		*path;
	enum request_kind	 kind;
	enum message_protocol	 protocol;	/* of a websocket */
};

/* NULL: there is nothing. */
const struct request_path *request_find(const char *path);

/* The versions that we serve, as /api/versions has them. */
const char *request_versions(void);

/*
 * May a page of this origin speak to us?  Those of our own host (in the Host
 * header) and those of the list (origins with blanks between them) may;
 * "origin" is "" for what is no browser.
 */
bool	request_origin_allowed(const char *origin, const char *host,
	    const char *list);

/*
 * A numeric address as a proxy's header has it, where there are several the
 * last: it is the one that our proxy wrote.  0 or -EBADMSG.
 */
int	request_proxied(const char *value, struct address_key *k)
	    NK_MUST_CHECK;

/* The key of a socket's address, and its port.  0 or -EAFNOSUPPORT. */
int	request_key(const struct sockaddr_storage *ss, struct address_key *k,
	    unsigned int *portp) NK_MUST_CHECK;
bool	request_is_loopback(const struct address_key *k);
void	request_text(const struct address_key *k,
	    char text[SESSION_ADDRESS_SIZE]);

#endif /* NASKEYS_GATEWAY_REQUEST_H */
