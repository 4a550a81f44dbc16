/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_GATEWAY_H
#define NASKEYS_HELPER_GATEWAY_H

/*
 * What a connection of the gateway's has beside its requests; so has that of
 * a caller whose websocket is a child's (middleware.h).  Every line to
 * the gateway begins with a mark that says what it is:
 *
 *	=	the answer to the oldest message that has none yet, or, with
 *		nothing behind it, that there is none to send
 *	+	a notification
 *	!	for the gateway itself, an object of JSON:
 *		{"message_max": N}	how long a message may be from now on
 *		{"idle": true}		nobody is logged in and nothing is
 *					begun: the connection may be closed
 *		{"close": N, "reason": S}	close the websocket
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/helper/sink.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/rpc/web.h"

#define GATEWAY_ANSWER	'='
#define GATEWAY_EVENT	'+'
#define GATEWAY_CONTROL	'!'

/* Codes of RFC 6455, section 7.4.1. */
#define GATEWAY_CLOSE_DATA	1007
#define GATEWAY_CLOSE_POLICY	1008
#define GATEWAY_CLOSE_SIZE	1009

/* A message as the gateway writes it may be longer than it came. */
#define GATEWAY_LINE_MAX(message)	((size_t)6 * (message))

struct gateway {
	struct nk_web	 web;
	size_t		 message_max;	/* as the gateway was told */
	bool		 greeted;	/* its first line has come */
	bool		 said_idle;
};

/* Each tells the gateway; results are sink_put()'s. */
int	gateway_say_limit(const struct gateway *g, const struct sink *sink)
	    NK_MUST_CHECK;
int	gateway_say_idle(const struct sink *sink) NK_MUST_CHECK;
/* The reason needs no escapes in JSON. */
int	gateway_say_close(const struct sink *sink, int code,
	    const char *reason) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_GATEWAY_H */
