/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_CLIENT_H
#define NASKEYS_GATEWAY_CLIENT_H

/*
 * A connection from outside, from accept(2) to its end: who it is, how long
 * it may take, its session once it is a websocket, and the connection to its
 * helper.  Clients are counted, in all and for each address.
 */

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/gateway/addresses.h"
#include "helper/gateway/queue.h"
#include "helper/gateway/request.h"
#include "helper/gateway/session.h"
#include "lib/attr.h"

#define CLIENT_BEGIN_MS		10000	/* to become a websocket */
#define CLIENT_MESSAGE_MS	10000	/* for a message that has begun */
#define CLIENT_STALL_MS		30000	/* until it takes what we send */
#define CLIENT_HALF_OPEN_MAX	1024u	/* that are no websockets yet */

struct client {
	TAILQ_ENTRY(client)	 all;
	TAILQ_ENTRY(client)	 half;		/* as long as !is_open */
	struct clients		*owner;
	struct address		*address;
	struct address_key	 key;
	unsigned int		 port;
	int64_t			 accepted_ms;
	int64_t			 begun_ms;	/* a message, 0: none */
	int64_t			 stalled_ms;	/* since then, 0: not */
	bool			 is_open;	/* has a session */
	struct session		 session;
	int			 helper;	/* socket, or -1 */
	void			*web, *web_helper;	/* web.c's own */
};

struct clients_limits {
	unsigned int	 max;
	unsigned int	 helpers;		/* connections to them */
	unsigned int	 per_address;
	unsigned int	 calls;			/* in a window */
	size_t		 memory;		/* of what is on its way */
};

struct clients {
	TAILQ_HEAD(clients_list, client) all;
	struct clients_list	 half;		/* the oldest first */
	unsigned int		 n, n_half;
	unsigned int		 max;
	unsigned int		 n_helpers, helpers_max;
	struct addresses	*addresses;
	struct budget		 budget;
	const char		*socket;	/* of the acceptor, or NULL */
	int			 helper;	/* then: to the one, or -1 */
};

/*
 * path: of the acceptor.  NULL: there is one client, of this machine, and
 * "helper" is the socket to its helper.  0 or -errno.
 */
int	clients_init(struct clients *cs, const struct clients_limits *l,
	    const char *path, int helper) NK_MUST_CHECK;
/* No client is left. */
void	clients_clear(struct clients *cs);

/*
 * A connection has been accepted; "proxied" ones belong to an address that
 * is known later.  0; -EUSERS, there are too many; -ENOMEM.
 */
int	client_new(struct clients *cs, const struct address_key *k,
	    unsigned int port, bool proxied, int64_t now_ms,
	    struct client **cp) NK_MUST_CHECK;
void	client_free(struct client *c, int64_t now_ms);

/* A proxy says who it is.  As client_new(). */
int	client_set_address(struct client *c, const struct address_key *k,
	    int64_t now_ms) NK_MUST_CHECK;

/* It has become a websocket.  0 or -errno. */
int	client_open(struct client *c, const struct request_path *path,
	    bool tls) NK_MUST_CHECK;

/* A part of a text message. */
void	client_text(struct client *c, const void *text, size_t len,
	    bool last, int64_t now_ms);

/* Has it had the time that it may have? */
bool	client_is_late(const struct client *c, int64_t now_ms);
/* It has, or has not, taken something of what is to be sent. */
void	client_sent(struct client *c, int64_t now_ms);

/* ---- its helper ---- */

/*
 * Connect to the acceptor; c->helper is the socket.  0; -EUSERS, there are
 * too many; -errno.
 */
int	client_connect(struct client *c) NK_MUST_CHECK;
/* Such a socket has been closed. */
void	clients_helper_closed(struct clients *cs);
/* What is there to read, without waiting; false: nothing, or the end. */
bool	client_read_helper(struct client *c);
void	client_write_helper(struct client *c);
/* End the connection to it; whoever waits for the socket closes it. */
void	client_disconnect(struct client *c);

#endif /* NASKEYS_GATEWAY_CLIENT_H */
