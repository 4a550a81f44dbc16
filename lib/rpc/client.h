/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CLIENT_H
#define NASKEYS_RPC_CLIENT_H

/*
 * The other side of rpc.h, for the command line: one request, one answer.
 */

#include <sys/types.h>

#include <jansson.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

struct nk_client;

struct nk_client_options {
	uid_t		 owner;		/* may answer, beside root (0) */
	int		 timeout;	/* ms without a byte; 0: for ever */
	size_t		 answer_max;	/* bytes of a line */
	/* Told of each notification that comes before the answer; or NULL. */
	void		(*notify)(void *arg, const char *method,
			    const json_t *params);
	void		*notify_arg;
};

/*
 * Connect to the socket "path".  -EPERM: who listens there is neither root
 * nor the owner; -ENAMETOOLONG: no socket has such a path; else as
 * connect(2).  *o is copied.
 */
int	nk_client_connect(struct nk_client **cp, const char *path,
	    const struct nk_client_options *o) NK_MUST_CHECK;

/*
 * Run the helper "program" (an absolute path) with argv and an empty
 * environment; its standard input and output are a socket to us, standard
 * error is ours, everything else is closed.  As posix_spawn(3).
 */
int	nk_client_spawn(struct nk_client **cp, const char *program,
	    const char *const argv[], const struct nk_client_options *o)
	    NK_MUST_CHECK;

/* Hang up; a helper that was spawned is waited for. */
void	nk_client_free(struct nk_client *c);

/*
 * Call a method.  params: an array, NULL is []; it stays the caller's.  fd:
 * sent along with the first byte, or -1; it stays the caller's.
 * 0: *resultp is a new reference.  -EREMOTEIO: the helper refused, *e says
 * why: code is the answer's; triples, or number and reason (EPROTO for an
 * error of the protocol itself, such as an unknown method).
 * -ECONNRESET: it hung up; -ETIMEDOUT; -EFBIG: the answer is longer than
 * answer_max; -EBADMSG: it is no answer to this call; else as sendmsg(2).
 * After any of the latter the connection is of no more use.
 */
int	nk_client_call(struct nk_client *c, const char *method,
	    const json_t *params, int fd, json_t **resultp,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * One answer line (without its newline) to the request "id".  As
 * nk_client_call(), and 1: it is a notification.
 */
int	nk_client_decode(const char *line, size_t len, int64_t id,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CLIENT_H */
