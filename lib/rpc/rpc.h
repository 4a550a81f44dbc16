/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_H
#define NASKEYS_RPC_H

/*
 * JSON-RPC 2.0 as the helper speaks it: what a method is, who calls it, and
 * how it answers.  Only lib/rpc and the command line know JSON.
 */

#include <sys/types.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"
#include "lib/rpc/json_memory.h"
#include "lib/store/session.h"

/* JSON-RPC's own error codes that TrueNAS clients know; no others. */
#define NK_RPC_PARSE_ERROR	(-32700)
#define NK_RPC_INVALID_REQUEST	(-32600)
#define NK_RPC_NO_METHOD	(-32601)
#define NK_RPC_INVALID_PARAMS	(-32602)
#define NK_RPC_INTERNAL		(-32603)
#define NK_RPC_TOO_MANY		(-32000)
#define NK_RPC_CALL_ERROR	(-32001)

#define NK_JSON_DEPTH_MAX	64	/* nesting of a request */
#define NK_JSON_VALUES_MAX	262144	/* values in a request */
#define NK_ERRORS_MAX		100	/* validation errors in an answer */

/* Errno numbers of TrueNAS's own, beside errno.h's. */
#define NK_ENOMETHOD		201
#define NK_ENOTAUTHENTICATED	207
#define NK_ESSLCERT		208

/*
 * "EEXIST" for 17, "EUNKNOWN" for what has no name.  Where Linux has two
 * names for a number, the one that TrueNAS's Python shows.
 */
const char *nk_errno_name(int number);

/* ---- who calls ---- */

enum nk_rank {
	NK_RANK_NOBODY,		/* the gateway before a login */
	NK_RANK_USER,		/* any local user, for its own account */
	NK_RANK_ADMIN,
	NK_RANK_ROOT,
};

/*
 * What is known of the other end; fixed for a connection.  The rank is
 * not: it is computed again for each request (lib/rpc/rights.h).
 */
struct nk_caller {
	uid_t	 uid;
	gid_t	 gid;
	gid_t	*groups;	/* SO_PEERGROUPS or getgroups(2) */
	size_t	 ngroups;
	pid_t	 pid;		/* 0: unknown */
	bool	 gateway;	/* speaks for somebody behind the gateway */
};

struct nk_error;
struct nk_lent;
struct nk_web;

/* What a method works on: see nk_context's ready. */
enum nk_method_kind {
	NK_READS,		/* the store, with which the maps agree */
	NK_EDITS,		/* likewise; counts against the rate of edits */
	NK_LOOKS,		/* the store, and the maps as they are */
	NK_APART,		/* neither: if root asks, they are not opened */
};

#define NK_ACTOR_MAX	256	/* bytes of a name, with its NUL */

struct nk_context {
	struct nk_publisher	*publisher;
	struct nk_session	*session;
	const struct nk_state	*state;
	const struct nk_conf	*conf;
	const struct nk_caller	*caller;
	/* Set by nk_rpc_handle(), for each request. */
	enum nk_rank		 rank;
	int64_t			 user_id;	/* caller's row, 0: none */
	char			 actor[NK_ACTOR_MAX];	/* caller's name,
						   for audit */
	uid_t			 actor_uid;	/* likewise */
	/*
	 * Makes ready what a method of this kind works on.  0, or -errno
	 * with *e set.  NULL: all is.
	 */
	int			(*ready)(void *arg, enum nk_method_kind kind,
				    struct nk_error *e);
	void			*ready_arg;
	/* Sets these four again: who waits may lose a right meanwhile. */
	int			(*rights)(struct nk_context *c);
	/*
	 * They were computed for this request, with this result, and nothing
	 * was waited for since: good for its admission alone.
	 */
	bool			 rights_known;
	int			 rights_result;

	/* What core.set_options said; all false on a new connection. */
	bool			 new_jobs;	/* legacy_jobs is false */
	bool			 private_methods;

	json_t			*message_id;	/* of the call at hand,
						   borrowed; NULL: none */

	/* Who is behind the gateway (lib/rpc/web.h); else NULL. */
	struct nk_web		*web;

	/*
	 * Set by keychaincredential.lend: the connection serves it as soon
	 * as the answer has gone out, and does nothing else any more
	 * (lib/rpc/connection_lend.h).
	 */
	struct nk_lent		*lending;

