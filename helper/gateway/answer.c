/* SPDX-License-Identifier: ISC */

/* What the gateway answers alone. */

#include "helper/gateway/message.h"

#include <errno.h>

#define TOO_MANY	"Maximum number of concurrent calls (20) has exceeded"
#define PARSE_ERROR	(-32700)
#define TOO_MANY_CALLS	(-32000)
#define CALL_ERROR	(-32001)

/* Takes the reference to o. */
static int
finish(json_t *o, char **textp, size_t *lenp)
{
	struct message m = { .root = o };
	int r;

	*textp = NULL;
	*lenp = 0;
	if (o == NULL)
		return -ENOMEM;
	r = message_encode(&m, textp, lenp);
	json_decref(o);
	return r;
}

int
message_pong(enum message_protocol protocol, const struct message *m,
    char **textp, size_t *lenp)
{
	if (protocol == MESSAGE_LEGACY)
		return finish(json_pack("{s:s, s:O*}", "msg", "pong", "id",
		    m->id), textp, lenp);
	return finish(json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0",
	    "result", "pong", "id", m->id), textp, lenp);
}

int
message_too_often(const struct message *m, char **textp, size_t *lenp)
{
	return finish(json_pack("{s:s, s:{s:i, s:s, s:{s:i, s:s, s:s, s:n, "
	    "s:n}}, s:O}", "jsonrpc", "2.0", "error", "code", CALL_ERROR,
	    "message", "Method call error", "data", "error", EBUSY,
	    "errname", "EBUSY", "reason", "[EBUSY] Rate Limit Exceeded",
	    "trace", "extra", "id", m->id), textp, lenp);
}

int
message_options_answer(const struct message *m,
    const struct message_options *o, char **textp, size_t *lenp)
{
	return finish(json_pack("{s:s, s:{s:b, s:b, s:b}, s:O}", "jsonrpc",
	    "2.0", "result", "legacy_jobs", o->legacy_jobs,
	    "private_methods", o->private_methods, "py_exceptions", 0, "id",
	    m->id), textp, lenp);
}

int
message_not_json(const char *why, char **textp, size_t *lenp)
{
	return finish(json_pack("{s:s, s:{s:i, s:s}, s:n}", "jsonrpc", "2.0",
	    "error", "code", PARSE_ERROR, "message", why, "id"), textp,
	    lenp);
}

int
message_too_many(enum message_protocol protocol, const struct message *m,
    char **textp, size_t *lenp)
{
	if (protocol == MESSAGE_LEGACY)
		return finish(json_pack("{s:s, s:O?, s:{s:i, s:s, s:n, s:s, "
		    "s:n, s:n}}", "msg", "result", "id", m->id, "error",
		    "error", ETOOMANYREFS, "errname", "ETOOMANYREFS", "type",
		    "reason", TOO_MANY, "trace", "extra"), textp, lenp);
	if (json_is_object(m->root) && json_object_get(m->root, "id") == NULL)
		return -ENOENT;		/* a notification */
	return finish(json_pack("{s:s, s:{s:i, s:s}, s:O?}", "jsonrpc",
	    "2.0", "error", "code", TOO_MANY_CALLS, "message", TOO_MANY,
	    "id", m->id), textp, lenp);
}

int
message_connected(const char *session, char **textp, size_t *lenp)
{
	return finish(json_pack("{s:s, s:s}", "msg", "connected", "session",
	    session), textp, lenp);
}

int
message_failed(char **textp, size_t *lenp)
{
	return finish(json_pack("{s:s, s:s}", "msg", "failed", "version",
	    "1"), textp, lenp);
}
