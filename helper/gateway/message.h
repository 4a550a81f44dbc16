/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_MESSAGE_H
#define NASKEYS_GATEWAY_MESSAGE_H

/*
 * One message of a client: decoded, and told apart by what the gateway does
 * with it.  What goes to the helper is never the client's own text, but what
 * jansson makes of it again.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define MESSAGE_DEPTH_MAX	64u	/* of arrays and objects */
#define MESSAGE_VALUES_MAX	262144u
#define MESSAGE_WHY_SIZE	100	/* fits into the reason of a close */

enum message_protocol {
	MESSAGE_JSONRPC,	/* of /api/... */
	MESSAGE_LEGACY,		/* of /websocket */
};

enum message_kind {
	MESSAGE_CALL,		/* the helper knows what to do */
	/* JSON-RPC */
	MESSAGE_CORE_PING,
	MESSAGE_CORE_OPTIONS,
	/* the legacy protocol */
	MESSAGE_CONNECT,	/* in the one version that there is */
	MESSAGE_CONNECT_OTHER,	/* in another one */
	MESSAGE_PING,
	MESSAGE_NOTHING,	/* nobody does anything with it */
	MESSAGE_NO_OBJECT,
};

/* What core.set_options sets; py_exceptions are never sent. */
struct message_options {
	bool	legacy_jobs;
	bool	private_methods;
};

struct message {
	enum message_kind	 kind;
	json_t			*root;
	json_t			*id;	/* what is echoed, in root; or NULL */
};

/*
 * Decode text[len].  0; -EBADMSG, it is no JSON that we take, and "why" says
 * in printable ASCII what is wrong; -ENOMEM.  message_clear() afterwards.
 */
int	message_read(enum message_protocol protocol, const char *text,
	    size_t len, struct message *m, char why[MESSAGE_WHY_SIZE])
	    NK_MUST_CHECK;
void	message_clear(struct message *m);

/* Take the options of a MESSAGE_CORE_OPTIONS over what holds until now. */
void	message_options(const struct message *m, struct message_options *o);

/*
 * The message as a line for the helper, without its newline; *textp is to be
 * given back with message_free().  -ENOMEM.
 */
int	message_encode(const struct message *m, char **textp, size_t *lenp)
	    NK_MUST_CHECK;

/* ---- answers of the gateway's own; each as message_encode() ---- */

int	message_pong(enum message_protocol protocol, const struct message *m,
	    char **textp, size_t *lenp) NK_MUST_CHECK;
int	message_too_often(const struct message *m, char **textp,
	    size_t *lenp) NK_MUST_CHECK;
int	message_options_answer(const struct message *m,
	    const struct message_options *o, char **textp, size_t *lenp)
	    NK_MUST_CHECK;
int	message_not_json(const char *why, char **textp, size_t *lenp)
	    NK_MUST_CHECK;
/* -ENOENT where the message wants no answer. */
int	message_too_many(enum message_protocol protocol,
	    const struct message *m, char **textp, size_t *lenp)
	    NK_MUST_CHECK;
int	message_connected(const char *session, char **textp, size_t *lenp)
	    NK_MUST_CHECK;
int	message_failed(char **textp, size_t *lenp) NK_MUST_CHECK;

/* Wipes it; NULL is fine. */
void	message_free(char *text, size_t len);

#endif /* NASKEYS_GATEWAY_MESSAGE_H */