	int			 passed_fd;	/* SCM_RIGHTS, or -1; the
						   method takes it over by
						   setting it to -1, else
						   nk_rpc_handle()'s caller
						   closes it */
	int			 input_fd;	/* what follows the request on
						   standard input, or -1 */
	/*
	 * Send a notification while the method runs (progress of an import:
	 * "naskeys.progress" with {"done": n, "total": n}).  Takes the
	 * reference to params.  May be NULL.
	 */
	void			(*notify)(void *arg, const char *method,
				    json_t *params);
	void			*notify_arg;
	/* Has the caller hung up?  NULL: that cannot be known. */
	bool			(*gone)(void *arg);
	void			*gone_arg;
	/*
	 * Asks the other name services.  NULL at first, then the methods';
	 * nk_resolver_free() at the end (lib/account/resolver.h).
	 */
	struct nk_resolver	*resolver;
	/* Looks into files of homes (lib/account/looker.h); likewise. */
	struct nk_looker	*looker;
};

/* ---- how a method answers ---- */

/*
 * Either a set of validation errors (code NK_RPC_INVALID_PARAMS), or one
 * call error (NK_RPC_CALL_ERROR), or none yet (code 0).
 */
struct nk_error {
	int	 code;
	int	 number;	/* errno, positive, of a call error */
	char	*reason;	/* of a call error, without "[ERRNAME] " */
	bool	 plain;		/* and it is sent without it, too */
	json_t	*triples;	/* [[attribute|null, text, errno], ...] */
	json_t	*extra;		/* of a call error, may be NULL */
};

void	nk_error_init(struct nk_error *e);
void	nk_error_clear(struct nk_error *e);
bool	nk_error_is_set(const struct nk_error *e);

/*
 * The sentence of a call error, or of the first validation error with what
 * it is about in *attributep (else NULL), for who does not speak JSON.
 */
const char *nk_error_sentence(const struct nk_error *e,
	    const char **attributep);

/*
 * Add a validation error; attribute NULL is JSON's null.  More than
 * NK_ERRORS_MAX are not kept, and none beside a call error.  The text is
 * one sentence that never repeats a secret.
 */
void	nk_error_add(struct nk_error *e, const char *attribute, int number,
	    const char *fmt, ...) NK_PRINTF(4, 5);
/*
 * Set a call error, in place of what was there; returns -number.  A number
 * that is not positive becomes EFAULT.
 */
int	nk_error_call(struct nk_error *e, int number, const char *fmt, ...)
	    NK_PRINTF(3, 4);

/* ---- arguments ---- */

enum nk_arg_type {
	NK_ARG_BOOL,
	NK_ARG_INT,		/* min..max; any when both are 0 */
	NK_ARG_STRING,		/* at most max characters, 0: 1024 */
	NK_ARG_ARRAY,		/* each element as *fields, NULL: any; at
				   most max elements, 0: no limit */
	NK_ARG_OBJECT,		/* fields; NULL: any object */
	NK_ARG_DATE,		/* what nk_json_date_get() takes */
	NK_ARG_ANY,
};

#define NK_ARG_REQUIRED		0x01u
#define NK_ARG_NULL		0x02u	/* null is a value too */
#define NK_ARG_NONEMPTY		0x04u	/* a string, an array */
#define NK_ARG_LONG		0x08u	/* a string without limit of its own */
#define NK_ARG_SECRET		0x10u	/* "********" where it is shown */
#define NK_ARG_OPEN		0x20u	/* an object that may have others */

struct nk_arg {
	const char		*name;	/* NULL ends an array of these */
	enum nk_arg_type	 type;
	unsigned int		 flags;
	int64_t			 min, max;
	const struct nk_arg	*fields; /* of an object; of an array: items */
};

/* What many methods take: nothing; {id}; {id, options}, as get_instance. */
extern const struct nk_arg nk_no_args[], nk_id_args[], nk_instance_args[];

/*
 * Check positional params against args (strict types, no coercion).  All
 * errors are added with the peer's texts ("Field required", "Extra inputs
 * are not permitted", "Too many arguments (expected N, found M)") and
 * dotted attributes.  Returns 0 or -EINVAL.
 */
