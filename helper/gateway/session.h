/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_SESSION_H
#define NASKEYS_GATEWAY_SESSION_H

/*
 * One websocket, without its sockets: what comes in from the client and from
 * the helper, and what is to go out to either.  Whoever calls moves the bytes
 * and does what the state says:
 *
 *  1. where the session wants a helper (session_wants_helper()), connect to
 *     one, and say what came of it;
 *  2. where it wants none and there is one, close the connection;
 *  3. send "to_client" and "to_helper";
 *  4. read from each side as long as session_reads_*();
 *  5. where "end" is not 0, send what is in to_client, then close with that
 *     code and reason.
 *
 * Nothing that a helper or a client says can make it hold more than its
 * limits.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/gateway/message.h"
#include "helper/gateway/queue.h"
#include "lib/attr.h"

/* Characters of a message, and their bound whatever a helper says. */
#define SESSION_MESSAGE_ANONYMOUS	8192u
#define SESSION_MESSAGE_LOCAL		65536u
#define SESSION_MESSAGE_BOUND		(2u << 20)

#define SESSION_OUTSTANDING_MAX	20u	/* messages without an answer */
#define SESSION_TO_CLIENT_HIGH	(256u << 10)	/* then reads no further */
#define SESSION_TO_HELPER_HIGH	(64u << 10)	/* likewise */
#define SESSION_CONTROL_MAX	1024u	/* bytes of a line for us */
#define SESSION_REASON_SIZE	124	/* RFC 6455, 5.5: 125 with the code */
#define SESSION_ADDRESS_SIZE	46	/* INET6_ADDRSTRLEN */
#define SESSION_ID_SIZE		37	/* a UUID, with its NUL */

/* Codes of RFC 6455, section 7.4.1. */
#define SESSION_NO_TEXT		1003
#define SESSION_BAD_DATA	1007
#define SESSION_POLICY		1008
#define SESSION_TOO_BIG		1009
#define SESSION_FAULT		1011
#define SESSION_TRY_LATER	1013

/* Who it is, for the helper's limits and log; no right comes of it. */
struct session_client {
	const char	*path;		/* outlives the session */
	char		 address[SESSION_ADDRESS_SIZE];
	unsigned int	 port;
	bool		 tls;
	char		 id[SESSION_ID_SIZE];	/* of the legacy protocol */
};

/* What it asks its caller. */
struct session_hooks {
	/* May this client be told once more that we are there? */
	bool	(*may_ping)(void *arg);
};

enum session_line {
	SESSION_LINE_NONE,	/* between two lines */
	SESSION_LINE_ANSWER,
	SESSION_LINE_EVENT,
	SESSION_LINE_CONTROL,
};

struct session {
	enum message_protocol	 protocol;
	struct session_client	 client;
	const struct session_hooks *hooks;
	void			*arg;		/* of the hooks */

	struct message_options	 options;
	bool			 connected;	/* legacy */
	size_t			 message_max;	/* characters */
	struct buffer		 incoming;	/* of a message */
	struct queue		 to_client;

	/* the helper */
	bool			 wants_helper;
	bool			 heard;		/* it has said anything */
	unsigned int		 outstanding;
	struct buffer		 to_helper;
	enum session_line	 line;		/* that is coming in */
	bool			 begun;		/* a piece of it is queued */
	struct buffer		 control;	/* the line, where it is ours */
	struct queue		 later;		/* waits for the line's end */

	unsigned int		 end;		/* 0: it goes on */
	char			 reason[SESSION_REASON_SIZE];
};

/* It must not be moved. */
void	session_init(struct session *s, enum message_protocol protocol,
	    const struct session_client *client, struct budget *budget,
	    const struct session_hooks *hooks, void *arg);
void	session_clear(struct session *s);

/*
 * It is of a caller on this machine, whom the helper knows already: there is
 * one helper, to which everything goes from the start.
 */
void	session_local(struct session *s);

/* A part of a text message; "last" is its last. */
void	session_text(struct session *s, const void *text, size_t len,
	    bool last);
/* A message that is no text. */
void	session_binary(struct session *s);

/* Bytes from the helper, and the end of its connection. */
void	session_helper_bytes(struct session *s, const void *bytes,
	    size_t len);
void	session_helper_end(struct session *s);

/* End it with this code. */
void	session_end(struct session *s, unsigned int code,
	    const char *reason);

bool	session_reads_client(const struct session *s);
bool	session_reads_helper(const struct session *s);

/* ---- for session.c and fromhelper.c ---- */

/* A message of the gateway's own, between those of the helper. */
void	session_put(struct session *s, const char *text, size_t len);
void	session_drop_helper(struct session *s);

#endif /* NASKEYS_GATEWAY_SESSION_H */
