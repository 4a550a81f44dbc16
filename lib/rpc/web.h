/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_H
#define NASKEYS_RPC_WEB_H

/*
 * Somebody behind the gateway: one websocket, of which the gateway passes on
 * the messages.  Or one of this machine, of which a child does: that is who
 * its peer credentials say, from the start, and cannot log in.
 *
 *  1. What the gateway says of the connection MUST serve limits and the
 *     audit log alone, never a right.
 *  2. The first line is the gateway's own, each other one is a message of
 *     the client's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/weblogins.h"

struct nk_web_pending;

#define NK_WEB_HELLO_MAX	4096u	/* bytes of the first line */
#define NK_WEB_ADDRESS_SIZE	46	/* INET6_ADDRSTRLEN */
#define NK_WEB_PATH_SIZE	129
#define NK_WEB_ORIGIN_SIZE	64	/* [address]:port */

/* How long a message may be, in characters: nobody's, and a login's. */
#define NK_WEB_MESSAGE_ANONYMOUS	8192u
#define NK_WEB_MESSAGE_MAX		65536u

#define NK_WEB_SUBSCRIPTIONS	64u	/* of a connection */
#define NK_WEB_EVENT_MAX	256u	/* bytes of a subscription's id, name */

#define NK_WEB_WRONG_MS		1000

#define NK_UUID_SIZE		37	/* with its NUL */

struct nk_web_subscription {
	char	id[NK_WEB_EVENT_MAX + 1];
	char	name[NK_WEB_EVENT_MAX + 1];
};

/* A call that is answered with its job's id, and is still to be made. */
struct nk_web_job {
	int64_t			 id;
	const struct nk_method	*method;	/* NULL: there is none */
	json_t			*params, *object;
};

struct nk_web {
	/* What the gateway says: rule 1. */
	char		 address[NK_WEB_ADDRESS_SIZE];
	unsigned int	 port;
	bool		 tls;
	bool		 legacy;	/* the protocol of /websocket */
	char		 path[NK_WEB_PATH_SIZE];

	/*
	 * Whose hanging up ends a wait, or -1; what asks PAM; how long a
	 * wrong attempt takes, in milliseconds.
	 */
	int		 client;
	const char	*ask_program;
	int		 wrong_ms;

	/* Of this machine: its peer credentials say who it is. */
	bool		 local;

	bool		 in;		/* somebody is logged in */
	struct nk_web_session session;	/* who */
	int64_t		 ends_at;	/* s, CLOCK_BOOTTIME */
	struct nk_web_pending *pending;	/* a code is waited for; or NULL */

	struct nk_web_subscription *subscriptions;
	size_t		 n_subscriptions;
	/* Of the store and of jobs, or -1 (lib/rpc/web_events.h). */
	int		 feed, jobs_feed;
	struct nk_last_ids last_ids;	/* of what was told */
	int64_t		 last_job, last_job_change;

	struct nk_web_job job;		/* lib/rpc/job.h */
	int64_t		 job_id;	/* of the one that runs; 0: none */
};

/* Nobody, and nothing is known. */
void	nk_web_init(struct nk_web *w, int client);

/*
 * Read the first line into *w and into c's options.  -EBADMSG: it is not as
 * it must be; -ENOMEM.
 */
int	nk_web_hello(struct nk_web *w, struct nk_context *c, const char *line,
	    size_t len) NK_MUST_CHECK;
/*
 * The connection is over, and a login with it; the tokens it made are not.
 * 0, or -errno of session.db.
 */
int	nk_web_end(struct nk_context *c) NK_MUST_CHECK;

/* How long a message of this connection may be, in characters. */
size_t	nk_web_message_max(const struct nk_web *w);

/* Whose limits count: the address; of version 6 its first 64 bits. */
void	nk_web_network(const struct nk_web *w,
	    char network[NK_WEB_ADDRESS_SIZE]);
/* "192.0.2.1:443", "[2001:db8::1]:443" */
void	nk_web_origin(const struct nk_web *w, char origin[NK_WEB_ORIGIN_SIZE]);

/*
 * Handle a message of c->web's, in its protocol: as nk_rpc_handle(), and
 * *answerp is NULL for whatever is not answered.  -EBADMSG: it is none, and
 * the protocol knows no answer to that.
 */
int	nk_web_handle(struct nk_context *c, const char *line, size_t len,
	    char **answerp, size_t *lenp) NK_MUST_CHECK;

/*
 * The name is of interest from now on, under this id.  Inside of the limits;
 * -ENOBUFS: there are too many; -EINVAL: id or name is too long or empty.
 */
int	nk_web_subscribe(struct nk_web *w, const char *id, const char *name)
	    NK_MUST_CHECK;
void	nk_web_unsubscribe(struct nk_web *w, const char *id);

/* A random one, in its usual form. */
int	nk_uuid(char uuid[NK_UUID_SIZE]) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_H */