int	nk_args_check(const struct nk_arg *args, const json_t *params,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * A date: {"$date": ms}, {"$type": "date", "$value": "YYYY-MM-DD"}, or ISO
 * 8601 text: YYYY-MM-DD[THH:MM[:SS[.fraction]][Z|+HH:MM|-HH:MM]], UTC where
 * it does not say.  Years 1 to 9999.  Milliseconds since the epoch, or
 * -EINVAL.
 */
int	nk_json_date_get(const json_t *value, int64_t *msp) NK_MUST_CHECK;

/*
 * {"$date": seconds * 1000} as a new reference; null for what is outside
 * of those years (INT64_MAX, "never"); NULL: no memory.
 */
json_t	*nk_json_date_new(int64_t seconds);

/* ---- methods ---- */

/* The least that a caller must be; finer rules are the method's own. */
enum nk_right {
	NK_RIGHT_ANYBODY,	/* without login too */
	NK_RIGHT_USER,		/* any account, for itself */
	NK_RIGHT_ADMIN,
	NK_RIGHT_ROOT,
};

struct nk_method {
	const char		*name;
	enum nk_right		 right;
	enum nk_method_kind	 kind;
	const struct nk_arg	*args;
	/*
	 * params were checked against args.  Returns 0 and a new reference
	 * in *resultp, or -errno with *e set; if *e is not set, the errno
	 * becomes a call error.
	 */
	int			(*call)(struct nk_context *c, json_t *params,
				    json_t **resultp, struct nk_error *e);
};

/* Each ends with an entry whose name is NULL. */
extern const struct nk_method nk_methods_core[];
extern const struct nk_method nk_methods_user[];
extern const struct nk_method nk_methods_key[];	/* user.keys, add_key ... */
extern const struct nk_method nk_methods_explain[];	/* user.explain */
extern const struct nk_method nk_methods_login[];	/* user.unlock ... */
extern const struct nk_method nk_methods_group[];
extern const struct nk_method nk_methods_keychain[];
extern const struct nk_method nk_methods_consumer[]; /* naskeys.consumer.* */
extern const struct nk_method nk_methods_remote[]; /* other machines */
extern const struct nk_method nk_methods_pairing[]; /* and with them */
extern const struct nk_method nk_methods_ssh[];	/* the SSH service */
extern const struct nk_method nk_methods_service[]; /* service.* */
extern const struct nk_method nk_methods_api_key[];
extern const struct nk_method nk_methods_audit[];
extern const struct nk_method nk_methods_system[]; /* naskeys.check ... */
extern const struct nk_method nk_methods_backup[]; /* and restore */

/* Among all of the above; NULL: none. */
const struct nk_method *nk_method_find(const char *name);

/* These are for who logs in through the gateway, */
extern const struct nk_method nk_methods_auth[];	/* auth.login ... */
extern const struct nk_method nk_methods_auth_own[];	/* auth.logout ... */
/* and these for all connections that are websockets. */
extern const struct nk_method nk_methods_auth_session[]; /* auth.sessions ... */
extern const struct nk_method nk_methods_subscribe[]; /* core.subscribe ... */
extern const struct nk_method nk_methods_jobs[];	/* core.job_wait ... */

/* Among all of them, for the gateway's; and without the first two. */
const struct nk_method *nk_method_find_web(const char *name);
const struct nk_method *nk_method_find_local(const char *name);

/* ---- messages ---- */

/*
 * Handle one request line (without its newline): decode, find the method,
 * compute the rank, check right, rate and arguments, call, encode.
 * *answerp is malloc'd text without newline, or NULL for a notification;
 * the caller wipes and frees it (nk_rpc_free).  Returns 0, or -ENOMEM: then
 * nothing can be answered and the connection is to be closed.
 */
int	nk_rpc_handle(struct nk_context *c, const char *line, size_t len,
	    char **answerp, size_t *lenp) NK_MUST_CHECK;
void	nk_rpc_free(char *answer, size_t len);

/* ---- *.query ---- */

/*
 * Filters and options (truenas-api B.1).  Compile once, then offer row
 * after row, then finish.
 */
struct nk_query;

/* [filters = [], options = {}], for the args of a method. */
extern const struct nk_arg nk_query_args[];

/*
 * filters and options may be NULL, and need not have been checked.
 * Returns 0, -EINVAL with *e set, or -ENOMEM.
 */
int	nk_query_new(struct nk_query **qp, const json_t *filters,
	    const json_t *options, struct nk_error *e) NK_MUST_CHECK;
void	nk_query_free(struct nk_query *q);

/*
 * If the filters demand that "field" equals one integer (or string) at the
 * top of the AND, say which, so that the caller need offer only that row.
 */
bool	nk_query_wants_int(const struct nk_query *q, const char *field,
	    int64_t *np);
/* The same for "field" > N: rows up to N need not be offered. */
bool	nk_query_wants_above(const struct nk_query *q, const char *field,
	    int64_t *np);
bool	nk_query_wants_string(const struct nk_query *q, const char *field,
	    const char **sp);

/*
 * Offer a row; its reference is taken in every case.  Returns 0, 1 when no
 * further row can change the result (limit reached, no order), or -errno.
 */
int	nk_query_offer(struct nk_query *q, json_t *row) NK_MUST_CHECK;
/*
 * Once.  *resultp, a new reference, is an array, an integer (count) or an
 * object (get).  Returns 0, -EINVAL with *e set ("MatchNotFound()"), or
 * -ENOMEM.
 */
int	nk_query_finish(struct nk_query *q, json_t **resultp,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_H */
